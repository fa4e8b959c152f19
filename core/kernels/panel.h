/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/*
 * Products with a right-hand side that was packed beforehand, as convolutions
 * need them. B [k, n] is cut into panels as wide as the processor's kernel
 * likes (PstKernels.panel columns), each stored as [k][panel] without gaps,
 * the last filled up with zeros.
 */

/* Floats that B [k, n] takes once packed. */
gsize pst_panel_floats (gint64 k, gint64 n);

/* Where B[row][column] lies in the packed array. */
gsize pst_panel_index (gint64 k, gint64 row, gint64 column);

/**
 * pst_panel_pack:
 * @k: rows of B
 * @n: columns of B
 * @b: B[i][j] at b[i * row_step + j * column_step]
 * @packed: pst_panel_floats() floats
 */
void pst_panel_pack (gint64 k, gint64 n, const float *b, gint64 row_step,
                     gint64 column_step, float *packed);

/**
 * pst_panel_product:
 * @a: @parts pointers: row i of part r is the @k floats from a[r] + i * lda
 * @parts: how many parts the inner dimension is made of
 * @lda: distance of the rows of A; they may overlap (a convolution's pixels)
 * @m: rows of A and C
 * @k: inner size of a part
 * @b: packed B [parts * k, n]
 * @n: columns of C
 * @c: C [m, n], rows @ldc apart; overwritten
 *
 * C = sum over r of A_r B_r, in the calling thread. Goes through our own
 * microkernel or, with the environment variable PASTICHE_GEMM=openblas,
 * through OpenBLAS, which is the reference.
 */
void pst_panel_product (const float *const *a, gint64 parts, gint64 lda,
                        gint64 m, gint64 k, const float *b, gint64 n,
                        float *c, gint64 ldc);

/**
 * pst_panel_product_before:
 * @next_a: A of the product that follows, @m rows @lda apart, or %NULL
 * @next_b: packed B of the product that follows, of the same size, or %NULL
 *
 * The same before a product whose numbers are no longer in the second cache:
 * they are fetched meanwhile.
 */
void pst_panel_product_before (const float *const *a, gint64 parts,
                               gint64 lda, gint64 m, gint64 k, const float *b,
                               gint64 n, float *c, gint64 ldc,
                               const float *next_a, const float *next_b);

/**
 * pst_panel_outer:
 * @a: A [k, m], rows @lda apart; they may overlap
 * @b: B [k, n], rows @ldb apart; not packed
 * @n: at most PstKernels.panel
 * @add: whether to add to C
 * @c: C [m, n], rows @ldc apart
 *
 * C = A' B, or C + A' B, in the calling thread, through our own microkernel
 * or OpenBLAS like pst_panel_product().
 */
void pst_panel_outer (const float *a, gint64 lda, gint64 m, gint64 k,
                      const float *b, gint64 ldb, gint64 n, gboolean add,
                      float *c, gint64 ldc);

/* Whether products go through OpenBLAS. */
gboolean pst_panel_is_reference (void);
