/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transpose, Concat, Split, Expand, Slice, Gather, Tile, DepthToSpace,
 * SpaceToDepth. */
#include <string.h>

#include "core/ops/op-test.h"

/* Coordinates of element @index of a shape, and back. */
static void
unravel (const PstShape *shape, gint64 index, gint64 *at)
{
  for (int i = shape->rank - 1; i >= 0; i--)
    {
      at[i] = index % shape->dim[i];
      index /= shape->dim[i];
    }
}

static gint64
ravel (const PstShape *shape, const gint64 *at)
{
  gint64 index = 0;

  for (int i = 0; i < shape->rank; i++)
    index = index * shape->dim[i] + at[i];
  return index;
}

static int
axis_of (const PstOpTest *t, int fallback)
{
  int axis = (int) pst_node_get_int (t->node, "axis", fallback);

  return axis < 0 ? axis + t->in[0].shape.rank : axis;
}

static void
transpose_reference (PstOpTest *t)
{
  int           n, rank = t->in[0].shape.rank;
  const gint64 *perm = pst_node_get_ints (t->node, "perm", &n);

  for (gint64 i = 0; i < t->out[0].count; i++)
    {
      gint64 to[PST_MAX_RANK], from[PST_MAX_RANK];

      unravel (&t->out[0].shape, i, to);
      for (int k = 0; k < rank; k++)
        from[perm ? perm[k] : rank - 1 - k] = to[k];
      t->out[0].v[i] = t->in[0].v[ravel (&t->in[0].shape, from)];
    }
}

#define MAP "2x3x5x7"

static const PstOpCase transposes[] = {
  { "reverse", "Transpose", .in = { "float " MAP }, .out = { "7x5x3x2" } },
  { "last", "Transpose", 0, "perm=[0,2,3,1]", .in = { "float " MAP },
    .out = { "2x5x7x3" } },
  { "first", "Transpose", 0, "perm=[0,3,1,2]", .in = { "float 1x90x91x8" },
    .out = { "1x8x90x91" } },
  { "three", "Transpose", 0, "perm=[2,0,1]", .in = { "float 4x5x6" },
    .out = { "6x4x5" } },
  { "six", "Transpose", 0, "perm=[0,3,4,1,5,2]",
    .in = { "float 1x2x2x3x4x5" }, .out = { "1x3x4x2x5x2" } },
  { "int64", "Transpose", 0, "perm=[1,0]", .in = { "int64 4x2 in 0..9" },
    .out = { "2x4" } },
  { "bool", "Transpose", .in = { "bool 4x2" }, .out = { "2x4" } },
  { "constant", "Transpose", .in = { "const float " MAP },
    .out = { "7x5x3x2" } },
  { "short", "Transpose", 0, "perm=[1,0]", .in = { "float " MAP },
    .fails = "perm" },
  { "twice", "Transpose", 0, "perm=[1,1,0]", .in = { "float 2x3x4" },
    .fails = "perm" },
};

static void
concat_reference (PstOpTest *t)
{
  int axis = axis_of (t, 1);

  for (gint64 i = 0; i < t->out[0].count; i++)
    {
      gint64 at[PST_MAX_RANK];
      int    k = 0;

      unravel (&t->out[0].shape, i, at);
      while (at[axis] >= t->in[k].shape.dim[axis])
        at[axis] -= t->in[k++].shape.dim[axis];
      t->out[0].v[i] = t->in[k].v[ravel (&t->in[k].shape, at)];
    }
}

