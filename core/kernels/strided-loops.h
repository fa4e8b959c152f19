/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/kernels/winograd-loops.h"

/* Minimal filtering F(4, 2) with the points 0, 1, -1, 2 and infinity for
 * every second pixel, and for those between (see PstKernels). */

#define STRIDED 5 /* points along an axis */
#define STRIDED_MOST (2 * STRIDED)

/* B' d of every second of d, for @n points */
INLINE void
strided_phase (const Vec *d, int n, Vec *o)
{
  Vec high = d[6] - d[2];

  o[0] = 2.0f * (d[0] - d[4]) + high;
  o[1] = d[6] - d[4] - 2.0f * d[2];
  o[2] = 2.0f * d[2] - 3.0f * d[4] + d[6];
  o[3] = high;
  if (n == STRIDED)
    o[4] = d[8] - d[4] - 2.0f * high;
}

/* Of d[n]: five points of the even, then n - 5 of the odd ones. */
INLINE void
strided_bt (const Vec *d, int n, Vec *o)
{
  strided_phase (d, STRIDED, o);
  strided_phase (d + 1, n - STRIDED, o + STRIDED);
}

/* Pixels [n][n]: by pointers where there are such, or rows @row floats apart */
INLINE void
strided_tile (const float *const *at, const float *d, gint64 row, gint64 c,
              const float *scale, const float *shift, float least, int n,
              int scaled, float *const *v)
{
  for (gint64 i = 0; i < c; i += LANES)
    {
      Vec t[STRIDED_MOST][STRIDED_MOST], a = { 0 }, b = { 0 };

      if (scaled)
        {
          a = LOAD (scale + i);
          b = LOAD (shift + i);
        }
      for (int x = 0; x < n; x++)
        {
          Vec column[STRIDED_MOST], o[STRIDED_MOST];

#pragma GCC unroll 10
          for (int y = 0; y < n; y++)
            {
              column[y] = LOAD (at ? at[y * n + x] + i
                                   : d + y * row + x * c + i);
              if (scaled)
                column[y] = larger (a * column[y] + b, all (least));
            }
          strided_bt (column, n, o);
#pragma GCC unroll 10
          for (int y = 0; y < n; y++)
            t[y][x] = o[y];
        }
#pragma GCC unroll 10
      for (int y = 0; y < n; y++)
        {
          Vec o[STRIDED_MOST];

          strided_bt (t[y], n, o);
#pragma GCC unroll 10
          for (int x = 0; x < n; x++)
            {
              int across = 1 + (x % STRIDED < n - STRIDED);
              int phase = y / STRIDED * across + x / STRIDED;

              STORE (v[y % STRIDED * STRIDED + x % STRIDED] + phase * c + i,
                     o[x]);
            }
        }
    }
}

static void
strided_in (const float *d, gint64 row, gint64 c, const float *scale,
            const float *shift, float least, int kernel, float *const *v)
{
  if (kernel == 3 && scale)
    strided_tile (NULL, d, row, c, scale, shift, least, 9, 1, v);
  else if (kernel == 3)
    strided_tile (NULL, d, row, c, scale, shift, least, 9, 0, v);
  else if (scale)
    strided_tile (NULL, d, row, c, scale, shift, least, 10, 1, v);
  else
    strided_tile (NULL, d, row, c, scale, shift, least, 10, 0, v);
}

static void
strided_in_tile (const float *const *d, gint64 c, int kernel, float *const *v)
{
  if (kernel == 3)
    strided_tile (d, NULL, 0, c, NULL, NULL, 0.0f, 9, 0, v);
  else
    strided_tile (d, NULL, 0, c, NULL, NULL, 0.0f, 10, 0, v);
}

/* B o of one phase */
INLINE void
strided_b (const Vec *o, int n, Vec *d)
{
  d[0] = 2.0f * o[0];
  d[2] = 2.0f * (o[2] - o[1]) - o[0] - o[3];
  d[4] = -2.0f * o[0] - o[1] - 3.0f * o[2];
  d[6] = o[0] + o[1] + o[2] + o[3];
  if (n == STRIDED)
    {
      d[2] += 2.0f * o[4];
      d[4] -= o[4];
      d[6] -= 2.0f * o[4];
      d[8] = o[4];
    }
}

