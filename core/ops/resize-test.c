/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/ops/op-test.h"

/* One axis of a case. */
typedef struct
{
  const char *place, *mode, *rounding;
  double      scale, in, out, begin, end;
} Axis;

static double
coordinate (const Axis *a, double x)
{
  if (strcmp (a->place, "asymmetric") == 0)
    return x / a->scale;
  if (strcmp (a->place, "align_corners") == 0)
    return a->out == 1.0 ? 0.0 : x * (a->in - 1.0) / (a->out - 1.0);
  if (strcmp (a->place, "tf_crop_and_resize") == 0)
    return a->out == 1.0 ? 0.5 * (a->begin + a->end) * (a->in - 1.0)
                         : a->begin * (a->in - 1.0) +
                               x * (a->end - a->begin) * (a->in - 1.0) /
                                   (a->out - 1.0);
  if (strcmp (a->place, "pytorch_half_pixel") == 0 && a->out == 1.0)
    return 0.0;
  if (strcmp (a->place, "half_pixel_symmetric") == 0)
    return a->in / 2.0 * (1.0 - a->out / (a->in * a->scale)) +
           (x + 0.5) / a->scale - 0.5;
  return (x + 0.5) / a->scale - 0.5;
}

static double
nearest (const Axis *a, double x)
{
  if (strcmp (a->rounding, "old") == 0)
    return a->scale < 1.0 ? ceil (x) : floor (x);
  if (strcmp (a->rounding, "floor") == 0)
    return floor (x);
  if (strcmp (a->rounding, "ceil") == 0)
    return ceil (x);
  if (x - floor (x) == 0.5)
    return strcmp (a->rounding, "round_prefer_ceil") == 0 ? ceil (x)
                                                          : floor (x);
  return floor (x + 0.5);
}

static double
kernel (const PstOpTest *t, double x)
{
  double a = pst_node_get_float (t->node, "cubic_coeff_a", -0.75f);

  x = fabs (x);
  if (strcmp (pst_node_get_string (t->node, "mode", ""), "cubic") != 0)
    return fmax (0.0, 1.0 - x);
  if (x <= 1.0)
    return (a + 2.0) * x * x * x - (a + 3.0) * x * x + 1.0;
  return x < 2.0 ? a * x * x * x - 5.0 * a * x * x + 8.0 * a * x - 4.0 * a
                 : 0.0;
}

/* How much each number of the input counts in number @at of the result;
 * FALSE where that lies outside. */
static gboolean
weigh (const PstOpTest *t, const Axis *a, gint64 at, double *weight)
{
  double x = coordinate (a, (double) at), sum = 0.0;
  double shrink = pst_node_get_int (t->node, "antialias", 0)
                      ? fmin (1.0, a->scale)
                      : 1.0;
  gboolean inside = pst_node_get_int (t->node, "exclude_outside", 0) != 0;
  gint64   last = (gint64) a->in - 1;

  memset (weight, 0, sizeof (double) * (gsize) a->in);
  if (strcmp (a->place, "tf_crop_and_resize") == 0 &&
      ! (x >= 0.0 && x <= a->in - 1.0))
    return FALSE;
  if (strcmp (a->mode, "nearest") == 0)
    {
      weight[(gint64) CLAMP (nearest (a, x), 0.0, a->in - 1.0)] = 1.0;
      return TRUE;
    }
  for (gint64 k = -100; k < 200; k++)
    {
      double w = kernel (t, ((double) k - x) * shrink);

      if (inside && (k < 0 || k > last))
        continue;
      weight[CLAMP (k, 0, last)] += w;
      sum += w;
    }
  for (gint64 k = 0; k <= last; k++)
    weight[k] /= sum;
  return TRUE;
}

static double
scale_of (const PstOpTest *t, int axis, gboolean old)
{
  int          n, m, place = axis;
  const float *attr = pst_node_get_floats (t->node, "scales", &n);
  const gint64 *axes = pst_node_get_ints (t->node, "axes", &m);
  const char  *policy = pst_node_get_string (
      t->node, "keep_aspect_ratio_policy", "stretch");
  double scale;

  for (int i = 0; axes && i < m; i++)
    if (axes[i] == axis)
      place = i;
  if (axes && axes[place] != axis)
    return 1.0;
  if (attr)
    return attr[axis];
  if (pst_node_attr (t->node, "height_scale"))
    return axis < 2 ? 1.0
                    : pst_node_get_float (t->node,
                                          axis == 2 ? "height_scale"
                                                    : "width_scale",
                                          1.0f);
  if (t->n_in <= 3)
    return t->in[old ? 1 : 2].v[place];
  scale = t->in[3].v[place] / (double) t->in[0].shape.dim[axis];
  for (int i = 0; strcmp (policy, "stretch") != 0 && i < m; i++)
    {
      double other = t->in[3].v[i] / (double) t->in[0].shape.dim[axes[i]];

      scale = strcmp (policy, "not_larger") == 0 ? fmin (scale, other)
                                                 : fmax (scale, other);
    }
  return scale;
}

