/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/ops/op-test.h"

/* Where element @i of the result comes from in input @k: by numpy's rule, or
 * from an axis on (opsets before 7; PRelu's slopes from axis 1). */
static gint64
source_of (const PstOpTest *t, int k, gint64 i)
{
  PstTestTensor in = t->in[k];
  gboolean      slopes = strcmp (t->node->op->type, "PRelu") == 0;
  gint64        axis = pst_node_get_int (t->node, "axis",
                                         slopes && in.shape.rank == 1 ? 1 : -1);

  if (k == 1 && t->opset < 7 && axis >= 0)
    while (in.shape.rank < t->in[0].shape.rank - axis)
      in.shape.dim[in.shape.rank++] = 1;
  return pst_test_broadcast (&in, &t->out[0].shape, i);
}

static double
add (double a, double b)
{
  return a + b;
}

static double
subtract (double a, double b)
{
  return a - b;
}

static double
multiply (double a, double b)
{
  return a * b;
}

static double
divide (double a, double b)
{
  return a / b;
}

static double
divide_whole (double a, double b)
{
  return b == 0.0 ? 0.0 : trunc (a / b);
}

static double
power_whole (double a, double b)
{
  return trunc (pow (a, b));
}

static double
slope (double a, double b)
{
  return a < 0.0 ? a * b : a;
}

typedef double (*Combine) (double a, double b);

static Combine
find_combine (const char *op, gboolean whole)
{
  const struct
  {
    const char *op;
    Combine     floats, whole;
  } all[] = {
    { "Add", add, add },
    { "Sub", subtract, subtract },
    { "Mul", multiply, multiply },
    { "Div", divide, divide_whole },
    { "Pow", pow, power_whole },
    { "Max", fmax, fmax },
    { "Min", fmin, fmin },
    { "Sum", add, add },
    { "Mean", add, add },
    { "PRelu", slope, slope },
  };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (strcmp (op, all[i].op) == 0)
      return whole ? all[i].whole : all[i].floats;
  g_assert_not_reached ();
}

/* Row by row of the result: along one, an input is either read in its order
 * or one number of it again and again. */
static void
reference (PstOpTest *t)
{
  const PstShape *shape = &t->out[0].shape;
  const char     *op = t->node->op->type;
  Combine combine = find_combine (op, t->in[0].dtype != PST_FLOAT32);
  gint64  row = shape->rank ? shape->dim[shape->rank - 1] : 1;

  for (gint64 begin = 0; begin < t->out[0].count; begin += row)
    {
      double *to = t->out[0].v + begin;

      for (int k = 0; k < t->n_in; k++)
        {
          gint64        first = source_of (t, k, begin);
          const double *from = t->in[k].v + first;
          gint64        step =
              row > 1 ? source_of (t, k, begin + 1) - first : 0;

          for (gint64 i = 0; i < row; i++, from += step)
            to[i] = k ? combine (to[i], *from) : *from;
        }
      for (gint64 i = 0; i < row && strcmp (op, "Mean") == 0; i++)
        to[i] /= t->n_in;
    }
}

#define MAP "2x3x5x7"
#define LARGE "2x24x60x50" /* three parallel items */

/* Every way of broadcasting, for one operator; Max and Min on few numbers,
 * or two would be equal within a difference's step. */
#define ALL(op, range, L)                                                     \
  { "same", op, .in = { "float " MAP range, "float " MAP range },             \
    .out = { MAP } },                                                         \
  { "large", op, .in = { "float " L range, "float " L range },        \
    .out = { L } },                                                       \
  { "channel", op, .in = { "float " MAP range, "float 2x3x1x1" range },       \
    .out = { MAP } },                                                         \
  { "shared", op, .in = { "float " L range, "float 1x24x1x1" range },     \
    .out = { L } },                                                       \
  { "scalar", op, .in = { "float " L range, "float scalar" range },       \
    .out = { L } },                                                       \
  { "reverse", op, .in = { "float 3x1x1" range, "float " MAP range },         \
    .out = { MAP } },                                                         \
  { "row", op, .in = { "float 7" range, "float " MAP range },                 \
    .out = { MAP } },                                                         \
  { "plane", op, .in = { "float " MAP range, "float 2x1x5x7" range },         \
    .out = { MAP } },                                                         \
  { "outer", op, .in = { "float 2x3x1x7" range, "float 5x1" range },          \
    .out = { MAP } },                                                         \
  { "constant", op, .in = { "float " MAP range, "const float " MAP range },   \
    .out = { MAP } },                                                         \
  { "constant-first", op,                                                     \
    .in = { "const float 1x3x1x1" range, "float " MAP range },                \
    .out = { MAP } },                                                         \
  { "matrix", op, .in = { "float 4x6" range, "float 6" range },               \
    .out = { "4x6" } },                                                       \
  { "misfit", op, .in = { "float 4x6", "float 4" },                           \
    .fails = "do not fit together" }

