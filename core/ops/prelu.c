/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PRelu (He et al. 2015, arXiv:1502.01852): slopes for negative numbers, one
 * for all or one for each channel. */
#include "core/ops/binary.h"

static gboolean
prelu_infer (PstCall *call, GError **error)
{
  if (! pst_binary_infer (call, error))
    return FALSE;
  if (! pst_shape_equal (&call->out[0]->shape, &call->in[0]->shape))
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its slopes of size %s do not fit %s"),
                          PST_ARG_SHAPE (call->in[1]),
                          PST_ARG_SHAPE (call->in[0]));
  return TRUE;
}

DEFINE_BINARY (prelu, "PRelu", prelu_infer, KEEP_BOTH, A < 0.0f ? A *B : A,
               A < 0 ? WRAP (*) : A, A < 0.0f ? G *B : G, IN_A, IN_B,
               A < 0.0f ? G *A : 0.0f, IN_A, IN_B)
