/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/base/memory.h"
#include "core/kernels/gemm.h"
#include "core/kernels/kernels.h"
#include "core/ops/conv.h"

/*
 * Gradients of conv-winograd.c's convolutions, the adjoints of its transforms:
 *
 *   V [36, t, c]  = B' d B     t tiles of 6 x 6 pixels, read by the tables
 *   dM [36, t, k] = A dy A'
 *   dU [36, c, k] = V' dM,  dg = G' dU G
 *   dV [36, t, c] = dM U',  dd = B dV B' added back by the tables
 *
 * A block of tiles stays in the second-level cache.
 */

#define BLOCK_FLOATS (200 * 1024)

typedef struct
{
  const PstConv    *conv;
  const PstKernels *kernels;
  PstCall          *call;
  gint64            tiles_x, tiles_y;
  gint64            block;    /* tiles */
  gint64            n_blocks; /* of a sample */
  gint64            n_slices; /* groups of samples in backward */
  const float      *x;
  const float      *dy;
  float            *dx;
  gboolean          want_weights;
  float            *u;    /* [36, k, c] */
  float            *du;   /* [n_slices, 36, c, k] */
  float            *zero; /* as many as the wider side has channels */
} Work;

static void
plan_work (const PstConv *conv, Work *work)
{
  gint64 tiles;

  work->conv = conv;
  work->kernels = pst_kernels ();
  work->tiles_x = (conv->ow + 3) / 4;
  work->tiles_y = (conv->oh + 3) / 4;
  tiles = work->tiles_x * work->tiles_y;
  work->block = CLAMP (BLOCK_FLOATS / (PST_WINO_IN * (conv->c + conv->k)), 8,
                       128);
  work->n_blocks = (tiles + work->block - 1) / work->block;
  work->n_slices = MIN (PST_CONV_SLICES, conv->n);
}

static gsize
weight_floats (const PstConv *conv)
{
  return (gsize) PST_WINO_IN * conv->c * conv->k;
}

static gboolean
winograd_fits (const PstConv *conv)
{
  return conv->kh == 3 && conv->kw == 3 && conv->stride_y == 1 &&
         conv->stride_x == 1 && conv->dilation_y == 1 &&
         conv->dilation_x == 1 && conv->groups == 1 && conv->c % 16 == 0 &&
         conv->k % 16 == 0 && conv->oh >= 4 && conv->ow >= 4;
}

static void
winograd_scratch (const PstConv *conv, gsize *shared, gsize *per_worker)
{
  Work work;

  plan_work (conv, &work);
  *shared = sizeof (float) *
            (MAX (conv->c, conv->k) +
             weight_floats (conv) * (1 + work.n_slices));
  *per_worker = sizeof (float) * PST_WINO_IN * work.block * (conv->c + conv->k);
}

static void
prepare (Work *work, guint8 *shared)
{
  const PstConv *conv = work->conv;

  work->zero = (float *) shared;
  memset (work->zero, 0, sizeof (float) * MAX (conv->c, conv->k));
  work->u = work->zero + MAX (conv->c, conv->k);
  work->du = work->u + weight_floats (conv);
}

/* G for F(4x4, 3x3) */
static const float G[6][3] = {
  { 1.0f / 4, 0.0f, 0.0f },
  { -1.0f / 6, -1.0f / 6, -1.0f / 6 },
  { -1.0f / 6, 1.0f / 6, -1.0f / 6 },
  { 1.0f / 24, 1.0f / 12, 1.0f / 6 },
  { 1.0f / 24, -1.0f / 12, 1.0f / 6 },
  { 0.0f, 0.0f, 1.0f },
};

/* One row of U: the weights of output channel @item for all inputs. */
static void
transform_row (gpointer data, gsize item, guint worker)
{
  const Work      *work = data;
  const PstConv   *conv = work->conv;
  const PstTensor *w = conv->weight;
  gint64           stride = w->stride[1], n = conv->c;
  const float     *from = (const float *) w->data + item * w->stride[0];
  float           *g = pst_call_scratch (work->call, worker);

  for (gint64 i = 0; i < n; i++)
    for (int y = 0; y < 3; y++)
      for (int x = 0; x < 3; x++)
        g[(3 * y + x) * n + i] =
            from[i * stride + y * w->stride[2] + x * w->stride[3]];
  work->kernels->wino_weights (g, n, n, work->u + item * n,
                               conv->c * conv->k);
}

/* dg += G' dU G, the parts of dU summed in order */
static void
add_weight_gradient (const Work *work, PstTensor *dw)
{
  const PstConv *conv = work->conv;

  pst_conv_sum_slices (work->du, weight_floats (conv), work->n_slices);
  for (gint64 c = 0; c < conv->c; c++)
    for (gint64 k = 0; k < conv->k; k++)
      {
        float *g =
            (float *) dw->data + k * dw->stride[0] + c * dw->stride[1];
        float  t[3][6];

        for (int j = 0; j < 6; j++)
          for (int a = 0; a < 3; a++)
            {
              t[a][j] = 0.0f;
              for (int i = 0; i < 6; i++)
                t[a][j] += G[i][a] *
                           work->du[((6 * i + j) * conv->c + c) * conv->k + k];
            }
        for (int a = 0; a < 3; a++)
          for (int b = 0; b < 3; b++)
            {
              float sum = 0.0f;

              for (int j = 0; j < 6; j++)
                sum += t[a][j] * G[j][b];
              g[a * dw->stride[2] + b * dw->stride[3]] += sum;
            }
      }
}

