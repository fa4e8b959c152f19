/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <float.h>
#include <string.h>

#include "core/kernels/vector.h"

/* Pixels of [pixels, c] on their way into and out of a layer, stored in single
 * or half precision. */

/* IEEE 754 binary16, round to nearest even; what is too large becomes the
 * largest finite number. */
INLINE guint16
half_from_float (float x)
{
  _Float16 h = (_Float16) (x > 65504.0f ? 65504.0f : x < -65504.0f ? -65504.0f : x);
  guint16  bits;

  memcpy (&bits, &h, 2);
  return bits;
}

INLINE float
float_from_half (guint16 bits)
{
  _Float16 h;

  memcpy (&h, &bits, 2);
  return (float) h;
}

static void
load_pixels (const void *x, gboolean half, const float *a, const float *b,
             float least, gint64 c, gint64 pixels, float *y)
{
  const float   *single = x;
  const guint16 *bits = x;

  for (gint64 p = 0; p < pixels; p++)
    for (gint64 i = 0; i < c; i++)
      {
        float v = half ? float_from_half (bits[p * c + i]) : single[p * c + i];

        v = a ? v * a[i] + b[i] : v;
        y[p * c + i] = v > least ? v : least;
      }
}

static void
store_pixels (const float *x, const float *bias, float least, gint64 c,
              gint64 pixels, void *y, gboolean half)
{
  float   *single = y;
  guint16 *bits = y;

  for (gint64 p = 0; p < pixels; p++)
    for (gint64 i = 0; i < c; i++)
      {
        float v = bias ? x[p * c + i] + bias[i] : x[p * c + i];

        v = v > least ? v : least;
        if (half)
          bits[p * c + i] = half_from_float (v);
        else
          single[p * c + i] = v;
      }
}
