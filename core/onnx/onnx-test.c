/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* memmem */
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/graph/op.h"
#include "core/onnx/onnx.h"
#include "core/onnx/test-wire.h"

#define SHAPE(...)                                                            \
  (&(PstShape) { sizeof ((gint64[]) { __VA_ARGS__ }) / sizeof (gint64),       \
                 { __VA_ARGS__ } })

/* Loads "test.onnx" and checks that it is refused in these words. */
static void
assert_refused (GBytes *bytes, PstError code, const char *words)
{
  g_autoptr (GError)   error = NULL;
  g_autoptr (PstGraph) graph = pst_onnx_load_bytes (bytes, "/a/test.onnx",
                                                    &error);

  g_assert_null (graph);
  g_assert_error (error, PST_ERROR, (int) code);
  g_assert_true (g_str_has_prefix (error->message, "“test.onnx” "));
  if (! strstr (error->message, words))
    g_error ("“%s” does not say “%s”", error->message, words);
  g_bytes_unref (bytes);
}

static PstGraph *
load (GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  PstGraph          *graph = pst_onnx_load_bytes (bytes, "test.onnx", &error);

  g_assert_no_error (error);
  g_assert_true (pst_graph_is_sealed (graph));
  g_bytes_unref (bytes);
  return graph;
}

static GBytes *
save (PstGraph *graph)
{
  g_autoptr (GError) error = NULL;
  GBytes            *bytes = pst_onnx_save_bytes (graph, &error);

  g_assert_no_error (error);
  return bytes;
}

/* Saved, loaded and saved again it is the same file. */
static void
assert_stable (PstGraph *graph)
{
  g_autoptr (GBytes)   first = save (graph);
  g_autoptr (PstGraph) again = load (g_bytes_ref (first));
  g_autoptr (GBytes)   second = save (again);

  g_assert_true (g_bytes_equal (first, second));
}

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
  g_autoptr (PstGraph) again = load (save (graph));
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
  assert_stable (graph);
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
  again = load (save (graph));
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
  again = load (save (graph));
  nodes = pst_graph_get_nodes (again);
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < i; j++)
      g_assert_cmpstr (((PstNode *) nodes->pdata[i])->name, !=,
                       ((PstNode *) nodes->pdata[j])->name);
  assert_stable (graph);
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
  bytes = save (graph);
  data = g_bytes_get_data (bytes, &size);
  g_assert_nonnull (memmem (data, size, "B\014\n\010pastiche", 12));
  assert_refused (bytes, PST_ERROR_UNSUPPORTED, "“pastiche.NoSuch”");
}

/* Files of old versions list the parameters among the inputs too. */
static void
test_parameters_as_inputs (void)
{
  Wire                *wire = wire_graph ();
  g_autoptr (PstGraph) graph = NULL;

  wire_put (wire, 11, wire_info ("w"));
  graph = load (wire_model (wire));
  g_assert_cmpuint (pst_graph_get_inputs (graph)->len, ==, 1);
  g_assert_cmpint (pst_graph_find (graph, "w")->kind, ==,
                   PST_VALUE_PARAMETER);
  assert_stable (graph);
}

static void
test_optional_inputs (void)
{
  Wire                *wire = wire_graph ();
  g_autoptr (PstGraph) graph = NULL;
  const PstNode       *node;

  wire_put (wire, 1, wire_node ("Conv", "x,w,,", "z"));
  wire_put (wire, 1, wire_node ("Conv", "x,,w", "v,,"));
  graph = load (wire_model (wire));
  node = pst_graph_find (graph, "z")->producer;
  g_assert_cmpint (node->n_in, ==, 2);
  node = pst_graph_find (graph, "v")->producer;
  g_assert_cmpint (node->n_in, ==, 3);
  g_assert_null (node->in[1]);
  g_assert_cmpint (node->n_out, ==, 3);
  g_assert_null (node->out[2]);
  assert_stable (graph);
}

