/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators that put numbers at other places: Transpose, Concat, Split,
 * Expand, and Slice and Gather in slice.c. */
#include "core/ops/arguments.h"
#include "core/ops/loop.h"

/* Transpose */

/* Fills @perm; FALSE where it is no permutation. */
static gboolean
read_perm (const PstCall *call, int *perm, GError **error)
{
  int      rank = call->in[0]->shape.rank, n;
  gint64   read[PST_MAX_RANK];
  gboolean used[PST_MAX_RANK] = { FALSE };

  if (! pst_arg_ints (call, -1, "perm", PST_MAX_RANK, read, &n, error))
    return FALSE;
  for (int i = 0; n < 0 && i < rank; i++)
    read[i] = rank - 1 - i;
  for (int i = 0; i < rank; i++)
    {
      if ((n >= 0 && n != rank) || read[i] < 0 || read[i] >= rank ||
          used[read[i]])
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("“perm” is no order of %d dimensions"),
                              rank);
      perm[i] = (int) read[i];
      used[perm[i]] = TRUE;
    }
  return TRUE;
}

static gboolean
transpose_infer (PstCall *call, GError **error)
{
  int perm[PST_MAX_RANK];

  if (! pst_arg_count (call, 1, 1, error) || ! read_perm (call, perm, error))
    return FALSE;
  pst_call_like (call, 0);
  for (int i = 0; i < call->in[0]->shape.rank; i++)
    call->out[0]->shape.dim[i] = call->in[0]->shape.dim[perm[i]];
  return TRUE;
}

static void
transpose_forward (PstCall *call)
{
  int       perm[PST_MAX_RANK];
  PstTensor view;

  read_perm (call, perm, NULL);
  view = pst_view_transposed (call->in[0], perm);
  pst_view_copy (call->pool, call->out[0], &view);
}

static void
transpose_backward (PstCall *call)
{
  int       perm[PST_MAX_RANK];
  PstTensor view;

  if (! call->din[0] || ! call->dout[0])
    return;
  read_perm (call, perm, NULL);
  view = pst_view_transposed (call->din[0], perm);
  pst_view_add (call->pool, &view, call->dout[0]);
}

const PstOp pst_op_transpose = {
  .domain = "",
  .type = "Transpose",
  .infer = transpose_infer,
  .forward = transpose_forward,
  .backward = transpose_backward,
};

/* Concat and Split: views of the parts along one axis. */

/* The part of @whole that starts at *@at along @axis and is as large as
 * @part; moves *@at behind it. */
static PstTensor
next_part (const PstTensor *whole, int axis, const PstTensor *part,
           gint64 *at)
{
  gint64 start[PST_MAX_RANK] = { 0 };

  start[axis] = *at;
  *at += part->shape.dim[axis];
  return pst_view_part (whole, start, NULL, &part->shape);
}

static int
axis_of (const PstCall *call, int rank, gint64 fallback)
{
  gint64 axis = pst_node_get_int (call->node, "axis", fallback);

  return (int) (axis < 0 ? axis + rank : axis);
}

static gboolean
concat_infer (PstCall *call, GError **error)
{
  PstShape *out = &call->out[0]->shape;
  int       axis;

  if (! pst_arg_count (call, 1, PST_MAX_IO, error) ||
      ! pst_arg_axis (call, pst_node_get_int (call->node, "axis", 1),
                      call->in[0]->shape.rank, &axis, error))
    return FALSE;
  pst_call_like (call, 0);
  for (int k = 1; k < call->n_in; k++)
    {
      PstShape wanted = *out;

      if (! call->in[k])
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("its input %d is missing"), k + 1);
      if (call->in[k]->shape.rank == out->rank)
        wanted.dim[axis] = call->in[k]->shape.dim[axis];
      if (! pst_shape_equal (&call->in[k]->shape, &wanted) ||
          call->in[k]->dtype != call->in[0]->dtype)
        return pst_call_fail (
            call, error, PST_ERROR_SHAPE,
            _ ("its inputs of size %s and %s do not fit together"),
            PST_ARG_SHAPE (call->in[0]), PST_ARG_SHAPE (call->in[k]));
      if (__builtin_add_overflow (out->dim[axis], wanted.dim[axis],
                                  &out->dim[axis]))
        out->dim[axis] = G_MAXINT64;
    }
  return pst_arg_fits (call, 0, error);
}

static void
concat_forward (PstCall *call)
{
  int    axis = axis_of (call, call->out[0]->shape.rank, 1);
  gint64 at = 0;

  for (int k = 0; k < call->n_in; k++)
    {
      PstTensor part = next_part (call->out[0], axis, call->in[k], &at);

      pst_view_copy (call->pool, &part, call->in[k]);
    }
}

static void
concat_backward (PstCall *call)
{
  int    axis = axis_of (call, call->out[0]->shape.rank, 1);
  gint64 at = 0;

  for (int k = 0; call->dout[0] && k < call->n_in; k++)
    {
      PstTensor part = next_part (call->dout[0], axis, call->in[k], &at);

      if (call->din[k])
        pst_view_add (call->pool, call->din[k], &part);
    }
}

