/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes networks with fixed random weights into a folder, for comparisons
 * with other engines: write-networks FOLDER */
#include <math.h>
#include <stdio.h>

#include "core/onnx/onnx.h"
#include "core/train/networks.h"

typedef struct
{
  PstGraph *graph;
  GRand    *rand;
} Builder;

static PstValue *
noise (Builder *b, PstShape shape, double low, double high)
{
  g_autoptr (PstArray) array = pst_array_new (PST_FLOAT32, &shape, TRUE);

  for (gint64 i = 0; i < pst_shape_count (&shape); i++)
    pst_tensor_set (&array->tensor, i,
                    g_rand_double_range (b->rand, low, high));
  return pst_graph_add_parameter (b->graph, "noise", array);
}

static PstValue *
floats (Builder *b, int n, const float *values)
{
  PstShape             shape = PST_SHAPE (n);
  g_autoptr (PstArray) array = pst_array_new_floats (&shape, values);

  return pst_graph_add_parameter (b->graph, "floats", array);
}

static PstValue *
ints (Builder *b, const gint64 *values, int n)
{
  PstShape             shape = PST_SHAPE (n);
  g_autoptr (PstArray) array = pst_array_new_ints (&shape, values);

  return pst_graph_add_parameter (b->graph, "ints", array);
}

static PstValue *
image (Builder *b)
{
  PstShape shape = PST_SHAPE (-1, 3, -1, -1);

  return pst_graph_add_input (b->graph, "image", PST_FLOAT32, &shape);
}

static void
output (Builder *b, PstValue *value, const char *name)
{
  pst_graph_add_output (b->graph, value, name);
}

static PstValue *
one (Builder *b, const char *type, PstValue *x)
{
  return pst_graph_op (b->graph, type, 1, x);
}

static PstValue *
two (Builder *b, const char *type, PstValue *x, PstValue *y)
{
  return pst_graph_op (b->graph, type, 2, x, y);
}

static PstValue *
conv (Builder *b, PstValue *x, int from, int to, int kh, int kw)
{
  double    range = sqrt (3.0 / (from * kh * kw));
  PstValue *weight = noise (b, PST_SHAPE (to, from, kh, kw), -range, range);

  return pst_graph_op (b->graph, "Conv", 3, x, weight,
                       noise (b, PST_SHAPE (to), -0.2, 0.2));
}

static PstValue *
reflect (Builder *b, PstValue *x, int p)
{
  x = two (b, "Pad", x, ints (b, PST_INTS (0, 0, p, p, 0, 0, p, p)));
  pst_node_set_string (x->producer, "mode", "reflect");
  return x;
}

static PstValue *
normalise (Builder *b, PstValue *x, int n)
{
  x = pst_graph_op (b->graph, "InstanceNormalization", 3, x,
                    noise (b, PST_SHAPE (n), 0.5, 1.5),
                    noise (b, PST_SHAPE (n), -0.5, 0.5));
  pst_node_set_float (x->producer, "epsilon", 1e-5f);
  return x;
}

/* Padding, convolution and instance norm. */
static PstValue *
layer (Builder *b, PstValue *x, int from, int to, int kernel, int stride)
{
  x = conv (b, reflect (b, x, kernel / 2), from, to, kernel, kernel);
  pst_node_set_ints (x->producer, "strides", PST_INTS (stride, stride));
  return normalise (b, x, to);
}

static PstValue *
enlarge (Builder *b, PstValue *x)
{
  x = pst_graph_op (b->graph, "Resize", 3, x, NULL,
                    floats (b, 4, (const float[]) { 1, 1, 2, 2 }));
  pst_node_set_string (x->producer, "mode", "nearest");
  pst_node_set_string (x->producer, "nearest_mode", "floor");
  pst_node_set_string (x->producer, "coordinate_transformation_mode",
                       "asymmetric");
  return x;
}

/* Johnson et al., "Perceptual losses", as in pytorch/examples. */
static void
classical (Builder *b, int width)
{
  PstValue *x = image (b);

  x = one (b, "Relu", layer (b, x, 3, width, 9, 1));
  x = one (b, "Relu", layer (b, x, width, 2 * width, 3, 2));
  x = one (b, "Relu", layer (b, x, 2 * width, 4 * width, 3, 2));
  for (int i = 0; i < 5; i++)
    {
      PstValue *y = one (b, "Relu", layer (b, x, 4 * width, 4 * width, 3, 1));

      x = two (b, "Add", layer (b, y, 4 * width, 4 * width, 3, 1), x);
    }
  x = one (b, "Relu", layer (b, enlarge (b, x), 4 * width, 2 * width, 3, 1));
  x = one (b, "Relu", layer (b, enlarge (b, x), 2 * width, width, 3, 1));
  output (b, conv (b, reflect (b, x, 4), width, 3, 9, 9), "pastiche");
}

