/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/style/controls.h"
#include "core/style/tiles.h"

/**
 * PstPlanning:
 * @steps: the sizes to paint at
 * @tiles: how the picture is divided at each step
 * @bytes: the most memory taken at any time
 * @cost: pixels that the network sees at each step; for progress
 *
 * All that is decided before pst_paint() begins.
 */
typedef struct
{
  PstSteps steps;
  PstTiles tiles[PST_MAX_STEPS];
  guint64  bytes;
  double   cost[PST_MAX_STEPS];
} PstPlanning;

/**
 * pst_paint_plan:
 * @width: of the picture
 * @height: of the picture
 * @budget: most bytes to take
 * @plan: (out): what to do; where it cannot be done within the budget,
 *   @plan->bytes is larger
 */
gboolean pst_paint_plan (PstModel *model, const PstControls *controls,
                         int width, int height, guint n_workers,
                         guint64 budget, PstPlanning *plan, GError **error);

/**
 * pst_paint:
 * @pixels: the photo; only read
 *
 * The base run, then the detail of each further step: what the network makes
 * of the enlarged painting with the photo's fine detail added, of which only
 * the frequencies are taken that the step before could not hold. So the look
 * is that of the base run, and at 1:1 there is real brushwork.
 *
 * Returns: (transfer full) (nullable): the painted picture, in the size of
 *   @pixels
 */
PstImage *pst_paint (PstNet *net, const PstPlanning *plan,
                     const PstPixels *pixels, GCancellable *cancellable,
                     PstProgressFunc progress, gpointer data, GError **error);