/* Where the 36 pixels of a tile lie in a picture [h, w, c]; @outside where
 * padding is zero. */
static void
locate_input (const Work *work, gint64 tile, const float *picture,
              const float *outside, const float **d)
{
  const PstConv *conv = work->conv;
  gint64         y0 = tile / work->tiles_x * 4;
  gint64         x0 = tile % work->tiles_x * 4;

  for (gint64 i = 0; i < 6; i++)
    for (gint64 j = 0; j < 6; j++)
      {
        gint64 row = y0 + i < conv->grid.h ? conv->grid.row[y0 + i] : -1;
        gint64 col = x0 + j < conv->grid.w ? conv->grid.col[x0 + j] : -1;

        d[6 * i + j] = row < 0 || col < 0
                           ? outside
                           : picture + (row * conv->w + col) * conv->c;
      }
}

static void
locate_output (const Work *work, gint64 tile, const float *picture,
               const float *outside, const float **y)
{
  const PstConv *conv = work->conv;
  gint64         y0 = tile / work->tiles_x * 4;
  gint64         x0 = tile % work->tiles_x * 4;

  for (gint64 i = 0; i < 4; i++)
    for (gint64 j = 0; j < 4; j++)
      y[4 * i + j] = y0 + i < conv->oh && x0 + j < conv->ow
                         ? picture + ((y0 + i) * conv->ow + x0 + j) * conv->k
                         : outside;
}

static void
buffers (const Work *work, guint worker, float **v, float **m)
{
  *v = pst_call_scratch (work->call, worker);
  *m = *v + PST_WINO_IN * work->block * work->conv->c;
}

static void
read_tiles (const Work *work, gint64 n, gint64 first, gint64 count, float *v)
{
  const PstConv *conv = work->conv;
  const float   *x = work->x + n * conv->h * conv->w * conv->c;
  const float   *d[PST_WINO_IN];

  for (gint64 t = 0; t < count; t++)
    {
      locate_input (work, first + t, x, work->zero, d);
      work->kernels->wino_in (d, conv->c, v + t * conv->c, count * conv->c);
    }
}

static void
backward_block (const Work *work, gint64 n, gint64 first, gint64 count,
                float *v, float *m, float *du)
{
  const PstConv *conv = work->conv;
  const float   *dy = work->dy + n * conv->oh * conv->ow * conv->k;
  const float   *y[PST_WINO_OUT];
  const float   *d[PST_WINO_IN];

  for (gint64 t = 0; t < count; t++)
    {
      locate_output (work, first + t, dy, work->zero, y);
      work->kernels->wino_out_adjoint (y, conv->k, m + t * conv->k,
                                       count * conv->k);
    }
  if (work->want_weights)
    {
      read_tiles (work, n, first, count, v);
      for (gint64 p = 0; p < PST_WINO_IN; p++)
        pst_gemm (TRUE, FALSE, conv->c, conv->k, count, 1.0f,
                  v + p * count * conv->c, conv->c, m + p * count * conv->k,
                  conv->k, 1.0f, du + p * conv->c * conv->k, conv->k);
    }
  if (! work->dx)
    return;
  for (gint64 p = 0; p < PST_WINO_IN; p++)
    pst_gemm (FALSE, FALSE, count, conv->c, conv->k, 1.0f,
              m + p * count * conv->k, conv->k,
              work->u + p * conv->c * conv->k, conv->c, 0.0f,
              v + p * count * conv->c, conv->c);
  for (gint64 t = 0; t < count; t++)
    {
      locate_input (work, first + t,
                    work->dx + n * conv->h * conv->w * conv->c, NULL, d);
      work->kernels->wino_in_adjoint (v + t * conv->c, count * conv->c,
                                      conv->c, (float *const *) d);
    }
}

static void
backward_slice (gpointer data, gsize item, guint worker)
{
  const Work    *work = data;
  const PstConv *conv = work->conv;
  gint64         begin = item * conv->n / work->n_slices;
  gint64         end = (item + 1) * conv->n / work->n_slices;
  gint64         tiles = work->tiles_x * work->tiles_y;
  float         *du = work->du + item * weight_floats (conv);
  float         *v, *m;

  buffers (work, worker, &v, &m);
  if (work->want_weights)
    memset (du, 0, sizeof (float) * weight_floats (conv));
  for (gint64 n = begin; n < end; n++)
    for (gint64 first = 0; first < tiles; first += work->block)
      backward_block (work, n, first, MIN (work->block, tiles - first), v, m,
                      du);
}

static void
winograd_backward (const PstConv *conv, PstCall *call, guint8 *shared,
                   const float *x, const float *dy, float *dx, PstTensor *dw,
                   float *db)
{
  Work work = { .call = call, .x = x, .dy = dy, .dx = dx,
                .want_weights = dw != NULL };

  plan_work (conv, &work);
  prepare (&work, shared);
  if (dx)
    pst_pool_run (call->pool, conv->k, transform_row, &work);
  if (dx || dw)
    pst_pool_run (call->pool, work.n_slices, backward_slice, &work);
  if (dw)
    add_weight_gradient (&work, dw);
  if (db)
    pst_conv_bias_gradient (conv, dy, db);
}

const PstConvGradient pst_conv_winograd_gradient = {
  "winograd",
  winograd_fits,
  winograd_scratch,
  winograd_backward,
};
