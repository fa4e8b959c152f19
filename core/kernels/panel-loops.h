/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/kernels/vector.h"

/* The microkernel: up to TALL rows and WIDE vectors of C stay in registers
 * while the inner dimension runs. Each number of rows has a function of its
 * own, so that rows can be shared out evenly. */

#if defined(__AVX512F__)
#define TALL 12   /* 32 registers */
#define TALLER 24 /* rows where one vector is enough */
#elif defined(__aarch64__)
#define TALL 8 /* 32 registers, some of them for A */
#define TALLER 12
#else
#define TALL 6 /* 16 registers */
#define TALLER 12
#endif
#define WIDE 2
#define PANEL (WIDE * LANES)
#define BLOCK 32768 /* floats of A between two panels */

#if defined(__aarch64__)
#define STEPS LANES /* of the inner dimension at a time */
#define GROUP 1     /* rows addressed from one pointer */
#else
#define STEPS 2
#define GROUP 3
#endif
#define GROUPS (TALLER / GROUP)

/* Makes the compiler forget how a pointer came about, or it replaces the few
 * pointers and addressing modes by one pointer for each row. */
#define OPAQUE(pointer) __asm__ ("" : "+r"(pointer))

INLINE const float *
floats_at (const float *from, gint64 bytes)
{
  return (const float *) ((const char *) from + bytes);
}

/* Column @p of A and a row of B. */
INLINE void
panel_step (const float *const *row, gint64 stride, int rows, int wide, int p,
            const float *b, Vec (*sum)[WIDE])
{
  Vec right[WIDE];

#pragma GCC unroll 2
  for (int j = 0; j < wide; j++)
    right[j] = LOAD (b + j * LANES);
#pragma GCC unroll 24
  for (int i = 0; i < rows; i++)
    {
      Vec left = all (floats_at (row[i / GROUP], (i % GROUP) * stride)[p]);

#pragma GCC unroll 2
      for (int j = 0; j < wide; j++)
        sum[i][j] += left * right[j];
    }
}

#if defined(__aarch64__)
/* STEPS columns: whole vectors of A, whose lanes the multiplication takes. */
INLINE void
panel_steps (const float *const *row, gint64 stride, int rows, int wide,
             const float *b, Vec (*sum)[WIDE])
{
  Vec left[TALLER];

#pragma GCC unroll 24
  for (int i = 0; i < rows; i++)
    left[i] = LOAD (row[i]);
#pragma GCC unroll 4
  for (int p = 0; p < STEPS; p++)
#pragma GCC unroll 2
    for (int j = 0; j < wide; j++)
      {
        Vec right = LOAD (b + p * PANEL + j * LANES);

#pragma GCC unroll 24
        for (int i = 0; i < rows; i++)
          sum[i][j] += left[i][p] * right;
      }
}
#else
INLINE void
panel_steps (const float *const *row, gint64 stride, int rows, int wide,
             const float *b, Vec (*sum)[WIDE])
{
#pragma GCC unroll 4
  for (int p = 0; p < STEPS; p++)
    panel_step (row, stride, rows, wide, p, b + p * PANEL, sum);
}
#endif

INLINE void
panel_advance (const float **row, int rows, int steps)
{
#pragma GCC unroll 24
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
#pragma GCC unroll 24
  for (int i = 0; i < rows; i++, c += ldc)
    {
      OPAQUE (c);
      if (wide == WIDE)
        STORE (c, sum[i][0]);
      if (columns == wide * LANES)
        STORE (c + (wide - 1) * LANES, sum[i][wide - 1]);
      else
        store_first (c + (wide - 1) * LANES, sum[i][wide - 1],
                     columns - (wide - 1) * LANES);
    }
}

/* Where a tile's numbers are: see pst_panel_product(). */
typedef struct
{
  const float *const *a;
  gint64              parts, lda, k;
  const float        *b;
  const float        *next_a; /* lines to fetch meanwhile */
  const float        *next_b; /* the same, and as many @gap further on */
  gint64              gap;
} PanelTile;

