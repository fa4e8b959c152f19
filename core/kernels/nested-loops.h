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

#define NESTED_IN(type, at, d, row, c, v, step)                               \
  do                                                                          \
    {                                                                         \
      type t[5][5];                                                           \
                                                                              \
      for (int x = 0; x < 5; x++)                                             \
        {                                                                     \
          type column[5], o[5];                                               \
                                                                              \
          for (int y = 0; y < 5; y++)                                         \
            column[y] = *(const at *) ((d) + y * (row) + x * (c));            \
          NESTED_BT (column, o);                                              \
          for (int y = 0; y < 5; y++)                                         \
            t[y][x] = o[y];                                                   \
        }                                                                     \
      for (int y = 0; y < 5; y++)                                             \
        {                                                                     \
          type o[5];                                                          \
                                                                              \
          NESTED_BT (t[y], o);                                                \
          for (int x = 0; x < 5; x++)                                         \
            *(at *) ((v) + (5 * y + x) * (step)) = o[x];                      \
        }                                                                     \
    }                                                                         \
  while (0)

static void
nested_in (const float *d, gint64 row, gint64 c, gint64 tiles, float *v,
           gint64 step)
{
  for (gint64 tile = 0; tile < tiles; tile++, d += 3 * c, v += c)
    {
      gint64 i = 0;

      for (; i + LANES <= c; i += LANES)
        NESTED_IN (Vec, VecAt, d + i, row, c, v + i, step);
      for (; i < c; i += 4)
        NESTED_IN (Quad, QuadAt, d + i, row, c, v + i, step);
    }
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

/* The sum over the blocks of one tile's point. */
INLINE Quad
nested_gather (const float *const *p, gint64 at, gint64 blocks_y,
               gint64 blocks_x, gint64 k)
{
  gint64 width = blocks_y * blocks_x * k;
  Quad   sum = { 0 };

  for (gint64 i = 0; i < blocks_y; i++)
    for (gint64 j = 0; j < blocks_x; j++)
      sum += *(const QuadAt *) (p[i] + at + j * width +
                                (i * blocks_x + j) * k);
  return sum;
}

/* The same with the usual three times three blocks of three channels. */
INLINE Quad
nested_gather_rgb (const float *const *p, gint64 at)
{
  Quad sum = { 0 };

  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++)
      sum += *(const QuadAt *) (p[i] + at + j * 27 + (i * 3 + j) * 3);
  return sum;
}

static void
nested_add_up (const float *const *p, gint64 step, gint64 blocks_y,
               gint64 blocks_x, gint64 k, gint64 tiles, gint64 h, gint64 w,
               float *to, gint64 row)
{
  gint64   width = blocks_y * blocks_x * k;
  gboolean rgb = blocks_y == 3 && blocks_x == 3 && k == 3;

  for (gint64 tile = 0; tile < tiles; tile++, to += 3 * k, w -= 3)
    {
      Quad t[3][5];

      for (int x = 0; x < 5; x++)
        {
          Quad column[5], o[3];

          for (int y = 0; y < 5; y++)
            {
              gint64 at = (5 * y + x) * step + tile * width;

              column[y] = rgb ? nested_gather_rgb (p, at)
                              : nested_gather (p, at, blocks_y, blocks_x, k);
            }
          NESTED_AT (column, o);
          for (int y = 0; y < 3; y++)
            t[y][x] = o[y];
        }
      for (int y = 0; y < MIN (h, 3); y++)
        {
          Quad o[3];

          NESTED_AT (t[y], o);
          for (int x = 0; x < MIN (w, 3); x++)
            for (gint64 i = 0; i < k; i++)
              to[y * row + x * k + i] = o[x][i];
        }
    }
}
