/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/style/net.h"

/* Tiles overlap by so many pixels at least; tiny ones by less. */
#define PST_TILE_FADE 64

/**
 * PstTiles:
 * @n_x: how many side by side; 1 with @n_y 1 is the whole picture at once
 * @n_y: how many above each other
 * @width: of each
 * @height: of each
 * @bytes: what painting one takes beside the pictures
 *
 * How a picture is divided so that the network's memory is bounded. Tiles
 * are all of one size and overlap by %PST_TILE_FADE or a little more; there
 * they are faded into each other.
 */
typedef struct
{
  int   n_x;
  int   n_y;
  int   width;
  int   height;
  gsize bytes;
} PstTiles;

/**
 * pst_tiles_choose:
 * @budget: most bytes for the network
 * @tiles: (out): the whole picture where that fits, else the largest tiles
 *   that do, or the smallest there are
 *
 * Returns: %FALSE with an error of planning; whether @tiles->bytes is within
 *   the budget is the caller's to check
 */
gboolean pst_tiles_choose (PstModel *model, int width, int height,
                           guint n_workers, guint64 budget, PstTiles *tiles,
                           GError **error);

/* How many tiles of at most @most pixels an axis of @size takes, and how long
 * each is; no place lies in more than two. */
void pst_tiles_divide (int size, int most, int *n, int *length);

/* Paints @from into @to (of its size; another image where there is more than
 * one tile). */
gboolean pst_tiles_paint (PstNet *net, const PstTiles *tiles,
                          const PstImage *from, PstImage *to,
                          GCancellable *cancellable, PstProgressFunc progress,
                          gpointer data, GError **error);
