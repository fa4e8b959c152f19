/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "core/style/grain.h"
#include "core/style/convert.h"
#include "core/style/fill.h"
#include "core/style/resample.h"

static PstImage *
new_image (int width, int height, int channels)
{
  g_autoptr (GError) error = NULL;
  PstImage          *image = pst_image_new (width, height, channels, &error);

  g_assert_no_error (error);
  return image;
}

static PstImage *
new_random (int width, int height, int channels, guint32 seed)
{
  PstImage *image = new_image (width, height, channels);
  GRand    *rand = g_rand_new_with_seed (seed);

  for (int i = 0; i < width * height * channels; i++)
    image->data[i] = g_rand_double (rand);
  g_rand_free (rand);
  return image;
}

static void
resample (const PstImage *from, PstImage *to, float keep, float gain,
          PstPool *pool)
{
  g_autoptr (GError) error = NULL;
  PstRows            rows = pst_rows_image (from);

  pst_resample (&rows, to, keep, gain, pool, NULL, &error);
  g_assert_no_error (error);
}

static float
largest_difference (const PstImage *a, const PstImage *b)
{
  float largest = 0;

  g_assert_cmpint (a->width, ==, b->width);
  g_assert_cmpint (a->height, ==, b->height);
  for (int i = 0; i < a->width * a->height * a->channels; i++)
    largest = MAX (largest, fabsf (a->data[i] - b->data[i]));
  return largest;
}

static const struct
{
  int width, height, to_width, to_height;
} sizes[] = {
  { 40, 30, 40, 30 }, { 40, 30, 97, 71 }, { 40, 30, 13, 11 },
  { 40, 30, 11, 90 }, { 1, 1, 50, 3 },    { 300, 2, 7, 1 },
  { 5, 200, 5, 3 },   { 3, 3, 1, 1 },     { 2, 1, 3, 2 },
};

static void
test_resample_constant (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (int channels = 3; channels <= 4; channels++)
      {
        g_autoptr (PstImage) from = NULL;
        g_autoptr (PstImage) to = NULL;

        from = new_image (sizes[i].width, sizes[i].height, channels);
        to = new_image (sizes[i].to_width, sizes[i].to_height, channels);
        for (int k = 0; k < from->width * from->height * channels; k++)
          from->data[k] = 0.7f;
        for (int k = 0; k < to->width * to->height * channels; k++)
          to->data[k] = NAN; /* must not be read */
        resample (from, to, 0, 1, NULL);
        for (int k = 0; k < to->width * to->height * channels; k++)
          g_assert_cmpfloat_with_epsilon (to->data[k], 0.7f, 1e-6);
        resample (from, to, 1, -1, NULL);
        for (int k = 0; k < to->width * to->height * channels; k++)
          g_assert_cmpfloat_with_epsilon (to->data[k], 0, 1e-6);
      }
}

/* The formula, pixel by pixel, in double precision. */
static double
kernel (double x, gboolean reduce)
{
  x = fabs (x);
  if (reduce)
    return x >= 1     ? 0
           : x < 1e-9 ? 1
                      : sin (G_PI * x) / (G_PI * x)
                        * (0.54 + 0.46 * cos (G_PI * x));
  return x < 1   ? 1.5 * x * x * x - 2.5 * x * x + 1
         : x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2
                 : 0;
}

static double
naive_sample (const PstImage *from, const PstImage *to, int x, int y, int c)
{
  double rx = (double) from->width / to->width;
  double ry = (double) from->height / to->height;
  double sum = 0, weights = 0;

  for (int v = 0; v < from->height; v++)
    for (int u = 0; u < from->width; u++)
      {
        double dx = u + 0.5 - (x + 0.5) * rx;
        double dy = v + 0.5 - (y + 0.5) * ry;
        double weight = kernel (rx > 1 ? dx / rx : dx, rx > 1)
                        * kernel (ry > 1 ? dy / ry : dy, ry > 1);

        sum += weight * from->data[(v * from->width + u) * 3 + c];
        weights += weight;
      }
  return sum / weights;
}

static void
test_resample_formula (void)
{
  for (gsize i = 1; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (PstImage) from = NULL;
      g_autoptr (PstImage) to = NULL;

      from = new_random (sizes[i].width, sizes[i].height, 3, i);
      to = new_image (sizes[i].to_width, sizes[i].to_height, 3);
      resample (from, to, 0, 1, NULL);
      for (int k = 0; k < to->width * to->height * 3; k++)
        g_assert_cmpfloat_with_epsilon (
            to->data[k],
            naive_sample (from, to, k / 3 % to->width, k / 3 / to->width,
                          k % 3),
            2e-6);
    }
}

/* Same size copies to the bit; hard edges get no halo when reduced. */
static void
test_resample_edges (void)
{
  g_autoptr (PstImage) from = new_random (64, 48, 3, 3);
  g_autoptr (PstImage) same = new_image (64, 48, 3);
  g_autoptr (PstImage) small = new_image (27, 19, 3);

  resample (from, same, 0, 1, NULL);
  g_assert_cmpfloat (largest_difference (from, same), ==, 0);
  for (int i = 0; i < 64 * 48 * 3; i++)
    from->data[i] = from->data[i] > 0.5f;
  resample (from, small, 0, 1, NULL);
  for (int i = 0; i < 27 * 19 * 3; i++)
    g_assert_true (small->data[i] >= 0 && small->data[i] <= 1.000001f);
}

