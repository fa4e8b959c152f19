/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/kernels/kernels.h"
#include "core/kernels/panel.h"
#include "core/ops/conv.h"

/*
 * 3x3 convolutions by Winograd's minimal filtering F(4x4, 3x3) (Lavin and
 * Gray 2015, arXiv:1509.09308): 36 products instead of 144 for 16 outputs; and
 * 4x4 ones by F(3x3, 4x4) with the same points: 36 instead of 144 for 9.
 *
 *   V [36, t, c] = B' d B      t tiles of 6 x 6 pixels
 *   U [36, c, k] = G g G'
 *   M [36, t, k] = V U         one product for each of the 36 points
 *   y            = A' M A      4 x 4 or 3 x 3 pixels
 *
 * Where the picture is enlarged twice by nearest neighbours on the way, the
 * four phases of the output (even or odd rows and columns) are convolutions of
 * the small picture: along each axis the kernel (a, b, c) becomes (a, b + c, 0)
 * or (0, a + b, c). A zero at an end makes one of the six points vanish, so 25
 * products a phase remain, and V is shared: 100 products for 64 outputs.
 */

#define COLUMNS 64 /* of M at a time */
#define POINTS 36
#define PHASE_POINTS 25
#define APART 16 /* floats between points, lest they share a set of the cache */

static gboolean
winograd_fits (const PstConv *conv)
{
  return (conv->kh == 3 || conv->kh == 4) && conv->kw == conv->kh &&
         conv->stride_y == 1 && conv->stride_x == 1 &&
         conv->dilation_y == 1 && conv->dilation_x == 1 &&
         conv->groups == 1 && conv->c % 16 == 0 && conv->k % 16 == 0 &&
         conv->oh >= 4 && conv->ow >= 4;
}

/* Pixels along an axis of a tile's output. */
static gint64
tile_size (const PstConv *conv)
{
  return 7 - conv->kh;
}

/* Pixels along an axis that @tiles read. */
static gint64
reach (const PstConv *conv, gint64 tiles)
{
  return tile_size (conv) * (tiles - 1) + 6;
}

static gint64
n_phases (const PstConv *conv)
{
  return conv->phased ? 4 : 1;
}

static gint64
n_points (const PstConv *conv)
{
  return conv->phased ? PHASE_POINTS : POINTS;
}

static gint64
columns (const PstConv *conv)
{
  return MIN (COLUMNS, conv->k);
}

/* Floats of the packed weights of one point, and what keeps the points from
 * sharing a set of the cache. */
static gsize
point_floats (const PstConv *conv)
{
  return pst_panel_floats (conv->c, conv->k) + APART;
}

static gsize
winograd_weights (const PstConv *conv)
{
  return n_phases (conv) * n_points (conv) * point_floats (conv);
}

/* Which of the 36 points is point @i of a phase. */
static gint64
phase_point (gint64 phase, gint64 i)
{
  return 6 * (i / 5 + phase / 2) + i % 5 + phase % 2;
}

typedef struct
{
  const PstConv *conv;
  float         *packed;
} Packing;

/* The kernel of a phase in place of g, along one axis. */
static void
fold (float *g, gint64 step, gint64 odd)
{
  if (odd)
    {
      g[step] += g[0];
      g[0] = 0.0f;
    }
  else
    {
      g[step] += g[2 * step];
      g[2 * step] = 0.0f;
    }
}

/* Sixteen kernels [9 or 16, 16] to their places. */
static void
pack_sixteen (const Packing *p, const float *g, gint64 c, gint64 k)
{
  const PstConv *conv = p->conv;
  gint64         run = MIN (16, pst_kernels ()->panel);

  for (gint64 j = 0; j < 16; j += run)
    pst_kernels ()->wino_weights (
        g + j, 16, run, (int) conv->kh,
        p->packed + pst_panel_index (conv->c, c, k + j), point_floats (conv));
}

