/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators that keep all numbers in their logical order under other sizes:
 * Reshape, Flatten, Squeeze, Unsqueeze, Identity, Dropout. */
#include "core/ops/arguments.h"
#include "core/ops/loop.h"

static void
reshape_forward (PstCall *call)
{
  pst_view_reshape (call->pool, call->out[0], call->in[0]);
}

static void
reshape_backward (PstCall *call)
{
  if (call->din[0] && call->dout[0])
    pst_view_reshape_add (call->pool, call->din[0], call->dout[0]);
}

/* Puts the size in that "-1" stands for, and checks the count. */
static gboolean
complete_shape (PstCall *call, int open, GError **error)
{
  PstShape *shape = &call->out[0]->shape;
  gint64    total = pst_tensor_count (call->in[0]), rest = 1;

  if (open >= 0)
    {
      shape->dim[open] = 1;
      rest = pst_shape_count (shape);
      shape->dim[open] = rest > 0 ? total / rest : 0;
    }
  if (pst_shape_count (shape) != total || rest < 1)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("%s numbers do not make up %s"),
                          PST_ARG_SHAPE (call->in[0]),
                          PST_ARG_SHAPE (call->out[0]));
  return TRUE;
}

static gboolean
reshape_infer (PstCall *call, GError **error)
{
  PstShape *shape = &call->out[0]->shape;
  gboolean  allow_zero = pst_node_get_int (call->node, "allowzero", 0) != 0;
  int       open = -1, n;

  if (! pst_arg_count (call, 1, 2, error) ||
      ! pst_arg_ints (call, 1, "shape", PST_MAX_RANK, shape->dim, &n, error))
    return FALSE;
  if (n < 0)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("has no new shape"));
  call->out[0]->dtype = call->in[0]->dtype;
  shape->rank = n;
  for (int i = 0; i < n; i++)
    {
      if (shape->dim[i] == 0 && ! allow_zero)
        {
          if (i >= call->in[0]->shape.rank)
            return pst_call_fail (call, error, PST_ERROR_SHAPE,
                                  _ ("copies a size that is not there"));
          shape->dim[i] = call->in[0]->shape.dim[i];
        }
      else if (shape->dim[i] == -1 && open < 0)
        open = i;
      else if (shape->dim[i] < 0)
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("a size of %s makes no sense"),
                              PST_ARG_INT (shape->dim[i]));
    }
  return complete_shape (call, open, error);
}

const PstOp pst_op_reshape = {
  .domain = "",
  .type = "Reshape",
  .infer = reshape_infer,
  .forward = reshape_forward,
  .backward = reshape_backward,
};

static gboolean
flatten_infer (PstCall *call, GError **error)
{
  const PstShape *in;
  gint64          axis = pst_node_get_int (call->node, "axis", 1);
  PstShape        rows, columns;

  if (! pst_arg_count (call, 1, 1, error))
    return FALSE;
  in = &call->in[0]->shape;
  if (axis < -in->rank || axis > in->rank)
    return pst_call_fail (
        call, error, PST_ERROR_SHAPE,
        _ ("axis %s is outside %d dimensions"), PST_ARG_INT (axis),
        in->rank);
  axis = axis < 0 ? axis + in->rank : axis;
  rows = pst_shape ((int) axis, in->dim);
  columns = pst_shape (in->rank - (int) axis, in->dim + axis);
  call->out[0]->dtype = call->in[0]->dtype;
  call->out[0]->shape =
      PST_SHAPE (pst_shape_count (&rows), pst_shape_count (&columns));
  return pst_arg_fits (call, 0, error);
}

const PstOp pst_op_flatten = {
  .domain = "",
  .type = "Flatten",
  .infer = flatten_infer,
  .forward = reshape_forward,
  .backward = reshape_backward,
};

/* Marks the axes given by input 1 or attribute; FALSE with an error where one
 * is outside @rank or named twice. @n is -1 where none are given. */