static void
build_classical (Builder *b)
{
  classical (b, 32);
}

static void
build_quarter (Builder *b)
{
  classical (b, 8);
}

/* Convolutions of many kinds, side by side. */
static void
build_convolutions (Builder *b)
{
  PstValue *x = image (b);
  PstValue *y = one (b, "Relu", conv (b, x, 3, 16, 1, 1));
  PstValue *z;

  output (b, y, "pointwise");
  z = conv (b, y, 16, 8, 3, 5);
  pst_node_set_ints (z->producer, "pads", PST_INTS (0, 3, 2, 1));
  output (b, z, "oblong");
  z = conv (b, y, 16, 24, 4, 4);
  pst_node_set_ints (z->producer, "strides", PST_INTS (2, 3));
  pst_node_set_ints (z->producer, "pads", PST_INTS (1, 1, 1, 1));
  output (b, one (b, "LeakyRelu", z), "strided");
  z = conv (b, y, 16, 8, 3, 3);
  pst_node_set_ints (z->producer, "dilations", PST_INTS (2, 3));
  pst_node_set_ints (z->producer, "pads", PST_INTS (2, 3, 2, 3));
  output (b, z, "dilated");
  z = conv (b, y, 4, 8, 3, 3); /* four groups of 4 -> 2 */
  pst_node_set_int (z->producer, "group", 4);
  output (b, z, "grouped");
  z = conv (b, y, 16, 32, 3, 3);
  pst_node_set_ints (z->producer, "pads", PST_INTS (1, 1, 1, 1));
  output (b, z, "usual");
  z = conv (b, y, 16, 8, 4, 4);
  pst_node_set_string (z->producer, "auto_pad", "SAME_UPPER");
  pst_node_set_ints (z->producer, "strides", PST_INTS (2, 2));
  output (b, z, "same-upper");
  z = conv (b, y, 16, 8, 4, 3);
  pst_node_set_string (z->producer, "auto_pad", "SAME_LOWER");
  output (b, z, "same-lower");
}

static PstValue *
pool (Builder *b, const char *type, PstValue *x, gint64 kernel, gint64 stride,
      gint64 pad)
{
  x = one (b, type, x);
  pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (kernel, kernel));
  pst_node_set_ints (x->producer, "strides", PST_INTS (stride, stride));
  pst_node_set_ints (x->producer, "pads", PST_INTS (pad, pad, pad, pad));
  return x;
}

static PstValue *
reduce (Builder *b, const char *type, PstValue *x, gint64 keep)
{
  x = one (b, type, x);
  pst_node_set_ints (x->producer, "axes", PST_INTS (2, 3));
  pst_node_set_int (x->producer, "keepdims", keep);
  return x;
}

static void
build_pools (Builder *b)
{
  PstValue *x = conv (b, image (b), 3, 8, 3, 3);

  output (b, pool (b, "MaxPool", x, 2, 2, 0), "max");
  output (b, pool (b, "MaxPool", x, 3, 2, 1), "max-padded");
  output (b, pool (b, "AveragePool", x, 2, 2, 0), "average");
  output (b, pool (b, "AveragePool", x, 3, 1, 1), "average-padded");
  output (b, one (b, "GlobalAveragePool", x), "global");
  output (b, reduce (b, "ReduceMean", x, 0), "mean");
  output (b, reduce (b, "ReduceMax", x, 1), "largest");
  output (b, reduce (b, "ReduceSumSquare", x, 1), "squares");
}

