/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/**
 * PstImage:
 * @width: in pixels
 * @height: in pixels
 * @channels: floats for each pixel: 3 (R'G'B') or 4 (with alpha,
 *   premultiplied)
 * @data: row by row without gaps; owned
 *
 * A picture on its way through pst_stylize(). Only core/style sees it.
 */
typedef struct
{
  int    width;
  int    height;
  int    channels;
  float *data;
  gsize  bytes; /* allocated */
} PstImage;

/* Bytes such an image takes. */
gsize     pst_image_bytes (int width, int height, int channels);
/* (nullable): contents undefined; %PST_ERROR_MEMORY */
PstImage *pst_image_new (int width, int height, int channels, GError **error);
void      pst_image_free (PstImage *image);

static inline float *
pst_image_row (const PstImage *image, int y)
{
  return image->data + (gsize) y * image->width * image->channels;
}

/**
 * pst_image_reflect:
 * @i: an index, in or outside of the axis
 * @n: length of the axis, at least 1
 *
 * Returns: the index in 0 … @n - 1 that mirrors fold @i to; the first and the
 *   last element are not repeated
 */
static inline int
pst_image_reflect (int i, int n)
{
  int period = 2 * (n - 1);

  if (n == 1)
    return 0;
  i %= period;
  if (i < 0)
    i += period;
  return i < n ? i : period - i;
}

/* Clipped to 0 … 1; NaN, which fails every comparison, becomes 0. */
static inline float
pst_image_unit (float x)
{
  return x > 0 ? (x < 1 ? x : 1) : 0;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstImage, pst_image_free)
