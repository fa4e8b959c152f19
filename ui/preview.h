/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "core/pst.h"

#define PST_TYPE_PREVIEW (pst_preview_get_type ())
G_DECLARE_FINAL_TYPE (PstPreview, pst_preview, PST, PREVIEW, GtkDrawingArea)

/**
 * PstPreview:
 *
 * Shows a picture whole, before and after. While a mouse button is held on
 * it, or #PstPreview:before is set, it shows the picture as it was. Its
 * accessible description tells what it is doing.
 */
GtkWidget *pst_preview_new (void);

/* Both take a copy of what they need; a result of any size. */
void pst_preview_set_original (PstPreview *preview, const PstPixels *pixels);
void pst_preview_set_result (PstPreview *preview, const PstPixels *pixels);

/* Work goes on: a word and a thin bar over the picture. */
void pst_preview_set_busy (PstPreview *preview, double fraction);
void pst_preview_set_idle (PstPreview *preview);

/**
 * pst_preview_set_message:
 * @message: (nullable): why there is no result, or %NULL for nothing to say
 */
void pst_preview_set_message (PstPreview *preview, const char *message);
