/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of one number, applied to each element. */
#include <math.h>

#include "core/ops/arguments.h"
#include "core/ops/loop.h"

typedef struct
{
  float       *out;
  const float *x; /* the input, or in backward whichever value is kept */
  const float *g;
  float        a, b; /* attributes: alpha and beta, minimum and maximum */
} Unary;

/* out = f (x) over a tile; X stands for the element, d->a and d->b for
 * attributes. */
#define DEFINE_FORWARD(name, expression)                                      \
  static void name##_tile (gpointer data, const PstTile *tile)                \
  {                                                                           \
    const Unary *d = data;                                                    \
    const float  a = d->a, b = d->b;                                          \
    gint64       s = tile->step[0], t = tile->step[1];                        \
                                                                              \
    (void) a, (void) b;                                                       \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      {                                                                       \
        float       *out = d->out + tile->at[0] + r * tile->row[0];           \
        const float *in = d->x + tile->at[1] + r * tile->row[1];              \
                                                                              \
        if (s == 1 && t == 1)                                                 \
          PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                     \
          {                                                                   \
            const float X = in[i];                                            \
            out[i] = (expression);                                            \
          }                                                                   \
        else                                                                  \
          for (gint64 i = 0; i < tile->n; i++)                                \
            {                                                                 \
              const float X = in[i * t];                                      \
              out[i * s] = (expression);                                      \
            }                                                                 \
      }                                                                       \
  }

/* din += g * f' over a tile; X is the kept value (input or output). */
#define DEFINE_BACKWARD(name, expression)                                     \
  static void name##_gradient_tile (gpointer data, const PstTile *tile)       \
  {                                                                           \
    const Unary *d = data;                                                    \
    const float  a = d->a, b = d->b;                                          \
    gint64       s = tile->step[0], t = tile->step[1], u = tile->step[2];     \
                                                                              \
    (void) a, (void) b;                                                       \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      {                                                                       \
        float       *out = d->out + tile->at[0] + r * tile->row[0];           \
        const float *in = d->x + tile->at[1] + r * tile->row[1];              \
        const float *g = d->g + tile->at[2] + r * tile->row[2];               \
                                                                              \
        if (s == 1 && t == 1 && u == 1)                                       \
          PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                     \
          {                                                                   \
            const float X = in[i];                                            \
            (void) X;                                                         \
            out[i] += g[i] * (expression);                                    \
          }                                                                   \
        else                                                                  \
          for (gint64 i = 0; i < tile->n; i++)                                \
            {                                                                 \
              const float X = in[i * t];                                      \
              (void) X;                                                       \
              out[i * s] += g[i * u] * (expression);                          \
            }                                                                 \
      }                                                                       \
  }

static void
run_forward (PstCall *call, PstTileFunc func, float a, float b)
{
  const PstTensor *tensors[] = { call->out[0], call->in[0] };
  Unary   data = { call->out[0]->data, call->in[0]->data, NULL, a, b };
  PstLoop loop;

  pst_loop_init (&loop, &call->out[0]->shape, 2, tensors);
  pst_loop_run (&loop, call->pool, func, &data);
}

static void
run_backward (PstCall *call, const PstTensor *kept, PstTileFunc func, float a,
              float b)
{
  const PstTensor *tensors[] = { call->din[0], kept, call->dout[0] };
  Unary            data = { NULL, NULL, NULL, a, b };
  PstLoop          loop;

  if (! call->din[0] || ! call->dout[0])
    return;
  data.out = call->din[0]->data;
  data.x = kept->data;
  data.g = call->dout[0]->data;
  pst_loop_init (&loop, &call->din[0]->shape, 3, tensors);
  pst_loop_run (&loop, call->pool, func, &data);
}

static gboolean
infer_float (PstCall *call, GError **error)
{
  if (! pst_call_check (call, 1, 1, -1, error))
    return FALSE;
  pst_call_like (call, 0);
  return TRUE;
}

/* One operator: its file's registry entry and two calls. KEPT is the tensor
 * that the derivative is written in. */
