/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/base/test-run.h"
#include "core/kernels/kernels.h"

#define GUARD 12345
#define GUARDS 40

static const PstKernels *
kernels_or_skip (const char *name)
{
  const PstKernels *kernels = pst_kernels_named (name);

  if (! kernels)
    g_test_skip ("this processor lacks the instructions");
  return kernels;
}

/* Random numbers with guards behind them. */
static float *
numbers (gint64 n, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  float *x = g_new (float, n + GUARDS);

  for (gint64 i = 0; i < n + GUARDS; i++)
    x[i] = i < n ? (float) g_rand_double_range (rand, -4.0, 4.0) : GUARD;
  return x;
}

static void
check_guards (const float *x, gint64 n)
{
  for (int i = 0; i < GUARDS; i++)
    g_assert_cmpfloat (x[n + i], ==, GUARD);
}

static void
check_affine (const PstKernels *kernels, gint64 c, gint64 pixels, int variant)
{
  gint64             n = c * pixels;
  float              least = variant & 1 ? 0.0f : -2.5f;
  g_autofree float  *x = numbers (n, (guint32) (c * 99 + pixels));
  g_autofree float  *y = numbers (n, 1);
  g_autofree float  *ab = numbers (2 * c, 2);
  float             *a = variant & 4 ? ab : NULL;
  float             *b = variant & 2 || a ? ab + c : NULL;

  x[n / 2] = NAN;
  kernels->channel_affine (x, a, b, least, c, pixels, y);
  for (gint64 i = 0; i < n; i++)
    {
      double v = x[i] * (double) (a ? a[i % c] : 1.0f) +
                 (double) (b ? b[i % c] : 0.0f);

      if (! (v > least))
        v = least;
      if (! (fabs (v - y[i]) <= 1e-6 * (fabs (v) + 4.0)))
        g_error ("c %d, number %d: %g, not %g", (int) c, (int) i, y[i], v);
    }
  check_guards (y, n);
  kernels->channel_affine (x, a, b, least, c, pixels, x);
  g_assert_cmpmem (x, sizeof (float) * (gsize) n, y,
                   sizeof (float) * (gsize) n);
}

static void
test_affine (gconstpointer name)
{
  const PstKernels *kernels = kernels_or_skip (name);
  const gint64      counts[] = { 1, 2, 7, 37, 131 };

  for (gint64 c = 1; c <= 70 && kernels; c++)
    for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
      for (int variant = 0; variant < 8; variant++)
        check_affine (kernels, c, counts[i], variant);
}

/* Half a step at most is lost, and least and largest are exact. */
static void
check_cell (const PstKernels *kernels, gint64 c, gint64 h, gint64 w)
{
  gint64              row = w * c + 5, n = h * row;
  g_autofree float   *x = numbers (n, (guint32) (c * 99 + w));
  g_autofree float   *y = numbers (w * c, 1);
  g_autofree float   *table = numbers (2 * c, 2);
  g_autofree guint16 *q = g_new (guint16, n + 1);

  for (gint64 i = 0; i < c; i += 3) /* some channels are constant */
    for (gint64 p = 0; p < h * w; p++)
      x[p / w * row + p % w * c + i] = 0.25f;
  q[(h - 1) * row + w * c] = GUARD;
  kernels->pack_cell (x, row, c, h, w, q, row, table);
  g_assert_cmpint (q[(h - 1) * row + w * c], ==, GUARD);
  check_guards (table, 2 * c);
  for (gint64 v = 0; v < h; v++)
    {
      kernels->unpack_pixels (q + v * row, table, NULL, NULL, -INFINITY, c, w,
                              y);
      for (gint64 i = 0; i < w * c; i++)
        g_assert_cmpfloat_with_epsilon (y[i], x[v * row + i],
                                        0.501f * table[c + i % c] + 1e-6f);
    }
  check_guards (y, w * c);
}

static void
test_cells (gconstpointer name)
{
  const PstKernels *kernels = kernels_or_skip (name);

  for (gint64 c = 1; c <= 40 && kernels; c++)
    for (gint64 w = 1; w <= PST_CELL_W; w += 3)
      check_cell (kernels, c, 1 + w % PST_CELL_H, w);
}

