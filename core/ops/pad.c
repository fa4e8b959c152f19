/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ops/arguments.h"
#include "core/ops/loop.h"

typedef enum
{
  MODE_CONSTANT,
  MODE_REFLECT,
  MODE_EDGE,
  MODE_WRAP,
  MODE_UNKNOWN,
} Mode;

/* A stretch of the result along one axis and where it comes from. */
typedef struct
{
  gint64 to;
  gint64 n;
  gint64 from;
  gint64 step; /* 1, -1 (reflected) or 0 (the edge again) */
} Segment;

typedef struct
{
  int     n;
  Segment segment[3];
} Axis;

static Mode
pad_mode (const PstNode *node)
{
  const char *mode = pst_node_get_string (node, "mode", "constant");

  return strcmp (mode, "constant") == 0  ? MODE_CONSTANT
         : strcmp (mode, "reflect") == 0 ? MODE_REFLECT
         : strcmp (mode, "edge") == 0    ? MODE_EDGE
         : strcmp (mode, "wrap") == 0    ? MODE_WRAP
                                         : MODE_UNKNOWN;
}

/* Fills @pads with 2 * rank numbers, begins before ends. */
static gboolean
read_pads (const PstCall *call, gint64 *pads, GError **error)
{
  int         rank = call->in[0]->shape.rank, n, n_axes;
  int         input = pst_arg_input (call, 1) ? 1 : -1;
  const char *name = pst_node_attr (call->node, "paddings") ? "paddings"
                                                            : "pads";
  gint64      read[2 * PST_MAX_RANK], axes[PST_MAX_RANK];

  if (! pst_arg_ints (call, input, name, 2 * PST_MAX_RANK, read, &n, error) ||
      ! pst_arg_ints (call, 3, "axes", PST_MAX_RANK, axes, &n_axes, error))
    return FALSE;
  if (n_axes < 0 || call->n_in < 4)
    {
      n_axes = rank;
      for (int i = 0; i < rank; i++)
        axes[i] = i;
    }
  if (n != 2 * n_axes)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("“%s” has %d numbers, must have %d"), name,
                          MAX (n, 0), 2 * n_axes);
  memset (pads, 0, sizeof (gint64) * 2 * rank);
  for (int i = 0; i < n_axes; i++)
    {
      int axis;

      if (! pst_arg_axis (call, axes[i], rank, &axis, error))
        return FALSE;
      pads[axis] = read[i];
      pads[rank + axis] = read[n_axes + i];
    }
  return TRUE;
}

/* Checks one axis and gives its size in the result. */
static gboolean
pad_axis (const PstCall *call, Mode mode, gint64 size, gint64 before,
          gint64 after, gint64 *result, GError **error)
{
  const gint64 most = (gint64) 1 << 31;
  gint64       core, need;

  if (before < -most || before > most || after < -most || after > most)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("a padding of %s and %s is out of range"),
                          PST_ARG_INT (before), PST_ARG_INT (after));
  core = size + MIN (before, 0) + MIN (after, 0);
  need = MAX (before, after) + (mode == MODE_REFLECT ? 1 : 0);
  if (mode == MODE_EDGE)
    need = 1;
  if (core < 0 || (mode != MODE_CONSTANT && MAX (before, after) > 0 &&
                   core < need))
    return pst_call_fail (
        call, error, PST_ERROR_SHAPE,
        _ ("a picture of %s is too small to be padded by %s and %s"),
        PST_ARG_INT (size), PST_ARG_INT (before), PST_ARG_INT (after));
  *result = core + MAX (before, 0) + MAX (after, 0);
  return TRUE;
}

static gboolean
pad_infer (PstCall *call, GError **error)
{
  gint64 pads[2 * PST_MAX_RANK];
  Mode   mode = pad_mode (call->node);
  int    rank;

  if (! pst_arg_count (call, 1, 4, error))
    return FALSE;
  if (mode == MODE_UNKNOWN)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("padding mode “%s” is not known"),
                          pst_node_get_string (call->node, "mode", ""));
  if (pst_arg_input (call, 2) &&
      (pst_tensor_count (call->in[2]) != 1 ||
       call->in[2]->dtype != call->in[0]->dtype))
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its value must be a single number"));
  if (! read_pads (call, pads, error))
    return FALSE;
  pst_call_like (call, 0);
  rank = call->in[0]->shape.rank;
  for (int i = 0; i < rank; i++)
    if (! pad_axis (call, mode, call->in[0]->shape.dim[i], pads[i],
                    pads[rank + i], &call->out[0]->shape.dim[i], error))
      return FALSE;
  return pst_arg_fits (call, 0, error);
}

static void
add_segment (Axis *axis, gint64 to, gint64 n, gint64 from, gint64 step)
{
  if (n > 0)
    axis->segment[axis->n++] = (Segment) { to, n, from, step };
}

static void
cut_axis (Axis *axis, Mode mode, gint64 size, gint64 before, gint64 after)
{
  gint64 first = MAX (-before, 0);
  gint64 n = size - first - MAX (-after, 0);
  gint64 last = first + n - 1;
  gint64 lead = MAX (before, 0), trail = MAX (after, 0);

  axis->n = 0;
  add_segment (axis, lead, n, first, 1);
  switch (mode)
    {
    case MODE_REFLECT:
      add_segment (axis, 0, lead, first + lead, -1);
      add_segment (axis, lead + n, trail, last - 1, -1);
      break;
    case MODE_EDGE:
      add_segment (axis, 0, lead, first, 0);
      add_segment (axis, lead + n, trail, last, 0);
      break;
    case MODE_WRAP:
      add_segment (axis, 0, lead, last + 1 - lead, 1);
      add_segment (axis, lead + n, trail, first, 1);
      break;
    default:
      break;
    }
}

