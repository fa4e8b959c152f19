/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LpNormalization: each number over the norm (the sum of absolute numbers,
 * p = 1, or the root of the sum of squares, p = 2) along an axis; 0 where the
 * norm is. */
#include <math.h>

#include "core/base/memory.h"
#include "core/ops/arguments.h"
#include "core/ops/loop.h"

typedef struct
{
  float       *out;
  const float *x, *g, *norm, *slope;
  gboolean     squares;
} Walk;

static gboolean
read_axis (const PstCall *call, int *axis, GError **error)
{
  return pst_arg_axis (call, pst_node_get_int (call->node, "axis", -1),
                       call->in[0]->shape.rank, axis, error);
}

static gboolean
lp_infer (PstCall *call, GError **error)
{
  gint64 p = pst_node_get_int (call->node, "p", 2);
  int    axis;

  if (! pst_call_check (call, 1, 1, -1, error) ||
      ! read_axis (call, &axis, error))
    return FALSE;
  if (p != 1 && p != 2)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("the norm %s is not supported"), PST_ARG_INT (p));
  pst_call_like (call, 0);
  return TRUE;
}

/* 1 / norm (@i = 0), or what backward subtracts (1), in the scratch. */
static PstTensor
stat_of (const PstCall *call, int i)
{
  PstTensor stat = { .dtype = PST_FLOAT32, .shape = call->in[0]->shape };
  int       axis = 0;

  read_axis (call, &axis, NULL);
  stat.shape.dim[axis] = 1;
  pst_tensor_layout_plain (&stat);
  if (call->shared)
    stat.data = (float *) call->shared + i * pst_tensor_count (&stat);
  return stat;
}

static void
lp_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  PstTensor        stat = stat_of (call, 0), g = *call->out[0];
  const PstTensor *tensors[] = { &stat, call->in[0], &g };
  PstReduce        reduce;
  gsize            sums;

  if (pst_tensor_count (call->in[0]) == 0)
    return;
  pst_tensor_layout (&g);
  pst_reduce_init (&reduce, PST_REDUCE_SUM, &g.shape, 2, tensors);
  sums = pst_reduce_scratch (&reduce);
  pst_reduce_init (&reduce, PST_REDUCE_SUM, &g.shape, 3, tensors);
  sums = MAX (sums, pst_reduce_scratch (&reduce));
  *shared = pst_memory_align (2 * pst_tensor_bytes (&stat)) + sums;
}

#define EACH(k, field) (d->field + tile->at[k] + r * tile->row[k])

static void
norm_term (gpointer data, const PstTile *tile, double *acc)
{
  const Walk *d = data;

  for (gint64 r = 0; r < tile->rows; r++)
    {
      double      *to = acc + tile->at[0] + r * tile->row[0];
      const float *x = EACH (1, x);

      for (gint64 i = 0; i < tile->n; i++)
        {
          double X = x[i * tile->step[1]];

          to[i * tile->step[0]] += d->squares ? X * X : fabs (X);
        }
    }
}

static void
norm_store (gpointer data, gint64 at, gint64 step, gint64 n, const double *acc)
{
  const Walk *d = data;

  for (gint64 i = 0; i < n; i++)
    {
      double norm = d->squares ? sqrt (acc[i]) : acc[i];

      d->out[at + i * step] = norm > 0.0 ? (float) (1.0 / norm) : 0.0f;
    }
}

static void
product_term (gpointer data, const PstTile *tile, double *acc)
{
  const Walk *d = data;

  for (gint64 r = 0; r < tile->rows; r++)
    {
      double      *to = acc + tile->at[0] + r * tile->row[0];
      const float *x = EACH (1, x), *g = EACH (2, g);

      for (gint64 i = 0; i < tile->n; i++)
        to[i * tile->step[0]] +=
            (double) x[i * tile->step[1]] * g[i * tile->step[2]];
    }
}

/* sum (g x) over the norm's third power for p = 2, its square for p = 1 */
static void
product_store (gpointer data, gint64 at, gint64 step, gint64 n,
               const double *acc)
{
  const Walk *d = data;

  for (gint64 i = 0; i < n; i++)
    {
      double f = d->norm[at + i * step];

      d->out[at + i * step] =
          (float) (acc[i] * f * f * (d->squares ? f : 1.0));
    }
}

