/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Activation functions beside those of unary.c; formulas as in ONNX's
 * operator list. */
#include <string.h>

#include "core/ops/unary.h"

#define ALPHA(fallback) pst_node_get_float (call->node, "alpha", fallback)
#define BETA(fallback) pst_node_get_float (call->node, "beta", fallback)

/* Clevert et al. 2015, arXiv:1511.07289 */
DEFINE_EXPANDED (elu, "Elu", pst_unary_infer_float, ALPHA (1.0f), 0.0f,
                 X < 0.0f ? a *exponential_less_one (X) : X, OF_INPUT,
                 (X < 0.0f ? a * exponential (X) : 1.0f))

/* Klambauer et al. 2017, arXiv:1706.02515 */
DEFINE_EXPANDED (selu, "Selu", pst_unary_infer_float, ALPHA (1.67326324f),
                 pst_node_get_float (call->node, "gamma", 1.05070102f),
                 b *(X > 0.0f ? X : a * exponential_less_one (X)), OF_INPUT,
                 b *(X > 0.0f ? 1.0f : a * exponential (X)))

static gboolean
celu_infer (PstCall *call, GError **error)
{
  if (! pst_unary_infer_float (call, error))
    return FALSE;
  if (ALPHA (1.0f) == 0.0f)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("its alpha must not be zero"));
  return TRUE;
}

/* Barron 2017, arXiv:1704.07483 */
DEFINE_EXPANDED (celu, "Celu", celu_infer, ALPHA (1.0f), 0.0f,
                 X > 0.0f ? X : a *exponential_less_one (X / a), OF_INPUT,
                 (X > 0.0f ? 1.0f : exponential (X / a)))

DEFINE_PLAIN (softsign, "Softsign", X / (1.0f + fabsf (X)), OF_INPUT,
              1.0f / ((1.0f + fabsf (X)) * (1.0f + fabsf (X))))

DEFINE_EXPANDED (thresholded_relu, "ThresholdedRelu", pst_unary_infer_float,
                 ALPHA (1.0f), 0.0f, X > a ? X : 0.0f, OF_INPUT,
                 (X > a ? 1.0f : 0.0f))

static inline float
clamp_unit (float x)
{
  return x < 0.0f ? 0.0f : x > 1.0f ? 1.0f : x;
}

DEFINE_EXPANDED (hard_sigmoid, "HardSigmoid", pst_unary_infer_float,
                 ALPHA (0.2f), BETA (0.5f), clamp_unit (a *X + b), OF_INPUT,
                 (a * X + b > 0.0f && a * X + b < 1.0f ? a : 0.0f))

DEFINE_PLAIN (hard_swish, "HardSwish", X *clamp_unit (X / 6.0f + 0.5f),
              OF_INPUT,
              (X <= -3.0f  ? 0.0f
               : X >= 3.0f ? 1.0f
                           : X / 3.0f + 0.5f))

/* tanh (ln (1 + e^x)), which is n / (n + 2) with n = e^x (e^x + 2) */
static inline float
tanh_of_softplus (float x)
{
  float e = exponential (x < 20.0f ? x : 20.0f);
  float n = e * (e + 2.0f);

  return n / (n + 2.0f);
}

static inline float
mish_slope (float x)
{
  float t = tanh_of_softplus (x);

  return t + x * (1.0f - t * t) / (1.0f + exponential (-x));
}

/* Misra 2019, arXiv:1908.08681 */
DEFINE_PLAIN (mish, "Mish", X *tanh_of_softplus (X), OF_INPUT, mish_slope (X))

/* Gelu: Hendrycks and Gimpel 2016, arXiv:1606.08415 */

static gboolean
is_tanh (const PstCall *call)
{
  return strcmp (pst_node_get_string (call->node, "approximate", "none"),
                 "tanh") == 0;
}

static gboolean
gelu_infer (PstCall *call, GError **error)
{
  const char *form = pst_node_get_string (call->node, "approximate", "none");

  if (! pst_unary_infer_float (call, error))
    return FALSE;
  if (! is_tanh (call) && strcmp (form, "none") != 0)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("its form “%s” is not known"), form);
  return TRUE;
}

/* The tangent's argument; (1 + tanh u) / 2 is 1 / (1 + e^-2u). */
static inline float
gelu_argument (float x)
{
  return 0.797884561f * (x + 0.044715f * x * x * x);
}

static inline float
gelu_share (float x)
{
  return 1.0f / (1.0f + exponential (-2.0f * gelu_argument (x)));
}

static inline float
gelu_tanh_slope (float x)
{
  float s = gelu_share (x);

  return s + x * 2.0f * s * (1.0f - s) * 0.797884561f *
                 (1.0f + 0.134145f * x * x);
}

DEFINE_FORWARD (gelu_tile, float, 0.5f *X *(1.0f + erff (X * 0.707106781f)))
DEFINE_FORWARD (gelu_tanh_tile, float, X *gelu_share (X))
DEFINE_BACKWARD (gelu, 0.5f * (1.0f + erff (X * 0.707106781f)) +
                           X * 0.398942280f * exponential (-0.5f * X * X))
DEFINE_BACKWARD (gelu_tanh, gelu_tanh_slope (X))

static void
gelu_forward (PstCall *call)
{
  pst_unary_forward (call, is_tanh (call) ? gelu_tanh_tile : gelu_tile, 0.0f,
                     0.0f);
}

static void
gelu_backward (PstCall *call)
{
  pst_unary_backward (
      call, call->in[0],
      is_tanh (call) ? gelu_tanh_gradient_tile : gelu_gradient_tile, 0.0f,
      0.0f);
}

const PstOp pst_op_gelu = {
  .domain = "",
  .type = "Gelu",
  .infer = gelu_infer,
  .forward = gelu_forward,
  .backward = gelu_backward,
  .keep = PST_KEEP_IN (0),
  .flags = PST_OP_IN_PLACE,
};
