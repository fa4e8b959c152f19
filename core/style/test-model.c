/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/style/test-model.h"

#include <glib/gstdio.h>
#include <math.h>

#include "core/onnx/onnx.h"
#include "core/style/metadata.h"

static PstValue *
random_parameter (PstGraph *graph, GRand *rand, const char *name,
                  PstShape shape, double mean, double spread)
{
  g_autoptr (PstArray) array = pst_array_new (PST_FLOAT32, &shape, TRUE);

  for (gint64 i = 0; i < pst_tensor_count (&array->tensor); i++)
    pst_tensor_set (&array->tensor, i,
                    mean + spread * g_rand_double_range (rand, -1, 1));
  return pst_graph_add_parameter (graph, name, array);
}

static PstValue *
convolve (PstGraph *graph, GRand *rand, PstValue *x, int in, int out, int k,
          const char *name)
{
  PstValue *weight;

  weight = random_parameter (graph, rand, name, PST_SHAPE (out, in, k, k), 0,
                             sqrt (3.0 / (in * k * k)));
  x = pst_graph_op (graph, "Conv", 2, x, weight);
  pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (k, k));
  pst_node_set_ints (x->producer, "pads",
                     PST_INTS (k / 2, k / 2, k / 2, k / 2));
  return x;
}

static PstValue *
normalise (PstGraph *graph, GRand *rand, PstValue *x, int channels)
{
  x = pst_graph_op (
      graph, "InstanceNormalization", 3, x,
      random_parameter (graph, rand, NULL, PST_SHAPE (channels), 1, 0),
      random_parameter (graph, rand, NULL, PST_SHAPE (channels), 0, 0));
  pst_node_set_float (x->producer, "epsilon", 1e-5f);
  return x;
}

/* The style's numbers for each channel: [N,S] [S,C] -> [N,C,1,1] */
static PstValue *
mix (PstGraph *graph, GRand *rand, PstValue *style, const char *name,
     int n_styles, int channels, double mean)
{
  const gint64         to[] = { -1, channels, 1, 1 };
  const PstShape       four = PST_SHAPE (4);
  g_autoptr (PstArray) shape = pst_array_new_ints (&four, to);
  PstValue            *table;

  table = random_parameter (graph, rand, name, PST_SHAPE (n_styles, channels),
                            mean, 0.5);
  return pst_graph_op (graph, "Reshape", 2,
                       pst_graph_op (graph, "MatMul", 2, style, table),
                       pst_graph_add_parameter (graph, NULL, shape));
}

/* 0 for the identity style, 1 for the others: [N,3] -> [N,1,1,1] */
static PstValue *
mix_amount (PstGraph *graph, PstValue *style)
{
  const float          amounts[] = { 0, 1, 1 };
  const gint64         to[] = { -1, 1, 1, 1 };
  const PstShape       column = PST_SHAPE (3, 1);
  const PstShape       four = PST_SHAPE (4);
  g_autoptr (PstArray) table = pst_array_new_floats (&column, amounts);
  g_autoptr (PstArray) shape = pst_array_new_ints (&four, to);
  PstValue            *x;

  x = pst_graph_op (graph, "MatMul", 2, style,
                    pst_graph_add_parameter (graph, "amount", table));
  return pst_graph_op (graph, "Reshape", 2, x,
                       pst_graph_add_parameter (graph, NULL, shape));
}

static PstValue *
add_picture_input (PstGraph *graph, const char *name, int width, int height)
{
  PstShape shape = PST_SHAPE (-1, 3, height ? height : -1,
                              width ? width : -1);

  return pst_graph_add_input (graph, name, PST_FLOAT32, &shape);
}

PstGraph *
pst_test_model_mirror (void)
{
  const float             one[9] = { 1, 0, 0, 0, 1, 0, 0, 0, 1 };
  const PstShape          shape = PST_SHAPE (3, 3, 1, 1);
  PstGraph               *graph = pst_graph_new ();
  g_autoptr (PstArray)    weight = pst_array_new_floats (&shape, one);
  g_autoptr (PstMetadata) metadata = pst_metadata_new ("Mirror");
  PstValue               *x = add_picture_input (graph, "image", 0, 0);

  x = pst_graph_op (graph, "Conv", 2, x,
                    pst_graph_add_parameter (graph, "weight", weight));
  pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (1, 1));
  pst_graph_add_output (graph, x, "pastiche");
  pst_metadata_add_style (metadata, "mirror", "The Mirror", "nobody",
                          "CC0-1.0", NULL);
  pst_metadata_pack (metadata, graph);
  pst_graph_seal (graph);
  return graph;
}