typedef void (*PartFunc) (PstPool *pool, const PstTensor *padded,
                          const PstTensor *source);

/* Calls @func for every combination of segments: a part of the padded tensor
 * and the part of the source it is taken from (size 1 where an edge is
 * repeated). */
static void
for_each_part (PstCall *call, const PstTensor *padded, const PstTensor *source,
               PartFunc func)
{
  Axis   axis[PST_MAX_RANK];
  gint64 pads[2 * PST_MAX_RANK];
  int    rank = source->shape.rank, parts = 1;
  Mode   mode = pad_mode (call->node);

  read_pads (call, pads, NULL);
  for (int i = 0; i < rank; i++)
    {
      cut_axis (&axis[i], mode, source->shape.dim[i], pads[i],
                pads[rank + i]);
      parts *= axis[i].n;
    }
  for (int part = 0; part < parts; part++)
    {
      gint64    to[PST_MAX_RANK], from[PST_MAX_RANK], step[PST_MAX_RANK];
      PstShape  large = { .rank = rank }, small = { .rank = rank };
      PstTensor a, b;

      for (int i = 0, rest = part; i < rank; rest /= axis[i++].n)
        {
          const Segment *s = &axis[i].segment[rest % axis[i].n];

          to[i] = s->to;
          from[i] = s->from;
          step[i] = s->step;
          large.dim[i] = s->n;
          small.dim[i] = s->step == 0 ? 1 : s->n;
        }
      a = pst_view_part (padded, to, NULL, &large);
      b = pst_view_part (source, from, step, &small);
      func (call->pool, &a, &b);
    }
}

static void
copy_part (PstPool *pool, const PstTensor *padded, const PstTensor *source)
{
  pst_view_copy (pool, padded, source);
}

static void
add_part (PstPool *pool, const PstTensor *padded, const PstTensor *source)
{
  if (pst_shape_equal (&padded->shape, &source->shape))
    pst_view_add (pool, source, padded);
  else
    pst_view_sum_add (pool, source, padded, 1.0f, NULL);
}

/* Fills the result with the constant: input 2, or the attribute of old. */
static void
fill_constant (PstCall *call)
{
  const PstTensor *value = pst_arg_input (call, 2);
  gint64           zero = 0;
  PstTensor        one = { .dtype = call->out[0]->dtype, .data = &zero };
  float            number;

  if (value)
    one.data = value->data;
  else if (one.dtype == PST_FLOAT32)
    {
      number = pst_node_get_float (call->node, "value", 0.0f);
      one.data = &number;
    }
  one = pst_view_broadcast (&one, &call->out[0]->shape);
  pst_view_copy (call->pool, call->out[0], &one);
}

static void
pad_forward (PstCall *call)
{
  if (pad_mode (call->node) == MODE_CONSTANT)
    fill_constant (call);
  for_each_part (call, call->out[0], call->in[0], copy_part);
}

static void
pad_backward (PstCall *call)
{
  if (call->din[0] && call->dout[0])
    for_each_part (call, call->dout[0], call->din[0], add_part);
}

const PstOp pst_op_pad = {
  .domain = "",
  .type = "Pad",
  .infer = pad_infer,
  .forward = pad_forward,
  .backward = pad_backward,
};

/* Crop, an experimental operator of early exporters: "border" is left, top,
 * right, bottom; "scale" (optional) is the height and width to keep. */

static gboolean
crop_edges (const PstCall *call, gint64 *start, PstShape *shape,
            GError **error)
{
  const PstShape *in = &call->in[0]->shape;
  gint64          border[4], scale[2];
  int             n, m;

  if (! pst_arg_ints (call, -1, "border", 4, border, &n, error) ||
      ! pst_arg_ints (call, -1, "scale", 2, scale, &m, error))
    return FALSE;
  *shape = *in;
  if (n == 4)
    for (int i = 0; i < 2; i++)
      {
        gint64 size = in->dim[2 + i], a = border[1 - i], b = border[3 - i];

        start[2 + i] = a;
        if (a < 0 || b < 0 || a > size || b > size || size - a < b)
          n = 0;
        shape->dim[2 + i] = m == 2 ? scale[i] : size - a - b;
        if (n && (shape->dim[2 + i] < 1 || shape->dim[2 + i] > size - a))
          n = 0;
      }
  if (n != 4)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("a map of size %s cannot be cropped so"),
                          PST_ARG_SHAPE (call->in[0]));
  start[0] = start[1] = 0;
  return TRUE;
}

static gboolean
crop_infer (PstCall *call, GError **error)
{
  gint64 start[4];

  if (! pst_call_check (call, 1, 1, 4, error))
    return FALSE;
  call->out[0]->dtype = PST_FLOAT32;
  return crop_edges (call, start, &call->out[0]->shape, error);
}

static PstTensor
crop_view (PstCall *call, const PstTensor *tensor)
{
  gint64   start[4] = { 0 };
  PstShape shape;

  crop_edges (call, start, &shape, NULL);
  return pst_view_part (tensor, start, NULL, &shape);
}

static void
crop_forward (PstCall *call)
{
  PstTensor part = crop_view (call, call->in[0]);

  pst_view_copy (call->pool, call->out[0], &part);
}

static void
crop_backward (PstCall *call)
{
  if (call->din[0] && call->dout[0])
    {
      PstTensor part = crop_view (call, call->din[0]);

      pst_view_add (call->pool, &part, call->dout[0]);
    }
}

const PstOp pst_op_crop = {
  .domain = "",
  .type = "Crop",
  .infer = crop_infer,
  .forward = crop_forward,
  .backward = crop_backward,
};
