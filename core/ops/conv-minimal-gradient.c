/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/base/memory.h"
#include "core/kernels/kernels.h"
#include "core/kernels/panel.h"
#include "core/ops/conv-minimal.h"

/*
 * Samples are shared out in slices, each with weight gradients dg of its own,
 * and a slice is worked off in blocks of tiles, such that V, M and dU stay in
 * the second-level cache. The columns of dM lie in panels, so that it can be
 * the right-hand side of dU = V' dM as well as the left one of dV = dM U'.
 */

#define RUN 16 /* channels come in multiples of this */
#define BLOCK_FLOATS (200 * 1024)
#define MANY_WEIGHTS (128 * 1024)
#define FEW_TILES 64 /* of a slice with many weights */
#define MOST_REACH 10
#define MOST_PANEL 32

typedef struct
{
  const PstMinimal *form;
  const PstConv    *conv;
  PstCall          *call;
  gint64            size, reach, step;
  gint64            tiles_x, tiles; /* of a sample */
  gint64            channels;       /* of dM: k, or 16 if those are fewer */
  gint64            width;          /* of a panel of dM */
  gint64            panels;
  gint64            block;          /* tiles */
  gint64            n_slices;
  gint64            rows[PST_MINIMAL_POINTS];
  gsize             u_at[PST_MINIMAL_POINTS];  /* floats */
  gsize             du_at[PST_MINIMAL_POINTS];
  gsize             u_floats, du_floats, g_floats;
  const float      *x;
  const float      *dy;
  float            *dx;
  PstTensor        *dw;
  float            *zero; /* a pixel */
  float            *u;    /* by point: packed U' [panels width, rows] */
  float            *g;    /* [n_slices][c][kh kw][channels] */
} Work;

/* A block's room. */
typedef struct
{
  gint64 count;  /* tiles */
  float *du;     /* by point: [rows, channels] */
  float *v[PST_MINIMAL_POINTS];
  float *m;      /* [points][panels][count][width] */
  gint64 m_step; /* from point to point */
} Block;

/* An odd number of cache lines, lest the points share a set. */
static gint64
spaced (gint64 n)
{
  return ((n + 15) / 16 | 1) * 16;
}

static gint64
all_rows (const Work *work)
{
  gint64 all = 0;

  for (gint64 p = 0; p < work->form->points; p++)
    all += work->rows[p];
  return all;
}

/* Where there are many weights a slice should have tiles enough for them, and
 * so should a block. */
static void
choose_blocks (Work *work)
{
  gint64 n = work->conv->n, each;
  gint64 floats = all_rows (work) + work->form->points * work->channels;
  gint64 most = BLOCK_FLOATS;

  work->n_slices = MIN (PST_CONV_SLICES, n);
  if (work->du_floats >= MANY_WEIGHTS)
    {
      work->n_slices = MIN (4, n);
      while (work->n_slices > 2 &&
             n * work->tiles / work->n_slices < FEW_TILES)
        work->n_slices /= 2;
      most = MAX (most, (gint64) work->du_floats);
    }
  each = (n + work->n_slices - 1) / work->n_slices * work->tiles;
  work->block = pst_conv_even (each, CLAMP (most / floats, 8, 256), 1);
}

static void
plan_work (const PstMinimal *form, const PstConv *conv, Work *work)
{
  gint64 depth;

  work->form = form;
  work->conv = conv;
  work->size = form->size (conv);
  work->reach = form->reach (conv);
  work->step = form->step (conv);
  work->tiles_x = (conv->ow + work->size - 1) / work->size;
  work->tiles = (conv->oh + work->size - 1) / work->size * work->tiles_x;
  work->channels = (conv->k + RUN - 1) / RUN * RUN;
  work->width = MIN (pst_kernels ()->panel, work->channels);
  work->panels = (work->channels + work->width - 1) / work->width;
  depth = work->panels * work->width;
  for (gint64 p = 0; p < form->points; p++)
    {
      work->rows[p] = form->phases (conv, p) * conv->c;
      work->u_at[p] = work->u_floats;
      work->du_at[p] = work->du_floats;
      work->u_floats += spaced (pst_panel_floats (depth, work->rows[p]));
      work->du_floats += spaced (work->rows[p] * work->channels);
    }
  work->g_floats = conv->c * work->channels * conv->kh * conv->kw;
  choose_blocks (work);
}

