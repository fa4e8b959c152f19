/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/base/test-run.h"
#include "core/onnx/onnx-private.h"
#include "core/onnx/test-wire.h"

/* A model with something of everything. */
static GBytes *
model_new (void)
{
  static const gint64  ints[] = { 1, -2 };
  static const guint16 halves[] = { 0x3c00, 0, 0x7bff };
  Wire                *graph = wire_graph ();
  Wire                *model = wire_int (wire_new (), 1, 8);
  Wire                *node = wire_node ("Conv", "y,k,", "z,");

  wire_put (node, 5, wire_int (wire_bytes (wire_text (wire_new (), 1, "pads"),
                                           8, "\1\2\1\2", 4),
                               20, 7));
  wire_put (node, 5, wire_text (wire_text (wire_new (), 1, "auto_pad"), 4,
                                "NOTSET"));
  wire_put (node, 5, wire_float (wire_text (wire_new (), 1, "f"), 2, 1));
  wire_put (node, 5, wire_put (wire_text (wire_new (), 1, "t"), 5,
                               wire_tensor ("t", 7, 2, ints, sizeof ints)));
  wire_text (wire_text (node, 3, "conv"), 6, "a line of documentation");
  wire_put (graph, 1, node);
  wire_put (graph, 1, wire_put (wire_node ("Constant", "", "c"), 5,
                                wire_float (wire_text (wire_new (), 1,
                                                       "value_float"),
                                            2, 1)));
  wire_put (graph, 5, wire_tensor ("k", 10, 3, halves, sizeof halves));
  wire_put (graph, 12, wire_info ("z"));
  wire_put (graph, 13, wire_info ("z"));
  wire_text (wire_text (model, 2, "test"), 6, "documentation");
  wire_put (model, 7, graph);
  wire_put (model, 8, wire_opset ("", 17));
  wire_put (model, 14, wire_text (wire_text (wire_new (), 1, "title"), 2,
                                  "text"));
  return g_byte_array_free_to_bytes (model);
}

/* Whatever the bytes are: a graph that can be written again, or words. */
static gboolean
try_load (const guint8 *data, gsize size)
{
  g_autoptr (GBytes)   bytes = g_bytes_new (data, size);
  g_autoptr (GError)   error = NULL;
  g_autoptr (PstGraph) graph = pst_onnx_load_bytes (bytes, "file", &error);

  if (graph)
    {
      g_autoptr (GBytes) again = pst_onnx_save_bytes (graph, &error);

      g_assert_no_error (error);
      g_assert_nonnull (again);
      return TRUE;
    }
  g_assert_nonnull (error);
  g_assert_true (error->domain == PST_ERROR);
  g_assert_true (g_str_has_prefix (error->message, "“file” "));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  return FALSE;
}

static void
test_whole (void)
{
  g_autoptr (GBytes) bytes = model_new ();
  gsize              size;
  const guint8      *data = g_bytes_get_data (bytes, &size);

  g_assert_true (try_load (data, size));
}

static void
test_cut_everywhere (void)
{
  g_autoptr (GBytes) bytes = model_new ();
  gsize              size;
  const guint8      *data = g_bytes_get_data (bytes, &size);
  guint              loaded = 0;

  for (gsize n = 0; n < size; n++)
    loaded += try_load (data, n);
  g_test_message ("%u of %" G_GSIZE_FORMAT " beginnings are models", loaded,
                  size);
  /* Without metadata it still is one; without opset it is not. */
  g_assert_cmpuint (loaded, ==, 1);
}

static void
test_flipped_bits (void)
{
  g_autoptr (GBytes) bytes = model_new ();
  gsize              size;
  const guint8      *data = g_bytes_get_data (bytes, &size);
  g_autofree guint8 *copy = g_malloc (size);

  for (gsize bit = 0; bit < 8 * size; bit++)
    {
      memcpy (copy, data, size);
      copy[bit / 8] ^= 1 << bit % 8;
      try_load (copy, size);
    }
}

