/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ops/op-test.h"

static void
reference (PstOpTest *t)
{
  const char     *op = t->node->op->type;
  const PstShape *shape = &t->out[0].shape;
  PstTestTensor   second = t->in[1];

  if (t->opset < 7 && pst_node_get_int (t->node, "axis", -1) == 0)
    while (second.shape.rank < shape->rank) /* laid from the first axis on */
      second.shape.dim[second.shape.rank++] = 1;
#define IS(name) (strcmp (op, name) == 0)
  for (gint64 i = 0; i < t->out[0].count; i++)
    {
      double a = t->in[0].v[pst_test_broadcast (&t->in[0], shape, i)];
      double b = t->n_in > 1
                     ? t->in[1].v[pst_test_broadcast (&second, shape, i)]
                     : 0.0;
      double c = t->n_in > 2
                     ? t->in[2].v[pst_test_broadcast (&t->in[2], shape, i)]
                     : 0.0;

      t->out[0].v[i] = IS ("Equal")            ? a == b
                       : IS ("Less")           ? a < b
                       : IS ("Greater")        ? a > b
                       : IS ("LessOrEqual")    ? a <= b
                       : IS ("GreaterOrEqual") ? a >= b
                       : IS ("And")            ? a && b
                       : IS ("Or")             ? a || b
                       : IS ("Xor")            ? a != b
                       : IS ("Not")            ? ! a
                       : IS ("Where")          ? (a != 0.0 ? b : c)
                                               : -1.0;
    }
}

#define MAP "2x3x5x7"

#define COMPARE(op)                                                           \
  { "float", op, .in = { "float " MAP, "float 3x1x1" }, .out = { MAP } },     \
  { "int64", op, .in = { "int64 4x5 in 0..4", "int64 5 in 0..4" },            \
    .out = { "4x5" } },                                                       \
  { "int32", op, .in = { "int32 4x5 in 0..4", "int32 4x1 in 0..4" },          \
    .out = { "4x5" } },                                                       \
  { "mixed", op, .in = { "int32 4", "int64 4" },                              \
    .fails = "cannot compare int32 with int64" },                             \
  { "misfit", op, .in = { "float 4", "float 5" }, .fails = "do not fit" }

#define LOGIC(op)                                                             \
  { "bool", op, .in = { "bool " MAP, "bool 7" }, .out = { MAP } },            \
  { "float", op, .in = { "float 4", "float 4" }, .fails = "cannot compare" }

static const PstOpCase cases[] = {
  COMPARE ("Equal"),
  COMPARE ("Less"),
  COMPARE ("Greater"),
  COMPARE ("LessOrEqual"),
  COMPARE ("GreaterOrEqual"),
  { "bool", "Equal", .in = { "bool 9", "bool 9" }, .out = { "9" } },
  LOGIC ("And"),
  LOGIC ("Or"),
  LOGIC ("Xor"),
  { "axis", "Less", 6, "broadcast=1 axis=0", .in = { "float 4x5", "float 4" },
    .out = { "4x5" } },
  { "axis", "And", 6, "broadcast=1 axis=0", .in = { "bool 4x5", "bool 4" },
    .out = { "4x5" } },
  { "bool", "Not", .in = { "bool " MAP }, .out = { MAP } },
  { "float", "Not", .in = { "float 4" }, .fails = "cannot work" },
  { "same", "Where", .in = { "bool " MAP, "float " MAP, "float " MAP },
    .out = { MAP } },
  { "broadcast", "Where",
    .in = { "bool 2x1x5x7", "float 3x1x1", "float scalar" },
    .out = { MAP } },
  { "large", "Where",
    .in = { "bool 150x181", "float 1x3x150x181", "float 1x3x1x1" },
    .out = { "1x3x150x181" } },
  { "int64", "Where", .in = { "bool 4", "int64 4", "int64 1" },
    .out = { "4" } },
  { "bool", "Where", .in = { "bool 4", "bool 4", "bool 1" },
    .out = { "4" } },
  { "types", "Where", .in = { "bool 4", "float 4", "int64 4" },
    .fails = "cannot choose" },
  { "misfit", "Where", .in = { "bool 4", "float 4", "float 3" },
    .fails = "do not fit" },
};

void
pst_test_compare (void)
{
  pst_op_test_add ("compare", cases, G_N_ELEMENTS (cases), reference);
}
