/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/ops/op-test.h"

static gboolean
is_reduced (const PstOpTest *t, int axis)
{
  int           n = 0, rank = t->in[0].shape.rank;
  const gint64 *axes = pst_node_get_ints (t->node, "axes", &n);

  if (g_str_has_prefix (t->node->op->type, "Global"))
    return axis >= 2;
  if (t->n_in > 1)
    {
      for (gint64 i = 0; i < t->in[1].count; i++)
        if (t->in[1].v[i] == axis || t->in[1].v[i] == axis - rank)
          return TRUE;
      if (t->in[1].count > 0)
        return FALSE;
    }
  if (n == 0)
    return ! pst_node_get_int (t->node, "noop_with_empty_axes", 0);
  for (int i = 0; i < n; i++)
    if (axes[i] == axis || axes[i] == axis - rank)
      return TRUE;
  return FALSE;
}

static double
start_of (const char *op)
{
  return strstr (op, "Max")   ? -INFINITY
         : strstr (op, "Min") ? INFINITY
         : strstr (op, "Prod") ? 1.0
                               : 0.0;
}

static double
add (double a, double x)
{
  return a + x;
}

static double
multiply (double a, double x)
{
  return a * x;
}

static double
add_absolute (double a, double x)
{
  return a + fabs (x);
}

static double
add_square (double a, double x)
{
  return a + x * x;
}

static double
add_exponential (double a, double x)
{
  return a + exp (x);
}

typedef double (*Combine) (double a, double x);

static Combine
find_combine (const char *op)
{
  return strstr (op, "Max")         ? fmax
         : strstr (op, "Min")       ? fmin
         : strstr (op, "Prod")      ? multiply
         : strstr (op, "L1")        ? add_absolute
         : strstr (op, "L2")        ? add_square
         : strstr (op, "SumSquare") ? add_square
         : strstr (op, "SumExp")    ? add_exponential
                                    : add;
}

/* How far each axis of the input moves in the result: 0 where it is
 * reduced. */
static void
find_steps (const PstOpTest *t, gint64 *steps)
{
  const PstShape *shape = &t->in[0].shape;
  gint64          step = 1;

  for (int k = shape->rank - 1; k >= 0; k--)
    {
      gboolean reduced = is_reduced (t, k);

      steps[k] = reduced ? 0 : step;
      step *= reduced ? 1 : shape->dim[k];
    }
}

static void
finish (const PstOpTest *t, const char *op)
{
  const PstTestTensor *in = &t->in[0], *out = &t->out[0];

  for (gint64 o = 0; o < out->count; o++)
    {
      if (strstr (op, "Mean") || strstr (op, "Average"))
        out->v[o] /= (double) in->count / (double) out->count;
      if (strstr (op, "L2"))
        out->v[o] = sqrt (out->v[o]);
      if (strstr (op, "Log"))
        out->v[o] = log (out->v[o]);
      if (in->dtype != PST_FLOAT32)
        out->v[o] = trunc (out->v[o]);
    }
}

static void
reference (PstOpTest *t)
{
  const char *op = pst_node_get_int (t->node, "noop_with_empty_axes", 0)
                       ? "ReduceSum"
                       : t->node->op->type;
  PstTestTensor *in = &t->in[0], *out = &t->out[0];
  Combine        combine = find_combine (op);
  gint64         steps[PST_MAX_RANK], place[PST_MAX_RANK] = { 0 };
  gint64         at = 0;

  find_steps (t, steps);
  for (gint64 o = 0; o < out->count; o++)
    out->v[o] = start_of (op);
  for (gint64 i = 0; i < in->count; i++)
    {
      out->v[at] = combine (out->v[at], in->v[i]);
      for (int k = in->shape.rank - 1; k >= 0; k--)
        {
          at += steps[k];
          if (++place[k] < in->shape.dim[k])
            break;
          at -= steps[k] * place[k];
          place[k] = 0;
        }
    }
  finish (t, op);
}

