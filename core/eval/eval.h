/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/eval/figures.h"
#include "core/train/picture.h"
#include "core/train/recipe.h"

#define PST_EVAL_LEAST 64 /* pixels a photo must have each way */

/**
 * PstEvalOptions:
 * @features: (nullable): path of a feature network, as for pst_features_new();
 *   without it, what looks through one is not measured
 * @content_layers: (nullable): %NULL-terminated; %NULL for relu4_1
 * @style_layers: (nullable): %NULL-terminated; %NULL for relu1_1, relu2_1,
 *   relu3_1 and relu4_1
 * @recipe: (nullable): the one that the styles were trained by: its layers,
 *   weights and forms are those of the objective; without it the objective has
 *   the layers above with weight 1 and Gram matrices
 * @n_photos: how many there will be
 * @evaluations: of the objective, for the ratio
 * @seed: of the patches' places and the directions
 * @n_threads: 0 for one per core
 */
typedef struct
{
  const char        *features;
  const char *const *content_layers;
  const char *const *style_layers;
  const PstRecipe   *recipe;
  guint              n_photos;
  int                evaluations;
  guint64            seed;
  guint              n_threads;
} PstEvalOptions;

/**
 * PstEval:
 *
 * Measures what styles make of photos. First all styles are added, then photo
 * after photo is set and each style's result measured, then the means can be
 * asked for.
 */
typedef struct _PstEval PstEval;

/**
 * pst_eval_new:
 * @options: the recipe must outlive it
 *
 * Returns: (transfer full) (nullable): %NULL with the errors of
 *   pst_onnx_load() and pst_features_new()
 */
PstEval *pst_eval_new (const PstEvalOptions *options, GError **error);
void     pst_eval_free (PstEval *eval);

/**
 * pst_eval_add_style:
 * @pictures: (nullable) (element-type PstPicture): the paintings, at the size
 *   at which their strokes are to be as large as those of the results; without
 *   them only the distances from the photo and the grid are measured
 * @recipe_style: (nullable): the style's factors in the objective
 *
 * Returns: %FALSE with the planner's errors, or %PST_ERROR_ARGUMENT where a
 *   painting is smaller than %PST_EVAL_LEAST
 */
gboolean pst_eval_add_style (PstEval *eval, GPtrArray *pictures,
                             const PstRecipeStyle *recipe_style,
                             GError **error);

/**
 * pst_eval_set_photo:
 * @photo: (transfer full): the next photo
 *
 * Returns: %FALSE with %PST_ERROR_ARGUMENT where it is too small, or the
 *   planner's errors
 */
gboolean pst_eval_set_photo (PstEval *eval, PstPicture *photo, GError **error);

/**
 * pst_eval_content:
 * @distance: (out): by %PST_FIGURE_FEATURES, or without a feature network by
 *   %PST_FIGURE_LUMINANCE
 *
 * How far a picture, of the photo's size, is from the photo.
 */
gboolean pst_eval_content (PstEval *eval, const PstPicture *result,
                           double *distance, GError **error);

/**
 * pst_eval_measure:
 * @style: which, in the order they were added
 * @result: what the style made of the photo
 * @optimise: whether to find the ratio, which takes long
 * @figures: (out): of this photo; NaN for what is measured over all photos
 *   (patches and grid)
 *
 * Returns: %FALSE with %PST_ERROR_ARGUMENT where the result has another size
 *   than the photo, or the errors of pst_objective_new() and
 *   pst_objective_optimise()
 */
gboolean pst_eval_measure (PstEval *eval, guint style,
                           const PstPicture *result, gboolean optimise,
                           PstFigures *figures, GError **error);

/**
 * pst_eval_summarise:
 * @figures: (out): the means over the photos measured so far; patches and
 *   grid from those of all of them
 * @n_flat: (out): tiles that the grid was looked for in
 */
void pst_eval_summarise (PstEval *eval, guint style, PstFigures *figures,
                         guint *n_flat);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstEval, pst_eval_free)
