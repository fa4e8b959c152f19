/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/base/memory.h"
#include "core/kernels/kernels.h"
#include "core/kernels/panel.h"
#include "core/ops/conv.h"

/*
 * Large kernels (the first and the last layer: 9x9) by nested minimal
 * filtering: the kernel is cut into blocks of 3x3, filled up with zeros, and
 * each block is computed by Winograd's F(3x3, 3x3). Since the blocks lie three
 * pixels apart, just as the tiles do, all share one transformed picture:
 *
 *   V [25, t, c]  = B' d B      t tiles of 5 x 5 pixels, 3 apart
 *   U [25, b, c, k] = G g G'    of block b
 *   M [25, t, k]  = sum over b of V [t + b] U [b]
 *   y             = A' M A      3 x 3 pixels
 *
 * With 9 blocks that is 25 products where the definition has 81. The products
 * come in two forms: usually the blocks of a row lie side by side in V, so they
 * are one product; but with three channels out it is the blocks that become
 * columns, P [25, t, b k] = V U, and M is added up from P.
 *
 * A strip of tiles is computed row by row; of V or P only as many rows are kept
 * as the kernel has rows of blocks.
 */

#define POINTS 25
#define TALL 11 /* tiles of a block */
#define WIDE 32
#define MAX_BLOCKS 4 /* along an axis */
#define LEAST_DEPTH 24 /* products with less are slower than conv-rows.c */

static gint64
blocks_y (const PstConv *conv)
{
  return (conv->kh + 2) / 3;
}

static gint64
blocks_x (const PstConv *conv)
{
  return (conv->kw + 2) / 3;
}

/* Whether the blocks become columns. */
static gboolean
is_narrow (const PstConv *conv)
{
  return conv->k <= 4;
}

static gboolean
nested_fits (const PstConv *conv)
{
  return conv->kh >= 5 && conv->kw >= 5 && conv->kh <= 3 * MAX_BLOCKS &&
         conv->kw <= 3 * MAX_BLOCKS && conv->stride_y == 1 &&
         conv->stride_x == 1 && conv->dilation_y == 1 &&
         conv->dilation_x == 1 && conv->groups == 1 &&
         (is_narrow (conv) ? conv->c % 4 == 0 && conv->c >= LEAST_DEPTH
                           : conv->k % 4 == 0) &&
         conv->c <= 64;
}

/* Inner size and columns of the products. */
static gint64
depth (const PstConv *conv)
{
  return is_narrow (conv) ? conv->c
                          : blocks_y (conv) * blocks_x (conv) * conv->c;
}

static gint64
columns (const PstConv *conv)
{
  return is_narrow (conv) ? blocks_y (conv) * blocks_x (conv) * conv->k
                          : conv->k;
}

static gsize
point_floats (const PstConv *conv)
{
  return pst_panel_floats (depth (conv), columns (conv));
}

static gsize
nested_weights (const PstConv *conv)
{
  return POINTS * point_floats (conv);
}

/* u [5][5] = G g G' */
static void
transform (const float g[3][3], float *u)
{
  static const float G[5][3] = {
    { 1.0f / 2, 0.0f, 0.0f },
    { -1.0f / 2, -1.0f / 2, -1.0f / 2 },
    { -1.0f / 6, 1.0f / 6, -1.0f / 6 },
    { 1.0f / 6, 1.0f / 3, 2.0f / 3 },
    { 0.0f, 0.0f, 1.0f },
  };

  for (int i = 0; i < 5; i++)
    for (int j = 0; j < 5; j++)
      {
        float sum = 0.0f;

        for (int y = 0; y < 3; y++)
          for (int x = 0; x < 3; x++)
            sum += G[i][y] * g[y][x] * G[j][x];
        u[5 * i + j] = sum;
      }
}

/* The weights of one block between two channels. */
static void
pack_block (const PstConv *conv, gint64 block, gint64 c, gint64 k,
            float *packed)
{
  const PstTensor *w = conv->weight;
  const float     *from =
      (const float *) w->data + k * w->stride[0] + c * w->stride[1];
  gint64 top = block / blocks_x (conv) * 3, left = block % blocks_x (conv) * 3;
  gint64 row = is_narrow (conv) ? c : block * conv->c + c;
  gint64 column = is_narrow (conv) ? block * conv->k + k : k;
  gsize  at = pst_panel_index (depth (conv), row, column);
  float  g[3][3], u[POINTS];

  for (int y = 0; y < 3; y++)
    for (int x = 0; x < 3; x++)
      g[y][x] = top + y < conv->kh && left + x < conv->kw
                    ? from[(top + y) * w->stride[2] +
                           (left + x) * w->stride[3]]
                    : 0.0f;
  transform ((const float (*)[3]) g, u);
  for (int i = 0; i < POINTS; i++)
    packed[i * point_floats (conv) + at] = u[i];
}

static void
nested_pack (const PstConv *conv, PstPool *pool, float *packed)
{
  memset (packed, 0, sizeof (float) * nested_weights (conv));
  for (gint64 block = 0; block < blocks_y (conv) * blocks_x (conv); block++)
    for (gint64 c = 0; c < conv->c; c++)
      for (gint64 k = 0; k < conv->k; k++)
        pack_block (conv, block, c, k, packed);
}

static void
nested_block (const PstConv *conv, gint64 *h, gint64 *w)
{
  *h = pst_conv_even (conv->oh, 3 * TALL, 3);
  *w = pst_conv_even (conv->ow, 3 * WIDE, 3);
}

