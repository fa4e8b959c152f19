/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/op.h"

/* Conv over lines [N, C, L] and volumes [N, C, D, H, W], which lie in C
 * order: what a #PstOp has. */

gboolean pst_conv_volume_infer (PstCall *call, GError **error);
void pst_conv_volume_scratch (const PstCall *call, gsize *shared,
                              gsize *per_worker);
void pst_conv_volume_forward (PstCall *call);
void pst_conv_volume_backward (PstCall *call);
