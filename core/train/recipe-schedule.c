/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of a recipe holds at a step. */
#include "core/train/recipe.h"

#include <math.h>

const PstSettings *
pst_recipe_settings (const PstRecipe *recipe, gint64 step)
{
  const PstSettings *found = &g_array_index (recipe->phases, PstSettings, 0);

  for (guint i = 1; i < recipe->phases->len; i++)
    if (step >= g_array_index (recipe->phases, PstSettings, i).from)
      found = &g_array_index (recipe->phases, PstSettings, i);
  return found;
}

/* Steps of phase @i before @step. */
static gint64
phase_steps (const PstRecipe *recipe, guint i, gint64 step)
{
  gint64 from = g_array_index (recipe->phases, PstSettings, i).from;
  gint64 to = step;

  if (i + 1 < recipe->phases->len)
    to = MIN (to, g_array_index (recipe->phases, PstSettings, i + 1).from);
  return MAX (to - from, 0);
}

guint64
pst_recipe_samples (const PstRecipe *recipe, gint64 step)
{
  guint64 n = 0;

  for (guint i = 0; i < recipe->phases->len; i++)
    n += phase_steps (recipe, i, step) *
         g_array_index (recipe->phases, PstSettings, i).batch;
  return n;
}

double
pst_recipe_factor (const PstRecipe *recipe, gint64 step)
{
  double rise = 1, fall = 1;
  double begin = recipe->decay_from * recipe->steps;
  double p;

  if (step < recipe->warm_up)
    rise = (step + 1.0) / recipe->warm_up;
  p = (step - begin) / MAX (recipe->steps - begin, 1);
  p = CLAMP (p, 0, 1);
  if (recipe->schedule == PST_SCHEDULE_LINEAR)
    fall = 1 - p * (1 - recipe->decay_to);
  else if (recipe->schedule == PST_SCHEDULE_COSINE)
    fall = recipe->decay_to +
           (1 - recipe->decay_to) * (1 + cos (G_PI * p)) / 2;
  return rise * fall;
}
