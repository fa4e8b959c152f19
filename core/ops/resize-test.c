/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/ops/op-test.h"

static double
coordinate (const char *mode, double x, double scale, double in, double out)
{
  if (strcmp (mode, "asymmetric") == 0)
    return x / scale;
  if (strcmp (mode, "align_corners") == 0)
    return out == 1.0 ? 0.0 : x * (in - 1.0) / (out - 1.0);
  if (strcmp (mode, "pytorch_half_pixel") == 0 && out == 1.0)
    return 0.0;
  if (strcmp (mode, "half_pixel_symmetric") == 0)
    return in / 2.0 * (1.0 - out / (in * scale)) + (x + 0.5) / scale - 0.5;
  return (x + 0.5) / scale - 0.5;
}

static double
nearest (const char *mode, double x)
{
  if (strcmp (mode, "floor") == 0)
    return floor (x);
  if (strcmp (mode, "ceil") == 0)
    return ceil (x);
  if (x - floor (x) == 0.5)
    return strcmp (mode, "round_prefer_ceil") == 0 ? ceil (x) : floor (x);
  return floor (x + 0.5);
}

/* The scale of axis 2 + @axis. */
static double
scale_of (const PstOpTest *t, int axis)
{
  int          n;
  const float *attr = pst_node_get_floats (t->node, "scales", &n);
  gboolean old = t->opset < 11 || strcmp (t->node->op->type, "Upsample") == 0;
  const PstTestTensor *in = &t->in[old ? 1 : 2];
  int axes = pst_node_attr (t->node, "axes") ? 0 : 2;

  if (attr)
    return attr[2 + axis];
  if (t->n_in > 3)
    return t->in[3].v[axes + axis] / (double) t->in[0].shape.dim[2 + axis];
  return in->v[axes + axis];
}

static double
value_at (PstOpTest *t, gint64 b, gint64 c, double y, double x)
{
  const gint64 *dim = t->in[0].shape.dim;

  return *pst_test_at (&t->in[0], b, c,
                       (gint64) CLAMP (y, 0.0, (double) dim[2] - 1.0),
                       (gint64) CLAMP (x, 0.0, (double) dim[3] - 1.0));
}

static void
reference (PstOpTest *t)
{
  gboolean old = t->opset < 11 || strcmp (t->node->op->type, "Upsample") == 0;
  const char *mode = pst_node_get_string (
      t->node, "coordinate_transformation_mode",
      old ? "asymmetric" : "half_pixel");
  const char *rounding = pst_node_get_string (
      t->node, "nearest_mode", old ? "floor" : "round_prefer_floor");
  gboolean is_linear = strcmp (pst_node_get_string (t->node, "mode",
                                                    "nearest"),
                               "nearest") != 0;
  const gint64 *in = t->in[0].shape.dim, *out = t->out[0].shape.dim;

  for (gint64 i = 0; i < t->out[0].count; i++)
    {
      gint64 c = i / out[3] / out[2] % out[1];
      gint64 b = i / out[3] / out[2] / out[1];
      double y = coordinate (mode, (double) (i / out[3] % out[2]),
                             scale_of (t, 0), (double) in[2],
                             (double) out[2]);
      double x = coordinate (mode, (double) (i % out[3]), scale_of (t, 1),
                             (double) in[3], (double) out[3]);
      double u = floor (x), v = floor (y);

      if (is_linear)
        t->out[0].v[i] =
            (1 - (x - u)) * (1 - (y - v)) * value_at (t, b, c, v, u) +
            (x - u) * (1 - (y - v)) * value_at (t, b, c, v, u + 1) +
            (1 - (x - u)) * (y - v) * value_at (t, b, c, v + 1, u) +
            (x - u) * (y - v) * value_at (t, b, c, v + 1, u + 1);
      else
        t->out[0].v[i] = value_at (t, b, c, nearest (rounding, y),
                                   nearest (rounding, x));
    }
}

#define MAP "2x3x5x7"
#define SCALES(y, x) "-", "const float 4 = 1 1 " #y " " #x
#define SIZES(y, x) "-", "-", "const int64 4 = 2 3 " #y " " #x

