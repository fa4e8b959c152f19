/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/base/parallel.h"
#include "core/style/image.h"

/**
 * PstRows:
 * @width: in pixels
 * @height: in pixels
 * @channels: floats for each pixel: 3 or 4
 * @load: writes row @y to @row; called from several threads
 * @data: passed to @load
 *
 * A picture that is read row by row, so that it can be converted on the way
 * and need not lie in memory.
 */
typedef struct
{
  int      width;
  int      height;
  int      channels;
  void    (*load) (gconstpointer data, int y, float *row);
  gconstpointer data;
} PstRows;

/* Takes a row, which it may overwrite; a few floats beyond it may be read. */
typedef void (*PstRowFunc) (gpointer data, int y, float *row);

PstRows pst_rows_image (const PstImage *image);

/**
 * PstScale:
 *
 * The way from one size to another, both covering the same area, edge to
 * edge. Separable, each axis by itself: enlarged with the Catmull-Rom cubic
 * (Keys 1981, a = -1/2: passes through the samples, reproduces gradients
 * exactly), reduced with the sinc's middle lobe under a Hamming window
 * stretched to the larger pixel (as Pillow's HAMMING): it is nowhere
 * negative, so hard edges get no halo, and it is sharper than averaging.
 * Same size copies.
 */
typedef struct _PstScale PstScale;

PstScale *pst_scale_new (int from_width, int from_height, int to_width,
                         int to_height);
void      pst_scale_free (PstScale *scale);

/**
 * pst_scale_rows:
 * @from: a picture of the size to come from
 * @func: gets each row of the scaled picture, with as many channels; called
 *   from several threads, but rows 2n and 2n + 1 one after the other
 * @pool: (nullable): threads
 *
 * No scaled picture is made: only the rows at work are in memory.
 *
 * Returns: %FALSE with %PST_ERROR_MEMORY (before the first row) or
 *   %G_IO_ERROR_CANCELLED
 */
gboolean pst_scale_rows (const PstScale *scale, const PstRows *from,
                         PstRowFunc func, gpointer data, PstPool *pool,
                         GCancellable *cancellable, GError **error);

/**
 * pst_scale_pixel:
 * @from: 3 channels, of the size to come from
 * @to: 3 numbers
 *
 * The scaled picture at (@x, @y), for single pixels.
 */
void pst_scale_pixel (const PstScale *scale, const PstImage *from, int x,
                      int y, float *to);

/* The whole scaled picture in @to, whose size is the one to scale to. */
gboolean pst_resample (const PstRows *from, PstImage *to, PstPool *pool,
                       GCancellable *cancellable, GError **error);

/* Bytes that scaling takes beside its pictures, tables included. */
gsize pst_scale_scratch (int from_width, int from_height, int to_width,
                         int to_height, int channels, guint n_workers);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstScale, pst_scale_free)
