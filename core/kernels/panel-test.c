/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "core/base/test-run.h"
#include "core/kernels/kernels.h"
#include "core/kernels/panel.h"

#define GUARD 12345.0f

typedef struct
{
  gint64 parts, m, k, lda, n, ldc;
} Product;

typedef void (*ProductFunc) (const float *const *a, gint64 parts, gint64 lda,
                             gint64 m, gint64 k, const float *b, gint64 n,
                             float *c, gint64 ldc, const float *next_a,
                             const float *next_b);

static float *
noise (gint64 n, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  float *data = g_new (float, n);

  for (gint64 i = 0; i < n; i++)
    data[i] = (float) g_rand_double_range (rand, -1.0, 1.0);
  return data;
}

static float *
packed (const Product *t, const float *b, gint64 width)
{
  gint64 rows = t->parts * t->k, panels = (t->n + width - 1) / width;
  float *p = g_new0 (float, rows * panels * width);

  for (gint64 i = 0; i < rows; i++)
    for (gint64 j = 0; j < t->n; j++)
      p[(j / width * rows + i) * width + j % width] = b[i * t->n + j];
  return p;
}

static void
check_numbers (const Product *t, const float *const *a, const float *b,
               const float *c)
{
  for (gint64 i = 0; i < t->m; i++)
    for (gint64 j = 0; j < t->ldc; j++)
      {
        double sum = 0.0;

        for (gint64 r = 0; r < t->parts && j < t->n; r++)
          for (gint64 p = 0; p < t->k; p++)
            sum += (double) a[r][i * t->lda + p] *
                   b[(r * t->k + p) * t->n + j];
        if (j >= t->n)
          g_assert_cmpfloat (c[i * t->ldc + j], ==, GUARD);
        else if (! (fabs (sum - c[i * t->ldc + j]) <
                    1e-6 * (double) (t->parts * t->k + 4)))
          g_error ("parts %d m %d k %d lda %d n %d: [%d][%d] is %g, not %g",
                   (int) t->parts, (int) t->m, (int) t->k, (int) t->lda,
                   (int) t->n, (int) i, (int) j, (double) c[i * t->ldc + j],
                   sum);
      }
}

static void
check_product (const Product *t, gint64 width, ProductFunc product)
{
  gint64           row = (t->m - 1) * t->lda + t->k;
  g_autofree float *from = noise (t->parts * row, 1);
  g_autofree float *b = noise (t->parts * t->k * t->n, 2);
  g_autofree float *p = packed (t, b, width);
  g_autofree float *c = g_new (float, t->m *t->ldc);
  const float      *a[9];

  for (gint64 r = 0; r < t->parts; r++)
    a[t->parts - 1 - r] = from + r * row;
  for (gint64 i = 0; i < t->m * t->ldc; i++)
    c[i] = GUARD;
  product (a, t->parts, t->lda, t->m, t->k, p, t->n, c, t->ldc,
           t->m % 2 ? from : NULL, t->n % 2 ? p : NULL);
  check_numbers (t, a, b, c);
}

typedef void (*OuterFunc) (const float *a, gint64 lda, gint64 m, gint64 k,
                           const float *b, gint64 ldb, gint64 n, gboolean add,
                           float *c, gint64 ldc);

/* C = A' B with rows of A that overlap where @lda is less than @m. */
static void
check_outer (gint64 m, gint64 n, gint64 k, gint64 lda, gboolean add,
             OuterFunc outer)
{
  gint64           ldb = n + k % 3, ldc = n + m % 2;
  g_autofree float *a = noise (k * lda + m, 1), *b = noise (k * ldb + n, 2);
  g_autofree float *c = g_new (float, m *ldc);

  for (gint64 i = 0; i < m * ldc; i++)
    c[i] = GUARD;
  outer (a, lda, m, k, b, ldb, n, add, c, ldc);
  for (gint64 i = 0; i < m; i++)
    for (gint64 j = 0; j < ldc; j++)
      {
        double sum = add || j >= n ? GUARD : 0.0;

        for (gint64 p = 0; p < k && j < n; p++)
          sum += (double) a[p * lda + i] * b[p * ldb + j];
        g_assert_cmpfloat_with_epsilon (c[i * ldc + j], sum,
                                        add ? 2e-3 * (double) (k + 4)
                                            : 1e-6 * (double) (k + 4));
      }
}

