/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolution of lines and volumes: blocks of the result's pixels are products
 * of the weights with columns of what each pixel sees. */
#include "core/ops/conv-volume.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/kernels/gemm.h"
#include "core/ops/arguments.h"
#include "core/ops/loop.h"
#include "core/ops/window.h"

#define BLOCK_FLOATS 131072 /* of columns */

typedef struct
{
  PstCall  *call;
  PstWindow w;
  gint64    n, groups;
  gint64    c, k;         /* channels of one group, in and out */
  gint64    taps, depth;  /* elements of the kernel; of a column */
  gint64    pixels_in, pixels;
  gint64    block, blocks; /* pixels worked on at a time */
} Volume;

static gint64
volume_of (const gint64 *size)
{
  return size[0] * size[1] * size[2];
}

static void
measure (Volume *v, PstCall *call)
{
  const gint64 *w = call->in[1]->shape.dim;

  pst_window_read (&v->w, call, NULL);
  v->call = call;
  v->n = call->in[0]->shape.dim[0];
  v->groups = pst_node_get_int (call->node, "group", 1);
  v->c = w[1];
  v->k = w[0] / v->groups;
  v->taps = volume_of (v->w.kernel);
  v->depth = v->c * v->taps;
  v->pixels_in = volume_of (v->w.in);
  v->pixels = volume_of (v->w.out);
  v->block = CLAMP (BLOCK_FLOATS / v->depth, 16, v->pixels);
  v->blocks = (v->pixels + v->block - 1) / v->block;
}

static gboolean
check_weights (const PstCall *call, GError **error)
{
  const PstShape *x = &call->in[0]->shape, *w = &call->in[1]->shape;
  gint64          groups = pst_node_get_int (call->node, "group", 1);
  gboolean        good = w->rank == x->rank && groups >= 1;

  for (int i = 0; good && i < w->rank; i++)
    good = w->dim[i] >= 1 && w->dim[i] <= PST_WINDOW_MOST && x->dim[i] >= 1 &&
           x->dim[i] <= PST_WINDOW_MOST;
  if (! good || w->dim[0] % groups || x->dim[1] % groups ||
      x->dim[1] / groups != w->dim[1])
    return pst_call_fail (
        call, error, PST_ERROR_SHAPE,
        _ ("weights of size %s do not fit to a map of size %s"),
        PST_ARG_SHAPE (call->in[1]), PST_ARG_SHAPE (call->in[0]));
  if (pst_arg_input (call, 2) &&
      pst_tensor_count (call->in[2]) != w->dim[0])
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its bias of size %s does not fit"),
                          PST_ARG_SHAPE (call->in[2]));
  return TRUE;
}

gboolean
pst_conv_volume_infer (PstCall *call, GError **error)
{
  PstShape *out = &call->out[0]->shape;
  PstWindow w;

  if (! pst_call_check (call, 2, 3, -1, error) ||
      ! pst_arg_float (call, 1, error) || ! pst_arg_float (call, 2, error) ||
      ! check_weights (call, error) || ! pst_window_read (&w, call, error))
    return FALSE;
  pst_call_like (call, 0);
  out->dim[1] = call->in[1]->shape.dim[0];
  for (int i = 0; i < w.axes; i++)
    {
      out->dim[2 + i] = w.out[PST_WINDOW_AXES - w.axes + i];
      if (call->in[1]->shape.dim[2 + i] !=
          w.kernel[PST_WINDOW_AXES - w.axes + i])
        return pst_call_fail (
            call, error, PST_ERROR_SHAPE,
            _ ("“kernel_shape” is not that of its weights"));
    }
  if (pst_tensor_count (call->in[1]) > G_MAXINT32 ||
      volume_of (w.out) > G_MAXINT32)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its weights are too large"));
  return pst_arg_fits (call, 0, error);
}

void
pst_conv_volume_scratch (const PstCall *call, gsize *shared,
                         gsize *per_worker)
{
  Volume v;

  measure (&v, (PstCall *) call);
  *per_worker = pst_memory_align (sizeof (float) * v.depth * v.block);
}

/* For one channel and one element of the kernel, and for @n pixels of the
 * result from @first on: takes what they see of @x into @row, or adds @row
 * to it. */
static void
walk_row (const Volume *v, float *x, gint64 tap, gint64 first, gint64 n,
          float *row, gboolean add)
{
  const PstWindow *w = &v->w;
  gint64           at[3], from[3];

  for (int i = 2; i >= 0; tap /= w->kernel[i--])
    from[i] = tap % w->kernel[i] * w->dilation[i] - w->before[i];
  for (int i = 2; i >= 0; first /= w->out[i--])
    at[i] = first % w->out[i];
  for (gint64 p = 0; p < n; p++)
    {
      gint64   place = 0;
      gboolean inside = TRUE;

      for (int i = 0; i < 3; i++)
        {
          gint64 here = at[i] * w->stride[i] + from[i];

          inside = inside && here >= 0 && here < w->in[i];
          place = place * w->in[i] + here;
        }
      if (! add)
        row[p] = inside ? x[place] : 0.0f;
      else if (inside)
        x[place] += row[p];
      for (int i = 2; i >= 0 && ++at[i] == w->out[i]; i--)
        at[i] = 0;
    }
}

