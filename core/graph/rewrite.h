/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/op.h"

/**
 * PstRewriteOptions:
 * @input_shapes: sizes of the graph's inputs
 * @training: parameters change between runs: float parameters of more than
 *   eight numbers are not folded
 */
typedef struct
{
  const PstShape *input_shapes;
  gboolean        training;
} PstRewriteOptions;

/**
 * pst_rewrite_specialize:
 * @map: (out) (transfer full): what each value of @graph became
 *
 * Works out all shapes and folds what depends on constants and shapes alone;
 * Identity and Dropout vanish, and so does what no output needs. In the
 * result every value's info is complete.
 *
 * Returns: (transfer full) (nullable): a new graph that shares the parameter
 *   arrays
 */
PstGraph *pst_rewrite_specialize (PstGraph *graph,
                                  const PstRewriteOptions *options,
                                  GHashTable **map, GError **error);

/**
 * pst_rewrite_fuse:
 * @graph: a specialised graph
 * @keep: (element-type PstValue): values that must stay visible although
 *   nothing but one node reads them (parameters whose gradients are wanted)
 * @map: (out) (transfer full): what each value became; values that vanished
 *   are not in it
 *
 * Pad and nearest-neighbour upsampling go into the convolution that follows;
 * instance normalisation takes in scale, shift and ReLU. The result computes
 * the same numbers up to rounding.
 */
PstGraph *pst_rewrite_fuse (PstGraph *graph, GHashTable *keep,
                            GHashTable **map);