/* Several bytes changed, stretches moved, doubled and cut out. */
static void
mutate (GRand *rand, GByteArray *bytes)
{
  for (int i = g_rand_int_range (rand, 1, 6); i > 0 && bytes->len > 1; i--)
    {
      guint at = g_rand_int_range (rand, 0, bytes->len);
      guint n = g_rand_int_range (rand, 0, MIN (16, bytes->len - at) + 1);
      guint to = g_rand_int_range (rand, 0, bytes->len - n + 1);

      switch (g_rand_int_range (rand, 0, 5))
        {
        case 0:
          bytes->data[at] = (guint8) g_rand_int (rand);
          break;
        case 1:
          bytes->data[at] += g_rand_boolean (rand) ? 1 : -1;
          break;
        case 2:
          memmove (bytes->data + to, bytes->data + at, n);
          break;
        case 3:
          g_byte_array_append (bytes, bytes->data + at, n);
          break;
        default:
          g_byte_array_remove_range (bytes, at, n);
        }
    }
}

static void
test_mutated (void)
{
  g_autoptr (GBytes) bytes = model_new ();
  g_autoptr (GRand)  rand = g_rand_new_with_seed (17);
  gsize              size;
  const guint8      *data = g_bytes_get_data (bytes, &size);
  guint              loaded = 0;
  int                n = g_test_slow () ? 1000000 : 20000;

  for (int i = 0; i < n; i++)
    {
      g_autoptr (GByteArray) copy = g_byte_array_sized_new (size + 128);

      g_byte_array_append (copy, data, size);
      mutate (rand, copy);
      loaded += try_load (copy->data, copy->len);
    }
  g_test_message ("%u of %d are models", loaded, n);
}

/* Graphs in attributes of nodes of graphs… */
static GBytes *
bomb_new (int n)
{
  Wire *graph = wire_graph ();

  for (int i = 0; i < n; i++)
    {
      Wire *attribute = wire_put (wire_text (wire_new (), 1, ""), 6, graph);

      graph = wire_put (wire_new (), 1, wire_put (wire_new (), 5, attribute));
    }
  return wire_model (graph);
}

static void
test_nested (void)
{
  GBytes *bomb = bomb_new (3000);

  g_test_message ("%" G_GSIZE_FORMAT " bytes", g_bytes_get_size (bomb));
  g_assert_cmpuint (g_bytes_get_size (bomb), <, 50000);
  model_refused (bomb, PST_ERROR_FORMAT, "nested too deeply");
  model_refused (bomb_new (11), PST_ERROR_FORMAT, "nested too deeply");
  /* What a real file has is not the walk's business. */
  model_refused (bomb_new (2), PST_ERROR_FORMAT, "no operator");
}

static void
test_many_parts (void)
{
  Wire *graph = wire_graph ();

  for (guint i = 0; i <= PST_ONNX_MAX_MESSAGES; i++)
    wire_bytes (graph, 1, "", 0);
  model_refused (wire_model (graph), PST_ERROR_FORMAT, "too many parts");
}

/* Fields that nobody knows cost memory, too. */
static void
test_many_unknown (void)
{
  Wire *graph = wire_graph ();

  for (guint i = 0; i < 5000000; i++)
    g_byte_array_append (graph, (const guint8 *) "\x78\1", 2);
  model_refused (wire_model (graph), PST_ERROR_FORMAT, "wrong form");
  graph = wire_graph ();
  for (guint i = 0; i < 5000000; i++)
    g_byte_array_append (graph, (const guint8 *) "\x20\1", 2);
  model_refused (wire_model (graph), PST_ERROR_MEMORY, "more memory");
}

static void
test_long_name (void)
{
  g_autofree char *name = g_strnfill (2000, 'n');
  Wire            *graph = wire_graph ();

  wire_put (graph, 1, wire_node (name, "x", "u"));
  model_refused (wire_model (graph), PST_ERROR_FORMAT, "name is too long");
}

