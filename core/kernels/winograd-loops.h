/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/kernels/vector.h"

/* Winograd's transforms and their adjoints (see PstKernels). All run over
 * channels, a vector at a time. */

/* B' d, one column */
INLINE void
bt (const Vec *d, Vec *o)
{
  Vec a = d[4] - 4.0f * d[2];
  Vec b = d[3] - 4.0f * d[1];
  Vec e = d[4] - d[2];
  Vec f = 2.0f * (d[3] - d[1]);

  o[0] = 4.0f * d[0] - 5.0f * d[2] + d[4];
  o[1] = a + b;
  o[2] = a - b;
  o[3] = e + f;
  o[4] = e - f;
  o[5] = 4.0f * d[1] - 5.0f * d[3] + d[5];
}

/* B o */
INLINE void
b (const Vec *o, Vec *d)
{
  Vec s12 = o[1] + o[2], d12 = o[1] - o[2];
  Vec s34 = o[3] + o[4], d34 = o[3] - o[4];

  d[0] = 4.0f * o[0];
  d[1] = 4.0f * (o[5] - d12) - 2.0f * d34;
  d[2] = -5.0f * o[0] - 4.0f * s12 - s34;
  d[3] = d12 + 2.0f * d34 - 5.0f * o[5];
  d[4] = o[0] + s12 + s34;
  d[5] = o[5];
}

/* A' m */
INLINE void
at (const Vec *m, Vec *o)
{
  Vec s12 = m[1] + m[2], d12 = m[1] - m[2];
  Vec s34 = m[3] + m[4], d34 = m[3] - m[4];

  o[0] = m[0] + s12 + s34;
  o[1] = d12 + 2.0f * d34;
  o[2] = s12 + 4.0f * s34;
  o[3] = d12 + 8.0f * d34 + m[5];
}

/* A o */
INLINE void
a (const Vec *o, Vec *m)
{
  Vec even = o[0] + o[2], odd = o[1] + o[3];
  Vec even4 = o[0] + 4.0f * o[2], odd8 = 2.0f * o[1] + 8.0f * o[3];

  m[0] = o[0];
  m[1] = even + odd;
  m[2] = even - odd;
  m[3] = even4 + odd8;
  m[4] = even4 - odd8;
  m[5] = o[3];
}

/* V out of B' d, whose rows are still to be transformed. */
INLINE void
rows_in (const Vec (*t)[6], float *v, gint64 step)
{
  for (int y = 0; y < 6; y++)
    {
      Vec o[6];

      bt (t[y], o);
      for (int x = 0; x < 6; x++)
        STORE (v + (6 * y + x) * step, o[x]);
    }
}

static void
wino_in (const float *const *d, gint64 c, float *v, gint64 step)
{
  for (gint64 i = 0; i < c; i += LANES)
    {
      Vec t[6][6];

      for (int x = 0; x < 6; x++)
        {
          Vec column[6], o[6];

          for (int y = 0; y < 6; y++)
            column[y] = LOAD (d[6 * y + x] + i);
          bt (column, o);
          for (int y = 0; y < 6; y++)
            t[y][x] = o[y];
        }
      rows_in (t, v + i, step);
    }
}

static void
wino_in_adjoint (const float *v, gint64 step, gint64 c, float *const *d)
{
  for (gint64 i = 0; i < c; i += LANES)
    {
      Vec t[6][6];

      for (int x = 0; x < 6; x++)
        {
          Vec column[6], o[6];

          for (int y = 0; y < 6; y++)
            column[y] = LOAD (v + (6 * y + x) * step + i);
          b (column, o);
          for (int y = 0; y < 6; y++)
            t[y][x] = o[y];
        }
      for (int y = 0; y < 6; y++)
        {
          Vec o[6];

          b (t[y], o);
          for (int x = 0; x < 6; x++)
            if (d[6 * y + x])
              STORE (d[6 * y + x] + i, LOAD (d[6 * y + x] + i) + o[x]);
        }
    }
}

/* With @scale, of max (least, scale x + shift) */
INLINE void
in_patch (const float *d, gint64 row, gint64 c, const float *scale,
          const float *shift, float least, float *v, gint64 step)
{
  for (gint64 i = 0; i < c; i += LANES)
    {
      Vec t[6][6], a = { 0 }, b = { 0 };

      if (scale)
        {
          a = LOAD (scale + i);
          b = LOAD (shift + i);
        }
      for (int x = 0; x < 6; x++)
        {
          Vec column[6], o[6];

          for (int y = 0; y < 6; y++)
            {
              const float *pixel = d + y * row + x * c + i;

              if (x >= 2 && i % LINE == 0) /* the next tile's */
                __builtin_prefetch (pixel + 4 * c);
              column[y] = LOAD (pixel);
              if (scale)
                column[y] = larger (a * column[y] + b, all (least));
            }
          bt (column, o);
          for (int y = 0; y < 6; y++)
            t[y][x] = o[y];
        }
      rows_in (t, v + i, step);
    }
}

