/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/base/parallel.h"
#include "core/train/features.h"
#include "core/train/lbfgs.h"

/**
 * PstObjectiveSpec:
 * @recipe: the layers, their weights and the forms of the two losses
 * @features: what pst_features_new() made of that recipe
 * @moments: (element-type PstArray): what pst_features_moments() gives for
 *   the style
 * @content: weight of the content loss
 * @style: weight of the style loss
 */
typedef struct
{
  const PstRecipe *recipe;
  PstFeatures     *features;
  GPtrArray       *moments;
  double           content;
  double           style;
} PstObjectiveSpec;

/**
 * PstObjectiveTerms:
 * @content: sum over the layers, each with its weight
 * @style: the same
 * @value: the objective: both with their weights
 */
typedef struct
{
  double content;
  double style;
  double value;
} PstObjectiveTerms;

/**
 * PstObjective:
 *
 * The two losses that a generator is trained by, as a function of the picture
 * itself: Gatys et al., "Image style transfer using convolutional neural
 * networks", 2016, eq. 7, made of pst_loss_content() and pst_loss_style().
 */
typedef struct _PstObjective PstObjective;

/**
 * pst_objective_new:
 * @photo: whose content is wanted
 * @pool: (nullable): must outlive the objective
 *
 * Returns: (transfer full) (nullable): the objective for pictures of the
 *   photo's size, or %NULL with the planner's errors
 */
PstObjective *pst_objective_new (const PstObjectiveSpec *spec,
                                 const PstPicture *photo, PstPool *pool,
                                 GError **error);
void          pst_objective_free (PstObjective *objective);

/**
 * pst_objective_look:
 * @pixels: R, G, B for each pixel, 0 to 1 (other numbers are taken as they
 *   are)
 * @gradient: (nullable) (out): of the value, as many numbers
 */
void pst_objective_look (PstObjective *objective, const float *pixels,
                         float *gradient, PstObjectiveTerms *terms);

/**
 * pst_objective_optimise:
 * @pixels: (inout): the picture to start from; then the best one found,
 *   whose numbers may lie a little outside 0 to 1
 * @evaluations: most evaluations of the objective and its gradient
 *
 * Direct optimisation (Gatys et al. 2016, section 2) by pst_lbfgs().
 *
 * Returns: %FALSE with its errors
 */
gboolean pst_objective_optimise (PstObjective *objective, float *pixels,
                                 int evaluations, PstLbfgsResult *result,
                                 GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstObjective, pst_objective_free)
