/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

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

/* IEEE 754 binary16 by its definition */
static double
half_value (guint16 bits)
{
  int    exponent = bits >> 10 & 31, mantissa = bits & 1023;
  double size = exponent == 31 ? (mantissa ? NAN : INFINITY)
                : exponent     ? ldexp (1024 + mantissa, exponent - 25)
                               : ldexp (mantissa, -24);

  return bits >> 15 ? -size : size;
}

/* To nearest even, cut to the largest number. */
static double
half_rounded (double x)
{
  int    exponent;
  double unit, size;

  frexp (x, &exponent);
  unit = ldexp (1.0, MAX (exponent, -13) - 11);
  size = fmin (65504.0, nearbyint (fabs (x) / unit) * unit);
  return copysign (size, x);
}

static void
test_half_load (gconstpointer name)
{
  const PstKernels   *kernels = kernels_or_skip (name);
  g_autofree guint16 *bits = g_new (guint16, 65536);
  g_autofree float   *y = g_new (float, 65536);

  if (! kernels)
    return;
  for (int i = 0; i < 65536; i++)
    bits[i] = (guint16) i;
  kernels->load_pixels (bits, TRUE, NULL, NULL, -INFINITY, 16, 4096, y);
  for (int i = 0; i < 65536; i++)
    if (isnan (half_value (bits[i])))
      g_assert_true (y[i] == -INFINITY);
    else if (! (y[i] == half_value (bits[i])))
      g_error ("half %04x is %g, not %g", (guint) i, (double) y[i],
               half_value (bits[i]));
}

static void
check_half_store (const PstKernels *kernels, const float *x, gint64 n)
{
  g_autofree guint16 *bits = g_new (guint16, n);

  kernels->store_pixels (x, NULL, -INFINITY, 1, n, bits, TRUE);
  for (gint64 i = 0; i < n; i++)
    {
      double got = half_value (bits[i]), right = half_rounded (x[i]);

      if (! (got == right && ! signbit (got) == ! signbit (right)))
        g_error ("%.9g becomes %.9g, not %.9g", (double) x[i], got, right);
    }
}

static void
test_half_store (gconstpointer name)
{
  const PstKernels *kernels = kernels_or_skip (name);
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  g_autofree float *x = g_new (float, 3 * 65536);

  if (! kernels)
    return;
  for (int i = 0; i < 65536; i++)
    {
      double a = half_value ((guint16) i), b = half_value ((guint16) (i + 1));

      /* a number of halves, between two of them, and any float */
      x[3 * i] = isfinite (a) ? (float) a : 65519.99f;
      x[3 * i + 1] = isfinite (a) && isfinite (b) ? (float) ((a + b) / 2)
                                                  : -1e30f;
      do
        {
          guint32 any = g_rand_int (rand);

          memcpy (&x[3 * i + 2], &any, 4);
        }
      while (isnan (x[3 * i + 2]));
    }
  check_half_store (kernels, x, 3 * 65536);
}

/* A map in single or half precision with guards behind it. */
typedef struct
{
  gboolean half;
  gint64   n;
  float   *single;
  guint16 *bits;
} Map;

static void *
map_data (const Map *map)
{
  return map->half ? (void *) map->bits : map->single;
}

static double
map_get (const Map *map, gint64 i)
{
  return map->half ? half_value (map->bits[i]) : map->single[i];
}

static Map
map_new (gboolean half, gint64 n, GRand *rand)
{
  Map map = { half, n, g_new (float, n + GUARDS),
              g_new (guint16, n + GUARDS) };

  for (gint64 i = 0; i < n + GUARDS; i++)
    {
      map.single[i] =
          i < n ? (float) g_rand_double_range (rand, -4.0, 4.0) : GUARD;
      map.bits[i] = i < n ? (guint16) (0x3000 + g_rand_int_range (rand, 0, 4096)
                                       + 0x8000 * g_rand_boolean (rand))
                          : GUARD;
    }
  return map;
}