/* The same phase by phase. */
static void
pack_phases (const Packing *p, const float *g, gint64 c, gint64 k)
{
  const PstConv *conv = p->conv;
  gint64         run = MIN (16, pst_kernels ()->panel);
  gsize          size = point_floats (conv);
  float          kernel[9 * 16], u[POINTS * 16];

  for (gint64 phase = 0; phase < n_phases (conv); phase++)
    {
      memcpy (kernel, g, sizeof kernel);
      for (gint64 i = 0; i < 3 * 16; i++)
        fold (kernel + i, 3 * 16, phase / 2);
      for (gint64 i = 0; i < 3 * 16; i++)
        fold (kernel + i / 16 * 3 * 16 + i % 16, 16, phase % 2);
      pst_kernels ()->wino_weights (kernel, 16, 16, 3, u, 16);
      for (gint64 j = 0; j < 16; j += run)
        {
          float *to = p->packed + phase * PHASE_POINTS * size +
                      pst_panel_index (conv->c, c, k + j);

          for (gint64 i = 0; i < PHASE_POINTS; i++, to += size)
            memcpy (to, u + phase_point (phase, i) * 16 + j,
                    sizeof (float) * run);
        }
    }
}

static void
pack_channel (gpointer data, gsize item, guint worker)
{
  const Packing   *p = data;
  const PstTensor *w = p->conv->weight;
  const float     *from = (const float *) w->data + item * w->stride[1];
  gint64           size = p->conv->kh;
  float            g[16 * 16];

  for (gint64 k = 0; k < p->conv->k; k += 16)
    {
      for (gint64 i = 0; i < size * size; i++)
        for (int j = 0; j < 16; j++)
          g[i * 16 + j] = from[(k + j) * w->stride[0] +
                               i / size * w->stride[2] +
                               i % size * w->stride[3]];
      if (p->conv->phased)
        pack_phases (p, g, item, k);
      else
        pack_sixteen (p, g, item, k);
    }
}

static void
winograd_pack (const PstConv *conv, PstPool *pool, float *packed)
{
  Packing packing = { conv, packed };
  gint64  width = pst_kernels ()->panel;

  if (conv->k % width) /* the last panel is not full */
    memset (packed, 0, sizeof (float) * winograd_weights (conv));
  pst_pool_run (pool, conv->c, pack_channel, &packing);
}

/* V, then the pixels, then M in their place */
static gsize
room_floats (const PstConv *conv, gint64 tiles_y, gint64 tiles_x)
{
  gint64 tiles = tiles_y * tiles_x;
  gsize  pixels = reach (conv, tiles_y) * reach (conv, tiles_x) * conv->c;
  gsize  m = n_points (conv) * (tiles * columns (conv) + APART);

  return POINTS * (tiles * conv->c + APART) + MAX (pixels, m);
}

/* Tiles of a block: as many as the second-level cache holds, few of them half
 * outside, their number such that the products waste little; if possible whole
 * cells, which packed maps are cut into. */
static void
choose_tiles (const PstConv *conv, gint64 *tiles_y, gint64 *tiles_x)
{
  gsize  most = pst_memory_cache () / sizeof (float) * 4 / 5;
  gint64 scale = conv->phased ? 8 : tile_size (conv);
  gint64 all_y = (conv->oh + scale - 1) / scale;
  gint64 all_x = (conv->ow + scale - 1) / scale;
  double best = 0;

  *tiles_y = *tiles_x = 1;
  for (gint64 y = 1; y <= MIN (12, all_y); y++)
    for (gint64 x = 1; x <= MIN (24, all_x); x++)
      {
        gint64 n = x * y;
        double blocks = (double) ((all_y + y - 1) / y) *
                        ((all_x + x - 1) / x);
        double cost = blocks * (n + 6 +
                                0.15 * reach (conv, y) * reach (conv, x) /
                                    16);

        if (n > 1 && room_floats (conv, y, x) > most)
          break;
        if (y * scale % PST_CELL_H || x * scale % PST_CELL_W)
          cost *= 1.03;
        if (best == 0 || cost < best)
          {
            best = cost;
            *tiles_y = y;
            *tiles_x = x;
          }
      }
}