const PstOp pst_op_concat = {
  .domain = "",
  .type = "Concat",
  .infer = concat_infer,
  .forward = concat_forward,
  .backward = concat_backward,
};

/* Sizes of the parts: given, or as equal as they come (the last smaller). */
static gboolean
split_sizes (const PstCall *call, int axis, gint64 *sizes, GError **error)
{
  gint64 total = call->in[0]->shape.dim[axis], sum = 0;
  int    n;

  if (! pst_arg_ints (call, call->opset >= 13 ? 1 : -1, "split", PST_MAX_IO,
                      sizes, &n, error))
    return FALSE;
  if (n < 0)
    {
      gint64 each = (total + call->n_out - 1) / call->n_out;

      n = call->n_out;
      for (int k = 0; k < n; k++)
        sizes[k] = CLAMP (total - k * each, 0, each);
    }
  for (int k = 0; k < n; k++)
    sum = sizes[k] < 0 || sizes[k] > total ? -1 : sum < 0 ? -1
                                                         : sum + sizes[k];
  if (n != call->n_out || sum != total)
    return pst_call_fail (
        call, error, PST_ERROR_SHAPE,
        _ ("cannot split %s into %d parts so"), PST_ARG_INT (total),
        call->n_out);
  return TRUE;
}

static gboolean
split_infer (PstCall *call, GError **error)
{
  gint64 sizes[PST_MAX_IO];
  int    axis;

  if (! pst_arg_count (call, 1, 2, error) ||
      ! pst_arg_axis (call, pst_node_get_int (call->node, "axis", 0),
                      call->in[0]->shape.rank, &axis, error) ||
      ! split_sizes (call, axis, sizes, error))
    return FALSE;
  for (int k = 0; k < call->n_out; k++)
    if (call->out[k])
      {
        call->out[k]->dtype = call->in[0]->dtype;
        call->out[k]->shape = call->in[0]->shape;
        call->out[k]->shape.dim[axis] = sizes[k];
      }
  return TRUE;
}

/* The part of @whole (the input or its gradient) that output @k is. */
static PstTensor
split_part (const PstCall *call, const PstTensor *whole, int k)
{
  int       axis = axis_of (call, whole->shape.rank, 0);
  gint64    sizes[PST_MAX_IO], at = 0;
  PstTensor part = *whole;

  split_sizes (call, axis, sizes, NULL);
  for (int i = 0; i < k; i++)
    at += sizes[i];
  part.shape.dim[axis] = sizes[k];
  return next_part (whole, axis, &part, &at);
}

static void
split_forward (PstCall *call)
{
  for (int k = 0; k < call->n_out; k++)
    if (call->out[k])
      {
        PstTensor part = split_part (call, call->in[0], k);

        pst_view_copy (call->pool, call->out[k], &part);
      }
}

static void
split_backward (PstCall *call)
{
  for (int k = 0; call->din[0] && k < call->n_out; k++)
    if (call->dout[k])
      {
        PstTensor part = split_part (call, call->din[0], k);

        pst_view_add (call->pool, &part, call->dout[k]);
      }
}

const PstOp pst_op_split = {
  .domain = "",
  .type = "Split",
  .infer = split_infer,
  .forward = split_forward,
  .backward = split_backward,
};

/* Expand */

static gboolean
expand_infer (PstCall *call, GError **error)
{
  PstShape wanted;
  int      n;

  if (! pst_arg_count (call, 2, 2, error) ||
      ! pst_arg_ints (call, 1, "shape", PST_MAX_RANK, wanted.dim, &n, error))
    return FALSE;
  wanted.rank = n;
  for (int i = 0; i < n; i++)
    if (wanted.dim[i] < 0)
      n = -1;
  if (n < 0 || ! pst_shape_broadcast (&call->in[0]->shape, &wanted,
                                      &call->out[0]->shape))
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("cannot repeat %s to the size asked for"),
                          PST_ARG_SHAPE (call->in[0]));
  call->out[0]->dtype = call->in[0]->dtype;
  return pst_arg_fits (call, 0, error);
}

static void
expand_forward (PstCall *call)
{
  PstTensor view =
      pst_view_broadcast (call->in[0], &call->out[0]->shape);

  pst_view_copy (call->pool, call->out[0], &view);
}

static void
expand_backward (PstCall *call)
{
  if (call->din[0] && call->dout[0])
    pst_view_sum_add (call->pool, call->din[0], call->dout[0], 1.0f,
                      call->shared);
}

static void
expand_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  PstTensor out = *call->out[0];

  pst_tensor_layout (&out); /* may not be laid out yet */
  if (call->din && call->din[0])
    *shared = pst_view_sum_scratch (call->in[0], &out);
}

const PstOp pst_op_expand = {
  .domain = "",
  .type = "Expand",
  .infer = expand_infer,
  .scratch = expand_scratch,
  .forward = expand_forward,
  .backward = expand_backward,
};
