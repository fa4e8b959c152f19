/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/kernels/panel.h"

#include <string.h>

#include "core/kernels/gemm.h"
#include "core/kernels/kernels.h"

gsize
pst_panel_floats (gint64 k, gint64 n)
{
  gint64 width = pst_kernels ()->panel;

  return (gsize) k * ((n + width - 1) / width * width);
}

gsize
pst_panel_index (gint64 k, gint64 row, gint64 column)
{
  gint64 width = pst_kernels ()->panel;

  return (gsize) ((column / width * k + row) * width + column % width);
}

void
pst_panel_pack (gint64 k, gint64 n, const float *b, gint64 row_step,
                gint64 column_step, float *packed)
{
  gint64 width = pst_kernels ()->panel;

  for (gint64 first = 0; first < n; first += width)
    for (gint64 i = 0; i < k; i++)
      for (gint64 j = first; j < first + width; j++)
        *packed++ = j < n ? b[i * row_step + j * column_step] : 0.0f;
}

gboolean
pst_panel_is_reference (void)
{
  static gsize answer = 0;

  if (g_once_init_enter (&answer))
    g_once_init_leave (
        &answer,
        1 + (g_strcmp0 (g_getenv ("PASTICHE_GEMM"), "openblas") == 0));
  return answer == 2;
}

/* BLAS wants rows that do not overlap: those are taken @apart by @apart. */
static void
reference_product (const float *const *a, gint64 parts, gint64 lda, gint64 m,
                   gint64 k, const float *b, gint64 n, float *c, gint64 ldc)
{
  gint64 width = pst_kernels ()->panel, apart = MAX (1, (k + lda - 1) / lda);

  for (gint64 first = 0; first < n; first += width)
    for (gint64 r = 0; r < parts; r++, b += k * width)
      for (gint64 i = 0; i < MIN (apart, m); i++)
        pst_gemm (FALSE, FALSE, (m - i + apart - 1) / apart,
                  MIN (width, n - first), k, 1.0f, a[r] + i * lda,
                  lda * apart, b, width, r ? 1.0f : 0.0f,
                  c + i * ldc + first, ldc * apart);
}

void
pst_panel_product (const float *const *a, gint64 parts, gint64 lda, gint64 m,
                   gint64 k, const float *b, gint64 n, float *c, gint64 ldc)
{
  pst_panel_product_before (a, parts, lda, m, k, b, n, c, ldc, NULL, NULL);
}

void
pst_panel_product_before (const float *const *a, gint64 parts, gint64 lda,
                          gint64 m, gint64 k, const float *b, gint64 n,
                          float *c, gint64 ldc, const float *next_a,
                          const float *next_b)
{
  if (pst_panel_is_reference ())
    reference_product (a, parts, lda, m, k, b, n, c, ldc);
  else
    pst_kernels ()->panel_product (a, parts, lda, m, k, b, n, c, ldc, next_a,
                                   next_b);
}

/* As in reference_product(), with rows of A that are @apart apart. */
static void
reference_outer (const float *a, gint64 lda, gint64 m, gint64 k,
                 const float *b, gint64 ldb, gint64 n, gboolean add, float *c,
                 gint64 ldc)
{
  gint64 apart = MAX (1, (m + lda - 1) / lda);

  for (gint64 i = 0; i < MAX (1, MIN (apart, k)); i++)
    pst_gemm (TRUE, FALSE, m, n, (k - i + apart - 1) / apart, 1.0f,
              a + i * lda, lda * apart, b + i * ldb, ldb * apart,
              add || i ? 1.0f : 0.0f, c, ldc);
}

void
pst_panel_outer (const float *a, gint64 lda, gint64 m, gint64 k,
                 const float *b, gint64 ldb, gint64 n, gboolean add, float *c,
                 gint64 ldc)
{
  if (pst_panel_is_reference ())
    reference_outer (a, lda, m, k, b, ldb, n, add, c, ldc);
  else
    pst_kernels ()->panel_outer (a, lda, m, k, b, ldb, n, add, c, ldc);
}
