/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "core/pst.h"

#define PST_TYPE_GALLERY (pst_gallery_get_type ())
G_DECLARE_FINAL_TYPE (PstGallery, pst_gallery, PST, GALLERY, GtkScrolledWindow)

/**
 * PstGallery:
 *
 * Styles to choose from, each with its thumbnail. Emits "changed" (no
 * arguments) when a person has chosen another one.
 */

/**
 * pst_gallery_new:
 * @styles: (element-type PstStyle): outlive the gallery
 */
GtkWidget *pst_gallery_new (GPtrArray *styles);

/* Selects a style without emitting "changed". */
void            pst_gallery_set_style (PstGallery *gallery,
                                       const PstStyle *style);
/* Returns: (nullable): the selected style */
const PstStyle *pst_gallery_get_style (PstGallery *gallery);
/* The widget that takes the keyboard, for a label's mnemonic. */
GtkWidget      *pst_gallery_get_list (PstGallery *gallery);