#define MAP "2x3x5x7"

#define ALL(op) ALL_IN (op, "")
#define ALL_IN(op, range)                                                     \
  { "all", op, .in = { "float " MAP range }, .out = { "1x1x1x1" } },          \
  { "scalar", op, 13, "keepdims=0", .in = { "float 4x5" range },              \
    .out = { "scalar" } },                                                    \
  { "plane", op, 11, "axes=[2,3]", .in = { "float " MAP range },              \
    .out = { "2x3x1x1" } },                                                   \
  { "plane-off", op, 11, "axes=[-1,-2] keepdims=0",                           \
    .in = { "float " MAP range }, .out = { "2x3" } },                         \
  { "row", op, 11, "axes=[3]", .in = { "float " MAP range },                 \
    .out = { "2x3x5x1" } },                                                   \
  { "channel", op, 11, "axes=[1]", .in = { "float " MAP range },              \
    .out = { "2x1x5x7" } },                                                   \
  { "batch", op, 11, "axes=[0] keepdims=0", .in = { "float " MAP range },     \
    .out = { "3x5x7" } },                                                     \
  { "mixed", op, 11, "axes=[0,2]", .in = { "float " MAP range },              \
    .out = { "1x3x1x7" } },                                                   \
  { "input", op, 18, .in = { "float " MAP range, "const int64 2 = 1 3" },     \
    .out = { "2x1x5x1" } },                                                   \
  { "plain", op, 11, "axes=[1]", .in = { "float 4x6x5" range },               \
    .out = { "4x1x5" } },                                                     \
  { "constant", op, 11, "axes=[2,3]", .in = { "const float " MAP range },     \
    .out = { "2x3x1x1" } },                                                   \
  { "axis", op, 11, "axes=[4]", .in = { "float " MAP range },                 \
    .fails = "axis 4" }

#define LARGE(op)                                                             \
  { "large-all", op, .in = { "float 2x3x150x181" }, .out = { "1x1x1x1" } },   \
  { "large-plane", op, 11, "axes=[2,3]", .in = { "float 1x7x150x181" },       \
    .out = { "1x7x1x1" } },                                                   \
  { "large-wide", op, 11, "axes=[2,3]", .in = { "float 1x700x21x20" },        \
    .out = { "1x700x1x1" } },                                                 \
  { "large-channel", op, 11, "axes=[1]", .in = { "float 1x16x90x91" },        \
    .out = { "1x1x90x91" } },                                                 \
  { "large-batch", op, 11, "axes=[0]", .in = { "float 9x16x40x41" },          \
    .out = { "1x16x40x41" } }

