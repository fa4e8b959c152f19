/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/cache.h"
#include "ui/picture.h"
#include "ui/preview.h"

/**
 * PstPainter:
 *
 * Keeps a #PstPreview up to date: stylises its picture in the background,
 * a moment after the last change, and drops work that is out of date.
 */
typedef struct _PstPainter PstPainter;

/**
 * pst_painter_new:
 * @preview: where to show it; outlives the painter
 * @picture: (transfer full): the picture
 */
PstPainter *pst_painter_new (PstPreview *preview, PstCache *cache,
                             PstPicture *picture);
/* Waits for the painter's thread. */
void        pst_painter_free (PstPainter *painter);

/**
 * pst_painter_request:
 * @style: a style that outlives the painter
 * @controls: picture_area is the painter's business
 *
 * Has the preview show this soon. Nothing happens where it shows it already.
 */
void pst_painter_request (PstPainter *painter, const PstStyle *style,
                          const PstControls *controls);
/* Ends what is going on and waits for it; the next request starts anew. */
void pst_painter_stop (PstPainter *painter);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstPainter, pst_painter_free)
