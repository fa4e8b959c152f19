/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libgimp/gimp.h>

#include "core/pst.h"
#include "ui/canvas.h"

/**
 * PstSource:
 *
 * The layer that is stylised, and which part of it: the only place that
 * touches pixels of GIMP. Colours cross this border as R'G'B'A in sRGB,
 * whatever type, precision and profile the image has.
 *
 * Without a selection the new layer covers the whole layer. With one it
 * covers the selection's bounds and has the selection as its mask; the
 * network sees some of the surroundings, too. A mask of the source layer is
 * taken over.
 */
typedef struct _PstSource PstSource;

/**
 * pst_layers_open:
 * @drawables: %NULL-terminated, as GIMP hands them over
 *
 * Returns: (transfer full) (nullable): what to stylise, or %NULL with an
 *   error that says what to do about it
 */
PstSource *pst_layers_open (GimpImage *image, GimpDrawable **drawables,
                            GError **error);
void       pst_layers_close (PstSource *source);

/**
 * pst_layers_read:
 * @pixels: (out): what the network is to see; g_free() its data
 * @picture_area: (out): for #PstControls
 *
 * Returns: %FALSE with %PST_ERROR_MEMORY
 */
gboolean pst_layers_read (PstSource *source, PstPixels *pixels,
                          double *picture_area, GError **error);

/**
 * pst_layers_read_preview:
 * @max_area: most pixels it may have
 *
 * Returns: (transfer full) (nullable): the whole layer, scaled down, or %NULL
 *   with %PST_ERROR_MEMORY
 */
PstCanvas *pst_layers_read_preview (PstSource *source, double max_area,
                                     GError **error);

/**
 * pst_layers_add:
 * @pixels: what pst_layers_read() gave, stylised
 * @name: the new layer's name
 *
 * Puts the result above the source layer, as one undo step.
 *
 * Returns: (transfer none) (nullable): the new layer
 */
GimpLayer *pst_layers_add (PstSource *source, const PstPixels *pixels,
                           const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstSource, pst_layers_close)
