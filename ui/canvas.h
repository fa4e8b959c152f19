/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/pst.h"

/**
 * PstCanvas:
 * @pixels: the whole picture as it is shown
 * @x: left edge of the piece that is stylised
 * @y: its upper edge
 * @width: its width; the picture's where all of it is stylised
 * @height: its height
 * @mask: (nullable): how much of the result shows at each of @pixels, 0 to 1
 *
 * A picture for the preview, with what a selection leaves of it.
 */
typedef struct
{
  PstPixels pixels;
  int       x;
  int       y;
  int       width;
  int       height;
  float    *mask;
} PstCanvas;

/* Numbers are undefined; the piece is the whole. (nullable) without memory */
PstCanvas *pst_canvas_new (int width, int height);
void        pst_canvas_free (PstCanvas *canvas);

/* A copy of the piece; g_free() its data. data is %NULL without memory. */
PstPixels   pst_canvas_cut (const PstCanvas *canvas);
/* The whole picture with the stylised @piece in its place, as far as the
 * mask lets it show; g_free() its data, %NULL without memory. */
PstPixels   pst_canvas_paste (const PstCanvas *canvas,
                              const PstPixels *piece);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstCanvas, pst_canvas_free)
