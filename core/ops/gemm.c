/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gemm: Y = alpha A' B' + beta C, all of rank 2 (C broadcast). */
#include "core/kernels/gemm.h"

#include "core/ops/arguments.h"
#include "core/ops/loop.h"

typedef struct
{
  gboolean ta, tb;
  gint64   m, n, k;
  float    alpha, beta;
} Gemm;

static void
read_gemm (Gemm *gemm, const PstCall *call)
{
  const gint64 *a = call->in[0]->shape.dim, *b = call->in[1]->shape.dim;

  gemm->ta = pst_node_get_int (call->node, "transA", 0) != 0;
  gemm->tb = pst_node_get_int (call->node, "transB", 0) != 0;
  gemm->alpha = pst_node_get_float (call->node, "alpha", 1.0f);
  gemm->beta = pst_node_get_float (call->node, "beta", 1.0f);
  gemm->m = a[gemm->ta ? 1 : 0];
  gemm->k = a[gemm->ta ? 0 : 1];
  gemm->n = b[gemm->tb ? 0 : 1];
}

static gboolean
gemm_infer (PstCall *call, GError **error)
{
  PstShape wide;
  Gemm     gemm;
  int      bad = 0;

  if (! pst_call_check (call, 2, 3, 2, error) ||
      ! pst_arg_float (call, 1, error) || ! pst_arg_float (call, 2, error))
    return FALSE;
  if (call->in[1]->shape.rank != 2)
    bad = 1;
  else
    {
      read_gemm (&gemm, call);
      bad = call->in[1]->shape.dim[gemm.tb ? 1 : 0] != gemm.k ||
            MIN (gemm.m, MIN (gemm.n, gemm.k)) < 1 ||
            MAX (gemm.m, MAX (gemm.n, gemm.k)) > G_MAXINT32;
    }
  if (bad)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("matrices of size %s and %s cannot be "
                             "multiplied"),
                          PST_ARG_SHAPE (call->in[0]),
                          PST_ARG_SHAPE (call->in[1]));
  call->out[0]->dtype = PST_FLOAT32;
  call->out[0]->shape = PST_SHAPE (gemm.m, gemm.n);
  if (pst_arg_input (call, 2) &&
      (! pst_shape_broadcast (&call->out[0]->shape, &call->in[2]->shape,
                              &wide) ||
       ! pst_shape_equal (&wide, &call->out[0]->shape)))
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("cannot add %s to a result of size %s"),
                          PST_ARG_SHAPE (call->in[2]),
                          PST_ARG_SHAPE (call->out[0]));
  return pst_arg_fits (call, 0, error);
}

static void
scale_all (const PstTensor *tensor, float factor)
{
  float *x = tensor->data;

  for (gint64 i = 0; factor != 1.0f && i < pst_tensor_count (tensor); i++)
    x[i] *= factor;
}

static void
gemm_forward (PstCall *call)
{
  Gemm gemm;

  read_gemm (&gemm, call);
  if (pst_arg_input (call, 2))
    {
      PstTensor c = pst_view_broadcast (call->in[2], &call->out[0]->shape);

      pst_view_copy (call->pool, call->out[0], &c);
      scale_all (call->out[0], gemm.beta);
    }
  pst_gemm (gemm.ta, gemm.tb, gemm.m, gemm.n, gemm.k, gemm.alpha,
            call->in[0]->data, gemm.ta ? gemm.m : gemm.k, call->in[1]->data,
            gemm.tb ? gemm.k : gemm.n, pst_arg_input (call, 2) ? 1.0f : 0.0f,
            call->out[0]->data, gemm.n);
}

/* With A' = A or A^T: dA' = alpha dY B'^T and dB' = alpha A'^T dY, each
 * written the way its matrix is stored. */
static void
gemm_backward_ab (PstCall *call, const Gemm *gemm)
{
  const float *a = call->in[0]->data, *b = call->in[1]->data;
  const float *g = call->dout[0]->data;
  gint64       m = gemm->m, n = gemm->n, k = gemm->k;
  gint64       lda = gemm->ta ? m : k, ldb = gemm->tb ? k : n;

  if (call->din[0] && ! gemm->ta)
    pst_gemm (FALSE, ! gemm->tb, m, k, n, gemm->alpha, g, n, b, ldb, 1.0f,
              call->din[0]->data, lda);
  else if (call->din[0])
    pst_gemm (gemm->tb, TRUE, k, m, n, gemm->alpha, b, ldb, g, n, 1.0f,
              call->din[0]->data, lda);
  if (call->din[1] && ! gemm->tb)
    pst_gemm (! gemm->ta, FALSE, k, n, m, gemm->alpha, a, lda, g, n, 1.0f,
              call->din[1]->data, ldb);
  else if (call->din[1])
    pst_gemm (TRUE, gemm->ta, n, k, m, gemm->alpha, g, n, a, lda, 1.0f,
              call->din[1]->data, ldb);
}

static void
gemm_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  PstTensor out = *call->out[0];

  if (! call->din || call->n_in < 3 || ! call->din[2])
    return;
  pst_tensor_layout (&out); /* may not be laid out yet */
  *shared = pst_view_sum_scratch (call->in[2], &out);
}

static void
gemm_backward (PstCall *call)
{
  Gemm gemm;

  if (! call->dout[0])
    return;
  read_gemm (&gemm, call);
  gemm_backward_ab (call, &gemm);
  if (call->n_in > 2 && call->din[2])
    pst_view_sum_add (call->pool, call->din[2], call->dout[0], gemm.beta,
                      call->shared);
}

const PstOp pst_op_gemm = {
  .domain = "",
  .type = "Gemm",
  .infer = gemm_infer,
  .scratch = gemm_scratch,
  .forward = gemm_forward,
  .backward = gemm_backward,
  .keep = PST_KEEP_IN (0) | PST_KEEP_IN (1),
};
