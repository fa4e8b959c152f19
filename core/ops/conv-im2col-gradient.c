/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/base/memory.h"
#include "core/kernels/gemm.h"
#include "core/ops/conv.h"

/*
 * Gradients of any convolution, seen as a product Y [block, kg] = A U:
 *
 *   A [block, kh kw cg]: the pixels under the kernel, gathered through the
 *                        tables
 *   U [kh kw cg, kg]:    the weights in that order
 *
 * dU = A' dY,  dA = dY U' scattered back through the tables. A block of A fits
 * in the second-level cache.
 */

#define BLOCK_FLOATS (96 * 1024)

typedef struct
{
  const PstConv *conv;
  PstCall       *call;
  gint64         cg, kg;     /* channels of a group, in and out */
  gint64         depth;      /* kh kw cg */
  gint64         block;      /* pixels */
  gint64         n_blocks;   /* of a sample */
  gboolean       direct;     /* A is X itself */
  gint64         n_slices;
  const float   *x;
  const float   *dy;
  float         *dx;
  float         *u;          /* [groups, depth, kg] */
  float         *du;         /* [n_slices, groups, depth, kg] */
} Work;

static void
plan_work (const PstConv *conv, Work *work)
{
  gint64 units;

  work->conv = conv;
  work->cg = conv->c / conv->groups;
  work->kg = conv->k / conv->groups;
  work->depth = conv->kh * conv->kw * work->cg;
  work->block = CLAMP (BLOCK_FLOATS / work->depth / 16 * 16, 16, 1024);
  work->n_blocks = (conv->oh * conv->ow + work->block - 1) / work->block;
  work->direct = conv->kh == 1 && conv->kw == 1 && conv->stride_y == 1 &&
                 conv->stride_x == 1 && conv->upsample == 1 &&
                 conv->oh == conv->h && conv->ow == conv->w &&
                 conv->groups == 1;
  units = conv->n * work->n_blocks;
  work->n_slices = MIN (PST_CONV_SLICES, units);
}

static gsize
weight_floats (const Work *work)
{
  return pst_memory_align (sizeof (float) * work->conv->groups * work->depth *
                           work->kg) /
         sizeof (float);
}

static gboolean
im2col_fits (const PstConv *conv)
{
  return TRUE;
}

static void
im2col_scratch (const PstConv *conv, gsize *shared, gsize *per_worker)
{
  Work work;

  plan_work (conv, &work);
  *shared = sizeof (float) * weight_floats (&work) * (1 + work.n_slices);
  *per_worker = sizeof (float) * work.block * work.depth;
}

/* U[g][ky][kx][c][k] from W[g kg + k][c][ky][kx]. */
static void
pack_weights (const Work *work, float *u)
{
  const PstConv   *conv = work->conv;
  const PstTensor *w = conv->weight;
  const float     *from = w->data;

  for (gint64 g = 0; g < conv->groups; g++)
    for (gint64 ky = 0; ky < conv->kh; ky++)
      for (gint64 kx = 0; kx < conv->kw; kx++)
        for (gint64 c = 0; c < work->cg; c++)
          for (gint64 k = 0; k < work->kg; k++)
            *u++ = from[(g * work->kg + k) * w->stride[0] + c * w->stride[1] +
                        ky * w->stride[2] + kx * w->stride[3]];
}

static void
add_weight_gradient (const Work *work, const float *du, PstTensor *dw)
{
  const PstConv *conv = work->conv;
  float         *to = dw->data;

  for (gint64 g = 0; g < conv->groups; g++)
    for (gint64 ky = 0; ky < conv->kh; ky++)
      for (gint64 kx = 0; kx < conv->kw; kx++)
        for (gint64 c = 0; c < work->cg; c++)
          for (gint64 k = 0; k < work->kg; k++)
            to[(g * work->kg + k) * dw->stride[0] + c * dw->stride[1] +
               ky * dw->stride[2] + kx * dw->stride[3]] += *du++;
}

/* A for pixels first to first + count of sample n. */
static void
gather (const Work *work, gint64 n, gint64 g, gint64 first, gint64 count,
        float *a)
{
  const PstConv *conv = work->conv;
  gint64         cg = work->cg;
  gint64         run = conv->kw * conv->c; /* one row of the kernel */
  const float   *x = work->x + n * conv->h * conv->w * conv->c + g * cg;

  for (gint64 i = 0; i < count; i++)
    {
      gint64        oy = (first + i) / conv->ow;
      gint64        ox = (first + i) % conv->ow;
      const gint32 *col = conv->grid.col + ox * conv->stride_x;
      gboolean      together =
          conv->groups == 1 && conv->dilation_x == 1 && col[0] >= 0 &&
          col[conv->kw - 1] == col[0] + conv->kw - 1;

      for (gint64 ky = 0; ky < conv->kh; ky++)
        {
          gint64 row =
              conv->grid.row[oy * conv->stride_y + ky * conv->dilation_y];
          const float *line = x + row * conv->w * conv->c;

          if (row >= 0 && together)
            {
              memcpy (a, line + (gint64) col[0] * conv->c,
                      sizeof (float) * run);
              a += run;
              continue;
            }
          for (gint64 kx = 0; kx < conv->kw; kx++, a += cg)
            {
              gint64 at = col[kx * conv->dilation_x];

              if (row < 0 || at < 0)
                memset (a, 0, sizeof (float) * cg);
              else
                memcpy (a, line + at * conv->c, sizeof (float) * cg);
            }
        }
    }
}

