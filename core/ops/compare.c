/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparisons, logic and Where: what exporters put around sizes, and masks. */
#include "core/ops/binary.h"

typedef struct
{
  guint8     *out;
  const void *a, *b;
} Pair;

#define DEFINE_TILE(name, type, expression)                                   \
  static void name (gpointer data, const PstTile *tile)                       \
  {                                                                           \
    const Pair *d = data;                                                     \
                                                                              \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      {                                                                       \
        guint8     *out = d->out + tile->at[0] + r * tile->row[0];            \
        const type *x = (const type *) d->a + tile->at[1] + r * tile->row[1]; \
        const type *y = (const type *) d->b + tile->at[2] + r * tile->row[2]; \
                                                                              \
        PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                       \
        {                                                                     \
          const type A = x[i * tile->step[1]], B = y[i * tile->step[2]];      \
          out[i * tile->step[0]] = (expression);                              \
        }                                                                     \
      }                                                                       \
  }

static gboolean
infer_pair (PstCall *given, gboolean logic, GError **error)
{
  PstAligned room;
  PstCall   *call;

  if (! pst_arg_count (given, 2, 2, error))
    return FALSE;
  call = pst_binary_align (given, &room);
  if (call->in[0]->dtype != call->in[1]->dtype ||
      (logic && call->in[0]->dtype != PST_BOOL))
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("cannot compare %s with %s"),
                          pst_dtype_name (call->in[0]->dtype),
                          pst_dtype_name (call->in[1]->dtype));
  if (! pst_shape_broadcast (&call->in[0]->shape, &call->in[1]->shape,
                             &call->out[0]->shape))
    return pst_call_fail (
        call, error, PST_ERROR_SHAPE,
        _ ("its inputs of size %s and %s do not fit together"),
        PST_ARG_SHAPE (call->in[0]), PST_ARG_SHAPE (call->in[1]));
  call->out[0]->dtype = PST_BOOL;
  return pst_arg_fits (call, 0, error);
}

static gboolean
infer_comparison (PstCall *call, GError **error)
{
  return infer_pair (call, FALSE, error);
}

static gboolean
infer_logic (PstCall *call, GError **error)
{
  return infer_pair (call, TRUE, error);
}

static void
run_pair (PstCall *given, PstTileFunc func)
{
  PstAligned       room;
  PstCall         *call = pst_binary_align (given, &room);
  const PstTensor *tensors[] = { call->out[0], call->in[0], call->in[1] };
  Pair    data = { call->out[0]->data, call->in[0]->data, call->in[1]->data };
  PstLoop loop;

  pst_loop_init (&loop, &call->out[0]->shape, 3, tensors);
  pst_loop_run (&loop, call->pool, func, &data);
}

