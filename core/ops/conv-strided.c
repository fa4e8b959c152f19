/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/kernels/kernels.h"
#include "core/kernels/panel.h"
#include "core/ops/conv-minimal.h"

/*
 * 3x3 and 4x4 convolutions that step two pixels, by Winograd's minimal
 * filtering of the picture's four phases (even or odd rows and columns). Along
 * an axis
 *
 *   y[i] = g0 e[i] + g2 e[i + 1] + g1 o[i] + g3 o[i + 1]
 *
 * with e the even and o the odd pixels: two filters with two taps, F(4, 2) with
 * five points each. Of a 3x3 kernel the odd one has a single tap, and so
 * nothing at infinity. The phases' sum is taken before the way back, and a
 * point's phases lie side by side, so there is one product for each point:
 *
 *   V [25, t, p c]  t tiles of 9 x 9 or 10 x 10 pixels, p phases: 4, or fewer
 *                   where a coordinate is infinite
 *   U [25, p c, k]
 *   M [25, t, k]    = V U
 *   y               = A' M A, 4 x 4 pixels
 *
 * That is 81 products of one channel where the definition has 144, or 100
 * where it has 256.
 */

#define POINTS 25
#define AXIS 5 /* points along an axis */
#define COLUMNS 64 /* of M at a time */

/* With fewer tiles, or fewer for so many weights, reading those takes longer
 * than it saves. */
#define LEAST_TILES 16
#define TILE_WEIGHTS (1 << 15)
#define MOST_WEIGHTS (1 << 22)

static gint64
strided_tiles (gint64 size)
{
  return (size + 3) / 4;
}

/* Points of both phases along an axis, and pixels that a tile reads. */
static gint64
both (const PstConv *conv)
{
  return conv->kh + 6;
}

gint64
pst_strided_phases (const PstConv *conv, gint64 i)
{
  return 1 + (i < both (conv) - AXIS);
}

/* Inner size of the product at a point. */
static gint64
depth (const PstConv *conv, gint64 point)
{
  return pst_strided_phases (conv, point / AXIS) *
         pst_strided_phases (conv, point % AXIS) * conv->c;
}

static gint64
columns (const PstConv *conv)
{
  return MIN (COLUMNS, conv->k);
}

static gsize
point_floats (const PstConv *conv, gint64 point)
{
  return pst_panel_floats (depth (conv, point), conv->k);
}

static gsize
strided_weights (const PstConv *conv)
{
  gsize all = 0;

  for (gint64 i = 0; i < POINTS; i++)
    all += point_floats (conv, i);
  return all;
}

static gboolean
strided_fits (const PstConv *conv)
{
  gsize tiles = strided_tiles (conv->oh) * strided_tiles (conv->ow);

  return conv->kh == conv->kw && (conv->kh == 3 || conv->kh == 4) &&
         conv->stride_y == 2 && conv->stride_x == 2 &&
         conv->dilation_y == 1 && conv->dilation_x == 1 &&
         conv->groups == 1 && conv->c % 16 == 0 && conv->k % 16 == 0 &&
         tiles >= LEAST_TILES &&
         strided_weights (conv) <= MIN (tiles * TILE_WEIGHTS, MOST_WEIGHTS);
}

typedef struct
{
  const PstConv *conv;
  float         *packed[POINTS];
} Packing;

void
pst_strided_weigh (gint64 i, float *first, float *second)
{
  static const float place[4] = { 0.0f, 1.0f, -1.0f, 2.0f };
  static const float norm[4] = { 1.0f / 2, -1.0f / 2, -1.0f / 6, 1.0f / 6 };

  *first = i < 4 ? norm[i] : 0.0f;
  *second = i < 4 ? norm[i] * place[i] : 1.0f;
}

/* Sixteen columns of one phase at point (i, j); @g: its taps [2][2][16]. */
static void
transform (const float *g, gint64 i, gint64 j, float *u)
{
  float y0, y1, x0, x1;

  pst_strided_weigh (i, &y0, &y1);
  pst_strided_weigh (j, &x0, &x1);
  for (int k = 0; k < 16; k++)
    u[k] = y0 * (x0 * g[k] + x1 * g[16 + k]) +
           y1 * (x0 * g[32 + k] + x1 * g[48 + k]);
}

/* The same for all points of a phase, to channel @c and columns from @k on. */
static void
pack_phase (const Packing *p, const float *g, gint64 odd_y, gint64 odd_x,
            gint64 c, gint64 k)
{
  const PstConv *conv = p->conv;
  gint64         width = pst_kernels ()->panel, run = MIN (16, width);
  gint64         odd = both (conv) - AXIS; /* points of the odd phase */

  for (gint64 i = 0; i < (odd_y ? odd : AXIS); i++)
    for (gint64 j = 0; j < (odd_x ? odd : AXIS); j++)
      {
        gint64 point = i * AXIS + j;
        gint64 phase = odd_y * pst_strided_phases (conv, j) + odd_x;
        gint64 row = phase * conv->c + c;
        float  u[16];

        transform (g, i, j, u);
        for (gint64 n = 0; n < 16; n += run)
          memcpy (p->packed[point] +
                      pst_panel_index (depth (conv, point), row, k + n),
                  u + n, sizeof (float) * run);
      }
}

