/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of one number, applied to each element. */
#include "core/ops/unary.h"

void
pst_unary_forward (PstCall *call, PstTileFunc func, float a, float b)
{
  const PstTensor *tensors[] = { call->out[0], call->in[0] };
  PstUnary data = { call->out[0]->data, call->in[0]->data, NULL, a, b };
  PstLoop loop;

  pst_loop_init (&loop, &call->out[0]->shape, 2, tensors);
  pst_loop_run (&loop, call->pool, func, &data);
}

static void
clear_tile (float *out, const PstTile *tile)
{
  for (gint64 r = 0; r < tile->rows; r++)
    for (gint64 i = 0; i < tile->n; i++)
      out[tile->at[0] + r * tile->row[0] + i * tile->step[0]] = 0.0f;
}

static void
backward_tile (gpointer data, const PstTile *tile)
{
  const PstUnary *d = data;

  if (d->fresh)
    clear_tile (d->out, tile);
  d->gradient (data, tile);
}

void
pst_unary_backward (PstCall *call, const PstTensor *kept, PstTileFunc func,
                    float a, float b)
{
  const PstTensor *tensors[] = { call->din[0], kept, call->dout[0] };
  PstUnary         data = { NULL, NULL, NULL, a, b, func, call->fresh & 1 };
  PstLoop          loop;

  if (! call->din[0] || ! call->dout[0])
    return;
  data.out = call->din[0]->data;
  data.x = kept->data;
  data.g = call->dout[0]->data;
  pst_loop_init (&loop, &call->din[0]->shape, 3, tensors);
  pst_loop_run (&loop, call->pool, backward_tile, &data);
}

gboolean
pst_unary_infer_float (PstCall *call, GError **error)
{
  if (! pst_call_check (call, 1, 1, -1, error))
    return FALSE;
  pst_call_like (call, 0);
  return TRUE;
}

gboolean
pst_unary_infer_number (PstCall *call, GError **error)
{
  if (! pst_arg_count (call, 1, 1, error))
    return FALSE;
  if (call->in[0]->dtype == PST_BOOL)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("cannot work on %s numbers"),
                          pst_dtype_name (call->in[0]->dtype));
  pst_call_like (call, 0);
  return TRUE;
}

static inline float
sigmoid (float x)
{
  return 1.0f / (1.0f + exponential (-x));
}

/* Near 0 by its series, as the quotient would lose digits there. */
static inline float
hyperbolic_tangent (float x)
{
  float s = x * x;
  float near = x + x * s *
                       (-1.0f / 3.0f +
                        s * (2.0f / 15.0f +
                             s * (-17.0f / 315.0f + s * (62.0f / 2835.0f))));
  float far = 1.0f - 2.0f / (1.0f + exponential (2.0f * x));

  return s < 0.04f ? near : far;
}

static inline float
softplus (float x)
{
  return fmaxf (x, 0.0f) + log1pf (expf (-fabsf (x)));
}


/* Whole numbers wrap around instead of overflowing. */
#define NEGATIVE(X) ((typeof (X)) -(guint64) X)

DEFINE_WHOLE (relu, "Relu", X < 0.0f ? 0.0f : X, X < 0 ? 0 : X, OF_OUTPUT,
              (X > 0.0f ? 1.0f : 0.0f))
DEFINE_PLAIN (sigmoid, "Sigmoid", sigmoid (X), OF_OUTPUT, X *(1.0f - X))
DEFINE_PLAIN (tanh, "Tanh", hyperbolic_tangent (X), OF_OUTPUT, 1.0f - X *X)
DEFINE_PLAIN (softplus, "Softplus", softplus (X), OF_OUTPUT, -expm1f (-X))
DEFINE_PLAIN (exp, "Exp", exponential (X), OF_OUTPUT, X)
DEFINE_PLAIN (log, "Log", logf (X), OF_INPUT, 1.0f / X)
DEFINE_PLAIN (sqrt, "Sqrt", sqrtf (X), OF_OUTPUT, 0.5f / X)
DEFINE_WHOLE (abs, "Abs", fabsf (X), X < 0 ? NEGATIVE (X) : X, OF_INPUT,
              (X > 0.0f ? 1.0f : X < 0.0f ? -1.0f : 0.0f))
DEFINE_WHOLE (neg, "Neg", -X, NEGATIVE (X), OF_NOTHING, -1.0f)
DEFINE_WHOLE (sign, "Sign", (X > 0.0f ? 1.0f : X < 0.0f ? -1.0f : X),
              (X > 0) - (X < 0), OF_NOTHING, 0.0f)
DEFINE_PLAIN (reciprocal, "Reciprocal", 1.0f / X, OF_OUTPUT, -X *X)
DEFINE_PLAIN (floor, "Floor", floorf (X), OF_NOTHING, 0.0f)
DEFINE_PLAIN (ceil, "Ceil", ceilf (X), OF_NOTHING, 0.0f)
/* halves to the even neighbour */
DEFINE_PLAIN (round, "Round", rintf (X), OF_NOTHING, 0.0f)
DEFINE_PLAIN (erf, "Erf", erff (X), OF_INPUT,
              1.12837917f * exponential (-X *X))

static gboolean
leaky_relu_infer (PstCall *call, GError **error)
{
  float alpha = pst_node_get_float (call->node, "alpha", 0.01f);

  if (! pst_unary_infer_float (call, error))
    return FALSE;
  /* backward tells the side by the sign of the output */
  if (! (alpha >= 0.0f))
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("a negative slope (%g) is not supported"), alpha);
  return TRUE;
}

DEFINE_EXPANDED (leaky_relu, "LeakyRelu", leaky_relu_infer,
                 pst_node_get_float (call->node, "alpha", 0.01f), 0.0f,
                 X > 0.0f ? X : X *a, OF_OUTPUT, (X > 0.0f ? 1.0f : a))

/* Slope: of LeakyRelu, from its input or its output: 1 above 0, else alpha.
 * What multiplies with it is the gradient of a network by its input, written
 * as nodes. Its own gradient is 0 wherever there is one, so no backward pass
 * goes through it. */
DEFINE_FORWARD (slope_tile, float, (X > 0.0f ? 1.0f : a))

static void
slope_forward (PstCall *call)
{
  pst_unary_forward (call, slope_tile,
                     pst_node_get_float (call->node, "alpha", 0.01f), 0.0f);
}

const PstOp pst_op_slope = {
  .domain = "pastiche",
  .type = "Slope",
  .infer = pst_unary_infer_float,
  .forward = slope_forward,
  .flags = PST_OP_IN_PLACE | PST_OP_FLAT,
};

/* An experimental operator that early exporters wrote: alpha x + beta. */
DEFINE_EXPANDED (affine, "Affine", pst_unary_infer_float,
                 pst_node_get_float (call->node, "alpha", 1.0f),
                 pst_node_get_float (call->node, "beta", 0.0f), X *a + b,
                 OF_NOTHING, a)