static Axis
axis_of (const PstOpTest *t, int axis)
{
  gboolean old = t->opset < 11 || strcmp (t->node->op->type, "Upsample") == 0;
  int      rank = t->in[0].shape.rank;

  return (Axis) {
    .place = pst_node_get_string (t->node, "coordinate_transformation_mode",
                                  old ? "asymmetric" : "half_pixel"),
    .mode = pst_node_get_string (t->node, "mode", "nearest"),
    .rounding = old ? "old"
                    : pst_node_get_string (t->node, "nearest_mode",
                                           "round_prefer_floor"),
    .scale = scale_of (t, axis, old),
    .in = (double) t->in[0].shape.dim[axis],
    .out = (double) t->out[0].shape.dim[axis],
    .begin = ! old && t->n_in > 1 && t->in[1].v ? t->in[1].v[axis] : 0.0,
    .end = ! old && t->n_in > 1 && t->in[1].v ? t->in[1].v[rank + axis] : 1.0,
  };
}

/* Along one axis after the other, from @v into a new array. */
static double *
resize_axis (const PstOpTest *t, const double *v, gint64 *dim, int axis)
{
  Axis    a = axis_of (t, axis);
  gint64  before = 1, after = 1, in = dim[axis], out;
  double *weight = g_new0 (double, in), *to;

  dim[axis] = out = t->out[0].shape.dim[axis];
  for (int i = 0; i < t->in[0].shape.rank; i++)
    if (i != axis)
      *(i < axis ? &before : &after) *= dim[i];
  to = g_new0 (double, before * out * after);
  for (gint64 at = 0; at < out; at++)
    {
      gboolean inside = weigh (t, &a, at, weight);

      for (gint64 i = 0; i < before * after; i++)
        {
          double *one = &to[(i / after * out + at) * after + i % after];

          for (gint64 k = 0; k < in; k++)
            *one += weight[k] * v[(i / after * in + k) * after + i % after];
          if (! inside)
            *one = pst_node_get_float (t->node, "extrapolation_value", 0.0f);
        }
    }
  g_free (weight);
  return to;
}

