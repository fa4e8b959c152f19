/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ops/op-test.h"

/* Where place @at of a padded axis comes from, -1 for the constant. */
static gint64
source (const char *mode, gint64 at, gint64 size, gint64 before)
{
  gint64 i = at - before;

  if (i >= 0 && i < size)
    return i;
  if (strcmp (mode, "edge") == 0)
    return CLAMP (i, 0, size - 1);
  if (strcmp (mode, "reflect") == 0)
    return i < 0 ? -i : 2 * (size - 1) - i;
  if (strcmp (mode, "wrap") == 0)
    return (i + size) % size;
  return -1;
}

static void
reference (PstOpTest *t)
{
  const char *mode = pst_node_get_string (t->node, "mode", "constant");
  double      value = pst_node_get_float (t->node, "value", 0.0f);
  int         rank = t->in[0].shape.rank, n = 0;
  double      pads[2 * PST_MAX_RANK] = { 0 };
  const gint64 *ints = pst_node_get_ints (
      t->node, pst_node_attr (t->node, "pads") ? "pads" : "paddings", &n);

  for (int i = 0; i < 2 * rank; i++)
    if (t->n_in > 3)
      for (gint64 k = 0; k < t->in[3].count; k++)
        {
          int axis = (int) t->in[3].v[k];

          axis = axis < 0 ? axis + rank : axis;
          if (i % rank == axis)
            pads[i] = t->in[1].v[k + (i >= rank ? t->in[3].count : 0)];
        }
    else
      pads[i] = ints ? (double) ints[i] : t->in[1].v[i];
  if (t->n_in > 2 && t->in[2].v)
    value = t->in[2].v[0];
  for (gint64 i = 0; i < t->out[0].count; i++)
    {
      gint64 rest = i, at = 0, step = 1;

      for (int k = rank - 1; k >= 0; k--)
        {
          gint64 from = source (mode, rest % t->out[0].shape.dim[k],
                                t->in[0].shape.dim[k], (gint64) pads[k]);

          at = from < 0 || at < 0 ? -1 : at + from * step;
          step *= t->in[0].shape.dim[k];
          rest /= t->out[0].shape.dim[k];
        }
      t->out[0].v[i] = at < 0 ? value : t->in[0].v[at];
    }
}

static void
crop_reference (PstOpTest *t)
{
  int           n;
  const gint64 *border = pst_node_get_ints (t->node, "border", &n);
  const gint64 *dim = t->out[0].shape.dim;

  for (gint64 i = 0; i < t->out[0].count; i++)
    {
      gint64 x = i % dim[3], y = i / dim[3] % dim[2];
      gint64 c = i / dim[3] / dim[2] % dim[1];
      gint64 b = i / dim[3] / dim[2] / dim[1];

      t->out[0].v[i] =
          *pst_test_at (&t->in[0], b, c, y + border[1], x + border[0]);
    }
}

#define MAP "2x3x5x7"

#define MODES(mode)                                                           \
  { mode "-one", "Pad", 10, "mode=" mode " pads=[0,0,1,1,0,0,1,1]",           \
    .in = { "float " MAP }, .out = { "2x3x7x9" } },                           \
  { mode "-uneven", "Pad", 10, "mode=" mode " pads=[0,0,0,3,0,0,4,1]",        \
    .in = { "float " MAP }, .out = { "2x3x9x11" } },                          \
  { mode "-input", "Pad", 0, "mode=" mode,                                    \
    .in = { "float " MAP, "const int64 8 = 0 0 2 1 0 0 1 2" },                \
    .out = { "2x3x8x10" } },                                                  \
  { mode "-large", "Pad", 10, "mode=" mode " pads=[0,0,4,4,0,0,4,4]",         \
    .in = { "float 1x8x90x100" }, .out = { "1x8x98x108" } },                  \
  { mode "-plain", "Pad", 10, "mode=" mode " pads=[1,0,0,2]",                 \
    .in = { "float 4x5" }, .out = { "5x7" } },                                \
  { mode "-channels", "Pad", 10, "mode=" mode " pads=[1,2,0,0,0,1,0,1]",      \
    .in = { "float " MAP }, .out = { "3x6x5x8" } },                           \
  { mode "-axes", "Pad", 18, "mode=" mode,                                    \
    .in = { "float " MAP, "const int64 4 = 1 2 0 3", "-",                     \
            "const int64 2 = 2 -1" },                                         \
    .out = { "2x3x6x12" } }

