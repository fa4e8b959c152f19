/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Enlargement without interpolation is written in many ways; all become
 * Upsample by a whole number, which can go into the next convolution. */
#include "core/graph/simplify.h"

#include <math.h>
#include <string.h>

#define MAX_SCALE 16
#define MAX_SIZE ((gint64) 1 << 22) /* that is gone through */

static PstValue *
upsample (PstSimplifier *s, const PstNode *like, PstValue *x, gint64 down,
          gint64 right)
{
  const float scales[] = { 1, 1, down, right };
  PstNode    *node = pst_simplify_add (s, like, "Upsample", &x, 1);

  pst_node_set_string (node, "mode", "nearest");
  pst_node_set_floats (node, "scales", scales, 4);
  return pst_simplify_settle (s, node);
}

/* Where the numbers of a known float input or attribute are; how many. */
static int
get_scales (PstSimplifier *s, const PstNode *node, double *scales)
{
  gboolean        old = pst_simplify_is (node, "Upsample") ||
                        pst_graph_get_opset (s->graph) < 11;
  const PstValue *in = pst_simplify_in (s, node, old ? 1 : 2);
  int             n;
  const float    *attr = pst_node_get_floats (node, "scales", &n);

  if (in && in->array && in->info.dtype == PST_FLOAT32 &&
      pst_tensor_count (&in->info) > 0 && pst_tensor_count (&in->info) <= 4)
    {
      n = (int) pst_tensor_count (&in->info);
      for (int i = 0; i < n; i++)
        scales[i] = pst_tensor_get (&in->array->tensor, i);
      return n;
    }
  for (int i = 0; attr && i < n && n <= 4; i++)
    scales[i] = attr[i];
  return attr && n <= 4 ? n : 0;
}

/* The scale that coordinates along an axis are worked out with. */
static double
get_scale (PstSimplifier *s, const PstNode *node, int axis)
{
  const PstShape *from = &pst_simplify_in (s, node, 0)->info.shape;
  const PstShape *to = &node->out[0]->info.shape;
  double          scales[4];
  int             n = get_scales (s, node, scales), n_axes;
  const gint64   *axes = pst_node_get_ints (node, "axes", &n_axes);

  for (int i = 0; i < n && (axes ? n == n_axes : n == 4); i++)
    if ((axes ? (axes[i] + 4) % 4 : i) == axis)
      return scales[i];
  return (double) to->dim[axis] / (double) from->dim[axis];
}

/* ONNX, Resize: where number @at of the result comes from. */
static double
place_of (const char *mode, double at, double scale, gint64 in, gint64 out)
{
  if (strcmp (mode, "asymmetric") == 0)
    return at / scale;
  if (strcmp (mode, "align_corners") == 0)
    return out > 1 ? at * (double) (in - 1) / (double) (out - 1) : 0.0;
  if (strcmp (mode, "pytorch_half_pixel") == 0 && out < 2)
    return 0.0;
  if (strcmp (mode, "half_pixel_symmetric") == 0)
    return (double) in / 2.0 *
               (1.0 - (double) out / ((double) in * scale)) +
           (at + 0.5) / scale - 0.5;
  return (at + 0.5) / scale - 0.5;
}

static double
round_as (const char *rounding, double x)
{
  if (strcmp (rounding, "floor") == 0)
    return floor (x);
  if (strcmp (rounding, "ceil") == 0)
    return ceil (x);
  if (strcmp (rounding, "round_prefer_ceil") == 0)
    return floor (x + 0.5);
  return ceil (x - 0.5);
}

/* Whether each number of the result comes from number i / @times. */
static gboolean
repeats (PstSimplifier *s, const PstNode *node, int axis, gint64 times)
{
  gboolean    old = pst_simplify_is (node, "Upsample") ||
                    pst_graph_get_opset (s->graph) < 11;
  const char *mode = pst_node_get_string (
      node, "coordinate_transformation_mode",
      old ? "asymmetric" : "half_pixel");
  const char *rounding = pst_node_get_string (
      node, "nearest_mode", old ? "floor" : "round_prefer_floor");
  gint64      in = pst_simplify_in (s, node, 0)->info.shape.dim[axis];
  double      scale = get_scale (s, node, axis);

  if (in * times > MAX_SIZE)
    return FALSE;
  for (gint64 i = 0; i < in * times; i++)
    {
      double x = place_of (mode, (double) i, scale, in, in * times);

      x = CLAMP (round_as (rounding, x), 0.0, (double) (in - 1));
      if (x != (double) (i / times))
        return FALSE;
    }
  return TRUE;
}