INLINE void
strided_give_back (float *const *v, gint64 c, int n, float *const *d)
{
  for (gint64 i = 0; i < c; i += LANES)
    {
      Vec t[STRIDED_MOST][STRIDED_MOST];

      for (int x = 0; x < n; x++)
        {
          Vec o[STRIDED_MOST], column[STRIDED_MOST];
          int across = 1 + (x % STRIDED < n - STRIDED);

#pragma GCC unroll 10
          for (int y = 0; y < n; y++)
            {
              int phase = y / STRIDED * across + x / STRIDED;

              o[y] = LOAD (v[y % STRIDED * STRIDED + x % STRIDED] +
                           phase * c + i);
            }
          strided_b (o, STRIDED, column);
          strided_b (o + STRIDED, n - STRIDED, column + 1);
#pragma GCC unroll 10
          for (int y = 0; y < n; y++)
            t[y][x] = column[y];
        }
      for (int y = 0; y < n; y++)
        {
          Vec pixel[STRIDED_MOST];

          strided_b (t[y], STRIDED, pixel);
          strided_b (t[y] + STRIDED, n - STRIDED, pixel + 1);
#pragma GCC unroll 10
          for (int x = 0; x < n; x++)
            if (d[y * n + x])
              STORE (d[y * n + x] + i, LOAD (d[y * n + x] + i) + pixel[x]);
        }
    }
}

static void
strided_in_adjoint (float *const *v, gint64 c, int kernel, float *const *d)
{
  if (kernel == 3)
    strided_give_back (v, c, 9, d);
  else
    strided_give_back (v, c, 10, d);
}

/* A o */
INLINE void
strided_a (const Vec *o, Vec *m)
{
  Vec even = o[0] + o[2], odd = o[1] + o[3];

  m[0] = o[0];
  m[1] = even + odd;
  m[2] = even - odd;
  m[3] = o[0] + 2.0f * o[1] + 4.0f * o[2] + 8.0f * o[3];
  m[4] = o[3];
}

static void
strided_out_adjoint (const float *const *y, gint64 k, float *m, gint64 step)
{
  for (gint64 i = 0; i < k; i += LANES)
    {
      Vec t[STRIDED][4];

      for (int x = 0; x < 4; x++)
        {
          Vec column[4], o[STRIDED];

          for (int r = 0; r < 4; r++)
            column[r] = LOAD (y[4 * r + x] + i);
          strided_a (column, o);
          for (int r = 0; r < STRIDED; r++)
            t[r][x] = o[r];
        }
      for (int r = 0; r < STRIDED; r++)
        {
          Vec o[STRIDED];

          strided_a (t[r], o);
          for (int x = 0; x < STRIDED; x++)
            STORE (m + (STRIDED * r + x) * step + i, o[x]);
        }
    }
}

/* A' m */
INLINE void
strided_at (const Vec *m, Vec *o)
{
  Vec s = m[1] + m[2], d = m[1] - m[2];

  o[0] = m[0] + s + m[3];
  o[1] = d + 2.0f * m[3];
  o[2] = s + 4.0f * m[3];
  o[3] = d + 8.0f * m[3] + m[4];
}

INLINE void
strided_window (const float *m, gint64 step, gint64 k, const PstWinoWindow *w,
                int whole, float *to)
{
  int bottom = whole ? 4 : w->bottom, right = whole ? 4 : w->right;

  for (gint64 i = 0; i < k; i += LANES)
    {
      Vec t[4][STRIDED], base = { 0 }, s = { 0 }, squares = { 0 };

      if (w->base)
        base = LOAD (w->base + i);
#pragma GCC unroll 5
      for (int x = 0; x < STRIDED; x++)
        {
          Vec column[STRIDED], o[4];

          for (int y = 0; y < STRIDED; y++)
            column[y] = LOAD (m + (STRIDED * y + x) * step + i);
          strided_at (column, o);
          for (int y = 0; y < 4; y++)
            t[y][x] = o[y];
        }
      for (int y = 0; y < bottom; y++)
        {
          Vec o[4];

          strided_at (t[y], o);
          for (int x = 0; x < right; x++)
            STORE (to + y * w->row + x * w->pixel + i, o[x]);
          if (w->base)
            sum_pixels (o, 0, right, base, &s, &squares);
        }
      if (w->base)
        {
          STORE (w->s + i, LOAD (w->s + i) + s);
          STORE (w->q + i, LOAD (w->q + i) + squares);
        }
    }
}

static void
strided_out (const float *m, gint64 step, gint64 k, const PstWinoWindow *w,
             float *to)
{
  if (w->bottom == 4 && w->right == 4)
    strided_window (m, step, k, w, 1, to);
  else
    strided_window (m, step, k, w, 0, to);
}
