/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes the network of Johnson et al. (Perceptual losses for real-time style
 * transfer, ECCV 2016) as in pytorch/examples, with fixed random weights.
 * Pictures and paintings are about 0 to 1.
 *
 *   write-network classical|half-width FILE [WIDTHxHEIGHT]
 *
 * Without a size it takes pictures of any.
 */
#include <math.h>
#include <stdio.h>

#include "core/onnx/onnx.h"

#define BLOCKS 5
#define EPSILON 1e-5f

typedef struct
{
  PstGraph *graph;
  GRand    *rand;
  PstValue *pads[5];
  PstValue *twice;
} Builder;

static PstValue *
parameter (Builder *b, const char *name, PstShape shape, double low,
           double high)
{
  g_autoptr (PstArray) array = pst_array_new (PST_FLOAT32, &shape, TRUE);

  for (gint64 i = 0; i < pst_shape_count (&shape); i++)
    pst_tensor_set (&array->tensor, i,
                    g_rand_double_range (b->rand, low, high));
  return pst_graph_add_parameter (b->graph, name, array);
}

static PstValue *
reflect (Builder *b, PstValue *x, int p)
{
  if (! b->pads[p])
    {
      PstShape             shape = PST_SHAPE (8);
      g_autoptr (PstArray) array = pst_array_new_ints (
          &shape, (const gint64[]) { 0, 0, p, p, 0, 0, p, p });

      b->pads[p] = pst_graph_add_parameter (b->graph, "pads", array);
    }
  x = pst_graph_op (b->graph, "Pad", 2, x, b->pads[p]);
  pst_node_set_string (x->producer, "mode", "reflect");
  return x;
}

/* Reflect padding and convolution; weights that keep a variance of 1, times
 * @gain, and biases about @middle. */
static PstValue *
conv (Builder *b, PstValue *x, int from, int to, int kernel, int stride,
      double gain, double middle)
{
  double    range = gain * sqrt (3.0 / (from * kernel * kernel));
  PstValue *weight = parameter (b, "weight",
                                PST_SHAPE (to, from, kernel, kernel), -range,
                                range);
  PstValue *bias = parameter (b, "bias", PST_SHAPE (to), middle - 0.1,
                              middle + 0.1);

  x = pst_graph_op (b->graph, "Conv", 3, reflect (b, x, kernel / 2), weight,
                    bias);
  pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (kernel, kernel));
  pst_node_set_ints (x->producer, "strides", PST_INTS (stride, stride));
  return x;
}

/* Padding, convolution and instance norm. */
static PstValue *
layer (Builder *b, PstValue *x, int from, int to, int kernel, int stride)
{
  PstValue *scale = parameter (b, "scale", PST_SHAPE (to), 0.5, 1.5);
  PstValue *shift = parameter (b, "shift", PST_SHAPE (to), -0.2, 0.2);

  x = conv (b, x, from, to, kernel, stride, 1.0, 0.0);
  x = pst_graph_op (b->graph, "InstanceNormalization", 3, x, scale, shift);
  pst_node_set_float (x->producer, "epsilon", EPSILON);
  return x;
}

static PstValue *
relu (Builder *b, PstValue *x)
{
  return pst_graph_op (b->graph, "Relu", 1, x);
}

static PstValue *
enlarge (Builder *b, PstValue *x)
{
  if (! b->twice)
    {
      PstShape             shape = PST_SHAPE (4);
      g_autoptr (PstArray) array = pst_array_new_floats (
          &shape, (const float[]) { 1, 1, 2, 2 });

      b->twice = pst_graph_add_parameter (b->graph, "scales", array);
    }
  x = pst_graph_op (b->graph, "Resize", 3, x, NULL, b->twice);
  pst_node_set_string (x->producer, "mode", "nearest");
  pst_node_set_string (x->producer, "nearest_mode", "floor");
  pst_node_set_string (x->producer, "coordinate_transformation_mode",
                       "asymmetric");
  return x;
}

static void
build (Builder *b, int width, gint64 columns, gint64 rows)
{
  PstShape  shape = PST_SHAPE (1, 3, rows, columns);
  PstValue *x = pst_graph_add_input (b->graph, "image", PST_FLOAT32, &shape);

  x = relu (b, layer (b, x, 3, width, 9, 1));
  x = relu (b, layer (b, x, width, 2 * width, 3, 2));
  x = relu (b, layer (b, x, 2 * width, 4 * width, 3, 2));
  for (int i = 0; i < BLOCKS; i++)
    {
      PstValue *y = relu (b, layer (b, x, 4 * width, 4 * width, 3, 1));

      y = layer (b, y, 4 * width, 4 * width, 3, 1);
      x = pst_graph_op (b->graph, "Add", 2, y, x);
    }
  x = relu (b, layer (b, enlarge (b, x), 4 * width, 2 * width, 3, 1));
  x = relu (b, layer (b, enlarge (b, x), 2 * width, width, 3, 1));
  pst_graph_add_output (b->graph, conv (b, x, width, 3, 9, 1, 0.25, 0.5),
                        "painting");
}

int
main (int argc, char **argv)
{
  g_autoptr (PstGraph) graph = pst_graph_new ();
  g_autoptr (GRand)    rand = g_rand_new_with_seed (7);
  g_autoptr (GError)   error = NULL;
  Builder              b = { .graph = graph, .rand = rand };
  int                  width = 0, columns = -1, rows = -1;

  if (argc > 2 && g_str_equal (argv[1], "classical"))
    width = 32;
  else if (argc > 2 && g_str_equal (argv[1], "half-width"))
    width = 16;
  if (! width || argc > 4 ||
      (argc > 3 && sscanf (argv[3], "%dx%d", &columns, &rows) != 2))
    {
      fprintf (stderr, "usage: write-network classical|half-width FILE "
                       "[WIDTHxHEIGHT]\n");
      return 2;
    }
  build (&b, width, columns, rows);
  pst_graph_seal (graph);
  if (! pst_onnx_save (graph, argv[2], &error))
    {
      fprintf (stderr, "write-network: %s\n", error->message);
      return 1;
    }
  return 0;
}
