/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <string.h>

#include "core/kernels/vector.h"

/* Maps in 16 bits: see PST_CELL_H in core/kernels/kernels.h. */

typedef int     VecInt __attribute__ ((vector_size (4 * LANES)));
typedef guint16 VecBits __attribute__ ((vector_size (2 * LANES)));
typedef guint16 VecBitsAt
    __attribute__ ((vector_size (2 * LANES), aligned (2), may_alias));

INLINE Vec
cell_choose (Vec a, Vec b, VecInt first)
{
  return (Vec) (((VecInt) a & first) | ((VecInt) b & ~first));
}

static void
pack_cell_channel (const float *x, gint64 row, gint64 c, gint64 h, gint64 w,
                   guint16 *q, gint64 q_row, float *least, float *step)
{
  float low = x[0], high = x[0], factor;

  for (gint64 y = 0; y < h; y++)
    for (gint64 p = 0; p < w; p++)
      {
        float v = x[y * row + p * c];

        low = v < low ? v : low;
        high = v > high ? v : high;
      }
  *least = low;
  *step = (high - low) * (1.0f / 65535.0f);
  factor = *step > 0.0f ? 1.0f / *step : 0.0f;
  for (gint64 y = 0; y < h; y++)
    for (gint64 p = 0; p < w; p++)
      {
        float v = (x[y * row + p * c] - low) * factor + 0.5f;

        v = v > 0.0f ? v : 0.0f;
        q[y * q_row + p * c] = (guint16) (v < 65535.0f ? v : 65535.0f);
      }
}

INLINE void
pack_cell_vector (const float *x, gint64 row, gint64 c, gint64 h, gint64 w,
                  guint16 *q, gint64 q_row, float *least, float *step)
{
  Vec low = LOAD (x), high = low, s, factor;
  Vec none = { 0 }, most = none + 65535.0f, half = none + 0.5f;

  for (gint64 y = 0; y < h; y++)
    for (gint64 p = 0; p < w; p++)
      {
        Vec v = LOAD (x + y * row + p * c);

        low = cell_choose (v, low, v < low);
        high = cell_choose (v, high, v > high);
      }
  s = (high - low) * (1.0f / 65535.0f);
  factor = cell_choose (1.0f / s, none, s > none);
  STORE (least, low);
  STORE (step, s);
  for (gint64 y = 0; y < h; y++)
    for (gint64 p = 0; p < w; p++)
      {
        Vec v = (LOAD (x + y * row + p * c) - low) * factor + half;

        v = cell_choose (v, none, v > none);
        v = cell_choose (v, most, v < most);
        *(VecBitsAt *) (q + y * q_row + p * c) = __builtin_convertvector (
            __builtin_convertvector (v, VecInt), VecBits);
      }
}

static void
pack_cell (const float *x, gint64 row, gint64 c, gint64 h, gint64 w,
           guint16 *q, gint64 q_row, float *table)
{
  gint64 i = 0;

  for (; i + LANES <= c; i += LANES)
    pack_cell_vector (x + i, row, c, h, w, q + i, q_row, table + i,
                      table + c + i);
  for (; i < c; i++)
    pack_cell_channel (x + i, row, c, h, w, q + i, q_row, table + i,
                       table + c + i);
}

/* y = max (low, factor q + summand), one vector of channels. */
INLINE void
unpack_vector (const guint16 *q, Vec factor, Vec summand, Vec low, gint64 c,
               gint64 pixels, float *y)
{
  for (gint64 p = 0; p < pixels; p++)
    {
      VecBits bits = *(const VecBitsAt *) (q + p * c);
      Vec     v = __builtin_convertvector (
          __builtin_convertvector (bits, VecInt), Vec);

      v = v * factor + summand;
      STORE (y + p * c, cell_choose (v, low, v > low));
    }
}

static void
unpack_pixels (const guint16 *q, const float *table, const float *a,
               const float *b, float least, gint64 c, gint64 pixels, float *y)
{
  Vec    low = least - (Vec) { 0 };
  gint64 i = 0;

  for (; i + LANES <= c; i += LANES)
    {
      Vec factor = LOAD (table + c + i), summand = LOAD (table + i);

      if (a)
        {
          factor *= LOAD (a + i);
          summand = summand * LOAD (a + i) + LOAD (b + i);
        }
      unpack_vector (q + i, factor, summand, low, c, pixels, y + i);
    }
  for (; i < c; i++)
    for (gint64 p = 0; p < pixels; p++)
      {
        float v = table[i] + table[c + i] * q[p * c + i];

        v = a ? a[i] * v + b[i] : v;
        y[p * c + i] = v > least ? v : least;
      }
}
