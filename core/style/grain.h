/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/**
 * pst_grain:
 * @x: column in the picture
 * @y: row in the picture
 *
 * Grey noise of mean 0 and standard deviation about 1: grains of 1, 4, 8 and
 * 16 pixels, each a lattice of normal numbers with straight lines between. It
 * depends on the place alone, so pieces of a picture fit together and a
 * picture is painted the same each time.
 *
 * A network of convolutions has nothing to paint from in a flat sky; a trace
 * of grain in the photo gives its strokes something to follow.
 */
float pst_grain (int x, int y);