static gboolean
is_plain_upsample (const PstNode *node)
{
  return pst_simplify_is (node, "Upsample") && node->n_in == 1;
}

/* Whole numbers by which a map grows; FALSE where it doesn't. */
static gboolean
get_growth (const PstShape *from, const PstShape *to, gint64 growth[2])
{
  if (from->rank != 4 || to->rank != 4 || from->dim[0] != to->dim[0] ||
      from->dim[1] != to->dim[1])
    return FALSE;
  for (int i = 0; i < 2; i++)
    {
      if (from->dim[2 + i] < 1 || to->dim[2 + i] % from->dim[2 + i])
        return FALSE;
      growth[i] = to->dim[2 + i] / from->dim[2 + i];
      if (growth[i] < 1 || growth[i] > MAX_SCALE)
        return FALSE;
    }
  return TRUE;
}

/* A size that was stated becomes a scale, which is right at any size. */
static void
state_scales (PstSimplifier *s, PstNode *node, const gint64 times[2])
{
  const float    scales[] = { 1, 1, times[0], times[1] };
  const PstShape four = PST_SHAPE (4);
  PstValue      *in[3] = { NULL };
  PstNode       *scaled;

  if (node->n_in < 4 || ! pst_simplify_in (s, node, 3) ||
      pst_simplify_is (node, "Upsample") || pst_node_attr (node, "axes") ||
      pst_node_attr (node, "keep_aspect_ratio_policy") ||
      pst_graph_get_opset (s->graph) < 11 || (times[0] == 1 && times[1] == 1))
    return;
  in[0] = pst_simplify_in (s, node, 0);
  in[1] = pst_simplify_in (s, node, 1);
  in[2] = pst_simplify_floats (s, NULL, &four, scales);
  scaled = pst_simplify_add (s, node, "Resize", in, 3);
  pst_simplify_copy_attrs (scaled, node);
  pst_simplify_replace (s, node->out[0], pst_simplify_settle (s, scaled));
}

static void
resize (PstSimplifier *s, PstNode *node)
{
  PstValue   *x = pst_simplify_in (s, node, 0);
  const char *mode = pst_node_get_string (node, "mode", "nearest");
  gint64      times[2];

  if (is_plain_upsample (node) ||
      ! get_growth (&x->info.shape, &node->out[0]->info.shape, times))
    return;
  if (strcmp (mode, "nearest") || ! repeats (s, node, 2, times[0]) ||
      ! repeats (s, node, 3, times[1]))
    state_scales (s, node, times);
  else
    pst_simplify_replace (s, node->out[0],
                          times[0] == 1 && times[1] == 1
                              ? x
                              : upsample (s, node, x, times[0], times[1]));
}

/* A value without the Reshapes that made its shape. */
static PstValue *
before_reshapes (PstSimplifier *s, PstValue *value)
{
  while (value && pst_simplify_is_reshape (value->producer))
    value = pst_simplify_in (s, value->producer, 0);
  return value;
}

/* The value that a Concat along the last axis repeats @times. */
static PstValue *
repeated (PstSimplifier *s, PstValue *value, gint64 times)
{
  PstNode  *node = pst_simplify_from (value, "Concat");
  PstValue *x = node ? pst_simplify_in (s, node, 0) : NULL;
  gint64    axis = node ? pst_node_get_int (node, "axis", 1) : 0;
  int       last = value ? value->info.shape.rank - 1 : 0;

  if (! node || node->n_in != times || (axis != last && axis != -1))
    return NULL;
  for (int i = 1; i < node->n_in; i++)
    if (pst_simplify_in (s, node, i) != x)
      return NULL;
  return x;
}

static gint64
last_size (const PstValue *value)
{
  const PstShape *shape = &value->info.shape;

  return shape->rank ? shape->dim[shape->rank - 1] : 1;
}

/* [.., 1] repeated along its last axis gives each number twice, a row [.., W]
 * each row; in between the shape is changed. @node is the Reshape at the
 * end. */
