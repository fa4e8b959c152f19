/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ArgMax and ArgMin: where along an axis the largest or smallest number is;
 * of equal ones the first, or the last with select_last_index. */
#include <string.h>

#include "core/ops/arguments.h"
#include "core/ops/loop.h"

#define CHUNK 1024 /* results of one item */

static gboolean
read_axis (const PstCall *call, int *axis, GError **error)
{
  return pst_arg_axis (call, pst_node_get_int (call->node, "axis", 0),
                       call->in[0]->shape.rank, axis, error);
}

static gboolean
arg_infer (PstCall *call, GError **error)
{
  const PstShape *in;
  PstShape       *out = &call->out[0]->shape;
  gboolean        keep = pst_node_get_int (call->node, "keepdims", 1) != 0;
  int             axis;

  if (! pst_arg_count (call, 1, 1, error) || ! read_axis (call, &axis, error))
    return FALSE;
  in = &call->in[0]->shape;
  if (call->in[0]->dtype == PST_BOOL)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("cannot work on %s numbers"),
                          pst_dtype_name (PST_BOOL));
  if (in->dim[axis] < 1)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("has no numbers to work on"));
  call->out[0]->dtype = PST_INT64;
  out->rank = 0;
  for (int i = 0; i < in->rank; i++)
    if (i != axis || keep)
      out->dim[out->rank++] = i == axis ? 1 : in->dim[i];
  return TRUE;
}

typedef struct
{
  PstTensor first; /* the numbers at 0 along the axis */
  gint64    n, step;
  gint64   *out; /* lies in C order */
  gint64    n_out;
  gboolean  least, last;
} Search;

#define DEFINE_SEARCH(name, type)                                             \
  static gint64 name (const Search *search, const void *at)                   \
  {                                                                           \
    const type *x = at;                                                       \
    gint64      best = 0;                                                     \
                                                                              \
    for (gint64 i = 1; i < search->n; i++)                                    \
      {                                                                       \
        type a = x[i * search->step], b = x[best * search->step];             \
                                                                              \
        if (search->least ? a < b : a > b)                                    \
          best = i;                                                           \
        else if (search->last && a == b)                                      \
          best = i;                                                           \
      }                                                                       \
    return best;                                                              \
  }

DEFINE_SEARCH (search_float, float)
DEFINE_SEARCH (search_int32, gint32)
DEFINE_SEARCH (search_int64, gint64)

static void
search_item (gpointer data, gsize item, guint worker)
{
  const Search *search = data;
  gint64        begin = (gint64) item * CHUNK;
  gint64        end = MIN (begin + CHUNK, search->n_out);
  PstDtype      dtype = search->first.dtype;
  gsize         size = pst_dtype_size (dtype);

  for (gint64 i = begin; i < end; i++)
    {
      const guint8 *at = (const guint8 *) search->first.data +
                         pst_tensor_offset (&search->first, i) * (gint64) size;

      search->out[i] = dtype == PST_FLOAT32 ? search_float (search, at)
                       : dtype == PST_INT32 ? search_int32 (search, at)
                                            : search_int64 (search, at);
    }
}

static void
arg_forward (PstCall *call)
{
  Search search = { .first = *call->in[0],
                    .out = call->out[0]->data,
                    .n_out = pst_tensor_count (call->out[0]),
                    .least = strcmp (call->node->op->type, "ArgMin") == 0,
                    .last = pst_node_get_int (call->node, "select_last_index",
                                              0) != 0 };
  int    axis = 0;

  read_axis (call, &axis, NULL);
  search.n = search.first.shape.dim[axis];
  search.step = search.first.stride[axis];
  search.first.shape.dim[axis] = 1;
  pst_pool_run (call->pool, (search.n_out + CHUNK - 1) / CHUNK, search_item,
                &search);
}

#define DEFINE_ARG(name, type_name)                                           \
  const PstOp pst_op_##name = {                                               \
    .domain = "",                                                             \
    .type = type_name,                                                        \
    .infer = arg_infer,                                                       \
    .forward = arg_forward,                                                   \
  };

DEFINE_ARG (arg_max, "ArgMax")
DEFINE_ARG (arg_min, "ArgMin")