static gboolean
read_axes (const PstCall *call, int rank, gboolean *marked, int *n,
           GError **error)
{
  gint64 axes[PST_MAX_RANK];

  for (int i = 0; i < rank; i++)
    marked[i] = FALSE;
  if (! pst_arg_ints (call, 1, "axes", PST_MAX_RANK, axes, n, error))
    return FALSE;
  for (int i = 0; i < *n; i++)
    {
      int axis;

      if (! pst_arg_axis (call, axes[i], rank, &axis, error))
        return FALSE;
      if (marked[axis])
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("axis %d is named twice"), axis);
      marked[axis] = TRUE;
    }
  return TRUE;
}

static gboolean
squeeze_infer (PstCall *call, GError **error)
{
  const PstShape *in;
  PstShape       *out = &call->out[0]->shape;
  gboolean        marked[PST_MAX_RANK];
  int             n;

  if (! pst_arg_count (call, 1, 2, error))
    return FALSE;
  in = &call->in[0]->shape;
  if (! read_axes (call, in->rank, marked, &n, error))
    return FALSE;
  call->out[0]->dtype = call->in[0]->dtype;
  out->rank = 0;
  for (int i = 0; i < in->rank; i++)
    {
      if (n < 0 ? in->dim[i] == 1 : marked[i])
        {
          if (in->dim[i] != 1)
            return pst_call_fail (call, error, PST_ERROR_SHAPE,
                                  _ ("axis %d of %s is not of size 1"), i,
                                  PST_ARG_SHAPE (call->in[0]));
        }
      else
        out->dim[out->rank++] = in->dim[i];
    }
  return TRUE;
}

const PstOp pst_op_squeeze = {
  .domain = "",
  .type = "Squeeze",
  .infer = squeeze_infer,
  .forward = reshape_forward,
  .backward = reshape_backward,
};

static gboolean
unsqueeze_infer (PstCall *call, GError **error)
{
  const PstShape *in;
  PstShape       *out = &call->out[0]->shape;
  gboolean        marked[PST_MAX_RANK];
  gint64          axes[PST_MAX_RANK];
  int             n, at = 0;

  if (! pst_arg_count (call, 1, 2, error) ||
      ! pst_arg_ints (call, 1, "axes", PST_MAX_RANK, axes, &n, error))
    return FALSE;
  in = &call->in[0]->shape;
  if (n < 0 || in->rank + n > PST_MAX_RANK)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("adds no dimensions, or too many"));
  if (! read_axes (call, in->rank + n, marked, &n, error))
    return FALSE;
  call->out[0]->dtype = call->in[0]->dtype;
  out->rank = in->rank + n;
  for (int i = 0; i < out->rank; i++)
    out->dim[i] = marked[i] ? 1 : in->dim[at++];
  return TRUE;
}

const PstOp pst_op_unsqueeze = {
  .domain = "",
  .type = "Unsqueeze",
  .infer = unsqueeze_infer,
  .forward = reshape_forward,
  .backward = reshape_backward,
};

static gboolean
identity_infer (PstCall *call, GError **error)
{
  if (! pst_arg_count (call, 1, 1, error))
    return FALSE;
  pst_call_like (call, 0);
  return TRUE;
}

const PstOp pst_op_identity = {
  .domain = "",
  .type = "Identity",
  .infer = identity_infer,
  .forward = reshape_forward,
  .backward = reshape_backward,
  .flags = PST_OP_IN_PLACE,
};

/* At inference all pass; the mask, where it is wanted, is true. */
static gboolean
dropout_infer (PstCall *call, GError **error)
{
  if (! pst_arg_count (call, 1, 3, error))
    return FALSE;
  pst_call_like (call, 0);
  if (call->n_out > 1 && call->out[1])
    {
      call->out[1]->dtype = call->opset < 10 ? PST_FLOAT32 : PST_BOOL;
      call->out[1]->shape = call->in[0]->shape;
    }
  return TRUE;
}

static void
dropout_forward (PstCall *call)
{
  gint64 n = pst_tensor_count (call->out[0]);

  reshape_forward (call);
  if (call->n_out > 1 && call->out[1])
    for (gint64 i = 0; i < n; i++)
      pst_tensor_set (call->out[1], i, 1.0);
}

const PstOp pst_op_dropout = {
  .domain = "",
  .type = "Dropout",
  .infer = dropout_infer,
  .forward = dropout_forward,
  .backward = reshape_backward,
  .flags = PST_OP_IN_PLACE,
};