static gint64
m_step (const Work *work, gint64 count)
{
  return spaced (work->panels * work->width * count);
}

static gint64
zero_floats (const PstConv *conv)
{
  return (MAX (conv->c, conv->k) + RUN - 1) / RUN * RUN;
}

void
pst_minimal_scratch (const PstMinimal *form, const PstConv *conv,
                     gsize *shared, gsize *per_worker)
{
  Work   work = { 0 };
  gint64 floats = 0;

  plan_work (form, conv, &work);
  for (gint64 p = 0; p < form->points; p++)
    floats += spaced (work.block * work.rows[p]);
  floats += form->points * m_step (&work, work.block) + work.du_floats;
  *shared = sizeof (float) * (zero_floats (conv) + work.u_floats +
                              work.n_slices * work.g_floats);
  *per_worker = sizeof (float) * floats;
}

static Block
block_at (const Work *work, float *room, gint64 count)
{
  Block block = { .count = count, .du = room,
                  .m_step = m_step (work, count) };

  room += work->du_floats;
  for (gint64 p = 0; p < work->form->points; p++)
    {
      block.v[p] = room;
      room += spaced (count * work->rows[p]);
    }
  block.m = room;
  return block;
}

/* Where the taps of a kernel of @w lie. */
static void
locate_taps (const PstConv *conv, const PstTensor *w, gint64 *at)
{
  for (gint64 y = 0; y < conv->kh; y++)
    for (gint64 x = 0; x < conv->kw; x++)
      *at++ = y * w->stride[2] + x * w->stride[3];
}

/* U' of output channel @item for all inputs. */
static void
pack_channel (gpointer data, gsize item, guint worker)
{
  const Work      *work = data;
  const PstConv   *conv = work->conv;
  const PstTensor *w = conv->weight;
  const float     *from = (const float *) w->data + item * w->stride[0];
  gint64 width = pst_kernels ()->panel;
  gint64 run = conv->c % width ? MIN (RUN, width) : width; /* in one panel */
  gint64 taps = conv->kh * conv->kw, depth = work->panels * work->width;
  float  g[PST_MINIMAL_TAPS * MOST_PANEL];
  float *u[PST_MINIMAL_KERNELS];
  gint64 at[PST_MINIMAL_TAPS];

  locate_taps (conv, w, at);
  for (gint64 c = 0; c < conv->c; c += run)
    {
      float **next = u;

      for (gint64 i = 0; i < run; i++)
        for (gint64 t = 0; t < taps; t++)
          g[t * run + i] = from[(c + i) * w->stride[1] + at[t]];
      for (gint64 p = 0; p < work->form->points; p++)
        for (gint64 row = c; row < work->rows[p]; row += conv->c)
          *next++ = work->u + work->u_at[p] +
                    (row / width * depth + item) * width + row % width;
      work->form->weights (conv, g, run, run, u);
    }
}

/* A slice's dg: the adjoint of its dU */
static void
transform_weights (const Work *work, const float *du, float *g)
{
  const PstConv *conv = work->conv;
  const float   *u[PST_MINIMAL_KERNELS];

  for (gint64 c = 0; c < conv->c; c++)
    {
      const float **next = u;

      for (gint64 p = 0; p < work->form->points; p++)
        for (gint64 row = c; row < work->rows[p]; row += conv->c)
          *next++ = du + work->du_at[p] + row * work->channels;
      work->form->weights_adjoint (conv, u, work->channels, g,
                                   work->channels);
      g += conv->kh * conv->kw * work->channels;
    }
}

