/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators that keep the order of numbers, Cast, and those that make
 * numbers: Shape, Size, ConstantOfShape, Range. */
#include <math.h>
#include <string.h>

#include "core/ops/op-test.h"

static void
reference (PstOpTest *t)
{
  memcpy (t->out[0].v, t->in[0].v, sizeof (double) * t->in[0].count);
  if (t->n_out > 1)
    for (gint64 i = 0; i < t->out[1].count; i++)
      t->out[1].v[i] = 1.0;
}

#define MAP "2x3x4x6"
#define TO(...) "const int64 " #__VA_ARGS__

static const PstOpCase cases[] = {
  { "flat", "Reshape", .in = { "float " MAP, TO (1 = -1) },
    .out = { "144" } },
  { "map", "Reshape", .in = { "float 144", TO (4 = 2 3 -1 6) },
    .out = { MAP } },
  { "copy", "Reshape", .in = { "float " MAP, TO (3 = 0 0 -1) },
    .out = { "2x3x24" } },
  { "split", "Reshape", .in = { "float " MAP, TO (6 = 2 3 2 2 2 3) },
    .out = { "2x3x2x2x2x3" } },
  { "map-map", "Reshape", .in = { "float " MAP, TO (4 = 2 6 2 6) },
    .out = { "2x6x2x6" } },
  { "odd", "Reshape", .in = { "float " MAP, TO (4 = 3 2 6 4) },
    .out = { "3x2x6x4" } },
  { "norm", "Reshape", .in = { "float 1x8x40x50", TO (4 = 1 8 -1 1) },
    .out = { "1x8x2000x1" } },
  { "large", "Reshape", .in = { "float 1x8x100x90", TO (2 = 8 9000) },
    .out = { "8x9000" } },
  { "scalar", "Reshape", .in = { "float 1", TO (0) }, .out = { "scalar" } },
  { "int64", "Reshape", .in = { "int64 2x3", TO (1 = 6) }, .out = { "6" } },
  { "constant", "Reshape", .in = { "const float " MAP, TO (2 = 6 -1) },
    .out = { "6x24" } },
  { "zero", "Reshape", 14, "allowzero=1", .in = { "float 0x3",
    TO (2 = 3 0) }, .out = { "3x0" } },
  { "count", "Reshape", .in = { "float " MAP, TO (2 = 5 -1) },
    .fails = "do not make up" },
  { "two-open", "Reshape", .in = { "float " MAP, TO (2 = -1 -1) },
    .fails = "makes no sense" },
  { "unknown", "Reshape", .in = { "float " MAP, "int64 2 = 6 24" },
    .fails = "known before" },
  { "overflow", "Reshape",
    .in = { "float 6", TO (3 = 4294967296 4294967296 -1) },
    .fails = "do not make up" },
  { "past", "Reshape", .in = { "float 6", TO (2 = 6 0) },
    .fails = "not there" },
  { "default", "Flatten", .in = { "float " MAP }, .out = { "2x72" } },
  { "axis", "Flatten", 0, "axis=-1", .in = { "float " MAP },
    .out = { "24x6" } },
  { "axis-0", "Flatten", 0, "axis=0", .in = { "float " MAP },
    .out = { "1x144" } },
  { "axis-5", "Flatten", 0, "axis=5", .in = { "float " MAP },
    .fails = "axis 5" },
  { "all", "Squeeze", .in = { "float 1x3x1x4" }, .out = { "3x4" } },
  { "input", "Squeeze", .in = { "float 1x3x1x4", TO (1 = -2) },
    .out = { "1x3x4" } },
  { "attribute", "Squeeze", 11, "axes=[0,2]", .in = { "float 1x3x1x4" },
    .out = { "3x4" } },
  { "wrong", "Squeeze", 11, "axes=[1]", .in = { "float 1x3x1x4" },
    .fails = "not of size 1" },
  { "input", "Unsqueeze", .in = { "float 3x4", TO (2 = 0 -1) },
    .out = { "1x3x4x1" } },
  { "attribute", "Unsqueeze", 11, "axes=[2,3]", .in = { "float 3x4" },
    .out = { "3x4x1x1" } },
  { "twice", "Unsqueeze", 11, "axes=[1,1]", .in = { "float 3x4" },
    .fails = "twice" },
  { "missing", "Unsqueeze", .in = { "float 3x4" },
    .fails = "adds no dimensions" },
  { "map", "Identity", .in = { "float " MAP }, .out = { MAP } },
  { "bool", "Identity", .in = { "bool 3" }, .out = { "3" } },
  { "map", "Dropout", .in = { "float " MAP }, .out = { MAP } },
  { "mask", "Dropout", .in = { "float " MAP }, .out = { MAP, MAP } },
  { "old-mask", "Dropout", 7, .in = { "float " MAP }, .out = { MAP, MAP },
    .flat = TRUE },
};

static void
cast_reference (PstOpTest *t)
{
  gint64 to = pst_node_get_int (t->node, "to", 0);

  for (gint64 i = 0; i < t->in[0].count; i++)
    {
      double x = t->in[0].v[i];

      t->out[0].v[i] = to == PST_BOOL                       ? x != 0.0
                       : to == PST_INT32 || to == PST_INT64 ? trunc (x)
                                                            : x;
    }
}

