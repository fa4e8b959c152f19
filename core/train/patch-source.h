/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/picture.h"
#include "core/train/recipe.h"

/**
 * PstPatchSource:
 *
 * Where the paintings' patches come from that pst_loss_patches() compares
 * with: the pictures of all styles, shrunk to each scale. A patch's numbers
 * are those of its pixels row by row, R, G, B, 0 to 1.
 */
typedef struct _PstPatchSource PstPatchSource;

/**
 * pst_patch_source_new:
 * @recipe: must stay
 * @pictures: (element-type GPtrArray): of PstPicture, for each style in turn;
 *   must stay
 *
 * Returns: (transfer full) (nullable): %NULL with %PST_ERROR_ARGUMENT where a
 *   picture has no patch at some scale, or %PST_ERROR_MEMORY
 */
PstPatchSource *pst_patch_source_new (const PstRecipe *recipe,
                                      GPtrArray *pictures, GError **error);
void            pst_patch_source_free (PstPatchSource *source);

/**
 * pst_patch_source_draw:
 * @style: which one, from 0
 * @scale: which of the recipe's
 * @number: of the sample, by which chance is drawn
 * @to: [S S 3, samples]: the numbers of a patch in a column
 *
 * Patches from anywhere in the style's pictures.
 */
void pst_patch_source_draw (const PstPatchSource *source, int style, int scale,
                            guint64 number, float *to);

/**
 * pst_patch_directions:
 * @step: by which chance is drawn, together with the recipe's seed
 * @to: [projections, S S 3], each of length 1
 *
 * Random directions. At first every direction is as likely; then the mean of
 * each channel is multiplied by `colour` (0 leaves the palette out, so that
 * only structure is compared), and what is left of each frequency f of the
 * discrete cosine transform, in half waves a patch, by f to the power of
 * `sharpness`.
 */
void pst_patch_directions (const PstRecipe *recipe, guint64 step, float *to);

/* Places between a picture's patches, so that one of @side pixels at the scale
 * has about `positions` of them at most. */
int pst_patch_stride (const PstRecipePatches *patches, int side);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstPatchSource, pst_patch_source_free)
