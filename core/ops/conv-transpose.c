/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ConvTranspose over maps: X [N, C, H, W], weights [C, M / groups, kh, kw],
 * bias [M]. Every input pixel adds its weights, kernel-sized, to the result:
 * y (s i + d k - p) += x (i) w (k).
 *
 * Worked on by rows of the result: each (input row, kernel row) belongs to
 * one of them, and is one matrix product, [W, C] with [C, kw M], whose
 * columns are then added in at their places. */
#include <string.h>

#include "core/base/memory.h"
#include "core/kernels/gemm.h"

#include "core/ops/arguments.h"
#include "core/ops/loop.h"
#include "core/ops/window.h"

#define PARTS 16 /* sums that make up the gradient of the weights */

#define TENSORS 6 /* that have pixels: X, W, Y and their gradients */

typedef struct
{
  PstCall *call;
  int      axes; /* 2, or 1 for lines, which are maps of one row */
  gint64   in[2], out[2], kernel[2];
  gint64   stride[2], dilation[2];
  gint64   before[2]; /* padding: taken off the result's begin */
  gint64   groups;
  gint64   c, m; /* input and output channels of one group */
  float   *packed; /* [groups, kh, C, kw, M] */
  float   *parts;  /* [PARTS] of the same */
  /* what @call is for lines */
  PstCall    map_call;
  PstTensor  map[TENSORS];
  PstTensor *map_in[3], *map_out[1], *map_din[3], *map_dout[1];
} Deconv;

/* A line [A, B, L] as [A, B, 1, L], in @view. */
static PstTensor *
as_map (PstTensor *view, PstTensor *line)
{
  if (! line)
    return NULL;
  *view = *line;
  view->shape.rank = 4;
  view->shape.dim[3] = line->shape.dim[2];
  view->stride[3] = line->stride[2];
  view->shape.dim[2] = 1;
  return view;
}

/* Sets @d up to work on maps, whatever @call has. */
static void
take_maps (Deconv *d, const PstCall *call, gboolean outputs)
{
  d->call = (PstCall *) call;
  d->axes = call->in[0]->shape.rank - 2;
  if (d->axes == 2)
    return;
  d->map_call = *call;
  d->map_call.in = d->map_in;
  d->map_in[0] = as_map (&d->map[0], call->in[0]);
  d->map_in[1] = as_map (&d->map[1], call->in[1]);
  d->map_in[2] = call->n_in > 2 ? call->in[2] : NULL;
  d->call = &d->map_call;
  if (! outputs)
    return;
  d->map_call.out = d->map_out;
  d->map_out[0] = as_map (&d->map[2], call->out[0]);
  if (! call->din || ! call->dout)
    return;
  d->map_call.din = d->map_din;
  d->map_call.dout = d->map_dout;
  d->map_din[0] = as_map (&d->map[3], call->din[0]);
  d->map_din[1] = as_map (&d->map[4], call->din[1]);
  d->map_din[2] = call->n_in > 2 ? call->din[2] : NULL;
  d->map_dout[0] = as_map (&d->map[5], call->dout[0]);
}

/* The result's size and the padding, from pads, auto_pad or output_shape.
 * Where a given size is larger than what there is, the rest is bias. */
