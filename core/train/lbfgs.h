/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/**
 * PstLbfgsFunc:
 * @x: where
 * @gradient: (out): of the value there, as many numbers as @x
 *
 * Returns: the value; what is not finite is taken for a place not to go to
 */
typedef double (*PstLbfgsFunc) (const float *x, float *gradient,
                                gpointer data);

/**
 * PstLbfgsOptions:
 * @memory: pairs of differences that are kept, such as 10
 * @evaluations: most calls of the function
 * @first: length of the first step that is tried (Euclidean)
 * @tolerance: ends where the gradient's length has fallen to this part of its
 *   first; 0 goes on as long as it gets better
 */
typedef struct
{
  int    memory;
  int    evaluations;
  double first;
  double tolerance;
} PstLbfgsOptions;

/**
 * PstLbfgsResult:
 * @first: the value at the start
 * @value: the value at the end, never more than @first
 * @evaluations: calls of the function
 * @steps: that were taken
 */
typedef struct
{
  double first;
  double value;
  int    evaluations;
  int    steps;
} PstLbfgsResult;

/**
 * pst_lbfgs:
 * @x: (inout) (array length=n): where to start; then the best place found
 *
 * Looks for a minimum by the limited-memory BFGS method: Nocedal and Wright,
 * "Numerical optimization", 2nd edition, algorithms 7.4 (the two loops, with
 * the scaling of eq. 7.20) and 7.5, with the line search of algorithms 3.5 and
 * 3.6 for the strong Wolfe conditions (c1 = 1e-4, c2 = 0.9) and the cubic
 * interpolation of eq. 3.59. Where the line search finds nothing better, the
 * memory is emptied once before giving up. Sums are taken in double, always
 * in the same order.
 *
 * Returns: %FALSE with %PST_ERROR_MEMORY, or %PST_ERROR_DIVERGED where the
 *   value at the start is not finite
 */
gboolean pst_lbfgs (gsize n, float *x, PstLbfgsFunc func, gpointer data,
                    const PstLbfgsOptions *options, PstLbfgsResult *result,
                    GError **error);
