/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/kernels/kernels.h"
#include "core/kernels/panel.h"
#include "core/ops/conv.h"

/*
 * Gradients by weights without gathering: the pixels under a row of the kernel
 * lie together in a padded row of the picture, those of neighbours overlap, so
 *
 *   dU_ky [kx c, k] = sum over output rows of A_ky' dY
 *
 * With few output channels, which would waste the columns, the roles change:
 * the products are dU_ky [kx k, c] = B' X_ky, B the overlapping rows of dY with
 * zeros on both sides, and kx runs backwards.
 */

#define FEW 16     /* output channels for which the roles change */
#define HEIGHT 16  /* rows of a band */

typedef struct
{
  const PstConv *conv;
  PstCall       *call;
  gboolean       few;
  gint64         rows, columns; /* of dU_ky */
  gint64         bands;         /* of a sample */
  gint64         n_slices;
  const float   *x;
  const float   *dy;
  float         *du; /* [n_slices][kh][rows][columns] */
} Work;

static void
plan_work (const PstConv *conv, Work *work)
{
  work->conv = conv;
  work->few = conv->k < FEW && conv->stride_x == 1;
  work->rows = conv->kw * (work->few ? conv->k : conv->c);
  work->columns = work->few ? conv->c : conv->k;
  work->bands = (conv->oh + HEIGHT - 1) / HEIGHT;
  work->n_slices = MIN (PST_CONV_SLICES, conv->n * work->bands);
}

gboolean
pst_conv_weights_fit (const PstConv *conv)
{
  return conv->groups == 1 && conv->dilation_x == 1;
}

static gsize
slice_floats (const Work *work)
{
  return work->conv->kh * work->rows * work->columns;
}

static gint64
patch_h (const PstConv *conv, gint64 h)
{
  return (h - 1) * conv->stride_y + (conv->kh - 1) * conv->dilation_y + 1;
}

static gint64
patch_w (const PstConv *conv)
{
  return (conv->ow - 1) * conv->stride_x + conv->kw;
}

/* Floats of a row of dY between zeros. */
static gsize
line_floats (const PstConv *conv)
{
  return (conv->ow + 2 * (conv->kw - 1)) * conv->k;
}

void
pst_conv_weights_scratch (const PstConv *conv, gsize *shared,
                          gsize *per_worker)
{
  Work work = { 0 };

  plan_work (conv, &work);
  *shared = sizeof (float) * slice_floats (&work) * work.n_slices;
  *per_worker = sizeof (float) *
                (line_floats (conv) +
                 patch_h (conv, HEIGHT) * patch_w (conv) * conv->c);
}

/* dU_ky += A' B with all columns of B [k, columns] */
static void
add_products (const Work *work, const float *a, gint64 lda, gint64 k,
              const float *b, float *du)
{
  gint64 width = pst_kernels ()->panel;

  for (gint64 first = 0; first < work->columns; first += width)
    pst_panel_outer (a, lda, work->rows, k, b + first, work->columns,
                     MIN (width, work->columns - first), TRUE, du + first,
                     work->columns);
}

/* Output row @oy of a sample; @pixels: the padded rows under it, @row apart;
 * @line: where the roles change, room whose ends are zero. */
static void
output_row (const Work *work, const float *pixels, gint64 row,
            const float *dy, float *line, float *du)
{
  const PstConv *conv = work->conv;

  if (work->few)
    memcpy (line + (conv->kw - 1) * conv->k, dy,
            sizeof (float) * conv->ow * conv->k);
  for (gint64 ky = 0; ky < conv->kh; ky++)
    {
      const float *x = pixels + ky * conv->dilation_y * row;
      float       *to = du + ky * work->rows * work->columns;

      if (work->few)
        add_products (work, line, conv->k, patch_w (conv), x, to);
      else
        add_products (work, x, conv->stride_x * conv->c, conv->ow, dy, to);
    }
}

static void
band (const Work *work, gint64 unit, float *line, float *du)
{
  const PstConv *conv = work->conv;
  gint64         n = unit / work->bands, y = unit % work->bands * HEIGHT;
  gint64         h = MIN (HEIGHT, conv->oh - y), row;
  PstConvSource  source = { .data = work->x + n * conv->h * conv->w * conv->c,
                            .h = conv->h, .w = conv->w, .row = conv->w,
                            .least = -INFINITY };
  const float   *patch, *dy;

  patch = pst_conv_patch (&conv->grid, conv->c, &source, y * conv->stride_y, 0,
                          patch_h (conv, h), patch_w (conv),
                          line + line_floats (conv), &row);
  dy = work->dy + (n * conv->oh + y) * conv->ow * conv->k;
  for (gint64 i = 0; i < h; i++)
    output_row (work, patch + i * conv->stride_y * row, row,
                dy + i * conv->ow * conv->k, line, du);
}

static void
slice (gpointer data, gsize item, guint worker)
{
  const Work *work = data;
  gint64      units = work->conv->n * work->bands;
  float      *line = pst_call_scratch (work->call, worker);
  float      *du = work->du + item * slice_floats (work);

  memset (line, 0, sizeof (float) * line_floats (work->conv));
  memset (du, 0, sizeof (float) * slice_floats (work));
  for (gint64 unit = item * units / work->n_slices;
       unit < ((gint64) item + 1) * units / work->n_slices; unit++)
    band (work, unit, line, du);
}

void
pst_conv_weights_backward (const PstConv *conv, PstCall *call, guint8 *shared,
                           const float *x, const float *dy, PstTensor *dw)
{
  Work         work = { .call = call, .x = x, .dy = dy,
                        .du = (float *) shared };
  const float *du = work.du;

  plan_work (conv, &work);
  pst_pool_run (call->pool, work.n_slices, slice, &work);
  pst_conv_sum_slices (work.du, slice_floats (&work), work.n_slices);
  for (gint64 ky = 0; ky < conv->kh; ky++)
    for (gint64 i = 0; i < work.rows; i++)
      for (gint64 j = 0; j < work.columns; j++, du++)
        {
          gint64 k = work.few ? i % conv->k : j;
          gint64 c = work.few ? j : i % conv->c;
          gint64 kx = work.few ? conv->kw - 1 - i / conv->k : i / conv->c;

          ((float *) dw->data)[k * dw->stride[0] + c * dw->stride[1] +
                               ky * dw->stride[2] + kx * dw->stride[3]] += *du;
        }
}

/* The picture's gradient is im2col's. */

static void
direct_scratch (const PstConv *conv, gsize *shared, gsize *per_worker)
{
  gsize there, here;

  pst_conv_im2col_gradient.scratch (conv, shared, per_worker);
  pst_conv_weights_scratch (conv, &there, &here);
  *shared = MAX (*shared, there);
  *per_worker = MAX (*per_worker, here);
}

static void
direct_backward (const PstConv *conv, PstCall *call, guint8 *shared,
                 const float *x, const float *dy, float *dx, PstTensor *dw,
                 float *db)
{
  pst_conv_im2col_gradient.backward (conv, call, shared, x, dy, dx, NULL,
                                     NULL);
  if (dw)
    pst_conv_weights_backward (conv, call, shared, x, dy, dw);
  if (db)
    pst_conv_bias_gradient (conv, dy, db);
}

const PstConvGradient pst_conv_direct_gradient = {
  "direct",
  pst_conv_weights_fit,
  direct_scratch,
  direct_backward,
};