static void
check_outers (gint64 width, OuterFunc outer)
{
  for (gint64 m = 1; m <= 30; m++)
    for (gint64 n = 1; n <= width; n++)
      {
        gint64 k = 1 + (m * 5 + n) % 23;

        check_outer (m, n, k, m + n % 3, FALSE, outer);
        check_outer (m, n, k, 1 + n % m, n % 2, outer);
      }
}

static void
check_table (gint64 width, ProductFunc product)
{
  static const Product table[] = {
    { 9, 50, 27, 3, 32, 32 },  { 9, 31, 27, 3, 16, 16 },
    { 3, 29, 96, 64, 64, 64 }, { 3, 25, 48, 32, 32, 40 },
    { 9, 33, 32, 32, 27, 27 }, { 9, 33, 16, 16, 27, 32 },
    { 1, 24, 128, 128, 128, 128 }, { 1, 400, 20, 7, 45, 50 },
    { 1, 5, 1, 1, 1, 1 }, { 2, 13, 5, 1, 3, 3 }, { 2, 3, 0, 1, 5, 6 },
    { 1, 130, 9, 2000, 33, 33 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    check_product (&table[i], width, product);
  for (gint64 m = 1; m <= 30; m++)
    for (gint64 n = 1; n <= 70; n++)
      {
        gint64  k = 1 + (m * 7 + n) % 13, parts = 1 + (m + n) % 9;
        Product t = { parts, m, k, MAX (1, k + n % 9 - 4), n, n + m % 3 };

        check_product (&t, width, product);
      }
}

static void
check_pack (gint64 k, gint64 n, gboolean transposed)
{
  gint64           row = transposed ? 1 : n + 2, column = transposed ? k + 3 : 1;
  gsize            size = pst_panel_floats (k, n);
  g_autofree float *b = noise ((k + 3) * (n + 3), 3);
  g_autofree float *p = g_new (float, size + 1);
  gsize            filled = 0;

  for (gsize i = 0; i <= size; i++)
    p[i] = GUARD;
  pst_panel_pack (k, n, b, row, column, p);
  g_assert_cmpfloat (p[size], ==, GUARD);
  for (gint64 i = 0; i < k; i++)
    for (gint64 j = 0; j < n; j++)
      g_assert_cmpfloat (p[pst_panel_index (k, i, j)], ==,
                         b[i * row + j * column]);
  for (gsize i = 0; i < size; i++)
    filled += p[i] != 0.0f;
  g_assert_cmpuint (filled, ==, k * n);
}

static void
test_pack (void)
{
  for (gint64 k = 1; k <= 9; k++)
    for (gint64 n = 1; n <= 70; n++)
      {
        check_pack (k, n, FALSE);
        check_pack (k, n, TRUE);
      }
}

static void
test_product_named (gconstpointer name)
{
  const PstKernels *kernels = pst_kernels_named (name);

  if (kernels)
    {
      check_table (kernels->panel, kernels->panel_product);
      check_outers (kernels->panel, kernels->panel_outer);
    }
  else
    g_test_skip ("this processor lacks the instructions");
}

static void
test_product (void)
{
  check_table (pst_kernels ()->panel, pst_panel_product_before);
  check_outers (pst_kernels ()->panel, pst_panel_outer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kernels/pack", test_pack);
  g_test_add_func ("/kernels/product/chosen", test_product);
  g_test_add_data_func ("/kernels/product/avx512", "avx512",
                        test_product_named);
  g_test_add_data_func ("/kernels/product/avx2", "avx2", test_product_named);
  g_test_add_data_func ("/kernels/product/baseline", "baseline",
                        test_product_named);
  return test_run ();
}