/* Adds the slices of dg of input channel @item, in order. */
static void
add_channel (gpointer data, gsize item, guint worker)
{
  const Work      *work = data;
  const PstConv   *conv = work->conv;
  const PstTensor *w = work->dw;
  float           *to = (float *) w->data + item * w->stride[1];
  gint64           taps = conv->kh * conv->kw;
  float           *g = work->g + item * work->channels * taps;
  gint64           at[PST_MINIMAL_TAPS];

  locate_taps (conv, w, at);
  for (gint64 s = 1; s < work->n_slices; s++)
    {
      const float *restrict from = g + s * work->g_floats;
      float *restrict       sum = g;

      for (gint64 i = 0; i < work->channels * taps; i++)
        sum[i] += from[i];
    }
  for (gint64 k = 0; k < conv->k; k++)
    for (gint64 t = 0; t < taps; t++)
      to[k * w->stride[0] + at[t]] += g[t * work->channels + k];
}

/* Where the pixels of a tile lie in @picture, all samples; @outside where
 * padding is zero. */
static void
locate_input (const Work *work, gint64 tile, const float *picture,
              const float *outside, const float **d)
{
  const PstConv *conv = work->conv;
  gint64         t = tile % work->tiles;
  gint64         y0 = t / work->tiles_x * work->step;
  gint64         x0 = t % work->tiles_x * work->step;
  gint64         col[MOST_REACH];

  picture += tile / work->tiles * conv->h * conv->w * conv->c;
  for (gint64 i = 0; i < work->reach; i++)
    {
      col[i] = x0 + i < conv->grid.w ? conv->grid.col[x0 + i] : -1;
      col[i] *= conv->c;
    }
  for (gint64 i = 0; i < work->reach; i++)
    {
      gint64 at = y0 + i < conv->grid.h ? conv->grid.row[y0 + i] : -1;
      const float *row = picture + at * conv->w * conv->c;

      for (gint64 j = 0; j < work->reach; j++)
        *d++ = at < 0 || col[j] < 0 ? outside : row + col[j];
    }
}

/* Where those of dy lie; copies in @room where there are too few channels. */
static void
locate_output (const Work *work, gint64 tile, float *room, const float **y)
{
  const PstConv *conv = work->conv;
  gint64         t = tile % work->tiles;
  gint64         y0 = t / work->tiles_x * work->size;
  gint64         x0 = t % work->tiles_x * work->size;
  const float   *dy = work->dy + tile / work->tiles * conv->oh * conv->ow *
                                   conv->k;

  for (gint64 i = 0; i < work->size * work->size; i++)
    {
      gint64 row = y0 + i / work->size, col = x0 + i % work->size;

      y[i] = row < conv->oh && col < conv->ow
                 ? dy + (row * conv->ow + col) * conv->k
                 : work->zero;
      if (work->channels == conv->k)
        continue;
      memcpy (room, y[i], sizeof (float) * conv->k);
      memset (room + conv->k, 0, sizeof (float) * (work->channels - conv->k));
      y[i] = room;
      room += work->channels;
    }
}

/* dM of a block, panel by panel; what the last has too much is zero. */
static void
transform_results (const Work *work, gint64 first, const Block *block)
{
  gint64       width = work->width, panel = block->count * width;
  gint64       over = work->panels * width - work->channels;
  const float *y[PST_WINO_OUT];

  for (gint64 t = 0; t < block->count; t++)
    {
      /* V is not made yet */
      locate_output (work, first + t, block->v[0], y);
      for (gint64 r = 0; r < work->panels; r++)
        {
          gint64 n = MIN (width, work->channels - r * width);

          work->form->results (work->conv, y, n,
                               block->m + r * panel + t * width,
                               block->m_step);
          for (gint64 i = 0; i < work->size * work->size; i++)
            y[i] += n;
        }
      for (gint64 p = 0; p < work->form->points && over; p++)
        memset (block->m + p * block->m_step + (work->panels - 1) * panel +
                    (t + 1) * width - over,
                0, sizeof (float) * over);
    }
}

