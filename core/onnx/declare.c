/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/onnx/onnx-private.h"

#include "core/graph/op.h"

/* ONNX wants the type and the rank of every output of a file. A graph knows
 * them only at given sizes, so they are followed from the inputs here. */

/* Operators whose outputs have the rank of the first input. */
static const char *const keeps_rank[] = {
  "Abs", "AveragePool", "BatchNormalization", "Cast", "CastLike", "Ceil",
  "Celu", "Clip", "Concat", "Conv", "ConvTranspose", "DepthToSpace", "Dropout",
  "Elu", "Erf", "Exp", "Floor", "Gelu", "GlobalAveragePool", "GlobalMaxPool",
  "GroupNormalization", "HardSigmoid", "HardSwish", "Identity",
  "InstanceNormalization", "LRN", "LayerNormalization", "LeakyRelu", "Log",
  "LogSoftmax", "LpNormalization", "MaxPool", "Mish", "Neg", "Not", "PRelu",
  "Pad", "Reciprocal", "Relu", "Resize", "Round", "Selu", "Sigmoid", "Sign",
  "Slice", "Softmax", "Softplus", "Softsign", "SpaceToDepth", "Split", "Sqrt",
  "Tanh", "ThresholdedRelu", "Tile", "Transpose", "Upsample", NULL,
};

/* Operators that broadcast. */
static const char *const takes_widest[] = {
  "Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less",
  "LessOrEqual", "Max", "Mean", "Min", "Mul", "Or", "Pow", "Sub", "Sum",
  "Where", "Xor", NULL,
};

static const char *const gives_bool[] = {
  "And", "Equal", "Greater", "GreaterOrEqual", "IsInf", "IsNaN", "Less",
  "LessOrEqual", "Not", "Or", "Xor", NULL,
};

static const char *const gives_int64[] = {
  "ArgMax", "ArgMin", "NonZero", "Shape", "Size", NULL,
};

static PstDtype
find_dtype (const PstNode *node, const PstOnnxKind *kinds)
{
  const char    *type = node->op->type;
  const PstAttr *value = pst_node_attr (node, "value");
  int            from =
      g_str_equal (type, "Where") || g_str_equal (type, "CastLike") ? 1 : 0;

  if (g_strv_contains (gives_bool, type))
    return PST_BOOL;
  if (g_strv_contains (gives_int64, type))
    return PST_INT64;
  if (g_str_equal (type, "Cast"))
    return pst_onnx_dtype ((int) pst_node_get_int (node, "to", 0));
  if (g_str_equal (type, "ConstantOfShape"))
    return value && value->tensor ? value->tensor->tensor.dtype : PST_FLOAT32;
  if (from < node->n_in && node->in[from])
    return kinds[node->in[from]->index].dtype;
  return PST_FLOAT32;
}

/* Second outputs that are of a type of their own. */
static PstDtype
second_dtype (const PstNode *node, PstDtype first)
{
  if (g_str_equal (node->op->type, "MaxPool"))
    return PST_INT64;
  return g_str_equal (node->op->type, "Dropout") ? PST_BOOL : first;
}

/* How many numbers a parameter in one dimension has; -1: not known. */
static int
length_of (const PstNode *node, int i)
{
  const PstValue *list = i < node->n_in ? node->in[i] : NULL;

  if (! list || ! list->array || list->info.shape.rank != 1 ||
      list->info.shape.dim[0] > PST_MAX_RANK)
    return -1;
  return (int) list->info.shape.dim[0];
}

/* How many axes a node names, in either way; -1: not known, or none. */
static int
count_axes (const PstNode *node)
{
  int n;

  return pst_node_get_ints (node, "axes", &n) ? n : length_of (node, 1);
}

static int
rank_of (const PstNode *node, int i, const PstOnnxKind *kinds)
{
  return i < node->n_in && node->in[i] ? kinds[node->in[i]->index].rank : -1;
}

static int
widest_rank (const PstNode *node, const PstOnnxKind *kinds)
{
  int widest = -1;

  for (int i = 0; i < node->n_in; i++)
    {
      int rank = rank_of (node, i, kinds);

      if (rank < 0)
        return -1;
      widest = MAX (widest, rank);
    }
  return widest;
}

/* Of operators that add or remove dimensions. */
static int
changed_rank (const PstNode *node, int first, const PstOnnxKind *kinds)
{
  const char *type = node->op->type;
  int         second = rank_of (node, 1, kinds);
  int         axes = count_axes (node);

  if (g_str_equal (type, "Reshape"))
    return length_of (node, 1);
  if (g_str_equal (type, "ConstantOfShape"))
    return length_of (node, 0);
  if (first < 0)
    return -1;
  if (g_str_equal (type, "Gather") && second >= 0)
    return first + second - 1;
  if (g_str_equal (type, "MatMul") && first >= 2 && second >= 2)
    return MAX (first, second);
  if ((g_str_has_prefix (type, "Reduce") || g_str_has_prefix (type, "Arg")) &&
      pst_node_get_int (node, "keepdims", 1))
    return first;
  if (g_str_has_prefix (type, "Arg"))
    return first - 1;
  if (axes < 0)
    return -1;
  if (g_str_equal (type, "Unsqueeze"))
    return first + axes;
  if (g_str_equal (type, "Squeeze") || g_str_has_prefix (type, "Reduce"))
    return first - axes;
  return -1;
}

static int
find_rank (const PstNode *node, const PstOnnxKind *kinds)
{
  const char *type = node->op->type;
  int         first = rank_of (node, 0, kinds);
  int         rank;

  if (*node->op->domain)
    return -1;
  if (g_strv_contains (keeps_rank, type))
    return first;
  if (g_strv_contains (takes_widest, type))
    return widest_rank (node, kinds);
  if (g_str_equal (type, "Shape"))
    return 1;
  if (g_str_equal (type, "Gemm") || g_str_equal (type, "Flatten"))
    return 2;
  rank = changed_rank (node, first, kinds);
  return rank >= 0 && rank <= PST_MAX_RANK ? rank : -1;
}

PstOnnxKind *
pst_onnx_declare (PstGraph *graph)
{
  GPtrArray   *values = pst_graph_get_values (graph);
  GPtrArray   *nodes = pst_graph_get_nodes (graph);
  PstOnnxKind *kinds = g_new0 (PstOnnxKind, values->len + 1);

  for (guint i = 0; i < values->len; i++)
    {
      const PstValue *value = g_ptr_array_index (values, i);

      kinds[i] = (PstOnnxKind) { PST_FLOAT32, -1 };
      if (value->info.dtype != PST_DTYPE_NONE)
        kinds[i] = (PstOnnxKind) { value->info.dtype, value->info.shape.rank };
    }
  for (guint i = 0; i < nodes->len; i++)
    {
      const PstNode *node = g_ptr_array_index (nodes, i);
      PstOnnxKind    kind = { find_dtype (node, kinds),
                              find_rank (node, kinds) };

      for (int j = 0; j < node->n_out; j++)
        if (node->out[j] && node->out[j]->info.dtype == PST_DTYPE_NONE)
          {
            kinds[node->out[j]->index] = kind;
            if (j == 1)
              kinds[node->out[j]->index].dtype =
                  second_dtype (node, kind.dtype);
          }
    }
  return kinds;
}