static void
winograd_block (const PstConv *conv, gint64 *h, gint64 *w)
{
  gint64 scale = conv->phased ? 8 : tile_size (conv);

  choose_tiles (conv, h, w);
  *h *= scale;
  *w *= scale;
}

static gsize
winograd_room (const PstConv *conv)
{
  gint64 y, x;

  choose_tiles (conv, &y, &x);
  /* a region may begin at an odd row or column: one tile more each way */
  y += conv->phased;
  x += conv->phased;
  return room_floats (conv, y, x);
}

typedef struct
{
  const PstConv       *conv;
  const PstConvRegion *region;
  const float         *packed;
  gint64               y, x;             /* origin in the picture read */
  gint64               tiles_y, tiles_x;
  gint64               tiles;
  float               *v;                /* points @v_step apart */
  gint64               v_step;
  float               *m;
  float               *to;
  gint64               row;
  PstConvSums         *sums;             /* (nullable) */
  gboolean             past;             /* see PstConvRegion */
} Work;

/* All pixels that the tiles cover, and then the tiles */
static void
read_patch (const Work *work, const PstConvGrid *grid,
            const PstConvSource *source)
{
  const PstConv *conv = work->conv;
  gint64         c = conv->c, size = tile_size (conv), row;
  const float   *patch =
      pst_conv_patch (grid, c, source, work->y, work->x,
                      reach (conv, work->tiles_y),
                      reach (conv, work->tiles_x), work->m, &row);

  for (gint64 t = 0; t < work->tiles; t++)
    pst_kernels ()->wino_in_patch (patch + t / work->tiles_x * size * row +
                                       t % work->tiles_x * size * c,
                                   row, c, work->v + t * c, work->v_step);
}

/* Each tile from where it lies; only those at the edges, as patches. */
static void
read_tiles (const Work *work, const PstConvGrid *grid,
            const PstConvSource *source)
{
  gint64 c = work->conv->c, size = tile_size (work->conv), row;

  for (gint64 t = 0; t < work->tiles; t++)
    {
      gint64       y = work->y + t / work->tiles_x * size;
      gint64       x = work->x + t % work->tiles_x * size;
      float       *v = work->v + t * c;
      const float *d = pst_conv_find (grid, c, source, y, x, 6, 6);

      if (d && source->scale)
        {
          pst_kernels ()->wino_in_scaled (d, source->row * c, c, source->scale,
                                          source->shift, source->least, v,
                                          work->v_step);
          continue;
        }
      d = pst_conv_patch (grid, c, source, y, x, 6, 6, work->m, &row);
      pst_kernels ()->wino_in_patch (d, row, c, v, work->v_step);
    }
}

/* V of point @i of a phase */
static const float *
point_of (const Work *work, gint64 phase, gint64 i)
{
  gint64 point = work->conv->phased ? phase_point (phase, i) : i;

  return work->v + point * work->v_step;
}

static void
multiply (const Work *work, gint64 phase, gint64 first, gint64 n)
{
  const PstConv *conv = work->conv;
  gint64         c = conv->c;

  for (gint64 i = 0; i < n_points (conv); i++)
    {
      gboolean     last = i + 1 == n_points (conv);
      const float *v = point_of (work, phase, i);
      const float *u = work->packed +
                       (phase * n_points (conv) + i) * point_floats (conv) +
                       first * c;

      pst_panel_product_before (&v, 1, c, work->tiles, c, u, n,
                                work->m + i * (work->tiles * n + APART), n,
                                last ? NULL : point_of (work, phase, i + 1),
                                last ? NULL : u + point_floats (conv));
    }
}

/* Which of @n outputs, @step apart from @at on, lie within [0, size). */
static void
clip (gint64 at, gint64 step, gint64 n, gint64 size, int *begin, int *end)
{
  *begin = at < 0 ? (int) ((-at + step - 1) / step) : 0;
  *end = (int) CLAMP ((size - at + step - 1) / step, 0, n);
}