static void
build_elementwise (Builder *b)
{
  static const char *const unary[] = { "Relu", "Sigmoid", "Tanh", "Softplus",
                                       "Exp", "Abs", "Neg", "Floor", "Ceil" };
  static const char *const binary[] = { "Add", "Sub", "Mul", "Div", "Max",
                                        "Min" };
  PstValue *x = conv (b, image (b), 3, 4, 1, 1);
  PstValue *row = noise (b, PST_SHAPE (4, 1, 1), 0.5, 2.0);
  PstValue *y;

  for (gsize i = 0; i < G_N_ELEMENTS (unary); i++)
    output (b, one (b, unary[i], x), unary[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (binary); i++)
    output (b, two (b, binary[i], x, row), binary[i]);
  y = one (b, "Sigmoid", x);
  output (b, one (b, "Log", y), "Log");
  output (b, one (b, "Sqrt", y), "Sqrt");
  output (b, one (b, "Reciprocal", one (b, "Exp", y)), "Reciprocal");
  output (b, two (b, "Pow", y, floats (b, 1, (const float[]) { 1.5f })),
          "Pow");
  output (b, two (b, "Div", row, one (b, "Exp", x)), "row-by-map");
}

/* Sizes worked out by nodes, as exporters write them. */
static void
build_shapes (Builder *b)
{
  PstValue *x = conv (b, image (b), 3, 6, 3, 3);
  PstValue *shape = one (b, "Shape", x);
  PstValue *n = two (b, "Gather", shape, ints (b, PST_INTS (0)));
  PstValue *size = pst_graph_op (b->graph, "Slice", 3, shape,
                                 ints (b, PST_INTS (2)),
                                 ints (b, PST_INTS (4)));
  PstValue *to = pst_graph_op (b->graph, "Concat", 3, n,
                               ints (b, PST_INTS (2, 3)), size);
  PstValue *y;

  pst_node_set_int (to->producer, "axis", 0);
  y = two (b, "Reshape", x, to);
  output (b, y, "groups");
  y = one (b, "Transpose", y);
  pst_node_set_ints (y->producer, "perm", PST_INTS (0, 2, 1, 3, 4));
  y = two (b, "Reshape", y, ints (b, PST_INTS (0, 6, -1)));
  output (b, y, "shuffled");
  output (b, two (b, "MatMul", noise (b, PST_SHAPE (5, 6), -1, 1), y),
          "product");
  y = pst_graph_op (b->graph, "Slice", 5, x, ints (b, PST_INTS (1, -2)),
                    ints (b, PST_INTS (-1, -9)), ints (b, PST_INTS (2, 3)),
                    ints (b, PST_INTS (2, -1)));
  output (b, y, "sliced");
  y = two (b, "Pad", x, ints (b, PST_INTS (0, 1, 2, 3, 0, 0, -1, 4)));
  output (b, y, "padded");
  y = two (b, "Pad", x, ints (b, PST_INTS (0, 0, 2, 3, 0, 0, 1, 4)));
  pst_node_set_string (y->producer, "mode", "edge");
  output (b, y, "edge");
  output (b, size, "size");
}

static void
write (const char *folder, const char *name, PstGraph *graph)
{
  g_autofree char   *file = g_strconcat (name, ".onnx", NULL);
  g_autofree char   *path = g_build_filename (folder, file, NULL);
  g_autoptr (GError) error = NULL;

  if (! pst_onnx_save (graph, path, &error))
    g_error ("%s", error->message);
}

/* Training starts from some weights that are all the same, such as scales of
 * 1, which would hide mistakes: draws them anew. */
static void
shake (PstNetwork *network)
{
  GRand *rand = g_rand_new_with_seed (11);

  for (guint i = 0; i < network->weights->len; i++)
    {
      PstArray *array = g_ptr_array_index (network->weights, i);
      gint64    n = pst_tensor_count (&array->tensor);
      double    first = pst_tensor_get (&array->tensor, 0);
      gboolean  same = TRUE;

      for (gint64 j = 1; j < n && same; j++)
        same = pst_tensor_get (&array->tensor, j) == first;
      for (gint64 j = 0; j < n && same; j++)
        pst_tensor_set (&array->tensor, j,
                        first + g_rand_double_range (rand, 0.2, 0.8));
    }
  g_rand_free (rand);
}

static void
write_own (const char *folder)
{
  const PstRecipeDiscriminator shape = {
    .depth = 2,
    .channels = { 8, 16 },
    .strides = { 2, 2 },
    .gain = 0.5,
  };
  g_autoptr (PstNetwork) generator =
      pst_network_generator (8, 2, 5, 1e-5, PST_SKIP_LOGIT, 3);
  g_autoptr (PstNetwork) discriminator =
      pst_network_discriminator (&shape, 4, 3, 0);

  shake (generator);
  shake (discriminator);
  write (folder, "generator", generator->graph);
  write (folder, "discriminator", discriminator->graph);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    void (*build) (Builder *b);
  } networks[] = {
    { "classical", build_classical },
    { "quarter", build_quarter },
    { "convolutions", build_convolutions },
    { "pools", build_pools },
    { "elementwise", build_elementwise },
    { "shapes", build_shapes },
  };

  if (argc != 2)
    {
      fprintf (stderr, "usage: write-networks FOLDER\n");
      return 2;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (networks); i++)
    {
      g_autoptr (PstGraph) graph = pst_graph_new ();
      Builder b = { graph, g_rand_new_with_seed (7) };

      networks[i].build (&b);
      write (argv[1], networks[i].name, graph);
      g_rand_free (b.rand);
    }
  write_own (argv[1]);
  return 0;
}
