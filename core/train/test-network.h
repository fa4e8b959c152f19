/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/graph.h"
#include "core/train/picture.h"

/* A feature network of random weights without kinks: "shallow", 5 channels,
 * and "deep", 7 channels at half the size. */
PstGraph *test_network_new (void);

/* Coloured waves; @pace: radians a pixel. */
PstPicture *test_network_waves (int width, int height, double pace);
