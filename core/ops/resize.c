/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Resize and its forerunner Upsample, over the two last axes of a map. */
#include <math.h>
#include <string.h>

#include "core/ops/arguments.h"
#include "core/ops/window.h"

#define STRIP 16 /* input rows of one item of the gradient */

typedef enum
{
  HALF_PIXEL,
  PYTORCH_HALF_PIXEL,
  HALF_PIXEL_SYMMETRIC,
  ALIGN_CORNERS,
  ASYMMETRIC,
} Coordinates;

/* Where a number of the result comes from along one axis: two neighbours and
 * the weight of the second (0 for nearest). */
typedef struct
{
  gint32 first;
  gint32 second;
  float  weight;
} Tap;

typedef struct
{
  PstCall *call;
  gboolean linear;
  gint64   in[2], out[2];
  Tap     *tap[2];
} Resize;

static gboolean
is_upsample (const PstNode *node)
{
  return strcmp (node->op->type, "Upsample") == 0;
}

/* Index of @text in @names, or -1. */
static int
choice (const char *text, const char *const *names, int n)
{
  for (int i = 0; i < n; i++)
    if (strcmp (text, names[i]) == 0)
      return i;
  return -1;
}

static const char *const coordinate_names[] = {
  "half_pixel", "pytorch_half_pixel", "half_pixel_symmetric",
  "align_corners", "asymmetric"
};
static const char *const nearest_names[] = { "round_prefer_floor",
                                             "round_prefer_ceil", "floor",
                                             "ceil" };

/* Before opset 11 there were no such attributes: asymmetric. */
static Coordinates
coordinates_of (const PstCall *call)
{
  return choice (pst_node_get_string (
                     call->node, "coordinate_transformation_mode",
                     call->opset < 11 || is_upsample (call->node)
                         ? "asymmetric"
                         : "half_pixel"),
                 coordinate_names, G_N_ELEMENTS (coordinate_names));
}

static int
nearest_of (const PstCall *call)
{
  return choice (pst_node_get_string (call->node, "nearest_mode",
                                      call->opset < 11 ||
                                              is_upsample (call->node)
                                          ? "floor"
                                          : "round_prefer_floor"),
                 nearest_names, G_N_ELEMENTS (nearest_names));
}

static gboolean
check_modes (const PstCall *call, GError **error)
{
  const char *mode = pst_node_get_string (call->node, "mode", "nearest");

  if (strcmp (mode, "nearest") != 0 && strcmp (mode, "linear") != 0 &&
      strcmp (mode, "bilinear") != 0)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("interpolation “%s” is not supported"), mode);
  if ((int) coordinates_of (call) < 0 || nearest_of (call) < 0)
    return pst_call_fail (
        call, error, PST_ERROR_UNSUPPORTED,
        _ ("coordinates “%s” with rounding “%s” are not supported"),
        pst_node_get_string (call->node, "coordinate_transformation_mode",
                             ""),
        pst_node_get_string (call->node, "nearest_mode", ""));
  if (pst_node_get_int (call->node, "antialias", 0) != 0)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("antialiasing is not supported"));
  return TRUE;
}

/* Scales from attribute or input, as given; returns how many. */
static int
read_scales (const PstCall *call, double *scales)
{
  gboolean         old = call->opset < 11 || is_upsample (call->node);
  const PstTensor *in = pst_arg_input (call, old ? 1 : 2);
  int              n = 0;
  const float     *attr = pst_node_get_floats (call->node, "scales", &n);

  if (in && in->dtype == PST_FLOAT32 && in->data &&
      pst_tensor_count (in) <= 4)
    {
      n = (int) pst_tensor_count (in);
      for (int i = 0; i < n; i++)
        scales[i] = pst_tensor_get (in, i);
      return n;
    }
  for (int i = 0; attr && i < n && i < 4; i++)
    scales[i] = attr[i];
  return attr && n <= 4 ? n : 0;
}

/* Works out the result's size and, per axis, the scale that coordinates are
 * worked out with. */
static gboolean
read_sizes (const PstCall *call, double *scale, gint64 *size, GError **error)
{
  const gint64 *in = call->in[0]->shape.dim;
  double        scales[4] = { 1.0, 1.0, 1.0, 1.0 };
  gint64        sizes[4], axes[4] = { 0, 1, 2, 3 };
  int           n = read_scales (call, scales), n_sizes, n_axes;

  if (! pst_arg_ints (call, call->opset >= 11 ? 3 : -1, "sizes", 4, sizes,
                      &n_sizes, error) ||
      ! pst_arg_ints (call, -1, "axes", 4, axes, &n_axes, error))
    return FALSE;
  n_axes = n_axes < 0 ? 4 : n_axes;
  n_sizes = MAX (n_sizes, 0);
  if ((n_sizes ? n_sizes : n) != n_axes)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("the new size must be known before the model "
                             "runs"));
  for (int i = 0; i < 4; i++)
    {
      scale[i] = 1.0;
      size[i] = in[i];
    }
  for (int i = 0; i < n_axes; i++)
    {
      int    axis;
      double wanted;

      if (! pst_arg_axis (call, axes[i], 4, &axis, error))
        return FALSE;
      scale[axis] = n_sizes ? (double) sizes[i] / (double) in[axis]
                            : scales[i];
      wanted = n_sizes ? (double) sizes[i]
                       : floor ((double) in[axis] * scales[i]);
      if (! (wanted >= 1.0 && wanted <= (double) PST_WINDOW_MOST &&
             scale[axis] > 0.0))
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("%s cannot be resized so"),
                              PST_ARG_SHAPE (call->in[0]));
      size[axis] = (gint64) wanted;
    }
  return TRUE;
}

