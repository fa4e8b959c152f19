/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MatMul: numpy's product of stacks of matrices, broadcast over the stack. */
#include "core/base/memory.h"
#include "core/kernels/gemm.h"

#include "core/ops/arguments.h"
#include "core/ops/loop.h"

/* A stack of matrices: a tensor with at least two dimensions, the last two
 * those of each matrix. */
typedef struct
{
  gint64 rows, columns;
  gint64 row_step, column_step;
  gint64 stack_step[PST_MAX_RANK]; /* 0 where it is broadcast */
} Stack;

typedef struct
{
  PstCall *call;
  Stack    a, b, c;
  int      rank; /* of the stack */
  gint64   size[PST_MAX_RANK];
  gint64   count; /* of products */
} Product;

/* The operands' shapes with vectors made matrices: [K] becomes [1, K] on the
 * left and [K, 1] on the right. */
static PstTensor
as_matrices (const PstTensor *tensor, gboolean right)
{
  PstTensor view = *tensor;

  if (tensor->shape.rank != 1)
    return view;
  view.shape.rank = 2;
  view.shape.dim[right ? 0 : 1] = tensor->shape.dim[0];
  view.shape.dim[right ? 1 : 0] = 1;
  view.stride[right ? 0 : 1] = tensor->stride[0];
  view.stride[right ? 1 : 0] = 0;
  return view;
}

/* The shape of the product of matrices, vectors not yet taken away. */
static gboolean
product_shape (const PstTensor *a, const PstTensor *b, PstShape *shape)
{
  PstShape x = a->shape, y = b->shape;
  gint64   m, n, k;

  if (x.rank < 2 || y.rank < 2)
    return FALSE;
  m = x.dim[x.rank - 2];
  k = x.dim[x.rank - 1];
  n = y.dim[y.rank - 1];
  if (y.dim[y.rank - 2] != k || MIN (m, MIN (n, k)) < 1 ||
      MAX (m, MAX (n, k)) > G_MAXINT32)
    return FALSE;
  x.dim[x.rank - 1] = y.dim[y.rank - 2] = 1;
  x.dim[x.rank - 2] = y.dim[y.rank - 1] = 1;
  if (! pst_shape_broadcast (&x, &y, shape))
    return FALSE;
  shape->dim[shape->rank - 2] = m;
  shape->dim[shape->rank - 1] = n;
  return TRUE;
}

static gboolean
matmul_infer (PstCall *call, GError **error)
{
  PstTensor a, b;
  PstShape *out = &call->out[0]->shape;

  if (! pst_call_check (call, 2, 2, -1, error) ||
      ! pst_arg_float (call, 1, error))
    return FALSE;
  a = as_matrices (call->in[0], FALSE);
  b = as_matrices (call->in[1], TRUE);
  if (! product_shape (&a, &b, out))
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("matrices of size %s and %s cannot be "
                             "multiplied"),
                          PST_ARG_SHAPE (call->in[0]),
                          PST_ARG_SHAPE (call->in[1]));
  if (call->in[0]->shape.rank == 1)
    {
      out->dim[out->rank - 2] = out->dim[out->rank - 1];
      out->rank--;
    }
  if (call->in[1]->shape.rank == 1)
    out->rank--;
  call->out[0]->dtype = PST_FLOAT32;
  return pst_arg_fits (call, 0, error);
}

static Stack
stack_of (const PstTensor *view, int rank)
{
  Stack stack = { 0 };
  int   own = view->shape.rank;

  stack.rows = view->shape.dim[own - 2];
  stack.columns = view->shape.dim[own - 1];
  stack.row_step = view->stride[own - 2];
  stack.column_step = view->stride[own - 1];
  for (int i = 0; i < rank; i++)
    {
      int j = i - rank + own - 2;

      stack.stack_step[i] =
          j >= 0 && view->shape.dim[j] != 1 ? view->stride[j] : 0;
    }
  return stack;
}

/* @result: the output or its gradient. */
static void
product_setup (Product *product, PstCall *call, const PstTensor *result)
{
  PstTensor a = as_matrices (call->in[0], FALSE);
  PstTensor b = as_matrices (call->in[1], TRUE), c = *result;
  PstShape  shape;
  int       at = 0;

  product_shape (&a, &b, &shape);
  for (int i = 0; i < shape.rank; i++)
    {
      gboolean gone = (i == shape.rank - 2 && call->in[0]->shape.rank == 1) ||
                      (i == shape.rank - 1 && call->in[1]->shape.rank == 1);

      c.stride[i] = gone ? 0 : result->stride[at];
      at += ! gone;
    }
  c.shape = shape;
  product->call = call;
  product->rank = shape.rank - 2;
  product->count = 1;
  for (int i = 0; i < product->rank; i++)
    {
      product->size[i] = shape.dim[i];
      product->count *= shape.dim[i];
    }
  product->a = stack_of (&a, product->rank);
  product->b = stack_of (&b, product->rank);
  product->c = stack_of (&c, product->rank);
}

static gint64
stack_offset (const Product *product, const Stack *stack, gint64 item)
{
  gint64 offset = 0;

  for (int i = product->rank - 1; i >= 0; i--)
    {
      offset += item % product->size[i] * stack->stack_step[i];
      item /= product->size[i];
    }
  return offset;
}

