/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/random.h"

/**
 * PstPicture:
 * @width: in pixels
 * @height: in pixels
 * @data: R, G, B for each pixel, sRGB-encoded, 0 to 255, without gaps
 *
 * A picture as training keeps it in memory.
 */
typedef struct
{
  int     width;
  int     height;
  guint8 *data;
} PstPicture;

/* Returns: (nullable) (transfer full): black, or %NULL without memory */
PstPicture *pst_picture_new (int width, int height);
/* The same with %PST_ERROR_MEMORY. */
PstPicture *pst_picture_try (int width, int height, GError **error);
void        pst_picture_free (PstPicture *picture);

/**
 * PstWindow:
 *
 * A square of a picture: left, top, side, and whether it is mirrored.
 */
typedef struct
{
  int      x;
  int      y;
  int      side;
  gboolean flip;
} PstWindow;

/**
 * pst_picture_window:
 * @crop: side of the square that will be made of it, in pixels
 * @low: smallest side of the window as a multiple of @crop
 * @high: largest side
 *
 * Draws a window: its side log-uniform between the two (at most the shorter
 * side of the picture), any place, mirrored or not.
 */
PstWindow pst_picture_window (const PstPicture *picture, PstRandom *random,
                              int crop, double low, double high);

/**
 * pst_picture_sample:
 * @to: @size x @size pixels R, G, B, 0 to 1
 *
 * Resamples a window to @size: by area (each pixel the mean of what it
 * covers) when it shrinks, by Catmull-Rom cubic interpolation when it grows.
 */
void pst_picture_sample (const PstPicture *picture, const PstWindow *window,
                         int size, float *to);

/* (nullable): a copy of this size, resampled in the same way;
 * %PST_ERROR_MEMORY */
PstPicture *pst_picture_resize (const PstPicture *picture, int width,
                                int height, GError **error);
/* (nullable): a copy whose shorter side is @side (never more than it was times 4). */
PstPicture *pst_picture_scale (const PstPicture *picture, int side);

/* All of @picture as R, G, B, 0 to 1. */
void pst_picture_to_floats (const PstPicture *picture, float *to);
/* @from: @width x @height pixels, 0 to 1, put at (@x, @y). */
void pst_picture_put (PstPicture *picture, int x, int y, const float *from,
                      int width, int height);
/* The part @width x @height at (@left, @top) of @from, put at (@x, @y). */
void pst_picture_paste (PstPicture *picture, int x, int y,
                        const PstPicture *from, int left, int top, int width,
                        int height);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstPicture, pst_picture_free)
