/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/kernels/vector.h"

/* Rows of pictures: scaling, and grain. */

typedef float Four __attribute__ ((vector_size (16)));
typedef float FourAt
    __attribute__ ((vector_size (16), aligned (4), may_alias));

/* @to may be written one float beyond its @n pixels of 3 channels. */
INLINE void
scale_pixels (const int *first, const float *weight, gint64 taps,
              const float *from, int channels, gint64 n, float *to)
{
  for (gint64 i = 0; i < n; i++, weight += taps, to += channels)
    {
      const float *p = from + (gint64) first[i] * channels;
      Four         sum = weight[0] * *(const FourAt *) p;

      for (gint64 t = 1; t < taps; t++)
        sum += weight[t] * *(const FourAt *) (p + t * channels);
      *(FourAt *) to = sum;
    }
}

static void
scale_row (const int *first, const float *weight, gint64 taps,
           const float *from, int channels, gint64 n, float *to)
{
  if (channels == 3 && taps == 4)
    scale_pixels (first, weight, 4, from, 3, n, to);
  else if (channels == 3)
    scale_pixels (first, weight, taps, from, 3, n, to);
  else
    scale_pixels (first, weight, taps, from, 4, n, to);
}

INLINE void
mix_vectors (const float *const *rows, const float *weight, gint64 taps,
             gint64 i, float *to)
{
  Vec a = weight[0] * LOAD (rows[0] + i);
  Vec b = weight[0] * LOAD (rows[0] + i + LANES);

  for (gint64 t = 1; t < taps; t++)
    {
      a += weight[t] * LOAD (rows[t] + i);
      b += weight[t] * LOAD (rows[t] + i + LANES);
    }
  STORE (to + i, a);
  STORE (to + i + LANES, b);
}

static void
mix_rows (const float *const *rows, const float *weight, gint64 taps,
          gint64 n, float *to)
{
  gint64 i = 0;

  if (taps == 4)
    for (; i + 2 * LANES <= n; i += 2 * LANES)
      mix_vectors (rows, weight, 4, i, to);
  else
    for (; i + 2 * LANES <= n; i += 2 * LANES)
      mix_vectors (rows, weight, taps, i, to);
  for (; i < n; i++)
    {
      to[i] = weight[0] * rows[0][i];
      for (gint64 t = 1; t < taps; t++)
        to[i] += weight[t] * rows[t][i];
    }
}

/* A number between -3.5 and 3.5 for a point of a lattice, nearly normal: the
 * mean of four even ones, scaled to standard deviation 1. */
INLINE float
grain_point (guint32 x, guint32 y, guint32 lattice)
{
  guint32 h = x * 0x9e3779b1u ^ y * 0x85ebca77u ^ lattice * 0xc2b2ae3du;
  gint32  sum;

  h = (h ^ h >> 15) * 0x2c1b3c6du;
  h = (h ^ h >> 12) * 0x297a2d39u;
  h ^= h >> 15;
  sum = (gint32) ((h & 255) + (h >> 8 & 255) + (h >> 16 & 255) + (h >> 24));
  /* an even number of 256 steps has a standard deviation of 73.9 */
  return (float) (sum - 510) * (1.0f / (2.0f * 73.9f));
}

INLINE void
add_lattice (gint64 x, gint64 y, gint64 grain, float *to)
{
  enum { MOST = PST_GRAIN_RUN / 4 + 1 };
  float       points[MOST + LANES];
  const float down = (float) (y % grain) / (float) grain;
  const float step = 1.0f / (float) grain;

  for (gint64 k = 0; k <= PST_GRAIN_RUN / grain; k++)
    {
      guint32 left = (guint32) (x / grain + k);
      guint32 top = (guint32) (y / grain);
      float   a = grain_point (left, top, (guint32) grain);
      float   b = grain_point (left, top + 1, (guint32) grain);

      points[k] = a + down * (b - a);
    }
  for (gint64 k = 0; k < PST_GRAIN_RUN / grain; k++)
    for (gint64 i = 0; i < grain; i++)
      to[k * grain + i] +=
          points[k] + (float) i * step * (points[k + 1] - points[k]);
}

static void
grain_run (gint64 x, gint64 y, float scale, float *to)
{
  for (gint64 i = 0; i < PST_GRAIN_RUN; i++)
    to[i] = grain_point ((guint32) (x + i), (guint32) y, 1);
  add_lattice (x, y, 4, to);
  add_lattice (x, y, 8, to);
  add_lattice (x, y, 16, to);
  for (gint64 i = 0; i < PST_GRAIN_RUN; i++)
    to[i] *= 0.5f * scale;
}
