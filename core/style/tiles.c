/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/style/tiles.h"

#include <string.h>

typedef struct
{
  PstProgressFunc func;
  gpointer        data;
  int             done;
  int             total;
} TileProgress;

void
pst_tiles_divide (int size, int most, int *n, int *length)
{
  int fade = MIN (PST_TILE_FADE, most / 4);

  *n = size <= most ? 1 : (size - fade - 1) / (most - fade) + 1;
  *length = (size + (*n - 1) * fade + *n - 1) / *n;
}

static int
tile_start (int i, int n, int length, int size)
{
  return n > 1 ? (int) ((gint64) i * (size - length) / (n - 1)) : 0;
}

gboolean
pst_tiles_choose (PstModel *model, int width, int height, guint n_workers,
                  guint64 budget, PstTiles *tiles, GError **error)
{
  static const int     sides[] = { 2048, 1536, 1024, 768, 512, 384, 256 };
  const PstModelFacts *facts = pst_model_get_facts (model);

  *tiles = (PstTiles){ 1, 1, width, height, 0 };
  if (facts->width || facts->height)
    {
      int margin = 2 * PST_NET_FIXED_MARGIN;

      pst_tiles_divide (width,
                        facts->width ? facts->width - margin : width,
                        &tiles->n_x, &tiles->width);
      pst_tiles_divide (height,
                        facts->height ? facts->height - margin : height,
                        &tiles->n_y, &tiles->height);
      return pst_net_memory (model, tiles->width, tiles->height, n_workers,
                             &tiles->bytes, error);
    }
  if (! pst_net_memory (model, width, height, n_workers, &tiles->bytes, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (sides) && tiles->bytes > budget; i++)
    {
      pst_tiles_divide (width, sides[i], &tiles->n_x, &tiles->width);
      pst_tiles_divide (height, sides[i], &tiles->n_y, &tiles->height);
      if (! pst_net_memory (model, tiles->width, tiles->height, n_workers,
                            &tiles->bytes, error))
        return FALSE;
    }
  return TRUE;
}

/* The weights of tile @i along one axis: rising over the overlap with the
 * one before, falling over that with the next, always 1 together. */
static void
fill_fade (float *fade, int i, int n, int length, int size)
{
  int start = tile_start (i, n, length, size);
  int before = i > 0 ? tile_start (i - 1, n, length, size) + length - start : 0;
  int next = i < n - 1 ? tile_start (i + 1, n, length, size) - start : length;

  for (int k = 0; k < length; k++)
    {
      fade[k] = 1;
      if (k < before)
        fade[k] = (k + 0.5f) / before;
      if (k >= next)
        fade[k] *= 1 - (k - next + 0.5f) / (length - next);
    }
}

static void
tile_progress (double fraction, gpointer data)
{
  TileProgress *progress = data;

  if (progress->func)
    progress->func ((progress->done + fraction) / progress->total,
                    progress->data);
}

gboolean
pst_tiles_paint (PstNet *net, const PstTiles *tiles, const PstImage *from,
                 PstImage *to, GCancellable *cancellable,
                 PstProgressFunc progress, gpointer data, GError **error)
{
  g_autofree float *fade_x = g_new (float, tiles->width);
  g_autofree float *fade_y = g_new (float, tiles->height);
  TileProgress      part = { progress, data, 0, tiles->n_x * tiles->n_y };

  if (part.total == 1)
    return pst_net_paint (net, from, NULL, to, cancellable, progress, data,
                          error);
  g_return_val_if_fail (from != to, FALSE);
  memset (to->data, 0, pst_image_bytes (to->width, to->height, 3));
  for (int j = 0; j < tiles->n_y; j++)
    for (int i = 0; i < tiles->n_x; i++)
      {
        PstPatch patch = {
          tile_start (i, tiles->n_x, tiles->width, from->width),
          tile_start (j, tiles->n_y, tiles->height, from->height),
          tiles->width, tiles->height, fade_x, fade_y,
        };

        fill_fade (fade_x, i, tiles->n_x, tiles->width, from->width);
        fill_fade (fade_y, j, tiles->n_y, tiles->height, from->height);
        if (! pst_net_paint (net, from, &patch, to, cancellable, tile_progress,
                             &part, error))
          return FALSE;
        part.done++;
      }
  return TRUE;
}
