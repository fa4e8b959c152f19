/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/picture.h"

/**
 * PstLuminance:
 * @width: of the map
 * @height: of the map
 * @data: row by row
 *
 * A map of a picture's luma, 0.2126 R' + 0.7152 G' + 0.0722 B' (ITU-R BT.709
 * with R'G'B' as they are encoded, 0 to 1), or of what became of it.
 */
typedef struct
{
  int    width;
  int    height;
  float *data;
} PstLuminance;

/**
 * PstLikeness:
 * @distance: half the mean squared difference of the two pictures' locally
 *   normalised luminance; 0 for the same, about 1 for pictures that have
 *   nothing to do with each other
 * @correlation: sum of products over the root of the product of the sums of
 *   squares, 0 where it is negative; 1 for the same: how much of the photo's
 *   drawing is still in place
 */
typedef struct
{
  double distance;
  double correlation;
} PstLikeness;

PstLuminance *pst_luminance_new (const PstPicture *picture);
void          pst_luminance_free (PstLuminance *map);

/* Means of @pool x @pool pixels; the rest at the right and below is left out.
 * (nullable): %NULL where nothing is left. */
PstLuminance *pst_luminance_pool (const PstLuminance *map, int pool);

/**
 * pst_luminance_normalise:
 *
 * (y - m) / (s + 0.02) at every place, m and s being mean and standard
 * deviation within 7 x 7 places around it, fewer at the border: the local
 * contrast normalisation of Jarrett et al. (2009, section 2) and, with another
 * window, of Mittal et al. (2012, eq. 1). What is left is the drawing,
 * whatever light and colours are.
 */
PstLuminance *pst_luminance_normalise (const PstLuminance *map);

/**
 * pst_luminance_compare:
 * @photo: a picture of 8 pixels or more each way
 * @result: one of the same size
 *
 * Compares the drawing at 1/4 and at 1/8 of the size, where brush strokes are
 * averaged out; means over the two.
 */
void pst_luminance_compare (const PstPicture *photo, const PstPicture *result,
                            PstLikeness *likeness);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstLuminance, pst_luminance_free)