#define DEFINE_COMPARISON(name, type_name, infer_function, expression)        \
  DEFINE_TILE (name##_float, float, expression)                               \
  DEFINE_TILE (name##_int32, gint32, expression)                              \
  DEFINE_TILE (name##_int64, gint64, expression)                              \
  DEFINE_TILE (name##_bool, guint8, expression)                               \
  static void name##_forward (PstCall *call)                                  \
  {                                                                           \
    PstDtype dtype = call->in[0]->dtype;                                      \
                                                                              \
    run_pair (call, dtype == PST_FLOAT32 ? name##_float                       \
                    : dtype == PST_INT32 ? name##_int32                       \
                    : dtype == PST_INT64 ? name##_int64                       \
                                         : name##_bool);                      \
  }                                                                           \
  const PstOp pst_op_##name = {                                               \
    .domain = "",                                                             \
    .type = type_name,                                                        \
    .infer = infer_function,                                                  \
    .forward = name##_forward,                                                \
  };

DEFINE_COMPARISON (equal, "Equal", infer_comparison, A == B)
DEFINE_COMPARISON (less, "Less", infer_comparison, A < B)
DEFINE_COMPARISON (greater, "Greater", infer_comparison, A > B)
DEFINE_COMPARISON (less_or_equal, "LessOrEqual", infer_comparison, A <= B)
DEFINE_COMPARISON (greater_or_equal, "GreaterOrEqual", infer_comparison,
                   A >= B)

#define DEFINE_LOGIC(name, type_name, expression)                             \
  DEFINE_TILE (name##_tile, guint8, expression)                               \
  static void name##_forward (PstCall *call)                                  \
  {                                                                           \
    run_pair (call, name##_tile);                                             \
  }                                                                           \
  const PstOp pst_op_##name = {                                               \
    .domain = "",                                                             \
    .type = type_name,                                                        \
    .infer = infer_logic,                                                     \
    .forward = name##_forward,                                                \
  };

DEFINE_LOGIC (and, "And", A && B)
DEFINE_LOGIC (or, "Or", A || B)
DEFINE_LOGIC (xor, "Xor", ! A != ! B)

static gboolean
not_infer (PstCall *call, GError **error)
{
  if (! pst_arg_count (call, 1, 1, error))
    return FALSE;
  if (call->in[0]->dtype != PST_BOOL)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("cannot work on %s numbers"),
                          pst_dtype_name (call->in[0]->dtype));
  pst_call_like (call, 0);
  return TRUE;
}

static void
not_forward (PstCall *call)
{
  for (gint64 i = 0; i < pst_tensor_count (call->out[0]); i++)
    pst_tensor_set (call->out[0], i, pst_tensor_get (call->in[0], i) == 0.0);
}

const PstOp pst_op_not = {
  .domain = "",
  .type = "Not",
  .infer = not_infer,
  .forward = not_forward,
};

/* Where: the condition chooses between two tensors, all broadcast. */

typedef struct
{
  void         *out;
  const guint8 *condition;
  const void   *a, *b;
} Choice;

#define DEFINE_WHERE(name, type)                                              \
  static void name (gpointer data, const PstTile *tile)                       \
  {                                                                           \
    const Choice *d = data;                                                   \
                                                                              \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      {                                                                       \
        type *out = (type *) d->out + tile->at[0] + r * tile->row[0];         \
        const guint8 *c = d->condition + tile->at[1] + r * tile->row[1];      \
        const type *x = (const type *) d->a + tile->at[2] + r * tile->row[2]; \
        const type *y = (const type *) d->b + tile->at[3] + r * tile->row[3]; \
                                                                              \
        PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                       \
        {                                                                     \
          const type A = x[i * tile->step[2]], B = y[i * tile->step[3]];      \
          out[i * tile->step[0]] = c[i * tile->step[1]] ? A : B;              \
        }                                                                     \
      }                                                                       \
  }

DEFINE_WHERE (where_1, guint8)
DEFINE_WHERE (where_4, guint32)
DEFINE_WHERE (where_8, guint64)

static gboolean
where_infer (PstCall *call, GError **error)
{
  PstShape *out = &call->out[0]->shape;

  if (! pst_arg_count (call, 3, 3, error))
    return FALSE;
  if (call->in[0]->dtype != PST_BOOL ||
      call->in[1]->dtype != call->in[2]->dtype)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("cannot choose between %s and %s by %s"),
                          pst_dtype_name (call->in[1]->dtype),
                          pst_dtype_name (call->in[2]->dtype),
                          pst_dtype_name (call->in[0]->dtype));
  if (! pst_shape_broadcast (&call->in[0]->shape, &call->in[1]->shape, out) ||
      ! pst_shape_broadcast (out, &call->in[2]->shape, out))
    return pst_call_fail (
        call, error, PST_ERROR_SHAPE,
        _ ("its inputs of size %s and %s do not fit together"),
        PST_ARG_SHAPE (call->in[1]), PST_ARG_SHAPE (call->in[2]));
  call->out[0]->dtype = call->in[1]->dtype;
  return pst_arg_fits (call, 0, error);
}

static void
where_forward (PstCall *call)
{
  const PstTensor *tensors[] = { call->out[0], call->in[0], call->in[1],
                                 call->in[2] };
  Choice  data = { call->out[0]->data, call->in[0]->data, call->in[1]->data,
                   call->in[2]->data };
  gsize   size = pst_dtype_size (call->out[0]->dtype);
  PstLoop loop;

  pst_loop_init (&loop, &call->out[0]->shape, 4, tensors);
  pst_loop_run (&loop, call->pool,
                size == 1   ? where_1
                : size == 4 ? where_4
                            : where_8,
                &data);
}

typedef struct
{
  float        *out;
  const guint8 *condition;
  const float  *g;
  gboolean      chosen; /* by what the condition must be */
} Share;

static void
share_term (gpointer data, const PstTile *tile, double *acc)
{
  const Share *d = data;

  for (gint64 r = 0; r < tile->rows; r++)
    for (gint64 i = 0; i < tile->n; i++)
      {
        gint64 to = tile->at[0] + r * tile->row[0] + i * tile->step[0];
        gint64 g = tile->at[1] + r * tile->row[1] + i * tile->step[1];
        gint64 c = tile->at[2] + r * tile->row[2] + i * tile->step[2];

        if (! d->condition[c] == ! d->chosen)
          acc[to] += d->g[g];
      }
}

static void
share_store (gpointer data, gint64 at, gint64 step, gint64 n,
             const double *acc)
{
  const Share *d = data;

  for (gint64 i = 0; i < n; i++)
    d->out[at + i * step] += (float) acc[i];
}

static void
share_setup (PstReduce *reduce, const PstCall *call, int i,
             const PstTensor *out)
{
  const PstTensor *tensors[] = { call->in[i], out, call->in[0] };

  pst_reduce_init (reduce, PST_REDUCE_SUM, &out->shape, 3, tensors);
}

static void
where_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  PstTensor out = *call->out[0];
  PstReduce reduce;

  pst_tensor_layout (&out);
  for (int i = 1; call->din && i < 3; i++)
    {
      share_setup (&reduce, call, i, &out);
      *shared = MAX (*shared, pst_reduce_scratch (&reduce));
    }
}

static void
where_backward (PstCall *call)
{
  for (int i = 1; call->dout[0] && i < 3; i++)
    if (call->din[i])
      {
        Share     data = { call->din[i]->data, call->in[0]->data,
                           call->dout[0]->data, i == 1 };
        PstReduce reduce;

        share_setup (&reduce, call, i, call->dout[0]);
        pst_reduce_run (&reduce, call->pool, call->shared, share_term,
                        share_store, &data);
      }
}

const PstOp pst_op_where = {
  .domain = "",
  .type = "Where",
  .infer = where_infer,
  .scratch = where_scratch,
  .forward = where_forward,
  .backward = where_backward,
  .keep = PST_KEEP_IN (0),
};
