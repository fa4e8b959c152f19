/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/base/memory.h"
#include "core/kernels/gemm.h"
#include "core/ops/conv.h"

/*
 * Gradients of convolutions to a few channels, a piece of one output row at a
 * time. Forward (conv-rows.c) is
 *
 *   B [p, ky c]: the kh pixels above each other at padded column p
 *   P [p, kx k] = B R,  R [ky c, kx k] the weights in that order
 *   Y [x, k] = sum over kx of P [x + kx, kx k]
 *
 * so dP spreads dY the same way, dR = B' dP, dB = dP R'.
 */

#define SEGMENT 512 /* output pixels of a row */

typedef struct
{
  const PstConv *conv;
  PstCall       *call;
  gint64         depth;   /* kh c */
  gint64         width;   /* kw k */
  gint64         n_parts; /* of a row */
  gint64         n_units; /* parts of all rows of all samples */
  gint64         n_slices;
  const float   *x;
  const float   *dy;
  float         *dx;
  float         *r;  /* [depth, width] */
  float         *dr; /* [n_slices, depth, width] */
} Work;

/* A piece of an output row, and the padded columns under it. */
typedef struct
{
  gint64 n, oy, ox;
  gint64 count;   /* output pixels */
  gint64 columns; /* padded columns */
} Piece;

static void
plan_work (const PstConv *conv, Work *work)
{
  work->conv = conv;
  work->depth = conv->kh * conv->c;
  work->width = conv->kw * conv->k;
  work->n_parts = (conv->ow + SEGMENT - 1) / SEGMENT;
  work->n_units = conv->n * conv->oh * work->n_parts;
  work->n_slices = MIN (PST_CONV_SLICES, work->n_units);
}

static Piece
piece (const Work *work, gint64 unit)
{
  const PstConv *conv = work->conv;
  Piece          p;

  p.ox = unit % work->n_parts * SEGMENT;
  unit /= work->n_parts;
  p.oy = unit % conv->oh;
  p.n = unit / conv->oh;
  p.count = MIN (SEGMENT, conv->ow - p.ox);
  p.columns = p.count + (conv->kw - 1) * conv->dilation_x;
  return p;
}

static gsize
weight_floats (const Work *work)
{
  return pst_memory_align (sizeof (float) * work->depth * work->width) /
         sizeof (float);
}

static gsize
max_columns (const PstConv *conv)
{
  return MIN (SEGMENT, conv->ow) + (conv->kw - 1) * conv->dilation_x;
}

static gboolean
rows_fits (const PstConv *conv)
{
  return conv->k <= 8 && conv->kw >= 3 && conv->kw <= 16 &&
         conv->groups == 1 && conv->stride_x == 1 && conv->c >= 4;
}

static void
rows_scratch (const PstConv *conv, gsize *shared, gsize *per_worker)
{
  Work work;

  plan_work (conv, &work);
  *shared = sizeof (float) * weight_floats (&work) * (1 + work.n_slices);
  *per_worker = pst_memory_align (sizeof (float) * max_columns (conv) *
                                  work.depth) +
                sizeof (float) * max_columns (conv) * work.width;
}

static void
worker_buffers (const Work *work, guint worker, float **b, float **p)
{
  guint8 *scratch = pst_call_scratch (work->call, worker);

  *b = (float *) scratch;
  *p = (float *) (scratch +
                  pst_memory_align (sizeof (float) *
                                    max_columns (work->conv) * work->depth));
}

/* R[ky c][kx k] from W[k][c][ky][kx] */
static void
pack_weights (const Work *work)
{
  const PstConv   *conv = work->conv;
  const PstTensor *w = conv->weight;
  const float     *from = w->data;
  float           *r = work->r;

  for (gint64 ky = 0; ky < conv->kh; ky++)
    for (gint64 c = 0; c < conv->c; c++)
      for (gint64 kx = 0; kx < conv->kw; kx++)
        for (gint64 k = 0; k < conv->k; k++)
          *r++ = from[k * w->stride[0] + c * w->stride[1] +
                      ky * w->stride[2] + kx * w->stride[3]];
}

static void
add_weight_gradient (const Work *work, const float *dr, PstTensor *dw)
{
  const PstConv *conv = work->conv;
  float         *to = dw->data;

  for (gint64 ky = 0; ky < conv->kh; ky++)
    for (gint64 c = 0; c < conv->c; c++)
      for (gint64 kx = 0; kx < conv->kw; kx++)
        for (gint64 k = 0; k < conv->k; k++)
          to[k * dw->stride[0] + c * dw->stride[1] + ky * dw->stride[2] +
             kx * dw->stride[3]] += *dr++;
}

