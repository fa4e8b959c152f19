/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/style/model-private.h"
#include "core/style/stylize.h"

#define PST_MAX_STEPS 16

/**
 * PstSteps:
 * @n: how many, at least 1
 * @width: of each, from the base run to the last
 * @height: of each
 *
 * The sizes at which a picture is painted. The first is the base run, which
 * decides the look; the others add detail up to the picture's size. Where the
 * base run is larger than the picture, or the network works at one size only,
 * there is only one.
 */
typedef struct
{
  int n;
  int width[PST_MAX_STEPS];
  int height[PST_MAX_STEPS];
} PstSteps;

/* %PST_ERROR_ARGUMENT where something is out of its range. */
gboolean pst_controls_check (const PstControls *controls,
                             const PstModelFacts *facts, GError **error);

/**
 * pst_controls_steps:
 *
 * The base run has 1 megapixel × (100 % / brush size)² for the whole picture;
 * each further step is at most 4.5 times as wide and high as the one before,
 * so that the network adds what it can paint in between; 20 megapixels take
 * two. (Steps of two cost a third more and do not look better.)
 */
void pst_controls_steps (const PstControls *controls,
                         const PstModelFacts *facts, int width, int height,
                         PstSteps *steps);

/* Whether the last step is smaller than the picture. */
gboolean pst_steps_enlarge (const PstSteps *steps, int width, int height);

/**
 * pst_controls_weights:
 * @column: of the style
 * @second: column of the one mixed in; @column where there is none
 * @weights: (out): facts->n_columns of them
 *
 * Divides strength and mix between the styles, and the strength between the
 * network and the pixels.
 *
 * Returns: how much of the way from the photo to the painted picture to go;
 *   more than 1 above 100 % where the network cannot do it
 */
float pst_controls_weights (const PstControls *controls,
                            const PstModelFacts *facts, int column, int second, float *weights);