static const PstOpCase concats[] = {
  { "channels", "Concat", 0, "axis=1",
    .in = { "float 2x3x5x7", "float 2x1x5x7", "float 2x4x5x7" },
    .out = { "2x8x5x7" } },
  { "batch", "Concat", 0, "axis=0", .in = { "float " MAP, "float " MAP },
    .out = { "4x3x5x7" } },
  { "columns", "Concat", 0, "axis=-1",
    .in = { "float " MAP, "float 2x3x5x2" }, .out = { "2x3x5x9" } },
  { "constant", "Concat", 0, "axis=1",
    .in = { "float " MAP, "const float " MAP }, .out = { "2x6x5x7" } },
  { "int64", "Concat", 0, "axis=0", .in = { "int64 2", "int64 3" },
    .out = { "5" } },
  { "empty", "Concat", 0, "axis=0", .in = { "int64 2", "int64 0" },
    .out = { "2" } },
  { "one", "Concat", 0, "axis=0", .in = { "float 2" }, .out = { "2" } },
  { "misfit", "Concat", 0, "axis=1", .in = { "float 2x3", "float 3x3" },
    .fails = "do not fit" },
  { "rank", "Concat", 0, "axis=1", .in = { "float 2x3", "float 2x3x1" },
    .fails = "do not fit" },
  { "axis", "Concat", 0, "axis=2", .in = { "float 2x3" },
    .fails = "axis 2" },
  { "missing", "Concat", 0, "axis=0", .in = { "float 2", "-", "float 2" },
    .fails = "is missing" },
};

static void
split_reference (PstOpTest *t)
{
  int    axis = axis_of (t, 0);
  gint64 begin = 0;

  for (int k = 0; k < t->n_out; k++)
    {
      for (gint64 i = 0; i < t->out[k].count; i++)
        {
          gint64 at[PST_MAX_RANK];

          unravel (&t->out[k].shape, i, at);
          at[axis] += begin;
          t->out[k].v[i] = t->in[0].v[ravel (&t->in[0].shape, at)];
        }
      begin += t->out[k].shape.dim[axis];
    }
}

static const PstOpCase splits[] = {
  { "equal", "Split", 0, "axis=1", .in = { "float 2x6x5x7" },
    .out = { "2x3x5x7", "2x3x5x7" } },
  { "input", "Split", 0, "axis=1",
    .in = { "float 2x6x5x7", "const int64 3 = 1 3 2" },
    .out = { "2x1x5x7", "2x3x5x7", "2x2x5x7" } },
  { "attribute", "Split", 11, "axis=-1 split=[2,5]",
    .in = { "float " MAP }, .out = { "2x3x5x2", "2x3x5x5" } },
  { "last-smaller", "Split", 18, "num_outputs=2", .in = { "float 5x2" },
    .out = { "3x2", "2x2" } },
  { "sum", "Split", 11, "split=[1,2]", .in = { "float 5x2" },
    .out = { "1x2", "2x2" }, .fails = "cannot split 5" },
  { "negative", "Split", 11, "split=[-1,6]", .in = { "float 5x2" },
    .out = { "1x2", "2x2" }, .fails = "cannot split 5" },
};

static void
expand_reference (PstOpTest *t)
{
  for (gint64 i = 0; i < t->out[0].count; i++)
    t->out[0].v[i] =
        t->in[0].v[pst_test_broadcast (&t->in[0], &t->out[0].shape, i)];
}

static const PstOpCase expands[] = {
  { "channel", "Expand",
    .in = { "float 2x3x1x1", "const int64 4 = 2 3 5 7" }, .out = { MAP } },
  { "scalar", "Expand", .in = { "float scalar", "const int64 2 = 3 4" },
    .out = { "3x4" } },
  { "both", "Expand", .in = { "float 3x1", "const int64 2 = 1 4" },
    .out = { "3x4" } },
  { "smaller", "Expand", .in = { "float 3x4", "const int64 1 = 1" },
    .out = { "3x4" } },
  { "int64", "Expand", .in = { "int64 1", "const int64 1 = 4" },
    .out = { "4" } },
  { "misfit", "Expand", .in = { "float 3", "const int64 1 = 4" },
    .fails = "cannot repeat" },
  { "negative", "Expand", .in = { "float 1", "const int64 1 = -4" },
    .fails = "cannot repeat" },
};

