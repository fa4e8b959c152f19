/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/graph/op.h"

/**
 * PstRewriteOptions:
 * @input_shapes: sizes of the graph's inputs
 * @training: parameters change between runs: float parameters of more than
 *   eight numbers are not folded
 * @budget: of the plan; bounds what folded constants may take; 0 for no limit
 * @cancellable: (nullable): looked at before each node
 */
typedef struct
{
  const PstShape *input_shapes;
  gboolean        training;
  guint64         budget;
  GCancellable   *cancellable;
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
 * pst_rewrite_simplify:
 * @graph: (transfer full): a specialised graph; changed
 *
 * For inference only: puts simpler nodes of ONNX's own in the place of what
 * exporters spell out. Nodes that change nothing fall away; instance
 * normalisation in single steps becomes InstanceNormalization; factors and
 * summands of channels go into the convolution or normalisation before them;
 * enlargement by repetition becomes Upsample; paddings and crops are joined
 * with each other and with convolutions. The result computes the same numbers
 * up to rounding.
 *
 * Returns: (transfer full) (nullable): the simplified graph, or %NULL with
 *   %PST_ERROR_MEMORY
 */
PstGraph *pst_rewrite_simplify (PstGraph *graph, GError **error);

/**
 * pst_rewrite_relax:
 * @graph: a network whose input @input, of rank 4, and whose first output
 *   are pictures of one size
 *
 * Makes a network that declares the size of its picture work at any. What it
 * computes at the declared size is recognised there first, as
 * pst_rewrite_simplify() does, and then tried at other sizes.
 *
 * Returns: (transfer full) (nullable): a sealed graph with the metadata of
 *   @graph that takes one picture of any size, or %NULL with an error that
 *   tells which node keeps it at its size
 */
PstGraph *pst_rewrite_relax (PstGraph *graph, guint input, GError **error);

/* Of a graph that works at any size: 4, 8, 16 or 32, of which heights and
 * widths must be multiples for the result to have the picture's size; 0 where
 * none will do. */
int pst_rewrite_find_step (PstGraph *graph, guint input);

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

/**
 * PstStreamOptions:
 * @chain: a map of this many bytes or more between two convolutions is not
 *   kept but computed twice; %G_MAXSIZE for none
 * @packed: the result of a convolution of this many bytes or more (in single
 *   precision) is kept in 16 bits
 * @packed_sums: so are sums, in which rounding errors add up
 */
typedef struct
{
  gsize    chain;
  gsize    packed;
  gboolean packed_sums;
} PstStreamOptions;

/**
 * pst_rewrite_stream:
 * @graph: a specialised and fused graph, for inference
 * @largest: (out) (optional): bytes in single precision of the largest map
 *   that the options may concern
 *
 * Convolutions become StreamConv, which gathers mean and variance of its
 * result while computing it and applies scale, shift and ReLU while reading;
 * instance normalisation thus never passes over a map. Sums of maps
 * (residuals) become ScaleAdd.
 *
 * Returns: (transfer full): a new graph that shares the parameter arrays
 */
PstGraph *pst_rewrite_stream (PstGraph *graph,
                              const PstStreamOptions *options,
                              gsize *largest);
