/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/plan.h"
#include "core/train/ranks.h"

/**
 * PstSums:
 * @n: how many gradients
 * @n_more: other numbers that are added up along with them
 * @numbers: what has been added up of both; the caller adds the others
 * @gradients: after pst_sums_finish(): those of the first weight, of the
 *   second and so on
 *
 * Gradients of the passes of a step, added up over passes and ranks. This is
 * done in double, which holds the sum of a few floats exactly unless they
 * differ by a factor of 2^25 or more, and then errs by less than the last
 * rounding to float tells: so the sums do not depend on which process took
 * which sample.
 */
typedef struct
{
  gsize    n;
  gsize    n_more;
  double  *numbers;
  float   *gradients;
  gboolean begun;
} PstSums;

PstSums *pst_sums_new (gsize n, gsize n_more);
void     pst_sums_free (PstSums *sums);
/* Bytes that @n gradients take. */
guint64  pst_sums_memory (gsize n);

/* Before a step's first pass. */
void     pst_sums_clear (PstSums *sums);
/* After a backward pass: adds all gradients of @run. */
void     pst_sums_add (PstSums *sums, PstRun *run, PstPool *pool);
/* After the last pass: adds up over the ranks. */
void     pst_sums_finish (PstSums *sums, const PstRanks *ranks, PstPool *pool);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstSums, pst_sums_free)
