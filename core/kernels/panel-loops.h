/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <string.h>

#include "core/kernels/vector.h"

/* The microkernel: up to TALL rows and WIDE vectors of C stay in registers
 * while the inner dimension runs. Each number of rows has a function of its
 * own, so that rows can be shared out evenly. */

#if defined(__AVX512F__) || defined(__aarch64__)
#define TALL 12 /* of 32 registers */
#else
#define TALL 6 /* of 16 */
#endif
#define WIDE 2
#define PANEL (WIDE * LANES)
#define STEPS 2 /* of the inner dimension at a time */
#define GROUP 3 /* rows addressed from one pointer */
#define GROUPS ((TALL + GROUP - 1) / GROUP)

/* Makes the compiler forget how a pointer came about, or it replaces the few
 * pointers and addressing modes by one pointer for each row. */
#define OPAQUE(pointer) __asm__ ("" : "+r"(pointer))

INLINE Vec
every (float x)
{
  return x - (Vec) { 0 };
}

INLINE const float *
floats_at (const float *from, gint64 bytes)
{
  return (const float *) ((const char *) from + bytes);
}

/* @steps columns of A and rows of B */
INLINE void
panel_steps (const float *const *row, gint64 stride, int rows, int wide,
             int steps, const float *b, Vec (*sum)[WIDE])
{
#pragma GCC unroll 4
  for (int p = 0; p < steps; p++)
    {
      Vec right[WIDE];

#pragma GCC unroll 2
      for (int j = 0; j < wide; j++)
        right[j] = LOAD (b + p * PANEL + j * LANES);
#pragma GCC unroll 16
      for (int i = 0; i < rows; i++)
        {
          Vec left = every (
              floats_at (row[i / GROUP], (i % GROUP) * stride)[p]);

#pragma GCC unroll 2
          for (int j = 0; j < wide; j++)
            sum[i][j] += left * right[j];
        }
    }
}

INLINE void
panel_advance (const float **row, int rows, int steps)
{
#pragma GCC unroll 16
  for (int g = 0; g * GROUP < rows; g++)
    {
      row[g] += steps;
      OPAQUE (row[g]);
    }
}

INLINE void
panel_store (Vec (*sum)[WIDE], int rows, int wide, gint64 columns, float *c,
             gint64 ldc)
{
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++, c += ldc)
    {
      if (wide == WIDE)
        STORE (c, sum[i][0]);
      if (columns == wide * LANES)
        STORE (c + (wide - 1) * LANES, sum[i][wide - 1]);
      else
        {
          Vec last = sum[i][wide - 1];

          memcpy (c + (wide - 1) * LANES, &last,
                  sizeof (float) * (columns - (wide - 1) * LANES));
        }
    }
}

/* Where a tile's numbers are: see pst_panel_product(). */
typedef struct
{
  const float *const *a;
  gint64              parts, lda, k;
  const float        *b;
} PanelTile;

INLINE void
panel_tile (const PanelTile *t, gint64 at, int rows, int wide, gint64 columns,
            float *c, gint64 ldc)
{
  const float *b = t->b;
  gint64       stride = t->lda * (gint64) sizeof (float);
  Vec          sum[TALL][WIDE];

#pragma GCC unroll 16
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < WIDE; j++)
      sum[i][j] = (Vec) { 0 };
  for (gint64 r = 0; r < t->parts; r++)
    {
      const float *row[GROUPS];
      gint64       p = t->k;

#pragma GCC unroll 16
      for (int g = 0; g * GROUP < rows; g++)
        row[g] = t->a[r] + (at + g * GROUP) * t->lda;
      for (; p >= STEPS; p -= STEPS, b += STEPS * PANEL)
        {
          panel_steps (row, stride, rows, wide, STEPS, b, sum);
          panel_advance (row, rows, STEPS);
        }
      for (; p > 0; p--, b += PANEL)
        {
          panel_steps (row, stride, rows, wide, 1, b, sum);
          panel_advance (row, rows, 1);
        }
    }
  panel_store (sum, rows, wide, columns, c + at * ldc, ldc);
}

typedef void (*PanelTileFunc) (const PanelTile *t, gint64 at, gint64 columns,
                               float *c, gint64 ldc);

#define PANEL_TILE(rows, wide)                                                \
  static void panel_tile_##rows##_##wide (                                    \
      const PanelTile *t, gint64 at, gint64 columns, float *c, gint64 ldc)    \
  {                                                                           \
    panel_tile (t, at, rows, wide, columns, c, ldc);                          \
  }
#define PANEL_TILES(rows) PANEL_TILE (rows, 1) PANEL_TILE (rows, 2)
#define PANEL_ENTRY(rows) { panel_tile_##rows##_1, panel_tile_##rows##_2 }

/* clang-format off */
PANEL_TILES (1) PANEL_TILES (2) PANEL_TILES (3)
PANEL_TILES (4) PANEL_TILES (5) PANEL_TILES (6)
#if TALL == 12
PANEL_TILES (7) PANEL_TILES (8) PANEL_TILES (9)
PANEL_TILES (10) PANEL_TILES (11) PANEL_TILES (12)
#endif

static const PanelTileFunc panel_tiles[TALL][WIDE] = {
  PANEL_ENTRY (1), PANEL_ENTRY (2), PANEL_ENTRY (3),
  PANEL_ENTRY (4), PANEL_ENTRY (5), PANEL_ENTRY (6),
#if TALL == 12
  PANEL_ENTRY (7), PANEL_ENTRY (8), PANEL_ENTRY (9),
  PANEL_ENTRY (10), PANEL_ENTRY (11), PANEL_ENTRY (12),
#endif
};
/* clang-format on */

static void
panel_product (const float *const *a, gint64 parts, gint64 lda, gint64 m,
               gint64 k, const float *b, gint64 n, float *c, gint64 ldc)
{
  gint64 tiles = (m + TALL - 1) / TALL;

  for (gint64 first = 0; first < n; first += PANEL, b += parts * k * PANEL)
    {
      gint64          columns = MIN (PANEL, n - first), at = 0;
      int             wide = columns > LANES ? 2 : 1;
      const PanelTile t = { a, parts, lda, k, b };

      for (gint64 i = 0; i < tiles; i++)
        {
          gint64 rows = m / tiles + (i < m % tiles);

          panel_tiles[rows - 1][wide - 1](&t, at, columns, c + first, ldc);
          at += rows;
        }
    }
}
