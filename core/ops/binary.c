/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arithmetic on two tensors with numpy's broadcasting. */
#include <math.h>

#include "core/ops/arguments.h"
#include "core/ops/loop.h"

typedef struct
{
  void       *out;
  const void *a, *b;
  const void *g;
} Binary;

#define ROW(type, field, k)                                                   \
  ((type *) d->field + tile->at[k] + r * tile->row[k])

/* out = f (A, B) over a tile. */
#define DEFINE_FORWARD(name, type, expression)                                \
  static void name (gpointer data, const PstTile *tile)                       \
  {                                                                           \
    const Binary *d = data;                                                   \
    gint64 s = tile->step[0], t = tile->step[1], u = tile->step[2];           \
                                                                              \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      {                                                                       \
        type       *out = ROW (type, out, 0);                                 \
        const type *x = ROW (const type, a, 1);                               \
        const type *y = ROW (const type, b, 2);                               \
                                                                              \
        if (s == 1 && t == 1 && u == 1)                                       \
          PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                     \
          {                                                                   \
            const type A = x[i], B = y[i];                                    \
            out[i] = (expression);                                            \
          }                                                                   \
        else if (s == 1 && t == 1 && u == 0)                                  \
          {                                                                   \
            const type B = *y;                                                \
            PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                   \
            {                                                                 \
              const type A = x[i];                                            \
              out[i] = (expression);                                          \
            }                                                                 \
          }                                                                   \
        else if (s == 1 && t == 0 && u == 1)                                  \
          {                                                                   \
            const type A = *x;                                                \
            PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                   \
            {                                                                 \
              const type B = y[i];                                            \
              out[i] = (expression);                                          \
            }                                                                 \
          }                                                                   \
        else                                                                  \
          for (gint64 i = 0; i < tile->n; i++)                                \
            {                                                                 \
              const type A = x[i * t], B = y[i * u];                          \
              out[i * s] = (expression);                                      \
            }                                                                 \
      }                                                                       \
  }

/* A term of a gradient: G is the result's gradient, A and B two values that
 * the derivative needs. Once added to a gradient of the result's shape, once
 * gathered over what was broadcast. */
#define DEFINE_TERM(name, expression)                                         \
  static void name##_add (gpointer data, const PstTile *tile)                 \
  {                                                                           \
    const Binary *d = data;                                                   \
    gint64 s = tile->step[0], v = tile->step[1], t = tile->step[2],           \
           u = tile->step[3];                                                 \
                                                                              \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      {                                                                       \
        float       *out = ROW (float, out, 0);                               \
        const float *g = ROW (const float, g, 1);                             \
        const float *x = ROW (const float, a, 2);                             \
        const float *y = ROW (const float, b, 3);                             \
                                                                              \
        if (s == 1 && v == 1 && t == 1 && u == 1)                             \
          PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                     \
          {                                                                   \
            const float G = g[i], A = x[i], B = y[i];                         \
            (void) A, (void) B;                                               \
            out[i] += (expression);                                           \
          }                                                                   \
        else                                                                  \
          PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                     \
          {                                                                   \
            const float G = g[i * v], A = x[i * t], B = y[i * u];             \
            (void) A, (void) B;                                               \
            out[i * s] += (expression);                                       \
          }                                                                   \
      }                                                                       \
  }                                                                           \
  static void name##_gather (gpointer data, const PstTile *tile, double *acc) \
  {                                                                           \
    const Binary *d = data;                                                   \
    gint64 s = tile->step[0], v = tile->step[1], t = tile->step[2],           \
           u = tile->step[3];                                                 \
                                                                              \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      {                                                                       \
        double      *sum = acc + tile->at[0] + r * tile->row[0];              \
        const float *g = ROW (const float, g, 1);                             \
        const float *x = ROW (const float, a, 2);                             \
        const float *y = ROW (const float, b, 3);                             \
                                                                              \
        if (s == 1)                                                           \
          PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                     \
          {                                                                   \
            const float G = g[i * v], A = x[i * t], B = y[i * u];             \
            (void) A, (void) B;                                               \
            sum[i] += (expression);                                           \
          }                                                                   \
        else                                                                  \
          {                                                                   \
            double one = 0.0;                                                 \
            for (gint64 i = 0; i < tile->n; i++)                              \
              {                                                               \
                const float G = g[i * v], A = x[i * t], B = y[i * u];         \
                (void) A, (void) B;                                           \
                one += (expression);                                          \
              }                                                               \
            *sum += one;                                                      \
          }                                                                   \
      }                                                                       \
  }

