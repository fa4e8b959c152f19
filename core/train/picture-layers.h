/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/graph.h"

/**
 * pst_picture_layer:
 * @picture: [N,3,H,W], RGB 0 to 1
 * @name: of a layer
 * @seed: of random filters
 *
 * Adds a layer that needs no network:
 *
 * - "luminanceN", N from 1 to 32: [N,1,H/N,W/N], the drawing: luma of pictures
 *   shrunk N times, normalised locally as pst_luminance_normalise() does it.
 * - "randomN", N from 3 to 64: [N,32,…]: 32 random filters that see about N
 *   pixels each way, and ReLU. Ustyuzhaninov et al., "Texture synthesis using
 *   shallow convolutional networks with random filters", 2016 (arXiv:1606.00021),
 *   section 2, show that the Gram matrices of such layers of several sizes
 *   tell textures about as well as a trained network's. Filters of more than
 *   9 pixels see a picture that is shrunk 2, 4 or 8 times.
 * - "correlationN", N from 1 to 8: [N,25,H/N-8,W/N-8]: "luminanceN" at each
 *   place and at 24 others, 0 to 8 to the right and 0 to 8 below in steps of
 *   2, and 1 added to all, since a style's means are told apart relative to
 *   their size. Its covariances are the drawing's autocorrelation up to 8
 *   places each way: the ways strokes run, how long they are, and whether they
 *   repeat as a hatch does. Sendik and Cohen-Or, "Deep correlations for texture
 *   synthesis", 2017, section 3.1, on the drawing instead of deep features.
 *
 * Returns: (nullable): the layer's value; %NULL where there is no such layer
 */
PstValue *pst_picture_layer (PstGraph *graph, PstValue *picture,
                             const char *name, guint64 seed);
