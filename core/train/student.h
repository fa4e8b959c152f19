/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/networks.h"

/**
 * pst_network_student:
 * @shape: stages and their convolutions
 * @names: (array length=stages): of the outputs, a layer for each stage
 * @channels: (array length=stages): of the outputs
 * @seed: of the first weights
 *
 * A small feature network, laid out as VGG is (Simonyan and Zisserman, "Very
 * deep convolutional networks", 2015, table 1): in each stage 3x3
 * convolutions with ReLU, between the stages 2x2 maximum pooling. What the
 * first convolution of a stage gives is brought to the channels of a larger
 * network's layer by a 1x1 convolution with ReLU (the regressor of Romero et
 * al., "FitNets", 2015, section 2.2), so that it can stand in for it.
 *
 * Input `image` [N,3,H,W], RGB 0 to 1; outputs [N,C,H/2^s,W/2^s], rounded
 * down. Weights are drawn after He et al., "Delving deep into rectifiers",
 * 2015, eq. 10, uniformly.
 *
 * Returns: (transfer full): the network
 */
PstNetwork *pst_network_student (const PstRecipeStudent *shape,
                                 const char *const *names,
                                 const gint64 *channels, guint64 seed);
