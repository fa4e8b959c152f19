/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "core/onnx/onnx.pb-c.h"

/* Changes models as a tree of messages. Everything that a mutation makes is
 * taken from one block and never freed; it ends with the mutation. */

typedef Pst__Onnx__Model     Model;
typedef Pst__Onnx__Graph     Graph;
typedef Pst__Onnx__Node      Node;
typedef Pst__Onnx__Attribute Attribute;
typedef Pst__Onnx__Tensor    Tensor;
typedef Pst__Onnx__ValueInfo ValueInfo;

typedef struct
{
  guint8 *block;
  gsize   used;
  gsize   size;
  guint64 state; /* of the random numbers */
  Model  *model;
  Graph  *graph;
} Mutation;

/* mutate.c */

/* How many of a hundred mutations change bytes instead; set by each target. */
extern const guint fuzz_raw_percent;

gpointer fuzz_take (Mutation *m, gsize size);
char    *fuzz_text (Mutation *m, const char *text);
guint32  fuzz_random (Mutation *m);
/* 0 to @n - 1; 0 where @n is 0 */
guint    fuzz_below (Mutation *m, gsize n);
gboolean fuzz_chance (Mutation *m, guint one_in);
gint64   fuzz_int (Mutation *m);
float    fuzz_float (Mutation *m);

/* Lists of pointers: @list is the address of the first field, @n of its
 * number. */
void fuzz_insert (Mutation *m, gpointer list, gsize *n, gsize at,
                  gconstpointer item);
void fuzz_remove (gpointer list, gsize *n, gsize at);

/* mutate-tensor.c */

Tensor    *fuzz_tensor_new (Mutation *m, const char *name);
void       fuzz_tensor_change (Mutation *m, Tensor *tensor);
ValueInfo *fuzz_info_new (Mutation *m, const char *name);
void       fuzz_info_change (Mutation *m, ValueInfo *info);

/* mutate-node.c */

/* A name that nothing is likely to have yet, and that of some value. */
char *fuzz_new_name (Mutation *m);
char *fuzz_value_name (Mutation *m);
/* @graph with other names, some of its inputs values of ours. */
Graph *fuzz_rename (Mutation *m, Graph *graph);
void  fuzz_node_change (Mutation *m, Node *node);
void  fuzz_node_insert (Mutation *m);
void  fuzz_node_remove (Mutation *m);
void  fuzz_node_copy (Mutation *m, const Node *node);
void  fuzz_attribute_change (Mutation *m, Node *node);
void  fuzz_edge_change (Mutation *m, Node *node);
void  fuzz_outputs_change (Mutation *m);
