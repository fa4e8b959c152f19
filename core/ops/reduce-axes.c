/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ops/reduce.h"

/* Marks the axes to reduce; all where none are named. */
static gboolean
read_axes (const PstCall *call, gboolean *reduced, GError **error)
{
  int      rank = call->in[0]->shape.rank, n;
  gboolean global = g_str_has_prefix (call->node->op->type, "Global");
  int      first = global ? 2 : 0;
  gint64   axes[PST_MAX_RANK];

  if (! pst_arg_ints (call, 1, "axes", PST_MAX_RANK, axes, &n, error))
    return FALSE;
  if (n <= 0 && ! global)
    global = ! pst_node_get_int (call->node, "noop_with_empty_axes", 0);
  for (int i = 0; i < rank; i++)
    reduced[i] = global && i >= first;
  for (int i = 0; i < n; i++)
    {
      int axis;

      if (! pst_arg_axis (call, axes[i], rank, &axis, error))
        return FALSE;
      reduced[axis] = TRUE;
    }
  return TRUE;
}

gboolean
pst_reduce_infer (PstCall *call, GError **error)
{
  gboolean        reduced[PST_MAX_RANK];
  const PstShape *in;
  PstShape       *out = &call->out[0]->shape;
  gboolean        global = g_str_has_prefix (call->node->op->type, "Global");
  gboolean keep = global || pst_node_get_int (call->node, "keepdims", 1) != 0;

  if (! pst_arg_count (call, 1, 2, error))
    return FALSE;
  in = &call->in[0]->shape;
  if (! read_axes (call, reduced, error))
    return FALSE;
  call->out[0]->dtype = call->in[0]->dtype;
  out->rank = 0;
  for (int i = 0; i < in->rank; i++)
    if (! reduced[i] || keep)
      out->dim[out->rank++] = reduced[i] ? 1 : in->dim[i];
  return TRUE;
}

gboolean
pst_reduce_is_identity (const PstCall *call)
{
  gint64 axes[PST_MAX_RANK];

  return pst_node_get_int (call->node, "noop_with_empty_axes", 0) &&
         pst_arg_known_ints (call, 1, "axes", PST_MAX_RANK, axes) <= 0;
}

PstTensor
pst_reduce_with_axes (const PstCall *call, const PstTensor *result)
{
  const PstShape *in = &call->in[0]->shape;
  gboolean        reduced[PST_MAX_RANK];
  PstTensor       view = *result;
  gboolean        kept = result->shape.rank == in->rank;
  int             at = 0;

  read_axes (call, reduced, NULL);
  view.shape.rank = in->rank;
  for (int i = 0; i < in->rank; i++)
    {
      gboolean there = kept || ! reduced[i];

      view.shape.dim[i] = reduced[i] ? 1 : in->dim[i];
      view.stride[i] = there ? result->stride[at] : 0;
      at += there;
    }
  return view;
}
