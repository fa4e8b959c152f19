/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/kernels/kernels.h"
#include "core/ops/conv-minimal.h"

/* Gradients of conv-winograd.c's convolutions. A picture that is enlarged on
 * the way is read through the tables, pixel by pixel. */

static gboolean
winograd_fits (const PstConv *conv)
{
  return (conv->kh == 3 || conv->kh == 4) && conv->kw == conv->kh &&
         conv->stride_y == 1 && conv->stride_x == 1 &&
         conv->dilation_y == 1 && conv->dilation_x == 1 &&
         conv->groups == 1 && conv->c % 16 == 0 && conv->oh >= 4 &&
         conv->ow >= 4;
}

static gint64
size (const PstConv *conv)
{
  return 7 - conv->kh;
}

static gint64
reach (const PstConv *conv)
{
  return 6;
}

static gint64
phases (const PstConv *conv, gint64 point)
{
  return 1;
}

static void
read_tile (const PstConv *conv, const float *const *d, float *const *v)
{
  pst_kernels ()->wino_in (d, conv->c, v[0], v[1] - v[0]);
}

static void
give_back (const PstConv *conv, float *const *v, float *const *d)
{
  pst_kernels ()->wino_in_adjoint (v[0], v[1] - v[0], conv->c, d);
}

static void
results (const PstConv *conv, const float *const *y, gint64 n, float *m,
         gint64 step)
{
  pst_kernels ()->wino_out_adjoint (y, n, (int) conv->kh, m, step);
}

static void
weights (const PstConv *conv, const float *g, gint64 g_step, gint64 n,
         float *const *u)
{
  pst_kernels ()->wino_weights (g, g_step, n, (int) conv->kh, u[0],
                                u[1] - u[0]);
}

static void
weights_adjoint (const PstConv *conv, const float *const *u, gint64 n,
                 float *g, gint64 g_step)
{
  pst_kernels ()->wino_weights_adjoint (u[0], u[1] - u[0], n, (int) conv->kh,
                                        g, g_step);
}

static const PstMinimal form = {
  .points = PST_WINO_IN,
  .size = size,
  .reach = reach,
  .step = size,
  .phases = phases,
  .read = read_tile,
  .give_back = give_back,
  .results = results,
  .weights = weights,
  .weights_adjoint = weights_adjoint,
};

static void
winograd_scratch (const PstConv *conv, gsize *shared, gsize *per_worker)
{
  pst_minimal_scratch (&form, conv, shared, per_worker);
}

static void
winograd_backward (const PstConv *conv, PstCall *call, guint8 *shared,
                   const float *x, const float *dy, float *dx, PstTensor *dw,
                   float *db)
{
  pst_minimal_backward (&form, conv, call, shared, x, dy, dx, dw, db);
}

const PstConvGradient pst_conv_winograd_gradient = {
  "winograd",
  winograd_fits,
  winograd_scratch,
  winograd_backward,
  .clears = TRUE,
};