static const PstOpCase cases[] = {
  ALL ("Add", "", LARGE),
  ALL ("Sub", "", LARGE),
  ALL ("Mul", "", LARGE),
  ALL ("Div", " in 0.3..2", LARGE),
  ALL ("Pow", " in 0.3..2", LARGE),
  ALL ("Max", "", "2x24x6x5"),
  ALL ("Min", "", "2x24x6x5"),
  { "square", "Pow", .in = { "float " MAP, "const float scalar = 2" },
    .out = { MAP } },
  { "root", "Pow",
    .in = { "float " MAP " in 0.2..2", "const float scalar = 0.5" },
    .out = { MAP } },
  { "int64", "Add", .in = { "int64 3x4 in -9..9", "int64 4 in -9..9" },
    .out = { "3x4" } },
  { "int32", "Mul", .in = { "int32 3x4 in -9..9", "int32 4 in -9..9" },
    .out = { "3x4" } },
  { "int64", "Div", .in = { "int64 3x4 in -99..99", "int64 4 = 3 -2 -1 0" },
    .out = { "3x4" } },
  { "int64", "Pow", .in = { "int64 3x4 in -5..5", "int64 4 = 0 1 2 5" },
    .out = { "3x4" } },
  { "mixed", "Pow", .in = { "float " MAP " in 0.3..2", "int64 7 in -3..4" },
    .out = { MAP } },
  { "mixed-32", "Pow", .in = { "float " MAP " in 0.3..2",
                               "const int32 scalar = 3" },
    .out = { MAP } },
  { "mixed-base", "Pow", .in = { "float 3x1x1 in 0.3..2", "int32 5x7 in 0..4" },
    .out = { "3x5x7" } },
  { "root-64", "Pow", .in = { "int64 3 = 4 5 100", "float scalar = 0.5" },
    .out = { "3" } },
  { "root-32", "Pow", .in = { "int32 3 = 4 5 100", "float scalar = 0.5" },
    .out = { "3" } },
  { "bool", "Pow", .in = { "float 2", "bool 2" }, .fails = "bool" },
  { "axis", "Add", 6, "broadcast=1 axis=1", .in = { "float " MAP, "float 3" },
    .out = { MAP } },
  { "axis", "Mul", 6, "broadcast=1 axis=1",
    .in = { "float " MAP, "float 3x5" }, .out = { MAP } },
  { "axis-0", "Sub", 6, "broadcast=1 axis=0",
    .in = { "float " MAP, "const float 2" }, .out = { MAP } },
  { "no-axis", "Mul", 6, "broadcast=1", .in = { "float " MAP, "float 7" },
    .out = { MAP } },
  { "misfit-axis", "Add", 6, "broadcast=1 axis=2",
    .in = { "float " MAP, "float 3" }, .fails = "do not fit together" },
  { "one", "PRelu", .in = { "float " MAP, "float 1" }, .out = { MAP } },
  { "channels", "PRelu", .in = { "float " MAP, "float 3x1x1" },
    .out = { MAP } },
  { "old", "PRelu", 6, .in = { "float " MAP, "float 3" }, .out = { MAP } },
  { "int64", "PRelu", 16, .in = { "int64 4 = -2 -1 0 3", "int64 1 = 5" },
    .out = { "4" } },
  { "slopes", "PRelu", .in = { "float 3", "float 2x3" },
    .fails = "do not fit" },
  { "one", "Max", .in = { "float " MAP }, .out = { MAP } },
  { "three", "Max", .in = { "float 2x3", "float 3", "float 2x1" },
    .out = { "2x3" } },
  { "three", "Min", .in = { "float 2x3", "float 3", "float 2x1" },
    .out = { "2x3" } },
  { "int32", "Max", .in = { "int32 3 = 4 5 -6", "int32 1 = 0" },
    .out = { "3" } },
  { "int64", "Min", .in = { "int64 3 = 4 5 -6", "int64 1 = 0" },
    .out = { "3" } },
  { "one", "Sum", .in = { "float " MAP }, .out = { MAP } },
  { "four", "Sum", .in = { "float " MAP, "float 3x1x1", "float 2x1x5x7",
                           "const float scalar" },
    .out = { MAP } },
  { "int64", "Sum", .in = { "int64 3 = 1 2 3", "int64 1 = 2", "int64 1 = 5" },
    .out = { "3" } },
  { "one", "Mean", .in = { "float " MAP }, .out = { MAP } },
  { "three", "Mean", .in = { "float 7", "float " MAP, "float 3x1x1" },
    .out = { MAP } },
  { "whole", "Mean", .in = { "int64 3", "int64 3" }, .fails = "int64" },
  { "misfit", "Sum", .in = { "float 4x6", "float 6", "float 4" },
    .fails = "do not fit together" },
  { "gap", "Sum", .in = { "float 4x6", "-", "float 4" }, .fails = "missing" },
  { "bool", "Max", .in = { "bool 3", "bool 3" }, .fails = "bool" },
  { "types", "Max", .in = { "float 3", "int64 3" }, .fails = "types" },
  { "empty", "Add", .in = { "int64 0", "int64 1" }, .out = { "0" } },
  { "types", "Add", .in = { "int64 2", "float 2" }, .fails = "types" },
  { "bool", "Add", .in = { "bool 2", "bool 2" }, .fails = "bool" },
  { "one", "Add", .in = { "float 2" }, .fails = "has 1 inputs" },
  { "huge", "Add",
    .in = { "float 1x2", "float 2x1" }, .out = { "2x2" } },
};

void
pst_test_binary (void)
{
  pst_op_test_add ("binary", cases, G_N_ELEMENTS (cases), reference);
}
