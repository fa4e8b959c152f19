/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/style/pixels.h"
#include "core/style/resample.h"

/* Between the hosts' pixels and the images that networks see: colours are
 * clipped to 0 … 1, NaN is 0, and what has no alpha does not count. */

/* 4 channels, premultiplied; reads @pixels as they are at that time. */
PstRows pst_convert_rows (const PstPixels *pixels);

/* Whether any pixel shows at all. */
gboolean pst_convert_visible (const PstPixels *pixels);

/**
 * pst_convert_overlay:
 * @pixels: the photo
 * @image: 3 channels, same size
 *
 * Puts the colours of all visible pixels into @image; under alpha 0 it keeps
 * what it holds.
 */
void pst_convert_overlay (const PstPixels *pixels, PstImage *image,
                          PstPool *pool);

/**
 * pst_convert_merge:
 * @pixels: the photo, replaced by the result
 * @painted: 3 channels, same size
 * @mix: how much of the way from the photo to @painted; may exceed 1
 * @keep: share of what a colour exceeds 0 … 1 by that comes back, 0 to 1
 *
 * Alpha, and colour under alpha 0, stay as they are to the bit.
 */
void pst_convert_merge (PstPixels *pixels, const PstImage *painted, float mix,
                        float keep, PstPool *pool);