/* The table gives starts, ends, axes and steps; counts come from it. */
static void
slice_reference (PstOpTest *t)
{
  int           n = 0, m, rank = t->in[0].shape.rank;
  const gint64 *starts = pst_node_get_ints (t->node, "starts", &n);
  const gint64 *axes = pst_node_get_ints (t->node, "axes", &m);

  if (! starts)
    n = (int) t->in[1].count;
  for (gint64 i = 0; i < t->out[0].count; i++)
    {
      gint64 at[PST_MAX_RANK];

      unravel (&t->out[0].shape, i, at);
      for (int k = 0; k < n; k++)
        {
          double start = starts ? (double) starts[k] : t->in[1].v[k];
          double axis = axes          ? (double) axes[k]
                        : t->n_in > 3 ? t->in[3].v[k]
                                      : k;
          double step = t->n_in > 4 ? t->in[4].v[k] : 1.0;
          int    a = (int) (axis < 0 ? axis + rank : axis);
          double size = (double) t->in[0].shape.dim[a];

          start = start < 0.0 ? start + size : start;
          start = CLAMP (start, 0.0, step < 0.0 ? size - 1.0 : size);
          at[a] = (gint64) start + at[a] * (gint64) step;
        }
      t->out[0].v[i] = t->in[0].v[ravel (&t->in[0].shape, at)];
    }
}

#define INTS(...) "const int64 " #__VA_ARGS__

static const PstOpCase slices[] = {
  { "attributes", "Slice", 9, "starts=[1,2] ends=[4,-1] axes=[2,3]",
    .in = { "float " MAP }, .out = { "2x3x3x4" } },
  { "no-axes", "Slice", 9, "starts=[1,0] ends=[9,2]",
    .in = { "float " MAP }, .out = { "1x2x5x7" } },
  { "inputs", "Slice",
    .in = { "float " MAP, INTS (2 = 0 1), INTS (2 = 5 7), INTS (2 = 2 3),
            INTS (2 = 2 3) },
    .out = { "2x3x3x2" } },
  { "reverse-from-before", "Slice",
    .in = { "float 2x5", INTS (2 = -3 5), INTS (2 = -9 2), INTS (2 = 0 1),
            INTS (2 = -1 -1) },
    .out = { "1x2" } },
  { "reverse-nothing", "Slice",
    .in = { "float 0x5", INTS (1 = -3), INTS (1 = -9), INTS (1 = 0),
            INTS (1 = -1) },
    .out = { "0x5" } },
  { "reverse", "Slice",
    .in = { "float " MAP, INTS (1 = -1), INTS (1 = -9223372036854775807),
            INTS (1 = 3), INTS (1 = -1) },
    .out = { MAP } },
  { "backwards", "Slice",
    .in = { "float " MAP, INTS (1 = 9), INTS (1 = 0), INTS (1 = -2),
            INTS (1 = -2) },
    .out = { "2x3x2x7" } },
  { "to-end", "Slice",
    .in = { "float " MAP, INTS (1 = 1), INTS (1 = 9000000000000000000) },
    .out = { "1x3x5x7" } },
  { "int64", "Slice", .in = { "int64 4", INTS (1 = 2), INTS (1 = 4) },
    .out = { "2" } },
  { "large", "Slice",
    .in = { "float 1x8x110x100", INTS (2 = 4 4), INTS (2 = -4 -4),
            INTS (2 = 2 3) },
    .out = { "1x8x102x92" } },
  { "far-step", "Slice",
    .in = { "float 5", INTS (1 = 0), INTS (1 = 5), INTS (1 = 0),
            INTS (1 = 9000000000000000000) },
    .out = { "1" } },
  { "still", "Slice",
    .in = { "float 5", INTS (1 = 0), INTS (1 = 5), INTS (1 = 0),
            INTS (1 = 0) },
    .fails = "step of 0" },
  { "uneven", "Slice", .in = { "float 5", INTS (1 = 0), INTS (2 = 5 6) },
    .fails = "do not fit" },
  { "axis", "Slice",
    .in = { "float 5", INTS (1 = 0), INTS (1 = 5), INTS (1 = 1) },
    .fails = "axis 1" },
  { "unknown", "Slice", .in = { "float 5", "int64 1", INTS (1 = 5) },
    .fails = "known before" },
};