static void
map_clear (Map *map)
{
  for (int i = 0; i < GUARDS; i++)
    {
      g_assert_cmpfloat (map->single[map->n + i], ==, GUARD);
      g_assert_cmpint (map->bits[map->n + i], ==, GUARD);
    }
  g_free (map->single);
  g_free (map->bits);
}

static void
check_map (const Map *x, const float *a, const float *b, double least,
           gint64 c, const Map *y)
{
  for (gint64 i = 0; i < x->n; i++)
    {
      double v = map_get (x, i) * (double) (a ? a[i % c] : 1.0f) +
                 (double) (b ? b[i % c] : 0.0f);
      double unit = y->half ? 6e-4 : 1e-7;

      if (! (v > least))
        v = least;
      if (! (fabs (v - map_get (y, i)) <= unit * (fabs (v) + 4.0)))
        g_error ("c %d, half %d to %d, number %d: %g, not %g", (int) c,
                 x->half, y->half, (int) i, map_get (y, i), v);
    }
}

static void
check_pixels (const PstKernels *kernels, gint64 c, gint64 pixels, int variant)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) (c * 99 + pixels));
  gboolean    half = variant & 1, factors = variant >> 1 & 1;
  const float least = variant & 4 ? 0.0f : -2.5f;
  Map         first = map_new (half, c * pixels, rand);
  Map         second = map_new (FALSE, c * pixels, rand);
  Map         third = map_new (half, c * pixels, rand);
  Map         ab = map_new (FALSE, 2 * c, rand);
  float      *a = factors ? ab.single : NULL, *b = factors ? a + c : NULL;

  if (! half)
    first.single[c * pixels / 2] = NAN;
  kernels->load_pixels (map_data (&first), half, a, b, least, c, pixels,
                        second.single);
  check_map (&first, a, b, least, c, &second);
  kernels->store_pixels (second.single, b, least, c, pixels, map_data (&third),
                         half);
  check_map (&second, NULL, b, least, c, &third);
  if (! half)
    {
      kernels->store_pixels (second.single, b, least, c, pixels,
                             second.single, FALSE);
      g_assert_cmpmem (second.single, sizeof (float) * (gsize) second.n,
                       third.single, sizeof (float) * (gsize) second.n);
    }
  map_clear (&first);
  map_clear (&second);
  map_clear (&third);
  map_clear (&ab);
}

static void
test_pixels (gconstpointer name)
{
  const PstKernels *kernels = kernels_or_skip (name);
  const gint64      counts[] = { 1, 2, 7, 37, 131 };

  for (gint64 c = 1; c <= 70 && kernels; c++)
    for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
      for (int variant = 0; variant < 8; variant++)
        check_pixels (kernels, c, counts[i], variant);
}

static void
check_sums (const PstKernels *kernels, gint64 c, gint64 pixels)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) (c * 99 + pixels));
  Map x = map_new (FALSE, c * pixels, rand);
  Map base = map_new (FALSE, c, rand);
  Map s = map_new (FALSE, c, rand), q = map_new (FALSE, c, rand);

  kernels->channel_sums (x.single, base.single, c, pixels, s.single, q.single);
  for (gint64 i = 0; i < c; i++)
    {
      double sum = 0.0, squares = 0.0;

      for (gint64 p = 0; p < pixels; p++)
        {
          double d = x.single[p * c + i] - base.single[i];

          sum += d;
          squares += d * d;
        }
      g_assert_cmpfloat_with_epsilon (s.single[i], sum, 1e-5 * pixels);
      g_assert_cmpfloat_with_epsilon (q.single[i], squares, 1e-5 * pixels);
    }
  map_clear (&x);
  map_clear (&base);
  map_clear (&s);
  map_clear (&q);
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
    { "half-load", test_half_load },
    { "half-store", test_half_store },
    { "load-and-store", test_pixels },
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
  return g_test_run ();
}