#define DEFINE_UNARY(name, type_name, infer_function, alpha, beta, forward_ex, \
                     kept, mask, backward_ex)                                 \
  DEFINE_FORWARD (name, forward_ex)                                           \
  DEFINE_BACKWARD (name, backward_ex)                                         \
  static void name##_forward (PstCall *call)                                  \
  {                                                                           \
    run_forward (call, name##_tile, alpha, beta);                             \
  }                                                                           \
  static void name##_backward (PstCall *call)                                 \
  {                                                                           \
    run_backward (call, kept, name##_gradient_tile, alpha, beta);             \
  }                                                                           \
  const PstOp pst_op_##name = {                                               \
    .domain = "",                                                             \
    .type = type_name,                                                        \
    .infer = infer_function,                                                  \
    .forward = name##_forward,                                                \
    .backward = name##_backward,                                              \
    .keep = mask,                                                             \
    .flags = PST_OP_IN_PLACE,                                                 \
  };

#define OF_INPUT call->in[0], PST_KEEP_IN (0)
#define OF_OUTPUT call->out[0], PST_KEEP_OUT (0)
#define OF_NOTHING call->dout[0], 0
#define DEFINE_PLAIN(name, type_name, forward_ex, of, backward_ex)            \
  DEFINE_EXPANDED (name, type_name, infer_float, 0.0f, 0.0f, forward_ex, of,  \
                   backward_ex)
#define DEFINE_EXPANDED(...) DEFINE_UNARY (__VA_ARGS__)

/* e^x to 2 units in the last place, in arithmetic that compilers vectorise:
 * e^x = 2^n e^r with |r| <= ln 2 / 2, e^r by its series to r^7. Beyond what a
 * float holds it goes to 0 or infinity. */
static inline float
exponential (float x)
{
  const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds */
  float       y = x > 89.0f ? 89.0f : x;
  float       n, r, p;
  gint32      power;
  union
  {
    gint32 bits;
    float  number;
  } sum, half, rest;

  y = x < -104.0f ? -104.0f : y;
  sum.number = y * 1.44269504f + magic;
  power = sum.bits - 0x4b400000; /* less magic's bits: the rounded number */
  n = sum.number - magic;
  r = (y - n * 0.693359375f) + n * 2.12194440e-4f;
  p = 1.0f / 5040.0f;
  p = p * r + 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r * r + r + 1.0f;
  /* 2^n in two factors, as n goes beyond the exponents of normal numbers */
  half.bits = (gint32) ((guint32) (power / 2 + 127) << 23);
  rest.bits = (gint32) ((guint32) (power - power / 2 + 127) << 23);
  return p * half.number * rest.number;
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

DEFINE_PLAIN (relu, "Relu", X < 0.0f ? 0.0f : X, OF_OUTPUT,
              (X > 0.0f ? 1.0f : 0.0f))
DEFINE_PLAIN (sigmoid, "Sigmoid", sigmoid (X), OF_OUTPUT, X *(1.0f - X))
DEFINE_PLAIN (tanh, "Tanh", hyperbolic_tangent (X), OF_OUTPUT, 1.0f - X *X)
DEFINE_PLAIN (softplus, "Softplus", softplus (X), OF_OUTPUT, -expm1f (-X))
DEFINE_PLAIN (exp, "Exp", exponential (X), OF_OUTPUT, X)
DEFINE_PLAIN (log, "Log", logf (X), OF_INPUT, 1.0f / X)
DEFINE_PLAIN (sqrt, "Sqrt", sqrtf (X), OF_OUTPUT, 0.5f / X)
DEFINE_PLAIN (abs, "Abs", fabsf (X), OF_INPUT,
              (X > 0.0f ? 1.0f : X < 0.0f ? -1.0f : 0.0f))
DEFINE_PLAIN (neg, "Neg", -X, OF_NOTHING, -1.0f)
DEFINE_PLAIN (reciprocal, "Reciprocal", 1.0f / X, OF_OUTPUT, -X *X)
DEFINE_PLAIN (floor, "Floor", floorf (X), OF_NOTHING, 0.0f)
DEFINE_PLAIN (ceil, "Ceil", ceilf (X), OF_NOTHING, 0.0f)

static gboolean
leaky_relu_infer (PstCall *call, GError **error)
{
  float alpha = pst_node_get_float (call->node, "alpha", 0.01f);

  if (! infer_float (call, error))
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

/* An experimental operator that early exporters wrote: alpha x + beta. */
DEFINE_EXPANDED (affine, "Affine", infer_float,
                 pst_node_get_float (call->node, "alpha", 1.0f),
                 pst_node_get_float (call->node, "beta", 0.0f), X *a + b,
                 OF_NOTHING, a)

/* Clip: bounds are attributes before opset 11, inputs since. */

static gboolean
clip_infer (PstCall *call, GError **error)
{
  if (! pst_call_check (call, 1, 3, -1, error))
    return FALSE;
  for (int i = 1; i < call->n_in; i++)
    if (call->in[i])
      {
        if (! pst_arg_float (call, i, error))
          return FALSE;
        if (pst_tensor_count (call->in[i]) != 1)
          return pst_call_fail (call, error, PST_ERROR_SHAPE,
                                _ ("its bounds must be single numbers"));
      }
  pst_call_like (call, 0);
  return TRUE;
}

static float
clip_bound (const PstCall *call, int i, const char *name, float fallback)
{
  return pst_arg_known_float (
      call, i, pst_node_get_float (call->node, name, fallback));
}

#define CLIP_MIN clip_bound (call, 1, "min", -G_MAXFLOAT)
#define CLIP_MAX clip_bound (call, 2, "max", G_MAXFLOAT)

/* The gradient inside the bounds, and on them as PyTorch has it. */
DEFINE_FORWARD (clip, (X < a ? a : X) > b ? b : (X < a ? a : X))
DEFINE_BACKWARD (clip, (X >= a && X <= b ? 1.0f : 0.0f))

static void
clip_forward (PstCall *call)
{
  run_forward (call, clip_tile, CLIP_MIN, CLIP_MAX);
}

static void
clip_backward (PstCall *call)
{
  run_backward (call, call->in[0], clip_gradient_tile, CLIP_MIN, CLIP_MAX);
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
