/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/cache.h"
#include "ui/canvas.h"
#include "ui/preview.h"

/**
 * PstLive:
 *
 * Keeps a #PstPreview up to date: stylises its picture in the background,
 * a moment after the last change, and drops work that is out of date.
 */
typedef struct _PstLive PstLive;

/**
 * pst_live_new:
 * @preview: where to show it; outlives it
 * @canvas: (transfer full): the picture
 */
PstLive *pst_live_new (PstPreview *preview, PstCache *cache,
                       PstCanvas *canvas);
/* Waits for its thread. */
void        pst_live_free (PstLive *live);

/**
 * pst_live_request:
 * @style: a style that outlives it
 * @controls: picture_area is filled in here
 *
 * Has the preview show this soon. Nothing happens where it shows it already.
 */
void pst_live_request (PstLive *live, const PstStyle *style,
                          const PstControls *controls);
/* Ends what is going on and waits for it; the next request starts anew. */
void pst_live_stop (PstLive *live);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstLive, pst_live_free)