static PstValue *
concatenated (PstSimplifier *s, const PstNode *node, gint64 times[2])
{
  const PstShape *to = &node->out[0]->info.shape;
  PstValue       *rows = before_reshapes (s, pst_simplify_in (s, node, 0));
  PstNode        *below = pst_simplify_from (rows, "Concat");
  PstNode        *beside;
  PstValue       *row, *numbers, *x;

  if (! below || to->rank != 4 || below->n_in > MAX_SCALE)
    return NULL;
  times[0] = below->n_in;
  row = repeated (s, rows, times[0]);
  beside = pst_simplify_from (before_reshapes (s, row), "Concat");
  if (! beside || beside->n_in > MAX_SCALE || last_size (row) != to->dim[3])
    return NULL;
  times[1] = beside->n_in;
  numbers = repeated (s, beside->out[0], times[1]);
  x = before_reshapes (s, numbers);
  return numbers && last_size (numbers) == 1 ? x : NULL;
}

/* [N, C, H, 1, W, 1] made [N, C, H, s, W, t] */
static PstValue *
expanded (PstSimplifier *s, const PstNode *node, gint64 times[2])
{
  const PstShape *to = &node->out[0]->info.shape;
  PstValue       *wide = pst_simplify_in (s, node, 0);
  PstNode        *how = wide ? wide->producer : NULL;
  const PstShape *a, *b;

  if (! (pst_simplify_is (how, "Expand") || pst_simplify_is (how, "Tile")) ||
      to->rank != 4 || wide->info.shape.rank != 6)
    return NULL;
  a = &pst_simplify_in (s, how, 0)->info.shape;
  b = &wide->info.shape;
  times[0] = b->dim[3];
  times[1] = b->dim[5];
  if (a->rank != 6 || a->dim[3] != 1 || a->dim[5] != 1 ||
      a->dim[0] != b->dim[0] || a->dim[1] != b->dim[1] ||
      a->dim[2] != b->dim[2] || a->dim[4] != b->dim[4] ||
      b->dim[0] != to->dim[0] || b->dim[1] != to->dim[1] ||
      b->dim[2] * times[0] != to->dim[2])
    return NULL;
  return before_reshapes (s, pst_simplify_in (s, how, 0));
}

/* [N, C, r, r, H, W] with its axes in the order N, C, H, r, W, r */
static void
shuffle (PstSimplifier *s, PstNode *node)
{
  static const gint64 order[] = { 0, 1, 4, 2, 5, 3 };
  const PstShape *to = &node->out[0]->info.shape;
  PstNode        *swap = pst_simplify_from (pst_simplify_in (s, node, 0),
                                            "Transpose");
  PstValue       *x = swap ? pst_simplify_in (s, swap, 0) : NULL;
  int             n;
  const gint64   *perm = swap ? pst_node_get_ints (swap, "perm", &n) : NULL;
  const PstShape *cut = x ? &x->info.shape : NULL;
  PstNode        *joined;

  if (! perm || n != 6 || memcmp (perm, order, sizeof order) ||
      to->rank != 4 || cut->dim[2] != cut->dim[3] ||
      to->dim[0] != cut->dim[0] || to->dim[1] != cut->dim[1] ||
      to->dim[2] != cut->dim[2] * cut->dim[4] ||
      ! pst_op_find ("", "DepthToSpace"))
    return;
  x = before_reshapes (s, x);
  if (x->info.shape.rank != 4 || x->info.shape.dim[0] != cut->dim[0] ||
      x->info.shape.dim[2] != cut->dim[4])
    return;
  joined = pst_simplify_add (s, node, "DepthToSpace", &x, 1);
  pst_node_set_int (joined, "blocksize", cut->dim[2]);
  pst_node_set_string (joined, "mode", "CRD");
  pst_simplify_replace (s, node->out[0], pst_simplify_settle (s, joined));
}

void
pst_simplify_upsampling (PstSimplifier *s, PstNode *node)
{
  gint64    times[2], growth[2];
  PstValue *x;

  if (pst_simplify_is (node, "Resize") || pst_simplify_is (node, "Upsample"))
    {
      resize (s, node);
      return;
    }
  if (! pst_simplify_is_reshape (node))
    return;
  x = concatenated (s, node, times);
  if (! x)
    x = expanded (s, node, times);
  if (x && get_growth (&x->info.shape, &node->out[0]->info.shape, growth) &&
      growth[0] == times[0] && growth[1] == times[1])
    pst_simplify_replace (s, node->out[0],
                          upsample (s, node, x, times[0], times[1]));
  else
    shuffle (s, node);
}