static void
test_constants (void)
{
  static const gint64  ints[] = { 5, -6 };
  Wire                *wire = wire_graph ();
  Wire                *node;
  g_autoptr (PstGraph) graph = NULL;
  PstValue            *value;

  node = wire_node ("Constant", "", "c");
  wire_put (node, 5, wire_put (wire_text (wire_new (), 1, "value"), 5,
                               wire_tensor ("", 7, 2, ints, sizeof ints)));
  wire_put (wire, 1, node);
  node = wire_node ("Constant", "", "f");
  wire_put (node, 5, wire_float (wire_text (wire_new (), 1, "value_float"), 2,
                                 2.5f));
  wire_put (wire, 1, node);
  node = wire_node ("Constant", "", "i");
  wire_put (node, 5, wire_int (wire_int (wire_text (wire_new (), 1,
                                                    "value_ints"),
                                         8, 3), 8, -4));
  wire_put (wire, 1, node);

  graph = load (wire_model (wire));
  g_assert_cmpuint (pst_graph_get_nodes (graph)->len, ==, 1);
  value = pst_graph_find (graph, "c");
  g_assert_cmpint (value->kind, ==, PST_VALUE_PARAMETER);
  g_assert_cmpint (pst_tensor_get_int (&value->array->tensor, 1), ==, -6);
  value = pst_graph_find (graph, "f");
  g_assert_cmpint (value->info.shape.rank, ==, 0);
  g_assert_cmpfloat (pst_tensor_get (&value->array->tensor, 0), ==, 2.5);
  value = pst_graph_find (graph, "i");
  g_assert_cmpint (value->info.shape.dim[0], ==, 2);
  g_assert_cmpint (pst_tensor_get_int (&value->array->tensor, 1), ==, -4);
  assert_stable (graph);
}
static void
test_out_of_order (void)
{
  Wire                *wire = wire_new ();
  g_autoptr (PstGraph) graph = NULL;
  GPtrArray           *nodes;

  wire_put (wire, 1, wire_node ("InstanceNormalization", "b,s,s", "c"));
  wire_put (wire, 1, wire_node ("InstanceNormalization", "a,s,s", "b"));
  wire_put (wire, 1, wire_node ("InstanceNormalization", "x,s,s", "a"));
  wire_put (wire, 5, wire_floats ("s", 3));
  wire_put (wire, 11, wire_info ("x"));
  wire_put (wire, 12, wire_info ("c"));
  graph = load (wire_model (wire));
  nodes = pst_graph_get_nodes (graph);
  for (int i = 0; i < 3; i++)
    {
      const PstNode *node = g_ptr_array_index (nodes, i);

      g_assert_cmpstr (node->out[0]->name, ==, ((const char *[]) { "a", "b", "c" })[i]);
    }
}

static void
test_names (void)
{
  Wire *wire = wire_put (wire_graph (), 1, wire_node ("Conv", "v,w", "u"));

  wire_put (wire, 1, wire_node ("Conv", "u,w", "v"));
  assert_refused (wire_model (wire), PST_ERROR_FORMAT, "depends on itself");
  wire = wire_put (wire_graph (), 1, wire_node ("Conv", "u,w", "u"));
  assert_refused (wire_model (wire), PST_ERROR_FORMAT, "depends on itself");
  wire = wire_put (wire_graph (), 1, wire_node ("Conv", "none,w", "u"));
  assert_refused (wire_model (wire), PST_ERROR_FORMAT,
                  "“none”, which a node of type “Conv” needs, is defined "
                  "nowhere");
  wire = wire_put (wire_graph (), 1, wire_node ("Conv", "x,w", "y"));
  assert_refused (wire_model (wire), PST_ERROR_FORMAT, "“y” is defined twice");
  wire = wire_put (wire_graph (), 1, wire_node ("Conv", "x,w", "x"));
  assert_refused (wire_model (wire), PST_ERROR_FORMAT, "“x” is defined twice");
  wire = wire_put (wire_graph (), 1, wire_node ("Conv", "x,w", "w"));
  assert_refused (wire_model (wire), PST_ERROR_FORMAT, "“w” is defined twice");
  wire = wire_put (wire_graph (), 5, wire_floats ("w", 3));
  assert_refused (wire_model (wire), PST_ERROR_FORMAT, "“w” is defined twice");
  wire = wire_put (wire_graph (), 11, wire_info ("x"));
  assert_refused (wire_model (wire), PST_ERROR_FORMAT, "“x” is defined twice");
  wire = wire_put (wire_graph (), 12, wire_info ("none"));
  assert_refused (wire_model (wire), PST_ERROR_FORMAT,
                  "output “none” is defined nowhere");
  wire = wire_put (wire_graph (), 1, wire_node ("", "x", "u"));
  assert_refused (wire_model (wire), PST_ERROR_FORMAT, "no operator");
  wire = wire_put (wire_graph (), 5, wire_floats ("", 3));
  assert_refused (wire_model (wire), PST_ERROR_FORMAT, "has no name");
  wire = wire_put (wire_graph (), 5, wire_floats ("\xff", 3));
  assert_refused (wire_model (wire), PST_ERROR_FORMAT, "is not text");
}

