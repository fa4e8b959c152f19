/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/base/parallel.h"
#include "core/style/image.h"

/**
 * PstRows:
 * @width: in pixels
 * @height: in pixels
 * @channels: floats for each pixel
 * @load: writes row @y to @row; called from several threads
 * @data: passed to @load
 *
 * A picture that is read row by row, so that it can be converted on the way.
 */
typedef struct
{
  int      width;
  int      height;
  int      channels;
  void    (*load) (gconstpointer data, int y, float *row);
  gconstpointer data;
} PstRows;

PstRows pst_rows_image (const PstImage *image);

/**
 * pst_resample:
 * @from: a picture
 * @to: one of the same number of channels; its size says what to scale to
 * @keep: what remains of @to's content: 0 or 1
 * @gain: factor for what is added
 *
 * to = keep × to + gain × scaled (from), both covering the same area, edge to
 * edge. Separable, each axis by itself: enlarged with the Catmull-Rom cubic
 * (Keys 1981, a = -1/2: passes through the samples, reproduces gradients
 * exactly), reduced with the sinc's middle lobe under a Hamming window
 * stretched to the larger pixel (as Pillow's HAMMING): it is nowhere
 * negative, so hard edges get no halo, and it is sharper than averaging.
 * Same size copies.
 *
 * Returns: %FALSE with %PST_ERROR_MEMORY or %G_IO_ERROR_CANCELLED
 */
gboolean pst_resample (const PstRows *from, PstImage *to, float keep,
                       float gain, PstPool *pool, GCancellable *cancellable,
                       GError **error);

/* Bytes that pst_resample() takes beside its pictures. */
gsize pst_resample_scratch (int from_width, int from_height, int to_width,
                            int to_height, int channels, guint n_workers);