static void
gather (const Work *work, const Piece *at, float *b)
{
  const PstConv *conv = work->conv;
  const float   *x = work->x + at->n * conv->h * conv->w * conv->c;
  const gint32  *col = conv->grid.col + at->ox;

  for (gint64 ky = 0; ky < conv->kh; ky++)
    {
      gint64 row = conv->grid.row[at->oy * conv->stride_y + ky * conv->dilation_y];
      const float *line = x + row * conv->w * conv->c;

      for (gint64 p = 0; p < at->columns; p++)
        {
          float *to = b + p * work->depth + ky * conv->c;

          if (row < 0 || col[p] < 0)
            memset (to, 0, sizeof (float) * conv->c);
          else
            memcpy (to, line + (gint64) col[p] * conv->c,
                    sizeof (float) * conv->c);
        }
    }
}

static void
scatter (const Work *work, const Piece *at, const float *b)
{
  const PstConv *conv = work->conv;
  float         *dx = work->dx + at->n * conv->h * conv->w * conv->c;
  const gint32  *col = conv->grid.col + at->ox;

  for (gint64 ky = 0; ky < conv->kh; ky++)
    {
      gint64 row = conv->grid.row[at->oy * conv->stride_y + ky * conv->dilation_y];
      float *line = dx + row * conv->w * conv->c;

      for (gint64 p = 0; p < at->columns && row >= 0; p++)
        {
          const float *from = b + p * work->depth + ky * conv->c;

          if (col[p] < 0)
            continue;
          for (gint64 c = 0; c < conv->c; c++)
            line[(gint64) col[p] * conv->c + c] += from[c];
        }
    }
}

static void
spread (const Work *work, const Piece *at, float *p)
{
  const PstConv *conv = work->conv;
  const float   *dy = work->dy +
                      ((at->n * conv->oh + at->oy) * conv->ow + at->ox) *
                          conv->k;

  memset (p, 0, sizeof (float) * at->columns * work->width);
  for (gint64 x = 0; x < at->count; x++)
    for (gint64 kx = 0; kx < conv->kw; kx++)
      memcpy (p + (x + kx * conv->dilation_x) * work->width + kx * conv->k,
              dy + x * conv->k, sizeof (float) * conv->k);
}

static void
weight_gradient_slice (gpointer data, gsize item, guint worker)
{
  const Work *work = data;
  gint64      begin = item * work->n_units / work->n_slices;
  gint64      end = (item + 1) * work->n_units / work->n_slices;
  gsize       size = weight_floats (work);
  float      *dr = work->dr + item * size;
  float      *b, *p;

  worker_buffers (work, worker, &b, &p);
  memset (dr, 0, sizeof (float) * size);
  for (gint64 unit = begin; unit < end; unit++)
    {
      Piece at = piece (work, unit);

      gather (work, &at, b);
      spread (work, &at, p);
      pst_gemm (TRUE, FALSE, work->depth, work->width, at.columns, 1.0f, b,
                work->depth, p, work->width, 1.0f, dr, work->width);
    }
}

static void
input_gradient_sample (gpointer data, gsize item, guint worker)
{
  const Work *work = data;
  gint64      units = work->conv->oh * work->n_parts;
  float      *b, *p;

  worker_buffers (work, worker, &b, &p);
  for (gint64 unit = item * units; unit < ((gint64) item + 1) * units; unit++)
    {
      Piece at = piece (work, unit);

      spread (work, &at, p);
      pst_gemm (FALSE, TRUE, at.columns, work->depth, work->width, 1.0f, p,
                work->width, work->r, work->width, 0.0f, b, work->depth);
      scatter (work, &at, b);
    }
}

static void
rows_backward (const PstConv *conv, PstCall *call, guint8 *shared,
               const float *x, const float *dy, float *dx, PstTensor *dw,
               float *db)
{
  Work work = { .call = call, .x = x, .dy = dy, .dx = dx,
                .r = (float *) shared };

  plan_work (conv, &work);
  work.dr = work.r + weight_floats (&work);
  if (dx)
    {
      pack_weights (&work);
      pst_pool_run (call->pool, conv->n, input_gradient_sample, &work);
    }
  if (dw)
    {
      pst_pool_run (call->pool, work.n_slices, weight_gradient_slice, &work);
      pst_conv_sum_slices (work.dr, weight_floats (&work), work.n_slices);
      add_weight_gradient (&work, work.dr, dw);
    }
  if (db)
    pst_conv_bias_gradient (conv, dy, db);
}

const PstConvGradient pst_conv_rows_gradient = {
  "rows",
  rows_fits,
  rows_scratch,
  rows_backward,
};
