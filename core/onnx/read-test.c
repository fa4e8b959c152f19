/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/base/test-run.h"
#include "core/graph/op.h"
#include "core/onnx/onnx.h"
#include "core/onnx/test-wire.h"

/* Files of old versions list the parameters among the inputs too. */
static void
test_parameters_as_inputs (void)
{
  Wire                *wire = wire_graph ();
  g_autoptr (PstGraph) graph = NULL;

  wire_put (wire, 11, wire_info ("w"));
  graph = model_load (wire_model (wire));
  g_assert_cmpuint (pst_graph_get_inputs (graph)->len, ==, 1);
  g_assert_cmpint (pst_graph_find (graph, "w")->kind, ==,
                   PST_VALUE_PARAMETER);
  model_stable (graph);
}

static void
test_optional_inputs (void)
{
  Wire                *wire = wire_graph ();
  g_autoptr (PstGraph) graph = NULL;
  const PstNode       *node;

  wire_put (wire, 1, wire_node ("Conv", "x,w,,", "z"));
  wire_put (wire, 1, wire_node ("Conv", "x,,w", "v,,"));
  graph = model_load (wire_model (wire));
  node = pst_graph_find (graph, "z")->producer;
  g_assert_cmpint (node->n_in, ==, 2);
  node = pst_graph_find (graph, "v")->producer;
  g_assert_cmpint (node->n_in, ==, 3);
  g_assert_null (node->in[1]);
  g_assert_cmpint (node->n_out, ==, 3);
  g_assert_null (node->out[2]);
  model_stable (graph);
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

  graph = model_load (wire_model (wire));
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
  model_stable (graph);
}
static void
test_out_of_order (void)
{
  Wire                *wire = wire_new ();
  g_autoptr (PstGraph) graph = NULL;
  GPtrArray           *nodes;
  static const char   *names[] = { "a", "b", "c" };

  wire_put (wire, 1, wire_node ("InstanceNormalization", "b,s,s", "c"));
  wire_put (wire, 1, wire_node ("InstanceNormalization", "a,s,s", "b"));
  wire_put (wire, 1, wire_node ("InstanceNormalization", "x,s,s", "a"));
  wire_put (wire, 5, wire_floats ("s", 3));
  wire_put (wire, 11, wire_info ("x"));
  wire_put (wire, 12, wire_info ("c"));
  graph = model_load (wire_model (wire));
  nodes = pst_graph_get_nodes (graph);
  for (int i = 0; i < 3; i++)
    {
      const PstNode *node = g_ptr_array_index (nodes, i);

      g_assert_cmpstr (node->out[0]->name, ==, names[i]);
    }
}

static void
test_names (void)
{
  Wire *wire = wire_put (wire_graph (), 1, wire_node ("Conv", "v,w", "u"));

  wire_put (wire, 1, wire_node ("Conv", "u,w", "v"));
  model_refused (wire_model (wire), PST_ERROR_FORMAT, "depends on itself");
  wire = wire_put (wire_graph (), 1, wire_node ("Conv", "u,w", "u"));
  model_refused (wire_model (wire), PST_ERROR_FORMAT, "depends on itself");
  wire = wire_put (wire_graph (), 1, wire_node ("Conv", "none,w", "u"));
  model_refused (wire_model (wire), PST_ERROR_FORMAT,
                 "“none”, which a node of type “Conv” needs, is defined "
                 "nowhere");
  wire = wire_put (wire_graph (), 1, wire_node ("Conv", "x,w", "y"));
  model_refused (wire_model (wire), PST_ERROR_FORMAT, "“y” is defined twice");
  wire = wire_put (wire_graph (), 1, wire_node ("Conv", "x,w", "x"));
  model_refused (wire_model (wire), PST_ERROR_FORMAT, "“x” is defined twice");
  wire = wire_put (wire_graph (), 1, wire_node ("Conv", "x,w", "w"));
  model_refused (wire_model (wire), PST_ERROR_FORMAT, "“w” is defined twice");
  wire = wire_put (wire_graph (), 5, wire_floats ("w", 3));
  model_refused (wire_model (wire), PST_ERROR_FORMAT, "“w” is defined twice");
  wire = wire_put (wire_graph (), 11, wire_info ("x"));
  model_refused (wire_model (wire), PST_ERROR_FORMAT, "“x” is defined twice");
  wire = wire_put (wire_graph (), 12, wire_info ("none"));
  model_refused (wire_model (wire), PST_ERROR_FORMAT,
                 "output “none” is defined nowhere");
  wire = wire_put (wire_graph (), 1, wire_node ("", "x", "u"));
  model_refused (wire_model (wire), PST_ERROR_FORMAT, "no operator");
  wire = wire_put (wire_graph (), 5, wire_floats ("", 3));
  model_refused (wire_model (wire), PST_ERROR_FORMAT, "has no name");
  wire = wire_put (wire_graph (), 5, wire_floats ("\xff", 3));
  model_refused (wire_model (wire), PST_ERROR_FORMAT, "is not text");
}

/* A model with a node Conv that has one attribute more. */
static GBytes *
with_attribute (const char *type, Wire *attribute)
{
  return wire_model (wire_put (
      wire_graph (), 1, wire_put (wire_node (type, "x,w", "u"), 5, attribute)));
}

