/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arithmetic on two tensors with numpy's broadcasting. */
#include "core/ops/binary.h"

#include <string.h>

static PstTensor
align (const PstTensor *b, int rank, int axis)
{
  PstTensor view = *b;

  for (; view.shape.rank < rank - axis; view.shape.rank++)
    {
      view.shape.dim[view.shape.rank] = 1;
      view.stride[view.shape.rank] = 0;
    }
  return view;
}

/* The axis from which on the second input lies; -1 for numpy's rule. */
static int
first_axis (const PstCall *call)
{
  gint64 axis = -1;

  if (call->opset >= 7 || call->n_in != 2)
    return -1;
  if (strcmp (call->node->op->type, "PRelu") == 0)
    axis = call->in[1]->shape.rank == 1 ? 1 : -1;
  else if (pst_node_get_int (call->node, "broadcast", 0))
    axis = pst_node_get_int (call->node, "axis", -1);
  return axis < call->in[0]->shape.rank ? (int) axis : -1;
}

PstCall *
pst_binary_align (const PstCall *call, PstAligned *room)
{
  int axis = first_axis (call);
  int rank = call->in[0]->shape.rank;

  if (axis < 0)
    return (PstCall *) call;
  room->call = *call;
  room->b = align (call->in[1], rank, axis);
  room->in[0] = call->in[0];
  room->in[1] = &room->b;
  room->call.in = room->in;
  if (call->din)
    {
      room->din[0] = call->din[0];
      room->din[1] = NULL;
      if (call->din[1])
        {
          room->db = align (call->din[1], rank, axis);
          room->din[1] = &room->db;
        }
      room->call.din = room->din;
    }
  return &room->call;
}

gboolean
pst_binary_infer_mixed (PstCall *given, GError **error)
{
  PstAligned room;
  PstCall   *call;

  if (! pst_arg_count (given, 2, 2, error))
    return FALSE;
  call = pst_binary_align (given, &room);
  for (int i = 0; i < 2; i++)
    if (call->in[i]->dtype == PST_BOOL)
      return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                            _ ("cannot work on %s numbers"),
                            pst_dtype_name (PST_BOOL));
  if (! pst_shape_broadcast (&call->in[0]->shape, &call->in[1]->shape,
                             &call->out[0]->shape))
    return pst_call_fail (
        call, error, PST_ERROR_SHAPE,
        _ ("its inputs of size %s and %s do not fit together"),
        PST_ARG_SHAPE (call->in[0]), PST_ARG_SHAPE (call->in[1]));
  call->out[0]->dtype = call->in[0]->dtype;
  return pst_arg_fits (call, 0, error);
}

gboolean
pst_binary_infer (PstCall *call, GError **error)
{
  if (! pst_binary_infer_mixed (call, error))
    return FALSE;
  if (call->in[0]->dtype != call->in[1]->dtype)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its inputs are of different types, %s and %s"),
                          pst_dtype_name (call->in[0]->dtype),
                          pst_dtype_name (call->in[1]->dtype));
  return TRUE;
}

void
pst_binary_forward (PstCall *call, const PstTensor *x, const PstTensor *y,
                    PstTileFunc f, PstTileFunc i32, PstTileFunc i64)
{
  const PstTensor *tensors[] = { call->out[0], x, y };
  PstBinary        data = { call->out[0]->data, x->data, y->data };
  PstDtype         dtype = call->out[0]->dtype;
  PstLoop          loop;

  pst_loop_init (&loop, &call->out[0]->shape, 3, tensors);
  pst_loop_run (&loop, call->pool,
                dtype == PST_FLOAT32 ? f : dtype == PST_INT32 ? i32 : i64,
                &data);
}

static void
store_add (gpointer data, gint64 at, gint64 step, gint64 n, const double *acc)
{
  const PstBinary *d = data;

  for (gint64 i = 0; i < n; i++)
    ((float *) d->out)[at + i * step] += (float) acc[i];
}

void
pst_binary_backward (PstCall *call, int i, const PstTensor *x,
                     const PstTensor *y, float scale, PstTileFunc add,
                     PstTermFunc gather)
{
  const PstTensor *g = call->dout[0], *din = call->din[i];
  const PstTensor *tensors[] = { din, g, x, y };
  PstBinary        data = { din->data, x->data, y->data, g->data, scale };
  PstLoop          loop;
  PstReduce        reduce;

  if (pst_tensor_count (din) == pst_tensor_count (g))
    {
      pst_loop_init (&loop, &g->shape, 4, tensors);
      pst_loop_run (&loop, call->pool, add, &data);
    }
  else
    {
      pst_reduce_init (&reduce, PST_REDUCE_SUM, &g->shape, 4, tensors);
      pst_reduce_run (&reduce, call->pool, call->shared, gather, store_add,
                      &data);
    }
}

void
pst_binary_scratch (const PstCall *given, gsize *shared, gsize *per_worker)
{
  PstAligned       room;
  PstCall         *call = pst_binary_align (given, &room);
  PstTensor        result = *call->out[0];
  const PstTensor *out = &result;

  pst_tensor_layout (&result);
  for (int i = 0; call->din && i < call->n_in; i++)
    {
      const PstTensor *x = call->in[0], *y = call->in[MIN (1, call->n_in - 1)];
      const PstTensor *plain[] = { call->in[i], out, out, out };
      const PstTensor *mixed[] = { call->in[i], out, x, y };
      const PstTensor *quotient[] = { call->in[i], out, out, y };
      const PstTensor *own[] = { call->in[i], out, call->in[i], out };
      const PstTensor *const *all[] = { plain, mixed, quotient, own };

      if (! call->din[i])
        continue;
      for (gsize k = 0; k < G_N_ELEMENTS (all); k++)
        {
          PstReduce reduce;

          pst_reduce_init (&reduce, PST_REDUCE_SUM, &out->shape, 4, all[k]);
          *shared = MAX (*shared, pst_reduce_scratch (&reduce));
        }
    }
}

/* The quotient of whole numbers is cut off; by 0 it is 0, and the one that
 * does not fit wraps. */
#define QUOTIENT(A, B) ((B) == 0 ? 0 : (B) == -1 ? WRAP (*) : (A) / (B))

DEFINE_BINARY (add, "Add", pst_binary_infer, 0, A + B, WRAP (+), G, g, g, G, g,
               g)
DEFINE_BINARY (sub, "Sub", pst_binary_infer, 0, A - B, WRAP (-), G, g, g, -G,
               g, g)
DEFINE_BINARY (mul, "Mul", pst_binary_infer, KEEP_BOTH, A *B, WRAP (*), G *B,
               IN_A, IN_B, G *A, IN_A, IN_B)
/* Its second derivative is written in the result: -g (a/b) / b. */
DEFINE_BINARY (div, "Div", pst_binary_infer,
               PST_KEEP_IN (1) | PST_KEEP_OUT (0), A / B, QUOTIENT (A, B),
               G / B, call->out[0], IN_B, -G *A / B, call->out[0], IN_B)