static void
forward_tile (gpointer data, const PstTile *tile)
{
  const Walk *d = data;

  for (gint64 r = 0; r < tile->rows; r++)
    {
      float       *out = d->out + tile->at[0] + r * tile->row[0];
      const float *x = EACH (1, x), *norm = EACH (2, norm);

      PST_VECTOR for (gint64 i = 0; i < tile->n; i++)
          out[i * tile->step[0]] =
              x[i * tile->step[1]] * norm[i * tile->step[2]];
    }
}

static void
backward_tile (gpointer data, const PstTile *tile)
{
  const Walk *d = data;

  for (gint64 r = 0; r < tile->rows; r++)
    {
      float       *out = d->out + tile->at[0] + r * tile->row[0];
      const float *x = EACH (1, x), *g = EACH (2, g), *norm = EACH (3, norm);
      const float *slope = EACH (4, slope);

      PST_VECTOR for (gint64 i = 0; i < tile->n; i++)
      {
        float X = x[i * tile->step[1]];
        float sign = X > 0.0f ? 1.0f : X < 0.0f ? -1.0f : 0.0f;
        float along = d->squares ? X : sign;

        out[i * tile->step[0]] +=
            g[i * tile->step[2]] * norm[i * tile->step[3]] -
            along * slope[i * tile->step[4]];
      }
    }
}

static gpointer
sums_of (const PstCall *call, const PstTensor *stat)
{
  return call->shared + pst_memory_align (2 * pst_tensor_bytes (stat));
}

static Walk
find_norm (PstCall *call, const PstTensor *norm)
{
  const PstTensor *tensors[] = { norm, call->in[0] };
  Walk             data = { norm->data, call->in[0]->data };
  PstReduce        reduce;

  data.squares = pst_node_get_int (call->node, "p", 2) == 2;
  data.norm = norm->data;
  pst_reduce_init (&reduce, PST_REDUCE_SUM, &call->in[0]->shape, 2, tensors);
  pst_reduce_run (&reduce, call->pool, sums_of (call, norm), norm_term,
                  norm_store, &data);
  return data;
}

static void
lp_forward (PstCall *call)
{
  PstTensor        norm = stat_of (call, 0);
  const PstTensor *tensors[] = { call->out[0], call->in[0], &norm };
  Walk             data;
  PstLoop          loop;

  if (pst_tensor_count (call->in[0]) == 0)
    return;
  data = find_norm (call, &norm);
  data.out = call->out[0]->data;
  pst_loop_init (&loop, &call->out[0]->shape, 3, tensors);
  pst_loop_run (&loop, call->pool, forward_tile, &data);
}

static void
lp_backward (PstCall *call)
{
  PstTensor        norm = stat_of (call, 0), slope = stat_of (call, 1);
  const PstTensor *x = call->in[0], *g = call->dout[0];
  const PstTensor *product[] = { &slope, x, g };
  const PstTensor *all[] = { call->din[0], x, g, &norm, &slope };
  Walk             data;
  PstReduce        reduce;
  PstLoop          loop;

  if (! call->din[0] || ! g || pst_tensor_count (x) == 0)
    return;
  data = find_norm (call, &norm);
  data.g = g->data;
  data.out = slope.data;
  pst_reduce_init (&reduce, PST_REDUCE_SUM, &x->shape, 3, product);
  pst_reduce_run (&reduce, call->pool, sums_of (call, &norm), product_term,
                  product_store, &data);
  data.slope = slope.data;
  data.out = call->din[0]->data;
  pst_loop_init (&loop, &x->shape, 5, all);
  pst_loop_run (&loop, call->pool, backward_tile, &data);
}

const PstOp pst_op_lp_normalization = {
  .domain = "",
  .type = "LpNormalization",
  .infer = lp_infer,
  .scratch = lp_scratch,
  .forward = lp_forward,
  .backward = lp_backward,
  .keep = PST_KEEP_IN (0),
  .flags = PST_OP_IN_PLACE,
};
