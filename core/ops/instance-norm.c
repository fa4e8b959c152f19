/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/graph/op.h"
#include "core/kernels/kernels.h"
#include "core/ops/instance-norm-rows.h"

/*
 * Instance normalisation (Ulyanov et al. 2016, arXiv:1607.08022): each channel
 * of each sample is brought to mean 0 and variance 1, then scaled and shifted:
 *
 *   y = g (x - mean) / sqrt (variance + epsilon) + b
 *
 * - InstanceNormalization (ONNX): x [N, C, ...], g [C], b [C]
 * - FusedInstanceNorm (ours): x [N, C, H, W]; g and b [C], [1, C, 1, 1] or
 *   [N, C, 1, 1], which makes it conditional instance normalisation (Dumoulin
 *   et al. 2017, arXiv:1610.07629); with relu = 1 followed by max (0, y)
 *
 * Sums are taken chunk by chunk in a fixed order, about the value of the
 * first pixel, in double precision across chunks.
 */

#define CHUNK_FLOATS 32768
#define RUN 64 /* pixels summed in single precision */

typedef struct
{
  PstCall     *call;
  gint64       n, c, pixels;
  gint64       chunk; /* pixels */
  gint64       n_chunks;
  gboolean     relu;
  double       epsilon;
  const float *x;
  const float *g;
  const float *b;
  gint64       step; /* from sample to sample in g and b: 0 or c */
  float       *y;
  const float *dy;
  float       *dx;
  float       *mean;    /* [n, c] */
  float       *inverse; /* [n, c]: 1 / sqrt (variance + epsilon) */
  double      *sums;    /* [n, n_chunks, 2, c] */
  float       *total;   /* [n, 2, c]: backward's means of dz and dz xhat */
} Norm;

static gsize
table_bytes (const Norm *norm)
{
  return pst_memory_align (sizeof (float) * norm->n * norm->c);
}

static void
plan_norm (const PstCall *call, Norm *norm)
{
  const PstShape *x = &call->in[0]->shape;

  norm->n = x->dim[0];
  norm->c = x->dim[1];
  norm->pixels = 1;
  for (int i = 2; i < x->rank; i++)
    norm->pixels *= x->dim[i];
  norm->chunk = MAX (1, CHUNK_FLOATS / MAX (1, norm->c));
  norm->n_chunks = (norm->pixels + norm->chunk - 1) / norm->chunk;
  norm->relu = *call->node->op->domain &&
               pst_node_get_int (call->node, "relu", 0) != 0;
  norm->epsilon = pst_node_get_float (call->node, "epsilon", 1e-5f);
}

/* A constant picture lies in C order: going backward it is laid out anew, and
 * so is its gradient. */
static gsize
picture_bytes (const PstCall *call)
{
  return pst_tensor_is_map (call->in[0])
             ? 0
             : pst_memory_align (pst_tensor_bytes (call->in[0]));
}

/* What comes before those two. */
static gsize
sums_bytes (const Norm *norm)
{
  return pst_memory_align (4 * table_bytes (norm) + sizeof (double) * norm->n *
                                                        norm->n_chunks * 2 *
                                                        norm->c);
}

static void
prepare (PstCall *call, Norm *norm)
{
  guint8 *shared = call->shared;

  plan_norm (call, norm);
  norm->call = call;
  norm->x = call->in[0]->data;
  norm->g = call->in[1]->data;
  norm->b = call->in[2]->data;
  norm->step =
      pst_tensor_count (call->in[1]) == norm->c || norm->n == 1 ? 0 : norm->c;
  norm->mean = (float *) shared;
  norm->inverse = (float *) (shared + table_bytes (norm));
  norm->total = (float *) (shared + 2 * table_bytes (norm));
  norm->sums = (double *) (shared + 4 * table_bytes (norm));
}

static void
norm_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  Norm norm;

  if (call->in[0]->shape.rank != 4)
    {
      *shared = pst_norm_rows_bytes (call);
      return;
    }
  plan_norm (call, &norm);
  *shared = sums_bytes (&norm) + 2 * picture_bytes (call);
  *per_worker = sizeof (float) * 2 * norm.c;
}

static gboolean
fits_channels (const PstTensor *tensor, gint64 n, gint64 c)
{
  const PstShape *s = &tensor->shape;

  if (tensor->dtype != PST_FLOAT32)
    return FALSE;
  if (s->rank == 1)
    return s->dim[0] == c;
  return s->rank == 4 && (s->dim[0] == 1 || s->dim[0] == n) &&
         s->dim[1] == c && s->dim[2] == 1 && s->dim[3] == 1;
}

static gboolean
norm_infer (PstCall *call, GError **error)
{
  const PstShape *x;

  if (! pst_call_check (call, 3, 3, -1, error))
    return FALSE;
  x = &call->in[0]->shape;
  if (x->rank < 3)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its input must have at least three dimensions"));
  if (pst_tensor_count (call->in[0]) < 1)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its input is empty"));
  for (int i = 1; i < 3; i++)
    if (! fits_channels (call->in[i], x->dim[0], x->dim[1]))
      return pst_call_fail (call, error, PST_ERROR_SHAPE,
                            _ ("its scale and shift do not fit %d channels"),
                            (int) x->dim[1]);
  if (! pst_shape_equal (&call->in[1]->shape, &call->in[2]->shape))
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its scale and shift differ in size"));
  pst_call_like (call, 0);
  return TRUE;
}

