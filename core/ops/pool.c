/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MaxPool and AveragePool over maps. */
#include "core/ops/arguments.h"
#include "core/ops/loop.h"
#include "core/ops/window.h"

#define CHANNELS 64 /* worked on at a time */

typedef struct
{
  PstCall  *call;
  PstWindow w;
  gboolean  max;
  gboolean  count_pad; /* padding counts in the average */
  gint64    rows;      /* output rows of one item */
  gint64    blocks;    /* of channels; 1 where rows are the items */
} Pool;

static void
pool_setup (Pool *pool, PstCall *call, gboolean max)
{
  pool->call = call;
  pool->max = max;
  pool->count_pad =
      pst_node_get_int (call->node, "count_include_pad", 0) != 0;
  pst_window_read (&pool->w, call, NULL);
}

static gboolean
pool_infer (PstCall *call, GError **error)
{
  PstWindow w;

  if (! pst_call_check (call, 1, 1, 4, error) ||
      ! pst_window_read (&w, call, error))
    return FALSE;
  if (call->n_out > 1 && call->out[1])
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("cannot give the places of the maxima"));
  pst_call_like (call, 0);
  call->out[0]->shape.dim[2] = w.out[0];
  call->out[0]->shape.dim[3] = w.out[1];
  return pst_arg_fits (call, 0, error);
}

