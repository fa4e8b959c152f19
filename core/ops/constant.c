/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shape, Size, Constant, ConstantOfShape, Range: numbers that do not come
 * from a picture. */
#include <math.h>
#include <string.h>

#include "core/ops/arguments.h"
#include "core/ops/loop.h"

/* Which dimensions a Shape node is asked for (opset 15). */
static int
shape_range (const PstCall *call, int *end)
{
  int    rank = call->in[0]->shape.rank;
  gint64 from = pst_node_get_int (call->node, "start", 0);
  gint64 to = pst_node_get_int (call->node, "end", rank);

  from = CLAMP (from < 0 ? from + rank : from, 0, rank);
  to = CLAMP (to < 0 ? to + rank : to, 0, rank);
  *end = (int) MAX (from, to);
  return (int) from;
}

static gboolean
shape_infer (PstCall *call, GError **error)
{
  int begin, end;

  if (! pst_arg_count (call, 1, 1, error))
    return FALSE;
  begin = shape_range (call, &end);
  call->out[0]->dtype = PST_INT64;
  call->out[0]->shape = PST_SHAPE (end - begin);
  return TRUE;
}

static void
shape_forward (PstCall *call)
{
  int end, begin = shape_range (call, &end);

  for (int i = begin; i < end; i++)
    ((gint64 *) call->out[0]->data)[i - begin] = call->in[0]->shape.dim[i];
}

const PstOp pst_op_shape = {
  .domain = "",
  .type = "Shape",
  .infer = shape_infer,
  .forward = shape_forward,
  .flags = PST_OP_FROM_SHAPE,
};

static gboolean
size_infer (PstCall *call, GError **error)
{
  if (! pst_arg_count (call, 1, 1, error))
    return FALSE;
  call->out[0]->dtype = PST_INT64;
  call->out[0]->shape.rank = 0;
  return TRUE;
}

static void
size_forward (PstCall *call)
{
  *(gint64 *) call->out[0]->data = pst_tensor_count (call->in[0]);
}

const PstOp pst_op_size = {
  .domain = "",
  .type = "Size",
  .infer = size_infer,
  .forward = size_forward,
  .flags = PST_OP_FROM_SHAPE,
};

/* Constant: whichever of its attributes is there. */

static const PstAttr *
constant_value (const PstNode *node)
{
  static const char *const names[] = { "value", "value_float", "value_int",
                                       "value_floats", "value_ints" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (pst_node_attr (node, names[i]))
      return pst_node_attr (node, names[i]);
  return NULL;
}

static gboolean
constant_infer (PstCall *call, GError **error)
{
  const PstAttr *value = constant_value (call->node);
  PstTensor     *out = call->out[0];

  if (! pst_arg_count (call, 0, 0, error))
    return FALSE;
  if (! value || (value->type == PST_ATTR_TENSOR && ! value->tensor))
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("holds no numbers"));
  out->shape.rank = 0;
  switch (value->type)
    {
    case PST_ATTR_TENSOR:
      out->dtype = value->tensor->tensor.dtype;
      out->shape = value->tensor->tensor.shape;
      break;
    case PST_ATTR_FLOATS:
    case PST_ATTR_INTS:
      out->shape = PST_SHAPE (value->n);
      G_GNUC_FALLTHROUGH;
    default:
      out->dtype = value->type == PST_ATTR_FLOAT ||
                           value->type == PST_ATTR_FLOATS
                       ? PST_FLOAT32
                       : PST_INT64;
    }
  return TRUE;
}

static void
constant_forward (PstCall *call)
{
  const PstAttr *value = constant_value (call->node);
  PstTensor     *out = call->out[0];

  if (value->type == PST_ATTR_TENSOR)
    pst_tensor_copy (out, &value->tensor->tensor);
  else if (value->type == PST_ATTR_FLOAT)
    pst_tensor_set (out, 0, value->f);
  else if (value->type == PST_ATTR_INT)
    pst_tensor_set_int (out, 0, value->i);
  else
    for (int i = 0; i < value->n; i++)
      if (value->type == PST_ATTR_FLOATS)
        pst_tensor_set (out, i, value->floats[i]);
      else
        pst_tensor_set_int (out, i, value->ints[i]);
}

const PstOp pst_op_constant = {
  .domain = "",
  .type = "Constant",
  .infer = constant_infer,
  .forward = constant_forward,
};

static gboolean
constant_of_shape_infer (PstCall *call, GError **error)
{
  const PstAttr *value = pst_node_attr (call->node, "value");
  PstShape      *shape = &call->out[0]->shape;
  int            n;

  if (! pst_arg_count (call, 1, 1, error) ||
      ! pst_arg_ints (call, 0, "shape", PST_MAX_RANK, shape->dim, &n, error))
    return FALSE;
  shape->rank = n;
  call->out[0]->dtype = PST_FLOAT32;
  if (value)
    {
      if (! value->tensor || pst_tensor_count (&value->tensor->tensor) != 1)
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("its value must be a single number"));
      call->out[0]->dtype = value->tensor->tensor.dtype;
    }
  return pst_arg_fits (call, 0, error);
}

static void
constant_of_shape_forward (PstCall *call)
{
  const PstAttr *value = pst_node_attr (call->node, "value");
  PstTensor      one = *call->out[0];

  if (! value)
    {
      memset (one.data, 0, pst_tensor_bytes (&one));
      return;
    }
  one = pst_view_broadcast (&value->tensor->tensor, &call->out[0]->shape);
  pst_view_copy (call->pool, call->out[0], &one);
}

const PstOp pst_op_constant_of_shape = {
  .domain = "",
  .type = "ConstantOfShape",
  .infer = constant_of_shape_infer,
  .forward = constant_of_shape_forward,
};

/* Range */

static double
range_number (const PstCall *call, int i)
{
  return pst_tensor_get (call->in[i], 0);
}

static gboolean
range_infer (PstCall *call, GError **error)
{
  double count;

  if (! pst_arg_count (call, 3, 3, error))
    return FALSE;
  for (int i = 0; i < 3; i++)
    if (! call->in[i]->data || pst_tensor_count (call->in[i]) != 1 ||
        call->in[i]->dtype != call->in[0]->dtype)
      return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                            _ ("its three numbers must be known before the "
                               "model runs"));
  count = ceil ((range_number (call, 1) - range_number (call, 0)) /
                range_number (call, 2));
  if (! (count <= 1e9) || range_number (call, 2) == 0.0)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its range is too long or has no end"));
  call->out[0]->dtype = call->in[0]->dtype;
  call->out[0]->shape = PST_SHAPE (count > 0 ? (gint64) count : 0);
  return TRUE;
}

static void
range_forward (PstCall *call)
{
  double start = range_number (call, 0), delta = range_number (call, 2);

  for (gint64 i = 0; i < call->out[0]->shape.dim[0]; i++)
    pst_tensor_set (call->out[0], i, start + (double) i * delta);
}

const PstOp pst_op_range = {
  .domain = "",
  .type = "Range",
  .infer = range_infer,
  .forward = range_forward,
};
