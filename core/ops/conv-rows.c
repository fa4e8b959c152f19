/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/base/memory.h"
#include "core/kernels/panel.h"
#include "core/ops/conv.h"

/*
 * Convolution to a few channels (the last layer: 3). A product with 3 columns
 * would waste the machine, so the kernel's columns become columns of the
 * product, one output row at a time:
 *
 *   P [p, kx k] = sum over ky of B_ky R_ky,  B_ky [p, c] the pixels of the row
 *   Y [x, k]    = sum over kx of P [x + kx, kx k]
 */

#define LINE 128
#define HEIGHT 32

static gboolean
rows_fits (const PstConv *conv)
{
  return conv->k <= 8 && conv->kw >= 3 && conv->kw <= 16 &&
         conv->groups == 1 && conv->stride_x == 1 && conv->c >= 4 &&
         conv->kh <= 64;
}

static gsize
rows_weights (const PstConv *conv)
{
  return pst_panel_floats (conv->kh * conv->c, conv->kw * conv->k);
}

/* R[ky c][kx k] from W[k][c][ky][kx] */
static void
rows_pack (const PstConv *conv, PstPool *pool, float *packed)
{
  const PstTensor *w = conv->weight;
  const float     *from = w->data;
  gint64           rows = conv->kh * conv->c;

  memset (packed, 0, sizeof (float) * rows_weights (conv));
  for (gint64 ky = 0; ky < conv->kh; ky++)
    for (gint64 c = 0; c < conv->c; c++)
      for (gint64 kx = 0; kx < conv->kw; kx++)
        for (gint64 k = 0; k < conv->k; k++)
          packed[pst_panel_index (rows, ky * conv->c + c, kx * conv->k + k)] =
              from[k * w->stride[0] + c * w->stride[1] + ky * w->stride[2] +
                   kx * w->stride[3]];
}

static gint64
patch_h (const PstConv *conv, gint64 h)
{
  return (h - 1) * conv->stride_y + (conv->kh - 1) * conv->dilation_y + 1;
}

static gint64
patch_w (const PstConv *conv, gint64 w)
{
  return w + (conv->kw - 1) * conv->dilation_x;
}

static void
rows_block (const PstConv *conv, gint64 *h, gint64 *w)
{
  gint64 most = pst_memory_cache () / sizeof (float) / 2;

  *w = MIN (conv->ow, pst_conv_even (conv->ow, LINE, 4));
  *h = pst_conv_even (conv->oh, HEIGHT, 1);
  while (*h > 4 && patch_h (conv, *h) * patch_w (conv, *w) * conv->c > most)
    *h /= 2;
}

static gsize
product_floats (const PstConv *conv, gint64 w)
{
  return pst_memory_align (patch_w (conv, w) * conv->kw * conv->k *
                           sizeof (float)) /
             sizeof (float) +
         16;
}

static gsize
rows_room (const PstConv *conv)
{
  gint64 h, w;

  rows_block (conv, &h, &w);
  return product_floats (conv, w) +
         patch_h (conv, h) * patch_w (conv, w) * conv->c;
}

/* y [w, k]: sums along the diagonals of p. */
static inline void
add_up (const PstConv *conv, const float *p, gint64 w, float *y)
{
  gint64 width = conv->kw * conv->k;
  gint64 step = conv->dilation_x * width + conv->k;

  for (gint64 x = 0; x < w; x++, p += width)
    for (gint64 k = 0; k < conv->k; k++)
      {
        float sum = 0.0f;

        for (gint64 kx = 0; kx < conv->kw; kx++)
          sum += p[kx * step + k];
        *y++ = sum;
      }
}

typedef float Four __attribute__ ((vector_size (16)));
typedef float FourAt
    __attribute__ ((vector_size (16), aligned (4), may_alias));

/* The same for three channels, read four at a time. */
static void
add_up_rgb (const PstConv *conv, const float *p, gint64 w, float *y)
{
  gint64 width = conv->kw * 3;
  gint64 step = conv->dilation_x * width + 3;

  for (gint64 x = 0; x < w; x++, p += width, y += 3)
    {
      Four sum = { 0 };

      for (gint64 kx = 0; kx < conv->kw; kx++)
        sum += *(const FourAt *) (p + kx * step);
      y[0] = sum[0];
      y[1] = sum[1];
      y[2] = sum[2];
    }
}

static void
rows_region (const PstConv *conv, const PstConvSource *source,
             const PstConvRegion *region, const float *packed, float *room,
             float *to, gint64 row)
{
  float       *p = room;
  gint64       columns = patch_w (conv, region->w);
  gint64       patch_row;
  const float *a[64];
  const float *patch = pst_conv_patch (
      &conv->grid, conv->c, source, region->y * conv->stride_y, region->x,
      patch_h (conv, region->h), columns,
      room + product_floats (conv, region->w), &patch_row);

  for (gint64 i = 0; i < region->h; i++)
    {
      for (gint64 ky = 0; ky < conv->kh; ky++)
        a[ky] = patch +
                (i * conv->stride_y + ky * conv->dilation_y) * patch_row;
      pst_panel_product (a, conv->kh, conv->c, columns, conv->c, packed,
                         conv->kw * conv->k, p, conv->kw * conv->k);
      if (conv->k == 3)
        add_up_rgb (conv, p, region->w, to + i * row);
      else
        add_up (conv, p, region->w, to + i * row);
    }
}

const PstConvForward pst_conv_rows = {
  "rows",     rows_fits, rows_weights, rows_pack,
  rows_block, rows_room, rows_region,
};
