/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/style/pixels.h"
#include "core/style/resample.h"

/* Between the hosts' pixels and the rows that networks see: colours are
 * clipped to 0 … 1, NaN is 0, and what has no alpha does not count. */

/* 4 channels, premultiplied; reads @pixels as they are at that time. */
PstRows pst_convert_rows (const PstPixels *pixels);

/* Whether any pixel shows at all. */
gboolean pst_convert_visible (const PstPixels *pixels);

/* Adds the colours of row @y to @row, 3 channels; %FALSE where some of them
 * are hidden. */
gboolean pst_convert_add (const PstPixels *pixels, int y, float *row);

/**
 * pst_convert_merge:
 * @pixels: the photo, whose row @y is replaced by the result
 * @row: 3 channels, and a float more to be read: what was painted
 * @mix: how much of the way from the photo to @row; may exceed 1
 * @keep: share of what a colour exceeds 0 … 1 by that comes back, 0 to 1
 *
 * Alpha, and colour under alpha 0, stay as they are to the bit.
 */
void pst_convert_merge (const PstPixels *pixels, int y, const float *row,
                        float mix, float keep);
