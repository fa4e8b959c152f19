/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ReduceLogSumExp: log (sum (e^x)), worked out as m + log (sum (e^(x - m)))
 * with the largest number m, so that nothing overflows. */
#include <math.h>

#include "core/ops/reduce.h"

typedef struct
{
  float       *out; /* m first, then the result */
  const float *x, *y, *g;
} Job;

static gboolean
log_sum_exp_infer (PstCall *call, GError **error)
{
  return pst_reduce_infer (call, error) && pst_arg_float (call, 0, error);
}

static void
setup (PstReduce *reduce, const PstCall *call, PstReduceKind kind)
{
  PstTensor        result = *call->out[0], out;
  const PstTensor *tensors[] = { &out, call->in[0], &out };

  pst_tensor_layout (&result); /* not laid out yet for scratch */
  out = pst_reduce_with_axes (call, &result);
  pst_reduce_init (reduce, kind, &call->in[0]->shape, 3, tensors);
}

static void
max_term (gpointer data, const PstTile *tile, double *acc)
{
  const Job *d = data;

  for (gint64 r = 0; r < tile->rows; r++)
    {
      double      *to = acc + tile->at[0] + r * tile->row[0];
      const float *x = d->x + tile->at[1] + r * tile->row[1];

      for (gint64 i = 0; i < tile->n; i++)
        to[i * tile->step[0]] =
            MAX (to[i * tile->step[0]], x[i * tile->step[1]]);
    }
}

static void
max_store (gpointer data, gint64 at, gint64 step, gint64 n, const double *acc)
{
  const Job *d = data;

  for (gint64 i = 0; i < n; i++)
    d->out[at + i * step] = (float) acc[i];
}

/* What is subtracted before e is raised. */
static inline double
base_of (float largest)
{
  return isfinite (largest) ? largest : 0.0;
}

static void
exp_term (gpointer data, const PstTile *tile, double *acc)
{
  const Job *d = data;

  for (gint64 r = 0; r < tile->rows; r++)
    {
      double      *to = acc + tile->at[0] + r * tile->row[0];
      const float *x = d->x + tile->at[1] + r * tile->row[1];
      const float *m = d->out + tile->at[2] + r * tile->row[2];

      for (gint64 i = 0; i < tile->n; i++)
        to[i * tile->step[0]] +=
            exp (x[i * tile->step[1]] - base_of (m[i * tile->step[2]]));
    }
}

static void
exp_store (gpointer data, gint64 at, gint64 step, gint64 n, const double *acc)
{
  const Job *d = data;

  for (gint64 i = 0; i < n; i++)
    {
      float *out = &d->out[at + i * step];

      *out = (float) (base_of (*out) + log (acc[i]));
    }
}

static void
log_sum_exp_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  PstReduce reduce;

  if (pst_tensor_count (call->in[0]) == 0)
    return;
  setup (&reduce, call, PST_REDUCE_SUM);
  *shared = pst_reduce_scratch (&reduce);
}

static void
log_sum_exp_forward (PstCall *call)
{
  Job       data = { call->out[0]->data, call->in[0]->data, NULL, NULL };
  PstReduce reduce;

  if (pst_tensor_count (call->in[0]) == 0)
    {
      pst_view_fill (call->pool, call->out[0], -INFINITY);
      return;
    }
  setup (&reduce, call, PST_REDUCE_MAX);
  pst_reduce_run (&reduce, call->pool, call->shared, max_term, max_store,
                  &data);
  setup (&reduce, call, PST_REDUCE_SUM);
  pst_reduce_run (&reduce, call->pool, call->shared, exp_term, exp_store,
                  &data);
}

/* din += g e^(x - y) */
static void
gradient_tile (gpointer data, const PstTile *tile)
{
  const Job *d = data;

  for (gint64 r = 0; r < tile->rows; r++)
    {
      float       *out = d->out + tile->at[0] + r * tile->row[0];
      const float *x = d->x + tile->at[1] + r * tile->row[1];
      const float *y = d->y + tile->at[2] + r * tile->row[2];
      const float *g = d->g + tile->at[3] + r * tile->row[3];

      for (gint64 i = 0; i < tile->n; i++)
        out[i * tile->step[0]] +=
            g[i * tile->step[3]] *
            expf (x[i * tile->step[1]] - y[i * tile->step[2]]);
    }
}

static void
log_sum_exp_backward (PstCall *call)
{
  PstTensor        y, g;
  const PstTensor *tensors[] = { call->din[0], call->in[0], &y, &g };
  Job              data;
  PstLoop          loop;

  if (! call->din[0] || ! call->dout[0] || pst_tensor_count (call->in[0]) == 0)
    return;
  y = pst_reduce_with_axes (call, call->out[0]);
  g = pst_reduce_with_axes (call, call->dout[0]);
  data = (Job) { call->din[0]->data, call->in[0]->data, y.data, g.data };
  pst_loop_init (&loop, &call->in[0]->shape, 4, tensors);
  pst_loop_run (&loop, call->pool, gradient_tile, &data);
}

const PstOp pst_op_reduce_log_sum_exp = {
  .domain = "",
  .type = "ReduceLogSumExp",
  .infer = log_sum_exp_infer,
  .scratch = log_sum_exp_scratch,
  .forward = log_sum_exp_forward,
  .backward = log_sum_exp_backward,
  .keep = PST_KEEP_IN (0) | PST_KEEP_OUT (0),
};
