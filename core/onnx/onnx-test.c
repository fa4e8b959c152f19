/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* memmem */
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/test-run.h"
#include "core/graph/op.h"
#include "core/onnx/onnx.h"
#include "core/onnx/onnx.pb-c.h"
#include "core/onnx/test-wire.h"

#define SHAPE(...)                                                            \
  (&(PstShape) { sizeof ((gint64[]) { __VA_ARGS__ }) / sizeof (gint64),       \
                 { __VA_ARGS__ } })

static PstGraph *
small_network (void)
{
  PstGraph            *graph = pst_graph_new ();
  g_autoptr (PstArray) weight =
      pst_array_new (PST_FLOAT32, SHAPE (4, 3, 3, 5), TRUE);
  g_autoptr (PstArray) scale =
      pst_array_new_floats (SHAPE (4), (float[]) { 1, 2, 3, 4 });
  PstValue *x = pst_graph_add_input (graph, "image", PST_FLOAT32,
                                     SHAPE (-1, 3, -1, -1));
  PstValue *w = pst_graph_add_parameter (graph, "weight", weight);
  PstValue *s = pst_graph_add_parameter (graph, "scale", scale);
  PstValue *y = pst_graph_op (graph, "Conv", 2, x, w);

  pst_node_set_ints (y->producer, "pads", PST_INTS (1, 2, 1, 2));
  y = pst_graph_op (graph, "InstanceNormalization", 3, y, s, s);
  pst_node_set_float (y->producer, "epsilon", 1e-4f);
  pst_node_set_string (y->producer, "note", "Straße");
  pst_node_set_floats (y->producer, "some", (float[]) { 1.5f, -0.0f }, 2);
  pst_node_set_int (y->producer, "below", -7);
  pst_node_set_tensor (y->producer, "tensor", scale);
  pst_graph_add_output (graph, y, "pastiche");
  pst_graph_set_metadata (graph, "title", "画");
  pst_graph_set_metadata (graph, "a", "");
  return graph;
}

static void
test_round_trip (void)
{
  g_autoptr (PstGraph) graph = small_network ();
  g_autoptr (PstGraph) again = model_load (model_save (graph));
  const PstValue      *x = g_ptr_array_index (pst_graph_get_inputs (again), 0);
  const PstNode *conv = g_ptr_array_index (pst_graph_get_nodes (again), 0);
  const PstNode *norm = g_ptr_array_index (pst_graph_get_nodes (again), 1);
  const PstValue *y = g_ptr_array_index (pst_graph_get_outputs (again), 0);
  const gint64   *ints;
  const float    *floats;
  int             n;

  g_assert_cmpstr (x->name, ==, "image");
  g_assert_true (pst_shape_equal (&x->info.shape,
                                  SHAPE (-1, 3, -1, -1)));
  g_assert_cmpstr (y->name, ==, "pastiche");
  g_assert_cmpstr (conv->op->type, ==, "Conv");
  ints = pst_node_get_ints (conv, "kernel_shape", &n);
  g_assert_cmpint (n, ==, 2);
  g_assert_cmpint (ints[0], ==, 3);
  g_assert_cmpint (ints[1], ==, 5);
  ints = pst_node_get_ints (conv, "pads", &n);
  g_assert_cmpmem (ints, n * sizeof *ints, ((gint64[]) { 1, 2, 1, 2 }), 32);
  g_assert_cmpfloat (pst_node_get_float (norm, "epsilon", 0), ==, 1e-4f);
  g_assert_cmpstr (pst_node_get_string (norm, "note", ""), ==, "Straße");
  floats = pst_node_get_floats (norm, "some", &n);
  g_assert_cmpint (n, ==, 2);
  g_assert_true (floats[0] == 1.5f && signbit (floats[1]));
  g_assert_cmpint (pst_node_get_int (norm, "below", 0), ==, -7);
  g_assert_cmpfloat (
      pst_tensor_get (&pst_node_attr (norm, "tensor")->tensor->tensor, 3), ==,
      4.0);
  g_assert_cmpint (pst_graph_get_opset (again), ==, 17);
  g_assert_cmpstr (pst_graph_get_metadata (again, "title"), ==, "画");
  g_assert_cmpstr (pst_graph_get_metadata (again, "a"), ==, "");
  g_assert_cmpuint (pst_graph_get_metadata_keys (again)->len, ==, 2);
  model_stable (graph);
}

/* A parameter that does not lie in C order is written in it. */
static void
test_channels_last_parameter (void)
{
  g_autoptr (PstGraph) graph = pst_graph_new ();
  g_autoptr (PstGraph) again = NULL;
  g_autoptr (PstArray) weight =
      pst_array_new (PST_FLOAT32, SHAPE (2, 3, 4, 5), FALSE);
  PstValue *x = pst_graph_add_input (graph, "x", PST_FLOAT32, NULL);
  PstValue *w = pst_graph_add_parameter (graph, "w", weight);

  for (int i = 0; i < 120; i++)
    pst_tensor_set (&weight->tensor, i, i);
  pst_graph_add_output (graph, pst_graph_op (graph, "Conv", 2, x, w), "y");
  again = model_load (model_save (graph));
  w = pst_graph_find (again, "w");
  g_assert_true (pst_tensor_is_plain (&w->array->tensor));
  for (int i = 0; i < 120; i++)
    g_assert_cmpfloat (pst_tensor_get (&w->array->tensor, i), ==, i);
}

