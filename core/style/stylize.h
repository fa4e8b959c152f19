/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/base/progress.h"
#include "core/style/model.h"
#include "core/style/pixels.h"

#define PST_STRENGTH_MIN 0.0
#define PST_STRENGTH_MAX 200.0
#define PST_BRUSH_MIN 25.0
#define PST_BRUSH_MAX 400.0

/**
 * PstControls:
 * @strength: percent, 0 (the photo, exactly) to 200; 100 is as trained
 * @brush_size: percent, 25 to 400; 100 gives strokes as large, against the
 *   picture, as the network paints on a picture of 1 megapixel
 * @picture_area: pixels of the whole picture of which these are a part (a
 *   selection's piece), which is what brush size refers to; 0 where they are
 *   the whole
 * @n_threads: 0 for one per core
 * @memory: most bytes to use beyond the caller's pixels; 0 for half of what
 *   is available
 */
typedef struct
{
  double  strength;
  double  brush_size;
  double  picture_area;
  guint   n_threads;
  guint64 memory;
} PstControls;

#define PST_CONTROLS_INIT { 100.0, 100.0, 0.0, 0, 0 }

/**
 * pst_stylize:
 * @model: a model
 * @style: one of its styles
 * @controls: see #PstControls
 * @pixels: the picture, replaced by the result; untouched on any error
 *
 * The same call for every host. Alpha stays as it is to the bit; colour under
 * alpha 0 neither shows in the result nor changes it elsewhere. Colours
 * outside 0 to 1 are clipped for the network; the strength's share of the
 * photo keeps them. NaN counts as 0.
 *
 * Returns: %FALSE with %PST_ERROR_ARGUMENT, %PST_ERROR_MEMORY (the text says
 *   how much it would take and what helps), an error of the model, or
 *   %G_IO_ERROR_CANCELLED
 */
gboolean pst_stylize (PstModel *model, const PstStyle *style,
                      const PstControls *controls, PstPixels *pixels,
                      GCancellable *cancellable, PstProgressFunc progress,
                      gpointer data, GError **error);

/**
 * pst_stylize_memory:
 *
 * What pst_stylize() would take for a picture of this size, worked out
 * without running anything.
 *
 * Returns: %TRUE and bytes in @bytes
 */
gboolean pst_stylize_memory (PstModel *model, const PstControls *controls,
                             int width, int height, guint64 *bytes,
                             GError **error);