/* Tile @t, channels @first to @first + @n; with sums where there is a line. */
static void
write_tile (const Work *work, gint64 phase, gint64 first, gint64 n, gint64 t,
            float *line)
{
  const PstConv *conv = work->conv;
  gint64         step = conv->phased ? 2 : 1, size = tile_size (conv);
  gint64         y = (work->y + t / work->tiles_x * size) * step +
                     (conv->phased ? phase / 2 : 0) - work->region->y;
  gint64         x = (work->x + t % work->tiles_x * size) * step +
                     (conv->phased ? phase % 2 : 0) - work->region->x;
  PstWinoWindow window = { .phase = conv->phased ? (int) phase : -1,
                           .kernel = (int) conv->kh,
                           .row = work->row * step,
                           .pixel = conv->k * step,
                           .past = work->past };

  clip (y, step, size, work->region->h, &window.top, &window.bottom);
  clip (x, step, size, work->region->w, &window.left, &window.right);
  if (line)
    {
      window.base = work->region->sums->base + first;
      window.s = line;
      window.q = line + n;
    }
  pst_kernels ()->wino_out_window (work->m + t * n, work->tiles * n + APART, n,
                                   &window,
                                   work->to + y * work->row + x * conv->k +
                                       first);
}

/* The sums are taken in single precision over a row of tiles. */
static void
write_tiles (const Work *work, gint64 phase, gint64 first, gint64 n)
{
  PstConvSums *sums = work->sums;
  gint64       k = work->conv->k;

  if (sums && sums->fresh && phase == 0)
    {
      write_tile (work, phase, first, n, 0, NULL);
      pst_conv_sums_begin (sums, k, first, n, work->to + first);
    }
  for (gint64 t = 0; t < work->tiles; t++)
    {
      if (sums && t % work->tiles_x == 0)
        memset (sums->line, 0, sizeof (float) * 2 * n);
      write_tile (work, phase, first, n, t, sums ? sums->line : NULL);
      if (sums && (t + 1) % work->tiles_x == 0)
        pst_conv_sums_add (sums, k, first, n);
    }
}

static void
winograd_region (const PstConv *conv, const PstConvSource *source,
                 const PstConvRegion *region, const float *packed, float *room,
                 float *to, gint64 row)
{
  const PstConvGrid *grid = conv->phased ? &conv->low : &conv->grid;
  gint64             step = conv->phased ? 2 : 1, size = tile_size (conv);
  gint64             end_y = (region->y + region->h + step - 1) / step;
  gint64             end_x = (region->x + region->w + step - 1) / step;
  Work work = { .conv = conv, .region = region, .packed = packed,
                .y = region->y / step, .x = region->x / step,
                .to = to, .row = row };

  if (region->y % step == 0 && region->x % step == 0)
    work.sums = region->sums; /* else the first pixel isn't the first tile's */
  work.past = region->past && work.sums == region->sums &&
              (gsize) to % PST_MEMORY_ALIGN == 0 &&
              row % (PST_MEMORY_ALIGN / (gint64) sizeof (float)) == 0;
  work.tiles_y = (end_y - work.y + size - 1) / size;
  work.tiles_x = (end_x - work.x + size - 1) / size;
  work.tiles = work.tiles_y * work.tiles_x;
  work.v = room;
  work.v_step = work.tiles * conv->c + APART;
  work.m = work.v + POINTS * work.v_step;
  if (! source->packed && (source->scale || source->least == -INFINITY))
    read_tiles (&work, grid, source);
  else
    read_patch (&work, grid, source);
  for (gint64 phase = 0; phase < n_phases (conv); phase++)
    for (gint64 first = 0; first < conv->k; first += COLUMNS)
      {
        gint64 n = MIN (COLUMNS, conv->k - first);

        multiply (&work, phase, first, n);
        write_tiles (&work, phase, first, n);
      }
  if (work.past)
    __atomic_thread_fence (__ATOMIC_SEQ_CST);
  if (work.sums)
    {
      work.sums->fresh = FALSE;
      work.sums->taken = TRUE;
    }
}

const PstConvForward pst_conv_winograd = {
  "winograd",     winograd_fits, winograd_weights, winograd_pack,
  winograd_block, winograd_room, winograd_region,
};
