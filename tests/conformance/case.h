/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/**
 * Case:
 * @name: folder and name, such as "node/test_relu"
 * @path: its folder
 * @ops: (element-type utf8): types of its nodes, each once; those of other
 *   domains with the domain in front ("ai.onnx.ml.Normalizer")
 * @n_nodes: how many nodes the graph has
 * @types: (element-type utf8): element types of inputs and outputs, each
 *   once; "structure" for what is not a tensor
 *
 * One of ONNX's own cases: a model, inputs and the outputs it must give.
 * What is known of it does not come through our reader, which takes only
 * what it can run.
 */
typedef struct
{
  char      *name;
  char      *path;
  GPtrArray *ops;
  guint      n_nodes;
  GPtrArray *types;
} Case;

/* Ends the program where the file cannot be read: it is not ours. */
Case *case_new (const char *data, const char *folder, const char *name);
void  case_free (Case *it);

/**
 * case_run:
 * @known: (out): whether some inputs had to be known when planning
 *
 * Loads the model, runs it on every data set, compares.
 *
 * Returns: (transfer full) (nullable): what went wrong, or %NULL
 */
char *case_run (const Case *it, gboolean *known);