static gboolean
resize_infer (PstCall *call, GError **error)
{
  double scale[4];
  gint64 size[4];

  if (! pst_call_check (call, 1, 4, 4, error) || ! check_modes (call, error))
    return FALSE;
  if (pst_tensor_count (call->in[0]) < 1 ||
      MAX (call->in[0]->shape.dim[2], call->in[0]->shape.dim[3]) >
          PST_WINDOW_MOST)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("%s cannot be resized so"),
                          PST_ARG_SHAPE (call->in[0]));
  if (! read_sizes (call, scale, size, error))
    return FALSE;
  pst_call_like (call, 0);
  for (int i = 0; i < 4; i++)
    call->out[0]->shape.dim[i] = size[i];
  if (size[0] != call->in[0]->shape.dim[0] ||
      size[1] != call->in[0]->shape.dim[1])
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("only height and width can be resized"));
  return pst_arg_fits (call, 0, error);
}

/* The place in the input of number @at of the result. */
static double
coordinate (Coordinates mode, double at, double scale, gint64 in, gint64 out)
{
  double ratio;

  switch (mode)
    {
    case PYTORCH_HALF_PIXEL:
      return out > 1 ? (at + 0.5) / scale - 0.5 : 0.0;
    case ALIGN_CORNERS:
      return out > 1 ? at * (double) (in - 1) / (double) (out - 1) : 0.0;
    case ASYMMETRIC:
      return at / scale;
    case HALF_PIXEL_SYMMETRIC:
      ratio = (double) out / ((double) in * scale);
      return (double) in / 2.0 * (1.0 - ratio) + (at + 0.5) / scale - 0.5;
    default:
      return (at + 0.5) / scale - 0.5;
    }
}

static double
round_nearest (int mode, double x)
{
  switch (mode)
    {
    case 0: /* halves down */
      return ceil (x - 0.5);
    case 1:
      return floor (x + 0.5);
    case 2:
      return floor (x);
    default:
      return ceil (x);
    }
}

static void
fill_taps (Tap *taps, const PstCall *call, gboolean linear, double scale,
           gint64 in, gint64 out)
{
  Coordinates mode = coordinates_of (call);
  int         nearest = nearest_of (call);

  for (gint64 i = 0; i < out; i++)
    {
      double x = coordinate (mode, (double) i, scale, in, out);
      double low = linear ? floor (x) : round_nearest (nearest, x);
      double top = (double) (in - 1);

      taps[i].first = (gint32) CLAMP (low, 0.0, top);
      taps[i].second = (gint32) CLAMP (low + (linear ? 1.0 : 0.0), 0.0, top);
      taps[i].weight = linear ? (float) (x - low) : 0.0f;
    }
}

/* Sets up the tables in the call's scratch. */
static void
resize_setup (Resize *resize, PstCall *call)
{
  double scale[4];
  gint64 size[4];

  read_sizes (call, scale, size, NULL);
  resize->call = call;
  resize->linear = strcmp (pst_node_get_string (call->node, "mode", "nearest"),
                           "nearest") != 0;
  resize->tap[0] = (Tap *) call->shared;
  resize->tap[1] = resize->tap[0] + size[2];
  for (int i = 0; i < 2; i++)
    {
      resize->in[i] = call->in[0]->shape.dim[2 + i];
      resize->out[i] = size[2 + i];
      fill_taps (resize->tap[i], call, resize->linear, scale[2 + i],
                 resize->in[i], resize->out[i]);
    }
}

static void
resize_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  *shared = sizeof (Tap) *
            (call->out[0]->shape.dim[2] + call->out[0]->shape.dim[3]);
}

static inline void
blend (gint64 n, float *restrict out, gint64 t, const float *a,
       const float *b, const float *c, const float *d, gint64 s, float wx,
       float wy)
{
  for (gint64 i = 0; i < n; i++)
    {
      float top = a[i * s] + wx * (b[i * s] - a[i * s]);
      float low = c[i * s] + wx * (d[i * s] - c[i * s]);

      out[i * t] = top + wy * (low - top);
    }
}