static void
gather_reference (PstOpTest *t)
{
  int axis = axis_of (t, 0), m = t->in[1].shape.rank;
  int rank = t->in[0].shape.rank;

  for (gint64 i = 0; i < t->out[0].count; i++)
    {
      gint64   at[2 * PST_MAX_RANK], from[PST_MAX_RANK];
      PstShape index = t->in[1].shape;
      gint64   k;

      unravel (&t->out[0].shape, i, at);
      k = (gint64) t->in[1].v[ravel (&index, at + axis)];
      for (int a = 0; a < rank; a++)
        from[a] = a < axis ? at[a] : a > axis ? at[a + m - 1] : k;
      if (k < 0)
        from[axis] += t->in[0].shape.dim[axis];
      t->out[0].v[i] = t->in[0].v[ravel (&t->in[0].shape, from)];
    }
}

static const PstOpCase gathers[] = {
  { "sizes", "Gather", .in = { "int64 4 = 1 3 64 48", INTS (scalar = 2) },
    .out = { "scalar" } },
  { "rows", "Gather", .in = { "float 5x4", INTS (3 = 4 0 -2) },
    .out = { "3x4" } },
  { "channels", "Gather", 0, "axis=1",
    .in = { "float " MAP, INTS (3 = 2 1 0) }, .out = { MAP } },
  { "repeated", "Gather", 0, "axis=-1",
    .in = { "float 5x4", INTS (2x2 = 1 1 1 0) }, .out = { "5x2x2" } },
  { "running", "Gather", .in = { "float 5x4", "int64 3 = 0 2 4" },
    .out = { "3x4" } },
  { "outside", "Gather", .in = { "float 5x4", INTS (1 = 5) },
    .fails = "no part 5" },
  { "float", "Gather", .in = { "float 5x4", "float 1" },
    .fails = "cannot take parts" },
  { "axis", "Gather", 0, "axis=2", .in = { "float 5x4", INTS (1 = 0) },
    .fails = "axis 2" },
};

static void
tile_reference (PstOpTest *t)
{
  for (gint64 i = 0; i < t->out[0].count; i++)
    {
      gint64 at[PST_MAX_RANK];

      unravel (&t->out[0].shape, i, at);
      for (int k = 0; k < t->in[0].shape.rank; k++)
        at[k] %= t->in[0].shape.dim[k];
      t->out[0].v[i] = t->in[0].v[ravel (&t->in[0].shape, at)];
    }
}

static const PstOpCase tiles[] = {
  { "map", "Tile", .in = { "float " MAP, INTS (4 = 1 2 3 2) },
    .out = { "2x6x15x14" } },
  { "one-axis", "Tile", .in = { "float " MAP, INTS (4 = 1 1 1 3) },
    .out = { "2x3x5x21" } },
  { "vector", "Tile", .in = { "float 2x8x1x1", INTS (4 = 1 1 9 11) },
    .out = { "2x8x9x11" } },
  { "int64", "Tile", .in = { "int64 2x3", INTS (2 = 2 2) },
    .out = { "4x6" } },
  { "bool", "Tile", .in = { "bool 3", INTS (1 = 4) }, .out = { "12" } },
  { "scalar", "Tile", .in = { "float scalar", INTS (0) },
    .out = { "scalar" } },
  { "nothing", "Tile", .in = { "float 2x3", INTS (2 = 0 2) },
    .out = { "0x6" } },
  { "few", "Tile", .in = { "float 2x3", INTS (1 = 2) },
    .fails = "has 1 numbers, must have 2" },
  { "negative", "Tile", .in = { "float 2x3", INTS (2 = 1 -1) },
    .fails = "cannot repeat" },
  { "huge", "Tile",
    .in = { "float 2x3", INTS (2 = 4611686018427387904 4) },
    .fails = "cannot repeat" },
  { "many", "Tile", .in = { "float 2x2x2x2x2", INTS (5 = 2 2 2 2 2) },
    .fails = "so many dimensions" },
};

