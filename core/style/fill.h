/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/style/image.h"

/**
 * pst_fill_hidden:
 * @premultiplied: 4 channels: R'G'B' × alpha, alpha; overwritten
 * @to: 3 channels, same size; gets R'G'B'
 *
 * Takes the alpha out again and paints what is hidden with what is around it,
 * smoothly, however large the gap (push-pull: Gortler and others 1996, The
 * Lumigraph, section 3.4). Pixels of more than 1/32 alpha keep their own
 * colour. Colours come out between 0 and 1. Where nothing at all is visible
 * the result is grey.
 *
 * Returns: %FALSE with %PST_ERROR_MEMORY
 */
gboolean pst_fill_hidden (PstImage *premultiplied, PstImage *to,
                          GError **error);