static void
test_unsupported (void)
{
  Wire *wire = wire_put (wire_graph (), 1, wire_node ("Foo", "x", "u"));
  Wire *node;

  assert_refused (wire_model (wire), PST_ERROR_UNSUPPORTED,
                  "uses the operator “Foo” (at “u”), which Pastiche does not "
                  "know");
  node = wire_text (wire_node ("Conv", "x,w", "u"), 7, "com.example");
  wire = wire_put (wire_graph (), 1, node);
  assert_refused (wire_model (wire), PST_ERROR_UNSUPPORTED,
                  "“com.example.Conv”");
  node = wire_put (wire_node ("If", "x", "u"), 5,
                   wire_put (wire_text (wire_new (), 1, "then_branch"), 6,
                             wire_graph ()));
  wire = wire_put (wire_graph (), 1, node);
  assert_refused (wire_model (wire), PST_ERROR_UNSUPPORTED,
                  "without branches and loops");
  wire = wire_put (wire_graph (), 15, wire_new ());
  assert_refused (wire_model (wire), PST_ERROR_UNSUPPORTED, "sparse");
  wire = wire_put (wire_graph (), 11, wire_text (wire_new (), 1, "s"));
  assert_refused (wire_model (wire), PST_ERROR_UNSUPPORTED,
                  "input “s” that is not a tensor");
}

static void
test_opsets (void)
{
  static const struct
  {
    int         ir;
    const char *domain;
    int         version;
    const char *words; /* NULL: fine */
  } cases[] = {
    { 8, "", 6, NULL },
    { 8, "ai.onnx", 22, NULL },
    { 3, "", 5, "version 5 of ONNX's operators" },
    { 9, "", 23, "version 23 of ONNX's operators" },
    { 8, "ai.onnx.ml", 1, "does not say which version" },
    { 2, "other", 1, "version 1 of ONNX's operators" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Wire   *model = wire_int (wire_new (), 1, cases[i].ir);
      GBytes *bytes;

      wire_put (model, 7, wire_graph ());
      wire_put (model, 8, wire_opset (cases[i].domain, cases[i].version));
      bytes = g_byte_array_free_to_bytes (model);
      if (cases[i].words)
        {
          PstError code = strstr (cases[i].words, "version ")
                                  == cases[i].words
                              ? PST_ERROR_UNSUPPORTED
                              : PST_ERROR_FORMAT;

          assert_refused (bytes, code, cases[i].words);
        }
      else
        {
          g_autoptr (PstGraph) graph = load (bytes);

          g_assert_cmpint (pst_graph_get_opset (graph), ==,
                           cases[i].version);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/onnx/round-trip", test_round_trip);
  g_test_add_func ("/onnx/channels-last-parameter",
                   test_channels_last_parameter);
  g_test_add_func ("/onnx/node-names", test_node_names);
  g_test_add_func ("/onnx/internal-refused", test_internal_refused);
  g_test_add_func ("/onnx/own-domain", test_own_domain);
  g_test_add_func ("/onnx/parameters-as-inputs", test_parameters_as_inputs);
  g_test_add_func ("/onnx/optional-inputs", test_optional_inputs);
  g_test_add_func ("/onnx/constants", test_constants);
  g_test_add_func ("/onnx/out-of-order", test_out_of_order);
  g_test_add_func ("/onnx/names", test_names);
  g_test_add_func ("/onnx/unsupported", test_unsupported);
  g_test_add_func ("/onnx/opsets", test_opsets);
  return g_test_run ();
}