/* Of DepthToSpace; SpaceToDepth goes the other way. */
static void
depth_reference (PstOpTest *t)
{
  gboolean to_space = strcmp (t->node->op->type, "DepthToSpace") == 0;
  gboolean crd = strcmp (pst_node_get_string (t->node, "mode", "DCR"),
                         "CRD") == 0;
  PstTestTensor *space = to_space ? &t->out[0] : &t->in[0];
  PstTestTensor *depth = to_space ? &t->in[0] : &t->out[0];
  gint64         b = pst_node_get_int (t->node, "blocksize", 0);
  gint64         few = space->shape.dim[1];

  for (gint64 i = 0; i < space->count; i++)
    {
      gint64  at[PST_MAX_RANK], part, c;
      double *one;

      unravel (&space->shape, i, at);
      part = at[2] % b * b + at[3] % b;
      c = crd ? at[1] * b * b + part : part * few + at[1];
      one = pst_test_at (depth, at[0], c, at[2] / b, at[3] / b);
      if (to_space)
        space->v[i] = *one;
      else
        *one = space->v[i];
    }
}

static const PstOpCase depths[] = {
  { "two", "DepthToSpace", 0, "blocksize=2", .in = { "float 2x12x3x5" },
    .out = { "2x3x6x10" } },
  { "three", "DepthToSpace", 0, "blocksize=3 mode=DCR",
    .in = { "float 1x18x3x2" }, .out = { "1x2x9x6" } },
  { "pixel-shuffle", "DepthToSpace", 0, "blocksize=2 mode=CRD",
    .in = { "float 2x12x3x5" }, .out = { "2x3x6x10" } },
  { "int64", "DepthToSpace", 0, "blocksize=2", .in = { "int64 1x4x2x2" },
    .out = { "1x1x4x4" } },
  { "constant", "DepthToSpace", 0, "blocksize=2 mode=CRD",
    .in = { "const float 1x4x2x3" }, .out = { "1x1x4x6" } },
  { "channels", "DepthToSpace", 0, "blocksize=2", .in = { "float 1x6x2x2" },
    .fails = "blocks of 2" },
  { "missing", "DepthToSpace", .in = { "float 1x4x2x2" },
    .fails = "blocks of 0" },
  { "huge", "DepthToSpace", 0, "blocksize=4294967296",
    .in = { "float 1x4x2x2" }, .fails = "blocks of" },
  { "mode", "DepthToSpace", 0, "blocksize=2 mode=RCD",
    .in = { "float 1x4x2x2" }, .fails = "RCD" },
  { "rank", "DepthToSpace", 0, "blocksize=2", .in = { "float 4x2x2" },
    .fails = "blocks of 2" },
  { "two", "SpaceToDepth", 0, "blocksize=2", .in = { "float 2x3x6x10" },
    .out = { "2x12x3x5" } },
  { "three", "SpaceToDepth", 0, "blocksize=3", .in = { "float 1x2x9x6" },
    .out = { "1x18x3x2" } },
  { "bool", "SpaceToDepth", 0, "blocksize=2", .in = { "bool 1x1x4x4" },
    .out = { "1x4x2x2" } },
  { "size", "SpaceToDepth", 0, "blocksize=2", .in = { "float 1x2x4x5" },
    .fails = "blocks of 2" },
};

void
pst_test_arrange (void)
{
  pst_op_test_add ("arrange", tiles, G_N_ELEMENTS (tiles), tile_reference);
  pst_op_test_add ("arrange", depths, G_N_ELEMENTS (depths),
                   depth_reference);
  pst_op_test_add ("arrange", transposes, G_N_ELEMENTS (transposes),
                   transpose_reference);
  pst_op_test_add ("arrange", concats, G_N_ELEMENTS (concats),
                   concat_reference);
  pst_op_test_add ("arrange", splits, G_N_ELEMENTS (splits),
                   split_reference);
  pst_op_test_add ("arrange", expands, G_N_ELEMENTS (expands),
                   expand_reference);
  pst_op_test_add ("arrange", slices, G_N_ELEMENTS (slices),
                   slice_reference);
  pst_op_test_add ("arrange", gathers, G_N_ELEMENTS (gathers),
                   gather_reference);
}
