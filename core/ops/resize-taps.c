/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "core/base/memory.h"
#include "core/ops/resize.h"

/* The place in the input of number @at of the result. */
static double
coordinate (const PstResizing *r, double at)
{
  double in = (double) r->in, out = (double) r->out;
  float  last = (float) in - 1.0f, begin = (float) r->begin;
  float  share = (float) r->end - begin;

  switch (r->coordinates)
    {
    case PST_PYTORCH_HALF_PIXEL:
      return out > 1 ? (at + 0.5) / r->scale - 0.5 : 0.0;
    case PST_ALIGN_CORNERS:
      return out > 1 ? at * (in - 1) / (out - 1) : 0.0;
    case PST_ASYMMETRIC:
      return at / r->scale;
    case PST_HALF_PIXEL_SYMMETRIC:
      return in / 2.0 * (1.0 - out / (in * r->scale)) +
             (at + 0.5) / r->scale - 0.5;
    case PST_CROP_AND_RESIZE:
      /* as floats, or an edge may fall outside where it does not elsewhere */
      return out > 1 ? begin * last + (float) at * share * last /
                                          ((float) out - 1.0f)
                     : 0.5f * (begin + (float) r->end) * last;
    default:
      return (at + 0.5) / r->scale - 0.5;
    }
}

/* The same for neighbours: rounded at each step as onnxruntime does it, or
 * 2 / 0.4 would fall below 5. */
static double
rough_coordinate (const PstResizing *r, float at)
{
  float scale = (float) r->scale;

  switch (r->coordinates)
    {
    case PST_ASYMMETRIC:
      return at / scale;
    case PST_PYTORCH_HALF_PIXEL:
      return r->out > 1 ? (at + 0.5f) / scale - 0.5f : 0.0f;
    case PST_HALF_PIXEL:
      return (at + 0.5f) / scale - 0.5f;
    case PST_ALIGN_CORNERS:
      return r->out > 1
                 ? at * (float) (r->in - 1) / (float) (r->out - 1)
                 : 0.0f;
    default:
      return (float) coordinate (r, at);
    }
}

static double
round_nearest (const PstResizing *r, double x)
{
  switch (r->rounding)
    {
    case PST_ROUND_PREFER_FLOOR:
      return ceil (x - 0.5);
    case PST_ROUND_PREFER_CEIL:
      return floor (x + 0.5);
    case PST_ROUND_FLOOR:
      return floor (x);
    case PST_ROUND_OLD:
      return r->scale < 1.0 ? ceil (x) : floor (x);
    default:
      return ceil (x);
    }
}

/* Keys' cubic convolution kernel (1981); @a is -0.75 in most libraries. */
static double
cubic (double x, double a)
{
  x = fabs (x);
  if (x <= 1.0)
    return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  return x < 2.0 ? ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a : 0.0;
}

/* What the kernel is stretched by to let nothing slip through. */
static double
stretch (const PstResizing *r)
{
  return r->antialias ? MIN (r->scale, 1.0) : 1.0;
}

/* Of the taps around a place, the first's distance to its floor. */
static gint64
first_tap (const PstResizing *r)
{
  double reach = r->mode == PST_RESIZE_CUBIC ? 2.0 : 1.0;

  return (gint64) floor (-reach / stretch (r)) + 1;
}

gint64
pst_taps_count (const PstResizing *r)
{
  return r->mode == PST_RESIZE_NEAREST ? 1 : 2 - 2 * first_tap (r);
}

gsize
pst_taps_bytes (const PstResizing *r)
{
  return 2 * pst_memory_align (sizeof (float) * pst_taps_count (r) * r->out);
}

gboolean
pst_taps_identity (const PstResizing *r)
{
  if (r->in != r->out)
    return FALSE;
  if (r->coordinates == PST_CROP_AND_RESIZE)
    return r->begin == 0.0 && r->end == 1.0;
  return r->coordinates == PST_ALIGN_CORNERS || r->antialias ||
         r->scale == 1.0;
}

/* Linear or cubic: the taps around @x. */
static void
spread (const PstTaps *taps, const PstResizing *r, double x, gint32 *at,
        float *weight)
{
  double low = floor (x), step = stretch (r), sum = 0.0;
  gint64 first = first_tap (r);

  for (int pass = 0; pass < 2; pass++)
    for (gint64 k = 0; k < taps->n; k++)
      {
        double place = low + (double) (first + k);
        double d = (place - x) * step;
        double w = r->mode == PST_RESIZE_CUBIC ? cubic (d, r->cubic_a)
                                               : MAX (0.0, 1.0 - fabs (d));

        if (r->exclude_outside && (place < 0 || place > (double) r->in - 1))
          w = 0.0;
        if (pass == 0)
          sum += w;
        at[k] = (gint32) CLAMP (place, 0.0, (double) r->in - 1.0);
        weight[k] = (float) (sum != 0.0 ? w / sum : w);
      }
}

void
pst_taps_fill (PstTaps *taps, const PstResizing *r, gpointer memory)
{
  taps->in = r->in;
  taps->out = r->out;
  taps->n = pst_taps_count (r);
  taps->at = memory;
  taps->weight =
      (float *) ((guint8 *) memory + pst_taps_bytes (r) / 2);
  for (gint64 i = 0; i < r->out; i++)
    {
      gint32 *at = taps->at + i * taps->n;
      float  *weight = taps->weight + i * taps->n;
      double  last = (double) r->in - 1.0;
      double  x = r->mode == PST_RESIZE_NEAREST
                      ? rough_coordinate (r, (float) i)
                      : coordinate (r, (double) i);

      if (r->mode == PST_RESIZE_NEAREST)
        {
          at[0] = (gint32) CLAMP (round_nearest (r, x), 0.0, last);
          weight[0] = 1.0f;
        }
      else
        spread (taps, r, x, at, weight);
      if (r->coordinates == PST_CROP_AND_RESIZE && ! (x >= 0.0 && x <= last))
        at[0] = -1;
    }
}