/* One phase's taps [2][2][16] of sixteen kernels, zeros where it has fewer. */
static void
take_taps (const PstConv *conv, gint64 odd_y, gint64 odd_x, gint64 c, gint64 k,
           float *g)
{
  const PstTensor *w = conv->weight;
  const float     *from =
      (const float *) w->data + k * w->stride[0] + c * w->stride[1];

  for (gint64 i = 0; i < 4; i++)
    {
      gint64 y = odd_y + i / 2 * 2, x = odd_x + i % 2 * 2;

      for (gint64 n = 0; n < 16; n++)
        *g++ = y < conv->kh && x < conv->kw
                   ? from[n * w->stride[0] + y * w->stride[2] +
                          x * w->stride[3]]
                   : 0.0f;
    }
}

static void
pack_channel (gpointer data, gsize item, guint worker)
{
  const Packing *p = data;
  float          g[4 * 16];

  for (gint64 k = 0; k < p->conv->k; k += 16)
    for (gint64 phase = 0; phase < 4; phase++)
      {
        take_taps (p->conv, phase / 2, phase % 2, item, k, g);
        pack_phase (p, g, phase / 2, phase % 2, item, k);
      }
}

static void
strided_pack (const PstConv *conv, PstPool *pool, float *packed)
{
  Packing packing = { .conv = conv };

  if (conv->k % pst_kernels ()->panel) /* the last panel is not full */
    memset (packed, 0, sizeof (float) * strided_weights (conv));
  for (gint64 i = 0; i < POINTS; i++)
    {
      packing.packed[i] = packed;
      packed += point_floats (conv, i);
    }
  pst_pool_run (pool, conv->c, pack_channel, &packing);
}

/* An odd number of cache lines, lest the points share a set. */
static gint64
spaced (gint64 n)
{
  return ((n + 15) / 16 | 1) * 16;
}

static gint64
v_floats (const PstConv *conv, gint64 tiles)
{
  gint64 all = 0;

  for (gint64 i = 0; i < POINTS; i++)
    all += spaced (tiles * depth (conv, i));
  return all;
}

static gint64
m_step (const PstConv *conv, gint64 tiles)
{
  return spaced (tiles * columns (conv));
}

/* Pixels along a row of tiles. */
static gint64
patch_w (const PstConv *conv, gint64 tiles_x)
{
  return 8 * tiles_x + both (conv) - 8;
}

/* V, then the pixels of a row of tiles, then M in their place */
static gsize
block_floats (const PstConv *conv, gint64 tiles_y, gint64 tiles_x)
{
  gint64 tiles = tiles_y * tiles_x;

  return v_floats (conv, tiles) +
         MAX (POINTS * m_step (conv, tiles),
              both (conv) * patch_w (conv, tiles_x) * conv->c);
}

/* Tiles of a block: as many as the second-level cache holds, beside the
 * weights where those are small, and few of them outside. Packed maps have
 * cells of 2 x 8 tiles. */
static void
choose_tiles (const PstConv *conv, gint64 *tiles_y, gint64 *tiles_x)
{
  gsize  cache = pst_memory_cache () / sizeof (float);
  gsize  weights = strided_weights (conv);
  gsize  most = cache * 4 / 5 - (weights < cache / 2 ? weights : 0);
  gint64 all_y = strided_tiles (conv->oh), all_x = strided_tiles (conv->ow);
  double best = 0;

  for (gint64 y = 2; y <= 12 && y < all_y + 2; y += 2)
    for (gint64 x = 8; x <= 24 && x < all_x + 8; x += 8)
      {
        double blocks = (double) ((all_y + y - 1) / y) *
                        ((all_x + x - 1) / x);
        double cost = blocks * ((double) (x * y) + 6 + 0.2 * (double) y);

        if (best > 0 && block_floats (conv, y, x) > most)
          break;
        if (best == 0 || cost < best)
          {
            best = cost;
            *tiles_y = y;
            *tiles_x = x;
          }
      }
}

static void
strided_block (const PstConv *conv, gint64 *h, gint64 *w)
{
  choose_tiles (conv, h, w);
  *h *= 4;
  *w *= 4;
}

static gsize
strided_room (const PstConv *conv)
{
  gint64 y, x;

  choose_tiles (conv, &y, &x);
  return block_floats (conv, y, x);
}

typedef struct
{
  const PstConv       *conv;
  const PstConvRegion *region;
  const float         *packed;
  gint64               tiles_y, tiles_x;
  gint64               tiles;
  float               *v[POINTS];
  float               *m;
  gint64               m_step;
  float               *to;
  gint64               row;
} Work;

/* Tile @t of the block from @d, rows @row floats apart, with @source's scale
 * where @scaled. */
static void
read_tile (const Work *work, const PstConvSource *source, const float *d,
           gint64 row, gboolean scaled, gint64 t)
{
  const PstConv *conv = work->conv;
  float         *v[POINTS];

  for (gint64 i = 0; i < POINTS; i++)
    v[i] = work->v[i] + t * depth (conv, i);
  pst_kernels ()->strided_in (d, row, conv->c, scaled ? source->scale : NULL,
                              source->shift, source->least, (int) conv->kh, v);
}