static gboolean
read_sizes (Deconv *d, const PstCall *call, GError **error)
{
  const char *mode = pst_node_get_string (call->node, "auto_pad", "NOTSET");
  gint64      pads[4] = { 0 }, more[2] = { 0 }, wanted[4];
  int         n, axes = d->axes, first = 2 - d->axes;

  if (! pst_window_numbers (call, "pads", 0, 2 * axes, pads, error) ||
      ! pst_window_numbers (call, "output_padding", 0, axes, more + first,
                            error) ||
      ! pst_arg_ints (call, -1, "output_shape", 4, wanted, &n, error))
    return FALSE;
  if (axes == 1)
    {
      pads[3] = pads[1];
      pads[1] = pads[0];
      pads[0] = 0;
    }
  if (n >= 0 && n != axes && n != 2 + axes)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("“%s” makes no sense for a map"),
                          "output_shape");
  for (int i = 0; i < 2; i++)
    {
      gint64 full = (d->in[i] - 1) * d->stride[i] + more[i] +
                    (d->kernel[i] - 1) * d->dilation[i] + 1;
      gint64 all = pads[i] + pads[2 + i];

      d->before[i] = pads[i];
      d->out[i] = full - all;
      if (n >= 0 || g_str_has_prefix (mode, "SAME_"))
        {
          gint64 size = i < first ? 1
                        : n >= 0  ? wanted[n - 2 + i]
                                  : d->in[i] * d->stride[i];

          all = MAX (0, full - size);
          d->out[i] = n >= 0 ? size : full - all;
          d->before[i] =
              strcmp (mode, "SAME_UPPER") == 0 ? all / 2 : all - all / 2;
        }
      else if (strcmp (mode, "VALID") == 0)
        {
          d->before[i] = 0;
          d->out[i] = full;
        }
      if (d->out[i] < 1 || d->out[i] > PST_WINDOW_MOST)
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("a map of size %s gives no result"),
                              PST_ARG_SHAPE (call->in[0]));
    }
  return TRUE;
}

static gboolean
read_deconv (Deconv *d, const PstCall *call, GError **error)
{
  const gint64 *x, *w;
  gint64        kernel[2];
  int           axes, first;

  memset (d, 0, sizeof *d);
  take_maps (d, call, FALSE);
  axes = d->axes;
  first = 2 - axes;
  x = d->call->in[0]->shape.dim;
  w = d->call->in[1]->shape.dim;
  memcpy (kernel, w + 2, sizeof kernel);
  d->groups = pst_node_get_int (call->node, "group", 1);
  if (d->groups < 1 || w[0] < 1 || w[1] < 1 || w[0] % d->groups ||
      w[0] != x[1] || w[1] > PST_WINDOW_MOST / d->groups ||
      MAX (w[2], w[3]) > PST_WINDOW_MOST || MIN (w[2], w[3]) < 1)
    return pst_call_fail (
        call, error, PST_ERROR_SHAPE,
        _ ("weights of size %s do not fit to a map of size %s"),
        PST_ARG_SHAPE (call->in[1]), PST_ARG_SHAPE (call->in[0]));
  if (MIN (x[2], x[3]) < 1 || MAX (x[2], x[3]) > PST_WINDOW_MOST || x[0] < 1)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("a map of size %s cannot be worked on"),
                          PST_ARG_SHAPE (call->in[0]));
  d->c = w[0] / d->groups;
  d->m = w[1];
  for (int i = 0; i < 2; i++)
    {
      d->in[i] = x[2 + i];
      d->kernel[i] = w[2 + i];
      d->stride[i] = d->dilation[i] = 1;
    }
  if (! pst_window_numbers (call, "kernel_shape", 1, axes, kernel + first,
                            error) ||
      ! pst_window_numbers (call, "strides", 1, axes, d->stride + first,
                            error) ||
      ! pst_window_numbers (call, "dilations", 1, axes, d->dilation + first,
                            error))
    return FALSE;
  if (kernel[0] != w[2] || kernel[1] != w[3])
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("“kernel_shape” is not that of its weights"));
  return read_sizes (d, call, error);
}

static gint64
packed_count (const Deconv *d)
{
  return d->groups * d->kernel[0] * d->kernel[1] * d->c * d->m;
}

