/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/base/test-run.h"
#include "core/style/controls.h"
#include "core/style/resample.h"
#include "core/style/test-fixture.h"

/* Strength 0 gives back every bit, whatever it is. */
static void
test_strength_zero (Fixture *fixture, gconstpointer make)
{
  PstPixels   pixels = test_new_picture (40, 30);
  PstPixels   before;
  PstControls controls = PST_CONTROLS_INIT;

  pixels.data[0] = NAN;
  pixels.data[5] = -3;
  pixels.data[11] = 0;
  before = test_copy_picture (&pixels);
  controls.strength = 0;
  test_stylize (fixture->model, "stripes", controls, &pixels);
  g_assert_cmpmem (pixels.data, test_bytes_of (&pixels), before.data,
                   test_bytes_of (&before));
  g_free (pixels.data);
  g_free (before.data);
}

/* The further from 0, the further from the photo. */
static void
test_strength_monotone (Fixture *fixture, gconstpointer make)
{
  PstPixels   photo = test_new_picture (200, 150);
  PstControls controls = PST_CONTROLS_INIT;
  double      last = 0;

  controls.picture_area = 1e6;
  for (double strength = 10; strength <= 200; strength += 10)
    {
      PstPixels pixels = test_copy_picture (&photo);
      double    difference;

      controls.strength = strength;
      test_stylize (fixture->model, "stripes", controls, &pixels);
      difference = test_mean_difference (&photo, &pixels);
      g_test_message ("strength %g: %.5f", strength, difference);
      if (strength <= 100)
        g_assert_cmpfloat (difference, >, last);
      last = difference;
      g_free (pixels.data);
    }
  g_free (photo.data);
}

/* All of a style is that style, to the bit, and half of it is between. */
static void
test_mix (Fixture *fixture, gconstpointer make)
{
  static const double parts[] = { 0, 50, 100 };
  PstPixels           photo = test_new_picture (200, 150);
  PstPixels           first = test_copy_picture (&photo);
  PstPixels           second = test_copy_picture (&photo);
  PstControls         controls = PST_CONTROLS_INIT;
  double              whole;

  controls.picture_area = 1e6;
  test_stylize (fixture->model, "stripes", controls, &first);
  test_stylize (fixture->model, "dots", controls, &second);
  whole = test_mean_difference (&first, &second);
  g_assert_cmpfloat (whole, >, 0.01);
  controls.second = pst_model_find_style (fixture->model, "dots");
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      PstPixels pixels = test_copy_picture (&photo);
      double    from, to;

      controls.mix = parts[i];
      test_stylize (fixture->model, "stripes", controls, &pixels);
      from = test_mean_difference (&first, &pixels);
      to = test_mean_difference (&second, &pixels);
      g_assert_true ((from == 0) == (parts[i] == 0));
      g_assert_true ((to == 0) == (parts[i] == 100));
      g_assert_cmpfloat (from, <=, whole);
      g_assert_cmpfloat (to, <=, whole);
      g_free (pixels.data);
    }
  g_free (photo.data);
  g_free (first.data);
  g_free (second.data);
}