/* Names of nodes that are the same are told apart. */
static void
test_node_names (void)
{
  g_autoptr (PstGraph) graph = pst_graph_new ();
  g_autoptr (PstGraph) again = NULL;
  PstValue *x = pst_graph_add_input (graph, "x", PST_FLOAT32, NULL);
  PstValue *y;
  GPtrArray *nodes;

  for (int i = 0; i < 3; i++)
    {
      g_autofree char *name = g_strdup_printf ("out%d", i);

      y = pst_graph_op (graph, "Conv", 2, x, x);
      pst_graph_add_output (graph, y, name);
    }
  again = model_load (model_save (graph));
  nodes = pst_graph_get_nodes (again);
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < i; j++)
      g_assert_cmpstr (((PstNode *) nodes->pdata[i])->name, !=,
                       ((PstNode *) nodes->pdata[j])->name);
  model_stable (graph);
}

/* The type and the number of dimensions that the file says output @i has;
 * -1 where it does not say. */
static int
declared_rank (GBytes *bytes, int i, int *type)
{
  gsize             size;
  const guint8     *data = g_bytes_get_data (bytes, &size);
  Pst__Onnx__Model *model = pst__onnx__model__unpack (NULL, size, data);
  Pst__Onnx__Type__Array *array =
      model->graph->output[i]->type->tensor_type;
  int rank = array->shape ? (int) array->shape->n_dim : -1;

  *type = array->elem_type;
  pst__onnx__model__free_unpacked (model, NULL);
  return rank;
}

static PstValue *
second_output (PstGraph *graph, const char *type, PstValue *x)
{
  return pst_graph_add_node (graph, "", type, NULL, &x, 1, NULL, 2, NULL)
      ->out[1];
}

static void
test_declared_outputs (void)
{
  g_autoptr (PstGraph) graph = pst_graph_new ();
  g_autoptr (PstArray) axes = pst_array_new_ints (SHAPE (2),
                                                  (gint64[]) { 2, 3 });
  g_autoptr (GBytes)   bytes = NULL;
  PstValue *x = pst_graph_add_input (graph, "x", PST_FLOAT32,
                                     SHAPE (-1, 3, -1, -1));
  PstValue *u = pst_graph_add_input (graph, "u", PST_FLOAT32, NULL);
  PstValue *a = pst_graph_add_parameter (graph, "axes", axes);
  PstValue *outputs[] = {
    pst_graph_op (graph, "Relu", 1, x),
    pst_graph_op (graph, "Shape", 1, x),
    pst_graph_op (graph, "Reshape", 2, x, a),
    pst_graph_op (graph, "Unsqueeze", 2, x, a),
    pst_graph_op (graph, "ReduceMean", 2, x, a),
    pst_graph_op (graph, "Add", 2, a, x),
    pst_graph_op (graph, "Add", 2, x, u),
    pst_graph_op (graph, "Gather", 2, x, a),
    pst_graph_op (graph, "Cast", 1, x),
    pst_graph_op (graph, "ConstantOfShape", 1, a),
    pst_graph_op (graph, "CastLike", 2, x, a),
    pst_graph_op (graph, "ArgMax", 1, x),
    pst_graph_op (graph, "ArgMin", 1, x),
    pst_graph_op (graph, "LayerNormalization", 2, x, u),
    second_output (graph, "MaxPool", x),
    second_output (graph, "Dropout", x),
  };
  static const int ranks[] = { 4, 1, 2, 6, 2, 4, -1, 4, 4, 2, 4, 4, 3, 4, 4,
                               4 };
  static const int types[] = { 1, 7, 1, 1, 1, 7, 1, 1, 9, 7, 7, 7, 7, 1, 7,
                               9 };

  pst_node_set_int (outputs[4]->producer, "keepdims", 0);
  pst_node_set_int (outputs[8]->producer, "to", PST_BOOL);
  pst_node_set_tensor (outputs[9]->producer, "value", axes);
  pst_node_set_int (outputs[12]->producer, "keepdims", 0);
  for (gsize i = 0; i < G_N_ELEMENTS (outputs); i++)
    pst_graph_add_output (graph, outputs[i], NULL);
  bytes = model_save (graph);
  for (gsize i = 0; i < G_N_ELEMENTS (outputs); i++)
    {
      int type;

      g_assert_cmpint (declared_rank (bytes, i, &type), ==, ranks[i]);
      g_assert_cmpint (type, ==, types[i]);
    }
  model_stable (graph);
}

static void
test_internal_refused (void)
{
  g_autoptr (PstGraph) graph = small_network ();
  g_autoptr (GError)   error = NULL;
  PstNode *node = g_ptr_array_index (pst_graph_get_nodes (graph), 0);
  PstOp    internal = *node->op;

  internal.flags |= PST_OP_INTERNAL;
  node->op = &internal;
  g_assert_null (pst_onnx_save_bytes (graph, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_UNSUPPORTED);
}

static void
test_own_domain (void)
{
  g_autoptr (PstGraph) graph = small_network ();
  g_autoptr (PstGraph) again = NULL;
  PstNode *node = g_ptr_array_index (pst_graph_get_nodes (graph), 0);
  PstOp    own = *node->op;
  GBytes  *bytes;
  gsize    size;
  const void *data;

  own.domain = "pastiche";
  own.type = "NoSuch";
  node->op = &own;
  bytes = model_save (graph);
  data = g_bytes_get_data (bytes, &size);
  g_assert_nonnull (memmem (data, size, "B\014\n\010pastiche", 12));
  model_refused (bytes, PST_ERROR_UNSUPPORTED, "“pastiche.NoSuch”");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/onnx/round-trip", test_round_trip);
  g_test_add_func ("/onnx/channels-last-parameter",
                   test_channels_last_parameter);
  g_test_add_func ("/onnx/node-names", test_node_names);
  g_test_add_func ("/onnx/declared-outputs", test_declared_outputs);
  g_test_add_func ("/onnx/internal-refused", test_internal_refused);
  g_test_add_func ("/onnx/own-domain", test_own_domain);
  return test_run ();
}
