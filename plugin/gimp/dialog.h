/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libgimp/gimp.h>

#include "plugin/gimp/layers.h"
#include "ui/cache.h"

/**
 * PstDialog:
 *
 * The window with the gallery, the controls and the preview. Gallery and
 * controls stand for the values of the procedure's config.
 */
typedef struct _PstDialog PstDialog;

/**
 * pst_dialog_new:
 * @library: holds a style at least; outlives the dialog
 * @source: what the preview shows; read here only
 *
 * Returns: (transfer full) (nullable): the dialog, or %NULL with
 *   %PST_ERROR_MEMORY
 */
PstDialog *pst_dialog_new (GimpProcedure *procedure,
                           GimpProcedureConfig *config, PstLibrary *library,
                           PstCache *cache, PstSource *source, GError **error);
void       pst_dialog_free (PstDialog *dialog);

/* Returns: whether the person wants the result; the dialog stays. */
gboolean pst_dialog_run (PstDialog *dialog);

/* Between these the controls rest, a progress bar shows, and Cancel (or
 * closing the window) calls @cancel. */
void pst_dialog_begin_work (PstDialog *dialog, void (*cancel) (gpointer data),
                            gpointer data);
void pst_dialog_set_progress (PstDialog *dialog, double fraction);
void pst_dialog_end_work (PstDialog *dialog);

/* Why there was no result; shown until the next try. */
void pst_dialog_show_error (PstDialog *dialog, const char *message);
