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
 * @second: (nullable): another style of the same model to mix in
 * @mix: percent of the second style in the mix, 0 to 100; the rest is the
 *   first
 */
typedef struct
{
  double          strength;
  double          brush_size;
  double          picture_area;
  guint           n_threads;
  guint64         memory;
  const PstStyle *second;
  double          mix;
} PstControls;

#define PST_CONTROLS_INIT { 100.0, 100.0, 0.0, 0, 0, NULL, 0.0 }

/**
 * pst_stylize:
 * @model: a model
 * @style: one of its styles
 * @controls: see #PstControls
 * @pixels: the picture, replaced by the result; untouched on any error
 *
 * Paints a picture. The look comes from a base run of the network at 1
 * megapixel x (100 / brush size)^2 for the whole picture, whatever its size.
 * A smaller picture is enlarged for it and the result reduced. For a larger
 * one the network runs again in the picture's own size (in several steps above
 * 20 megapixels), on the enlarged painting with the photo's fine detail in it,
 * and of what it makes only the frequencies are added that the size before
 * could not hold: scaled down, the result is the base run's; at 1:1 it has
 * brushwork of its own. The network always sees the whole picture at once. A
 * model that works at one size only paints at that, and the fine detail of a
 * larger picture is the photo's.
 *
 * For a preview, hand over the whole picture scaled to 1 megapixel or less
 * (no area): it shows the look of the result. Calls of the same size with one
 * model reuse the memory of the last. Different threads may use one model at
 * a time.
 *
 * Strength and mixing are the network's own: the scales and shifts of its
 * instance norms are interpolated between the styles (Dumoulin et al., "A
 * learned representation for artistic style", 2017, section 3.3), the identity
 * style standing for the photo.
 *
 * The same call for every host. Alpha stays as it is to the bit; colour under
 * alpha 0 neither shows in the result nor changes it elsewhere. Colours
 * outside 0 to 1 are clipped for the network; below 100 % strength, what they
 * exceed the range by comes back with the photo's share (100 % - strength).
 * NaN counts as 0.
 *
 * Returns: %FALSE with %PST_ERROR_ARGUMENT, %PST_ERROR_MEMORY (before the
 *   start; the text says the smallest amount that would do and what else
 *   helps), an error of the model, or %G_IO_ERROR_CANCELLED
 */
gboolean pst_stylize (PstModel *model, const PstStyle *style,
                      const PstControls *controls, PstPixels *pixels,
                      GCancellable *cancellable, PstProgressFunc progress,
                      gpointer data, GError **error);

/**
 * pst_stylize_memory:
 *
 * What pst_stylize() would take for a picture of this size beyond its pixels,
 * worked out without running anything: with the memory that the controls
 * allow, so more where there is more. Where that is too little, pst_stylize()
 * would refuse, and this is the smallest amount that would do.
 *
 * Returns: %TRUE and bytes in @bytes
 */
gboolean pst_stylize_memory (PstModel *model, const PstControls *controls,
                             int width, int height, guint64 *bytes,
                             GError **error);
