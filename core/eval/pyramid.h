/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/picture.h"

/* Floats, three channels, row by row. */
typedef struct
{
  int    width;
  int    height;
  float *data;
} PstBand;

/**
 * pst_pyramid_build:
 * @bands: (out) (array length=n): Laplacian bands, from the finest on; each is
 *   half as wide and high as the one before, rounded up
 *
 * Burt and Adelson, "The Laplacian pyramid as a compact image code", 1983: a
 * band is what a picture loses when it is halved and doubled again, with the
 * kernel 1 4 6 4 1 (over 16) both ways, mirrored at the border without
 * repeating the last pixel. The picture of the next size is the halved one;
 * the rest below the last band is left out. Free with pst_pyramid_clear().
 */
void pst_pyramid_build (const PstPicture *picture, PstBand *bands, int n);
void pst_pyramid_clear (PstBand *bands, int n);