static gboolean
infer_number (PstCall *call, GError **error)
{
  PstDtype dtype;

  if (! pst_arg_count (call, 2, 2, error))
    return FALSE;
  dtype = call->in[0]->dtype;
  if (dtype == PST_BOOL)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("cannot work on %s numbers"),
                          pst_dtype_name (dtype));
  if (call->in[1]->dtype != dtype)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its inputs are of different types, %s and %s"),
                          pst_dtype_name (dtype),
                          pst_dtype_name (call->in[1]->dtype));
  if (! pst_shape_broadcast (&call->in[0]->shape, &call->in[1]->shape,
                             &call->out[0]->shape))
    return pst_call_fail (
        call, error, PST_ERROR_SHAPE,
        _ ("its inputs of size %s and %s do not fit together"),
        PST_ARG_SHAPE (call->in[0]), PST_ARG_SHAPE (call->in[1]));
  call->out[0]->dtype = dtype;
  return pst_arg_fits (call, 0, error);
}

static void
run_forward (PstCall *call, PstTileFunc f, PstTileFunc i32, PstTileFunc i64)
{
  const PstTensor *tensors[] = { call->out[0], call->in[0], call->in[1] };
  Binary           data = { call->out[0]->data, call->in[0]->data,
                            call->in[1]->data, NULL };
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
  const Binary *d = data;

  for (gint64 i = 0; i < n; i++)
    ((float *) d->out)[at + i * step] += (float) acc[i];
}

/* Adds the terms made of @x and @y to the gradient of input @i. */
static void
run_backward (PstCall *call, int i, const PstTensor *x, const PstTensor *y,
              PstTileFunc add, PstTermFunc gather)
{
  const PstTensor *g = call->dout[0], *din = call->din[i];
  const PstTensor *tensors[] = { din, g, x, y };
  Binary           data = { NULL, x->data, y->data, g->data };
  PstLoop          loop;
  PstReduce        reduce;

  data.out = din->data;
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

/* Scratch for the larger of the two gathered gradients. */
static void
binary_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  PstTensor        result = *call->out[0];
  const PstTensor *out = &result;

  pst_tensor_layout (&result);
  for (int i = 0; call->din && i < 2; i++)
    {
      const PstTensor *x = call->in[0], *y = call->in[1];
      const PstTensor *plain[] = { call->in[i], out, out, out };
      const PstTensor *mixed[] = { call->in[i], out, x, y };
      const PstTensor *quotient[] = { call->in[i], out, out, y };
      const PstTensor *const *all[] = { plain, mixed, quotient };

      if (! call->din[i])
        continue;
      for (int k = 0; k < 3; k++)
        {
          PstReduce reduce;

          pst_reduce_init (&reduce, PST_REDUCE_SUM, &out->shape, 4, all[k]);
          *shared = MAX (*shared, pst_reduce_scratch (&reduce));
        }
    }
}

