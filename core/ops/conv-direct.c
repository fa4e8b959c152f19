/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/base/memory.h"
#include "core/kernels/kernels.h"
#include "core/kernels/panel.h"
#include "core/ops/conv.h"

/*
 * Any convolution as products without gathering: in a patch [h, w, c] the
 * pixels under one row of the kernel lie together, so one row of the output is
 *
 *   Y [ow, k] = sum over ky of A_ky U_ky,  A_ky [ow, kw c] rows stride c apart
 *
 * with U [ky, kx c, k] the weights. With dilation or groups each pixel of the
 * kernel is a part of its own.
 */

#define LINE 96 /* pixels of a row, a multiple of the kernels' heights */

static gboolean
direct_fits (const PstConv *conv)
{
  return TRUE;
}

static gboolean
by_rows (const PstConv *conv)
{
  return conv->groups == 1 && conv->dilation_x == 1;
}

static gint64
parts (const PstConv *conv)
{
  return by_rows (conv) ? conv->kh : conv->kh * conv->kw;
}

/* Inner size of a part. */
static gint64
depth (const PstConv *conv)
{
  return by_rows (conv) ? conv->kw * conv->c : conv->c / conv->groups;
}

static gsize
group_floats (const PstConv *conv)
{
  return pst_panel_floats (parts (conv) * depth (conv),
                           conv->k / conv->groups);
}

static gsize
direct_weights (const PstConv *conv)
{
  return group_floats (conv) * conv->groups;
}

typedef struct
{
  const PstConv *conv;
  float         *packed;
} Packing;

/* One kernel pixel of one group. */
static void
pack_pixel (gpointer data, gsize item, guint worker)
{
  const Packing   *p = data;
  const PstConv   *conv = p->conv;
  const PstTensor *w = conv->weight;
  gint64           pixel = item % (conv->kh * conv->kw);
  gint64           g = item / (conv->kh * conv->kw);
  gint64           cg = conv->c / conv->groups, kg = conv->k / conv->groups;
  gint64           rows = parts (conv) * depth (conv);
  gint64           width = pst_kernels ()->panel;
  float           *to = p->packed + g * group_floats (conv);
  const float     *from = (const float *) w->data +
                      g * kg * w->stride[0] +
                      pixel / conv->kw * w->stride[2] +
                      pixel % conv->kw * w->stride[3];

  for (gint64 k = 0; k < (kg + width - 1) / width * width; k++)
    for (gint64 c = 0; c < cg; c++)
      to[(k / width * rows + pixel * cg + c) * width + k % width] =
          k < kg ? from[k * w->stride[0] + c * w->stride[1]] : 0.0f;
}

static void
direct_pack (const PstConv *conv, PstPool *pool, float *packed)
{
  Packing packing = { conv, packed };

  pst_pool_run (pool, conv->groups * conv->kh * conv->kw, pack_pixel,
                &packing);
}

static gint64
patch_h (const PstConv *conv, gint64 h)
{
  return (h - 1) * conv->stride_y + (conv->kh - 1) * conv->dilation_y + 1;
}

static gint64
patch_w (const PstConv *conv, gint64 w)
{
  return (w - 1) * conv->stride_x + (conv->kw - 1) * conv->dilation_x + 1;
}

static void
direct_block (const PstConv *conv, gint64 *h, gint64 *w)
{
  gint64 most = pst_memory_cache () / sizeof (float) / 4;

  *w = conv->ow <= LINE ? conv->ow : pst_conv_even (conv->ow, LINE, 12);
  while (*w > 12 && patch_h (conv, 1) * patch_w (conv, *w) * conv->c > most)
    *w = *w / 2 / 12 * 12 + 12 * (*w < 24);
  *h = 1;
  while (*h < conv->oh && *h < 32 &&
         patch_h (conv, *h + 1) * patch_w (conv, *w) * conv->c +
                 (*h + 1) * *w * conv->k <=
             most)
    ++*h;
  *h = pst_conv_even (conv->oh, *h, 1);
}

static gsize
pointers_floats (const PstConv *conv)
{
  return pst_memory_align (sizeof (float *) * parts (conv)) / sizeof (float);
}

static gsize
direct_room (const PstConv *conv)
{
  gint64 h, w;

  direct_block (conv, &h, &w);
  return pointers_floats (conv) +
         patch_h (conv, h) * patch_w (conv, w) * conv->c;
}

/* Where the parts of output row @i begin. */
static void
point (const PstConv *conv, const float *patch, gint64 row, gint64 i,
       gint64 group, const float **a)
{
  const float *at = patch + i * conv->stride_y * row +
                    group * (conv->c / conv->groups);
  gint64       step = conv->dilation_y * row;

  for (gint64 ky = 0; ky < conv->kh; ky++)
    if (by_rows (conv))
      a[ky] = at + ky * step;
    else
      for (gint64 kx = 0; kx < conv->kw; kx++)
        *a++ = at + ky * step + kx * conv->dilation_x * conv->c;
}

static void
direct_region (const PstConv *conv, const PstConvSource *source,
               const PstConvRegion *region, const float *packed, float *room,
               float *to, gint64 row)
{
  const float **a = (const float **) room;
  gint64        kg = conv->k / conv->groups;
  gint64        patch_row;
  const float  *patch =
      pst_conv_patch (&conv->grid, conv->c, source,
                      region->y * conv->stride_y, region->x * conv->stride_x,
                      patch_h (conv, region->h), patch_w (conv, region->w),
                      room + pointers_floats (conv), &patch_row);

  for (gint64 g = 0; g < conv->groups; g++)
    for (gint64 i = 0; i < region->h; i++)
      {
        point (conv, patch, patch_row, i, g, a);
        pst_panel_product (a, parts (conv), conv->stride_x * conv->c,
                           region->w, depth (conv),
                           packed + g * group_floats (conv), kg,
                           to + i * row + g * kg, conv->k);
      }
}

const PstConvForward pst_conv_direct = {
  "direct",     direct_fits, direct_weights, direct_pack,
  direct_block, direct_room, direct_region,
};