static void
reference (PstOpTest *t)
{
  PstShape shape = t->in[0].shape;
  gboolean crop = strcmp (axis_of (t, 0).place, "tf_crop_and_resize") == 0;
  double  *v = g_memdup2 (t->in[0].v, sizeof (double) * t->in[0].count);

  /* as large as the input: the input, whatever the scales */
  if (pst_shape_equal (&shape, &t->out[0].shape) && ! crop)
    shape.rank = 0;
  for (int i = 0; i < shape.rank; i++)
    {
      double *next = resize_axis (t, v, shape.dim, i);

      g_free (v);
      v = next;
    }
  memcpy (t->out[0].v, v, sizeof (double) * t->out[0].count);
  g_free (v);
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
  { "opset-10-smaller", "Resize", 10,
    .in = { "float " MAP, "const float 4 = 1 1 0.6 0.5" },
    .out = { "2x3x3x3" } },
  { "rounded-as-floats", "Resize", 13,
    "nearest_mode=floor coordinate_transformation_mode=asymmetric",
    .in = { "float 1x1x1x10 = 0 1 2 3 4 5 6 7 8 9", SCALES (1, 0.5) },
    .out = { "1x1x1x5" } },
  { "cubic", "Resize", 13, "mode=cubic",
    .in = { "float " MAP, SCALES (1.6, 2.5) }, .out = { "2x3x8x17" } },
  { "cubic-outside", "Resize", 13,
    "mode=cubic exclude_outside=1 cubic_coeff_a=-0.5",
    .in = { "float " MAP, SCALES (0.8, 1.5) }, .out = { "2x3x4x10" } },
  { "cubic-corners", "Resize", 13,
    "mode=cubic coordinate_transformation_mode=align_corners",
    .in = { "float " MAP, SIZES (9, 3) }, .out = { "2x3x9x3" } },
  { "antialias", "Resize", 18, "mode=linear antialias=1",
    .in = { "float 2x3x15x17", SIZES (4, 9) }, .out = { "2x3x4x9" } },
  { "antialias-cubic", "Resize", 18, "mode=cubic antialias=1",
    .in = { "float 2x3x15x7", SIZES (4, 9) }, .out = { "2x3x4x9" } },
  { "antialias-outside", "Resize", 18,
    "mode=cubic antialias=1 exclude_outside=1",
    .in = { "float 2x3x15x17", SIZES (6, 5) }, .out = { "2x3x6x5" } },
  { "crop", "Resize", 13,
    "mode=linear coordinate_transformation_mode=tf_crop_and_resize "
    "extrapolation_value=7.5",
    .in = { "float " MAP, "const float 8 = 0 0 0.3 -0.2 1 1 1.4 0.7", "-",
            "const int64 4 = 2 3 6 6" },
    .out = { "2x3x6x6" } },
  { "crop-same-size", "Resize", 13,
    "mode=cubic coordinate_transformation_mode=tf_crop_and_resize",
    .in = { "float " MAP, "const float 8 = 0 0 0.1 0.2 1 1 0.9 0.7", "-",
            "const int64 4 = 2 3 5 7" },
    .out = { MAP } },
  { "not-larger", "Resize", 18,
    "mode=linear axes=[2,3] keep_aspect_ratio_policy=not_larger",
    .in = { "float " MAP, "-", "-", "const int64 2 = 8 9" },
    .out = { "2x3x6x9" } },
  { "not-smaller", "Resize", 18,
    "mode=linear axes=[2,3] keep_aspect_ratio_policy=not_smaller",
    .in = { "float " MAP, "-", "-", "const int64 2 = 8 9" },
    .out = { "2x3x8x11" } },
  { "line", "Resize", 13, "mode=linear",
    .in = { "float 2x3x9", "-", "-", "const int64 3 = 2 3 14" },
    .out = { "2x3x14" } },
  { "volume", "Resize", 13, "mode=linear",
    .in = { "float 2x3x4x5x6", "-", "-", "const int64 5 = 2 3 4 7 4" },
    .out = { "2x3x4x7x4" } },
  { "channels", "Resize", 13, "mode=linear",
    .in = { "float " MAP, "-", "const float 4 = 1 2 1 1" },
    .out = { "2x6x5x7" } },
  { "channels-rows", "Resize", 13, "mode=cubic",
    .in = { "float " MAP, "-", "const float 4 = 1 2 1.5 1" },
    .out = { "2x6x7x7" } },
  { "nothing", "Resize", 13, "mode=cubic",
    .in = { "float " MAP, SCALES (1, 1) }, .out = { MAP } },
  { "as-large", "Resize", 13,
    "mode=linear coordinate_transformation_mode=asymmetric",
    .in = { "float 1x2x4x2", SCALES (1.2, 1.1) }, .out = { "1x2x4x2" } },
  { "whole-as-float", "Resize", 13, "mode=linear",
    .in = { "float 1x2x5x5", SCALES (1.4, 1) }, .out = { "1x2x7x5" } },
  { "one-number", "Resize", 13, "mode=linear",
    .in = { "float 1x1x1x1", SCALES (3, 2) }, .out = { "1x1x3x2" } },
  { "opset-6", "Upsample", 6,
    "height_scale=2.0 width_scale=3.0 mode=nearest",
    .in = { "float " MAP }, .out = { "2x3x10x21" } },
  { "lanczos", "Resize", 13, "mode=lanczos", .in = { "float " MAP },
    .fails = "lanczos" },
  { "axis-twice", "Resize", 18, "axes=[2,2]",
    .in = { "float " MAP, "-", "-", "const int64 2 = 6 6" },
    .fails = "named twice" },
  { "policy", "Resize", 18, "keep_aspect_ratio_policy=golden",
    .in = { "float " MAP, SIZES (6, 6) }, .fails = "golden" },
  { "region", "Resize", 13,
    "coordinate_transformation_mode=tf_crop_and_resize",
    .in = { "float " MAP, SIZES (6, 6) }, .fails = "the part to resize" },
  { "region-nan", "Resize", 13,
    "coordinate_transformation_mode=tf_crop_and_resize",
    .in = { "float " MAP, "const float 8 = 0 0 nan 0 1 1 1 1", "-",
            "const int64 4 = 2 3 6 6" },
    .fails = "cannot be resized" },
  { "unknown", "Resize", 13,
    .in = { "float " MAP, "-", "-", "int64 4 = 2 3 4 5" },
    .fails = "known before" },
  { "missing", "Resize", 13, .in = { "float " MAP },
    .fails = "known before" },
  { "three", "Resize", 13,
    .in = { "float " MAP, "-", "const float 4 = 1 2 2 2" },
    .fails = "two dimensions" },
  { "negative", "Resize", 13,
    .in = { "float " MAP, "-", "-", "const int64 4 = 2 3 -6 5" },
    .fails = "cannot be resized" },
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
