/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MaxPool, AveragePool and LpPool over lines, maps and volumes. */
#include <math.h>

#include "core/ops/arguments.h"
#include "core/ops/loop.h"
#include "core/ops/pool-tiles.h"
#include "core/ops/window.h"

#define CHANNELS 64 /* worked on at a time */

typedef enum
{
  POOL_MAX,
  POOL_MEAN,
  POOL_NORM, /* (sum of |x|^p)^(1/p) */
} Kind;

typedef struct
{
  PstCall  *call;
  PstWindow w;
  Kind      kind;
  gboolean  count_pad; /* padding counts in the average */
  gboolean  count_all; /* and what lies beyond it, as before opset 19 */
  gboolean  columns;   /* places of maxima count along columns first */
  float     p;
  gint64    from[3]; /* steps of the input (or its gradient) */
  gint64    to[3];   /* of the output */
  gint64    rows;    /* output rows of one item */
  gint64    blocks;  /* of channels; 1 where rows are the items */
} Pool;

static void
pool_setup (Pool *pool, PstCall *call, Kind kind, const PstTensor *from,
            const PstTensor *to)
{
  const PstNode *node = call->node;

  pool->call = call;
  pool->kind = kind;
  pool->count_pad = pst_node_get_int (node, "count_include_pad", 0) != 0;
  pool->count_all = pool->count_pad && call->opset < 19;
  pool->columns = pst_node_get_int (node, "storage_order", 0) != 0;
  pool->p = (float) pst_node_get_int (node, "p", 2);
  pst_window_read (&pool->w, call, NULL);
  pst_window_steps (&pool->w, from, pool->from);
  pst_window_steps (&pool->w, to, pool->to);
}

static gboolean
pool_infer (PstCall *call, GError **error)
{
  PstWindow w;

  if (! pst_call_check (call, 1, 1, -1, error) ||
      ! pst_window_read (&w, call, error))
    return FALSE;
  pst_call_like (call, 0);
  for (int i = 0; i < w.axes; i++)
    call->out[0]->shape.dim[2 + i] = w.out[PST_WINDOW_AXES - w.axes + i];
  if (call->n_out > 1 && call->out[1])
    {
      call->out[1]->dtype = PST_INT64;
      call->out[1]->shape = call->out[0]->shape;
    }
  return pst_arg_fits (call, 0, error);
}

static gboolean
norm_infer (PstCall *call, GError **error)
{
  gint64 p = pst_node_get_int (call->node, "p", 2);

  if (p < 1 || p > 1024)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("a norm with p = %s is not supported"),
                          PST_ARG_INT (p));
  return pool_infer (call, error);
}

/* What one window covers: the kernel's elements inside the input, and where
 * they lie. */
typedef struct
{
  gint64 at[3]; /* output position */
  gint64 first[3], end[3];
  gint64 origin[3]; /* of element 0, in the input */
} Cover;

static void
cover_set (Cover *cover, const Pool *pool, gint64 z, gint64 y, gint64 x)
{
  const PstWindow *w = &pool->w;

  cover->at[0] = z;
  cover->at[1] = y;
  cover->at[2] = x;
  for (int i = 0; i < 3; i++)
    {
      pst_window_clip (w, i, cover->at[i], &cover->first[i], &cover->end[i]);
      cover->origin[i] = cover->at[i] * w->stride[i] - w->before[i];
    }
}

/* Place of element @k of the window, given the input's @steps. */
static inline gint64
cover_place (const Cover *cover, const PstWindow *w, const gint64 *steps,
             gint64 i, gint64 j, gint64 k)
{
  return (cover->origin[0] + i * w->dilation[0]) * steps[0] +
         (cover->origin[1] + j * w->dilation[1]) * steps[1] +
         (cover->origin[2] + k * w->dilation[2]) * steps[2];
}

