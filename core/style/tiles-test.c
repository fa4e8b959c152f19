/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "core/style/test-fixture.h"
#include "core/style/tiles.h"

/* Tiles: little memory gives (nearly) the same picture, and no seams. */
static void
test_tiles_seamless (Fixture *fixture, gconstpointer make)
{
  PstPixels            flat = { 900, 700, g_new (float, 900 * 700 * 4) };
  const PstStyle      *style;
  PstTiles             tiles = { 1, 1, 900, 700, 0 };
  g_autoptr (GError)   error = NULL;
  float                weights[3] = { 0, 1, 0 };
  PstBench            *bench = pst_model_take_bench (fixture->model, 1);
  PstNet               net = { fixture->model, bench, weights };
  g_autoptr (PstImage) from = NULL;
  g_autoptr (PstImage) to = pst_image_new (900, 700, 3, NULL);
  float                step = 0;

  for (int i = 0; i < 900 * 700; i++)
    for (int c = 0; c < 4; c++)
      flat.data[4 * i + c] = 0.3f + 0.4f * (i % 900) / 900;
  from = test_to_image (&flat);
  style = pst_model_find_style (fixture->model, "stripes");
  g_assert_nonnull (style);
  g_assert_true (pst_tiles_choose (fixture->model, 900, 700, 1, 0, &tiles,
                                   &error));
  g_assert_cmpint (tiles.n_x * tiles.n_y, >, 10);
  g_assert_true (pst_tiles_paint (&net, &tiles, from, to, NULL, NULL, NULL,
                                  &error));
  g_assert_no_error (error);
  for (int y = 0; y < 700; y++)
    for (int x = 1; x < 900; x++)
      for (int c = 0; c < 3; c++)
        {
          float *p = pst_image_row (to, y) + 3 * x + c;

          step = MAX (step, fabsf (p[0] - p[-3]));
        }
  g_test_message ("largest step between neighbours: %.5f", step);
  g_assert_cmpfloat (step, <, 0.03);
  pst_model_leave_bench (fixture->model, bench);
  g_free (flat.data);
}

/* The whole way with little memory, against the whole way with a lot: not the
 * same, since each tile is normalised by itself, but close. */
static void
test_tiles_bounded (Fixture *fixture, gconstpointer make)
{
  PstPixels   whole = test_new_picture (1600, 1200);
  PstPixels   tiled = test_copy_picture (&whole);
  PstControls controls = PST_CONTROLS_INIT;
  guint64     bytes, least;

  controls.brush_size = 400;
  controls.n_threads = 1;
  g_assert_true (pst_stylize_memory (fixture->model, &controls, 1600, 1200,
                                     &bytes, NULL));
  controls.memory = 1;
  g_assert_true (pst_stylize_memory (fixture->model, &controls, 1600, 1200,
                                     &least, NULL));
  g_test_message ("whole %.1f MB, least %.1f MB", bytes / 1e6, least / 1e6);
  g_assert_cmpuint (least, <, bytes * 2 / 3);
  controls.memory = least;
  test_stylize (fixture->model, "stripes", controls, &tiled);
  controls.memory = 0;
  test_stylize (fixture->model, "stripes", controls, &whole);
  g_test_message ("mean difference %.5f", test_mean_difference (&whole, &tiled));
  g_assert_cmpfloat (test_mean_difference (&whole, &tiled), <, 0.04);
  g_free (whole.data);
  g_free (tiled.data);
}

static void
test_tiles_partition (Fixture *fixture, gconstpointer make)
{
  PstBench            *bench = pst_model_take_bench (fixture->model, 2);
  PstNet               net = { fixture->model, bench, NULL };
  PstPixels            picture = test_new_picture (501, 333);
  g_autoptr (PstImage) from = test_to_image (&picture);
  g_autoptr (PstImage) to = pst_image_new (501, 333, 3, NULL);

  for (int width = 170; width <= 501; width += 97)
    {
      PstTiles tiles = { 0 };

      pst_tiles_divide (501, width, &tiles.n_x, &tiles.width);
      pst_tiles_divide (333, width / 3, &tiles.n_y, &tiles.height);
      g_assert_cmpint (tiles.width, <=, width);
      g_assert_true (pst_tiles_paint (&net, &tiles, from, to, NULL, NULL, NULL,
                                      NULL));
      for (int i = 0; i < 501 * 333 * 3; i++)
        g_assert_cmpfloat_with_epsilon (to->data[i], from->data[i], 1e-6);
    }
  pst_model_leave_bench (fixture->model, bench);
  g_free (picture.data);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, make, func)                                                 \
  g_test_add (name, Fixture, make, test_set_up, func, test_tear_down)
  ADD ("/tiles/partition", pst_test_model_mirror, test_tiles_partition);
  ADD ("/tiles/seamless", pst_test_model_painter, test_tiles_seamless);
  ADD ("/tiles/bounded", pst_test_model_painter, test_tiles_bounded);
  return g_test_run ();
}
