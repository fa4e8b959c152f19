/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/kernels/panel-loops.h"

/* Sums of outer products, C [m, n] = A' B with A [k, m] and one panel of B
 * [k, n]: what gradients by weights are made of. A tile of C stays in registers
 * while k runs; the rows of A and B lie as they were made. */

#define NARROW (LANES == 16 ? 16 : 8) /* rows where one vector is enough */
#define FEW 4  /* rows of a lower tile */

INLINE Vec
outer_load (const float *c, int j, int wide, gint64 columns)
{
  if (j + 1 < wide || columns == wide * LANES)
    return LOAD (c + j * LANES);
  return load_first (c + j * LANES, columns - j * LANES);
}

INLINE void
outer_tile (const float *a, gint64 lda, gint64 k, const float *b, gint64 ldb,
            int rows, int wide, gint64 columns, gboolean add, float *c,
            gint64 ldc)
{
  Vec sum[TALLER][WIDE];

#pragma GCC unroll 24
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < WIDE; j++)
      sum[i][j] = add && j < wide ? outer_load (c + i * ldc, j, wide, columns)
                                  : (Vec) { 0 };
  for (; k > 0; k--, a += lda, b += ldb)
    {
      Vec right[WIDE];

#pragma GCC unroll 2
      for (int j = 0; j < wide; j++)
        right[j] = outer_load (b, j, wide, columns);
#pragma GCC unroll 24
      for (int i = 0; i < rows; i++)
        {
          Vec left = all (a[i]);

#pragma GCC unroll 2
          for (int j = 0; j < wide; j++)
            sum[i][j] += left * right[j];
        }
    }
  panel_store (sum, rows, wide, columns, c, ldc);
}

/* All rows of C: @most at a time as long as there are as many, then FEW, and
 * with the last of these up to three more. */
INLINE void
outer_rows (const float *a, gint64 lda, gint64 m, gint64 k, const float *b,
            gint64 ldb, int most, int wide, gint64 columns, gboolean add,
            float *c, gint64 ldc)
{
  gint64 i = 0;

#define TILE(rows)                                                            \
  outer_tile (a + i, lda, k, b, ldb, rows, wide, columns, add, c + i * ldc,   \
              ldc)
  for (; i + most <= m; i += most)
    TILE (most);
  for (; i + 2 * FEW <= m; i += FEW)
    TILE (FEW);
  switch (m - i)
    {
    case 7:
      TILE (7);
      return;
    case 6:
      TILE (6);
      return;
    case 5:
      TILE (5);
      return;
    case 4:
      TILE (4);
      return;
    }
  for (; i < m; i++)
    TILE (1);
#undef TILE
}

static void
panel_outer (const float *a, gint64 lda, gint64 m, gint64 k, const float *b,
             gint64 ldb, gint64 n, gboolean add, float *c, gint64 ldc)
{
  if (n == PANEL)
    outer_rows (a, lda, m, k, b, ldb, TALL, WIDE, PANEL, add, c, ldc);
  else if (n > LANES)
    outer_rows (a, lda, m, k, b, ldb, TALL, WIDE, n, add, c, ldc);
  else if (n == LANES)
    outer_rows (a, lda, m, k, b, ldb, NARROW, 1, LANES, add, c, ldc);
  else
    outer_rows (a, lda, m, k, b, ldb, NARROW, 1, n, add, c, ldc);
}
