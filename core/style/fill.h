/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/style/image.h"

/**
 * PstFill:
 *
 * Paints what is hidden in a picture with what is around it, smoothly,
 * however large the gap (push-pull: Gortler and others 1996, The Lumigraph,
 * section 3.4). Pixels of more than 1/32 alpha keep their own colour. Where
 * nothing at all is visible the result is grey.
 *
 * The picture itself is not kept: it goes by twice, row by row, and between
 * that only a picture of half its size is held.
 */
typedef struct _PstFill PstFill;

/* (nullable): %PST_ERROR_MEMORY */
PstFill *pst_fill_new (int width, int height, GError **error);
void     pst_fill_free (PstFill *fill);
/* Bytes it takes at most. */
gsize    pst_fill_bytes (int width, int height);

/* The first time: rows of 4 channels, R'G'B' × alpha and alpha, in any order
 * but 2n before 2n + 1 and not both at once; overwritten. */
void     pst_fill_look (PstFill *fill, int y, float *row);
/* After all rows; %PST_ERROR_MEMORY. */
gboolean pst_fill_settle (PstFill *fill, GError **error);

/**
 * pst_fill_row:
 * @fill: (nullable): %NULL where nothing is hidden
 * @row: in: as for pst_fill_look(); out: R'G'B', 0 to 1
 *
 * The second time, in any order.
 *
 * Returns: %FALSE where @fill was %NULL but something is hidden
 */
gboolean pst_fill_row (const PstFill *fill, int width, int y, float *row);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstFill, pst_fill_free)
