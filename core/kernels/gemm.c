/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/kernels/gemm.h"

#include <cblas.h>

void
pst_gemm (gboolean ta, gboolean tb, gint64 m, gint64 n, gint64 k, float alpha,
          const float *a, gint64 lda, const float *b, gint64 ldb, float beta,
          float *c, gint64 ldc)
{
  cblas_sgemm (CblasRowMajor, ta ? CblasTrans : CblasNoTrans,
               tb ? CblasTrans : CblasNoTrans, (blasint) m, (blasint) n,
               (blasint) k, alpha, a, (blasint) lda, b, (blasint) ldb, beta, c,
               (blasint) ldc);
}

void
pst_gemm_init (void)
{
  static gsize done = 0;

  if (g_once_init_enter (&done))
    {
      static float a[64 * 64], b[64 * 64], c[64 * 64];

      openblas_set_num_threads (1);
      pst_gemm (FALSE, FALSE, 64, 64, 64, 1.0f, a, 64, b, 64, 0.0f, c, 64);
      g_once_init_leave (&done, 1);
    }
}
