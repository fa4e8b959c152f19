/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/ops/op-test.h"

static double
apply (const PstOpTest *t, double x)
{
  const char *op = t->node->op->type;
  double      alpha = pst_node_get_float (t->node, "alpha", 0.01f);
  double      beta = pst_node_get_float (t->node, "beta", 0.0f);
  double      low = pst_node_get_float (t->node, "min", -INFINITY);
  double      high = pst_node_get_float (t->node, "max", INFINITY);

  if (t->n_in > 1 && t->in[1].v)
    low = t->in[1].v[0];
  if (t->n_in > 2 && t->in[2].v)
    high = t->in[2].v[0];
#define IS(name) (strcmp (op, name) == 0)
  return IS ("Relu")         ? fmax (x, 0.0)
         : IS ("LeakyRelu")  ? (x < 0.0 ? alpha * x : x)
         : IS ("Sigmoid")    ? 1.0 / (1.0 + exp (-x))
         : IS ("Tanh")       ? tanh (x)
         : IS ("Softplus")   ? log (1.0 + exp (x))
         : IS ("Exp")        ? exp (x)
         : IS ("Log")        ? log (x)
         : IS ("Sqrt")       ? sqrt (x)
         : IS ("Abs")        ? fabs (x)
         : IS ("Neg")        ? -x
         : IS ("Reciprocal") ? 1.0 / x
         : IS ("Floor")      ? floor (x)
         : IS ("Ceil")       ? ceil (x)
         : IS ("Round")      ? nearbyint (x)
         : IS ("Sign")       ? (x > 0.0) - (x < 0.0)
         : IS ("Erf")        ? erf (x)
         : IS ("Affine")     ? alpha * x + beta
         : IS ("Slope")      ? (x > 0.0 ? 1.0 : alpha)
         : IS ("Clip")       ? fmin (fmax (x, low), high)
                             : NAN;
}

static void
reference (PstOpTest *t)
{
  for (gint64 i = 0; i < t->in[0].count; i++)
    t->out[0].v[i] = apply (t, t->in[0].v[i]);
}

#define MAP "2x3x5x7"
#define LARGE "1x3x190x181" /* two parallel items */

static const PstOpCase cases[] = {
  { "map", "Relu", .in = { "float " MAP }, .out = { MAP } },
  { "large", "Relu", .in = { "float " LARGE }, .out = { LARGE } },
  { "scalar", "Relu", .in = { "float scalar" }, .out = { "scalar" } },
  { "empty", "Relu", .in = { "float 0x3" }, .out = { "0x3" } },
  { "default", "LeakyRelu", .in = { "float " MAP }, .out = { MAP } },
  { "alpha", "LeakyRelu", .attrs = "alpha=0.2", .in = { "float " MAP },
    .out = { MAP } },
  { "negative", "LeakyRelu", .attrs = "alpha=-0.2", .in = { "float 3" },
    .fails = "slope" },
  { "map", "Sigmoid", .in = { "float " MAP " in -30..30" }, .out = { MAP } },
  { "map", "Tanh", .in = { "float " MAP " in -3..3" }, .out = { MAP } },
  { "map", "Softplus", .in = { "float " MAP " in -30..30" },
    .out = { MAP } },
  { "map", "Exp", .in = { "float " MAP }, .out = { MAP } },
  { "map", "Log", .in = { "float " MAP " in 0.1..3" }, .out = { MAP } },
  { "map", "Sqrt", .in = { "float " MAP " in 0.1..3" }, .out = { MAP } },
  { "map", "Abs", .in = { "float " MAP }, .out = { MAP } },
  { "map", "Neg", .in = { "float " MAP }, .out = { MAP } },
  { "map", "Reciprocal", .in = { "float " MAP " in 0.3..3" },
    .out = { MAP } },
  { "map", "Floor", .in = { "float " MAP " in -5..5" }, .out = { MAP } },
  { "map", "Ceil", .in = { "float " MAP " in -5..5" }, .out = { MAP } },
  { "map", "Round", .in = { "float " MAP " in -5..5" }, .out = { MAP } },
  { "halves", "Round", .in = { "float 6 = -2.5 -1.5 -0.5 0.5 1.5 2.5" },
    .out = { "6" }, .flat = TRUE },
  { "map", "Sign", .in = { "float " MAP }, .out = { MAP } },
  { "zero", "Sign", .in = { "float 3 = -2 0 2" }, .out = { "3" },
    .flat = TRUE },
  { "map", "Erf", .in = { "float " MAP " in -3..3" }, .out = { MAP } },
  { "int32", "Abs", .in = { "int32 3 = -5 0 7" }, .out = { "3" } },
  { "int64", "Abs", .in = { "int64 2x3x5x7 in -9..9" }, .out = { MAP } },
  { "int32", "Neg", .in = { "int32 3 = -5 0 7" }, .out = { "3" } },
  { "int64", "Neg", .in = { "int64 3 = -5000000000 0 7" }, .out = { "3" } },
  { "int32", "Sign", .in = { "int32 3 = -5 0 7" }, .out = { "3" } },
  { "int64", "Sign", .in = { "int64 3 = -5 0 7" }, .out = { "3" } },
  { "int64", "Relu", .in = { "int64 3 = -5 0 7" }, .out = { "3" } },
  { "bool", "Neg", .in = { "bool 3" }, .fails = "bool" },
  { "map", "Affine", .attrs = "alpha=150.0 beta=-3.5",
    .in = { "float " MAP }, .out = { MAP } },
  { "map", "pastiche.Slope", .attrs = "alpha=0.2", .in = { "float " MAP },
    .out = { MAP } },
  { "large", "pastiche.Slope", .in = { "float " LARGE }, .out = { LARGE } },
  { "zero", "pastiche.Slope", .attrs = "alpha=0.2",
    .in = { "float 3 = -2 0 2" }, .out = { "3" } },
  { "whole", "pastiche.Slope", .in = { "int64 3" }, .fails = "int64" },
  { "attributes", "Clip", 6, "min=-0.3 max=0.6", .in = { "float " MAP },
    .out = { MAP } },
  { "inputs", "Clip",
    .in = { "float " MAP, "const float scalar = -0.3",
            "const float scalar = 0.5" },
    .out = { MAP } },
  { "above", "Clip", .in = { "float " MAP, "-", "const float 1 = 0.5" },
    .out = { MAP } },
  { "below", "Clip", .in = { "float " MAP, "const float scalar = 0" },
    .out = { MAP } },
  { "free", "Clip", .in = { "float " MAP }, .out = { MAP } },
  { "int32", "Clip", .in = { "int32 5 = -9 -2 0 3 9",
                             "const int32 scalar = -2", "int32 scalar = 3" },
    .out = { "5" } },
  { "int64-above", "Clip", .in = { "int64 3 = -9 2 9", "-",
                                   "const int64 scalar = 3" },
    .out = { "3" } },
  { "types", "Clip", .in = { "int64 3", "const float scalar" },
    .fails = "input's type" },
  { "bool", "Clip", .in = { "bool 3" }, .fails = "bool" },
  { "bounds", "Clip", .in = { "float " MAP, "float 2" },
    .fails = "single numbers" },
  { "whole", "Exp", .in = { "int64 3" }, .fails = "int64" },
  { "two", "Exp", .in = { "float 3", "float 3" }, .fails = "inputs" },
};

void
pst_test_unary (void)
{
  pst_op_test_add ("unary", cases, G_N_ELEMENTS (cases), reference);
}