static const PstOpCase casts[] = {
  { "float", "Cast", 0, "to=1", .in = { "float " MAP }, .out = { MAP } },
  { "half", "Cast", 0, "to=10", .in = { "float " MAP }, .out = { MAP } },
  { "float-int32", "Cast", 0, "to=6", .in = { "float 9 in -5..5" },
    .out = { "9" } },
  { "float-int64", "Cast", 0, "to=7", .in = { "float 9 in -5..5" },
    .out = { "9" } },
  { "float-map-int64", "Cast", 0, "to=7", .in = { "float " MAP " in -5..5" },
    .out = { MAP } },
  { "float-bool", "Cast", 0, "to=9", .in = { "float 3 = 0 0.5 -1" },
    .out = { "3" } },
  { "int64-float", "Cast", 0, "to=1", .in = { "int64 " MAP " in -9..9" },
    .out = { MAP } },
  { "int64-int32", "Cast", 0, "to=6", .in = { "int64 5 in -9..9" },
    .out = { "5" } },
  { "int32-int64", "Cast", 0, "to=7", .in = { "int32 5 in -9..9" },
    .out = { "5" } },
  { "bool-float", "Cast", 0, "to=1", .in = { "bool 5" }, .out = { "5" } },
  { "bool-int64", "Cast", 0, "to=7", .in = { "bool 5" }, .out = { "5" } },
  { "string", "Cast", 0, "to=8", .in = { "float 5" }, .fails = "type 8" },
  { "missing", "Cast", .in = { "float 5" }, .fails = "type 0" },
};

static void
shape_reference (PstOpTest *t)
{
  gint64 start = pst_node_get_int (t->node, "start", 0);

  if (strcmp (t->node->op->type, "Size") == 0)
    t->out[0].v[0] = (double) t->in[0].count;
  else
    for (gint64 i = 0; i < t->out[0].count; i++)
      t->out[0].v[i] = (double) t->in[0].shape.dim
                           [i + (start < 0 ? start + t->in[0].shape.rank
                                           : start)];
}

static const PstOpCase shapes[] = {
  { "all", "Shape", .in = { "float " MAP }, .out = { "4" } },
  { "scalar", "Shape", .in = { "float scalar" }, .out = { "0" } },
  { "part", "Shape", 15, "start=-2", .in = { "float " MAP },
    .out = { "2" } },
  { "range", "Shape", 15, "start=1 end=-1", .in = { "float " MAP },
    .out = { "2" } },
  { "nothing", "Shape", 15, "start=3 end=1", .in = { "float " MAP },
    .out = { "0" } },
  { "map", "Size", .in = { "int64 " MAP }, .out = { "scalar" } },
};

static void
number_reference (PstOpTest *t)
{
  for (gint64 i = 0; i < t->out[0].count; i++)
    t->out[0].v[i] =
        strcmp (t->node->op->type, "Range") == 0
            ? t->in[0].v[0] + (double) i * t->in[2].v[0]
        : pst_node_attr (t->node, "value_int")
            ? (double) pst_node_get_int (t->node, "value_int", 0)
        : pst_node_attr (t->node, "value_float")
            ? pst_node_get_float (t->node, "value_float", 0)
        : pst_node_attr (t->node, "value_ints") ? (double) (7 + i)
        : pst_node_attr (t->node, "value_floats") ? 0.5 * (double) i
                                                  : 0.0;
}

#define ONE "const int64 scalar = "

static const PstOpCase numbers[] = {
  { "zeros", "ConstantOfShape", .in = { TO (4 = 2 3 4 5) },
    .out = { "2x3x4x5" } },
  { "scalar", "ConstantOfShape", .in = { TO (0) }, .out = { "scalar" } },
  { "empty", "ConstantOfShape", .in = { TO (1 = 0) }, .out = { "0" } },
  { "negative", "ConstantOfShape", .in = { TO (1 = -1) },
    .fails = "too large" },
  { "huge", "ConstantOfShape", .in = { TO (2 = 4294967296 4294967296) },
    .fails = "too large" },
  { "unknown", "ConstantOfShape", .in = { "int64 1 = 3" },
    .fails = "known before" },
  { "int64", "Range", .in = { ONE "3", ONE "11", ONE "3" },
    .out = { "3" } },
  { "down", "Range", .in = { ONE "3", ONE "-2", ONE "-2" },
    .out = { "3" } },
  { "none", "Range", .in = { ONE "3", ONE "3", ONE "1" }, .out = { "0" } },
  { "still", "Range", .in = { ONE "3", ONE "4", ONE "0" },
    .fails = "no end" },
  { "int", "Constant", 0, "value_int=5", .out = { "scalar" } },
  { "float", "Constant", 0, "value_float=5.5", .out = { "scalar" } },
  { "ints", "Constant", 0, "value_ints=[7,8,9]", .out = { "3" } },
  { "floats", "Constant", 0, "value_floats=[0.0,0.5]", .out = { "2" } },
  { "missing", "Constant", .fails = "no numbers" },
};

void
pst_test_reshape (void)
{
  pst_op_test_add ("reshape", cases, G_N_ELEMENTS (cases), reference);
  pst_op_test_add ("reshape", casts, G_N_ELEMENTS (casts), cast_reference);
  pst_op_test_add ("reshape", shapes, G_N_ELEMENTS (shapes),
                   shape_reference);
  pst_op_test_add ("reshape", numbers, G_N_ELEMENTS (numbers),
                   number_reference);
}
