/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/op.h"

/* Within core/graph: what rewrites share that build a new graph from an old
 * one, node by node. */

/**
 * PstRebuild:
 * @graph: being built
 * @map: old value -> new value
 * @uses: by index of the old value: how many nodes read it; an output of the
 *   graph counts twice
 * @reader: one of them
 */
typedef struct
{
  PstGraph   *graph;
  GHashTable *map;
  int        *uses;
  PstNode   **reader;
} PstRebuild;

/* Begins with the inputs of @old. */
void pst_rebuild_init (PstRebuild *rebuild, PstGraph *old);
/* Returns: (transfer full): the graph, without outputs of its own making;
 * @map: (out) (transfer full) (nullable) */
PstGraph *pst_rebuild_finish (PstRebuild *rebuild, GHashTable **map);

/* What became of a value, or NULL; parameters are taken over when asked for
 * first. */
PstValue *pst_rebuild_value (PstRebuild *rebuild, PstValue *value);
/* Adds a node that computes what @result was. */
PstNode *pst_rebuild_emit (PstRebuild *rebuild, const char *domain,
                           const char *type, const PstNode *like,
                           PstValue *const *in, int n_in, PstValue *result);
/* The same node reading @in. */
PstNode *pst_rebuild_copy (PstRebuild *rebuild, PstNode *node,
                           PstValue *const *in);
/* The only reader of a value, if it is ONNX's operator @type. */
PstNode *pst_rebuild_next (PstRebuild *rebuild, const PstValue *value,
                           const char *type);
/* Whether this is ONNX's operator @type. */
gboolean pst_rebuild_is (const PstNode *node, const char *type);