/* What the kernel sums of a run of pixels, added to the chunk's sums. */
static void
add_run (double *restrict sums, const float *restrict run, gint64 n)
{
  for (gint64 i = 0; i < n; i++)
    sums[i] += run[i];
}

static void
statistics_chunk (gpointer data, gsize item, guint worker)
{
  const Norm  *norm = data;
  gint64       c = norm->c;
  gint64       n = item / norm->n_chunks;
  gint64       first = item % norm->n_chunks * norm->chunk;
  gint64       last = MIN (norm->pixels, first + norm->chunk);
  const float *x = norm->x + n * norm->pixels * c;
  double      *sums = norm->sums + item * 2 * c;
  float       *run = pst_call_scratch (norm->call, worker);

  memset (sums, 0, sizeof (double) * 2 * c);
  for (gint64 p = first; p < last; p += RUN)
    {
      pst_kernels ()->channel_sums (x + p * c, x, c, MIN (RUN, last - p), run,
                                    run + c);
      add_run (sums, run, 2 * c);
    }
}

/* Sum over the chunks of sample n: which = 0 or 1. */
static double
chunk_total (const Norm *norm, gint64 n, int which, gint64 c)
{
  const double *sums = norm->sums + n * norm->n_chunks * 2 * norm->c;
  double        total = 0.0;

  for (gint64 k = 0; k < norm->n_chunks; k++)
    total += sums[(2 * k + which) * norm->c + c];
  return total;
}

static void
find_statistics (Norm *norm)
{
  pst_pool_run (norm->call->pool, norm->n * norm->n_chunks, statistics_chunk,
                norm);
  for (gint64 n = 0; n < norm->n; n++)
    for (gint64 c = 0; c < norm->c; c++)
      {
        double base = norm->x[n * norm->pixels * norm->c + c];
        double m = chunk_total (norm, n, 0, c) / norm->pixels;
        double v = chunk_total (norm, n, 1, c) / norm->pixels - m * m;

        norm->mean[n * norm->c + c] = (float) (base + m);
        norm->inverse[n * norm->c + c] =
            (float) (1.0 / sqrt (MAX (v, 0.0) + norm->epsilon));
      }
}

static void
apply_chunk (gpointer data, gsize item, guint worker)
{
  const Norm *norm = data;
  gint64      c = norm->c;
  gint64      n = item / norm->n_chunks;
  gint64      first = item % norm->n_chunks * norm->chunk;
  gint64      last = MIN (norm->pixels, first + norm->chunk);
  float      *a = pst_call_scratch (norm->call, worker);
  float      *b = a + c;
  float       least = norm->relu ? 0.0f : -INFINITY;

  for (gint64 i = 0; i < c; i++)
    {
      a[i] = norm->g[n * norm->step + i] * norm->inverse[n * c + i];
      b[i] = norm->b[n * norm->step + i] - norm->mean[n * c + i] * a[i];
    }
  first += n * norm->pixels;
  last += n * norm->pixels;
  pst_kernels ()->channel_affine (norm->x + first * c, a, b, least, c,
                                  last - first, norm->y + first * c);
}

/* Any layout, for constants: one channel at a time. */
static void
forward_strided (const Norm *norm)
{
  const PstTensor *x = norm->call->in[0];
  PstTensor       *y = norm->call->out[0];
  gint64           pixels = norm->pixels;

  for (gint64 row = 0; row < norm->n * norm->c; row++)
    {
      gint64 g = row / norm->c * norm->step + row % norm->c;
      double mean = 0.0, variance = 0.0;

      for (gint64 i = 0; i < pixels; i++)
        mean += pst_tensor_get (x, row * pixels + i) / pixels;
      for (gint64 i = 0; i < pixels; i++)
        {
          double d = pst_tensor_get (x, row * pixels + i) - mean;

          variance += d * d / pixels;
        }
      for (gint64 i = 0; i < pixels; i++)
        {
          double d = pst_tensor_get (x, row * pixels + i) - mean;
          double v = norm->g[g] * d / sqrt (variance + norm->epsilon) +
                     norm->b[g];

          pst_tensor_set (y, row * pixels + i,
                          norm->relu && v < 0.0 ? 0.0 : v);
        }
    }
}

static void
norm_forward (PstCall *call)
{
  Norm norm = { 0 };

  if (call->in[0]->shape.rank != 4)
    {
      pst_norm_rows_forward (call);
      return;
    }
  prepare (call, &norm);
  norm.y = call->out[0]->data;
  if (! pst_tensor_is_map (call->in[0]))
    {
      forward_strided (&norm);
      return;
    }
  find_statistics (&norm);
  pst_pool_run (call->pool, norm.n * norm.n_chunks, apply_chunk, &norm);
}