typedef struct
{
  const PstConv *conv;
  const float   *packed;
  gint64         down, across; /* tiles */
  gint64         wide;         /* tiles of a row of V */
  gint64         v_row;        /* floats of V for one point and row */
  gint64         p_row;        /* floats of M or P for the same */
  float         *v;            /* rows, where they are kept: [blocks][25] */
  float         *p;
} Work;

/* An odd number of cache lines, and room to write beyond the end. */
static gint64
spaced (gint64 n)
{
  return ((n + 4 + 15) / 16 | 1) * 16;
}

static void
plan_work (const PstConv *conv, gint64 h, gint64 w, Work *work)
{
  work->conv = conv;
  work->down = (h + 2) / 3;
  work->across = (w + 2) / 3;
  work->wide = work->across + blocks_x (conv) - 1;
  work->v_row = spaced (work->wide * conv->c);
  work->p_row = spaced ((is_narrow (conv) ? work->wide : work->across) *
                        columns (conv));
}

static gsize
v_floats (const Work *work)
{
  return work->v_row * POINTS *
         (is_narrow (work->conv) ? 1 : blocks_y (work->conv));
}

static gsize
p_floats (const Work *work)
{
  return work->p_row * POINTS *
         (is_narrow (work->conv) ? blocks_y (work->conv) : 1);
}

static gint64
patch_h (const Work *work)
{
  return 3 * (work->down + blocks_y (work->conv) - 1) + 2;
}

static gint64
patch_w (const Work *work)
{
  return 3 * work->wide + 2;
}

static gsize
nested_room (const PstConv *conv)
{
  Work   work;
  gint64 h, w;

  nested_block (conv, &h, &w);
  plan_work (conv, h, w, &work);
  return v_floats (&work) + p_floats (&work) +
         patch_h (&work) * patch_w (&work) * conv->c + 16;
}

/* Row @r of tiles, from V's rows up to that one, to pixels. */
static void
multiply_wide (const Work *work, gint64 r, gint64 h, gint64 w, float *to,
               gint64 row)
{
  const PstConv *conv = work->conv;
  gint64         n = blocks_y (conv);
  const float   *a[MAX_BLOCKS];

  for (gint64 i = 0; i < POINTS; i++)
    {
      for (gint64 b = 0; b < n; b++)
        a[b] = work->v + ((r + b) % n * POINTS + i) * work->v_row;
      pst_panel_product (a, n, conv->c, work->across,
                         blocks_x (conv) * conv->c,
                         work->packed + i * point_floats (conv), conv->k,
                         work->p + i * work->p_row, conv->k);
    }
  pst_kernels ()->nested_out (work->p, work->p_row, conv->k, work->across, h,
                              w, to, row, conv->k);
}

/* Row @r of V to row @r of P. */
static void
multiply_narrow (const Work *work, gint64 r)
{
  const PstConv *conv = work->conv;
  float *p = work->p + r % blocks_y (conv) * POINTS * work->p_row;

  for (gint64 i = 0; i < POINTS; i++)
    {
      const float *v = work->v + i * work->v_row;

      pst_panel_product (&v, 1, conv->c, work->wide, conv->c,
                         work->packed + i * point_floats (conv),
                         columns (conv), p + i * work->p_row,
                         columns (conv));
    }
}

static void
add_up (const Work *work, gint64 r, gint64 h, gint64 w, float *to, gint64 row)
{
  const PstConv *conv = work->conv;
  gint64         n = blocks_y (conv);
  const float   *p[MAX_BLOCKS];

  for (gint64 b = 0; b < n; b++)
    p[b] = work->p + (r + b) % n * POINTS * work->p_row;
  pst_kernels ()->nested_add_up (p, work->p_row, n, blocks_x (conv), conv->k,
                                 work->across, h, w, to, row);
}

static void
nested_region (const PstConv *conv, const PstConvSource *source,
               const PstConvRegion *region, const float *packed, float *room,
               float *to, gint64 row)
{
  Work         work;
  gint64       patch_row, n = blocks_y (conv);
  gboolean     narrow = is_narrow (conv);
  const float *patch;

  plan_work (conv, region->h, region->w, &work);
  work.packed = packed;
  work.v = room;
  work.p = work.v + v_floats (&work);
  patch = pst_conv_patch (&conv->grid, conv->c, source, region->y, region->x,
                          patch_h (&work), patch_w (&work),
                          work.p + p_floats (&work), &patch_row);
  for (gint64 r = 0; r < work.down + n - 1; r++)
    {
      gint64 out = r - n + 1; /* the row of tiles that is complete */
      gint64 h = region->h - 3 * out;
      float *at = to + 3 * out * row;

      pst_kernels ()->nested_in (
          patch + 3 * r * patch_row, patch_row, conv->c, work.wide,
          work.v + (narrow ? 0 : r % n) * POINTS * work.v_row, work.v_row);
      if (narrow)
        multiply_narrow (&work, r);
      if (out >= 0 && narrow)
        add_up (&work, out, h, region->w, at, row);
      else if (out >= 0)
        multiply_wide (&work, out, h, region->w, at, row);
    }
}

const PstConvForward pst_conv_nested = {
  "nested",     nested_fits, nested_weights, nested_pack,
  nested_block, nested_room, nested_region,
};
