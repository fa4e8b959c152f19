/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/graph.h"

/**
 * pst_penalty_gradient:
 * @logits: [N,S,h,w], made from @picture by convolutions without padding,
 *   LeakyRelu, and sums and products with constants alone
 * @picture: [N,C,@side,@side]
 * @style: one-hot rows, [N,S]: which output counts
 *
 * The gradient of each sample's mean logit by its picture, as nodes: the
 * network once more in reverse, with the same weights in transposed
 * convolutions and the slopes of the LeakyRelus, which are constant wherever
 * they have a gradient. So a backward pass through it gives the derivative of
 * that gradient by the weights, exactly: what double backward gives
 * elsewhere.
 *
 * Returns: the shape of @picture
 */
PstValue *pst_penalty_gradient (PstGraph *graph, PstValue *logits,
                                PstValue *picture, PstValue *style, int side);

/**
 * pst_loss_penalty:
 * @picture: [N,3,@side,@side], 0 to 1, what @logits were made from
 *
 * The gradient penalty of Gulrajani et al., "Improved training of Wasserstein
 * GANs", 2017, eq. 3, without lambda: (|g| - 1)², with g the gradient of the
 * mean logit by the picture in the range -1 to 1. @picture lies anywhere
 * between a real and a generated one.
 *
 * Returns: [N]
 */
PstValue *pst_loss_penalty (PstGraph *graph, PstValue *logits,
                            PstValue *picture, PstValue *style, int side);
