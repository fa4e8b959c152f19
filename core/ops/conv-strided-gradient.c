/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/kernels/kernels.h"
#include "core/ops/conv-minimal.h"

/* Gradients of conv-strided.c's convolutions. */

#define AXIS 5 /* points along an axis */
#define LEAST_TILES 16

static gboolean
strided_fits (const PstConv *conv)
{
  return (conv->kh == 3 || conv->kh == 4) && conv->kw == conv->kh &&
         conv->stride_y == 2 && conv->stride_x == 2 &&
         conv->dilation_y == 1 && conv->dilation_x == 1 &&
         conv->groups == 1 && conv->c % 16 == 0 &&
         (conv->oh + 3) / 4 * ((conv->ow + 3) / 4) * conv->n >= LEAST_TILES;
}

static gint64
size (const PstConv *conv)
{
  return 4;
}

static gint64
reach (const PstConv *conv)
{
  return conv->kh + 6;
}

static gint64
step (const PstConv *conv)
{
  return 8;
}

static gint64
phases (const PstConv *conv, gint64 point)
{
  return pst_strided_phases (conv, point / AXIS) *
         pst_strided_phases (conv, point % AXIS);
}

static void
read_tile (const PstConv *conv, const float *const *d, float *const *v)
{
  pst_kernels ()->strided_in_tile (d, conv->c, (int) conv->kh, v);
}

static void
give_back (const PstConv *conv, float *const *v, float *const *d)
{
  pst_kernels ()->strided_in_adjoint (v, conv->c, (int) conv->kh, d);
}

static void
results (const PstConv *conv, const float *const *y, gint64 n, float *m,
         gint64 m_step)
{
  pst_kernels ()->strided_out_adjoint (y, n, m, m_step);
}

/* One of the kernels: what it takes of which taps, four at most. */
typedef struct
{
  int   n;
  int   tap[4];
  float factor[4];
} Kernel;

static Kernel
kernel_at (const PstConv *conv, gint64 point, gint64 phase)
{
  gint64 across = pst_strided_phases (conv, point % AXIS);
  Kernel kernel = { 0 };
  float  along[2][2];

  pst_strided_weigh (point / AXIS, &along[0][0], &along[0][1]);
  pst_strided_weigh (point % AXIS, &along[1][0], &along[1][1]);
  for (int i = 0; i < 4; i++)
    {
      gint64 y = phase / across + i / 2 * 2, x = phase % across + i % 2 * 2;
      float  factor = along[0][i / 2] * along[1][i % 2];

      if (y >= conv->kh || x >= conv->kw || factor == 0.0f)
        continue;
      kernel.tap[kernel.n] = (int) (y * conv->kw + x);
      kernel.factor[kernel.n++] = factor;
    }
  return kernel;
}

static void
add_scaled (float factor, const float *restrict from, gint64 n,
            float *restrict to)
{
  for (gint64 i = 0; i < n; i++)
    to[i] += factor * from[i];
}

static void
weights (const PstConv *conv, const float *g, gint64 g_step, gint64 n,
         float *const *u)
{
  for (gint64 point = 0; point < AXIS * AXIS; point++)
    for (gint64 p = 0; p < phases (conv, point); p++, u++)
      {
        Kernel kernel = kernel_at (conv, point, p);

        memset (*u, 0, sizeof (float) * n);
        for (int t = 0; t < kernel.n; t++)
          add_scaled (kernel.factor[t], g + kernel.tap[t] * g_step, n, *u);
      }
}

static void
weights_adjoint (const PstConv *conv, const float *const *u, gint64 n,
                 float *g, gint64 g_step)
{
  for (gint64 tap = 0; tap < conv->kh * conv->kw; tap++)
    memset (g + tap * g_step, 0, sizeof (float) * n);
  for (gint64 point = 0; point < AXIS * AXIS; point++)
    for (gint64 p = 0; p < phases (conv, point); p++, u++)
      {
        Kernel kernel = kernel_at (conv, point, p);

        for (int t = 0; t < kernel.n; t++)
          add_scaled (kernel.factor[t], *u, n, g + kernel.tap[t] * g_step);
      }
}

static const PstMinimal form = {
  .points = AXIS * AXIS,
  .size = size,
  .reach = reach,
  .step = step,
  .phases = phases,
  .read = read_tile,
  .give_back = give_back,
  .results = results,
  .weights = weights,
  .weights_adjoint = weights_adjoint,
};

static void
strided_scratch (const PstConv *conv, gsize *shared, gsize *per_worker)
{
  pst_minimal_scratch (&form, conv, shared, per_worker);
}

static void
strided_backward (const PstConv *conv, PstCall *call, guint8 *shared,
                  const float *x, const float *dy, float *dx, PstTensor *dw,
                  float *db)
{
  pst_minimal_backward (&form, conv, call, shared, x, dy, dx, dw, db);
}

const PstConvGradient pst_conv_strided_gradient = {
  "strided",
  strided_fits,
  strided_scratch,
  strided_backward,
  .clears = TRUE,
};