/* The adjoint of gather(): adds A to where it came from in dx. */
static void
scatter (const Work *work, gint64 n, gint64 g, gint64 first, gint64 count,
         const float *a)
{
  const PstConv *conv = work->conv;
  gint64         cg = work->cg;
  float         *dx = work->dx + n * conv->h * conv->w * conv->c + g * cg;

  for (gint64 i = 0; i < count; i++)
    {
      gint64        oy = (first + i) / conv->ow;
      gint64        ox = (first + i) % conv->ow;
      const gint32 *col = conv->grid.col + ox * conv->stride_x;

      for (gint64 ky = 0; ky < conv->kh; ky++)
        {
          gint64 row =
              conv->grid.row[oy * conv->stride_y + ky * conv->dilation_y];
          float *line = dx + row * conv->w * conv->c;

          for (gint64 kx = 0; kx < conv->kw; kx++, a += cg)
            {
              gint64 at = col[kx * conv->dilation_x];

              if (row < 0 || at < 0)
                continue;
              for (gint64 c = 0; c < cg; c++)
                line[at * conv->c + c] += a[c];
            }
        }
    }
}

static const float *
block_of_a (const Work *work, gint64 n, gint64 g, gint64 first, gint64 count,
            guint worker)
{
  float *a = pst_call_scratch (work->call, worker);

  if (work->direct)
    return work->x +
           (n * work->conv->h * work->conv->w + first) * work->conv->c;
  gather (work, n, g, first, count, a);
  return a;
}

static void
weight_gradient_slice (gpointer data, gsize item, guint worker)
{
  const Work    *work = data;
  const PstConv *conv = work->conv;
  gint64         units = conv->n * work->n_blocks;
  gint64         begin = item * units / work->n_slices;
  gint64         end = (item + 1) * units / work->n_slices;
  gsize          size = weight_floats (work);
  float         *du = work->du + item * size;

  memset (du, 0, sizeof (float) * size);
  for (gint64 unit = begin; unit < end; unit++)
    {
      gint64       n = unit / work->n_blocks;
      gint64       first = unit % work->n_blocks * work->block;
      gint64       count = MIN (work->block, conv->oh * conv->ow - first);
      const float *dy =
          work->dy + (n * conv->oh * conv->ow + first) * conv->k;

      for (gint64 g = 0; g < conv->groups; g++)
        {
          const float *a = block_of_a (work, n, g, first, count, worker);

          pst_gemm (TRUE, FALSE, work->depth, work->kg, count, 1.0f, a,
                    work->depth, dy + g * work->kg, conv->k, 1.0f,
                    du + g * work->depth * work->kg, work->kg);
        }
    }
}

static void
input_gradient_sample (gpointer data, gsize item, guint worker)
{
  const Work    *work = data;
  const PstConv *conv = work->conv;
  float         *a = pst_call_scratch (work->call, worker);

  for (gint64 b = 0; b < work->n_blocks; b++)
    {
      gint64       first = b * work->block;
      gint64       count = MIN (work->block, conv->oh * conv->ow - first);
      const float *dy =
          work->dy + (item * conv->oh * conv->ow + first) * conv->k;

      for (gint64 g = 0; g < conv->groups; g++)
        {
          const float *u = work->u + g * work->depth * work->kg;

          pst_gemm (FALSE, TRUE, count, work->depth, work->kg, 1.0f,
                    dy + g * work->kg, conv->k, u, work->kg, 0.0f, a,
                    work->depth);
          scatter (work, item, g, first, count, a);
        }
    }
}

static void
im2col_backward (const PstConv *conv, PstCall *call, guint8 *shared,
                 const float *x, const float *dy, float *dx, PstTensor *dw,
                 float *db)
{
  Work work = { .call = call, .x = x, .dy = dy, .dx = dx,
                .u = (float *) shared };

  plan_work (conv, &work);
  work.du = work.u + weight_floats (&work);
  if (dx)
    {
      pack_weights (&work, work.u);
      pst_pool_run (call->pool, conv->n, input_gradient_sample, &work);
    }
  if (dw)
    {
      pst_pool_run (call->pool, work.n_slices, weight_gradient_slice, &work);
      pst_conv_sum_slices (work.du, weight_floats (&work), work.n_slices);
      add_weight_gradient (&work, work.du, dw);
    }
  if (db)
    pst_conv_bias_gradient (conv, dy, db);
}

const PstConvGradient pst_conv_im2col_gradient = {
  "im2col",
  im2col_fits,
  im2col_scratch,
  im2col_backward,
};
