/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a Resize or Upsample node of any opset asks for. */
#include <math.h>
#include <string.h>

#include "core/ops/arguments.h"
#include "core/ops/resize.h"
#include "core/ops/window.h"

static gboolean
is_old (const PstCall *call)
{
  return call->opset < 11 || strcmp (call->node->op->type, "Upsample") == 0;
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

/* In the order of PstCoordinates, PstRounding and PstResizeMode. */
static const char *const coordinate_names[] = {
  "half_pixel",    "pytorch_half_pixel", "half_pixel_symmetric",
  "align_corners", "asymmetric",         "tf_crop_and_resize",
};
static const char *const nearest_names[] = { "round_prefer_floor",
                                             "round_prefer_ceil", "floor",
                                             "ceil" };
static const char *const mode_names[] = { "nearest", "linear", "cubic",
                                          "bilinear" };

static gboolean
read_modes (const PstCall *call, PstResizing *r, GError **error)
{
  const PstNode *node = call->node;
  const char    *mode = pst_node_get_string (node, "mode", "nearest");
  const char    *place = pst_node_get_string (
      node, "coordinate_transformation_mode",
      is_old (call) ? "asymmetric" : "half_pixel");
  const char *rounding = pst_node_get_string (node, "nearest_mode",
                                              "round_prefer_floor");
  int a = choice (mode, mode_names, G_N_ELEMENTS (mode_names));
  int b = choice (place, coordinate_names, G_N_ELEMENTS (coordinate_names));
  int c = choice (rounding, nearest_names, G_N_ELEMENTS (nearest_names));

  memset (r, 0, sizeof *r);
  if (a < 0)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("interpolation “%s” is not supported"), mode);
  if (b < 0 || c < 0)
    return pst_call_fail (
        call, error, PST_ERROR_UNSUPPORTED,
        _ ("coordinates “%s” with rounding “%s” are not supported"), place,
        rounding);
  r->mode = a == 3 ? PST_RESIZE_LINEAR : (PstResizeMode) a;
  r->coordinates = (PstCoordinates) b;
  r->rounding = is_old (call) ? PST_ROUND_OLD : (PstRounding) c;
  r->antialias = r->mode != PST_RESIZE_NEAREST &&
                 pst_node_get_int (node, "antialias", 0) != 0;
  r->exclude_outside = pst_node_get_int (node, "exclude_outside", 0) != 0;
  r->cubic_a = pst_node_get_float (node, "cubic_coeff_a", -0.75f);
  r->scale = r->end = 1.0;
  return TRUE;
}

/* Floats from input @i if they are known; returns how many. */
static int
read_floats (const PstCall *call, int i, int max, double *values)
{
  const PstTensor *in = pst_arg_input (call, i);
  int              n;

  if (! in || in->dtype != PST_FLOAT32 || ! in->data ||
      pst_tensor_count (in) > max)
    return 0;
  n = (int) pst_tensor_count (in);
  for (int k = 0; k < n; k++)
    values[k] = pst_tensor_get (in, k);
  return n;
}

/* Scales from attributes or an input; returns how many. */
static int
read_scales (const PstCall *call, double *scales)
{
  int          n = 0;
  const float *attr = pst_node_get_floats (call->node, "scales", &n);

  if (attr)
    {
      for (int i = 0; i < n && i < PST_MAX_RANK; i++)
        scales[i] = attr[i];
      return n <= PST_MAX_RANK ? n : 0;
    }
  if (pst_node_attr (call->node, "height_scale")) /* before opset 7 */
    {
      scales[0] = scales[1] = 1.0;
      scales[2] = pst_node_get_float (call->node, "height_scale", 1.0f);
      scales[3] = pst_node_get_float (call->node, "width_scale", 1.0f);
      return 4;
    }
  return read_floats (call, is_old (call) ? 1 : 2, PST_MAX_RANK, scales);
}

/* One scale for all @n axes, by keep_aspect_ratio_policy. */
static gboolean
keep_aspect (const PstCall *call, int n, double *scales, gboolean *kept,
             GError **error)
{
  const char *policy = pst_node_get_string (
      call->node, "keep_aspect_ratio_policy", "stretch");
  gboolean larger = strcmp (policy, "not_smaller") == 0;

  *kept = FALSE;
  if (strcmp (policy, "stretch") == 0)
    return TRUE;
  if (! larger && strcmp (policy, "not_larger") != 0)
    return pst_call_fail (
        call, error, PST_ERROR_UNSUPPORTED,
        _ ("“%s” is no way to keep proportions that is known"), policy);
  for (int i = 1; i < n; i++)
    scales[0] = larger ? MAX (scales[0], scales[i])
                       : MIN (scales[0], scales[i]);
  for (int i = 1; i < n; i++)
    scales[i] = scales[0];
  *kept = TRUE;
  return TRUE;
}

