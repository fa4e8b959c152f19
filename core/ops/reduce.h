/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ops/arguments.h"
#include "core/ops/loop.h"

/* Axes of reductions: an attribute, or an input since opset 13 or 18. */

/* Shape and type of the result for any numbers; also the pools over whole
 * maps. Empty inputs and bool are the caller's business. */
gboolean  pst_reduce_infer (PstCall *call, GError **error);
/* Without axes and with "noop_with_empty_axes" the input is the result,
 * whatever the function. */
gboolean  pst_reduce_is_identity (const PstCall *call);
/* The result (or its gradient) with size 1 where axes were reduced away. */
PstTensor pst_reduce_with_axes (const PstCall *call, const PstTensor *result);
