/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/base/error.h"
#include "core/style/fill.h"
#include "core/style/paint.h"

typedef struct
{
  int width;
  int height;
} Size;

static gsize
rgb_bytes (Size size)
{
  return pst_image_bytes (size.width, size.height, 3);
}

/* Tables and rows of going from one size to the other and back. */
static gsize
scale_bytes (Size a, Size b, guint n_workers)
{
  return pst_scale_scratch (a.width, a.height, b.width, b.height, 4, n_workers)
         + pst_scale_scratch (b.width, b.height, a.width, a.height, 4,
                              n_workers);
}

/* What step @i takes beside the network: the photo and the painting of the
 * step before, and those that it leaves for the next one. */
static gsize
step_bytes (const PstSteps *steps, int i, Size picture, guint n_workers)
{
  Size  here = { steps->width[i], steps->height[i] };
  Size  before = { 0, 0 };
  gsize bytes = scale_bytes (picture, here, n_workers);

  if (i > 0)
    {
      before = (Size){ steps->width[i - 1], steps->height[i - 1] };
      bytes += 2 * rgb_bytes (before) + scale_bytes (before, here, n_workers);
    }
  if (i < steps->n - 1 ||
      pst_steps_enlarge (steps, picture.width, picture.height))
    return bytes + 2 * rgb_bytes (here);
  /* nothing is left; where something is hidden the base run fills it up */
  return i > 0 ? bytes
               : bytes + pst_fill_bytes (here.width, here.height);
}

gboolean
pst_paint_plan (PstModel *model, const PstControls *controls, int width,
                int height, guint n_workers, guint64 budget, PstPlanning *plan,
                GError **error)
{
  PstSteps *steps = &plan->steps;

  *plan = (PstPlanning){ 0 };
  pst_controls_steps (controls, pst_model_get_facts (model), width, height,
                      steps);
  for (int i = 0; i < steps->n; i++)
    {
      gsize              rest;
      guint64            left, net_bytes = 0;
      g_autoptr (GError) wrong = NULL;

      rest = step_bytes (steps, i, (Size){ width, height }, n_workers);
      left = budget > rest ? budget - rest : 1;
      plan->plans[i] = pst_net_plan (model, steps->width[i], steps->height[i],
                                     n_workers,
                                     budget == G_MAXUINT64 ? 0 : left,
                                     &net_bytes, &wrong);
      if (plan->plans[i])
        net_bytes = pst_plan_get_memory (plan->plans[i]);
      else if (! g_error_matches (wrong, PST_ERROR, PST_ERROR_MEMORY) ||
               ! net_bytes) /* too much for any budget */
        {
          g_propagate_error (error, g_steal_pointer (&wrong));
          return FALSE;
        }
      plan->bytes = MAX (plan->bytes, rest + net_bytes);
      plan->cost[i] = (double) steps->width[i] * steps->height[i];
    }
  return TRUE;
}

void
pst_planning_clear (PstPlanning *plan)
{
  for (int i = 0; i < PST_MAX_STEPS; i++)
    g_clear_pointer (&plan->plans[i], pst_plan_unref);
}