/* The pixels of a row of tiles, and then the tiles */
static void
read_rows (const Work *work, const PstConvSource *source)
{
  const PstConv *conv = work->conv;

  for (gint64 y = 0; y < work->tiles_y; y++)
    {
      gint64       row;
      const float *patch = pst_conv_patch (
          &conv->grid, conv->c, source, 2 * work->region->y + 8 * y,
          2 * work->region->x, both (conv), patch_w (conv, work->tiles_x),
          work->m, &row);

      for (gint64 x = 0; x < work->tiles_x; x++)
        read_tile (work, source, patch + 8 * x * conv->c, row, FALSE,
                   y * work->tiles_x + x);
    }
}

/* Each tile from where it lies; only those at the edges, as patches. */
static void
read_tiles (const Work *work, const PstConvSource *source)
{
  const PstConv *conv = work->conv;
  gint64         size = both (conv);

  for (gint64 t = 0; t < work->tiles; t++)
    {
      gint64       y = 2 * work->region->y + t / work->tiles_x * 8;
      gint64       x = 2 * work->region->x + t % work->tiles_x * 8;
      gint64       row = source->row * conv->c;
      const float *there =
          pst_conv_find (&conv->grid, conv->c, source, y, x, size, size);
      const float *d = there ? there
                             : pst_conv_patch (&conv->grid, conv->c, source,
                                               y, x, size, size, work->m,
                                               &row);

      read_tile (work, source, d, row, there && source->scale, t);
    }
}

static void
multiply (const Work *work, gint64 first, gint64 n)
{
  const PstConv *conv = work->conv;
  const float   *u = work->packed;

  for (gint64 i = 0; i < POINTS; i++)
    {
      gboolean     last = i + 1 == POINTS;
      gint64       inner = depth (conv, i);
      const float *v = work->v[i], *next = u + point_floats (conv, i);

      pst_panel_product_before (
          &v, 1, inner, work->tiles, inner, u + first * inner, n,
          work->m + i * work->m_step, n, last ? NULL : work->v[i + 1],
          last ? NULL : next + first * depth (conv, i + 1));
      u = next;
    }
}

/* Tile @t, channels @first to @first + @n; with sums where there is a line. */
static void
write_tile (const Work *work, gint64 first, gint64 n, gint64 t, float *line)
{
  gint64        k = work->conv->k;
  gint64        y = t / work->tiles_x * 4, x = t % work->tiles_x * 4;
  PstWinoWindow window = { .phase = -1,
                           .bottom = (int) MIN (4, work->region->h - y),
                           .right = (int) MIN (4, work->region->w - x),
                           .row = work->row,
                           .pixel = k };

  if (line)
    {
      window.base = work->region->sums->base + first;
      window.s = line;
      window.q = line + n;
    }
  pst_kernels ()->strided_out (work->m + t * n, work->m_step, n, &window,
                               work->to + y * work->row + x * k + first);
}

/* The sums are taken in single precision over a row of tiles. */
static void
write_tiles (const Work *work, gint64 first, gint64 n)
{
  PstConvSums *sums = work->region->sums;
  gint64       k = work->conv->k;

  if (sums && sums->fresh)
    {
      write_tile (work, first, n, 0, NULL);
      pst_conv_sums_begin (sums, k, first, n, work->to + first);
    }
  for (gint64 t = 0; t < work->tiles; t++)
    {
      if (sums && t % work->tiles_x == 0)
        memset (sums->line, 0, sizeof (float) * 2 * n);
      write_tile (work, first, n, t, sums ? sums->line : NULL);
      if (sums && (t + 1) % work->tiles_x == 0)
        pst_conv_sums_add (sums, k, first, n);
    }
}

static void
strided_region (const PstConv *conv, const PstConvSource *source,
                const PstConvRegion *region, const float *packed, float *room,
                float *to, gint64 row)
{
  Work work = { .conv = conv, .region = region, .packed = packed, .to = to,
                .row = row };

  work.tiles_y = strided_tiles (region->h);
  work.tiles_x = strided_tiles (region->w);
  work.tiles = work.tiles_y * work.tiles_x;
  work.m_step = m_step (conv, work.tiles);
  for (gint64 i = 0; i < POINTS; i++)
    {
      work.v[i] = room;
      room += spaced (work.tiles * depth (conv, i));
    }
  work.m = room;
  if (! source->packed && (source->scale || source->least == -INFINITY))
    read_tiles (&work, source);
  else
    read_rows (&work, source);
  for (gint64 first = 0; first < conv->k; first += COLUMNS)
    {
      gint64 n = MIN (COLUMNS, conv->k - first);

      multiply (&work, first, n);
      write_tiles (&work, first, n);
    }
  if (region->sums)
    {
      region->sums->fresh = FALSE;
      region->sums->taken = TRUE;
    }
}

const PstConvForward pst_conv_strided = {
  "strided",     strided_fits, strided_weights, strided_pack,
  strided_block, strided_room, strided_region,
};
