/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/op.h"

/* Instance normalisation of what is no map: [N, C, ...] in C order, so that
 * the numbers of one channel of one sample lie side by side. Scale and shift
 * are [C]. */

void  pst_norm_rows_forward (PstCall *call);
/* @sums: pst_norm_rows_bytes() of scratch */
void  pst_norm_rows_backward (PstCall *call, double *sums);
gsize pst_norm_rows_bytes (const PstCall *call);
