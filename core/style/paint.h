/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/style/controls.h"
#include "core/style/net.h"

/**
 * PstPlanning:
 * @steps: the sizes to paint at
 * @plans: the network's for each
 * @bytes: the most memory taken at any time, the pixels not counted; or,
 *   where that is more than the budget, the smallest budget that would do
 * @cost: pixels that the network sees at each step; for progress
 *
 * All that is decided before pst_paint() begins.
 */
typedef struct
{
  PstSteps steps;
  PstPlan *plans[PST_MAX_STEPS];
  guint64  bytes;
  double   cost[PST_MAX_STEPS];
} PstPlanning;

/**
 * pst_paint_plan:
 * @width: of the picture
 * @height: of the picture
 * @budget: most bytes to take; %G_MAXUINT64 for no limit
 * @plan: (out): what to do, to be cleared in any case; where it cannot be done
 *   within the budget, @plan->bytes is larger and some plans are missing
 */
gboolean pst_paint_plan (PstModel *model, const PstControls *controls,
                         int width, int height, guint n_workers,
                         guint64 budget, PstPlanning *plan, GError **error);
void     pst_planning_clear (PstPlanning *plan);

/**
 * pst_paint:
 * @pixels: the photo, replaced by the result; untouched on any error
 * @mix: how much of the way to the painted picture to go; see
 *   pst_convert_merge()
 * @keep: share of what exceeds 0 to 1 that comes back
 *
 * The base run, then the detail of each further step: what the network makes
 * of the enlarged painting with the photo's fine detail added, of which only
 * the frequencies are taken that the step before could not hold. So the look
 * is that of the base run, and at 1:1 there is real brushwork. A network of
 * one size paints the base alone, and the fine detail is the photo's.
 *
 * In the picture's own size there are only @pixels and what the network reads
 * and makes: everything between is computed row by row.
 */
gboolean pst_paint (PstNet *net, const PstPlanning *plan, PstPixels *pixels,
                    float mix, float keep, GCancellable *cancellable,
                    PstProgressFunc progress, gpointer data, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PstPlanning, pst_planning_clear)
