/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clip: bounds are attributes before opset 11, inputs since. */
#include "core/ops/unary.h"

static gboolean
clip_infer (PstCall *call, GError **error)
{
  if (! pst_arg_count (call, 1, 3, error))
    return FALSE;
  if (call->in[0]->dtype == PST_BOOL)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("cannot work on %s numbers"),
                          pst_dtype_name (call->in[0]->dtype));
  for (int i = 1; i < call->n_in; i++)
    if (call->in[i] && (pst_tensor_count (call->in[i]) != 1 ||
                        call->in[i]->dtype != call->in[0]->dtype))
      return pst_call_fail (call, error, PST_ERROR_SHAPE,
                            _ ("its bounds must be single numbers of the "
                               "input's type"));
  pst_call_like (call, 0);
  return TRUE;
}

static float
float_bound (const PstCall *call, int i, const char *name, float fallback)
{
  return pst_arg_known_float (
      call, i, pst_node_get_float (call->node, name, fallback));
}

#define CLIP_MIN float_bound (call, 1, "min", -G_MAXFLOAT)
#define CLIP_MAX float_bound (call, 2, "max", G_MAXFLOAT)

/* The gradient inside the bounds, and on them as PyTorch has it. */
DEFINE_FORWARD (clip_tile, float, (X < a ? a : X) > b ? b : (X < a ? a : X))
DEFINE_BACKWARD (clip, (X >= a && X <= b ? 1.0f : 0.0f))

typedef struct
{
  void       *out;
  const void *x;
  gint64      low, high;
} Bounds;

#define DEFINE_TILE(name, type)                                               \
  static void name (gpointer data, const PstTile *tile)                       \
  {                                                                           \
    const Bounds *d = data;                                                   \
                                                                              \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      {                                                                       \
        type       *out = (type *) d->out + tile->at[0] + r * tile->row[0];   \
        const type *x = (const type *) d->x + tile->at[1] +                   \
                        r * tile->row[1];                                     \
                                                                              \
        for (gint64 i = 0; i < tile->n; i++)                                  \
          out[i * tile->step[0]] =                                            \
              (type) MIN (MAX (x[i * tile->step[1]], d->low), d->high);       \
      }                                                                       \
  }

DEFINE_TILE (int32_tile, gint32)
DEFINE_TILE (int64_tile, gint64)

static gint64
whole_bound (const PstCall *call, int i, gint64 fallback)
{
  const PstTensor *bound = pst_arg_input (call, i);

  return bound ? pst_tensor_get_int (bound, 0) : fallback;
}

static void
clip_forward (PstCall *call)
{
  const PstTensor *tensors[] = { call->out[0], call->in[0] };
  gboolean         wide = call->in[0]->dtype == PST_INT64;
  Bounds           data = { call->out[0]->data, call->in[0]->data,
                            whole_bound (call, 1, G_MININT64),
                            whole_bound (call, 2, wide ? G_MAXINT64
                                                       : G_MAXINT32) };
  PstLoop          loop;

  if (call->in[0]->dtype == PST_FLOAT32)
    {
      pst_unary_forward (call, clip_tile, CLIP_MIN, CLIP_MAX);
      return;
    }
  pst_loop_init (&loop, &call->out[0]->shape, 2, tensors);
  pst_loop_run (&loop, call->pool, wide ? int64_tile : int32_tile, &data);
}

static void
clip_backward (PstCall *call)
{
  pst_unary_backward (call, call->in[0], clip_gradient_tile, CLIP_MIN,
                      CLIP_MAX);
}

const PstOp pst_op_clip = {
  .domain = "",
  .type = "Clip",
  .infer = clip_infer,
  .forward = clip_forward,
  .backward = clip_backward,
  .keep = PST_KEEP_IN (0) | PST_KEEP_IN (1) | PST_KEEP_IN (2),
  .flags = PST_OP_IN_PLACE,
};
