/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/**
 * PstPixels:
 * @width: in pixels, 1 to 300,000
 * @height: in pixels, 1 to 300,000
 * @data: R, G, B, A for each pixel, row by row without gaps; R'G'B' encoded
 *   with the sRGB curve, 0 to 1, not multiplied by alpha; alpha linear, 0 to 1
 *
 * How every host hands its picture over and gets it back. Owned by the host.
 * Values outside 0 to 1 and NaN are allowed: see pst_stylize().
 */
typedef struct
{
  int    width;
  int    height;
  float *data;
} PstPixels;
