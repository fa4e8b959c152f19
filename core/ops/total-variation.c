/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TotalVariation: [N, C, H, W] gives [N], the mean of |x(y, x+1) - x(y, x)|
 * plus the mean of |x(y+1, x) - x(y, x)|, each over all channels and all
 * places where there is a neighbour. The anisotropic form of Rudin, Osher and
 * Fatemi 1992. Its gradient is the sign of the differences, 0 for equal
 * neighbours: no smoothing, so flat areas stay at rest. */
#include <math.h>

#include "core/ops/arguments.h"
#include "core/ops/loop.h"

typedef struct
{
  PstCall *call;
  gint64   channels, height, width;
  double   scale_x, scale_y; /* one over the number of differences */
  double  *partial;          /* [N, H] */
} Variation;

static void
variation_setup (Variation *tv, const PstCall *call)
{
  const gint64 *dim = call->in[0]->shape.dim;
  double        c = (double) dim[1], h = (double) dim[2],
         w = (double) dim[3];

  tv->call = (PstCall *) call;
  tv->channels = dim[1];
  tv->height = dim[2];
  tv->width = dim[3];
  tv->scale_x = w > 1.0 ? 1.0 / (c * h * (w - 1.0)) : 0.0;
  tv->scale_y = h > 1.0 ? 1.0 / (c * (h - 1.0) * w) : 0.0;
  tv->partial = (double *) call->shared;
}

static gboolean
variation_infer (PstCall *call, GError **error)
{
  if (! pst_call_check (call, 1, 1, 4, error))
    return FALSE;
  if (pst_tensor_count (call->in[0]) < 1)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("a map of size %s cannot be worked on"),
                          PST_ARG_SHAPE (call->in[0]));
  call->out[0]->dtype = PST_FLOAT32;
  call->out[0]->shape = PST_SHAPE (call->in[0]->shape.dim[0]);
  return TRUE;
}

static void
variation_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  const gint64 *dim = call->in[0]->shape.dim;

  *shared = sizeof (double) * dim[0] * dim[2];
}

/* The sum of |a - b| over @n numbers. */
static double
distance (gint64 n, const float *a, const float *b, gint64 step)
{
  double sum = 0.0;

  if (step != 1)
    {
      for (gint64 i = 0; i < n; i++)
        sum += fabsf (a[i * step] - b[i * step]);
      return sum;
    }
  for (gint64 i = 0; i < n; i += 1024)
    {
      float  part[8] = { 0 };
      gint64 end = MIN (n, i + 1024), k = i;

      for (; k + 8 <= end; k += 8)
        for (int j = 0; j < 8; j++)
          part[j] += fabsf (a[k + j] - b[k + j]);
      for (; k < end; k++)
        part[0] += fabsf (a[k] - b[k]);
      for (int j = 0; j < 8; j++)
        sum += part[j];
    }
  return sum;
}

static void
variation_item (gpointer data, gsize item, guint worker)
{
  const Variation *tv = data;
  const PstTensor *in = tv->call->in[0];
  const gint64    *s = in->stride;
  gint64 b = (gint64) item / tv->height, y = (gint64) item % tv->height;
  const float *row = (const float *) in->data + b * s[0] + y * s[2];
  double       dx = 0.0, dy = 0.0;

  if (pst_tensor_is_map (in))
    {
      gint64 n = tv->channels * tv->width, c = tv->channels;

      dx = distance (n - c, row + c, row, 1);
      if (y + 1 < tv->height)
        dy = distance (n, row + n, row, 1);
    }
  else
    for (gint64 c = 0; c < tv->channels; c++)
      {
        const float *line = row + c * s[1];

        dx += distance (tv->width - 1, line + s[3], line, s[3]);
        if (y + 1 < tv->height)
          dy += distance (tv->width, line + s[2], line, s[3]);
      }
  tv->partial[item] = dx * tv->scale_x + dy * tv->scale_y;
}

static void
variation_forward (PstCall *call)
{
  gint64    samples = call->in[0]->shape.dim[0];
  Variation tv;

  variation_setup (&tv, call);
  pst_pool_run (call->pool, samples * tv.height, variation_item, &tv);
  for (gint64 b = 0; b < samples; b++)
    {
      double sum = 0.0;

      for (gint64 y = 0; y < tv.height; y++)
        sum += tv.partial[b * tv.height + y];
      ((float *) call->out[0]->data)[b] = (float) sum;
    }
}

/* out += g sign (a - b) */
static void
add_sign (gint64 n, float *restrict out, const float *a, const float *b,
          gint64 step, float g)
{
  if (step == 1)
    for (gint64 i = 0; i < n; i++)
      {
        float d = a[i] - b[i];

        out[i] += d > 0.0f ? g : d < 0.0f ? -g : 0.0f;
      }
  else
    for (gint64 i = 0; i < n; i++)
      {
        float d = a[i * step] - b[i * step];

        out[i * step] += d > 0.0f ? g : d < 0.0f ? -g : 0.0f;
      }
}

/* One line of a channel, or of all channels side by side: @n numbers, the
 * right neighbour @right further on in memory. */
static void
gradient_line (const Variation *tv, float *out, const float *in, gint64 n,
               gint64 lead, gint64 right, gint64 below, gint64 step, gint64 y,
               float g)
{
  float gx = g * (float) tv->scale_x, gy = g * (float) tv->scale_y;

  add_sign (n - lead, out, in, in + right, step, gx);
  add_sign (n - lead, out + right, in + right, in, step, gx);
  if (y + 1 < tv->height)
    add_sign (n, out, in, in + below, step, gy);
  if (y > 0)
    add_sign (n, out, in, in - below, step, gy);
}

static void
gradient_item (gpointer data, gsize item, guint worker)
{
  const Variation *tv = data;
  const PstTensor *in = tv->call->in[0];
  const gint64    *s = in->stride;
  gint64 b = (gint64) item / tv->height, y = (gint64) item % tv->height;
  gint64 at = b * s[0] + y * s[2];
  float  g = ((const float *) tv->call->dout[0]->data)[b];
  const float *from = (const float *) in->data + at;
  float       *out = (float *) tv->call->din[0]->data + at;

  if (pst_tensor_is_map (in))
    gradient_line (tv, out, from, tv->channels * tv->width, tv->channels,
                   tv->channels, tv->channels * tv->width, 1, y, g);
  else
    for (gint64 c = 0; c < tv->channels; c++)
      gradient_line (tv, out + c * s[1], from + c * s[1], tv->width, 1, s[3],
                     s[2], s[3], y, g);
}

static void
variation_backward (PstCall *call)
{
  Variation tv;

  if (! call->din[0] || ! call->dout[0])
    return;
  variation_setup (&tv, call);
  pst_pool_run (call->pool, call->in[0]->shape.dim[0] * tv.height,
                gradient_item, &tv);
}

const PstOp pst_op_total_variation = {
  .domain = "pastiche",
  .type = "TotalVariation",
  .infer = variation_infer,
  .scratch = variation_scratch,
  .forward = variation_forward,
  .backward = variation_backward,
  .keep = PST_KEEP_IN (0),
};