/* One over the number of elements that an average is made of. */
static float
weight_of (const Pool *pool, const Cover *cover)
{
  const PstWindow *w = &pool->w;
  gint64           n = 1;

  for (int i = 0; i < 3; i++)
    {
      gint64 end = w->in[i] + w->before[i] + w->after[i];
      gint64 room = end - cover->at[i] * w->stride[i];

      /* what the window covers of the padded map, or of the map */
      n *= pool->count_all ? w->kernel[i]
           : pool->count_pad
               ? CLAMP ((room + w->dilation[i] - 1) / w->dilation[i], 1,
                        w->kernel[i])
               : cover->end[i] - cover->first[i];
    }
  return n > 0 ? 1.0f / (float) n : 0.0f;
}

static inline void
max_row (gint64 n, float *restrict acc, const float *restrict in, gint64 step)
{
  for (gint64 c = 0; c < n; c++)
    acc[c] = in[c * step] > acc[c] ? in[c * step] : acc[c];
}

static inline void
sum_row (gint64 n, float *restrict acc, const float *restrict in, gint64 step)
{
  for (gint64 c = 0; c < n; c++)
    acc[c] += in[c * step];
}

static void
gather_row (const Pool *pool, gint64 n, float *acc, const float *in,
            gint64 step)
{
  if (pool->kind == POOL_NORM)
    for (gint64 c = 0; c < n; c++)
      acc[c] += pool->p == 2.0f ? in[c * step] * in[c * step]
                                : powf (fabsf (in[c * step]), pool->p);
  else if (pool->kind == POOL_MAX && step == 1)
    max_row (n, acc, in, 1);
  else if (pool->kind == POOL_MAX)
    max_row (n, acc, in, step);
  else if (step == 1)
    sum_row (n, acc, in, 1);
  else
    sum_row (n, acc, in, step);
}

static float
finish (const Pool *pool, float sum, float scale)
{
  if (pool->kind == POOL_NORM)
    return pool->p == 2.0f ? sqrtf (sum) : powf (sum, 1.0f / pool->p);
  return sum * scale;
}

/* One output position, @n channels from @c on. */
static void
pool_point (const Pool *pool, const Cover *v, gint64 b, gint64 c, gint64 n)
{
  const PstTensor *in = pool->call->in[0], *out = pool->call->out[0];
  const gint64    *s = in->stride, *t = out->stride;
  const float     *base = (const float *) in->data + b * s[0] + c * s[1];
  float            acc[CHANNELS], scale = 1.0f;
  float           *to = (float *) out->data + b * t[0] + c * t[1];

  for (gint64 i = 0; i < n; i++)
    acc[i] = pool->kind == POOL_MAX ? -INFINITY : 0.0f;
  for (gint64 i = v->first[0]; i < v->end[0]; i++)
    for (gint64 j = v->first[1]; j < v->end[1]; j++)
      for (gint64 k = v->first[2]; k < v->end[2]; k++)
        gather_row (pool, n, acc,
                    base + cover_place (v, &pool->w, pool->from, i, j, k),
                    s[1]);
  if (pool->kind == POOL_MEAN)
    scale = weight_of (pool, v);
  for (int i = 0; i < 3; i++)
    to += v->at[i] * pool->to[i];
  for (gint64 i = 0; i < n; i++)
    to[i * t[1]] = finish (pool, acc[i], scale);
}

/* The place of the first maximum, counted over the whole input. */
static gint64
max_place (const Pool *pool, const Cover *v, gint64 b, gint64 c)
{
  const PstTensor *in = pool->call->in[0];
  const PstWindow *w = &pool->w;
  const gint64    *size = w->in;
  const float     *base =
      (const float *) in->data + b * in->stride[0] + c * in->stride[1];
  gint64 row = b * in->shape.dim[1] + c, best = -1, place = 0;

  for (gint64 i = v->first[0]; i < v->end[0]; i++)
    for (gint64 j = v->first[1]; j < v->end[1]; j++)
      for (gint64 k = v->first[2]; k < v->end[2]; k++)
        {
          gint64 at = cover_place (v, w, pool->from, i, j, k);
          gint64 z = v->origin[0] + i * w->dilation[0];
          gint64 y = v->origin[1] + j * w->dilation[1];
          gint64 x = v->origin[2] + k * w->dilation[2];

          if (best >= 0 && ! (base[at] > base[best]))
            continue;
          best = at;
          place = pool->columns ? (x * size[1] + y) * size[0] + z
                                : (z * size[1] + y) * size[2] + x;
        }
  return row * size[0] * size[1] * size[2] + place;
}

