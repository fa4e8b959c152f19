/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ops/arguments.h"

const PstTensor *
pst_arg_input (const PstCall *call, int i)
{
  return i >= 0 && i < call->n_in ? call->in[i] : NULL;
}

gboolean
pst_arg_count (const PstCall *call, int min, int max, GError **error)
{
  if (call->n_in < min || call->n_in > max)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("has %d inputs, must have %d to %d"), call->n_in,
                          min, max);
  for (int i = 0; i < min; i++)
    if (! call->in[i])
      return pst_call_fail (call, error, PST_ERROR_SHAPE,
                            _ ("its input %d is missing"), i + 1);
  return TRUE;
}

gboolean
pst_arg_float (const PstCall *call, int i, GError **error)
{
  const PstTensor *in = pst_arg_input (call, i);

  if (! in || in->dtype == PST_FLOAT32)
    return TRUE;
  return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                        _ ("cannot work on %s numbers"),
                        pst_dtype_name (in->dtype));
}

gboolean
pst_arg_fits (const PstCall *call, int i, GError **error)
{
  gint64 count = pst_shape_count (&call->out[i]->shape);

  if (count >= 0 && count < G_MAXINT64 / 64)
    return TRUE;
  return pst_call_fail (call, error, PST_ERROR_SHAPE,
                        _ ("its result of size %s is too large"),
                        PST_ARG_SHAPE (call->out[i]));
}

gboolean
pst_arg_axis (const PstCall *call, gint64 axis, int rank, int *result,
              GError **error)
{
  if (axis < -rank || axis >= rank)
    return pst_call_fail (
        call, error, PST_ERROR_SHAPE,
        _ ("axis %s is outside %d dimensions"), PST_ARG_INT (axis), rank);
  *result = (int) (axis < 0 ? axis + rank : axis);
  return TRUE;
}

gboolean
pst_arg_ints (const PstCall *call, int i, const char *name, int max,
              gint64 *values, int *n, GError **error)
{
  const PstTensor *in = pst_arg_input (call, i);
  int              count = -1;

  *n = -1;
  if (in)
    {
      if (in->dtype != PST_INT64 && in->dtype != PST_INT32)
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("“%s” must be whole numbers"), name);
      if (! in->data)
        return pst_call_fail (
            call, error, PST_ERROR_UNSUPPORTED,
            _ ("“%s” must be known before the model runs"), name);
      if (in->shape.rank > 1 || pst_tensor_count (in) > max)
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("“%s” has the wrong size %s"), name,
                              PST_ARG_SHAPE (in));
    }
  else
    {
      pst_node_get_ints (call->node, name, &count);
      if (count > max)
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("“%s” has %d numbers, at most %d make sense"),
                              name, count, max);
    }
  *n = pst_arg_known_ints (call, i, name, max, values);
  return TRUE;
}

int
pst_arg_known_ints (const PstCall *call, int i, const char *name, int max,
                    gint64 *values)
{
  const PstTensor *in = pst_arg_input (call, i);
  const gint64    *ints;
  int              n = 0;

  if (in)
    {
      n = (int) pst_tensor_count (in);
      for (int k = 0; k < n && k < max; k++)
        values[k] = pst_tensor_get_int (in, k);
      return n;
    }
  if (! pst_node_attr (call->node, name))
    return -1;
  ints = pst_node_get_ints (call->node, name, &n);
  for (int k = 0; k < n && k < max; k++)
    values[k] = ints[k];
  return n;
}

float
pst_arg_known_float (const PstCall *call, int i, float fallback)
{
  const PstTensor *in = pst_arg_input (call, i);

  if (! in || ! in->data || pst_tensor_count (in) < 1)
    return fallback;
  return (float) pst_tensor_get (in, 0);
}

const char *
pst_arg_shape_text (char *buffer, const PstShape *shape)
{
  g_autofree char *text = pst_shape_to_string (shape);

  g_strlcpy (buffer, text, 128);
  return buffer;
}

const char *
pst_arg_int_text (char *buffer, gint64 number)
{
  g_snprintf (buffer, 24, "%" G_GINT64_FORMAT, number);
  return buffer;
}
