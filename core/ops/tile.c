/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tile: the input again and again along each axis. */
#include "core/ops/arguments.h"
#include "core/ops/loop.h"

/* The result and the input in the same dimensions: an axis that is repeated
 * and longer than 1 becomes two, the outer one of size 1 in the input. */
typedef struct
{
  PstTensor many;
  PstTensor one;
} Views;

/* How many dimensions they need. */
static int
count_dimensions (const PstShape *one, const gint64 *repeats)
{
  int n = 0;

  for (int i = 0; i < one->rank; i++)
    n += repeats[i] != 1 && one->dim[i] != 1 ? 2 : 1;
  return n;
}

static void
add_dimension (PstTensor *view, gint64 size, gint64 stride)
{
  view->shape.dim[view->shape.rank] = size;
  view->stride[view->shape.rank++] = stride;
}

static Views
make_views (const PstCall *call, const PstTensor *many, const PstTensor *one)
{
  gint64 repeats[PST_MAX_RANK];
  Views  v = { *many, *one };

  pst_arg_known_ints (call, 1, "repeats", PST_MAX_RANK, repeats);
  v.many.shape.rank = v.one.shape.rank = 0;
  for (int i = 0; i < one->shape.rank; i++)
    {
      gint64 size = one->shape.dim[i];

      if (repeats[i] != 1)
        {
          add_dimension (&v.many, repeats[i], many->stride[i] * size);
          add_dimension (&v.one, 1, 0);
        }
      if (repeats[i] == 1 || size != 1)
        {
          add_dimension (&v.many, size, many->stride[i]);
          add_dimension (&v.one, size, one->stride[i]);
        }
    }
  return v;
}

static gboolean
tile_infer (PstCall *call, GError **error)
{
  gint64          repeats[PST_MAX_RANK];
  const PstShape *in;
  PstShape       *out = &call->out[0]->shape;
  int             n;

  if (! pst_arg_count (call, 2, 2, error) ||
      ! pst_arg_ints (call, 1, "repeats", PST_MAX_RANK, repeats, &n, error))
    return FALSE;
  in = &call->in[0]->shape;
  if (n != in->rank)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("“%s” has %d numbers, must have %d"), "repeats",
                          n, in->rank);
  pst_call_like (call, 0);
  for (int i = 0; i < n; i++)
    if (repeats[i] < 0 ||
        __builtin_mul_overflow (in->dim[i], repeats[i], &out->dim[i]))
      return pst_call_fail (call, error, PST_ERROR_SHAPE,
                            _ ("cannot repeat %s to the size asked for"),
                            PST_ARG_SHAPE (call->in[0]));
  if (count_dimensions (in, repeats) > PST_MAX_RANK)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("cannot repeat %s along so many dimensions"),
                          PST_ARG_SHAPE (call->in[0]));
  return pst_arg_fits (call, 0, error);
}

static void
tile_forward (PstCall *call)
{
  Views     v = make_views (call, call->out[0], call->in[0]);
  PstTensor from;

  if (pst_tensor_count (call->out[0]) == 0)
    return;
  from = pst_view_broadcast (&v.one, &v.many.shape);
  pst_view_copy (call->pool, &v.many, &from);
}

static void
tile_backward (PstCall *call)
{
  Views v;

  if (! call->din[0] || ! call->dout[0] ||
      pst_tensor_count (call->dout[0]) == 0)
    return;
  v = make_views (call, call->dout[0], call->din[0]);
  pst_view_sum_add (call->pool, &v.one, &v.many, 1.0f, call->shared);
}

static void
tile_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  PstTensor in = *call->in[0], out = *call->out[0];
  Views     v;

  if (! call->din || ! call->din[0] || pst_tensor_count (&out) == 0)
    return;
  pst_tensor_layout (&out); /* may not be laid out yet */
  v = make_views (call, &out, &in);
  *shared = pst_view_sum_scratch (&v.one, &v.many);
}

const PstOp pst_op_tile = {
  .domain = "",
  .type = "Tile",
  .infer = tile_infer,
  .scratch = tile_scratch,
  .forward = tile_forward,
  .backward = tile_backward,
};
