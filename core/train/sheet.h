/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/host.h"

/**
 * PstSheetRow:
 * @height: of its cells, in pixels
 * @titles: (nullable): one for each column, drawn above them; %NULL for none
 */
typedef struct
{
  int                height;
  const char *const *titles;
} PstSheetRow;

/**
 * PstSheet:
 *
 * Pictures in rows and columns, with their titles, on dark grey.
 */
typedef struct _PstSheet PstSheet;

/**
 * pst_sheet_new:
 * @width: of the cells, in pixels
 * @host: draws the titles; where it can't there are none
 * @budget: most bytes that the sheet may take; 0 for half of what is available
 *
 * Returns: (transfer full) (nullable): a sheet of empty cells, or %NULL with
 *   %PST_ERROR_MEMORY where it is too large
 */
PstSheet *pst_sheet_new (int columns, int width, const PstSheetRow *rows,
                         guint n_rows, const PstTrainHost *host,
                         guint64 budget, GError **error);
void      pst_sheet_free (PstSheet *sheet);

/* In the middle of the cell, which it fits in. */
void      pst_sheet_put (PstSheet *sheet, int column, guint row,
                         const PstPicture *picture);

const PstPicture *pst_sheet_get_picture (const PstSheet *sheet);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstSheet, pst_sheet_free)