/* Scales and sizes of the @n axes that are named. */
static gboolean
read_sizes (const PstCall *call, const int *axes, int n, double *scales,
            double *wanted, GError **error)
{
  const gint64 *in = call->in[0]->shape.dim;
  gint64        sizes[PST_MAX_RANK];
  int           n_sizes, n_scales = read_scales (call, scales);
  gboolean      kept = FALSE;

  if (! pst_arg_ints (call, is_old (call) ? -1 : 3, "sizes", PST_MAX_RANK,
                      sizes, &n_sizes, error))
    return FALSE;
  if ((n_sizes > 0 ? n_sizes : n_scales) != n)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("the new size must be known before the model "
                             "runs"));
  for (int i = 0; i < n && n_sizes > 0; i++)
    scales[i] = (double) sizes[i] / (double) in[axes[i]];
  if (n_sizes > 0 && ! keep_aspect (call, n, scales, &kept, error))
    return FALSE;
  for (int i = 0; i < n; i++)
    wanted[i] = kept          ? floor (scales[i] * in[axes[i]] + 0.5)
                : n_sizes > 0 ? (double) sizes[i]
                              /* as floats: 1.4 times 5 is 7 */
                              : floorf ((float) scales[i] * (float) in[axes[i]]);
  return TRUE;
}

static gboolean
read_axes (const PstCall *call, int *axes, int *n, GError **error)
{
  int      rank = call->in[0]->shape.rank;
  gint64   given[PST_MAX_RANK];
  gboolean used[PST_MAX_RANK] = { FALSE };

  if (! pst_arg_ints (call, -1, "axes", PST_MAX_RANK, given, n, error))
    return FALSE;
  for (int i = 0; i < (*n < 0 ? rank : *n); i++)
    {
      axes[i] = i;
      if (*n >= 0 && ! pst_arg_axis (call, given[i], rank, &axes[i], error))
        return FALSE;
      if (used[axes[i]])
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("axis %d is named twice"), axes[i]);
      used[axes[i]] = TRUE;
    }
  *n = *n < 0 ? rank : *n;
  return TRUE;
}

/* A result as large as the input is the input, as onnxruntime has it, though
 * the scale may be 1.1. */
static void
keep_equal (PstRequest *request, int rank)
{
  for (int i = 0; i < rank; i++)
    if (request->axis[i].in != request->axis[i].out)
      return;
  for (int i = 0; i < rank; i++)
    request->axis[i].scale = 1.0;
}

/* The part of the input that is taken, as shares of each axis. */
static gboolean
read_region (const PstCall *call, const int *axes, int n,
             PstRequest *request, GError **error)
{
  double region[2 * PST_MAX_RANK];

  if (request->axis[0].coordinates != PST_CROP_AND_RESIZE)
    return TRUE;
  if (read_floats (call, 1, 2 * PST_MAX_RANK, region) != 2 * n)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("the part to resize must be known before the "
                             "model runs"));
  for (int i = 0; i < n; i++)
    {
      double begin = region[i], end = region[n + i];

      if (! (fabs (begin) <= 1e6 && fabs (end) <= 1e6))
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("%s cannot be resized so"),
                              PST_ARG_SHAPE (call->in[0]));
      request->axis[axes[i]].begin = begin;
      request->axis[axes[i]].end = end;
    }
  return TRUE;
}

gboolean
pst_resize_read (const PstCall *call, PstRequest *request, GError **error)
{
  const PstShape *in = &call->in[0]->shape;
  double          scales[PST_MAX_RANK], wanted[PST_MAX_RANK];
  int             axes[PST_MAX_RANK], n;

  for (int i = 0; i < in->rank; i++)
    {
      if (! read_modes (call, &request->axis[i], error))
        return FALSE;
      request->axis[i].in = request->axis[i].out = in->dim[i];
    }
  request->fallback =
      pst_node_get_float (call->node, "extrapolation_value", 0.0f);
  if (! read_axes (call, axes, &n, error) ||
      ! read_sizes (call, axes, n, scales, wanted, error) ||
      ! read_region (call, axes, n, request, error))
    return FALSE;
  for (int i = 0; i < n; i++)
    {
      PstResizing *r = &request->axis[axes[i]];

      if (! (wanted[i] >= 1.0 && wanted[i] <= (double) PST_WINDOW_MOST &&
             scales[i] > 0.0 && isfinite (scales[i])))
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("%s cannot be resized so"),
                              PST_ARG_SHAPE (call->in[0]));
      r->scale = scales[i];
      r->out = (gint64) wanted[i];
    }
  keep_equal (request, in->rank);
  return TRUE;
}
