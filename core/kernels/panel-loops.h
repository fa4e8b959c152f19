/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <string.h>

#include "core/kernels/vector.h"

/* The microkernel: TALL rows and WIDE vectors of C stay in registers while
 * the inner dimension runs. */

#if defined(__AVX512F__)
#define TALL 12
#else
#define TALL 6
#endif
#define WIDE 2
#define PANEL (WIDE * LANES)

INLINE void
panel_tile (const float *const *a, gint64 parts, gint64 lda, gint64 at,
            int rows, gint64 k, const float *b, float *c, gint64 ldc,
            gint64 columns)
{
  Vec sum[TALL][WIDE];

  for (int i = 0; i < rows; i++)
    for (int j = 0; j < WIDE; j++)
      sum[i][j] = (Vec) { 0 };
  for (gint64 r = 0; r < parts; r++)
    {
      const float *from = a[r] + at * lda;

      for (gint64 p = 0; p < k; p++, b += PANEL)
        for (int i = 0; i < rows; i++)
          for (int j = 0; j < WIDE; j++)
            sum[i][j] += from[i * lda + p] * LOAD (b + j * LANES);
    }
  for (int i = 0; i < rows; i++)
    {
      float line[PANEL];

      if (columns >= PANEL)
        for (int j = 0; j < WIDE; j++)
          STORE (c + (at + i) * ldc + j * LANES, sum[i][j]);
      else
        {
          for (int j = 0; j < WIDE; j++)
            STORE (line + j * LANES, sum[i][j]);
          memcpy (c + (at + i) * ldc, line, sizeof (float) * columns);
        }
    }
}

static void
panel_product (const float *const *a, gint64 parts, gint64 lda, gint64 m,
               gint64 k, const float *b, gint64 n, float *c, gint64 ldc)
{
  for (gint64 first = 0; first < n; first += PANEL, b += parts * k * PANEL)
    {
      gint64 at = 0;

      for (; at + TALL <= m; at += TALL)
        panel_tile (a, parts, lda, at, TALL, k, b, c + first, ldc, n - first);
      for (; at + 4 <= m; at += 4)
        panel_tile (a, parts, lda, at, 4, k, b, c + first, ldc, n - first);
      for (; at < m; at++)
        panel_tile (a, parts, lda, at, 1, k, b, c + first, ldc, n - first);
    }
}
