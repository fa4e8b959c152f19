/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LRN (Krizhevsky et al. 2012): each number over its neighbours in the
 * channels around it,
 *
 *   y = x v^-beta,  v = bias + alpha / size * (sum of their squares). */
#include <math.h>

#include "core/ops/arguments.h"
#include "core/ops/loop.h"

#define CHUNK 256 /* pixels of one item */

typedef struct
{
  PstCall  *call;
  PstTensor x; /* one channel */
  gint64    c, step;
  gint64    pixels;
  gint64    before, after; /* neighbours */
  float     bias, factor, beta;
} Lrn;

static gboolean
lrn_infer (PstCall *call, GError **error)
{
  gint64 size = pst_node_get_int (call->node, "size", 0);

  if (! pst_call_check (call, 1, 1, -1, error))
    return FALSE;
  if (call->in[0]->shape.rank < 2)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its input has no channels"));
  if (size < 1 || size > G_MAXINT32)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its size %s makes no sense"),
                          PST_ARG_INT (size));
  pst_call_like (call, 0);
  return TRUE;
}

static void
lrn_init (Lrn *lrn, PstCall *call)
{
  gint64 size = pst_node_get_int (call->node, "size", 1);

  lrn->call = call;
  lrn->x = *call->in[0];
  lrn->c = lrn->x.shape.dim[1];
  lrn->x.shape.dim[1] = 1;
  lrn->pixels = lrn->c ? pst_shape_count (&lrn->x.shape) : 0;
  lrn->before = (size - 1) / 2;
  lrn->after = size / 2;
  lrn->bias = pst_node_get_float (call->node, "bias", 1.0f);
  lrn->factor =
      pst_node_get_float (call->node, "alpha", 1e-4f) / (float) size;
  lrn->beta = pst_node_get_float (call->node, "beta", 0.75f);
}

/* The channels of pixel @i of a tensor as large as the input. */
static float *
pixel_of (const Lrn *lrn, const PstTensor *tensor, gint64 i, gint64 *step)
{
  PstTensor view = *tensor;

  view.shape = lrn->x.shape;
  *step = tensor->stride[1];
  return (float *) tensor->data + pst_tensor_offset (&view, i);
}

/* v^-beta */
static inline float
power (float v, float beta)
{
  if (beta == 0.75f)
    return 1.0f / (sqrtf (v) * sqrtf (sqrtf (v)));
  return beta == 0.5f ? 1.0f / sqrtf (v) : powf (v, -beta);
}

/* The sum of a list from @at - @before to @at + @after. */
static float
sum_around (const float *list, gint64 n, gint64 at, gint64 before,
            gint64 after)
{
  gint64 last = MIN (n - 1, at + after);
  float  sum = 0.0f;

  for (gint64 k = MAX (0, at - before); k <= last; k++)
    sum += list[k];
  return sum;
}

/* Makes v of every channel of a pixel, by way of @squares. */
static void
find_sums (const Lrn *lrn, const float *x, gint64 step, float *squares,
           float *v)
{
  for (gint64 k = 0; k < lrn->c; k++)
    squares[k] = x[k * step] * x[k * step];
  for (gint64 k = 0; k < lrn->c; k++)
    v[k] = lrn->bias + lrn->factor * sum_around (squares, lrn->c, k,
                                                 lrn->before, lrn->after);
}

static void
forward_item (gpointer data, gsize item, guint worker)
{
  const Lrn *lrn = data;
  gint64     end = MIN (lrn->pixels, (gint64) (item + 1) * CHUNK);
  float     *squares = pst_call_scratch (lrn->call, worker);
  float     *v = squares + lrn->c;

  for (gint64 i = (gint64) item * CHUNK; i < end; i++)
    {
      gint64       s, t;
      const float *x = pixel_of (lrn, lrn->call->in[0], i, &s);
      float       *y = pixel_of (lrn, lrn->call->out[0], i, &t);

      find_sums (lrn, x, s, squares, v);
      for (gint64 k = 0; k < lrn->c; k++)
        y[k * t] = x[k * s] * power (v[k], lrn->beta);
    }
}

/* dx = g v^-beta - 2 alpha beta / size x (sum of g x v^(-beta - 1) over the
 * numbers whose neighbour it is). */
static void
backward_item (gpointer data, gsize item, guint worker)
{
  const Lrn *lrn = data;
  gint64     end = MIN (lrn->pixels, (gint64) (item + 1) * CHUNK);
  float     *terms = pst_call_scratch (lrn->call, worker);
  float     *v = terms + lrn->c;

  for (gint64 i = (gint64) item * CHUNK; i < end; i++)
    {
      gint64       s, t, u;
      const float *x = pixel_of (lrn, lrn->call->in[0], i, &s);
      const float *g = pixel_of (lrn, lrn->call->dout[0], i, &t);
      float       *dx = pixel_of (lrn, lrn->call->din[0], i, &u);

      find_sums (lrn, x, s, terms, v);
      for (gint64 k = 0; k < lrn->c; k++)
        terms[k] = g[k * t] * x[k * s] * power (v[k], lrn->beta) / v[k];
      for (gint64 k = 0; k < lrn->c; k++)
        dx[k * u] += g[k * t] * power (v[k], lrn->beta) -
                     2.0f * lrn->factor * lrn->beta * x[k * s] *
                         sum_around (terms, lrn->c, k, lrn->after,
                                     lrn->before);
    }
}

static void
lrn_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  *per_worker = sizeof (float) * 2 * call->in[0]->shape.dim[1];
}

static void
lrn_forward (PstCall *call)
{
  Lrn lrn;

  lrn_init (&lrn, call);
  pst_pool_run (call->pool, (lrn.pixels + CHUNK - 1) / CHUNK, forward_item,
                &lrn);
}

static void
lrn_backward (PstCall *call)
{
  Lrn lrn;

  if (! call->din[0] || ! call->dout[0])
    return;
  lrn_init (&lrn, call);
  pst_pool_run (call->pool, (lrn.pixels + CHUNK - 1) / CHUNK, backward_item,
                &lrn);
}

const PstOp pst_op_lrn = {
  .domain = "",
  .type = "LRN",
  .infer = lrn_infer,
  .scratch = lrn_scratch,
  .forward = lrn_forward,
  .backward = lrn_backward,
  .keep = PST_KEEP_IN (0),
};