/* A matrix as BLAS takes it: rows or columns side by side in memory. */
typedef struct
{
  float   *data;
  gint64   ld;
  gboolean transposed;
} Matrix;

static gboolean
is_direct (const Stack *s, gboolean transposed)
{
  gint64 inner = transposed ? s->row_step : s->column_step;
  gint64 outer = transposed ? s->column_step : s->row_step;
  gint64 width = transposed ? s->rows : s->columns;
  gint64 height = transposed ? s->columns : s->rows;

  return (inner == 1 || width == 1) && (outer >= width || height == 1) &&
         outer <= G_MAXINT32;
}

static void
copy_matrix (const Stack *s, float *strided, float *packed, gboolean back)
{
  for (gint64 i = 0; i < s->rows; i++)
    for (gint64 j = 0; j < s->columns; j++)
      {
        float *x = strided + i * s->row_step + j * s->column_step;
        float *y = packed + i * s->columns + j;

        if (back)
          *x = *y;
        else
          *y = *x;
      }
}

/* Gives the matrix at @data, packed into @room where BLAS cannot take it. */
static Matrix
take_matrix (const Stack *s, float *data, float *room)
{
  if (is_direct (s, FALSE))
    return (Matrix) { data, MAX (s->row_step, s->columns), FALSE };
  if (is_direct (s, TRUE))
    return (Matrix) { data, MAX (s->column_step, s->rows), TRUE };
  copy_matrix (s, data, room, FALSE);
  return (Matrix) { room, s->columns, FALSE };
}

/* C = A' B' + beta C, C's rows stored apart or packed into @room. */
static void
multiply (const Stack *sc, float *c, Matrix a, gboolean ta, Matrix b,
          gboolean tb, gint64 k, float beta, float *room)
{
  if (is_direct (sc, FALSE))
    {
      pst_gemm (a.transposed != ta, b.transposed != tb, sc->rows, sc->columns,
                k, 1.0f, a.data, a.ld, b.data, b.ld, beta, c,
                MAX (sc->row_step, sc->columns));
      return;
    }
  if (beta != 0.0f)
    copy_matrix (sc, c, room, FALSE);
  pst_gemm (a.transposed != ta, b.transposed != tb, sc->rows, sc->columns, k,
            1.0f, a.data, a.ld, b.data, b.ld, beta, room, sc->columns);
  copy_matrix (sc, c, room, TRUE);
}

static gsize
matrix_bytes (const Stack *s)
{
  return pst_memory_align (sizeof (float) * s->rows * s->columns);
}

static void
matmul_item (gpointer data, gsize item, guint worker)
{
  const Product *p = data;
  PstCall       *call = p->call;
  guint8        *room = pst_call_scratch (call, worker);
  Matrix a, b;

  a = take_matrix (&p->a, (float *) call->in[0]->data +
                              stack_offset (p, &p->a, item),
                   (float *) room);
  room += matrix_bytes (&p->a);
  b = take_matrix (&p->b, (float *) call->in[1]->data +
                              stack_offset (p, &p->b, item),
                   (float *) room);
  room += matrix_bytes (&p->b);
  multiply (&p->c,
            (float *) call->out[0]->data + stack_offset (p, &p->c, item), a,
            FALSE, b, FALSE, p->a.columns, 0.0f, (float *) room);
}

static void
matmul_forward (PstCall *call)
{
  Product product;

  product_setup (&product, call, call->out[0]);
  pst_pool_run (call->pool, product.count, matmul_item, &product);
}

static void
matmul_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  Product product;

  product_setup (&product, (PstCall *) call, call->out[0]);
  *per_worker = matrix_bytes (&product.a) + matrix_bytes (&product.b) +
                matrix_bytes (&product.c);
}

/* dA += dC B^T and dB += A^T dC for each product in turn: where an operand
 * was broadcast, they add up in it. */
static void
matmul_backward (PstCall *call)
{
  Product p;
  guint8 *room = pst_call_scratch (call, 0), *room_b, *room_c;

  if (! call->dout[0])
    return;
  product_setup (&p, call, call->dout[0]);
  room_b = room + matrix_bytes (&p.a);
  room_c = room_b + matrix_bytes (&p.b);
  for (gint64 item = 0; item < p.count; item++)
    {
      gint64 at_a = stack_offset (&p, &p.a, item);
      gint64 at_b = stack_offset (&p, &p.b, item);
      Matrix g = take_matrix (&p.c, (float *) call->dout[0]->data +
                                        stack_offset (&p, &p.c, item),
                              (float *) room_c);

      if (call->din[0])
        multiply (&p.a, (float *) call->din[0]->data + at_a, g, FALSE,
                  take_matrix (&p.b, (float *) call->in[1]->data + at_b,
                               (float *) room_b),
                  TRUE, p.b.columns, 1.0f, (float *) room);
      if (call->din[1])
        multiply (&p.b, (float *) call->din[1]->data + at_b,
                  take_matrix (&p.a, (float *) call->in[0]->data + at_a,
                               (float *) room),
                  TRUE, g, FALSE, p.a.rows, 1.0f, (float *) room_b);
    }
}

const PstOp pst_op_matmul = {
  .domain = "",
  .type = "MatMul",
  .infer = matmul_infer,
  .scratch = matmul_scratch,
  .forward = matmul_forward,
  .backward = matmul_backward,
  .keep = PST_KEEP_IN (0) | PST_KEEP_IN (1),
};