static void
test_resample_threads (void)
{
  g_autoptr (PstPool)  pool = pst_pool_new (3);
  g_autoptr (PstImage) from = new_random (300, 211, 4, 5);
  g_autoptr (PstImage) one = new_image (171, 433, 4);
  g_autoptr (PstImage) three = new_image (171, 433, 4);

  resample (from, one, 0, 1, NULL);
  resample (from, three, 0, 1, pool);
  g_assert_cmpfloat (largest_difference (one, three), ==, 0);
}

static void
test_resample_cancel (void)
{
  g_autoptr (PstImage)     from = new_random (30, 30, 3, 5);
  g_autoptr (PstImage)     to = new_image (60, 60, 3);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError)       error = NULL;
  PstRows                  rows = pst_rows_image (from);

  g_cancellable_cancel (cancellable);
  g_assert_false (pst_resample (&rows, to, 0, 1, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_reflect (void)
{
  const int expected[] = { 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2 };

  for (int i = 0; i < 11; i++)
    g_assert_cmpint (pst_image_reflect (i - 2, 4), ==, expected[i]);
  g_assert_cmpint (pst_image_reflect (-100, 1), ==, 0);
  for (int i = -1000; i < 1000; i++)
    g_assert_true (pst_image_reflect (i, 7) >= 0 &&
                   pst_image_reflect (i, 7) < 7);
}

/* What is visible stays; a hidden column between two colours is between. */
static void
test_fill (void)
{
  g_autoptr (PstImage) from = new_image (33, 20, 4);
  g_autoptr (PstImage) to = new_image (33, 20, 3);
  g_autoptr (GError)   error = NULL;

  for (int i = 0; i < 33 * 20; i++)
    {
      int   x = i % 33;
      float alpha = x < 8 || x > 24 ? 1.0f : x < 12 ? 0.25f : 0;
      float value = x < 16 ? 0.8f : 0.2f;

      for (int c = 0; c < 3; c++)
        from->data[4 * i + c] = value * alpha;
      from->data[4 * i + 3] = alpha;
    }
  g_assert_true (pst_fill_hidden (from, to, &error));
  g_assert_no_error (error);
  for (int i = 0; i < 33 * 20; i++)
    {
      int   x = i % 33;
      float value = to->data[3 * i];

      if (x < 12)
        g_assert_cmpfloat_with_epsilon (value, 0.8f, 1e-6);
      else if (x > 24)
        g_assert_cmpfloat_with_epsilon (value, 0.2f, 1e-6);
      else
        g_assert_true (value > 0.19f && value < 0.81f);
    }
}

static void
test_fill_nothing (void)
{
  g_autoptr (PstImage) from = new_image (5, 4, 4);
  g_autoptr (PstImage) to = new_image (5, 4, 3);

  for (int i = 0; i < 5 * 4 * 4; i++)
    from->data[i] = 0;
  g_assert_true (pst_fill_hidden (from, to, NULL));
  for (int i = 0; i < 5 * 4 * 3; i++)
    g_assert_cmpfloat (to->data[i], ==, 0.5f);
}

static void
test_convert (void)
{
  float               data[] = { 0.5f, 2, -1, 0.5f, NAN, NAN, INFINITY, 0 };
  PstPixels           pixels = { 2, 1, data };
  PstRows             rows = pst_convert_rows (&pixels);
  g_autoptr (PstImage) image = new_image (2, 1, 3);
  float               row[8];

  rows.load (rows.data, 0, row);
  g_assert_cmpfloat (row[0], ==, 0.25f);
  g_assert_cmpfloat (row[1], ==, 0.5f);
  g_assert_cmpfloat (row[2], ==, 0);
  for (int i = 4; i < 8; i++)
    g_assert_cmpfloat (row[i], ==, 0);
  for (int i = 0; i < 6; i++)
    image->data[i] = 0.25f;
  pst_convert_merge (&pixels, image, 0.5f, 0.5f, NULL);
  g_assert_cmpfloat (data[0], ==, 0.375f);
  g_assert_cmpfloat (data[1], ==, 0.625f + 0.5f);
  g_assert_cmpfloat (data[2], ==, 0.125f - 0.5f);
  g_assert_true (isnan (data[4]) && isinf (data[6]));
}

/* Mean 0, deviation 1, and the same at the same place. */
static void
test_grain (void)
{
  double sum = 0, square = 0;

  for (int y = -400; y < 400; y++)
    for (int x = -400; x < 400; x++)
      {
        double g = pst_grain (x, y);

        g_assert_true (g == pst_grain (x, y));
        sum += g;
        square += g * g;
      }
  g_assert_cmpfloat (fabs (sum / 640000), <, 0.03);
  g_assert_cmpfloat (square / 640000, >, 0.5);
  g_assert_cmpfloat (square / 640000, <, 1.2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/resample/constant", test_resample_constant);
  g_test_add_func ("/resample/formula", test_resample_formula);
  g_test_add_func ("/resample/edges", test_resample_edges);
  g_test_add_func ("/resample/threads", test_resample_threads);
  g_test_add_func ("/resample/cancel", test_resample_cancel);
  g_test_add_func ("/image/reflect", test_reflect);
  g_test_add_func ("/fill/gap", test_fill);
  g_test_add_func ("/fill/nothing", test_fill_nothing);
  g_test_add_func ("/convert/rules", test_convert);
  g_test_add_func ("/grain", test_grain);
  return g_test_run ();
}
