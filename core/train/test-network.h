/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/graph.h"
#include "core/train/picture.h"

/* A feature network of random weights within @bound: "shallow" of @a channels,
 * "deep" of @b at half the size; @activation behind each, @pool between. */
PstGraph *test_network_make (const char *activation, const char *pool, int a,
                             int b, float bound);
/* One without kinks. */
PstGraph *test_network_new (void);

/* Coloured waves; @pace: radians a pixel. */
PstPicture *test_network_waves (int width, int height, double pace);
