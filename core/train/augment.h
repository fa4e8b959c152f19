/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/random.h"

/* Mean over the channels of their standard deviation, for @n pixels R, G, B. */
double pst_augment_contrast (const float *pixels, int n);

/**
 * pst_augment_noise:
 * @pixels: @side x @side pixels R, G, B, 0 to 1
 * @sigma: standard deviation
 *
 * Adds grey noise of three grains: each pixel, 4 and 8 pixels (bilinear
 * between normally distributed points), clipped to 0 … 1. A network that saw
 * such photos paints smooth skies and walls as well instead of amplifying
 * what little there is in them.
 */
void pst_augment_noise (float *pixels, int side, double sigma,
                        PstRandom *random);