INLINE void
panel_tile (const PanelTile *t, gint64 at, int rows, int wide, gint64 columns,
            float *c, gint64 ldc)
{
  const float *b = t->b, *next_a = t->next_a, *next_b = t->next_b;
  gint64       stride = t->lda * (gint64) sizeof (float);
  Vec          sum[TALLER][WIDE];

#pragma GCC unroll 24
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < WIDE; j++)
      sum[i][j] = (Vec) { 0 };
  for (gint64 r = 0; r < t->parts; r++)
    {
      const float *row[GROUPS];
      gint64       p = t->k;

      row[0] = floats_at (t->a[r], at * stride);
#pragma GCC unroll 24
      for (int g = 1; g * GROUP < rows; g++)
        {
          row[g] = floats_at (row[g - 1], GROUP * stride);
          OPAQUE (row[g]);
        }
      if (wide == WIDE && next_b)
        for (; p >= STEPS; p -= STEPS, b += STEPS * PANEL)
          {
            __builtin_prefetch (next_a, 0, 2);
            __builtin_prefetch (next_b, 0, 2);
            __builtin_prefetch (next_b + t->gap, 0, 2);
            next_a += LINE;
            next_b += LINE;
            panel_steps (row, stride, rows, wide, b, sum);
            panel_advance (row, rows, STEPS);
          }
      for (; p >= STEPS; p -= STEPS, b += STEPS * PANEL)
        {
          panel_steps (row, stride, rows, wide, b, sum);
          panel_advance (row, rows, STEPS);
        }
      for (; p > 0; p--, b += PANEL)
        {
          panel_step (row, stride, rows, wide, 0, b, sum);
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

/* clang-format off */
PANEL_TILE (1, 1) PANEL_TILE (2, 1) PANEL_TILE (3, 1) PANEL_TILE (4, 1)
PANEL_TILE (5, 1) PANEL_TILE (6, 1) PANEL_TILE (7, 1) PANEL_TILE (8, 1)
PANEL_TILE (9, 1) PANEL_TILE (10, 1) PANEL_TILE (11, 1) PANEL_TILE (12, 1)
PANEL_TILE (1, 2) PANEL_TILE (2, 2) PANEL_TILE (3, 2)
PANEL_TILE (4, 2) PANEL_TILE (5, 2) PANEL_TILE (6, 2)
#if TALL > 6
PANEL_TILE (7, 2) PANEL_TILE (8, 2)
#endif
#if TALL > 8
PANEL_TILE (9, 2) PANEL_TILE (10, 2) PANEL_TILE (11, 2) PANEL_TILE (12, 2)
#endif
#if TALLER > 12
PANEL_TILE (13, 1) PANEL_TILE (14, 1) PANEL_TILE (15, 1) PANEL_TILE (16, 1)
PANEL_TILE (17, 1) PANEL_TILE (18, 1) PANEL_TILE (19, 1) PANEL_TILE (20, 1)
PANEL_TILE (21, 1) PANEL_TILE (22, 1) PANEL_TILE (23, 1) PANEL_TILE (24, 1)
#endif

static const PanelTileFunc panel_narrow[TALLER] = {
  panel_tile_1_1, panel_tile_2_1, panel_tile_3_1, panel_tile_4_1,
  panel_tile_5_1, panel_tile_6_1, panel_tile_7_1, panel_tile_8_1,
  panel_tile_9_1, panel_tile_10_1, panel_tile_11_1, panel_tile_12_1,
#if TALLER > 12
  panel_tile_13_1, panel_tile_14_1, panel_tile_15_1, panel_tile_16_1,
  panel_tile_17_1, panel_tile_18_1, panel_tile_19_1, panel_tile_20_1,
  panel_tile_21_1, panel_tile_22_1, panel_tile_23_1, panel_tile_24_1,
#endif
};

static const PanelTileFunc panel_full[TALL] = {
  panel_tile_1_2, panel_tile_2_2, panel_tile_3_2,
  panel_tile_4_2, panel_tile_5_2, panel_tile_6_2,
#if TALL > 6
  panel_tile_7_2, panel_tile_8_2,
#endif
#if TALL > 8
  panel_tile_9_2, panel_tile_10_2, panel_tile_11_2, panel_tile_12_2,
#endif
};
/* clang-format on */

/* Before another product a tile fetches a line of the next A and one of the
 * next panel every STEPS steps, or two of the panel where there are too few
 * tiles. */
static void
panel_rows (PanelTile *t, const float *next_a, const float *next_b,
            gint64 from, gint64 m, gint64 columns, float *c, gint64 ldc)
{
  const PanelTileFunc *tile = columns > LANES ? panel_full : panel_narrow;
  gint64               most = columns > LANES ? TALL : TALLER;
  gint64               tiles = (m + most - 1) / most, at = from;
  gint64               size = t->parts * t->k * PANEL;
  gint64               share = t->parts * (t->k / STEPS) * LINE;

  t->gap = tiles * share < size ? size / 2 : 0;
  for (gint64 i = 0; i < tiles; i++)
    {
      gint64 rows = m / tiles + (i < m % tiles);

      t->next_a = next_a + i * share;
      t->next_b = next_b && i * share < size ? next_b + i * share : next_b;
      tile[rows - 1](t, at, columns, c, ldc);
      at += rows;
    }
}

/* Blocks of rows whose part of A stays in the cache while all panels pass. */
static void
panel_product (const float *const *a, gint64 parts, gint64 lda, gint64 m,
               gint64 k, const float *b, gint64 n, float *c, gint64 ldc,
               const float *next_a, const float *next_b)
{
  gint64 block = MAX (4 * TALL, BLOCK / MAX (1, parts * lda));
  gint64 blocks = (m + block - 1) / block, at = 0;
  gint64 panels = (n + PANEL - 1) / PANEL;

  for (gint64 i = 0; i < blocks; i++)
    {
      PanelTile t = { a, parts, lda, k, b, NULL, NULL, 0 };
      gint64    rows = m / blocks + (i < m % blocks);

      for (gint64 j = 0; j < panels; j++)
        {
          panel_rows (&t, (next_a ? next_a : a[0]) + j * m * lda / panels,
                      next_b && j + 1 < panels ? t.b + parts * k * PANEL
                                               : next_b,
                      at, rows, MIN (PANEL, n - j * PANEL), c + j * PANEL, ldc);
          t.b += parts * k * PANEL;
        }
      at += rows;
    }
}