static gboolean
deconv_infer (PstCall *call, GError **error)
{
  PstShape row;
  Deconv   d;
  int      rank;

  if (! pst_call_check (call, 2, 3, -1, error) ||
      ! pst_arg_float (call, 1, error) || ! pst_arg_float (call, 2, error))
    return FALSE;
  rank = call->in[0]->shape.rank;
  if (rank < 3 || rank > 4)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("its input has %d dimensions, must have %d to "
                             "%d"),
                          rank, 3, 4);
  if (call->in[1]->shape.rank != rank)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its weights have %d dimensions, must have %d"),
                          call->in[1]->shape.rank, rank);
  if (! read_deconv (&d, call, error))
    return FALSE;
  if (pst_arg_input (call, 2) &&
      pst_tensor_count (call->in[2]) != d.m * d.groups)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its bias of size %s does not fit"),
                          PST_ARG_SHAPE (call->in[2]));
  row = PST_SHAPE (d.in[1], d.kernel[1], d.m);
  if (pst_shape_count (&row) < 0 ||
      MAX (d.kernel[1] * d.m, d.in[1]) > G_MAXINT32)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its weights are too large"));
  call->out[0]->dtype = PST_FLOAT32;
  call->out[0]->shape = PST_SHAPE (call->in[0]->shape.dim[0],
                                   d.m * d.groups, d.out[0], d.out[1]);
  if (rank == 3)
    call->out[0]->shape = PST_SHAPE (call->in[0]->shape.dim[0],
                                     d.m * d.groups, d.out[1]);
  return pst_arg_fits (call, 0, error);
}

/* Bytes of one worker's row of columns, [W, kw, M]. */
static gsize
row_bytes (const Deconv *d)
{
  return pst_memory_align (sizeof (float) * d->in[1] * d->kernel[1] * d->m);
}

static gsize
packed_bytes (const Deconv *d)
{
  return pst_memory_align (sizeof (float) * packed_count (d));
}

static gint64
count_parts (const Deconv *d)
{
  return MIN (PARTS, d->call->in[0]->shape.dim[0] * d->in[0]);
}

/* A bias (or its gradient) as [M, 1, 1]. */
static PstTensor
bias_view (const PstTensor *bias)
{
  PstTensor view = *bias;

  view.shape = PST_SHAPE (pst_tensor_count (bias), 1, 1);
  view.stride[0] = 1;
  return view;
}

static void
deconv_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  PstTensor g = *call->out[0];
  gsize     backward = 0;
  Deconv    d;

  read_deconv (&d, call, NULL);
  *per_worker = row_bytes (&d);
  if (call->din && call->din[1])
    backward = packed_bytes (&d) * count_parts (&d);
  if (call->din && call->n_in > 2 && call->din[2])
    {
      PstTensor bias = bias_view (call->in[2]), view;

      pst_tensor_layout (&g); /* may not be laid out yet */
      if (d.axes == 1)
        g = *as_map (&view, &g);
      backward = MAX (backward, pst_view_sum_scratch (&bias, &g));
    }
  *shared = packed_bytes (&d) + backward;
}

/* Between the weights' own layout and the packed one; @add adds back. */
static void
pack_weights (const Deconv *d, const PstTensor *weights, float *packed,
              gboolean add)
{
  const gint64 *s = weights->stride;
  float        *w = weights->data;
  gint64        at = 0;

  for (gint64 g = 0; g < d->groups; g++)
    for (gint64 ky = 0; ky < d->kernel[0]; ky++)
      for (gint64 c = g * d->c; c < (g + 1) * d->c; c++)
        for (gint64 kx = 0; kx < d->kernel[1]; kx++)
          for (gint64 m = 0; m < d->m; m++, at++)
            {
              float *one = w + c * s[0] + m * s[1] + ky * s[2] + kx * s[3];

              if (add)
                *one += packed[at];
              else
                packed[at] = *one;
            }
}

static const float *
packed_row (const Deconv *d, const float *packed, gint64 group, gint64 ky)
{
  return packed +
         (group * d->kernel[0] + ky) * d->c * d->kernel[1] * d->m;
}

/* A row of a map's group of channels as a matrix for BLAS: pixels by
 * channels, or the other way round where channels lie apart. */
typedef struct
{
  float   *data;
  gint64   ld;
  gboolean transposed;
} RowMatrix;

