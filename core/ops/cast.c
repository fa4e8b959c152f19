/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ops/arguments.h"
#include "core/ops/loop.h"

/* The engine's type for an ONNX type number; half and double precision are
 * single here. */
static PstDtype
dtype_of (gint64 number)
{
  switch (number)
    {
    case PST_FLOAT32:
    case 10: /* FLOAT16 */
    case 11: /* DOUBLE */
      return PST_FLOAT32;
    case PST_INT32:
    case PST_INT64:
    case PST_BOOL:
      return (PstDtype) number;
    default:
      return PST_DTYPE_NONE;
    }
}

static gboolean
cast_infer (PstCall *call, GError **error)
{
  gint64 to = pst_node_get_int (call->node, "to", 0);

  if (! pst_arg_count (call, 1, 1, error))
    return FALSE;
  pst_call_like (call, 0);
  call->out[0]->dtype = dtype_of (to);
  if (call->out[0]->dtype == PST_DTYPE_NONE)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("numbers of ONNX type %s are not supported"),
                          PST_ARG_INT (to));
  return TRUE;
}

static gboolean
cast_like_infer (PstCall *call, GError **error)
{
  if (! pst_arg_count (call, 2, 2, error))
    return FALSE;
  pst_call_like (call, 0);
  call->out[0]->dtype = call->in[1]->dtype;
  return TRUE;
}

typedef struct
{
  void       *to;
  const void *from;
} Cast;

/* Numbers too large for a whole-number type become its largest. */
static inline gint64
to_int64 (float x)
{
  return x >= 9.2e18f    ? G_MAXINT64
         : x <= -9.2e18f ? G_MININT64
         : x == x        ? (gint64) x
                         : 0;
}

static inline gint32
to_int32 (float x)
{
  return x >= 2147483648.0f    ? G_MAXINT32
         : x <= -2147483648.0f ? G_MININT32
         : x == x              ? (gint32) x
                               : 0;
}

#define DEFINE_CAST(name, to_type, from_type, expression)                     \
  static void name (gpointer data, const PstTile *tile)                       \
  {                                                                           \
    const Cast *d = data;                                                     \
                                                                              \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      for (gint64 i = 0; i < tile->n; i++)                                    \
        {                                                                     \
          from_type X =                                                       \
              ((const from_type *) d->from)[tile->at[1] + r * tile->row[1] +  \
                                            i * tile->step[1]];               \
          ((to_type *) d->to)[tile->at[0] + r * tile->row[0] +                \
                              i * tile->step[0]] = (expression);              \
        }                                                                     \
  }

DEFINE_CAST (float_float, float, float, X)
DEFINE_CAST (float_int32, gint32, float, to_int32 (X))
DEFINE_CAST (float_int64, gint64, float, to_int64 (X))
DEFINE_CAST (float_bool, guint8, float, X != 0.0f)
DEFINE_CAST (int32_float, float, gint32, (float) X)
DEFINE_CAST (int32_int32, gint32, gint32, X)
DEFINE_CAST (int32_int64, gint64, gint32, X)
DEFINE_CAST (int32_bool, guint8, gint32, X != 0)
DEFINE_CAST (int64_float, float, gint64, (float) X)
DEFINE_CAST (int64_int32, gint32, gint64, (gint32) X)
DEFINE_CAST (int64_int64, gint64, gint64, X)
DEFINE_CAST (int64_bool, guint8, gint64, X != 0)
DEFINE_CAST (bool_float, float, guint8, (float) (X != 0))
DEFINE_CAST (bool_int32, gint32, guint8, X != 0)
DEFINE_CAST (bool_int64, gint64, guint8, X != 0)
DEFINE_CAST (bool_bool, guint8, guint8, X != 0)

static int
row_of (PstDtype dtype)
{
  return dtype == PST_FLOAT32 ? 0
         : dtype == PST_INT32 ? 1
         : dtype == PST_INT64 ? 2
                              : 3;
}

static void
cast_forward (PstCall *call)
{
  static const PstTileFunc casts[4][4] = {
    { float_float, float_int32, float_int64, float_bool },
    { int32_float, int32_int32, int32_int64, int32_bool },
    { int64_float, int64_int32, int64_int64, int64_bool },
    { bool_float, bool_int32, bool_int64, bool_bool },
  };
  const PstTensor *tensors[] = { call->out[0], call->in[0] };
  Cast             data = { call->out[0]->data, call->in[0]->data };
  PstLoop          loop;

  pst_loop_init (&loop, &call->out[0]->shape, 2, tensors);
  pst_loop_run (&loop, call->pool,
                casts[row_of (call->in[0]->dtype)]
                     [row_of (call->out[0]->dtype)],
                &data);
}

/* Only between floating-point numbers, where it changes nothing. */
static void
cast_backward (PstCall *call)
{
  if (call->din[0] && call->dout[0] &&
      call->din[0]->dtype == call->dout[0]->dtype)
    pst_view_add (call->pool, call->din[0], call->dout[0]);
}

const PstOp pst_op_cast = {
  .domain = "",
  .type = "Cast",
  .infer = cast_infer,
  .forward = cast_forward,
  .backward = cast_backward,
};

/* Functions of ONNX that are written out use it. */
const PstOp pst_op_cast_like = {
  .domain = "",
  .type = "CastLike",
  .infer = cast_like_infer,
  .forward = cast_forward,
  .backward = cast_backward,
};
