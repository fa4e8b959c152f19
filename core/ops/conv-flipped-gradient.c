/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/ops/conv.h"

/*
 * Gradients of convolutions that step one pixel and have few channels on one
 * side (the first and the last layer). By the padded picture the gradient is a
 * convolution, too: of dY, padded with zeros, by the kernel turned by half a
 * turn. So the best forward algorithm computes it, sample by sample, and the
 * tables tell what each pixel of the picture gets of it.
 */

typedef struct
{
  PstConv    conv; /* of dY */
  PstTensor  weight;
  PstConvJob job;
  gsize      tables, packed, padded; /* bytes */
  gsize      shared, per_worker;
} Flipped;

static gboolean
flipped_fits (const PstConv *conv)
{
  return conv->stride_y == 1 && conv->stride_x == 1 && conv->groups == 1 &&
         conv->dilation_x == 1 && conv->kw >= 3 &&
         (conv->k <= 8 || conv->c <= 8) && pst_conv_weights_fit (conv);
}

static void
turn (const PstConv *conv, PstTensor *weight)
{
  const PstTensor *w = conv->weight;

  *weight = *w;
  weight->shape = PST_SHAPE (conv->c, conv->k, conv->kh, conv->kw);
  weight->stride[0] = w->stride[1];
  weight->stride[1] = w->stride[0];
  weight->stride[2] = -w->stride[2];
  weight->stride[3] = -w->stride[3];
  if (w->data)
    weight->data = (float *) w->data + (conv->kh - 1) * w->stride[2] +
                   (conv->kw - 1) * w->stride[3];
}

static void
plan (const PstConv *conv, Flipped *f)
{
  gint64         y = (conv->kh - 1) * conv->dilation_y, x = conv->kw - 1;
  PstConvStage  *stage = &f->job.stage[0];

  turn (conv, &f->weight);
  f->conv = (PstConv) {
    .n = 1, .c = conv->k, .h = conv->oh, .w = conv->ow, .k = conv->c,
    .kh = conv->kh, .kw = conv->kw, .oh = conv->oh + y, .ow = conv->ow + x,
    .stride_y = 1, .stride_x = 1, .dilation_y = conv->dilation_y,
    .dilation_x = 1, .groups = 1, .pads = { y, x, y, x }, .upsample = 1,
    .mode = 'c', .grid = { conv->oh + 2 * y, conv->ow + 2 * x, NULL, NULL },
    .weight = &f->weight,
  };
  f->tables = pst_conv_table_bytes (&f->conv);
  *stage = (PstConvStage) { .conv = f->conv,
                            .forward = pst_conv_choose (&f->conv),
                            .least = -INFINITY };
  f->job.n_stages = 1;
  f->job.least = -INFINITY;
  f->packed = pst_memory_align (sizeof (float) *
                                stage->forward->weights (&f->conv));
  f->padded = pst_memory_align (sizeof (float) * f->conv.oh * f->conv.ow *
                                f->conv.k);
}

static PstTensor
map_of (gint64 c, gint64 h, gint64 w, const float *data)
{
  PstTensor map = { .dtype = PST_FLOAT32, .shape = PST_SHAPE (1, c, h, w),
                    .data = (gpointer) data };

  pst_tensor_layout (&map);
  return map;
}

static void
flipped_scratch (const PstConv *conv, gsize *shared, gsize *per_worker)
{
  Flipped   f = { 0 };
  PstTensor y;
  gsize     there, here;

  plan (conv, &f);
  y = map_of (f.conv.k, f.conv.oh, f.conv.ow, NULL);
  f.job.y = &y;
  pst_conv_job_room (&f.job, shared, per_worker);
  *shared = pst_memory_align (*shared) + f.tables + f.packed + f.padded;
  pst_conv_weights_scratch (conv, &there, &here);
  *shared = MAX (*shared, there);
  *per_worker = MAX (*per_worker, here);
}

/* What the rows of the picture get of the padded one. */
typedef struct
{
  const PstConv *conv;
  const float   *padded;
  float         *dx;
  gboolean       fresh;
} Folding;

static void
fold_row (gpointer data, gsize item, guint worker)
{
  const Folding *folding = data;
  const PstConv *conv = folding->conv;
  gint64         c = conv->c;
  float         *to = folding->dx + item * conv->w * c;

  if (folding->fresh)
    memset (to, 0, sizeof (float) * conv->w * c);
  for (gint64 r = 0; r < conv->grid.h; r++)
    {
      const float *from = folding->padded + r * conv->grid.w * c;

      for (gint64 p = 0, n; p < conv->grid.w && conv->grid.row[r] == (gint32) item;
           p += n)
        {
          gint32 col = conv->grid.col[p];

          n = 1;
          while (col >= 0 && p + n < conv->grid.w &&
                 conv->grid.col[p + n] == col + n)
            n++;
          for (gint64 i = 0; i < n * c && col >= 0; i++)
            to[col * c + i] += from[p * c + i];
        }
    }
}

static void
input_gradient (const PstConv *conv, PstCall *call, guint8 *shared,
                const float *dy, float *dx)
{
  Flipped   f = { 0 };
  PstTensor from, to;
  Folding   folding = { .conv = conv, .fresh = call->fresh & 1 };
  float    *packed;

  plan (conv, &f);
  packed = (float *) (shared + f.tables);
  folding.padded = (float *) (shared + f.tables + f.packed);
  pst_conv_fill_tables (&f.job.stage[0].conv, shared);
  f.job.stage[0].forward->pack (&f.job.stage[0].conv, call->pool, packed);
  f.job.stage[0].packed = packed;
  to = map_of (f.conv.k, f.conv.oh, f.conv.ow, folding.padded);
  f.job.x = &from;
  f.job.y = &to;
  for (gint64 n = 0; n < conv->n; n++)
    {
      from = map_of (conv->k, conv->oh, conv->ow,
                     dy + n * conv->oh * conv->ow * conv->k);
      pst_conv_job_run (&f.job, call->pool,
                        shared + f.tables + f.packed + f.padded,
                        call->worker_base, call->worker_bytes);
      folding.dx = dx + n * conv->h * conv->w * conv->c;
      pst_pool_run (call->pool, conv->h, fold_row, &folding);
    }
}

static void
flipped_backward (const PstConv *conv, PstCall *call, guint8 *shared,
                  const float *x, const float *dy, float *dx, PstTensor *dw,
                  float *db)
{
  if (dx)
    input_gradient (conv, call, shared, dy, dx);
  if (dw)
    pst_conv_weights_backward (conv, call, shared, x, dy, dw);
  if (db)
    pst_conv_bias_gradient (conv, dy, db);
}

const PstConvGradient pst_conv_flipped_gradient = {
  "flipped",
  flipped_fits,
  flipped_scratch,
  flipped_backward,
  .clears = TRUE,
};
