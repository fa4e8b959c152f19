/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/penalty.h"

#include <string.h>

#include "core/graph/op.h"

/* A parameter of @shape that is @number everywhere. */
static PstValue *
filled (PstGraph *graph, const char *name, PstShape shape, float number)
{
  g_autoptr (PstArray) array = pst_array_new (PST_FLOAT32, &shape, TRUE);

  if (! array)
    g_error ("There is no memory for a constant");
  for (gint64 i = 0; i < pst_shape_count (&shape); i++)
    ((float *) array->tensor.data)[i] = number;
  return pst_graph_add_parameter (graph, name, array);
}

static gboolean
is (const PstNode *node, const char *type)
{
  return strcmp (node->op->type, type) == 0;
}

/* The nodes from @value back to @end, the last one first. */
static GPtrArray *
chain (PstValue *value, PstValue *end)
{
  GPtrArray *nodes = g_ptr_array_new ();

  for (; value != end; value = ((PstNode *) value->producer)->in[0])
    {
      if (! value->producer)
        g_error ("The discriminator does not lead back to its picture");
      g_ptr_array_add (nodes, value->producer);
    }
  return nodes;
}

/* Side of what a convolution makes of @side; what is left over in @rest. */
static int
convolved (const PstNode *conv, int side, int *rest)
{
  int           n;
  int           k = (int) conv->in[1]->info.shape.dim[2];
  const gint64 *strides = pst_node_get_ints (conv, "strides", &n);
  int           stride = strides ? (int) strides[0] : 1;

  *rest = (side - k) % stride;
  return (side - k) / stride + 1;
}

static PstValue *
transposed (PstGraph *graph, const PstNode *conv, PstValue *g, int rest)
{
  int           n;
  const gint64 *strides = pst_node_get_ints (conv, "strides", &n);
  const gint64 *k = conv->in[1]->info.shape.dim + 2;

  g = pst_graph_op (graph, "ConvTranspose", 2, g, conv->in[1]);
  pst_node_set_ints (g->producer, "kernel_shape", k, 2);
  if (strides)
    pst_node_set_ints (g->producer, "strides", strides, 2);
  pst_node_set_ints (g->producer, "output_padding", PST_INTS (rest, rest));
  return g;
}

/* The gradient by the first input of @node, @g being that by its output. */
static PstValue *
back (PstGraph *graph, const PstNode *node, PstValue *g, int rest)
{
  PstValue *slope;

  if (is (node, "Conv"))
    return transposed (graph, node, g, rest);
  if (is (node, "Mul"))
    return pst_graph_op (graph, "Mul", 2, g, node->in[1]);
  if (is (node, "Add") || is (node, "Sub"))
    return g;
  if (! is (node, "LeakyRelu"))
    g_error ("%s has no place in a discriminator", node->op->type);
  slope = pst_graph_op (graph, "pastiche.Slope", 1, node->out[0]);
  pst_node_set_float (slope->producer, "alpha",
                      pst_node_get_float (node, "alpha", 0.01f));
  return pst_graph_op (graph, "Mul", 2, g, slope);
}

PstValue *
pst_penalty_gradient (PstGraph *graph, PstValue *logits, PstValue *picture,
                      PstValue *style, int side)
{
  g_autoptr (GPtrArray) nodes = chain (logits, picture);
  g_autofree int       *rest = g_new0 (int, nodes->len);
  static const gint64   last[] = { 2, 3 };
  PstShape              two = PST_SHAPE (2);
  g_autoptr (PstArray)  axes = pst_array_new_ints (&two, last);
  PstValue             *g;

  for (guint i = nodes->len; i-- > 0;)
    if (is (nodes->pdata[i], "Conv"))
      side = convolved (nodes->pdata[i], side, &rest[i]);
  g = pst_graph_op (graph, "Unsqueeze", 2, style,
                    pst_graph_add_parameter (graph, "penalty.axes", axes));
  g = pst_graph_op (graph, "Mul", 2,
                    filled (graph, "penalty.mean", PST_SHAPE (1, 1, side, side),
                            1.0f / (float) (side * side)), g);
  for (guint i = 0; i < nodes->len; i++)
    g = back (graph, nodes->pdata[i], g, rest[i]);
  return g;
}

PstValue *
pst_loss_penalty (PstGraph *graph, PstValue *logits, PstValue *picture,
                  PstValue *style, int side)
{
  PstShape  one = PST_SHAPE (1);
  PstValue *g = pst_penalty_gradient (graph, logits, picture, style, side);
  PstValue *x;

  x = pst_graph_op (graph, "ReduceSumSquare", 1, g);
  pst_node_set_ints (x->producer, "axes", PST_INTS (1, 2, 3));
  pst_node_set_int (x->producer, "keepdims", 0);
  /* a step of the picture from -1 to 1 is twice that from 0 to 1; the root
   * of 0 has no slope */
  x = pst_graph_op (graph, "Mul", 2, x,
                    filled (graph, "penalty.range", one, 0.25f));
  x = pst_graph_op (graph, "Add", 2, x,
                    filled (graph, "penalty.tiny", one, 1e-12f));
  x = pst_graph_op (graph, "Sub", 2, pst_graph_op (graph, "Sqrt", 1, x),
                    filled (graph, "penalty.one", one, 1));
  return pst_graph_op (graph, "Mul", 2, x, x);
}
