/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/test-network.h"

#include <math.h>

static PstValue *
layer (PstGraph *graph, PstValue *x, const char *activation, const char *name,
       int in, int out, float bound)
{
  PstShape             shape = PST_SHAPE (out, in, 3, 3);
  g_autoptr (PstArray) array = pst_array_new (PST_FLOAT32, &shape, TRUE);
  PstRandom            random;

  pst_random_init (&random, out, PST_STREAM_TEST, in);
  for (gint64 i = 0; i < pst_shape_count (&shape); i++)
    ((float *) array->tensor.data)[i] =
        (float) pst_random_range (&random, -bound, bound);
  x = pst_graph_op (graph, "Conv", 2, x,
                    pst_graph_add_parameter (graph, "weight", array));
  pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (3, 3));
  pst_node_set_ints (x->producer, "pads", PST_INTS (1, 1, 1, 1));
  x = pst_graph_op (graph, activation, 1, x);
  pst_graph_add_output (graph, x, name);
  return x;
}

PstGraph *
test_network_make (const char *activation, const char *pool, int a, int b,
                   float bound)
{
  PstGraph *graph = pst_graph_new ();
  PstShape  shape = PST_SHAPE (-1, 3, -1, -1);
  PstValue *x = pst_graph_add_input (graph, "image", PST_FLOAT32, &shape);

  x = layer (graph, x, activation, "shallow", 3, a, bound);
  x = pst_graph_op (graph, pool, 1, x);
  pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (2, 2));
  pst_node_set_ints (x->producer, "strides", PST_INTS (2, 2));
  layer (graph, x, activation, "deep", a, b, bound);
  pst_graph_seal (graph);
  return graph;
}

PstGraph *
test_network_new (void)
{
  return test_network_make ("Softplus", "AveragePool", 5, 7, 1.5f);
}

PstPicture *
test_network_waves (int width, int height, double pace)
{
  PstPicture *picture = pst_picture_new (width, height);

  for (int i = 0; i < width * height * 3; i++)
    picture->data[i] =
        (guint8) (128 + 90 * sin (i / 3 % width * pace + i % 3) *
                            cos (i / 3 / width * 0.4));
  return picture;
}