static const PstOpCase cases[] = {
  ALL ("ReduceSum"),
  ALL ("ReduceMean"),
  ALL ("ReduceMax"),
  ALL ("ReduceMin"),
  ALL ("ReduceL1"),
  ALL ("ReduceL2"),
  ALL ("ReduceSumSquare"),
  ALL_IN ("ReduceLogSum", " in 0.2..2"),
  ALL ("ReduceLogSumExp"),
  LARGE ("ReduceSum"),
  LARGE ("ReduceMean"),
  LARGE ("ReduceMax"),
  LARGE ("ReduceL2"),
  { "large-plane", "ReduceLogSumExp", 11, "axes=[2,3]",
    .in = { "float 1x7x150x181" }, .out = { "1x7x1x1" } },
  { "large-channel", "ReduceLogSumExp", 11, "axes=[1]",
    .in = { "float 1x16x90x91" }, .out = { "1x1x90x91" } },
  { "far", "ReduceLogSumExp", 11, "axes=[1]",
    .in = { "float 2x5 in 500..600" }, .out = { "2x1" } },
  { "empty", "ReduceSum", .in = { "float 0x3" }, .out = { "1x1" } },
  { "empty", "ReduceMax", .in = { "float 0x3" }, .out = { "1x1" } },
  { "empty", "ReduceMin", .in = { "float 0x3" }, .out = { "1x1" } },
  { "empty", "ReduceProd", 11, "axes=[0]", .in = { "float 0x3" },
    .out = { "1x3" } },
  { "empty", "ReduceLogSumExp", 11, "axes=[0]", .in = { "float 0x3" },
    .out = { "1x3" } },
  { "empty-left", "ReduceL2", 11, "axes=[1]", .in = { "float 0x3" },
    .out = { "0x1" } },
  { "empty", "ReduceMean", .in = { "float 0x3" }, .fails = "no numbers" },
  { "empty-whole", "ReduceProd", .in = { "int64 0x3" }, .out = { "1x1" } },
  { "noop", "ReduceSumSquare", 18, "noop_with_empty_axes=1",
    .in = { "float 2x3", "const int64 0" }, .out = { "2x3" } },
  { "noop", "ReduceLogSum", 18, "noop_with_empty_axes=1",
    .in = { "float 2x3", "const int64 0" }, .out = { "2x3" } },
  { "noop-int", "ReduceL1", 18, "noop_with_empty_axes=1",
    .in = { "int64 3 = -1 0 2", "const int64 0" }, .out = { "3" } },
  { "unknown-axes", "ReduceL2", 18, "noop_with_empty_axes=1",
    .in = { "float 2x3", "int64 1" }, .fails = "must be known" },
  { "noop-absent", "ReduceMax", 18, "noop_with_empty_axes=1",
    .in = { "float 2x3" }, .out = { "2x3" } },
  { "bool", "ReduceMax", 20, "axes=[1]", .in = { "bool 5x2" },
    .out = { "5x1" } },
  { "bool", "ReduceMin", 20, "axes=[1]", .in = { "bool 5x2" },
    .out = { "5x1" } },
  { "int64", "ReduceLogSum", .in = { "int64 3" }, .fails = "int64" },
  { "int64", "ReduceLogSumExp", .in = { "int64 3" }, .fails = "int64" },
  { "all", "ReduceProd", .in = { "float 2x3x2 in 0.5..1.5" },
    .out = { "1x1x1" } },
  { "plane", "ReduceProd", 11, "axes=[2,3]",
    .in = { "float 2x3x4x2 in -2..2" }, .out = { "2x3x1x1" } },
  { "int64", "ReduceProd", 11, "axes=[0] keepdims=0",
    .in = { "int64 3 = 4 5 6" }, .out = { "scalar" } },
  { "int64", "ReduceSum", 11, "axes=[1]", .in = { "int64 2x3 in -9..9" },
    .out = { "2x1" } },
  { "int32", "ReduceMax", .in = { "int32 2x3 in -9..9" }, .out = { "1x1" } },
  { "int64", "ReduceMin", .in = { "int64 2x3 in -9..9" }, .out = { "1x1" } },
  { "int64", "ReduceMean", .in = { "int64 2x3 in 3..90" },
    .out = { "1x1" } },
  { "noop", "ReduceSum", 13, "noop_with_empty_axes=1",
    .in = { "float 2x3", "const int64 0" }, .out = { "2x3" } },
  { "no-axes", "ReduceSum", 13, .in = { "float 2x3", "const int64 0" },
    .out = { "1x1" } },
  { "bool", "ReduceSum", .in = { "bool 2x3" }, .fails = "bool" },
  { "map", "GlobalAveragePool", .in = { "float " MAP },
    .out = { "2x3x1x1" } },
  { "line", "GlobalAveragePool", .in = { "float 2x3x9" },
    .out = { "2x3x1" } },
  { "map", "GlobalMaxPool", .in = { "float " MAP }, .out = { "2x3x1x1" } },
  { "matrix", "GlobalAveragePool", .in = { "float 2x3" },
    .fails = "cannot work" },
};

void
pst_test_reduce (void)
{
  pst_op_test_add ("reduce", cases, G_N_ELEMENTS (cases), reference);
}