static void
test_attributes (void)
{
  Wire *graph = wire_graph ();
  Wire *node = wire_node ("Conv", "x,w", "u");

  for (int i = 0; i < 2; i++)
    wire_put (node, 5, wire_int (wire_text (wire_new (), 1, "a"), 3, i));
  wire_put (graph, 1, node);
  model_refused (wire_model (graph), PST_ERROR_FORMAT, "“a” twice");
  graph = wire_graph ();
  node = wire_node ("Conv", "x,w", "u");
  for (int i = 0; i < 100000; i++)
    wire_bytes (node, 5, "", 0);
  wire_put (graph, 1, node);
  model_refused (wire_model (graph), PST_ERROR_FORMAT,
                 "too many attributes");
  graph = wire_graph ();
  node = wire_node ("Conv", "x,w", "u");
  for (int i = 0; i < 100; i++)
    wire_text (node, 1, "x");
  wire_put (graph, 1, node);
  model_refused (wire_model (graph), PST_ERROR_UNSUPPORTED,
                 "more inputs or outputs");
}

/* A long chain written backwards, and a long circle. */
static void
test_long_chain (void)
{
  for (int circle = 0; circle < 2; circle++)
    {
      Wire              *graph = wire_graph ();
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = NULL;
      PstGraph          *loaded;

      for (int i = 50000; i > 0; i--)
        {
          g_autofree char *in = g_strdup_printf ("v%d,w", i - 1);
          g_autofree char *out = g_strdup_printf ("v%d", i);

          wire_put (graph, 1, wire_node ("Conv", in, out));
        }
      wire_put (graph, 1, wire_node ("Conv", circle ? "v50000,w" : "x,w",
                                     "v0"));
      bytes = wire_model (graph);
      loaded = pst_onnx_load_bytes (bytes, "file", &error);
      g_assert_true (circle ? ! loaded : loaded != NULL);
      if (loaded)
        pst_graph_unref (loaded);
    }
}

/* Every budget up to the one that is enough: refused without a trace. */
static void
test_budget (void)
{
  g_autoptr (GBytes) bytes = model_new ();
  gsize              size, budget;
  const guint8      *data = g_bytes_get_data (bytes, &size);
  gpointer           model = NULL;

  for (budget = 0; ! model; budget++)
    {
      g_autoptr (GError) error = NULL;

      model = pst_onnx_unpack (&pst__onnx__model__descriptor, data, size,
                               budget, &error);
      if (! model)
        g_assert_error (error, PST_ERROR, PST_ERROR_MEMORY);
    }
  g_test_message ("%" G_GSIZE_FORMAT " bytes unpack into %" G_GSIZE_FORMAT,
                  size, budget);
  pst_onnx_unpack_free (model);
}

/* Every allocation of an array fails once. */
static void
test_no_memory (void)
{
  g_autoptr (GBytes) bytes = model_new ();
  PstGraph          *graph = NULL;
  int                n = 0;

  for (; ! graph; n++)
    {
      g_autoptr (GError) error = NULL;

      pst_memory_fail_after (n);
      graph = pst_onnx_load_bytes (bytes, "file", &error);
      pst_memory_fail_after (-1);
      if (! graph)
        g_assert_error (error, PST_ERROR, PST_ERROR_MEMORY);
    }
  g_assert_cmpint (n, >, 5);
  pst_graph_unref (graph);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/onnx-hostile/whole", test_whole);
  g_test_add_func ("/onnx-hostile/cut-everywhere", test_cut_everywhere);
  g_test_add_func ("/onnx-hostile/flipped-bits", test_flipped_bits);
  g_test_add_func ("/onnx-hostile/mutated", test_mutated);
  g_test_add_func ("/onnx-hostile/nested", test_nested);
  g_test_add_func ("/onnx-hostile/many-parts", test_many_parts);
  g_test_add_func ("/onnx-hostile/many-unknown", test_many_unknown);
  g_test_add_func ("/onnx-hostile/long-name", test_long_name);
  g_test_add_func ("/onnx-hostile/attributes", test_attributes);
  g_test_add_func ("/onnx-hostile/long-chain", test_long_chain);
  g_test_add_func ("/onnx-hostile/budget", test_budget);
  g_test_add_func ("/onnx-hostile/no-memory", test_no_memory);
  return test_run ();
}
