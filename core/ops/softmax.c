/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Softmax: exp (x) over the sum of exp (x) along an axis; before opset 13
 * along all axes from that one on. LogSoftmax: its logarithm. */
#include <math.h>
#include <string.h>

#include "core/ops/arguments.h"
#include "core/ops/loop.h"

typedef struct
{
  PstCall *call;
  PstShape outer; /* the other axes, size 1 where normalised */
  PstShape inner; /* the normalised axes, size 1 elsewhere */
  gint64   rows, n;
  gboolean logarithm;
} Softmax;

static gboolean
softmax_axis (const PstCall *call, int *axis, GError **error)
{
  return pst_arg_axis (
      call, pst_node_get_int (call->node, "axis", call->opset < 13 ? 1 : -1),
      call->in[0]->shape.rank, axis, error);
}

static gboolean
softmax_infer (PstCall *call, GError **error)
{
  int axis;

  if (! pst_call_check (call, 1, 1, -1, error) ||
      ! softmax_axis (call, &axis, error))
    return FALSE;
  pst_call_like (call, 0);
  return TRUE;
}

static void
softmax_setup (Softmax *softmax, PstCall *call)
{
  int axis = 0;

  softmax_axis (call, &axis, NULL);
  softmax->call = call;
  softmax->outer = softmax->inner = call->out[0]->shape;
  for (int i = 0; i < softmax->outer.rank; i++)
    {
      gboolean in = i == axis || (call->opset < 13 && i > axis);

      if (in)
        softmax->outer.dim[i] = 1;
      else
        softmax->inner.dim[i] = 1;
    }
  softmax->rows = pst_shape_count (&softmax->outer);
  softmax->n = pst_shape_count (&softmax->inner);
  softmax->logarithm = strcmp (call->node->op->type, "LogSoftmax") == 0;
}

/* One row of a tensor. */
typedef struct
{
  float    *first;
  gint64    step; /* between elements, or 0 where several axes make the row */
  PstTensor inner;
} Row;

static Row
row_of (const PstTensor *tensor, const Softmax *softmax, gint64 row)
{
  PstTensor outer = *tensor;
  Row       result = { .inner = *tensor };
  int       axes = 0;

  outer.shape = softmax->outer;
  result.inner.shape = softmax->inner;
  result.first = (float *) tensor->data + pst_tensor_offset (&outer, row);
  for (int i = 0; i < softmax->inner.rank; i++)
    if (softmax->inner.dim[i] > 1)
      {
        result.step = tensor->stride[i];
        axes++;
      }
  if (axes > 1)
    result.step = 0;
  return result;
}

static inline float *
element (const Row *row, gint64 i)
{
  return row->first +
         (row->step ? i * row->step : pst_tensor_offset (&row->inner, i));
}

static void
softmax_item (gpointer data, gsize item, guint worker)
{
  const Softmax *softmax = data;
  Row    x = row_of (softmax->call->in[0], softmax, (gint64) item);
  Row    y = row_of (softmax->call->out[0], softmax, (gint64) item);
  float  top = -INFINITY;
  double sum = 0.0;

  for (gint64 i = 0; i < softmax->n; i++)
    top = fmaxf (top, *element (&x, i));
  for (gint64 i = 0; i < softmax->n; i++)
    {
      float shifted = *element (&x, i) - top;
      float e = expf (shifted);

      *element (&y, i) = softmax->logarithm ? shifted : e;
      sum += e;
    }
  for (gint64 i = 0; i < softmax->n; i++)
    if (softmax->logarithm)
      *element (&y, i) -= (float) log (sum);
    else
      *element (&y, i) /= (float) sum;
}

static void
softmax_forward (PstCall *call)
{
  Softmax softmax;

  softmax_setup (&softmax, call);
  if (softmax.n > 0)
    pst_pool_run (call->pool, softmax.rows, softmax_item, &softmax);
}

/* dx += y (g - sum (g y)), and of the logarithm g - e^y sum (g) */
static void
gradient_item (gpointer data, gsize item, guint worker)
{
  const Softmax *softmax = data;
  Row    y = row_of (softmax->call->out[0], softmax, (gint64) item);
  Row    g = row_of (softmax->call->dout[0], softmax, (gint64) item);
  Row    dx = row_of (softmax->call->din[0], softmax, (gint64) item);
  double sum = 0.0;

  for (gint64 i = 0; i < softmax->n; i++)
    sum += (double) *element (&g, i) *
           (softmax->logarithm ? 1.0f : *element (&y, i));
  for (gint64 i = 0; i < softmax->n; i++)
    if (softmax->logarithm)
      *element (&dx, i) +=
          *element (&g, i) - expf (*element (&y, i)) * (float) sum;
    else
      *element (&dx, i) +=
          *element (&y, i) * (*element (&g, i) - (float) sum);
}

static void
softmax_backward (PstCall *call)
{
  Softmax softmax;

  if (! call->din[0] || ! call->dout[0])
    return;
  softmax_setup (&softmax, call);
  if (softmax.n > 0)
    pst_pool_run (call->pool, softmax.rows, gradient_item, &softmax);
}

#define DEFINE_SOFTMAX(name, type_name)                                       \
  const PstOp pst_op_##name = {                                               \
    .domain = "",                                                             \
    .type = type_name,                                                        \
    .infer = softmax_infer,                                                   \
    .forward = softmax_forward,                                               \
    .backward = softmax_backward,                                             \
    .keep = PST_KEEP_OUT (0),                                                 \
  };

DEFINE_SOFTMAX (softmax, "Softmax")
DEFINE_SOFTMAX (log_softmax, "LogSoftmax")