/* One over the number of elements that an average is made of. */
static float
weight_of (const Pool *pool, gint64 y, gint64 x, gint64 inside)
{
  const PstWindow *w = &pool->w;
  gint64           at[2] = { y, x }, n = 1;

  if (! pool->count_pad)
    return inside > 0 ? 1.0f / (float) inside : 0.0f;
  /* what the window covers of the padded map */
  for (int i = 0; i < 2; i++)
    {
      gint64 end = w->in[i] + w->before[i] + w->after[i];
      gint64 room = end - at[i] * w->stride[i];

      n *= CLAMP ((room + w->dilation[i] - 1) / w->dilation[i], 1,
                  w->kernel[i]);
    }
  return 1.0f / (float) n;
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

/* One output position, @n channels from @c on. */
static void
pool_point (const Pool *pool, gint64 b, gint64 y, gint64 x, gint64 c,
            gint64 n)
{
  const PstTensor *in = pool->call->in[0], *out = pool->call->out[0];
  const PstWindow *w = &pool->w;
  const gint64    *s = in->stride, *t = out->stride;
  float            acc[CHANNELS], scale = 1.0f;
  float           *to;
  gint64           y0, y1, x0, x1;

  pst_window_clip (w, 0, y, &y0, &y1);
  pst_window_clip (w, 1, x, &x0, &x1);
  for (gint64 i = 0; i < n; i++)
    acc[i] = pool->max ? -G_MAXFLOAT : 0.0f;
  for (gint64 i = y0; i < y1; i++)
    for (gint64 j = x0; j < x1; j++)
      {
        gint64 yy = y * w->stride[0] - w->before[0] + i * w->dilation[0];
        gint64 xx = x * w->stride[1] - w->before[1] + j * w->dilation[1];
        const float *from = (const float *) in->data + b * s[0] + c * s[1] +
                            yy * s[2] + xx * s[3];

        if (pool->max && s[1] == 1)
          max_row (n, acc, from, 1);
        else if (pool->max)
          max_row (n, acc, from, s[1]);
        else if (s[1] == 1)
          sum_row (n, acc, from, 1);
        else
          sum_row (n, acc, from, s[1]);
      }
  if (! pool->max)
    scale = weight_of (pool, y, x, (y1 - y0) * (x1 - x0));
  to = (float *) out->data + b * t[0] + c * t[1] + y * t[2] + x * t[3];
  for (gint64 i = 0; i < n; i++)
    to[i * t[1]] = acc[i] * scale;
}

static void
pool_item (gpointer data, gsize item, guint worker)
{
  const Pool *pool = data;
  gint64      channels = pool->call->in[0]->shape.dim[1];
  gint64      height = pool->w.out[0];
  gint64      b = (gint64) item / height, y = (gint64) item % height;

  for (gint64 x = 0; x < pool->w.out[1]; x++)
    for (gint64 c = 0; c < channels; c += CHANNELS)
      pool_point (pool, b, y, x, c, MIN (CHANNELS, channels - c));
}

static void
pool_forward (PstCall *call, gboolean max)
{
  Pool pool;

  pool_setup (&pool, call, max);
  pst_pool_run (call->pool, call->in[0]->shape.dim[0] * pool.w.out[0],
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
gradient_point (const Pool *pool, gint64 b, gint64 y, gint64 x, gint64 c,
                gint64 n)
{
  PstCall         *call = pool->call;
  const PstTensor *din = call->din[0], *dout = call->dout[0];
  const PstWindow *w = &pool->w;
  const gint64    *s = din->stride, *t = dout->stride;
  gint64 at = b * t[0] + c * t[1] + y * t[2] + x * t[3];
  float  best[CHANNELS], rest[CHANNELS], scale = 1.0f;
  gint64 y0, y1, x0, x1;

  pst_window_clip (w, 0, y, &y0, &y1);
  pst_window_clip (w, 1, x, &x0, &x1);
  if (! pool->max)
    scale = weight_of (pool, y, x, (y1 - y0) * (x1 - x0));
  for (gint64 i = 0; i < n; i++)
    {
      rest[i] = ((const float *) dout->data)[at + i * t[1]] * scale;
      if (pool->max)
        best[i] = ((const float *) call->out[0]->data)[at + i * t[1]];
    }
  for (gint64 i = y0; i < y1; i++)
    for (gint64 j = x0; j < x1; j++)
      {
        gint64 yy = y * w->stride[0] - w->before[0] + i * w->dilation[0];
        gint64 xx = x * w->stride[1] - w->before[1] + j * w->dilation[1];
        gint64 from = b * s[0] + c * s[1] + yy * s[2] + xx * s[3];

        if (pool->max)
          max_gradient (n, (float *) din->data + from,
                        (const float *) call->in[0]->data + from, s[1], best,
                        rest);
        else
          mean_gradient (n, (float *) din->data + from, s[1], rest);
      }
}

/* Windows of one item touch no input of another: items are samples and
 * blocks of channels, or rows where these do not overlap. */
static void
gradient_item (gpointer data, gsize item, guint worker)
{
  const Pool *pool = data;
  gint64      channels = pool->call->in[0]->shape.dim[1];
  gint64      strips = (pool->w.out[0] + pool->rows - 1) / pool->rows;
  gint64      block = (gint64) item % pool->blocks;
  gint64      strip = (gint64) item / pool->blocks % strips;
  gint64      b = (gint64) item / pool->blocks / strips;
  gint64      first = pool->blocks > 1 ? block * CHANNELS : 0;
  gint64      last = pool->blocks > 1 ? MIN (first + CHANNELS, channels)
                                      : channels;
  gint64      end = MIN ((strip + 1) * pool->rows, pool->w.out[0]);

  for (gint64 y = strip * pool->rows; y < end; y++)
    for (gint64 x = 0; x < pool->w.out[1]; x++)
      for (gint64 c = first; c < last; c += CHANNELS)
        gradient_point (pool, b, y, x, c, MIN (CHANNELS, last - c));
}

static void
pool_backward (PstCall *call, gboolean max)
{
  const PstShape *shape = &call->in[0]->shape;
  Pool            pool;
  gboolean        apart;
  gint64          strips;

  if (! call->din[0] || ! call->dout[0])
    return;
  pool_setup (&pool, call, max);
  apart = (pool.w.kernel[0] - 1) * pool.w.dilation[0] < pool.w.stride[0];
  pool.rows = apart ? 1 : pool.w.out[0];
  pool.blocks = apart ? 1 : (shape->dim[1] + CHANNELS - 1) / CHANNELS;
  strips = (pool.w.out[0] + pool.rows - 1) / pool.rows;
  pst_pool_run (call->pool, shape->dim[0] * strips * pool.blocks,
                gradient_item, &pool);
}

static void
max_pool_forward (PstCall *call)
{
  pool_forward (call, TRUE);
}

static void
max_pool_backward (PstCall *call)
{
  pool_backward (call, TRUE);
}

const PstOp pst_op_max_pool = {
  .domain = "",
  .type = "MaxPool",
  .infer = pool_infer,
  .forward = max_pool_forward,
  .backward = max_pool_backward,
  .keep = PST_KEEP_IN (0) | PST_KEEP_OUT (0),
};

static void
average_pool_forward (PstCall *call)
{
  pool_forward (call, FALSE);
}

static void
average_pool_backward (PstCall *call)
{
  pool_backward (call, FALSE);
}

const PstOp pst_op_average_pool = {
  .domain = "",
  .type = "AveragePool",
  .infer = pool_infer,
  .forward = average_pool_forward,
  .backward = average_pool_backward,
};