static void
tile_points (const Work *work, const Block *block, gint64 t, float **v)
{
  for (gint64 p = 0; p < work->form->points; p++)
    v[p] = block->v[p] + t * work->rows[p];
}

/* dU, or more of it */
static void
weight_products (const Work *work, gint64 first, const Block *block,
                 gboolean more)
{
  const float *d[MOST_REACH * MOST_REACH];
  float       *v[PST_MINIMAL_POINTS];

  for (gint64 t = 0; t < block->count; t++)
    {
      locate_input (work, first + t, work->x, work->zero, d);
      tile_points (work, block, t, v);
      work->form->read (work->conv, d, v);
    }
  for (gint64 p = 0; p < work->form->points; p++)
    for (gint64 r = 0; r < work->panels; r++)
      pst_panel_outer (block->v[p], work->rows[p], work->rows[p],
                       block->count,
                       block->m + p * block->m_step +
                           r * block->count * work->width,
                       work->width,
                       MIN (work->width, work->channels - r * work->width),
                       more, block->du + work->du_at[p] + r * work->width,
                       work->channels);
}

/* dV in V's place, and what the picture gains by it */
static void
input_products (const Work *work, gint64 first, const Block *block)
{
  gint64       panel = block->count * work->width;
  const float *d[MOST_REACH * MOST_REACH];
  float       *v[PST_MINIMAL_POINTS];
  g_autofree const float **m = g_new (const float *, work->panels);

  for (gint64 p = 0; p < work->form->points; p++)
    {
      for (gint64 r = 0; r < work->panels; r++)
        m[r] = block->m + p * block->m_step + r * panel;
      pst_panel_product (m, work->panels, work->width, block->count,
                         work->width, work->u + work->u_at[p], work->rows[p],
                         block->v[p], work->rows[p]);
    }
  for (gint64 t = 0; t < block->count; t++)
    {
      locate_input (work, first + t, work->dx, NULL, d);
      tile_points (work, block, t, v);
      work->form->give_back (work->conv, v, (float *const *) d);
    }
}

static void
backward_slice (gpointer data, gsize item, guint worker)
{
  const Work *work = data;
  gint64      n = work->conv->n;
  gint64      begin = item * n / work->n_slices * work->tiles;
  gint64      end = (item + 1) * n / work->n_slices * work->tiles;
  float      *room = pst_call_scratch (work->call, worker);
  gint64      sample = work->conv->h * work->conv->w * work->conv->c;

  if (work->dx && work->call->fresh & 1)
    memset (work->dx + begin / work->tiles * sample, 0,
            sizeof (float) * (end - begin) / work->tiles * sample);
  for (gint64 first = begin; first < end; first += work->block)
    {
      Block block = block_at (work, room, MIN (work->block, end - first));

      transform_results (work, first, &block);
      if (work->dw)
        weight_products (work, first, &block, first > begin);
      if (work->dx)
        input_products (work, first, &block);
    }
  if (work->dw) /* dU is where the room begins */
    transform_weights (work, room, work->g + item * work->g_floats);
}

void
pst_minimal_backward (const PstMinimal *form, const PstConv *conv,
                      PstCall *call, guint8 *shared, const float *x,
                      const float *dy, float *dx, PstTensor *dw, float *db)
{
  Work work = { .call = call, .x = x, .dy = dy, .dx = dx, .dw = dw,
                .zero = (float *) shared };

  plan_work (form, conv, &work);
  memset (work.zero, 0, sizeof (float) * zero_floats (conv));
  work.u = work.zero + zero_floats (conv);
  work.g = work.u + work.u_floats;
  if (dx)
    {
      if (work.panels * work.width > conv->k)
        memset (work.u, 0, sizeof (float) * work.u_floats);
      pst_pool_run (call->pool, conv->k, pack_channel, &work);
    }
  if (dx || dw)
    pst_pool_run (call->pool, work.n_slices, backward_slice, &work);
  if (dw)
    pst_pool_run (call->pool, conv->c, add_channel, &work);
  if (db)
    pst_conv_bias_gradient (conv, dy, db);
}
