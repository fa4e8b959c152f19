/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/graph.h"

/* Small networks for tests. */

/* Gives back what it gets; one style, "mirror". */
PstGraph *pst_test_model_mirror (void);
/* Conv, conditional instance norm, ReLU, conv, sigmoid with random weights;
 * styles identity (which gives back what it gets), "stripes" and "dots". */
PstGraph *pst_test_model_painter (void);
/* A foreign network of declared size (0: any): conv and instance norm; its
 * pictures are 0 to @white; with @scaler it subtracts ImageNet's means first,
 * in the order BGR. */
PstGraph *pst_test_model_foreign (int width, int height, float white,
                                  gboolean scaler);
/* One that has a number for each pixel, 0 to 255, BGR. */
PstGraph *pst_test_model_bound (int width, int height);
/* Writes a graph to a new file in a new folder; transfer full. */
char     *pst_test_model_write (PstGraph *graph);
void      pst_test_model_remove (char *path);
