/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/kernels/vector.h"

/* Winograd's F(3x3, 3x3) with the points 0, 1, -1, 2 and infinity, for the
 * blocks that large kernels are cut into (see PstKernels). */

typedef float Quad __attribute__ ((vector_size (16)));
typedef float QuadAt
    __attribute__ ((vector_size (16), aligned (4), may_alias));

/* B' d, one column; all types of vector */
#define NESTED_BT(d, o)                                                       \
  do                                                                          \
    {                                                                         \
      __typeof__ ((d)[0]) high = (d)[3] - (d)[1];                             \
                                                                              \
      (o)[0] = 2.0f * ((d)[0] - (d)[2]) + high;                               \
      (o)[1] = (d)[3] - (d)[2] - 2.0f * (d)[1];                               \
      (o)[2] = 2.0f * (d)[1] - 3.0f * (d)[2] + (d)[3];                        \
      (o)[3] = high;                                                          \
      (o)[4] = (d)[4] - (d)[2] - 2.0f * high;                                 \
    }                                                                         \
  while (0)

/* A' m */
#define NESTED_AT(m, o)                                                       \
  do                                                                          \
    {                                                                         \
      __typeof__ ((m)[0]) s = (m)[1] + (m)[2];                                \
                                                                              \
      (o)[0] = (m)[0] + s + (m)[3];                                           \
      (o)[1] = (m)[1] - (m)[2] + 2.0f * (m)[3];                               \
      (o)[2] = s + 4.0f * (m)[3] + (m)[4];                                    \
    }                                                                         \
  while (0)

#define NESTED_PLAIN(at, p) (*(const at *) (p))
#define NESTED_SCALED(at, p) (larger (a * LOAD (p) + b, low))

/* B' d of @n of a tile's columns, from @first on. */
#define NESTED_COLUMNS(read, type, at, first, n)                              \
  for (int x = (first); x < (first) + (n); x++, here += c)                    \
    {                                                                         \
      type column[5], o[5];                                                   \
                                                                              \
      for (int y = 0; y < 5; y++)                                             \
        column[y] = read (at, d[y] + here);                                   \
      NESTED_BT (column, o);                                                  \
      for (int y = 0; y < 5; y++)                                             \
        t[y][x] = o[y];                                                       \
    }

/* A row of tiles; two columns of each are the next one's, too. */
#define NESTED_IN(read, type, at)                                             \
  do                                                                          \
    {                                                                         \
      type t[5][5];                                                           \
                                                                              \
      NESTED_COLUMNS (read, type, at, 0, 2)                                   \
      for (gint64 tile = 0; tile < tiles; tile++, v += c)                     \
        {                                                                     \
          float *point = v;                                                   \
                                                                              \
          NESTED_COLUMNS (read, type, at, 2, 3)                               \
          for (int y = 0; y < 5; y++)                                         \
            {                                                                 \
              type o[5];                                                      \
                                                                              \
              NESTED_BT (t[y], o);                                            \
              for (int x = 0; x < 5; x++, point += step)                      \
                *(at *) point = o[x];                                         \
              t[y][0] = t[y][3];                                              \
              t[y][1] = t[y][4];                                              \
            }                                                                 \
        }                                                                     \
    }                                                                         \
  while (0)

static void
nested_in_vector (const float *const *d, gint64 here, gint64 c, gint64 tiles,
                  float *v, gint64 step)
{
  NESTED_IN (NESTED_PLAIN, Vec, VecAt);
}

static void
nested_in_quad (const float *const *d, gint64 here, gint64 c, gint64 tiles,
                float *v, gint64 step)
{
  NESTED_IN (NESTED_PLAIN, Quad, QuadAt);
}

static void
nested_in_scaled (const float *const *d, const float *scale,
                  const float *shift, float least, gint64 here, gint64 c,
                  gint64 tiles, float *v, gint64 step)
{
  Vec a = LOAD (scale), b = LOAD (shift), low = all (least);

  NESTED_IN (NESTED_SCALED, Vec, VecAt);
}

#define NESTED_RUN 8 /* tiles */

/* Tiles from @first on. The last channels first: what is written beyond them
 * is overwritten. */
INLINE void
nested_in_run (const float *const *d, const float *scale, const float *shift,
               float least, gint64 c, gint64 first, gint64 tiles, float *v,
               gint64 step)
{
  gint64 whole = c / LANES * LANES, here = 3 * first * c;

  v += first * c;
  for (gint64 i = whole + (c - whole + 3) / 4 * 4 - 4; i >= whole; i -= 4)
    nested_in_quad (d, here + i, c, tiles, v + i, step);
  for (gint64 i = whole - LANES; i >= 0; i -= LANES)
    if (scale)
      nested_in_scaled (d, scale + i, shift + i, least, here + i, c, tiles,
                        v + i, step);
    else
      nested_in_vector (d, here + i, c, tiles, v + i, step);
}

/* Where vectors are less than a line of the cache, the next ones shall find the
 * lines still there. */
