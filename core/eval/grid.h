/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/picture.h"

#define PST_GRID_TILE 32
#define PST_GRID_PERIODS 3 /* 2, 4 and 8 pixels */
#define PST_GRID_LEAST 16  /* flat tiles that say something */

/**
 * PstGrid:
 *
 * Looks for the grid that a generator's upsampling leaves: what repeats every
 * 2, 4 or 8 pixels in places where the photo is flat and nothing should.
 */
typedef struct _PstGrid PstGrid;

PstGrid *pst_grid_new (void);
void     pst_grid_free (PstGrid *grid);

/**
 * pst_grid_add:
 * @photo: a photo
 * @result: what was made of it: the network's own pixels, not a scaled copy
 *
 * Takes tiles of 32 x 32 pixels, every 16 pixels, in which the photo's luma is
 * flat: at most 0.02 (standard deviation, of 0 to 1) off a plane. The result's
 * tiles, less their means and under a Hann window, become power spectra, the
 * three channels summed, to which the power of a wave of 0.5/255 is added:
 * what is fainter nobody sees. Each is divided by its mean power beside the
 * grid's frequencies, so that quiet tiles count as much as bold ones.
 */
void pst_grid_add (PstGrid *grid, const PstPicture *photo,
                   const PstPicture *result);

/* Flat tiles so far. */
guint pst_grid_get_count (const PstGrid *grid);

/**
 * pst_grid_measure:
 * @ratio: (out): for periods of 2, 4 and 8 pixels; NaN with fewer than
 *   %PST_GRID_LEAST flat tiles
 *
 * The frequencies (u, v) / 8 a pixel are those of an 8 pixel grid with its
 * harmonics; where u and v are even they are those of a 4 pixel grid, and where
 * they are multiples of 4 those of a 2 pixel grid. Each frequency's mean power
 * over the tiles is divided by the geometric mean of the sixteen two steps
 * (2/32 a pixel) away from it, out of reach of the window's main lobe; the
 * ratio of a period is the largest among the frequencies that are its own. It
 * is about 1 to 1.5 where there is no grid, whatever is painted.
 */
void pst_grid_measure (const PstGrid *grid, double ratio[PST_GRID_PERIODS]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstGrid, pst_grid_free)
