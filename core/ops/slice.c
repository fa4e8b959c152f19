/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ops/arguments.h"
#include "core/ops/loop.h"

typedef struct
{
  gint64   start[PST_MAX_RANK];
  gint64   step[PST_MAX_RANK];
  PstShape shape;
} Slice;

/* ONNX's rule for start:end:step along an axis of @size: numpy's, but a walk
 * backwards that would start before the axis starts at its first element. */
static void
slice_axis (gint64 size, gint64 start, gint64 end, gint64 step,
            gint64 *first, gint64 *count)
{
  gint64 least = step > 0 ? 0 : -1, most = step > 0 ? size : size - 1;

  start = start < 0 ? start + size : start;
  end = end < 0 ? end + size : end;
  start = MIN (MAX (start, 0), most); /* -1 on an empty axis */
  end = CLAMP (end, least, most);
  if (step > 0)
    *count = end > start ? (end - start - 1) / step + 1 : 0;
  else
    *count = start > end ? (start - end - 1) / -step + 1 : 0;
  *first = *count ? start : 0;
}

/* Bounds are attributes before opset 10, inputs since. */
static gboolean
read_slice (const PstCall *call, Slice *slice, GError **error)
{
  gint64 starts[PST_MAX_RANK], ends[PST_MAX_RANK], axes[PST_MAX_RANK],
      steps[PST_MAX_RANK];
  int      rank = call->in[0]->shape.rank, n, n_ends, n_axes, n_steps;
  gboolean inputs = call->n_in > 1;

  if (! pst_arg_ints (call, inputs ? 1 : -1, "starts", PST_MAX_RANK, starts,
                      &n, error) ||
      ! pst_arg_ints (call, inputs ? 2 : -1, "ends", PST_MAX_RANK, ends,
                      &n_ends, error) ||
      ! pst_arg_ints (call, inputs ? 3 : -1, "axes", PST_MAX_RANK, axes,
                      &n_axes, error) ||
      ! pst_arg_ints (call, inputs ? 4 : -1, "steps", PST_MAX_RANK, steps,
                      &n_steps, error))
    return FALSE;
  if (n < 0 || n_ends != n || (n_axes >= 0 && n_axes != n) ||
      (n_steps >= 0 && n_steps != n) || (n_axes < 0 && n > rank))
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its starts, ends, axes and steps do not fit "
                             "together"));
  slice->shape = call->in[0]->shape;
  for (int i = 0; i < rank; i++)
    {
      slice->start[i] = 0;
      slice->step[i] = 1;
    }
  for (int i = 0; i < n; i++)
    {
      gint64 step = n_steps < 0 ? 1 : steps[i];
      int    axis = i;

      if (n_axes >= 0 && ! pst_arg_axis (call, axes[i], rank, &axis, error))
        return FALSE;
      if (step == 0)
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("a step of 0 leads nowhere"));
      step = CLAMP (step, -G_MAXINT64, G_MAXINT64);
      slice_axis (call->in[0]->shape.dim[axis], starts[i], ends[i], step,
                  &slice->start[axis], &slice->shape.dim[axis]);
      slice->step[axis] = slice->shape.dim[axis] > 1 ? step : 1;
    }
  return TRUE;
}

static gboolean
slice_infer (PstCall *call, GError **error)
{
  Slice slice;

  if (! pst_arg_count (call, 1, 5, error) ||
      ! read_slice (call, &slice, error))
    return FALSE;
  call->out[0]->dtype = call->in[0]->dtype;
  call->out[0]->shape = slice.shape;
  return TRUE;
}

static void
slice_forward (PstCall *call)
{
  Slice     slice;
  PstTensor part;

  read_slice (call, &slice, NULL);
  part = pst_view_part (call->in[0], slice.start, slice.step, &slice.shape);
  pst_view_copy (call->pool, call->out[0], &part);
}

static void
slice_backward (PstCall *call)
{
  Slice     slice;
  PstTensor part;

  if (! call->din[0] || ! call->dout[0])
    return;
  read_slice (call, &slice, NULL);
  part = pst_view_part (call->din[0], slice.start, slice.step, &slice.shape);
  pst_view_add (call->pool, &part, call->dout[0]);
}