/* All of [depth, n], between @x, the channels of one group, and @columns. */
static void
walk_columns (const Volume *v, float *x, gint64 first, gint64 n,
              float *columns, gboolean add)
{
  for (gint64 row = 0; row < v->depth; row++)
    walk_row (v, x + row / v->taps * v->pixels_in, row % v->taps, first, n,
              columns + row * n, add);
}

static float *
group_of (const PstTensor *tensor, gint64 group, gint64 floats)
{
  return (float *) tensor->data + group * floats;
}

static void
forward_item (gpointer data, gsize item, guint worker)
{
  const Volume    *v = data;
  const PstTensor *bias = pst_arg_input (v->call, 2);
  gint64           first = (gint64) item % v->blocks * v->block;
  gint64           part = (gint64) item / v->blocks, g = part % v->groups;
  gint64           n = MIN (v->block, v->pixels - first);
  float           *columns = pst_call_scratch (v->call, worker);
  float           *y =
      group_of (v->call->out[0], part, v->k * v->pixels) + first;

  walk_columns (v, group_of (v->call->in[0], part, v->c * v->pixels_in),
                first, n, columns, FALSE);
  for (gint64 k = 0; k < v->k; k++)
    for (gint64 p = 0; p < n; p++)
      y[k * v->pixels + p] =
          bias ? ((const float *) bias->data)[g * v->k + k] : 0.0f;
  pst_gemm (FALSE, FALSE, v->k, n, v->depth, 1.0f,
            group_of (v->call->in[1], g, v->k * v->depth), v->depth, columns,
            n, 1.0f, y, v->pixels);
}

void
pst_conv_volume_forward (PstCall *call)
{
  Volume v;

  measure (&v, call);
  pst_pool_run (call->pool, v.n * v.groups * v.blocks, forward_item, &v);
}

/* dX of one sample and group: the columns of W^T dY, added back. */
static void
input_item (gpointer data, gsize item, guint worker)
{
  const Volume *v = data;
  PstCall      *call = v->call;
  float        *columns = pst_call_scratch (call, worker);
  float *dx = group_of (call->din[0], (gint64) item, v->c * v->pixels_in);
  float *dy = group_of (call->dout[0], (gint64) item, v->k * v->pixels);
  float *w = group_of (call->in[1], (gint64) item % v->groups,
                       v->k * v->depth);

  for (gint64 first = 0; first < v->pixels; first += v->block)
    {
      gint64 n = MIN (v->block, v->pixels - first);

      pst_gemm (TRUE, FALSE, v->depth, n, v->k, 1.0f, w, v->depth,
                dy + first, v->pixels, 0.0f, columns, n);
      walk_columns (v, dx, first, n, columns, TRUE);
    }
}

/* dW of one group, summed over samples and blocks in their order. */
static void
weight_item (gpointer data, gsize item, guint worker)
{
  const Volume *v = data;
  PstCall      *call = v->call;
  float        *columns = pst_call_scratch (call, worker);
  float *dw = group_of (call->din[1], (gint64) item, v->k * v->depth);

  for (gint64 b = 0; b < v->n; b++)
    for (gint64 first = 0; first < v->pixels; first += v->block)
      {
        gint64 part = b * v->groups + (gint64) item;
        gint64 n = MIN (v->block, v->pixels - first);

        walk_columns (v, group_of (call->in[0], part, v->c * v->pixels_in),
                      first, n, columns, FALSE);
        pst_gemm (FALSE, TRUE, v->k, v->depth, n, 1.0f,
                  group_of (call->dout[0], part, v->k * v->pixels) + first,
                  v->pixels, columns, n, 1.0f, dw, v->depth);
      }
}

static void
bias_gradient (const Volume *v)
{
  PstTensor db = *v->call->din[2], dy = *v->call->dout[0];

  db.shape = PST_SHAPE (v->k * v->groups, 1);
  db.stride[0] = 1;
  dy.shape = PST_SHAPE (v->n, v->k * v->groups, v->pixels);
  pst_tensor_layout_plain (&dy);
  pst_view_sum_add (v->call->pool, &db, &dy, 1.0f, NULL);
}

void
pst_conv_volume_backward (PstCall *call)
{
  Volume v;

  if (! call->dout[0])
    return;
  measure (&v, call);
  if (call->din[0])
    pst_pool_run (call->pool, v.n * v.groups, input_item, &v);
  if (call->din[1])
    pst_pool_run (call->pool, v.groups, weight_item, &v);
  if (call->n_in > 2 && call->din[2])
    bias_gradient (&v);
}
