/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/style/test-fixture.h"

#include <math.h>
#include <string.h>

void
test_set_up (Fixture *fixture, gconstpointer make)
{
  g_autoptr (PstGraph) graph = ((PstGraph * (*) (void) ) make) ();
  g_autoptr (GError)   error = NULL;

  fixture->path = pst_test_model_write (graph);
  fixture->model = pst_model_load (fixture->path, &error);
  g_assert_no_error (error);
}

void
test_tear_down (Fixture *fixture, gconstpointer make)
{
  pst_model_unref (fixture->model);
  pst_test_model_remove (fixture->path);
}

PstPixels
test_new_picture (int width, int height)
{
  PstPixels pixels = { width, height,
                       g_new (float, (gsize) width * height * 4) };
  GRand    *rand = g_rand_new_with_seed (1);

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        float *p = pixels.data + ((gsize) y * width + x) * 4;
        double u = (double) x / width, v = (double) y / height;
        double disc = hypot (u - 0.5, v - 0.5) < 0.3 ? 0.3 : 0;

        p[0] = u * 0.6 + disc + g_rand_double_range (rand, 0, 0.1);
        p[1] = v * 0.6 + 0.2 + g_rand_double_range (rand, 0, 0.1);
        p[2] = 0.8 - disc - 0.4 * u * v + g_rand_double_range (rand, 0, 0.1);
        p[3] = 1;
      }
  g_rand_free (rand);
  return pixels;
}

gsize
test_bytes_of (const PstPixels *pixels)
{
  return (gsize) pixels->width * pixels->height * 4 * sizeof (float);
}

PstPixels
test_copy_picture (const PstPixels *pixels)
{
  return (PstPixels){ pixels->width, pixels->height,
                      g_memdup2 (pixels->data, test_bytes_of (pixels)) };
}

void
test_stylize (PstModel *model, const char *id, PstControls controls,
         PstPixels *pixels)
{
  g_autoptr (GError) error = NULL;
  const PstStyle    *style = pst_model_find_style (model, id);

  g_assert_nonnull (style);
  pst_stylize (model, style, &controls, pixels, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

float
test_largest_difference (const PstPixels *a, const PstPixels *b)
{
  float largest = 0;

  for (gsize i = 0; i < test_bytes_of (a) / sizeof (float); i++)
    largest = MAX (largest, fabsf (a->data[i] - b->data[i]));
  return largest;
}

double
test_mean_difference (const PstPixels *a, const PstPixels *b)
{
  gsize  n = test_bytes_of (a) / sizeof (float);
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += fabsf (a->data[i] - b->data[i]);
  return sum / n * 4 / 3; /* alpha is the same */
}

PstImage *
test_to_image (const PstPixels *pixels)
{
  PstImage *image = pst_image_new (pixels->width, pixels->height, 3, NULL);

  for (gsize i = 0; i < (gsize) pixels->width * pixels->height; i++)
    memcpy (image->data + 3 * i, pixels->data + 4 * i, 3 * sizeof (float));
  return image;
}
