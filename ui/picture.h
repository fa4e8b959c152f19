/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/pst.h"

/**
 * PstPicture:
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
} PstPicture;

/* Numbers are undefined; the piece is the whole. (nullable) without memory */
PstPicture *pst_picture_new (int width, int height);
void        pst_picture_free (PstPicture *picture);

/* A copy of the piece; g_free() its data. data is %NULL without memory. */
PstPixels   pst_picture_cut (const PstPicture *picture);
/* The whole picture with the stylised @piece in its place, as far as the
 * mask lets it show; g_free() its data, %NULL without memory. */
PstPixels   pst_picture_paste (const PstPicture *picture,
                               const PstPixels *piece);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstPicture, pst_picture_free)