static void
wino_in_patch (const float *d, gint64 row, gint64 c, float *v, gint64 step)
{
  in_patch (d, row, c, NULL, NULL, 0.0f, v, step);
}

static void
wino_in_scaled (const float *d, gint64 row, gint64 c, const float *scale,
                const float *shift, float least, float *v, gint64 step)
{
  in_patch (d, row, c, scale, shift, least, v, step);
}

INLINE void
sum_pixels (const Vec *o, int from, int to, Vec base, Vec *s, Vec *q)
{
  for (int x = from; x < to; x++)
    {
      Vec d = o[x] - base;

      *s += d;
      *q += d * d;
    }
}

/* One tile whose points outside rows [r, r + n) and columns [q, q + n) are
 * zero; only the others are stored. */
INLINE void
out_window (const float *m, gint64 step, gint64 k, const PstWinoWindow *w,
            int r, int q, int n, int whole, float *to)
{
  int top = whole ? 0 : w->top, bottom = whole ? 4 : w->bottom;
  int left = whole ? 0 : w->left, right = whole ? 4 : w->right;

  for (gint64 i = 0; i < k; i += LANES)
    {
      Vec t[4][6], base = { 0 }, s = { 0 }, squares = { 0 };

      if (w->base)
        base = LOAD (w->base + i);
      for (int x = 0; x < 6; x++)
        {
          Vec column[6], o[4];

          for (int y = 0; y < 6; y++)
            column[y] = (Vec) { 0 };
          if (x >= q && x < q + n)
            for (int y = r; y < r + n; y++)
              column[y] = LOAD (m + ((y - r) * n + x - q) * step + i);
          at (column, o);
          for (int y = 0; y < 4; y++)
            t[y][x] = o[y];
        }
      for (int y = top; y < bottom; y++)
        {
          Vec o[4];

          at (t[y], o);
          if (whole && w->past)
            for (int x = left; x < right; x++)
              STORE_PAST (to + y * w->row + x * w->pixel + i, o[x]);
          else
            for (int x = left; x < right; x++)
              STORE (to + y * w->row + x * w->pixel + i, o[x]);
          if (w->base)
            sum_pixels (o, left, right, base, &s, &squares);
        }
      if (w->base)
        {
          STORE (w->s + i, LOAD (w->s + i) + s);
          STORE (w->q + i, LOAD (w->q + i) + squares);
        }
    }
}

static void
wino_out_window (const float *m, gint64 step, gint64 k,
                 const PstWinoWindow *w, float *to)
{
  int whole = w->top == 0 && w->bottom == 4 && w->left == 0 && w->right == 4;

#define CASE(phase, r, q, n)                                                  \
  case phase:                                                                 \
    if (whole)                                                                \
      out_window (m, step, k, w, r, q, n, 1, to);                             \
    else                                                                      \
      out_window (m, step, k, w, r, q, n, 0, to);                             \
    break
  switch (w->phase)
    {
      CASE (0, 0, 0, 5);
      CASE (1, 0, 1, 5);
      CASE (2, 1, 0, 5);
      CASE (3, 1, 1, 5);
      CASE (-1, 0, 0, 6);
    }
#undef CASE
}

static void
wino_out_adjoint (const float *const *y, gint64 k, float *m, gint64 step)
{
  for (gint64 i = 0; i < k; i += LANES)
    {
      Vec t[6][4];

      for (int x = 0; x < 4; x++)
        {
          Vec column[4], o[6];

          for (int r = 0; r < 4; r++)
            column[r] = LOAD (y[4 * r + x] + i);
          a (column, o);
          for (int r = 0; r < 6; r++)
            t[r][x] = o[r];
        }
      for (int r = 0; r < 6; r++)
        {
          Vec o[6];

          a (t[r], o);
          for (int x = 0; x < 6; x++)
            STORE (m + (6 * r + x) * step + i, o[x]);
        }
    }
}

/* G g, one column */
INLINE void
g_times (const Vec *g, Vec *o)
{
  Vec s = g[0] + g[2];
  Vec e = g[0] + 4.0f * g[2];

  o[0] = 0.25f * g[0];
  o[1] = (-1.0f / 6) * (s + g[1]);
  o[2] = (-1.0f / 6) * (s - g[1]);
  o[3] = (1.0f / 24) * (e + 2.0f * g[1]);
  o[4] = (1.0f / 24) * (e - 2.0f * g[1]);
  o[5] = g[2];
}

static void
wino_weights (const float *g, gint64 g_step, gint64 n, float *u, gint64 step)
{
  for (gint64 i = 0; i < n; i += LANES)
    {
      Vec t[6][3];

      for (int x = 0; x < 3; x++)
        {
          Vec column[3], o[6];

          for (int y = 0; y < 3; y++)
            column[y] = LOAD (g + (3 * y + x) * g_step + i);
          g_times (column, o);
          for (int y = 0; y < 6; y++)
            t[y][x] = o[y];
        }
      for (int y = 0; y < 6; y++)
        {
          Vec o[6];

          g_times (t[y], o);
          for (int x = 0; x < 6; x++)
            STORE (u + (6 * y + x) * step + i, o[x]);
        }
    }
}
