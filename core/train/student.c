/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/student.h"

#include <math.h>

/* Of photos, roughly: mean and deviation of all three channels. */
#define MEAN 0.45f
#define DEVIATION 0.25f

typedef struct
{
  PstNetwork *network;
  PstGraph   *graph;
  PstRandom   random;
} Builder;

/* Uniform within @bound; all zeros where that is 0. */
static PstValue *
add_weight (Builder *b, const char *name, const PstShape *shape, double bound)
{
  PstArray *array = pst_array_new (PST_FLOAT32, shape, TRUE);
  float    *data;

  if (! array)
    g_error ("There is no memory for the weights of a network");
  data = array->tensor.data;
  for (gint64 i = 0; i < pst_shape_count (shape); i++)
    data[i] = bound > 0
                  ? (float) pst_random_range (&b->random, -bound, bound)
                  : 0.0f;
  g_ptr_array_add (b->network->weights, array);
  g_ptr_array_add (b->network->names, g_strdup (name));
  return pst_graph_add_parameter (b->graph, name, array);
}

static PstValue *
add_float (Builder *b, const char *name, float value)
{
  g_autoptr (PstArray) array = NULL;

  array = pst_array_new_floats (PST_SHAPE_OF (1), &value);
  return pst_graph_add_parameter (b->graph, name, array);
}

/* A convolution of @k x @k that keeps the size, and ReLU. */
static PstValue *
convolve (Builder *b, PstValue *x, const char *name, gint64 in, gint64 out,
          int k)
{
  g_autofree char *weight = g_strconcat (name, ".weight", NULL);
  g_autofree char *bias = g_strconcat (name, ".bias", NULL);
  gint64           pad = k / 2;
  PstValue        *w;

  w = add_weight (b, weight, PST_SHAPE_OF (out, in, k, k),
                  sqrt (6.0 / (double) (in * k * k)));
  x = pst_graph_op (b->graph, "Conv", 3, x, w,
                    add_weight (b, bias, PST_SHAPE_OF (out), 0));
  pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (k, k));
  pst_node_set_ints (x->producer, "pads", PST_INTS (pad, pad, pad, pad));
  return pst_graph_op (b->graph, "Relu", 1, x);
}

static PstValue *
halve (Builder *b, PstValue *x)
{
  x = pst_graph_op (b->graph, "MaxPool", 1, x);
  pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (2, 2));
  pst_node_set_ints (x->producer, "strides", PST_INTS (2, 2));
  return x;
}

PstNetwork *
pst_network_student (const PstRecipeStudent *shape, const char *const *names,
                     const gint64 *channels, guint64 seed)
{
  Builder   b = { g_new0 (PstNetwork, 1) };
  PstValue *x;
  gint64    in = 3;

  b.graph = b.network->graph = pst_graph_new ();
  b.network->weights =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pst_array_unref);
  b.network->names = g_ptr_array_new_with_free_func (g_free);
  pst_random_init (&b.random, seed, PST_STREAM_GENERATOR, 0);
  x = pst_graph_add_input (b.graph, "image", PST_FLOAT32,
                           PST_SHAPE_OF (-1, 3, -1, -1));
  x = pst_graph_op (b.graph, "Sub", 2, x, add_float (&b, "mean", MEAN));
  x = pst_graph_op (b.graph, "Mul", 2, x,
                    add_float (&b, "scale", 1 / DEVIATION));
  for (int s = 0; s < shape->stages; s++)
    {
      if (s > 0)
        x = halve (&b, x);
      for (int i = 0; i < shape->depths[s]; i++)
        {
          g_autofree char *name = g_strdup_printf ("conv%d_%d", s + 1, i + 1);
          g_autofree char *show = g_strdup_printf ("show%d", s + 1);

          x = convolve (&b, x, name, in, shape->widths[s], 3);
          in = shape->widths[s];
          if (i == 0)
            pst_graph_add_output (b.graph,
                                  convolve (&b, x, show, in, channels[s], 1),
                                  names[s]);
        }
    }
  pst_graph_seal (b.graph);
  return b.network;
}