static void
place_point (const Pool *pool, const Cover *v, gint64 b, gint64 c, gint64 n)
{
  const PstTensor *out = pool->call->out[1];
  gint64 at = b * out->stride[0], steps[3];

  pst_window_steps (&pool->w, out, steps);
  for (int i = 0; i < 3; i++)
    at += v->at[i] * steps[i];
  for (gint64 i = c; i < c + n; i++)
    ((gint64 *) out->data)[at + i * out->stride[1]] =
        max_place (pool, v, b, i);
}

static void
pool_item (gpointer data, gsize item, guint worker)
{
  const Pool *pool = data;
  PstCall    *call = pool->call;
  gint64      channels = call->in[0]->shape.dim[1];
  gint64      rows = pool->w.out[0] * pool->w.out[1];
  gint64      b = (gint64) item / rows, row = (gint64) item % rows;
  Cover       cover;

  for (gint64 x = 0; x < pool->w.out[2]; x++)
    {
      cover_set (&cover, pool, row / pool->w.out[1], row % pool->w.out[1], x);
      for (gint64 c = 0; c < channels; c += CHANNELS)
        {
          gint64 n = MIN (CHANNELS, channels - c);

          pool_point (pool, &cover, b, c, n);
          if (call->n_out > 1 && call->out[1])
            place_point (pool, &cover, b, c, n);
        }
    }
}

static void
pool_forward (PstCall *call, Kind kind)
{
  Pool pool;

  pool_setup (&pool, call, kind, call->in[0], call->out[0]);
  if (kind != POOL_NORM && pst_pool_tiles_fit (call, &pool.w))
    {
      pst_pool_tiles_forward (call, &pool.w, kind == POOL_MEAN);
      return;
    }
  pst_pool_run (call->pool,
                call->in[0]->shape.dim[0] * pool.w.out[0] * pool.w.out[1],
                pool_item, &pool);
}

/* The gradient goes to the first of equal maxima. */
static void
max_gradient (gint64 n, float *restrict din, const float *restrict in,
              gint64 step, const float *restrict best, float *restrict rest)
{
  for (gint64 c = 0; c < n; c++)
    {
      float g = in[c * step] == best[c] ? rest[c] : 0.0f;

      din[c * step] += g;
      rest[c] -= g;
    }
}

static void
mean_gradient (gint64 n, float *restrict din, gint64 step,
               const float *restrict rest)
{
  for (gint64 c = 0; c < n; c++)
    din[c * step] += rest[c];
}

static void
gradient_point (const Pool *pool, const Cover *v, gint64 b, gint64 c,
                gint64 n)
{
  PstCall      *call = pool->call;
  const gint64 *s = call->din[0]->stride, *t = call->dout[0]->stride;
  gint64        at = b * t[0] + c * t[1], base = b * s[0] + c * s[1];
  float         best[CHANNELS], rest[CHANNELS];
  float         scale = pool->kind == POOL_MEAN ? weight_of (pool, v) : 1.0f;

  for (int i = 0; i < 3; i++)
    at += v->at[i] * pool->to[i];
  for (gint64 i = 0; i < n; i++)
    {
      rest[i] = ((const float *) call->dout[0]->data)[at + i * t[1]] * scale;
      if (pool->kind == POOL_MAX)
        best[i] = ((const float *) call->out[0]->data)[at + i * t[1]];
    }
  for (gint64 i = v->first[0]; i < v->end[0]; i++)
    for (gint64 j = v->first[1]; j < v->end[1]; j++)
      for (gint64 k = v->first[2]; k < v->end[2]; k++)
        {
          gint64 from =
              base + cover_place (v, &pool->w, pool->from, i, j, k);

          if (pool->kind == POOL_MAX)
            max_gradient (n, (float *) call->din[0]->data + from,
                          (const float *) call->in[0]->data + from, s[1],
                          best, rest);
          else
            mean_gradient (n, (float *) call->din[0]->data + from, s[1],
                           rest);
        }
}