static void
resize_item (gpointer data, gsize item, guint worker)
{
  const Resize    *r = data;
  const PstTensor *in = r->call->in[0], *out = r->call->out[0];
  const gint64    *s = in->stride, *t = out->stride;
  gint64 n = in->shape.dim[1];
  gint64 b = (gint64) item / r->out[0], y = (gint64) item % r->out[0];
  Tap    ty = r->tap[0][y];
  const float *first = (const float *) in->data + b * s[0] + ty.first * s[2];
  const float *second =
      (const float *) in->data + b * s[0] + ty.second * s[2];
  float *to = (float *) out->data + b * t[0] + y * t[2];

  for (gint64 x = 0; x < r->out[1]; x++, to += t[3])
    {
      Tap          tx = r->tap[1][x];
      const float *a = first + tx.first * s[3];

      if (! r->linear && s[1] == 1 && t[1] == 1)
        memcpy (to, a, sizeof (float) * n);
      else if (! r->linear)
        for (gint64 i = 0; i < n; i++)
          to[i * t[1]] = a[i * s[1]];
      else if (s[1] == 1 && t[1] == 1)
        blend (n, to, 1, a, first + tx.second * s[3],
               second + tx.first * s[3], second + tx.second * s[3], 1,
               tx.weight, ty.weight);
      else
        blend (n, to, t[1], a, first + tx.second * s[3],
               second + tx.first * s[3], second + tx.second * s[3], s[1],
               tx.weight, ty.weight);
    }
}

static void
resize_forward (PstCall *call)
{
  Resize resize;

  resize_setup (&resize, call);
  pst_pool_run (call->pool, call->in[0]->shape.dim[0] * resize.out[0],
                resize_item, &resize);
}

static inline void
add_scaled (gint64 n, float *restrict to, gint64 s, const float *restrict g,
            gint64 t, float weight)
{
  if (weight != 0.0f)
    for (gint64 i = 0; i < n; i++)
      to[i * s] += weight * g[i * t];
}

/* Adds row @y of the result's gradient, times @weight, into one row. */
static void
gradient_row (const Resize *r, float *row, const float *g, float weight)
{
  const gint64 *s = r->call->din[0]->stride, *t = r->call->dout[0]->stride;
  gint64        n = r->call->in[0]->shape.dim[1];

  for (gint64 x = 0; x < r->out[1]; x++)
    {
      Tap tap = r->tap[1][x];

      if (s[1] == 1 && t[1] == 1)
        {
          add_scaled (n, row + tap.first * s[3], 1, g + x * t[3], 1,
                      weight * (1.0f - tap.weight));
          add_scaled (n, row + tap.second * s[3], 1, g + x * t[3], 1,
                      weight * tap.weight);
        }
      else
        {
          add_scaled (n, row + tap.first * s[3], s[1], g + x * t[3], t[1],
                      weight * (1.0f - tap.weight));
          add_scaled (n, row + tap.second * s[3], s[1], g + x * t[3], t[1],
                      weight * tap.weight);
        }
    }
}

/* A strip of input rows gathers from all rows of the result that touch it,
 * in their order. */
static void
gradient_item (gpointer data, gsize item, guint worker)
{
  const Resize *r = data;
  PstCall      *call = r->call;
  const gint64 *s = call->din[0]->stride, *t = call->dout[0]->stride;
  gint64        strips = (r->in[0] + STRIP - 1) / STRIP;
  gint64        b = (gint64) item / strips;
  gint64        begin = (gint64) item % strips * STRIP;
  gint64        end = MIN (begin + STRIP, r->in[0]);

  for (gint64 y = 0; y < r->out[0]; y++)
    {
      Tap          tap = r->tap[0][y];
      const float *g =
          (const float *) call->dout[0]->data + b * t[0] + y * t[2];
      float *to = (float *) call->din[0]->data + b * s[0];

      if (tap.first >= begin && tap.first < end)
        gradient_row (r, to + tap.first * s[2], g, 1.0f - tap.weight);
      if (tap.weight != 0.0f && tap.second >= begin && tap.second < end)
        gradient_row (r, to + tap.second * s[2], g, tap.weight);
    }
}

static void
resize_backward (PstCall *call)
{
  Resize resize;

  if (! call->din[0] || ! call->dout[0])
    return;
  resize_setup (&resize, call);
  pst_pool_run (call->pool,
                call->in[0]->shape.dim[0] *
                    ((resize.in[0] + STRIP - 1) / STRIP),
                gradient_item, &resize);
}

const PstOp pst_op_resize = {
  .domain = "",
  .type = "Resize",
  .infer = resize_infer,
  .scratch = resize_scratch,
  .forward = resize_forward,
  .backward = resize_backward,
};

const PstOp pst_op_upsample = {
  .domain = "",
  .type = "Upsample",
  .infer = resize_infer,
  .scratch = resize_scratch,
  .forward = resize_forward,
  .backward = resize_backward,
};
