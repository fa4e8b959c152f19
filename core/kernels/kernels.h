/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* Points of a Winograd tile, F(4x4, 3x3): 6 x 6 in, 4 x 4 out. */
#define PST_WINO_IN 36
#define PST_WINO_OUT 16

/**
 * PstKernels:
 *
 * The loops that are compiled once for each instruction set. Numbers of
 * channels are multiples of 16.
 *
 * Winograd's minimal filtering F(4x4, 3x3) after Lavin and Gray (2015,
 * arXiv:1509.09308), and the adjoint of each transform for the gradients:
 * - @wino_in: V = B' d B. d [36][c] by pointers; V [36][c], points @step apart
 * - @wino_in_adjoint: d += B V B' (pointers may be %NULL: left out)
 * - @wino_out: y = A' M A + bias (pointers may be %NULL, @bias too)
 * - @wino_out_adjoint: M = A y A'
 */
typedef struct
{
  const char *name;
  void (*wino_in) (const float *const *d, gint64 c, float *v, gint64 step);
  void (*wino_in_adjoint) (const float *v, gint64 step, gint64 c,
                           float *const *d);
  void (*wino_out) (const float *m, gint64 step, gint64 k, const float *bias,
                    float *const *y);
  void (*wino_out_adjoint) (const float *const *y, gint64 k, float *m,
                            gint64 step);
} PstKernels;

/**
 * pst_kernels:
 *
 * Returns: the kernels for this processor; the environment variable
 *   PASTICHE_ISA (baseline, avx2, avx512) names a lesser set, for tests
 */
const PstKernels *pst_kernels (void);

/* Of one set; %NULL where this processor lacks it. */
const PstKernels *pst_kernels_named (const char *name);