static RowMatrix
input_row (const Deconv *d, const PstTensor *map, gint64 b, gint64 y,
           gint64 group)
{
  const gint64 *s = map->stride;
  RowMatrix     row;
  gboolean      last = pst_tensor_is_map (map);

  row.data = (float *) map->data + b * s[0] + y * s[2] +
             group * d->c * s[1];
  row.transposed = ! last;
  row.ld = last ? d->c * d->groups : d->in[0] * d->in[1];
  return row;
}

/* The row of the result that input row @y adds to with kernel row @ky. */
static gint64
result_row (const Deconv *d, gint64 y, gint64 ky)
{
  return y * d->stride[0] + ky * d->dilation[0] - d->before[0];
}

/* Visits the pixels of a row of the result that a row of columns belongs to:
 * adds the columns to it, or takes the columns from it. */
static void
place_columns (const Deconv *d, float *columns, const PstTensor *map,
               gint64 b, gint64 y, gint64 group, gboolean take)
{
  const gint64 *s = map->stride;
  float *row = (float *) map->data + b * s[0] + y * s[2] +
               group * d->m * s[1];

  for (gint64 x = 0; x < d->in[1]; x++)
    for (gint64 kx = 0; kx < d->kernel[1]; kx++, columns += d->m)
      {
        gint64 to = x * d->stride[1] + kx * d->dilation[1] - d->before[1];
        float *pixel = row + to * s[3];

        if (to < 0 || to >= d->out[1])
          {
            if (take)
              memset (columns, 0, sizeof (float) * d->m);
          }
        else if (take)
          for (gint64 m = 0; m < d->m; m++)
            columns[m] = pixel[m * s[1]];
        else if (s[1] == 1)
          PST_VECTOR for (gint64 m = 0; m < d->m; m++) pixel[m] += columns[m];
        else
          for (gint64 m = 0; m < d->m; m++)
            pixel[m * s[1]] += columns[m];
      }
}

static void
start_row (const Deconv *d, gint64 b, gint64 y)
{
  const PstTensor *out = d->call->out[0];
  const PstTensor *bias = pst_arg_input (d->call, 2);
  const gint64    *s = out->stride;
  float           *row = (float *) out->data + b * s[0] + y * s[2];

  for (gint64 x = 0; x < d->out[1]; x++)
    for (gint64 m = 0; m < d->m * d->groups; m++)
      row[x * s[3] + m * s[1]] =
          bias ? ((const float *) bias->data)[m] : 0.0f;
}

static void
forward_item (gpointer data, gsize item, guint worker)
{
  const Deconv *d = data;
  float        *columns = pst_call_scratch (d->call, worker);
  gint64 b = (gint64) item / d->out[0], y = (gint64) item % d->out[0];
  gint64 n = d->kernel[1] * d->m;

  start_row (d, b, y);
  for (gint64 ky = 0; ky < d->kernel[0]; ky++)
    {
      gint64 from = y + d->before[0] - ky * d->dilation[0];

      if (from < 0 || from % d->stride[0] || from / d->stride[0] >= d->in[0])
        continue;
      for (gint64 g = 0; g < d->groups; g++)
        {
          RowMatrix x =
              input_row (d, d->call->in[0], b, from / d->stride[0], g);

          pst_gemm (x.transposed, FALSE, d->in[1], n, d->c, 1.0f, x.data,
                    x.ld, packed_row (d, d->packed, g, ky), n, 0.0f, columns,
                    n);
          place_columns (d, columns, d->call->out[0], b, y, g, FALSE);
        }
    }
}

static void
deconv_setup (Deconv *d, PstCall *call)
{
  read_deconv (d, call, NULL);
  take_maps (d, call, TRUE);
  d->packed = (float *) call->shared;
  d->parts = (float *) (call->shared + packed_bytes (d));
}

static void
deconv_forward (PstCall *call)
{
  Deconv d;

  deconv_setup (&d, call);
  call = d.call;
  pack_weights (&d, call->in[1], d.packed, FALSE);
  pst_pool_run (call->pool, call->in[0]->shape.dim[0] * d.out[0],
                forward_item, &d);
}

