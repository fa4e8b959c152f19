/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "core/base/memory.h"
#include "core/kernels/kernels.h"
#include "core/ops/conv.h"

/*
 * StreamConv and StreamStats, known to the engine only: one to three
 * convolutions in a row, of which only the last one's result is kept, or not
 * even that but its mean and variance (see core/graph/stream.c).
 *
 * - in: x [n, c, h, w], then for each convolution its weights, bias (the last
 *   one's only) and the scale and shift [n, 2, c] of what it reads
 * - out: StreamConv: y, and mean and variance [n, 2, k]; StreamStats: the
 *   latter
 * - attributes: those of FusedConv, from the second convolution on with its
 *   number (strides1); relu_in: for each, whether max (0, .) comes after the
 *   scale and shift; relu: whether it comes after the last
 *
 * x and y may be maps or packed (see PST_PACKED16). Weights are packed once.
 */

static int
n_stages (const PstCall *call)
{
  return (call->n_in - 1) / 3;
}

static const PstTensor *
stage_input (const PstCall *call, int stage, int which)
{
  return call->in[1 + 3 * stage + which];
}

/* The job but for tables and weights. */
static gboolean
parse (const PstCall *call, PstConvJob *job, GError **error)
{
  PstShape      x = call->in[0]->shape;
  int           n;
  const gint64 *relu = pst_node_get_ints (call->node, "relu_in", &n);

  *job = (PstConvJob) { .n_stages = n_stages (call), .least = -INFINITY };
  for (int s = 0; s < job->n_stages; s++)
    {
      PstConvStage    *stage = &job->stage[s];
      PstConv         *conv = &stage->conv;
      const PstTensor *scale = stage_input (call, s, 2);

      if (! pst_conv_parse (call, s, &x, stage_input (call, s, 0), conv,
                            error))
        return FALSE;
      stage->forward = pst_conv_choose (conv);
      stage->scale = scale ? scale->data : NULL;
      stage->least = s < n && relu[s] ? 0.0f : -INFINITY;
      x = PST_SHAPE (conv->n, conv->k, conv->oh, conv->ow);
    }
  if (pst_node_get_int (call->node, "relu", 0))
    job->least = 0.0f;
  return TRUE;
}

static gsize
weight_bytes (const PstConvStage *stage)
{
  return pst_memory_align (sizeof (float) *
                           stage->forward->weights (&stage->conv));
}

static gsize
stream_prepared (const PstCall *call)
{
  PstConvJob job;
  gsize      bytes = 0;

  parse (call, &job, NULL);
  for (int s = 0; s < job.n_stages; s++)
    bytes += pst_conv_table_bytes (&job.stage[s].conv) +
             weight_bytes (&job.stage[s]);
  return bytes;
}

/* Where tables and weights lie; fills them where @fill. */
static void
locate (const PstCall *call, PstConvJob *job, gboolean fill)
{
  guint8 *at = call->prepared;

  for (int s = 0; s < job->n_stages; s++)
    {
      PstConvStage *stage = &job->stage[s];
      float        *packed =
          (float *) (at + pst_conv_table_bytes (&stage->conv));

      if (fill)
        {
          pst_conv_fill_tables (&stage->conv, at);
          stage->forward->pack (&stage->conv, call->pool, packed);
        }
      else
        pst_conv_point_tables (&stage->conv, at);
      stage->packed = packed;
      at = (guint8 *) packed + weight_bytes (stage);
    }
}

static void
stream_prepare (PstCall *call)
{
  PstConvJob job;

  parse (call, &job, NULL);
  locate (call, &job, TRUE);
}

static const PstTensor *
stats_out (const PstCall *call, gboolean stats_only)
{
  if (stats_only)
    return call->out[0];
  return call->n_out > 1 ? call->out[1] : NULL;
}

/* What goes in and out. */
static void
attach (const PstCall *call, gboolean stats_only, PstConvJob *job)
{
  const PstTensor *bias = stage_input (call, job->n_stages - 1, 1);
  const PstTensor *stats = stats_out (call, stats_only);

  job->x = call->in[0];
  job->y = stats_only ? NULL : call->out[0];
  job->bias = bias ? bias->data : NULL;
  job->wants_stats = stats != NULL;
  job->stats = stats ? stats->data : NULL;
}

static void
room (const PstCall *call, gboolean stats_only, gsize *shared,
      gsize *per_worker)
{
  PstConvJob job;

  parse (call, &job, NULL);
  attach (call, stats_only, &job);
  pst_conv_job_room (&job, shared, per_worker);
}

static void
run (PstCall *call, gboolean stats_only)
{
  PstConvJob job;

  parse (call, &job, NULL);
  attach (call, stats_only, &job);
  locate (call, &job, FALSE);
  pst_conv_job_run (&job, call->pool, call->shared, call->worker_base,
                    call->worker_bytes);
}

/* The rewrite that makes these nodes knows their sizes; this serves tests. */
static gboolean
infer (PstCall *call, gboolean stats_only, GError **error)
{
  PstConvJob       job;
  const PstConv   *conv;
  PstTensor       *stats;

  g_return_val_if_fail (call->n_in >= 4 && call->n_in % 3 == 1 &&
                            n_stages (call) <= PST_CONV_STAGES,
                        FALSE);
  if (! parse (call, &job, error))
    return FALSE;
  conv = &job.stage[job.n_stages - 1].conv;
  stats = (PstTensor *) stats_out (call, stats_only);
  if (! stats_only)
    {
      call->out[0]->dtype = PST_FLOAT32;
      call->out[0]->shape = PST_SHAPE (conv->n, conv->k, conv->oh, conv->ow);
    }
  if (stats)
    {
      stats->dtype = PST_FLOAT32;
      stats->shape = PST_SHAPE (conv->n, 2, conv->k);
    }
  return TRUE;
}

static gboolean
conv_infer (PstCall *call, GError **error)
{
  return infer (call, FALSE, error);
}

static void
conv_room (const PstCall *call, gsize *shared, gsize *per_worker)
{
  room (call, FALSE, shared, per_worker);
}

static void
conv_run (PstCall *call)
{
  run (call, FALSE);
}

static gboolean
stats_infer (PstCall *call, GError **error)
{
  return infer (call, TRUE, error);
}

static void
stats_room (const PstCall *call, gsize *shared, gsize *per_worker)
{
  room (call, TRUE, shared, per_worker);
}

static void
stats_run (PstCall *call)
{
  run (call, TRUE);
}

const PstOp pst_op_stream_conv = {
  .domain = "pastiche",
  .type = "StreamConv",
  .infer = conv_infer,
  .scratch = conv_room,
  .prepared = stream_prepared,
  .prepare = stream_prepare,
  .forward = conv_run,
  .flags = PST_OP_INTERNAL,
};

const PstOp pst_op_stream_stats = {
  .domain = "pastiche",
  .type = "StreamStats",
  .infer = stats_infer,
  .scratch = stats_room,
  .prepared = stream_prepared,
  .prepare = stream_prepare,
  .forward = stats_run,
  .flags = PST_OP_INTERNAL,
};
