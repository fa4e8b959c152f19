/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/picture.h"

/**
 * PstSynthetic:
 *
 * Pictures for training where there are no photos: dead leaves (Lee, Mumford
 * and Huang, "Occlusion models for natural images", 2001; as training data
 * Baradad et al., "Learning to see by looking at noise", 2021), that is
 * shapes which hide each other, with radii whose density falls as
 * r^-2.3…-3.3. The shapes are ellipses, boxes, polygons, blobs and strokes,
 * shaded, with textures of falling spectra, hard, soft or ragged edges and
 * shadows; beside them there are skies over a ground in perspective, walls
 * with windows, lines, boards with writing and something like faces.
 *
 * The constants in synthetic.c were set so that the pictures measure as photos
 * do. Medians of 324 photos (24 of Kodak, 100 each of flowers, wallpapers and
 * Caltech-101) and of 200 synthetic pictures at 256 x 256, sRGB, 0 to 1:
 *
 * |                                               | photos | synthetic |
 * | kurtosis of the horizontal gradient           |  16.5  |  22.7     |
 * | its root mean square                          |  0.057 |  0.054    |
 * | slope of the power spectrum, 4 to 100 cycles  | -2.38  | -2.60     |
 * | mean and deviation of R + G + B over 3        |  0.41, 0.18 | 0.40, 0.17 |
 * | deviation of (R - B) / 2                      |  0.063 |  0.068    |
 * | deviation of (2 G - R - B) / 4                |  0.024 |  0.023    |
 * | its correlation with R + G + B                |  0.04  |  0.07     |
 * | of 16 x 16 blocks: deviating less than 0.02   |  14 %  |  13 %     |
 * | less than 0.04                                |  34 %  |  26 %     |
 */
typedef struct _PstSynthetic PstSynthetic;

/* Makes the textures' fields: 1.3 MB, some 20 ms */
PstSynthetic *pst_synthetic_new (guint64 seed);
void          pst_synthetic_free (PstSynthetic *synthetic);

/**
 * pst_synthetic_picture:
 * @index: which picture
 * @width: in pixels
 * @height: in pixels
 *
 * Depends on the seed and the three arguments alone, so it may be called in
 * any order and in several threads at once. Details are as fine at any size:
 * a larger picture shows more, not the same enlarged. 256 x 256 pixels take
 * about 15 ms of a core.
 *
 * Returns: (transfer full) (nullable): the picture, or %NULL without memory
 */
PstPicture *pst_synthetic_picture (const PstSynthetic *synthetic,
                                   guint64 index, int width, int height);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstSynthetic, pst_synthetic_free)
