/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Max, Min, Sum and Mean of any number of tensors, with numpy's
 * broadcasting. Sums are not made in place, as the first input may come again
 * later; to the largest or smallest number that makes no difference. */
#include "core/ops/binary.h"

#define MAX_INPUTS 16 /* that `keep` can name */

DEFINE_PAIR (sum_float, float, A + B)
DEFINE_PAIR (sum_int32, gint32, WRAP (+))
DEFINE_PAIR (sum_int64, gint64, WRAP (+))
DEFINE_PAIR (max_float, float, A > B ? A : B)
DEFINE_PAIR (max_int32, gint32, MAX (A, B))
DEFINE_PAIR (max_int64, gint64, MAX (A, B))
DEFINE_PAIR (min_float, float, A < B ? A : B)
DEFINE_PAIR (min_int32, gint32, MIN (A, B))
DEFINE_PAIR (min_int64, gint64, MIN (A, B))
DEFINE_PAIR (scale_float, float, ((void) B, A * d->scale))

DEFINE_TERM (linear, float, G *d->scale)
/* Of two equal ones each gets half, of more each gets all. */
DEFINE_TERM (max_a, float, A > B ? G : A == B ? 0.5f * G : 0.0f)
DEFINE_TERM (max_b, float, B > A ? G : A == B ? 0.5f * G : 0.0f)
DEFINE_TERM (min_a, float, A < B ? G : A == B ? 0.5f * G : 0.0f)
DEFINE_TERM (min_b, float, B < A ? G : A == B ? 0.5f * G : 0.0f)
DEFINE_TERM (chosen, float, A == B ? G : 0.0f)

static gboolean
nary_infer (PstCall *call, GError **error)
{
  PstTensor *out = call->out[0];

  if (! pst_arg_count (call, MAX (1, call->n_in), MAX_INPUTS, error))
    return FALSE;
  pst_call_like (call, 0);
  if (out->dtype == PST_BOOL)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("cannot work on %s numbers"),
                          pst_dtype_name (out->dtype));
  for (int i = 1; i < call->n_in; i++)
    {
      const PstTensor *in = call->in[i];

      if (in->dtype != out->dtype)
        return pst_call_fail (
            call, error, PST_ERROR_SHAPE,
            _ ("its inputs are of different types, %s and %s"),
            pst_dtype_name (out->dtype), pst_dtype_name (in->dtype));
      if (! pst_shape_broadcast (&out->shape, &in->shape, &out->shape))
        return pst_call_fail (
            call, error, PST_ERROR_SHAPE,
            _ ("its inputs of size %s and %s do not fit together"),
            PST_ARG_SHAPE (call->in[0]), PST_ARG_SHAPE (in));
    }
  return pst_arg_fits (call, 0, error);
}

static gboolean
mean_infer (PstCall *call, GError **error)
{
  return nary_infer (call, error) && pst_arg_float (call, 0, error);
}

static void
run (PstCall *call, PstTileFunc f, PstTileFunc i32, PstTileFunc i64)
{
  if (call->n_in == 1)
    pst_view_copy (call->pool, call->out[0], call->in[0]);
  for (int i = 1; i < call->n_in; i++)
    pst_binary_forward (call, i == 1 ? call->in[0] : call->out[0],
                        call->in[i], f, i32, i64);
}

static void
max_forward (PstCall *call)
{
  run (call, max_float, max_int32, max_int64);
}

static void
min_forward (PstCall *call)
{
  run (call, min_float, min_int32, min_int64);
}

static void
sum_forward (PstCall *call)
{
  run (call, sum_float, sum_int32, sum_int64);
}

static void
mean_forward (PstCall *call)
{
  PstTensor       *out = call->out[0];
  const PstTensor *tensors[] = { out, out, out };
  PstBinary        data = { out->data, out->data, out->data, NULL,
                            1.0f / (float) call->n_in };
  PstLoop          loop;

  sum_forward (call);
  pst_loop_init (&loop, &out->shape, 3, tensors);
  pst_loop_run (&loop, call->pool, scale_float, &data);
}

static void
add_linear (PstCall *call, float scale)
{
  const PstTensor *g = call->dout[0];

  for (int i = 0; g && i < call->n_in; i++)
    if (call->din[i])
      pst_binary_backward (call, i, g, g, scale, linear_add, linear_gather);
}

static void
sum_backward (PstCall *call)
{
  add_linear (call, 1.0f);
}

static void
mean_backward (PstCall *call)
{
  add_linear (call, 1.0f / (float) call->n_in);
}

/* Two inputs by one another, more by the result. */
static void
choose_backward (PstCall *call, const PstTileFunc *add,
                 const PstTermFunc *gather)
{
  if (call->n_in == 1)
    sum_backward (call);
  for (int i = 0; call->dout[0] && call->n_in > 1 && i < call->n_in; i++)
    if (call->din[i] && call->n_in == 2)
      pst_binary_backward (call, i, call->in[0], call->in[1], 1.0f, add[i],
                           gather[i]);
    else if (call->din[i])
      pst_binary_backward (call, i, call->in[i], call->out[0], 1.0f,
                           chosen_add, chosen_gather);
}

static void
max_backward (PstCall *call)
{
  choose_backward (call, (PstTileFunc[]) { max_a_add, max_b_add },
                   (PstTermFunc[]) { max_a_gather, max_b_gather });
}

static void
min_backward (PstCall *call)
{
  choose_backward (call, (PstTileFunc[]) { min_a_add, min_b_add },
                   (PstTermFunc[]) { min_a_gather, min_b_gather });
}

#define DEFINE_NARY(name, type_name, infer_function, mask, where)             \
  const PstOp pst_op_##name = {                                               \
    .domain = "",                                                             \
    .type = type_name,                                                        \
    .infer = infer_function,                                                  \
    .scratch = pst_binary_scratch,                                            \
    .forward = name##_forward,                                                \
    .backward = name##_backward,                                              \
    .keep = mask,                                                             \
    .flags = where,                                                           \
  };

DEFINE_NARY (max, "Max", nary_infer, 0xffff | PST_KEEP_OUT (0),
             PST_OP_IN_PLACE)
DEFINE_NARY (min, "Min", nary_infer, 0xffff | PST_KEEP_OUT (0),
             PST_OP_IN_PLACE)
DEFINE_NARY (sum, "Sum", nary_infer, 0, 0)
DEFINE_NARY (mean, "Mean", mean_infer, 0, 0)
