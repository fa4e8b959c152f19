/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/ops/op-test.h"

static void
reference (PstOpTest *t)
{
  const char *op = t->node->op->type;
  gboolean    whole = t->in[0].dtype != PST_FLOAT32;

  for (gint64 i = 0; i < t->out[0].count; i++)
    {
      const PstShape *shape = &t->out[0].shape;
      double a = t->in[0].v[pst_test_broadcast (&t->in[0], shape, i)];
      double b = t->in[1].v[pst_test_broadcast (&t->in[1], shape, i)];

      t->out[0].v[i] = strcmp (op, "Add") == 0   ? a + b
                       : strcmp (op, "Sub") == 0 ? a - b
                       : strcmp (op, "Mul") == 0 ? a * b
                       : strcmp (op, "Div") == 0
                           ? (! whole ? a / b : b == 0.0 ? 0.0 : trunc (a / b))
                       : strcmp (op, "Pow") == 0 ? pow (a, b)
                       : strcmp (op, "Max") == 0 ? fmax (a, b)
                       : strcmp (op, "Min") == 0 ? fmin (a, b)
                                                 : NAN;
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
