/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/ops/op-test.h"

#define ALPHA(fallback) pst_node_get_float (t->node, "alpha", fallback)

static double
gelu (const PstOpTest *t, double x)
{
  const char *form = pst_node_get_string (t->node, "approximate", "none");

  if (strcmp (form, "none") == 0)
    return x * 0.5 * (1.0 + erf (x / sqrt (2.0)));
  return x * 0.5 *
         (1.0 + tanh (sqrt (2.0 / G_PI) * (x + 0.044715 * x * x * x)));
}

static double
apply (const PstOpTest *t, double x)
{
  const char *op = t->node->op->type;
  double      a = ALPHA (1.0f);
  double      gamma = pst_node_get_float (t->node, "gamma", 1.05070102f);
  double      beta = pst_node_get_float (t->node, "beta", 0.5f);

#define IS(name) (strcmp (op, name) == 0)
  return IS ("Elu")               ? (x < 0.0 ? a * (exp (x) - 1.0) : x)
         : IS ("Celu")            ? fmax (0.0, x) +
                                     fmin (0.0, a * (exp (x / a) - 1.0))
         : IS ("Selu")            ? gamma * (x > 0.0 ? x
                                                     : ALPHA (1.67326324f) *
                                                           (exp (x) - 1.0))
         : IS ("Softsign")        ? x / (1.0 + fabs (x))
         : IS ("ThresholdedRelu") ? (x > a ? x : 0.0)
         : IS ("HardSigmoid")     ? fmax (0.0, fmin (1.0, ALPHA (0.2f) * x +
                                                              beta))
         : IS ("HardSwish")       ? x * fmax (0.0, fmin (1.0, x / 6.0 + 0.5))
         : IS ("Mish")            ? x * tanh (log (1.0 + exp (x)))
         : IS ("Gelu")            ? gelu (t, x)
                                  : NAN;
}

static void
reference (PstOpTest *t)
{
  for (gint64 i = 0; i < t->in[0].count; i++)
    t->out[0].v[i] = apply (t, t->in[0].v[i]);
}

#define MAP "2x3x5x7"
#define BOTH(op)                                                              \
  { "map", op, .in = { "float " MAP " in -6..6" }, .out = { MAP } },          \
  { "small", op, .in = { "float 4x5 in -0.01..0.01" }, .out = { "4x5" } },    \
  { "constant", op, .in = { "const float " MAP }, .out = { MAP } },           \
  { "whole", op, .in = { "int64 3" }, .fails = "int64" }

static const PstOpCase cases[] = {
  BOTH ("Elu"),
  BOTH ("Celu"),
  BOTH ("Selu"),
  BOTH ("Softsign"),
  BOTH ("ThresholdedRelu"),
  BOTH ("HardSigmoid"),
  BOTH ("HardSwish"),
  BOTH ("Mish"),
  BOTH ("Gelu"),
  { "far", "Mish", .in = { "float " MAP " in -90..90" }, .out = { MAP } },
  { "far", "Gelu", .in = { "float " MAP " in -90..90" }, .out = { MAP } },
  { "far", "Elu", .in = { "float " MAP " in -200..90" }, .out = { MAP } },
  { "alpha", "Elu", 0, "alpha=2.5", .in = { "float " MAP }, .out = { MAP } },
  { "negative", "Elu", 0, "alpha=-0.5", .in = { "float " MAP },
    .out = { MAP } },
  { "alpha", "Celu", 0, "alpha=2.5", .in = { "float " MAP }, .out = { MAP } },
  { "zero", "Celu", 0, "alpha=0.0", .in = { "float " MAP }, .fails = "zero" },
  { "both", "Selu", 0, "alpha=2.0 gamma=3.0", .in = { "float " MAP },
    .out = { MAP } },
  { "alpha", "ThresholdedRelu", 0, "alpha=-0.3", .in = { "float " MAP },
    .out = { MAP } },
  { "both", "HardSigmoid", 0, "alpha=0.7 beta=0.4",
    .in = { "float " MAP }, .out = { MAP } },
  { "tanh", "Gelu", 20, "approximate=tanh",
    .in = { "float " MAP " in -6..6" }, .out = { MAP } },
  { "tanh-far", "Gelu", 20, "approximate=tanh",
    .in = { "float " MAP " in -90..90" }, .out = { MAP } },
  { "form", "Gelu", 20, "approximate=sine", .in = { "float " MAP },
    .fails = "sine" },
};

void
pst_test_activation (void)
{
  pst_op_test_add ("activation", cases, G_N_ELEMENTS (cases), reference);
}
