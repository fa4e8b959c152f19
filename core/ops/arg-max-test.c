/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ArgMax, ArgMin, Cast, CastLike. */
#include <math.h>
#include <string.h>

#include "core/ops/op-test.h"

static void
arg_reference (PstOpTest *t)
{
  const PstShape *shape = &t->in[0].shape;
  int      axis = (int) pst_node_get_int (t->node, "axis", 0);
  gboolean last = pst_node_get_int (t->node, "select_last_index", 0) != 0;
  double   sign = strcmp (t->node->op->type, "ArgMin") == 0 ? -1.0 : 1.0;
  gint64   step = 1, n;

  axis = axis < 0 ? axis + shape->rank : axis;
  n = shape->dim[axis];
  for (int i = axis + 1; i < shape->rank; i++)
    step *= shape->dim[i];
  for (gint64 i = 0; i < t->out[0].count; i++)
    {
      const double *x = t->in[0].v + i / step * step * n + i % step;
      gint64        best = 0;

      for (gint64 k = 1; k < n; k++)
        if (sign * x[k * step] > sign * x[best * step] ||
            (last && x[k * step] == x[best * step]))
          best = k;
      t->out[0].v[i] = (double) best;
    }
}

#define MAP "2x3x5x7"
#define BOTH(op)                                                              \
  { "default", op, .in = { "float " MAP }, .out = { "1x3x5x7" } },            \
  { "channel", op, 0, "axis=1", .in = { "float " MAP },                       \
    .out = { "2x1x5x7" } },                                                   \
  { "last-axis", op, 0, "axis=-1 keepdims=0", .in = { "float " MAP },         \
    .out = { "2x3x5" } },                                                     \
  { "many", op, 0, "axis=1", .in = { "float 1x4x50x60" },                     \
    .out = { "1x1x50x60" } },                                                 \
  { "first", op, 0, "axis=0", .in = { "int64 30 in 0..4" }, .out = { "1" } }, \
  { "last", op, 0, "axis=0 select_last_index=1",                              \
    .in = { "int32 30 in 0..4" }, .out = { "1" } },                           \
  { "constant", op, 0, "axis=1", .in = { "const float " MAP },                \
    .out = { "2x1x5x7" } },                                                   \
  { "empty", op, .in = { "float 0x3" }, .fails = "no numbers" },              \
  { "none", op, 0, "axis=1", .in = { "float 3x0" }, .fails = "no numbers" },  \
  { "axis", op, 0, "axis=4", .in = { "float " MAP }, .fails = "axis 4" },     \
  { "bool", op, .in = { "bool 3" }, .fails = "bool" }

static const PstOpCase args[] = { BOTH ("ArgMax"), BOTH ("ArgMin") };

static void
cast_reference (PstOpTest *t)
{
  gint64 to = t->n_in > 1 ? t->in[1].dtype
                          : pst_node_get_int (t->node, "to", 0);

  for (gint64 i = 0; i < t->in[0].count; i++)
    t->out[0].v[i] = to == PST_BOOL ? t->in[0].v[i] != 0.0
                     : to != PST_INT32 && to != PST_INT64
                         ? t->in[0].v[i]
                         : trunc (t->in[0].v[i]);
}

static const PstOpCase casts[] = {
  { "float-float", "Cast", 0, "to=1", .in = { "float " MAP },
    .out = { MAP } },
  { "float-half", "Cast", 0, "to=10", .in = { "float " MAP },
    .out = { MAP } },
  { "float-int32", "Cast", 0, "to=6", .in = { "float " MAP " in -9..9" },
    .out = { MAP } },
  { "float-int64", "Cast", 0, "to=7", .in = { "float " MAP " in -9..9" },
    .out = { MAP } },
  { "float-bool", "Cast", 0, "to=9", .in = { "float 4 = 0 1 -1 0.5" },
    .out = { "4" } },
  { "int32-float", "Cast", 0, "to=1", .in = { "int32 " MAP " in -9..9" },
    .out = { MAP } },
  { "int64-int32", "Cast", 0, "to=6", .in = { "int64 " MAP " in -9..9" },
    .out = { MAP } },
  { "bool-float", "Cast", 0, "to=1", .in = { "bool " MAP },
    .out = { MAP } },
  { "newer", "Cast", 25, "to=1 round_mode=down saturate=0",
    .in = { "int64 4 = -3 0 1 2" }, .out = { "4" } },
  { "text", "Cast", 0, "to=8", .in = { "float 4" }, .fails = "type 8" },
  { "scale", "Cast", 24, "to=24", .in = { "float 4" }, .fails = "type 24" },
  { "quarter", "Cast", 25, "to=26", .in = { "float 4" }, .fails = "type 26" },
  { "float", "CastLike", 19, .in = { "int64 " MAP " in -9..9", "float 1" },
    .out = { MAP } },
  { "same", "CastLike", 19, .in = { "float " MAP, "const float scalar" },
    .out = { MAP } },
  { "bool", "CastLike", 19, .in = { "int64 3 = 0 1 2", "bool 1" },
    .out = { "3" } },
  { "one", "CastLike", 19, .in = { "int64 3" }, .fails = "inputs" },
};

void
pst_test_arg_max (void)
{
  pst_op_test_add ("arg-max", args, G_N_ELEMENTS (args), arg_reference);
  pst_op_test_add ("cast", casts, G_N_ELEMENTS (casts), cast_reference);
}