/* Factors, summands and the limit come after unpacking. */
static void
test_unpack (gconstpointer name)
{
  const PstKernels *kernels = kernels_or_skip (name);

  for (gint64 c = 1; c <= 40 && kernels; c++)
    {
      g_autofree float   *factors = numbers (4 * c, (guint32) c);
      g_autofree float   *y = numbers (3 * c, 1);
      g_autofree guint16 *q = g_new (guint16, 3 * c);
      float              *a = factors + 2 * c, *b = factors + 3 * c;

      for (gint64 i = 0; i < 3 * c; i++)
        q[i] = (guint16) (i * 7919 % 65536);
      for (gint64 i = c; i < 2 * c; i++)
        factors[i] /= 65535.0f;
      kernels->unpack_pixels (q, factors, a, b, 0.0f, c, 3, y);
      for (gint64 i = 0; i < 3 * c; i++)
        {
          double v = factors[i % c] + (double) factors[c + i % c] * q[i];

          v = MAX (0.0, a[i % c] * v + b[i % c]);
          g_assert_cmpfloat_with_epsilon (y[i], v, 1e-5);
        }
      check_guards (y, 3 * c);
    }
}

/* Which of two terms have factors: bits of @scaled. */
static void
check_add (const PstKernels *kernels, gint64 c, int scaled, gboolean in_place)
{
  g_autofree float *x = numbers (5 * c, 1), *z = numbers (5 * c, 2);
  g_autofree float *y = numbers (5 * c, 3), *factors = numbers (4 * c, 4);
  g_autofree float *before = g_memdup2 (x, sizeof (float) * 5 * c);
  PstMapTerm terms[2] = { { .x = x, .least = 0.0f },
                          { .x = z, .least = -INFINITY } };

  for (int i = 0; i < 2; i++)
    if (scaled >> i & 1)
      {
        terms[i].a = factors + 2 * i * c;
        terms[i].b = terms[i].a + c;
      }
  kernels->channel_add (terms, -0.5f, c, 5, in_place ? x : y);
  for (gint64 i = 0; i < 5 * c; i++)
    {
      double v = before[i], u = z[i];

      if (terms[0].a)
        v = v * terms[0].a[i % c] + terms[0].b[i % c];
      if (terms[1].a)
        u = u * terms[1].a[i % c] + terms[1].b[i % c];
      g_assert_cmpfloat_with_epsilon ((in_place ? x : y)[i],
                                      MAX (-0.5, MAX (0.0, v) + u), 1e-5);
    }
  check_guards (x, 5 * c);
  check_guards (y, 5 * c);
}

static void
test_add (gconstpointer name)
{
  const PstKernels *kernels = kernels_or_skip (name);

  for (gint64 c = 1; c <= 70 && kernels; c++)
    for (int scaled = 0; scaled < 4; scaled++)
      check_add (kernels, c, scaled, c % 2);
}

static void
check_sums (const PstKernels *kernels, gint64 c, gint64 pixels)
{
  g_autofree float *x = numbers (c * pixels, (guint32) (c * 99 + pixels));
  g_autofree float *base = numbers (c, 1);
  g_autofree float *s = numbers (c, 2), *q = numbers (c, 3);

  kernels->channel_sums (x, base, c, pixels, s, q);
  for (gint64 i = 0; i < c; i++)
    {
      double sum = 0.0, squares = 0.0;

      for (gint64 p = 0; p < pixels; p++)
        {
          double d = x[p * c + i] - base[i];

          sum += d;
          squares += d * d;
        }
      g_assert_cmpfloat_with_epsilon (s[i], sum, 1e-5 * pixels);
      g_assert_cmpfloat_with_epsilon (q[i], squares, 1e-5 * pixels);
    }
  check_guards (s, c);
  check_guards (q, c);
}

static void
test_sums (gconstpointer name)
{
  const PstKernels *kernels = kernels_or_skip (name);

  for (gint64 c = 1; c <= 140 && kernels; c++)
    for (gint64 pixels = 1; pixels <= 9; pixels++)
      check_sums (kernels, c, pixels);
}

int
main (int argc, char **argv)
{
  const char *names[] = { "avx512", "avx2", "baseline" };
  const struct
  {
    const char   *path;
    GTestDataFunc run;
  } tests[] = {
    { "affine", test_affine },
    { "add", test_add },
    { "cells", test_cells },
    { "unpack", test_unpack },
    { "sums", test_sums },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (names); j++)
      {
        g_autofree char *path =
            g_strdup_printf ("/pixels/%s/%s", tests[i].path, names[j]);

        g_test_add_data_func (path, names[j], tests[i].run);
      }
  return test_run ();
}
