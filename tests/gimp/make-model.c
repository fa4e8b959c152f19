/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes a small style model for tests: make-model FILE. A generator with
 * random weights: it paints nothing worth seeing, but paints it fast and the
 * same everywhere. */
#include <math.h>
#include <stdlib.h>

#include "core/onnx/onnx.h"
#include "core/style/metadata.h"

#define CHANNELS 8
#define N_STYLES 4 /* the identity is one of them */

/* An array of numbers between -@range and @range around @middle. */
static PstValue *
noise (PstGraph *graph, GRand *rand, const char *name, PstShape shape,
       double middle, double range)
{
  g_autoptr (PstArray) array = pst_array_new (PST_FLOAT32, &shape, TRUE);

  for (gint64 i = 0; i < pst_shape_count (&shape); i++)
    pst_tensor_set (&array->tensor, i,
                    g_rand_double_range (rand, middle - range,
                                         middle + range + 1e-9));
  return pst_graph_add_parameter (graph, name, array);
}

static PstValue *
integers (PstGraph *graph, const char *name, const gint64 *values, int n)
{
  PstShape             shape = PST_SHAPE (n);
  g_autoptr (PstArray) array = pst_array_new_ints (&shape, values);

  return pst_graph_add_parameter (graph, name, array);
}

static PstValue *
convolve (PstGraph *graph, GRand *rand, PstValue *x, int size, int from,
          int to)
{
  gint64    p = size / 2;
  gint64    pads[] = { 0, 0, p, p, 0, 0, p, p };
  PstValue *weight = noise (graph, rand, "weight",
                            PST_SHAPE (to, from, size, size), 0.0,
                            2.0 / sqrt (from * size * size));
  PstValue *bias = noise (graph, rand, "bias", PST_SHAPE (to), 0.0, 0.3);

  x = pst_graph_op (graph, "Pad", 2, x, integers (graph, "pads", pads, 8));
  pst_node_set_string (x->producer, "mode", "reflect");
  x = pst_graph_op (graph, "Conv", 3, x, weight, bias);
  pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (size, size));
  return x;
}

/* One number a channel, looked up by the style. */
static PstValue *
of_style (PstGraph *graph, GRand *rand, PstValue *style, double middle)
{
  gint64    axes[] = { 2, 3 };
  PstValue *table = noise (graph, rand, "table",
                           PST_SHAPE (N_STYLES, CHANNELS), middle, 0.8);

  return pst_graph_op (graph, "Unsqueeze", 2,
                       pst_graph_op (graph, "MatMul", 2, style, table),
                       integers (graph, "axes", axes, 2));
}

static PstGraph *
generator_new (void)
{
  PstGraph *graph = pst_graph_new ();
  GRand    *rand = g_rand_new_with_seed (20);
  PstShape  image = PST_SHAPE (-1, 3, -1, -1);
  PstShape  weights = PST_SHAPE (-1, N_STYLES);
  PstValue *x = pst_graph_add_input (graph, "image", PST_FLOAT32, &image);
  PstValue *style = pst_graph_add_input (graph, "style", PST_FLOAT32,
                                         &weights);

  x = convolve (graph, rand, x, 5, 3, CHANNELS);
  x = pst_graph_op (graph, "InstanceNormalization", 3, x,
                    noise (graph, rand, "one", PST_SHAPE (CHANNELS), 1, 0),
                    noise (graph, rand, "zero", PST_SHAPE (CHANNELS), 0, 0));
  x = pst_graph_op (graph, "Mul", 2, x, of_style (graph, rand, style, 1.0));
  x = pst_graph_op (graph, "Add", 2, x, of_style (graph, rand, style, 0.0));
  x = pst_graph_op (graph, "Relu", 1, x);
  x = convolve (graph, rand, x, 3, CHANNELS, 3);
  x = pst_graph_op (graph, "Sigmoid", 1, x);
  pst_graph_add_output (graph, x, "pastiche");
  g_rand_free (rand);
  return graph;
}

int
main (int argc, char **argv)
{
  g_autoptr (PstGraph)    graph = generator_new ();
  g_autoptr (PstMetadata) metadata = pst_metadata_new ("Test styles");
  g_autoptr (GError)      error = NULL;

  if (argc != 2)
    return EXIT_FAILURE;
  pst_metadata_add_style (metadata, PST_STYLE_IDENTITY, NULL, NULL, NULL,
                          NULL);
  pst_metadata_add_style (metadata, "amber", "Amber", "A test, 2026", "CC0",
                          NULL);
  pst_metadata_add_style (metadata, "blue-hour", "Blue Hour", "A test, 2026",
                          "CC0", NULL);
  pst_metadata_add_style (metadata, "coral-reef", "Coral Reef",
                          "A test, 2026", "CC0", NULL);
  pst_metadata_pack (metadata, graph);
  pst_graph_seal (graph);

  if (!pst_onnx_save (graph, argv[1], &error))
    {
      g_printerr ("make-model: %s\n", error->message);
      return EXIT_FAILURE;
    }
  return EXIT_SUCCESS;
}