static const PstOpCase cases[] = {
  MODES ("constant"),
  MODES ("reflect"),
  MODES ("edge"),
  MODES ("wrap"),
  { "value", "Pad", 10, "value=0.5 pads=[0,0,1,1,0,0,1,1]",
    .in = { "float " MAP }, .out = { "2x3x7x9" } },
  { "value-input", "Pad",
    .in = { "float " MAP, "const int64 8 = 0 0 1 0 0 0 0 1",
            "const float scalar = -2" },
    .out = { "2x3x6x8" } },
  { "int64", "Pad", .in = { "int64 2x3", "const int64 4 = 1 0 0 2",
                            "const int64 scalar = 9" },
    .out = { "3x5" } },
  { "int32-reflect", "Pad", 0, "mode=reflect",
    .in = { "int32 1x1x4x5", "const int64 8 = 0 0 1 2 0 0 1 3" },
    .out = { "1x1x6x10" } },
  { "bool-edge", "Pad", 0, "mode=edge",
    .in = { "bool 4x5", "const int64 4 = 1 2 0 1" }, .out = { "5x8" } },
  { "opset-1", "Pad", 1, "mode=edge paddings=[1,0,0,2]",
    .in = { "float 4x5" }, .out = { "5x7" } },
  { "value-type", "Pad",
    .in = { "float 2x3", "const int64 4 = 1 0 0 2", "const int64 scalar = 9" },
    .fails = "single number" },
  { "nothing", "Pad", 10, "mode=reflect pads=[0,0,0,0,0,0,0,0]",
    .in = { "float " MAP }, .out = { MAP } },
  { "crop", "Pad", 10, "pads=[0,0,-1,1,0,0,-2,-3]", .in = { "float " MAP },
    .out = { "2x3x2x5" } },
  { "crop-edge", "Pad", 10, "mode=edge pads=[0,0,-1,0,0,0,0,-3]",
    .in = { "float " MAP }, .out = { "2x3x4x4" } },
  { "widest", "Pad", 10, "mode=reflect pads=[0,0,4,6,0,0,4,6]",
    .in = { "float " MAP }, .out = { "2x3x13x19" } },
  { "too-wide", "Pad", 10, "mode=reflect pads=[0,0,5,0,0,0,0,0]",
    .in = { "float " MAP }, .fails = "too small to be padded by 5" },
  { "mode", "Pad", 10, "mode=mirror pads=[0,0,0,0,0,0,0,0]",
    .in = { "float " MAP }, .fails = "mirror" },
  { "missing", "Pad", 10, "mode=reflect", .in = { "float " MAP },
    .fails = "has 0 numbers" },
  { "few", "Pad", 10, "pads=[1,1]", .in = { "float " MAP },
    .fails = "has 2 numbers, must have 8" },
  { "unknown", "Pad", .in = { "float 2x3", "int64 4 = 0 0 1 1" },
    .fails = "known before" },
  { "huge", "Pad", 10, "pads=[0,99999999999]", .in = { "float 3" },
    .fails = "out of range" },
  { "largest", "Pad", 10, "mode=reflect pads=[0,9223372036854775807]",
    .in = { "float 3" }, .fails = "out of range" },
  { "all-cropped", "Pad", 10, "pads=[-2,-2]", .in = { "float 3" },
    .fails = "too small" },
};

static const PstOpCase crops[] = {
  { "border", "Crop", 7, "border=[1,2,3,0]", .in = { "float " MAP },
    .out = { "2x3x3x3" } },
  { "scale", "Crop", 7, "border=[1,2,0,0] scale=[2,4]",
    .in = { "float " MAP }, .out = { "2x3x2x4" } },
  { "too-much", "Crop", 7, "border=[4,0,4,0]", .in = { "float " MAP },
    .fails = "cannot be cropped" },
  { "missing", "Crop", 7, .in = { "float " MAP },
    .fails = "cannot be cropped" },
  { "negative", "Crop", 7, "border=[-1,0,0,0]", .in = { "float " MAP },
    .fails = "cannot be cropped" },
};

void
pst_test_pad (void)
{
  pst_op_test_add ("pad", cases, G_N_ELEMENTS (cases), reference);
  pst_op_test_add ("crop", crops, G_N_ELEMENTS (crops), crop_reference);
}