const PstOp pst_op_slice = {
  .domain = "",
  .type = "Slice",
  .infer = slice_infer,
  .forward = slice_forward,
  .backward = slice_backward,
};

/* Gather */

static gboolean
gather_infer (PstCall *call, GError **error)
{
  const PstTensor *index;
  const PstShape  *in;
  PstShape        *out = &call->out[0]->shape;
  int              axis;

  if (! pst_arg_count (call, 2, 2, error))
    return FALSE;
  in = &call->in[0]->shape;
  index = call->in[1];
  if (! pst_arg_axis (call, pst_node_get_int (call->node, "axis", 0),
                      in->rank, &axis, error))
    return FALSE;
  if ((index->dtype != PST_INT64 && index->dtype != PST_INT32) ||
      in->rank - 1 + index->shape.rank > PST_MAX_RANK || in->dim[axis] < 1)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("cannot take parts of %s by indices of size %s"),
                          PST_ARG_SHAPE (call->in[0]), PST_ARG_SHAPE (index));
  for (gint64 i = 0; index->data && i < pst_tensor_count (index); i++)
    {
      gint64 at = pst_tensor_get_int (index, i);

      if (at < -in->dim[axis] || at >= in->dim[axis])
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("there is no part %s along axis %d of %s"),
                              PST_ARG_INT (at), axis,
                              PST_ARG_SHAPE (call->in[0]));
    }
  call->out[0]->dtype = call->in[0]->dtype;
  out->rank = 0;
  for (int i = 0; i < axis; i++)
    out->dim[out->rank++] = in->dim[i];
  for (int i = 0; i < index->shape.rank; i++)
    out->dim[out->rank++] = index->shape.dim[i];
  for (int i = axis + 1; i < in->rank; i++)
    out->dim[out->rank++] = in->dim[i];
  return pst_arg_fits (call, 0, error);
}

/* @tensor with @n dimensions from @axis on taken away, at element @at of
 * them (in logical order). */
static PstTensor
without_axes (const PstTensor *tensor, int axis, int n, gint64 at)
{
  PstTensor view = *tensor;
  gint64    offset = 0;

  for (int i = axis + n - 1; i >= axis; i--)
    {
      offset += at % tensor->shape.dim[i] * tensor->stride[i];
      at /= tensor->shape.dim[i];
    }
  view.shape.rank -= n;
  for (int i = axis; i < view.shape.rank; i++)
    {
      view.shape.dim[i] = tensor->shape.dim[i + n];
      view.stride[i] = tensor->stride[i + n];
    }
  view.data = (guint8 *) tensor->data +
              offset * (gint64) pst_dtype_size (tensor->dtype);
  return view;
}

/* Calls @func with each part of @many (the result) and of @one (the input)
 * that belong together. An index out of range, which can only come from a
 * computed one, takes the nearest. */
static void
for_each_index (PstCall *call, const PstTensor *many, const PstTensor *one,
                void (*func) (PstPool *, const PstTensor *,
                              const PstTensor *),
                gboolean swap)
{
  const PstTensor *index = call->in[1];
  int              rank = one->shape.rank;
  gint64           axis = pst_node_get_int (call->node, "axis", 0);
  int              at = (int) (axis < 0 ? axis + rank : axis);
  gint64           size = one->shape.dim[at];

  if (pst_tensor_count (many) == 0)
    return;
  for (gint64 i = 0; i < pst_tensor_count (index); i++)
    {
      gint64    k = pst_tensor_get_int (index, i);
      PstTensor a = without_axes (many, at, index->shape.rank, i);
      PstTensor b = without_axes (
          one, at, 1, CLAMP (k < 0 ? k + size : k, 0, size - 1));

      if (swap)
        func (call->pool, &b, &a);
      else
        func (call->pool, &a, &b);
    }
}

static void
gather_forward (PstCall *call)
{
  for_each_index (call, call->out[0], call->in[0], pst_view_copy, FALSE);
}

static void
gather_backward (PstCall *call)
{
  if (call->din[0] && call->dout[0])
    for_each_index (call, call->dout[0], call->din[0], pst_view_add, TRUE);
}

const PstOp pst_op_gather = {
  .domain = "",
  .type = "Gather",
  .infer = gather_infer,
  .forward = gather_forward,
  .backward = gather_backward,
  .keep = PST_KEEP_IN (1),
};