/* TERM_A and TERM_B: gradient terms; XA, YA, XB, YB: what they read. */
#define DEFINE_BINARY(name, type_name, mask, float_ex, int_ex, term_a, xa,    \
                      ya, term_b, xb, yb)                                     \
  DEFINE_FORWARD (name##_float, float, float_ex)                              \
  DEFINE_FORWARD (name##_int32, gint32, int_ex)                               \
  DEFINE_FORWARD (name##_int64, gint64, int_ex)                               \
  DEFINE_TERM (name##_a, term_a)                                              \
  DEFINE_TERM (name##_b, term_b)                                              \
  static void name##_forward (PstCall *call)                                  \
  {                                                                           \
    run_forward (call, name##_float, name##_int32, name##_int64);             \
  }                                                                           \
  static void name##_backward (PstCall *call)                                 \
  {                                                                           \
    const PstTensor *g = call->dout[0];                                       \
                                                                              \
    if (g && call->din[0])                                                    \
      run_backward (call, 0, xa, ya, name##_a_add, name##_a_gather);          \
    if (g && call->din[1])                                                    \
      run_backward (call, 1, xb, yb, name##_b_add, name##_b_gather);          \
  }                                                                           \
  const PstOp pst_op_##name = {                                               \
    .domain = "",                                                             \
    .type = type_name,                                                        \
    .infer = infer_number,                                                    \
    .scratch = binary_scratch,                                                \
    .forward = name##_forward,                                                \
    .backward = name##_backward,                                              \
    .keep = mask,                                                             \
    .flags = PST_OP_IN_PLACE,                                                 \
  };

#define IN_A call->in[0]
#define IN_B call->in[1]
#define KEEP_BOTH (PST_KEEP_IN (0) | PST_KEEP_IN (1))

/* Whole numbers wrap around instead of overflowing. */
#define WRAP(op) (typeof (A)) ((guint64) A op (guint64) B)

/* The quotient of whole numbers is cut off; by 0 it is 0, and the one that
 * does not fit wraps. */
#define QUOTIENT(A, B) ((B) == 0 ? 0 : (B) == -1 ? WRAP (*) : (A) / (B))

/* a to the power of a small whole number, exactly the product. */
static gint64
int_power (gint64 a, gint64 b)
{
  guint64 result = 1, base = (guint64) a;

  if (b < 0)
    return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
  for (; b; b >>= 1, base *= base)
    if (b & 1)
      result *= base;
  return (gint64) result;
}

static inline float
power (float a, float b)
{
  return b == 2.0f ? a * a : b == 0.5f ? sqrtf (a) : powf (a, b);
}

DEFINE_BINARY (add, "Add", 0, A + B, WRAP (+), G, g, g, G, g, g)
DEFINE_BINARY (sub, "Sub", 0, A - B, WRAP (-), G, g, g, -G, g, g)
DEFINE_BINARY (mul, "Mul", KEEP_BOTH, A *B, WRAP (*), G *B, IN_A, IN_B, G *A,
               IN_A, IN_B)
/* Its second derivative is written in the result: -g (a/b) / b. */
DEFINE_BINARY (div, "Div", PST_KEEP_IN (1) | PST_KEEP_OUT (0), A / B,
               QUOTIENT (A, B), G / B, call->out[0], IN_B, -G *A / B,
               call->out[0], IN_B)
DEFINE_BINARY (pow, "Pow", KEEP_BOTH, power (A, B),
               (typeof (A)) int_power (A, B),
               B == 0.0f ? 0.0f : G *B *power (A, B - 1.0f), IN_A, IN_B,
               A > 0.0f ? G *power (A, B) * logf (A) : 0.0f, IN_A, IN_B)
DEFINE_BINARY (max, "Max", KEEP_BOTH, A > B ? A : B, A > B ? A : B,
               A > B ? G : A == B ? 0.5f * G : 0.0f, IN_A, IN_B,
               B > A ? G : A == B ? 0.5f * G : 0.0f, IN_A, IN_B)
DEFINE_BINARY (min, "Min", KEEP_BOTH, A < B ? A : B, A < B ? A : B,
               A < B ? G : A == B ? 0.5f * G : 0.0f, IN_A, IN_B,
               B < A ? G : A == B ? 0.5f * G : 0.0f, IN_A, IN_B)