PstGraph *
pst_test_model_painter (void)
{
  static const guint8     jpeg[20] = { 0xff, 0xd8, 0xff, 0xe0 };
  PstShape                weights = PST_SHAPE (-1, 3);
  PstGraph               *graph = pst_graph_new ();
  g_autoptr (GRand)       rand = g_rand_new_with_seed (7);
  g_autoptr (GBytes)      thumbnail = g_bytes_new_static (jpeg, sizeof jpeg);
  g_autoptr (PstMetadata) metadata = pst_metadata_new ("Test painters");
  PstValue               *image = add_picture_input (graph, "image", 0, 0);
  PstValue               *style, *x;

  style = pst_graph_add_input (graph, "style", PST_FLOAT32, &weights);
  x = convolve (graph, rand, image, 3, 8, 5, "first");
  x = normalise (graph, rand, x, 8);
  x = pst_graph_op (graph, "Mul", 2, x,
                    mix (graph, rand, style, "gamma", 3, 8, 1));
  x = pst_graph_op (graph, "Add", 2, x,
                    mix (graph, rand, style, "beta", 3, 8, 0));
  x = pst_graph_op (graph, "Relu", 1, x);
  x = convolve (graph, rand, x, 8, 3, 3, "second");
  x = pst_graph_op (graph, "Sigmoid", 1, x);
  /* image + amount × (painted - image) */
  x = pst_graph_op (graph, "Sub", 2, x, image);
  x = pst_graph_op (graph, "Mul", 2, x, mix_amount (graph, style));
  x = pst_graph_op (graph, "Add", 2, x, image);
  pst_graph_add_output (graph, x, "pastiche");
  metadata->licence = g_strdup ("CC BY 4.0");
  metadata->recipe = g_strdup ("# none");
  pst_metadata_add_style (metadata, "identity", NULL, NULL, NULL, NULL);
  pst_metadata_add_style (metadata, "stripes", "Stripes", "A. Painter", NULL,
                          thumbnail);
  pst_metadata_add_style (metadata, "dots", "Dots", "B. Painter", NULL, NULL);
  pst_metadata_pack (metadata, graph);
  pst_graph_seal (graph);
  return graph;
}

static PstGraph *
make_foreign (int width, int height, float white, gboolean scaler,
              gboolean bound)
{
  const float       means[] = { -103.939f, -116.779f, -123.68f };
  PstGraph         *graph = pst_graph_new ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (11);
  PstValue         *x = add_picture_input (graph, "input.1", width, height);

  if (scaler)
    {
      const PstShape       shape = PST_SHAPE (1, 3, 1, 1);
      g_autoptr (PstArray) array = pst_array_new_floats (&shape, means);

      x = pst_graph_op (graph, "Add", 2, x,
                        pst_graph_add_parameter (graph, "means", array));
    }
  x = convolve (graph, rand, x, 3, 3, 3, "first");
  if (bound)
    x = pst_graph_op (graph, "Add", 2, x,
                      random_parameter (graph, rand, "every-pixel",
                                        PST_SHAPE (height, width), 0, 1));
  x = normalise (graph, rand, x, 3);
  x = pst_graph_op (graph, "Sigmoid", 1, x);
  x = pst_graph_op (
      graph, "Mul", 2, x,
      random_parameter (graph, rand, NULL, PST_SHAPE (1), white, 0));
  pst_graph_add_output (graph, x, "395");
  pst_graph_seal (graph);
  return graph;
}

PstGraph *
pst_test_model_foreign (int width, int height, float white, gboolean scaler)
{
  return make_foreign (width, height, white, scaler, FALSE);
}

PstGraph *
pst_test_model_bound (int width, int height)
{
  return make_foreign (width, height, 255, TRUE, TRUE);
}

char *
pst_test_model_write (PstGraph *graph)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *folder = g_dir_make_tmp ("pastiche-XXXXXX", &error);
  char              *path;

  g_assert_no_error (error);
  path = g_build_filename (folder, "model.onnx", NULL);
  pst_onnx_save (graph, path, &error);
  g_assert_no_error (error);
  return path;
}

void
pst_test_model_remove (char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  g_unlink (path);
  g_rmdir (folder);
  g_free (path);
}
