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

/* A' m, @n pixels: 4 of F(4, 3), 3 of F(3, 4) */
INLINE void
at (const Vec *m, int n, Vec *o)
{
  Vec s12 = m[1] + m[2], d12 = m[1] - m[2];
  Vec s34 = m[3] + m[4], d34 = m[3] - m[4];

  o[0] = m[0] + s12 + s34;
  o[1] = d12 + 2.0f * d34;
  o[2] = s12 + 4.0f * s34;
  if (n == 4)
    o[3] = d12 + 8.0f * d34 + m[5];
  else
    o[2] += m[5];
}

/* A o */
INLINE void
a (const Vec *o, int n, Vec *m)
{
  Vec even = o[0] + o[2], odd = o[1];
  Vec even4 = o[0] + 4.0f * o[2], odd8 = 2.0f * o[1];

  if (n == 4)
    {
      odd += o[3];
      odd8 += 8.0f * o[3];
    }
  m[0] = o[0];
  m[1] = even + odd;
  m[2] = even - odd;
  m[3] = even4 + odd8;
  m[4] = even4 - odd8;
  m[5] = o[n - 1];
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

/* One tile of @size x @size pixels whose points outside rows [r, r + n) and
 * columns [q, q + n) are zero; only the others are stored. */
INLINE void
out_window (const float *m, gint64 step, gint64 k, const PstWinoWindow *w,
            int size, int r, int q, int n, int whole, float *to)
{
  int top = whole ? 0 : w->top, bottom = whole ? size : w->bottom;
  int left = whole ? 0 : w->left, right = whole ? size : w->right;

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
          at (column, size, o);
          for (int y = 0; y < size; y++)
            t[y][x] = o[y];
        }
      for (int y = top; y < bottom; y++)
        {
          Vec o[4];

          at (t[y], size, o);
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
  int size = w->kernel == 4 ? 3 : 4;
  int whole = w->top == 0 && w->bottom == size && w->left == 0 &&
              w->right == size;

  if (size == 3)
    {
      if (whole)
        out_window (m, step, k, w, 3, 0, 0, 6, 1, to);
      else
        out_window (m, step, k, w, 3, 0, 0, 6, 0, to);
      return;
    }
#define CASE(phase, r, q, n)                                                  \
  case phase:                                                                 \
    if (whole)                                                                \
      out_window (m, step, k, w, 4, r, q, n, 1, to);                          \
    else                                                                      \
      out_window (m, step, k, w, 4, r, q, n, 0, to);                          \
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

INLINE void
out_adjoint (const float *const *y, gint64 k, int size, float *m, gint64 step)
{
  for (gint64 i = 0; i < k; i += LANES)
    {
      Vec t[6][4];

      for (int x = 0; x < size; x++)
        {
          Vec column[4], o[6];

          for (int r = 0; r < size; r++)
            column[r] = LOAD (y[size * r + x] + i);
          a (column, size, o);
          for (int r = 0; r < 6; r++)
            t[r][x] = o[r];
        }
      for (int r = 0; r < 6; r++)
        {
          Vec o[6];

          a (t[r], size, o);
          for (int x = 0; x < 6; x++)
            STORE (m + (6 * r + x) * step + i, o[x]);
        }
    }
}

static void
wino_out_adjoint (const float *const *y, gint64 k, int kernel, float *m,
                  gint64 step)
{
  if (kernel == 4)
    out_adjoint (y, k, 3, m, step);
  else
    out_adjoint (y, k, 4, m, step);
}

/* G g, one column of @taps */
INLINE void
g_times (const Vec *g, int taps, Vec *o)
{
  Vec s = g[0] + g[2], odd = g[1];
  Vec e = g[0] + 4.0f * g[2], odd8 = 2.0f * g[1];

  if (taps == 4)
    {
      odd += g[3];
      odd8 += 8.0f * g[3];
    }
  o[0] = 0.25f * g[0];
  o[1] = (-1.0f / 6) * (s + odd);
  o[2] = (-1.0f / 6) * (s - odd);
  o[3] = (1.0f / 24) * (e + odd8);
  o[4] = (1.0f / 24) * (e - odd8);
  o[5] = g[taps - 1];
}

/* G' u */
INLINE void
g_adjoint (const Vec *u, int taps, Vec *o)
{
  Vec s12 = (-1.0f / 6) * (u[1] + u[2]), d12 = (-1.0f / 6) * (u[1] - u[2]);
  Vec s34 = (1.0f / 24) * (u[3] + u[4]), d34 = (1.0f / 24) * (u[3] - u[4]);

  o[0] = 0.25f * u[0] + s12 + s34;
  o[1] = d12 + 2.0f * d34;
  o[2] = s12 + 4.0f * s34;
  if (taps == 4)
    o[3] = d12 + 8.0f * d34;
  o[taps - 1] += u[5];
}

INLINE void
weights (const float *g, gint64 g_step, gint64 n, int taps, float *u,
         gint64 step)
{
  for (gint64 i = 0; i < n; i += LANES)
    {
      Vec t[6][4];

      for (int x = 0; x < taps; x++)
        {
          Vec column[4], o[6];

          for (int y = 0; y < taps; y++)
            column[y] = LOAD (g + (taps * y + x) * g_step + i);
          g_times (column, taps, o);
          for (int y = 0; y < 6; y++)
            t[y][x] = o[y];
        }
      for (int y = 0; y < 6; y++)
        {
          Vec o[6];

          g_times (t[y], taps, o);
          for (int x = 0; x < 6; x++)
            STORE (u + (6 * y + x) * step + i, o[x]);
        }
    }
}

static void
wino_weights (const float *g, gint64 g_step, gint64 n, int kernel, float *u,
              gint64 step)
{
  if (kernel == 4)
    weights (g, g_step, n, 4, u, step);
  else
    weights (g, g_step, n, 3, u, step);
}

INLINE void
weights_adjoint (const float *u, gint64 step, gint64 n, int taps, float *g,
                 gint64 g_step)
{
  for (gint64 i = 0; i < n; i += LANES)
    {
      Vec t[4][6];

      for (int x = 0; x < 6; x++)
        {
          Vec column[6], o[4];

          for (int y = 0; y < 6; y++)
            column[y] = LOAD (u + (6 * y + x) * step + i);
          g_adjoint (column, taps, o);
          for (int y = 0; y < taps; y++)
            t[y][x] = o[y];
        }
      for (int y = 0; y < taps; y++)
        {
          Vec o[4];

          g_adjoint (t[y], taps, o);
          for (int x = 0; x < taps; x++)
            STORE (g + (taps * y + x) * g_step + i, o[x]);
        }
    }
}

static void
wino_weights_adjoint (const float *u, gint64 step, gint64 n, int kernel,
                      float *g, gint64 g_step)
{
  if (kernel == 4)
    weights_adjoint (u, step, n, 4, g, g_step);
  else
    weights_adjoint (u, step, n, 3, g, g_step);
}
