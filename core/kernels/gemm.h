/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/**
 * pst_gemm:
 * @ta: whether A is stored transposed ([k, m] instead of [m, k])
 * @tb: whether B is stored transposed ([n, k] instead of [k, n])
 * @m: rows of C
 * @n: columns of C
 * @k: inner size
 * @alpha: factor of the product
 * @a: row-major, rows @lda apart
 * @beta: factor of what C holds (0: C need not be initialised)
 * @c: [m, n], rows @ldc apart
 *
 * C = alpha A B + beta C through OpenBLAS, in the calling thread alone.
 */
void pst_gemm (gboolean ta, gboolean tb, gint64 m, gint64 n, gint64 k,
               float alpha, const float *a, gint64 lda, const float *b,
               gint64 ldb, float beta, float *c, gint64 ldc);

/* Holds OpenBLAS at one thread and makes it take its buffers now. Called by
 * pst_run_new(); cheap after the first time. */
void pst_gemm_init (void);