static PstNormChannels
channels_of (const Norm *norm, gint64 n)
{
  return (PstNormChannels) { norm->mean + n * norm->c,
                             norm->inverse + n * norm->c,
                             norm->g + n * norm->step,
                             norm->b + n * norm->step, norm->relu };
}

/* Sums of dz and of dz xhat, where dz is dy behind the ReLU. */
static void
gradient_sums_chunk (gpointer data, gsize item, guint worker)
{
  const Norm     *norm = data;
  gint64          c = norm->c;
  gint64          n = item / norm->n_chunks;
  gint64          first = item % norm->n_chunks * norm->chunk;
  gint64          last = MIN (norm->pixels, first + norm->chunk);
  PstNormChannels channels = channels_of (norm, n);
  double         *sums = norm->sums + item * 2 * c;
  float          *run = pst_call_scratch (norm->call, worker);

  memset (sums, 0, sizeof (double) * 2 * c);
  for (gint64 p = first; p < last; p += RUN)
    {
      gint64 at = (n * norm->pixels + p) * c;

      pst_kernels ()->norm_sums (&channels, norm->x + at, norm->dy + at, c,
                                 MIN (RUN, last - p), run, run + c);
      add_run (sums, run, 2 * c);
    }
}

static void
input_gradient_chunk (gpointer data, gsize item, guint worker)
{
  const Norm     *norm = data;
  gint64          c = norm->c;
  gint64          n = item / norm->n_chunks;
  gint64          first = item % norm->n_chunks * norm->chunk;
  gint64          last = MIN (norm->pixels, first + norm->chunk);
  gint64          at = (n * norm->pixels + first) * c;
  PstNormChannels channels = channels_of (norm, n);
  const float    *s = norm->total + n * 2 * c;

  if (norm->call->fresh & 1)
    memset (norm->dx + at, 0, sizeof (float) * (last - first) * c);
  pst_kernels ()->norm_gradient (&channels, norm->x + at, norm->dy + at, s,
                                 s + c, c, last - first, norm->dx + at);
}

static void
add_parameter_gradient (Norm *norm, PstTensor *to, int which)
{
  gint64 step = to && pst_tensor_count (to) == norm->c ? 0 : norm->c;
  float *at = to ? to->data : NULL;

  for (gint64 n = 0; n < norm->n; n++)
    for (gint64 c = 0; c < norm->c; c++)
      {
        double total = chunk_total (norm, n, which, c);

        norm->total[(2 * n + which) * norm->c + c] =
            (float) (total / norm->pixels);
        if (at)
          at[n * step + c] += (float) total;
      }
}

static void
norm_backward (PstCall *call)
{
  Norm      norm = { 0 };
  PstTensor x = *call->in[0], dx;

  pst_call_clear (call, 1);
  pst_call_clear (call, 2);
  if (x.shape.rank != 4 || picture_bytes (call))
    pst_call_clear (call, 0);
  if (x.shape.rank != 4)
    {
      pst_norm_rows_backward (call, (double *) call->shared);
      return;
    }
  prepare (call, &norm);
  if (picture_bytes (call))
    {
      pst_tensor_layout (&x);
      x.data = (guint8 *) call->shared + sums_bytes (&norm);
      pst_tensor_copy (&x, call->in[0]);
      norm.x = x.data;
    }
  norm.dy = call->dout[0]->data;
  find_statistics (&norm);
  pst_pool_run (call->pool, norm.n * norm.n_chunks, gradient_sums_chunk,
                &norm);
  add_parameter_gradient (&norm, call->din[2], 0);
  add_parameter_gradient (&norm, call->din[1], 1);
  if (! call->din[0])
    return;
  dx = *call->din[0];
  if (picture_bytes (call))
    {
      pst_tensor_layout (&dx);
      dx.data = (guint8 *) x.data + picture_bytes (call);
      memset (dx.data, 0, pst_tensor_bytes (&dx));
    }
  norm.dx = dx.data;
  pst_pool_run (call->pool, norm.n * norm.n_chunks, input_gradient_chunk,
                &norm);
  for (gint64 i = 0; picture_bytes (call) && i < pst_tensor_count (&dx); i++)
    pst_tensor_set (call->din[0], i,
                    pst_tensor_get (call->din[0], i) + pst_tensor_get (&dx, i));
}

const PstOp pst_op_instance_norm = {
  .domain = "",
  .type = "InstanceNormalization",
  .infer = norm_infer,
  .scratch = norm_scratch,
  .forward = norm_forward,
  .backward = norm_backward,
  .keep = PST_KEEP_IN (0) | PST_KEEP_IN (1) | PST_KEEP_IN (2),
  .flags = PST_OP_IN_PLACE | PST_OP_CLEARS,
};

const PstOp pst_op_fused_instance_norm = {
  .domain = "pastiche",
  .type = "FusedInstanceNorm",
  .infer = norm_infer,
  .scratch = norm_scratch,
  .forward = norm_forward,
  .backward = norm_backward,
  .keep = PST_KEEP_IN (0) | PST_KEEP_IN (1) | PST_KEEP_IN (2),
  .flags = PST_OP_IN_PLACE | PST_OP_INTERNAL | PST_OP_CLEARS,
};
