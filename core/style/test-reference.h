/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/style/image.h"
#include "core/style/stylize.h"

/* For tests: what pst_stylize() means, with whole pictures and without any
 * haste. Cannot fail. */
void reference_stylize (PstModel *model, const PstStyle *style,
                        const PstControls *controls, PstPixels *pixels);

/* Scaling by the formula, in double precision; any number of channels. */
PstImage *reference_scale (const PstImage *from, int width, int height);

/* R'G'B' × alpha, alpha: to R'G'B' with hidden parts filled up. */
PstImage *reference_fill (const PstImage *premultiplied);

/* Grain at a place, see PstKernels. */
float     reference_grain (int x, int y);
