/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/graph.h"
#include "core/train/recipe.h"

/*
 * Losses as nodes. Each gives one number a sample, [N]; weights come in with
 * the seeds of the backward pass, so that samples may weigh differently.
 */

/**
 * pst_loss_content:
 * @map: features of the result, [N,C,H,W]
 * @target: features of the photo, the same shape
 *
 * Johnson et al. 2016, section 3.1 (feature reconstruction), against the
 * target's own size: mean (map - target)² / (mean target² + 1e-6), or mean
 * |map - target| / (mean |target| + 1e-6). %PST_CONTENT_DRAWING is half of mean
 * (map - target)², as pst_luminance_compare() has it: maps of a drawing have a
 * size of their own, and where there is none, as in a sky, being compared with
 * nothing would outweigh all the rest.
 */
PstValue *pst_loss_content (PstGraph *graph, PstContentForm form,
                            PstValue *map, PstValue *target);

/**
 * pst_style_moments:
 * @map: features, [N,C,H,W]
 * @mean: (out): [N,C], or %NULL with Gram matrices
 *
 * What a style is told by: the Gram matrix F F^T / (H W), or the covariance
 * of the channels, which is the Gram matrix less the means' products, and the
 * means m.
 *
 * Returns: [N,C,C]
 */
PstValue *pst_style_moments (PstGraph *graph, PstStyleForm form,
                             PstValue *map, PstValue **mean);

/**
 * pst_loss_style:
 * @map: features of the result, [N,C,H,W]
 * @target: the style's Gram matrices or covariances, [N,C,C]
 * @target_mean: (nullable): the style's means, [N,C]
 *
 * Gatys et al., "Image style transfer using convolutional neural networks",
 * 2016, eq. 3 to 5, with the Gram matrix as the mean over places, against the
 * target's own size: |G - T|² / |T|² (Frobenius). With covariances (Li et
 * al., "Demystifying neural style transfer", 2017, section 4.2 on matching
 * moments): half of |C - T|² / |T|² + |m - t|² / |t|².
 */
PstValue *pst_loss_style (PstGraph *graph, PstStyleForm form, PstValue *map,
                          PstValue *target, PstValue *target_mean);

/**
 * pst_loss_variation:
 * @picture: [N,3,H,W]
 *
 * Anisotropic total variation: mean |x(i+1,j) - x(i,j)| +
 * mean |x(i,j+1) - x(i,j)| (Rudin, Osher and Fatemi 1992; Mahendran and
 * Vedaldi 2015, section 3.2, with exponent 1/2 of the squares).
 */
PstValue *pst_loss_variation (PstGraph *graph, PstValue *picture);

/**
 * pst_loss_saturation:
 * @logits: [N,C,H,W]: what goes into a picture's last sigmoid
 *
 * Mean of max(|x| - 4, 0)²: where a sigmoid is this close to black or white its
 * gradient dies away, and what got there by accident stays.
 *
 * Returns: [N]
 */
PstValue *pst_loss_saturation (PstGraph *graph, PstValue *logits);

/**
 * pst_loss_between:
 * @moment: [N,…]: of the style
 * @photo: the same of the photo
 * @part: [N]: the photo's share
 * @rank: of the moments
 *
 * Returns: @moment + @part @photo, where @moment already has its own share
 */
PstValue *pst_loss_between (PstGraph *graph, PstValue *moment, PstValue *photo,
                            PstValue *part, int rank);

/* Mean |a - b| of pictures [N,3,H,W]. */
PstValue *pst_loss_difference (PstGraph *graph, PstValue *a, PstValue *b);

/**
 * pst_loss_pick:
 * @logits: of a discriminator, [N,S,h,w]
 * @style: one-hot rows, [N,S]: which output counts
 *
 * Returns: the logits of each sample's style, [N,h,w]
 */
PstValue *pst_loss_pick (PstGraph *graph, PstValue *logits, PstValue *style);

/**
 * pst_loss_adversarial:
 * @d: what pst_loss_pick() gives, [N,h,w]
 * @sign: (nullable): [N,1,1]: 1 where the picture is real, -1 where it is
 *   not; %NULL for the generator's side
 *
 * Means over the patches:
 *
 *               discriminator              generator
 *   hinge       max (0, 1 - sign d)        -d
 *   LSGAN       (d - (sign + 1) / 2)²      (d - 1)²
 *   BCE         log (1 + exp (-sign d))    log (1 + exp (-d))
 *   WGAN-GP     -sign d                    -d
 *
 * Lim and Ye, "Geometric GAN", 2017; Mao et al., "Least squares GANs", 2017,
 * eq. 9 with labels 0 and 1 (and without the factor 1/2); Goodfellow et al.
 * 2014 with the non-saturating generator of section 3; Gulrajani et al. 2017,
 * eq. 3, whose penalty is pst_loss_penalty().
 */
PstValue *pst_loss_adversarial (PstGraph *graph, PstAdversarialForm form,
                                PstValue *d, PstValue *sign);

/**
 * pst_loss_patches:
 * @picture: [N,3,H,W]
 * @directions: [K,S S 3], each of length 1: S x S pixels R, G, B
 * @origin: [2], whole numbers
 * @wished: patches of the paintings, [N,S S 3,M]: the numbers of one in a
 *   column, in the order of a direction's
 * @groups: [N], whole numbers: samples with the same one are taken together
 * @stride: of the picture's patches
 *
 * Sliced Wasserstein distance of the picture's patches from the painting's:
 * both are projected on each direction and sorted, and the mean over
 * directions and patches of the squared (or absolute) differences is divided
 * by the variance (its root) of the painting's projections. Heitz et al., "A
 * sliced Wasserstein loss for neural texture synthesis", 2021, eq. 3, on
 * pixels' patches as Elnekave and Weiss, "Generating natural images with
 * direct patch distribution matching", 2022, section 3, have them; pooled
 * samples as one distribution.
 */
PstValue *pst_loss_patches (PstGraph *graph, const PstRecipePatches *recipe,
                            PstValue *picture, PstValue *directions,
                            PstValue *origin, PstValue *wished,
                            PstValue *groups, int stride);

/* Averages @pool x @pool pixels. */
PstValue *pst_loss_pool (PstGraph *graph, PstValue *picture, int pool);
