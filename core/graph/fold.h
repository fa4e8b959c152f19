/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/op.h"

/* Within core/graph only: what depends on constants alone is worked out while
 * a graph is planned. */

/**
 * PstFoldLimits:
 * @bytes: how many more the results of folded nodes may take
 * @work: how many more multiplications, roughly, they may cost
 *
 * A file of a few bytes can ask for any number of large results.
 */
typedef struct
{
  guint64 bytes;
  double  work;
} PstFoldLimits;

/**
 * pst_fold_limits:
 * @graph: the graph that is to be folded
 * @input_shapes: sizes of its inputs
 * @budget: of the plan; 0 where the file is only being looked at
 *
 * Returns: what may be spent: half of the budget, or a few hundred megabytes,
 *   and a second or so; more where @graph has many parameters, each of which
 *   an exporter may have converted several times, and where the pictures are
 *   large, whose sizes some networks fill with constants
 */
PstFoldLimits pst_fold_limits (PstGraph *graph, const PstShape *input_shapes,
                               guint64 budget);

/**
 * pst_fold_node:
 * @call: a call whose inputs have data and whose outputs are inferred
 * @limits: (inout): what is left
 * @arrays: (out) (transfer full): a result for each output that is there
 *
 * Runs the node now, on one thread.
 *
 * Returns: %FALSE with %PST_ERROR_MEMORY where the limits forbid it or there
 *   is no memory
 */
gboolean pst_fold_node (PstCall *call, PstFoldLimits *limits,
                        PstArray **arrays, GError **error);