#define COORDINATES(mode)                                                     \
  { mode "-up", "Resize", 13,                                                 \
    "mode=linear coordinate_transformation_mode=" mode,                       \
    .in = { "float " MAP, SCALES (2, 3) }, .out = { "2x3x10x21" } },          \
  { mode "-down", "Resize", 13,                                               \
    "mode=linear coordinate_transformation_mode=" mode,                       \
    .in = { "float " MAP, SCALES (0.6, 0.5) }, .out = { "2x3x3x3" } },        \
  { mode "-size", "Resize", 13,                                               \
    "mode=linear coordinate_transformation_mode=" mode,                       \
    .in = { "float " MAP, SIZES (8, 1) }, .out = { "2x3x8x1" } },             \
  { mode "-nearest", "Resize", 13,                                            \
    "coordinate_transformation_mode=" mode,                                   \
    .in = { "float " MAP, SIZES (9, 4) }, .out = { "2x3x9x4" } },             \
  { mode "-floor", "Resize", 13,                                              \
    "nearest_mode=floor coordinate_transformation_mode=" mode,                \
    .in = { "float " MAP, SCALES (2, 2) }, .out = { "2x3x10x14" } },          \
  { mode "-ceil", "Resize", 13,                                               \
    "nearest_mode=round_prefer_ceil coordinate_transformation_mode=" mode,    \
    .in = { "float " MAP, SCALES (1.5, 2.5) }, .out = { "2x3x7x17" } }

static const PstOpCase cases[] = {
  COORDINATES ("half_pixel"),
  COORDINATES ("pytorch_half_pixel"),
  COORDINATES ("half_pixel_symmetric"),
  COORDINATES ("align_corners"),
  COORDINATES ("asymmetric"),
  { "twice", "Resize", 13,
    "nearest_mode=floor coordinate_transformation_mode=asymmetric",
    .in = { "float 1x16x40x33", SCALES (2, 2) }, .out = { "1x16x80x66" } },
  { "opset-10", "Resize", 10, "mode=linear",
    .in = { "float " MAP, "const float 4 = 1 1 2 2" },
    .out = { "2x3x10x14" } },
  { "axes", "Resize", 18, "mode=linear axes=[2,3]",
    .in = { "float " MAP, "-", "-", "const int64 2 = 6 6" },
    .out = { "2x3x6x6" } },
  { "constant", "Resize", 13, "mode=linear",
    .in = { "const float " MAP, SCALES (2, 2) }, .out = { "2x3x10x14" } },
  { "nearest", "Upsample", 9,
    .in = { "float " MAP, "const float 4 = 1 1 2 3" },
    .out = { "2x3x10x21" } },
  { "linear", "Upsample", 9, "mode=linear",
    .in = { "float " MAP, "const float 4 = 1 1 2 3" },
    .out = { "2x3x10x21" } },
  { "attribute", "Upsample", 7, "scales=[1.0,1.0,2.0,2.0]",
    .in = { "float " MAP }, .out = { "2x3x10x14" } },
  { "cubic", "Resize", 13, "mode=cubic", .in = { "float " MAP },
    .fails = "cubic" },
  { "unknown", "Resize", 13,
    .in = { "float " MAP, "-", "-", "int64 4 = 2 3 4 5" },
    .fails = "known before" },
  { "missing", "Resize", 13, .in = { "float " MAP },
    .fails = "known before" },
  { "channels", "Resize", 13,
    .in = { "float " MAP, "-", "const float 4 = 1 2 1 1" },
    .fails = "height and width" },
  { "nan", "Resize", 13,
    .in = { "float " MAP, "-", "const float 4 = 1 1 nan 1" },
    .fails = "cannot be resized" },
  { "huge", "Resize", 13,
    .in = { "float " MAP, "-", "const float 4 = 1 1 1e30 1" },
    .fails = "cannot be resized" },
  { "zero", "Resize", 13,
    .in = { "float " MAP, "-", "-", "const int64 4 = 2 3 0 5" },
    .fails = "cannot be resized" },
};

void
pst_test_resize (void)
{
  pst_op_test_add ("resize", cases, G_N_ELEMENTS (cases), reference);
}