static void
test_mix_refusals (Fixture *fixture, gconstpointer make)
{
  PstStyle           stranger = { .id = (char *) "stranger" };
  PstPixels          pixels = test_new_picture (50, 40);
  PstControls        controls = PST_CONTROLS_INIT;
  const PstStyle    *style = pst_model_find_style (fixture->model, "stripes");
  g_autoptr (GError) error = NULL;

  controls.second = &stranger;
  g_assert_false (pst_stylize (fixture->model, style, &controls, &pixels, NULL,
                               NULL, NULL, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_STYLE);
  g_clear_error (&error);
  controls.second = pst_model_find_style (fixture->model, "dots");
  controls.mix = 101;
  g_assert_false (pst_stylize (fixture->model, style, &controls, &pixels, NULL,
                               NULL, NULL, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_ARGUMENT);
  g_free (pixels.data);
}

/* A network that changes nothing changes nothing at any size: what is taken
 * apart by sizes is put together again. */
static void
test_mirror (Fixture *fixture, gconstpointer make)
{
  static const struct
  {
    int    width, height;
    double brush;
    float  tolerance;
  } cases[] = {
    { 300, 200, 100, 1e-6 },
    { 1, 1, 100, 1e-6 },
    /* several steps: scaling twice is not quite scaling once */
    { 300, 200, 399, 0.05f }, { 61, 300, 200, 0.05f },
    { 1, 90, 100, 0.05f },    { 90, 1, 400, 0.05f },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      PstPixels   pixels = test_new_picture (cases[i].width, cases[i].height);
      PstPixels   before = test_copy_picture (&pixels);
      PstControls controls = PST_CONTROLS_INIT;

      controls.brush_size = cases[i].brush;
      controls.picture_area = 3e6; /* so that all have several steps */
      test_stylize (fixture->model, "mirror", controls, &pixels);
      g_test_message ("%d x %d, brush %g: %g", cases[i].width,
                      cases[i].height, cases[i].brush,
                      test_largest_difference (&before, &pixels));
      g_assert_cmpfloat (test_largest_difference (&before, &pixels), <=,
                         cases[i].tolerance);
      g_free (pixels.data);
      g_free (before.data);
    }
}

static void
test_alpha (Fixture *fixture, gconstpointer make)
{
  PstPixels   a = test_new_picture (120, 90);
  PstPixels   b, before;
  PstControls controls = PST_CONTROLS_INIT;

  for (int i = 0; i < 120 * 90; i++)
    {
      int x = i % 120, y = i / 120;

      a.data[4 * i + 3] = hypot (x - 60, y - 40) < 30 ? 0
                          : x < 20                    ? 0.3f
                                                      : 1;
    }
  before = test_copy_picture (&a);
  b = test_copy_picture (&a);
  for (int i = 0; i < 120 * 90; i++)
    if (b.data[4 * i + 3] == 0)
      for (int c = 0; c < 3; c++)
        b.data[4 * i + c] = i % 3 == 0 ? NAN : i % 3 == 1 ? 77 : 0;
  for (int area = 1; area <= 8; area *= 8) /* one step, and several */
    {
      PstPixels one = test_copy_picture (&a);
      PstPixels two = test_copy_picture (&b);

      controls.picture_area = 120 * 90 * area * 92;
      test_stylize (fixture->model, "dots", controls, &one);
      test_stylize (fixture->model, "dots", controls, &two);
      for (int i = 0; i < 120 * 90; i++)
        if (a.data[4 * i + 3] == 0)
          {
            g_assert_cmpmem (&one.data[4 * i], 16, &a.data[4 * i], 16);
            g_assert_cmpmem (&two.data[4 * i], 16, &b.data[4 * i], 16);
          }
        else
          {
            g_assert_cmpmem (&one.data[4 * i], 16, &two.data[4 * i], 16);
            g_assert_cmpfloat (one.data[4 * i + 3], ==,
                               before.data[4 * i + 3]);
          }
      g_free (one.data);
      g_free (two.data);
    }
  for (int i = 0; i < 120 * 90; i++)
    a.data[4 * i + 3] = 0;
  g_free (before.data);
  before = test_copy_picture (&a);
  test_stylize (fixture->model, "dots", controls, &a);
  g_assert_cmpmem (a.data, test_bytes_of (&a), before.data, test_bytes_of (&a));
  g_free (a.data);
  g_free (b.data);
  g_free (before.data);
}

/* A large result, scaled down to the size of the base run, is what the base
 * run gives of the scaled-down photo. */
static void
test_look (Fixture *fixture, gconstpointer make)
{
  PstPixels            large = test_new_picture (640, 480);
  PstControls          controls = PST_CONTROLS_INIT;
  g_autoptr (PstImage) photo = test_to_image (&large);
  g_autoptr (PstImage) result = NULL;
  g_autoptr (PstImage) small = pst_image_new (160, 120, 3, NULL);
  PstPixels            base = { 160, 120, g_new (float, 160 * 120 * 4) };
  PstRows              rows = pst_rows_image (photo);
  double               sum = 0, detail = 0;

  pst_resample (&rows, small, NULL, NULL, NULL);
  for (int i = 0; i < 160 * 120; i++)
    {
      memcpy (base.data + 4 * i, small->data + 3 * i, 3 * sizeof (float));
      base.data[4 * i + 3] = 1;
    }
  controls.picture_area = 1e6;
  test_stylize (fixture->model, "stripes", controls, &base);
  controls.picture_area = 16e6;
  test_stylize (fixture->model, "stripes", controls, &large);
  result = test_to_image (&large);
  rows = pst_rows_image (result);
  pst_resample (&rows, small, NULL, NULL, NULL);
  for (int i = 0; i < 160 * 120 * 3; i++)
    sum += fabsf (small->data[i] - base.data[i / 3 * 4 + i % 3]);
  g_test_message ("mean difference of the look: %.5f", sum / (160 * 120 * 3));
  g_assert_cmpfloat (sum / (160 * 120 * 3), <, 0.01);
  /* … and at 1:1 it is not the small one enlarged. */
  rows = pst_rows_image (small);
  pst_resample (&rows, photo, NULL, NULL, NULL);
  for (int i = 0; i < 640 * 480 * 3; i++)
    detail += fabsf (result->data[i] - photo->data[i]);
  g_assert_cmpfloat (detail / (640 * 480 * 3), >, 0.005);
  g_free (large.data);
  g_free (base.data);
}

static void
test_threads (Fixture *fixture, gconstpointer make)
{
  PstPixels   one = test_new_picture (300, 200);
  PstPixels   three = test_copy_picture (&one);
  PstControls controls = PST_CONTROLS_INIT;

  controls.picture_area = 4e6;
  controls.n_threads = 1;
  test_stylize (fixture->model, "dots", controls, &one);
  controls.n_threads = 3;
  test_stylize (fixture->model, "dots", controls, &three);
  g_assert_cmpmem (one.data, test_bytes_of (&one), three.data,
                   test_bytes_of (&three));
  g_free (one.data);
  g_free (three.data);
}

static void
test_out_of_range (Fixture *fixture, gconstpointer make)
{
  PstPixels   pixels = test_new_picture (60, 60);
  PstControls controls = PST_CONTROLS_INIT;

  pixels.data[0] = NAN;
  pixels.data[4] = INFINITY;
  pixels.data[5] = -INFINITY;
  pixels.data[8] = 5;
  controls.picture_area = 1e6;
  test_stylize (fixture->model, "dots", controls, &pixels);
  for (int i = 0; i < 60 * 60 * 4; i++)
    g_assert_true (pixels.data[i] >= 0 && pixels.data[i] <= 1);
  g_free (pixels.data);

  pixels = test_new_picture (60, 60);
  pixels.data[8] = 5;
  controls.strength = 75;
  test_stylize (fixture->model, "dots", controls, &pixels);
  g_assert_cmpfloat (pixels.data[8], >=, 1);
  g_assert_cmpfloat (pixels.data[8], <=, 2);
  g_free (pixels.data);
}

static void
cancel_at (double fraction, gpointer data)
{
  if (fraction > 0.5)
    g_cancellable_cancel (data);
}

static void
remember (double fraction, gpointer data)
{
  double *last = data;

  g_assert_cmpfloat (fraction, >=, *last);
  g_assert_cmpfloat (fraction, <=, 1);
  *last = fraction;
}

static void
test_cancel (Fixture *fixture, gconstpointer make)
{
  PstPixels                pixels = test_new_picture (300, 200);
  PstPixels                before = test_copy_picture (&pixels);
  PstControls              controls = PST_CONTROLS_INIT;
  const PstStyle          *style;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError)       error = NULL;
  double                   last = 0;

  style = pst_model_find_style (fixture->model, "stripes");
  controls.picture_area = 4e6;
  g_assert_false (pst_stylize (fixture->model, style, &controls, &pixels,
                               cancellable, cancel_at, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpmem (pixels.data, test_bytes_of (&pixels), before.data,
                   test_bytes_of (&before));
  g_assert_true (pst_stylize (fixture->model, style, &controls, &pixels, NULL,
                              remember, &last, NULL));
  g_assert_cmpfloat (last, ==, 1);
  g_free (pixels.data);
  g_free (before.data);
}

static void
test_refusals (Fixture *fixture, gconstpointer make)
{
  static const struct
  {
    double   strength, brush, area;
    guint64  memory;
    PstError code;
  } cases[] = {
    { -1, 100, 0, 0, PST_ERROR_ARGUMENT },
    { NAN, 100, 0, 0, PST_ERROR_ARGUMENT },
    { 100, 20, 0, 0, PST_ERROR_ARGUMENT },
    { 100, 100, -5, 0, PST_ERROR_ARGUMENT },
    { 100, 100, INFINITY, 0, PST_ERROR_ARGUMENT },
    { 100, 100, 0, 100000, PST_ERROR_MEMORY },
  };
  PstPixels       pixels = test_new_picture (50, 40);
  PstPixels       before = test_copy_picture (&pixels);
  const PstStyle *style;

  style = pst_model_find_style (fixture->model, "stripes");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      PstControls        controls = { cases[i].strength, cases[i].brush,
                                      cases[i].area, 0, cases[i].memory };
      g_autoptr (GError) error = NULL;

      g_assert_false (pst_stylize (fixture->model, style, &controls, &pixels,
                                   NULL, NULL, NULL, &error));
      g_assert_error (error, PST_ERROR, (int) cases[i].code);
      g_test_message ("%s", error->message);
    }
  g_assert_cmpmem (pixels.data, test_bytes_of (&pixels), before.data,
                   test_bytes_of (&before));
  g_free (pixels.data);
  g_free (before.data);
}

/* Too small a budget is refused with one that does, to the byte and as a person
 * reads it. */
static void
test_budget (Fixture *fixture, gconstpointer make)
{
  PstPixels          pixels = test_new_picture (500, 400);
  PstPixels          before = test_copy_picture (&pixels);
  PstControls        controls = PST_CONTROLS_INIT;
  const PstStyle    *style = pst_model_find_style (fixture->model, "stripes");
  g_autoptr (GError) error = NULL;
  guint64            most, least, same;
  const char        *text;

  controls.picture_area = 5e6;
  controls.n_threads = 2;
  g_assert_true (pst_stylize_memory (fixture->model, &controls, 500, 400,
                                     &most, NULL));
  controls.memory = 1;
  g_assert_true (pst_stylize_memory (fixture->model, &controls, 500, 400,
                                     &least, NULL));
  g_assert_cmpuint (least, <=, most);
  controls.memory = least - 1;
  g_assert_true (pst_stylize_memory (fixture->model, &controls, 500, 400,
                                     &same, NULL));
  g_assert_cmpuint (same, ==, least);
  g_assert_false (pst_stylize (fixture->model, style, &controls, &pixels, NULL,
                               NULL, NULL, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_MEMORY);
  g_assert_cmpmem (pixels.data, test_bytes_of (&pixels), before.data,
                   test_bytes_of (&before));
  controls.memory = least;
  test_stylize (fixture->model, "stripes", controls, &pixels);
  text = strstr (error->message, "at least ");
  g_assert_nonnull (text);
  controls.memory = g_ascii_strtod (text + 9, NULL) * 1e6;
  g_assert_cmpuint (controls.memory, <, least + 1000000);
  test_stylize (fixture->model, "stripes", controls, &before);
  g_free (pixels.data);
  g_free (before.data);
}

/* What is kept of a large call does not stand in the way of a small one. */
static void
test_budget_kept (Fixture *fixture, gconstpointer make)
{
  PstPixels   large = test_new_picture (500, 400);
  PstPixels   small = test_new_picture (100, 80);
  PstControls controls = PST_CONTROLS_INIT;
  guint64     bytes;

  controls.picture_area = 2e5;
  controls.brush_size = 100;
  test_stylize (fixture->model, "stripes", controls, &large);
  g_assert_cmpuint (pst_model_kept_bytes (fixture->model), >, 0);
  controls.picture_area = 1e6;
  g_assert_true (pst_stylize_memory (fixture->model, &controls, 100, 80,
                                     &bytes, NULL));
  controls.memory = bytes;
  test_stylize (fixture->model, "stripes", controls, &small);
  g_assert_cmpuint (pst_model_kept_bytes (fixture->model), <=, bytes);
  g_free (large.data);
  g_free (small.data);
}

/* Every allocation fails once: an error each time, and nothing else. */
static void
test_no_memory (Fixture *fixture, gconstpointer make)
{
  PstPixels       pixels = test_new_picture (200, 150);
  PstPixels       before = test_copy_picture (&pixels);
  PstControls     controls = PST_CONTROLS_INIT;
  const PstStyle *style = pst_model_find_style (fixture->model, "stripes");
  gboolean        done = FALSE;
  int             n = 0;

  controls.picture_area = 3e7; /* three steps */
  controls.n_threads = 1;
  for (; ! done && n < 1000; n++)
    {
      g_autoptr (GError) error = NULL;

      pst_memory_fail_after (n);
      done = pst_stylize (fixture->model, style, &controls, &pixels, NULL,
                          NULL, NULL, &error);
      pst_memory_fail_after (-1);
      if (done)
        break;
      g_assert_error (error, PST_ERROR, PST_ERROR_MEMORY);
      g_assert_cmpmem (pixels.data, test_bytes_of (&pixels), before.data,
                       test_bytes_of (&before));
    }
  g_test_message ("%d allocations", n);
  g_assert_true (done);
  g_assert_cmpint (n, >, 10);
  g_free (pixels.data);
  g_free (before.data);
}

static void
test_steps (void)
{
  static const struct
  {
    int    width, height;
    double brush, area;
    int    n, base_width, base_height;
  } cases[] = {
    { 1000, 1000, 100, 0, 1, 1000, 1000 },
    { 1200, 833, 100, 0, 1, 1200, 833 },
    { 4000, 3000, 100, 0, 2, 1155, 866 },
    { 8660, 5774, 100, 0, 3, 1225, 817 },
    { 4000, 3000, 400, 0, 3, 289, 217 },
    { 4000, 3000, 25, 0, 1, 4619, 3464 },
    { 400, 300, 100, 12e6, 2, 115, 87 },
    { 100, 100, 100, 0, 1, 1000, 1000 },
    { 1, 1, 100, 1e11, 1, 1, 1 },
    { 300000, 1, 25, 0, 1, 300000, 1 },
  };
  PstModelFacts facts = { .high = 1 };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      PstControls controls = PST_CONTROLS_INIT;
      PstSteps    steps;

      controls.brush_size = cases[i].brush;
      controls.picture_area = cases[i].area;
      pst_controls_steps (&controls, &facts, cases[i].width, cases[i].height,
                          &steps);
      g_assert_cmpint (steps.n, ==, cases[i].n);
      g_assert_cmpint (steps.width[0], ==, cases[i].base_width);
      g_assert_cmpint (steps.height[0], ==, cases[i].base_height);
      if (steps.n > 1)
        g_assert_cmpint (steps.width[steps.n - 1], ==, cases[i].width);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/controls/steps", test_steps);
#define ADD(name, make, func)                                                 \
  g_test_add (name, Fixture, make, test_set_up, func, test_tear_down)
  ADD ("/stylize/mirror", pst_test_model_mirror, test_mirror);
  ADD ("/stylize/strength-zero", pst_test_model_painter, test_strength_zero);
  ADD ("/stylize/strength-monotone", pst_test_model_painter,
       test_strength_monotone);
  ADD ("/stylize/mix", pst_test_model_painter, test_mix);
  ADD ("/stylize/mix-refusals", pst_test_model_painter, test_mix_refusals);
  ADD ("/stylize/alpha", pst_test_model_painter, test_alpha);
  ADD ("/stylize/look", pst_test_model_painter, test_look);
  ADD ("/stylize/threads", pst_test_model_painter, test_threads);
  ADD ("/stylize/out-of-range", pst_test_model_painter, test_out_of_range);
  ADD ("/stylize/cancel", pst_test_model_painter, test_cancel);
  ADD ("/stylize/refusals", pst_test_model_painter, test_refusals);
  ADD ("/stylize/budget", pst_test_model_painter, test_budget);
  ADD ("/stylize/budget-kept", pst_test_model_painter, test_budget_kept);
  ADD ("/stylize/no-memory", pst_test_model_painter, test_no_memory);
  return test_run ();
}
