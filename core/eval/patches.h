/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/picture.h"

#define PST_PATCH_SCALES 3
#define PST_PATCH_SIDE 7
#define PST_PATCH_NUMBERS (PST_PATCH_SIDE * PST_PATCH_SIDE * 3)
#define PST_PATCH_LEAST 32 /* pixels that a picture must have each way */

/**
 * PstPatches:
 *
 * Patches of 7 x 7 pixels from pictures' Laplacian pyramids, of three scales:
 * the picture's own, a half and a quarter (Burt and Adelson 1983; blurred with
 * 1 4 6 4 1 over 16 each way, mirrored at the border). What is larger than
 * that is left out.
 */
typedef struct _PstPatches PstPatches;

PstPatches *pst_patches_new (void);
void        pst_patches_free (PstPatches *patches);

/* How many there are of each scale. */
guint       pst_patches_get_count (const PstPatches *patches);

/**
 * pst_patches_add:
 * @picture: of at least %PST_PATCH_LEAST pixels each way
 * @n: how many patches of each scale, from anywhere in it
 * @seed: of the places
 */
void pst_patches_add (PstPatches *patches, const PstPicture *picture, guint n,
                      guint64 seed);

/**
 * pst_patches_numbers:
 *
 * Returns: (transfer none): [count, 7, 7, 3] at @scale, as they were taken
 */
const float *pst_patches_numbers (const PstPatches *patches, int scale);

/**
 * pst_patches_distance:
 * @a: patches
 * @b: patches, perhaps more or fewer
 * @seed: of the directions
 * @distance: (out): at each scale, from the finest to the coarsest
 *
 * Sliced Wasserstein distance: Karras et al., "Progressive growing of GANs",
 * 2018 (arXiv:1710.10196), section 5. The channels of each set are brought to
 * mean 0 and standard deviation 1, both sets are projected on 512 random unit
 * vectors, and the distance on each line, the mean absolute difference of the
 * sorted numbers, is averaged. (Their tables show a thousand times that.)
 */
void pst_patches_distance (const PstPatches *a, const PstPatches *b,
                           guint64 seed, double distance[PST_PATCH_SCALES]);

/* The mean difference of two sorted lists as distributions: the area between
 * their quantile functions; with as many numbers in both, the mean absolute
 * difference. */
double pst_patches_sorted_distance (const float *a, guint n, const float *b,
                                    guint m);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstPatches, pst_patches_free)
