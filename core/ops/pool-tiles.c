/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ops/pool-tiles.h"

#include <math.h>
#include <string.h>

#include "core/ops/loop.h" /* choices become vectors */

#define CHANNELS 64 /* worked on at a time */

typedef struct
{
  const PstWindow *window;
  gboolean         mean;
  gint64           c, kh, kw;
  const float     *x;
  const float     *y;
  float           *to; /* y in forward, dx in backward */
  const float     *dy;
  gboolean         fresh; /* see PST_OP_CLEARS */
} Tiles;

gboolean
pst_pool_tiles_fit (const PstCall *call, const PstWindow *window)
{
  if (window->axes != 2 || call->n_out != 1 ||
      ! pst_tensor_is_map (call->in[0]) || ! pst_tensor_is_map (call->out[0]))
    return FALSE;
  for (int i = 1; i < PST_WINDOW_AXES; i++)
    if (window->stride[i] != window->kernel[i] || window->dilation[i] != 1 ||
        window->before[i] ||
        window->out[i] * window->kernel[i] > window->in[i])
      return FALSE;
  return TRUE;
}

static Tiles
tiles_of (PstCall *call, const PstWindow *window, gboolean mean)
{
  return (Tiles) { .window = window,
                   .mean = mean,
                   .c = call->in[0]->shape.dim[1],
                   .kh = window->kernel[1],
                   .kw = window->kernel[2],
                   .x = call->in[0]->data,
                   .y = call->out[0]->data };
}

/* Where the windows of output row @item, all samples', begin. */
static gint64
row_begin (const Tiles *tiles, gsize item)
{
  const PstWindow *w = tiles->window;
  gint64           n = (gint64) item / w->out[1], y = (gint64) item % w->out[1];

  return (n * w->in[1] + y * tiles->kh) * w->in[2] * tiles->c;
}

static void
largest (gint64 n, const float *restrict from, float *restrict to)
{
  for (gint64 i = 0; i < n; i++)
    to[i] = from[i] > to[i] ? from[i] : to[i];
}

static void
sum (gint64 n, const float *restrict from, float *restrict to)
{
  for (gint64 i = 0; i < n; i++)
    to[i] += from[i];
}

static void
forward_row (gpointer data, gsize item, guint worker)
{
  const Tiles *tiles = data;
  gint64       c = tiles->c, width = tiles->window->in[2] * c;
  gint64       ow = tiles->window->out[2];
  const float *x = tiles->x + row_begin (tiles, item);
  float       *to = tiles->to + (gint64) item * ow * c;
  float        scale = 1.0f / (float) (tiles->kh * tiles->kw);

  for (gint64 i = 0; i < ow * c; i++)
    to[i] = tiles->mean ? 0.0f : -INFINITY;
  for (gint64 i = 0; i < ow; i++, to += c)
    for (gint64 j = 0; j < tiles->kh; j++)
      for (gint64 k = 0; k < tiles->kw; k++)
        {
          const float *from = x + j * width + (i * tiles->kw + k) * c;

          if (tiles->mean)
            sum (c, from, to);
          else
            largest (c, from, to);
        }
  to -= ow * c;
  for (gint64 i = 0; i < ow * c && tiles->mean; i++)
    to[i] *= scale;
}

/* The gradient goes to the first of equal maxima. */
static void
give_largest (gint64 n, const float *restrict x, const float *restrict best,
              float *restrict rest, float *restrict to)
{
  for (gint64 i = 0; i < n; i++)
    {
      float g = x[i] == best[i] ? rest[i] : 0.0f;

      to[i] += g;
      rest[i] -= g;
    }
}

/* @n channels of one window; @at: of its first pixel. */
static void
give_back (const Tiles *tiles, gint64 at, gint64 out, gint64 n)
{
  gint64 width = tiles->window->in[2] * tiles->c;
  float  rest[CHANNELS];
  float  scale = tiles->mean ? 1.0f / (float) (tiles->kh * tiles->kw) : 1.0f;

  for (gint64 i = 0; i < n; i++)
    rest[i] = tiles->dy[out + i] * scale;
  for (gint64 j = 0; j < tiles->kh; j++)
    for (gint64 k = 0; k < tiles->kw; k++)
      {
        gint64 pixel = at + j * width + k * tiles->c;

        if (tiles->mean)
          sum (n, rest, tiles->to + pixel);
        else
          give_largest (n, tiles->x + pixel, tiles->y + out, rest,
                        tiles->to + pixel);
      }
}

static void
backward_row (gpointer data, gsize item, guint worker)
{
  const Tiles *tiles = data;
  gint64       c = tiles->c, ow = tiles->window->out[2];
  gint64       begin = row_begin (tiles, item);

  if (tiles->fresh)
    memset (tiles->to + begin, 0,
            sizeof (float) * tiles->kh * tiles->window->in[2] * c);
  for (gint64 i = 0; i < ow; i++)
    for (gint64 first = 0; first < c; first += CHANNELS)
      give_back (tiles, begin + i * tiles->kw * c + first,
                 ((gint64) item * ow + i) * c + first,
                 MIN (CHANNELS, c - first));
}

static gsize
n_rows (const PstCall *call, const PstWindow *window)
{
  return call->in[0]->shape.dim[0] * window->out[1];
}

void
pst_pool_tiles_forward (PstCall *call, const PstWindow *window, gboolean mean)
{
  Tiles tiles = tiles_of (call, window, mean);

  tiles.to = call->out[0]->data;
  pst_pool_run (call->pool, n_rows (call, window), forward_row, &tiles);
}

void
pst_pool_tiles_backward (PstCall *call, const PstWindow *window, gboolean mean)
{
  Tiles tiles = tiles_of (call, window, mean);

  if (window->out[1] * window->kernel[1] < window->in[1])
    pst_call_clear (call, 0);
  tiles.fresh = call->fresh & 1;
  tiles.to = call->din[0]->data;
  tiles.dy = call->dout[0]->data;
  pst_pool_run (call->pool, n_rows (call, window), backward_row, &tiles);
}