/* Windows of one item touch no input of another: items are samples and
 * blocks of channels, or rows where these do not overlap. */
static void
gradient_item (gpointer data, gsize item, guint worker)
{
  const Pool *pool = data;
  gint64      channels = pool->call->in[0]->shape.dim[1];
  gint64      all = pool->w.out[0] * pool->w.out[1];
  gint64      strips = (all + pool->rows - 1) / pool->rows;
  gint64      block = (gint64) item % pool->blocks;
  gint64      strip = (gint64) item / pool->blocks % strips;
  gint64      b = (gint64) item / pool->blocks / strips;
  gint64      first = pool->blocks > 1 ? block * CHANNELS : 0;
  gint64      last = pool->blocks > 1 ? MIN (first + CHANNELS, channels)
                                      : channels;
  gint64      end = MIN ((strip + 1) * pool->rows, all);
  Cover       cover;

  for (gint64 row = strip * pool->rows; row < end; row++)
    for (gint64 x = 0; x < pool->w.out[2]; x++)
      {
        cover_set (&cover, pool, row / pool->w.out[1], row % pool->w.out[1],
                   x);
        for (gint64 c = first; c < last; c += CHANNELS)
          gradient_point (pool, &cover, b, c, MIN (CHANNELS, last - c));
      }
}

static void
pool_backward (PstCall *call, Kind kind)
{
  const PstShape *shape = &call->in[0]->shape;
  Pool            pool;
  gboolean        apart;
  gint64          rows;

  if (! call->din[0] || ! call->dout[0])
    return;
  pool_setup (&pool, call, kind, call->din[0], call->dout[0]);
  if (pst_pool_tiles_fit (call, &pool.w))
    {
      pst_pool_tiles_backward (call, &pool.w, kind == POOL_MEAN);
      return;
    }
  pst_call_clear (call, 0);
  rows = pool.w.out[0] * pool.w.out[1];
  apart = pool.w.axes < 3 &&
          (pool.w.kernel[1] - 1) * pool.w.dilation[1] < pool.w.stride[1];
  pool.rows = apart ? 1 : rows;
  pool.blocks = apart ? 1 : (shape->dim[1] + CHANNELS - 1) / CHANNELS;
  pst_pool_run (call->pool,
                shape->dim[0] * ((rows + pool.rows - 1) / pool.rows) *
                    pool.blocks,
                gradient_item, &pool);
}

static void
max_pool_forward (PstCall *call)
{
  pool_forward (call, POOL_MAX);
}

static void
max_pool_backward (PstCall *call)
{
  pool_backward (call, POOL_MAX);
}

const PstOp pst_op_max_pool = {
  .domain = "",
  .type = "MaxPool",
  .infer = pool_infer,
  .forward = max_pool_forward,
  .backward = max_pool_backward,
  .keep = PST_KEEP_IN (0) | PST_KEEP_OUT (0),
  .flags = PST_OP_CLEARS,
};

static void
average_pool_forward (PstCall *call)
{
  pool_forward (call, POOL_MEAN);
}

static void
average_pool_backward (PstCall *call)
{
  pool_backward (call, POOL_MEAN);
}

const PstOp pst_op_average_pool = {
  .domain = "",
  .type = "AveragePool",
  .infer = pool_infer,
  .forward = average_pool_forward,
  .backward = average_pool_backward,
  .flags = PST_OP_CLEARS,
};

static void
lp_pool_forward (PstCall *call)
{
  pool_forward (call, POOL_NORM);
}

const PstOp pst_op_lp_pool = {
  .domain = "",
  .type = "LpPool",
  .infer = norm_infer,
  .forward = lp_pool_forward,
};
