/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ops/window.h"

/* Within core/ops: pooling of maps by windows that lie side by side, without
 * padding, as nearly all are. The results are those of pool.c to the bit. */

gboolean pst_pool_tiles_fit (const PstCall *call, const PstWindow *window);
void     pst_pool_tiles_forward (PstCall *call, const PstWindow *window,
                                 gboolean mean);
void     pst_pool_tiles_backward (PstCall *call, const PstWindow *window,
                                  gboolean mean);