static void
nested_in (const float *const *d, const float *scale, const float *shift,
           float least, gint64 c, gint64 tiles, float *v, gint64 step)
{
  gint64 run = LANES < 16 && c > LANES ? NESTED_RUN : tiles;

  for (gint64 first = 0; first < tiles; first += run)
    nested_in_run (d, scale, shift, least, c, first,
                   MIN (run, tiles - first), v, step);
}

#define NESTED_OUT(type, at, m, step, rows, columns, to, row, pixel)          \
  do                                                                          \
    {                                                                         \
      type t[3][5];                                                           \
                                                                              \
      for (int x = 0; x < 5; x++)                                             \
        {                                                                     \
          type column[5], o[3];                                               \
                                                                              \
          for (int y = 0; y < 5; y++)                                         \
            column[y] = *(const at *) ((m) + (5 * y + x) * (step));           \
          NESTED_AT (column, o);                                              \
          for (int y = 0; y < 3; y++)                                         \
            t[y][x] = o[y];                                                   \
        }                                                                     \
      for (int y = 0; y < (rows); y++)                                        \
        {                                                                     \
          type o[3];                                                          \
                                                                              \
          NESTED_AT (t[y], o);                                                \
          for (int x = 0; x < (columns); x++)                                 \
            *(at *) ((to) + y * (row) + x * (pixel)) = o[x];                  \
        }                                                                     \
    }                                                                         \
  while (0)

static void
nested_out (const float *m, gint64 step, gint64 k, gint64 tiles, gint64 h,
            gint64 w, float *to, gint64 row, gint64 pixel)
{
  for (gint64 tile = 0; tile < tiles; tile++, m += k, to += 3 * pixel, w -= 3)
    {
      gint64 i = 0;

      if (h >= 3 && w >= 3)
        for (; i + LANES <= k; i += LANES)
          NESTED_OUT (Vec, VecAt, m + i, step, 3, 3, to + i, row, pixel);
      for (; i + LANES <= k; i += LANES)
        NESTED_OUT (Vec, VecAt, m + i, step, MIN (h, 3), MIN (w, 3), to + i,
                    row, pixel);
      for (; i < k; i += 4)
        NESTED_OUT (Quad, QuadAt, m + i, step, MIN (h, 3), MIN (w, 3), to + i,
                    row, pixel);
    }
}

/* A' P A of one tile, all columns, to pixels [9][width] */
INLINE void
nested_out_columns (const float *p, gint64 step, gint64 width, float *pixels)
{
  gint64 i = 0;

  for (; i + LANES <= width; i += LANES)
    NESTED_OUT (Vec, VecAt, p + i, step, 3, 3, pixels + i, 3 * width, width);
  for (; i < width; i += 4)
    NESTED_OUT (Quad, QuadAt, p + i, step, 3, 3, pixels + i, 3 * width, width);
}

/* One pixel: the sums move on by one row of blocks. */
INLINE void
nested_add (const float *const *y, gint64 blocks, gint64 group, gint64 k,
            float *sum)
{
#if LANES == 16
  Vec all = LOAD (sum - k);

  for (gint64 b = 0; b < blocks; b++)
    all += LOAD (y[b] + b * group);
  STORE (sum, all);
#else
  for (gint64 i = (group + 3) / 4 * 4 - 4; i >= 0; i -= 4)
    {
      Quad all = *(const QuadAt *) (sum + i - k);

      for (gint64 b = 0; b < blocks; b++)
        all += *(const QuadAt *) (y[b] + b * group + i);
      *(QuadAt *) (sum + i) = all;
    }
#endif
}

INLINE void
nested_add_up_row (const float *p, gint64 step, gint64 width, gint64 blocks,
                   gint64 group, gint64 k, gint64 tiles, float *sums,
                   gint64 pixel)
{
  float  room[4][9 * 64 + LANES];
  float *y[4] = { room[0], room[1], room[2], room[3] };
  gint64 row = 3 * (tiles - blocks + 1) * pixel;

  for (gint64 tile = 0; tile < tiles; tile++, p += width)
    {
      float *last = y[0];

      for (gint64 b = 0; b < blocks - 1; b++)
        y[b] = y[b + 1];
      y[blocks - 1] = last;
      nested_out_columns (p, step, width, last);
      if (tile < blocks - 1)
        continue;
      for (int q = 0; q < 9; q++)
        {
          const float *at[4];

          for (gint64 b = 0; b < blocks; b++)
            at[b] = y[b] + q * width;
          nested_add (at, blocks, group, k,
                      sums + q / 3 * row + q % 3 * pixel);
        }
      sums += 3 * pixel;
    }
}

static void
nested_add_up (const float *p, gint64 step, const PstNestedSums *s,
               gint64 tiles, float *sums)
{
  if (s->blocks == 3 && s->group == 9 && s->k == 3 && s->width == 32)
    nested_add_up_row (p, step, 32, 3, 9, 3, tiles, sums, s->pixel);
  else
    nested_add_up_row (p, step, s->width, s->blocks, s->group, s->k, tiles,
                       sums, s->pixel);
}