static Wire *
attribute_new (const char *name, int type)
{
  return wire_int (wire_text (wire_new (), 1, name), 20, type);
}

static void
test_attributes (void)
{
  g_autoptr (PstGraph) graph = NULL;
  const PstNode       *node;
  Wire                *wire;
  int                  n;

  /* Without types, as files of the first versions are. */
  wire = wire_node ("Conv", "x,w", "u");
  wire_put (wire, 5, wire_int (wire_text (wire_new (), 1, "i"), 3, 4));
  wire_put (wire, 5, wire_float (wire_text (wire_new (), 1, "l"), 7, 2));
  wire_put (wire, 5, wire_text (wire_text (wire_new (), 1, "s"), 4, ""));
  graph = model_load (wire_model (wire_put (wire_graph (), 1, wire)));
  node = pst_graph_find (graph, "u")->producer;
  g_assert_cmpint (pst_node_get_int (node, "i", 0), ==, 4);
  g_assert_cmpfloat (pst_node_get_floats (node, "l", &n)[0], ==, 2);
  g_assert_cmpstr (pst_node_get_string (node, "s", NULL), ==, "");
  model_stable (graph);

  model_refused (with_attribute ("Conv", wire_text (wire_new (), 4, "s")),
                 PST_ERROR_FORMAT, "has no name");
  model_refused (with_attribute ("Conv", attribute_new ("a", 4)),
                 PST_ERROR_FORMAT, "“a” of “u” is empty");
  model_refused (with_attribute ("Conv", attribute_new ("a", 8)),
                 PST_ERROR_UNSUPPORTED, "of a kind that");
  model_refused (with_attribute ("Conv", wire_bytes (attribute_new ("a", 3),
                                                     4, "\xff", 1)),
                 PST_ERROR_FORMAT, "“a” of “u” is not text");
  model_refused (with_attribute ("Constant", attribute_new ("a", 4)),
                 PST_ERROR_UNSUPPORTED, "has a constant “u” of a kind");
}

static void
test_constant_outputs (void)
{
  static const char *const outputs[] = { ",", "c,d" };

  for (gsize i = 0; i < G_N_ELEMENTS (outputs); i++)
    {
      Wire *node = wire_node ("Constant", "", outputs[i]);
      Wire *value = wire_float (wire_text (wire_new (), 1, "value_float"), 2,
                                1);

      wire_put (node, 5, value);
      model_refused (wire_model (wire_put (wire_graph (), 1, node)),
                     PST_ERROR_FORMAT, "does not have one output");
    }
}

static void
test_unsupported (void)
{
  /* What opsets 23 and 24 brought. */
  static const char *const newer[] = { "Attention", "RMSNormalization",
                                       "RotaryEmbedding", "Swish",
                                       "TensorScatter" };
  Wire *wire = wire_put (wire_graph (), 1, wire_node ("Foo", "x", "u"));
  Wire *node;

  model_refused (wire_model (wire), PST_ERROR_UNSUPPORTED,
                 "uses the operator “Foo” (at “u”), which Pastiche does not "
                 "know");
  for (gsize i = 0; i < G_N_ELEMENTS (newer); i++)
    {
      wire = wire_put (wire_graph (), 1, wire_node (newer[i], "x", "u"));
      model_refused (wire_model (wire), PST_ERROR_UNSUPPORTED, newer[i]);
    }
  node = wire_text (wire_node ("Conv", "x,w", "u"), 7, "com.example");
  wire = wire_put (wire_graph (), 1, node);
  model_refused (wire_model (wire), PST_ERROR_UNSUPPORTED,
                 "“com.example.Conv”");
  node = wire_put (wire_node ("If", "x", "u"), 5,
                   wire_put (wire_text (wire_new (), 1, "then_branch"), 6,
                             wire_graph ()));
  wire = wire_put (wire_graph (), 1, node);
  model_refused (wire_model (wire), PST_ERROR_UNSUPPORTED,
                 "without branches and loops");
  wire = wire_put (wire_graph (), 15, wire_new ());
  model_refused (wire_model (wire), PST_ERROR_UNSUPPORTED, "sparse");
  wire = wire_put (wire_graph (), 11, wire_text (wire_new (), 1, "s"));
  model_refused (wire_model (wire), PST_ERROR_UNSUPPORTED,
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
    { 11, "", 23, NULL },
    { 13, "", 25, NULL },
    { 13, "", 26, "version 26 of ONNX's operators" },
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

          model_refused (bytes, code, cases[i].words);
        }
      else
        {
          g_autoptr (PstGraph) graph = model_load (bytes);

          g_assert_cmpint (pst_graph_get_opset (graph), ==,
                           cases[i].version);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/onnx-read/parameters-as-inputs",
                   test_parameters_as_inputs);
  g_test_add_func ("/onnx-read/optional-inputs", test_optional_inputs);
  g_test_add_func ("/onnx-read/constants", test_constants);
  g_test_add_func ("/onnx-read/out-of-order", test_out_of_order);
  g_test_add_func ("/onnx-read/names", test_names);
  g_test_add_func ("/onnx-read/attributes", test_attributes);
  g_test_add_func ("/onnx-read/constant-outputs", test_constant_outputs);
  g_test_add_func ("/onnx-read/unsupported", test_unsupported);
  g_test_add_func ("/onnx-read/opsets", test_opsets);
  return test_run ();
}
