/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/**
 * PstFigure:
 * @PST_FIGURE_GRAM: pst_view_gram_distance() to the paintings
 * @PST_FIGURE_MOMENTS: pst_view_moments_distance() to the paintings
 * @PST_FIGURE_PATCHES_1: pst_patches_distance() to the paintings, the finest
 *   scale; then at a half and a quarter of the size
 * @PST_FIGURE_LUMINANCE: pst_luminance_compare() with the photo: the distance
 * @PST_FIGURE_FEATURES: pst_view_content_distance() from the photo
 * @PST_FIGURE_GRID_2: pst_grid_measure(), a period of 2 pixels; then of 4, 8
 * @PST_FIGURE_RATIO: the objective, divided by what pst_objective_optimise()
 *   reaches from the photo
 * @PST_FIGURE_SIMILARITY: 0 to 1: how much of the way from the photo to the
 *   paintings' statistics: 1 - sqrt (moments distance of the result / that of
 *   the photo), 0 where it is negative
 * @PST_FIGURE_PRESERVATION: 0 to 1: pst_luminance_compare() with the photo:
 *   the correlation
 *
 * Smaller is better but for the last two.
 */
typedef enum
{
  PST_FIGURE_GRAM,
  PST_FIGURE_MOMENTS,
  PST_FIGURE_PATCHES_1,
  PST_FIGURE_PATCHES_2,
  PST_FIGURE_PATCHES_4,
  PST_FIGURE_LUMINANCE,
  PST_FIGURE_FEATURES,
  PST_FIGURE_GRID_2,
  PST_FIGURE_GRID_4,
  PST_FIGURE_GRID_8,
  PST_FIGURE_RATIO,
  PST_FIGURE_SIMILARITY,
  PST_FIGURE_PRESERVATION,
  PST_N_FIGURES,
} PstFigure;

/**
 * PstFigures:
 *
 * One number each, NaN where it was not measured.
 */
typedef struct
{
  double value[PST_N_FIGURES];
} PstFigures;

/* "patches_4"; a static string, the member's name in JSON. */
const char *pst_figure_name (PstFigure figure);

/* All NaN. */
void pst_figures_clear (PstFigures *figures);

/* Adds ,"name":number for each; null where it is NaN. */
void pst_figures_append_json (const PstFigures *figures, GString *json);
