/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/eval/figures.h"

#include <math.h>

#include "core/base/json.h"

static const char *const names[PST_N_FIGURES] = {
  [PST_FIGURE_GRAM] = "gram",
  [PST_FIGURE_MOMENTS] = "moments",
  [PST_FIGURE_PATCHES_1] = "patches_1",
  [PST_FIGURE_PATCHES_2] = "patches_2",
  [PST_FIGURE_PATCHES_4] = "patches_4",
  [PST_FIGURE_LUMINANCE] = "luminance",
  [PST_FIGURE_FEATURES] = "features",
  [PST_FIGURE_GRID_2] = "grid_2",
  [PST_FIGURE_GRID_4] = "grid_4",
  [PST_FIGURE_GRID_8] = "grid_8",
  [PST_FIGURE_RATIO] = "ratio",
  [PST_FIGURE_SIMILARITY] = "similarity",
  [PST_FIGURE_PRESERVATION] = "preservation",
};

const char *
pst_figure_name (PstFigure figure)
{
  return names[figure];
}

void
pst_figures_clear (PstFigures *figures)
{
  for (int i = 0; i < PST_N_FIGURES; i++)
    figures->value[i] = NAN;
}

void
pst_figures_append_json (const PstFigures *figures, GString *json)
{
  for (int i = 0; i < PST_N_FIGURES; i++)
    {
      g_string_append_printf (json, ",\"%s\":", names[i]);
      pst_json_append_number (json, figures->value[i]);
    }
}
