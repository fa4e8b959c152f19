/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gram: the correlations of a map's channels, which the style loss compares
 * (Gatys et al. 2016, section 2.2). [N, C, H, W] gives [N, C, C], each
 * F F^T / (H W) with F the map as C rows of H W numbers. */
#include <string.h>

#include "core/kernels/gemm.h"
#include "core/kernels/kernels.h"
#include "core/kernels/panel.h"
#include "core/ops/arguments.h"
#include "core/ops/loop.h"

#define PIXELS 4096 /* of one item, at least */
#define CHUNKS 64   /* that add up to one matrix, at most */

typedef struct
{
  PstCall *call;
  gint64   channels, pixels;
  gint64   chunk, n_chunks;
  float   *partial; /* [N, n_chunks, C, C], then [N, C, C] in backward */
} Gram;

static void
gram_setup (Gram *gram, const PstCall *call)
{
  const gint64 *dim = call->in[0]->shape.dim;

  gram->call = (PstCall *) call;
  gram->channels = dim[1];
  gram->pixels = dim[2] * dim[3];
  gram->chunk = MAX (PIXELS, (gram->pixels + CHUNKS - 1) / CHUNKS);
  gram->n_chunks = (gram->pixels + gram->chunk - 1) / gram->chunk;
  gram->partial = (float *) call->shared;
}

static gboolean
gram_infer (PstCall *call, GError **error)
{
  const gint64 *dim;

  if (! pst_call_check (call, 1, 1, 4, error))
    return FALSE;
  dim = call->in[0]->shape.dim;
  if (pst_tensor_count (call->in[0]) < 1 || dim[1] > 32768 ||
      dim[2] * dim[3] > G_MAXINT32)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("a map of size %s cannot be worked on"),
                          PST_ARG_SHAPE (call->in[0]));
  call->out[0]->dtype = PST_FLOAT32;
  call->out[0]->shape = PST_SHAPE (dim[0], dim[1], dim[1]);
  return pst_arg_fits (call, 0, error);
}

static void
gram_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  Gram gram;

  gram_setup (&gram, call);
  *shared = sizeof (float) * call->in[0]->shape.dim[0] * gram.n_chunks *
            gram.channels * gram.channels;
}

/* F' F / pixels of @n pixels [n, c] */
static void
add_up_map (const Gram *gram, const float *f, gint64 n, float *to)
{
  gint64 c = gram->channels, width = pst_kernels ()->panel;
  float  scale = 1.0f / (float) gram->pixels;

  for (gint64 first = 0; first < c; first += width)
    pst_panel_outer (f, c, c, n, f + first, c, MIN (width, c - first), FALSE,
                     to + first, c);
  for (gint64 i = 0; i < c * c; i++)
    to[i] *= scale;
}

/* Channels-last, or channel by channel as constants lie. */
static void
gram_item (gpointer data, gsize item, guint worker)
{
  const Gram      *gram = data;
  const PstTensor *in = gram->call->in[0];
  gint64           b = (gint64) item / gram->n_chunks, c = gram->channels;
  gint64           at = (gint64) item % gram->n_chunks * gram->chunk;
  gint64           n = MIN (gram->chunk, gram->pixels - at);
  gboolean         map = pst_tensor_is_map (in);
  float           *to = gram->partial + (gint64) item * c * c;
  const float     *f = (const float *) in->data + b * c * gram->pixels +
                   (map ? at * c : at);

  if (map)
    add_up_map (gram, f, n, to);
  else
    pst_gemm (FALSE, TRUE, c, c, n, 1.0f / (float) gram->pixels, f,
              gram->pixels, f, gram->pixels, 0.0f, to, c);
}

static void
gram_forward (PstCall *call)
{
  gint64 samples = call->in[0]->shape.dim[0], size;
  Gram   gram;

  gram_setup (&gram, call);
  size = gram.channels * gram.channels;
  pst_pool_run (call->pool, samples * gram.n_chunks, gram_item, &gram);
  for (gint64 b = 0; b < samples; b++)
    {
      const float *from = gram.partial + b * gram.n_chunks * size;
      float       *to = (float *) call->out[0]->data + b * size;

      memcpy (to, from, sizeof (float) * size);
      for (gint64 k = 1; k < gram.n_chunks; k++)
        for (gint64 i = 0; i < size; i++)
          to[i] += from[k * size + i];
    }
}

/* dF += (dG + dG^T) F / (H W) */
static void
gradient_item (gpointer data, gsize item, guint worker)
{
  const Gram      *gram = data;
  const PstTensor *in = gram->call->in[0];
  gint64           b = (gint64) item / gram->n_chunks, c = gram->channels;
  gint64           at = (gint64) item % gram->n_chunks * gram->chunk;
  gint64           n = MIN (gram->chunk, gram->pixels - at);
  gboolean         map = pst_tensor_is_map (in);
  gint64 offset = b * c * gram->pixels + (map ? at * c : at);
  const float *f = (const float *) in->data + offset;
  const float *s = gram->partial + b * c * c;
  float *to = (float *) gram->call->din[0]->data + offset;
  float  scale = 1.0f / (float) gram->pixels;
  float  before = gram->call->fresh & 1 ? 0.0f : 1.0f;

  if (map)
    pst_gemm (FALSE, FALSE, n, c, c, scale, f, c, s, c, before, to, c);
  else
    pst_gemm (FALSE, FALSE, c, n, c, scale, s, c, f, gram->pixels, before, to,
              gram->pixels);
}

static void
gram_backward (PstCall *call)
{
  gint64 samples = call->in[0]->shape.dim[0], c;
  Gram   gram;

  if (! call->din[0] || ! call->dout[0])
    return;
  gram_setup (&gram, call);
  c = gram.channels;
  for (gint64 b = 0; b < samples; b++)
    {
      const float *g = (const float *) call->dout[0]->data + b * c * c;
      float       *s = gram.partial + b * c * c;

      for (gint64 i = 0; i < c; i++)
        for (gint64 j = 0; j < c; j++)
          s[i * c + j] = g[i * c + j] + g[j * c + i];
    }
  pst_pool_run (call->pool, samples * gram.n_chunks, gradient_item, &gram);
}

const PstOp pst_op_gram = {
  .domain = "pastiche",
  .type = "Gram",
  .infer = gram_infer,
  .scratch = gram_scratch,
  .forward = gram_forward,
  .backward = gram_backward,
  .keep = PST_KEEP_IN (0),
  .flags = PST_OP_CLEARS,
};