/* dX, one row of it: the columns of the result's gradient by the weights. */
static void
input_item (gpointer data, gsize item, guint worker)
{
  const Deconv *d = data;
  float        *columns = pst_call_scratch (d->call, worker);
  gint64 b = (gint64) item / d->in[0], y = (gint64) item % d->in[0];
  gint64 n = d->kernel[1] * d->m;

  for (gint64 ky = 0; ky < d->kernel[0]; ky++)
    for (gint64 g = 0; g < d->groups; g++)
      {
        RowMatrix    dx = input_row (d, d->call->din[0], b, y, g);
        const float *w = packed_row (d, d->packed, g, ky);
        gint64       to = result_row (d, y, ky);

        if (to < 0 || to >= d->out[0])
          continue;
        place_columns (d, columns, d->call->dout[0], b, to, g, TRUE);
        if (dx.transposed)
          pst_gemm (FALSE, TRUE, d->c, d->in[1], n, 1.0f, w, n, columns, n,
                    1.0f, dx.data, dx.ld);
        else
          pst_gemm (FALSE, TRUE, d->in[1], d->c, n, 1.0f, columns, n, w, n,
                    1.0f, dx.data, dx.ld);
      }
}

/* One part of dW: the sum over every PARTS-th share of all input rows. */
static void
weight_item (gpointer data, gsize item, guint worker)
{
  const Deconv *d = data;
  float        *columns = pst_call_scratch (d->call, worker);
  float        *part = d->parts + (gint64) item * packed_bytes (d) / 4;
  gint64        n = d->kernel[1] * d->m, parts = count_parts (d);
  gint64        rows = d->call->in[0]->shape.dim[0] * d->in[0];
  gint64        end = rows * ((gint64) item + 1) / parts;

  memset (part, 0, packed_bytes (d));
  for (gint64 row = rows * (gint64) item / parts; row < end; row++)
    for (gint64 ky = 0; ky < d->kernel[0]; ky++)
      for (gint64 g = 0; g < d->groups; g++)
        {
          gint64    b = row / d->in[0], y = row % d->in[0];
          gint64    to = result_row (d, y, ky);
          RowMatrix x = input_row (d, d->call->in[0], b, y, g);

          if (to < 0 || to >= d->out[0])
            continue;
          place_columns (d, columns, d->call->dout[0], b, to, g, TRUE);
          pst_gemm (! x.transposed, FALSE, d->c, n, d->in[1], 1.0f, x.data,
                    x.ld, columns, n, 1.0f,
                    (float *) packed_row (d, part, g, ky), n);
        }
}

static void
weight_gradient (Deconv *d)
{
  gint64 parts = count_parts (d), step = packed_bytes (d) / 4;

  pst_pool_run (d->call->pool, parts, weight_item, d);
  for (gint64 k = 1; k < parts; k++)
    for (gint64 i = 0; i < packed_count (d); i++)
      d->parts[i] += d->parts[k * step + i];
  pack_weights (d, d->call->din[1], d->parts, TRUE);
}

static void
deconv_backward (PstCall *call)
{
  Deconv d;

  if (! call->dout[0])
    return;
  deconv_setup (&d, call);
  call = d.call;
  if (call->din[0])
    {
      pack_weights (&d, call->in[1], d.packed, FALSE);
      pst_pool_run (call->pool, call->in[0]->shape.dim[0] * d.in[0],
                    input_item, &d);
    }
  if (call->din[1])
    weight_gradient (&d);
  if (call->n_in > 2 && call->din[2])
    {
      PstTensor bias = bias_view (call->din[2]);

      pst_view_sum_add (call->pool, &bias, call->dout[0], 1.0f, d.parts);
    }
}

const PstOp pst_op_conv_transpose = {
  .domain = "",
  .type = "ConvTranspose",
  .infer = deconv_infer,
  .scratch = deconv_scratch,
  .forward = deconv_forward,
  .backward = deconv_backward,
  .keep = PST_KEEP_IN (0) | PST_KEEP_IN (1),
};
