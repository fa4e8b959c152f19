/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/style/image.h"
#include "core/style/stylize.h"
#include "core/style/test-model.h"

/* What the tests of pst_stylize() and of what it is made of share. */

typedef struct
{
  char     *path;
  PstModel *model;
} Fixture;

/* @make is one of the functions of test-model.h. */
void test_set_up (Fixture *fixture, gconstpointer make);
void test_tear_down (Fixture *fixture, gconstpointer make);

/* A picture with slopes, edges and fine texture; data to be freed. */
PstPixels test_new_picture (int width, int height);
PstPixels test_copy_picture (const PstPixels *pixels);
gsize     test_bytes_of (const PstPixels *pixels);
PstImage *test_to_image (const PstPixels *pixels);
/* Largest of all numbers; mean of the colours where alpha is the same. */
float     test_largest_difference (const PstPixels *a, const PstPixels *b);
double    test_mean_difference (const PstPixels *a, const PstPixels *b);

/* pst_stylize() that must succeed. */
void      test_stylize (PstModel *model, const char *id, PstControls controls,
                        PstPixels *pixels);
