/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/base/test-run.h"
#include "core/kernels/kernels.h"
#include "core/style/convert.h"
#include "core/style/fill.h"
#include "core/style/test-reference.h"

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
resample (const PstImage *from, PstImage *to, PstPool *pool)
{
  g_autoptr (GError) error = NULL;
  PstRows            rows = pst_rows_image (from);

  pst_resample (&rows, to, pool, NULL, &error);
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
        resample (from, to, NULL);
        for (int k = 0; k < to->width * to->height * channels; k++)
          g_assert_cmpfloat_with_epsilon (to->data[k], 0.7f, 1e-6);
      }
}

/* The formula in double precision; single pixels give the same. */
static void
test_resample_formula (void)
{
  for (gsize i = 0; i < 2 * G_N_ELEMENTS (sizes); i++)
    {
      int                  w = sizes[i / 2].to_width;
      int                  h = sizes[i / 2].to_height;
      int                  channels = 3 + i % 2;
      g_autoptr (PstImage) from = NULL;
      g_autoptr (PstImage) to = new_image (w, h, channels);
      g_autoptr (PstImage) expected = NULL;
      g_autoptr (PstScale) scale = NULL;

      from = new_random (sizes[i / 2].width, sizes[i / 2].height, channels, i);
      expected = reference_scale (from, w, h);
      scale = pst_scale_new (from->width, from->height, w, h);
      resample (from, to, NULL);
      g_assert_cmpfloat (largest_difference (to, expected), <=, 2e-6f);
      for (int k = 0; k < w * h && channels == 3; k++)
        {
          float p[3];

          pst_scale_pixel (scale, from, k % w, k / w, p);
          for (int c = 0; c < 3; c++)
            g_assert_cmpfloat_with_epsilon (p[c], expected->data[3 * k + c],
                                            2e-6f);
        }
    }
}

/* Same size copies to the bit; hard edges get no halo when reduced. */
static void
test_resample_edges (void)
{
  g_autoptr (PstImage) from = new_random (64, 48, 3, 3);
  g_autoptr (PstImage) same = new_image (64, 48, 3);
  g_autoptr (PstImage) small = new_image (27, 19, 3);

  resample (from, same, NULL);
  g_assert_cmpfloat (largest_difference (from, same), ==, 0);
  for (int i = 0; i < 64 * 48 * 3; i++)
    from->data[i] = from->data[i] > 0.5f;
  resample (from, small, NULL);
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

  resample (from, one, NULL);
  resample (from, three, pool);
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
  g_assert_false (pst_resample (&rows, to, NULL, cancellable, &error));
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

/* Rows go by as PstFill wants them. */
static PstImage *
fill (const PstImage *from, gboolean look)
{
  PstImage           *to = new_image (from->width, from->height, 3);
  g_autoptr (PstFill) filled = NULL;
  g_autofree float   *row = g_new (float, from->width * 4);
  gsize               bytes = (gsize) from->width * 4 * sizeof (float);

  filled = look ? pst_fill_new (from->width, from->height, NULL) : NULL;
  for (int y = 0; y < from->height && look; y++)
    {
      memcpy (row, pst_image_row (from, y), bytes);
      pst_fill_look (filled, y, row);
    }
  g_assert_true (! look || pst_fill_settle (filled, NULL));
  for (int y = 0; y < from->height; y++)
    {
      memcpy (row, pst_image_row (from, y), bytes);
      g_assert_true (pst_fill_row (filled, from->width, y, row));
      memcpy (pst_image_row (to, y), row, bytes * 3 / 4);
    }
  return to;
}

/* What is visible stays; a hidden column between two colours is between. */
static void
test_fill (void)
{
  g_autoptr (PstImage) from = new_image (33, 20, 4);
  g_autoptr (PstImage) to = NULL;

  for (int i = 0; i < 33 * 20; i++)
    {
      int   x = i % 33;
      float alpha = x < 8 || x > 24 ? 1.0f : x < 12 ? 0.25f : 0;
      float value = x < 16 ? 0.8f : 0.2f;

      for (int c = 0; c < 3; c++)
        from->data[4 * i + c] = value * alpha;
      from->data[4 * i + 3] = alpha;
    }
  to = fill (from, TRUE);
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

/* Against whole pictures, of sizes that do not halve well. */
static void
test_fill_reference (void)
{
  for (gsize i = 0; i < 3 * G_N_ELEMENTS (sizes); i++)
    {
      int                  w = sizes[i / 3].width, h = sizes[i / 3].height;
      g_autoptr (PstImage) from = new_random (w, h, 4, i);
      g_autoptr (PstImage) expected = NULL;
      g_autoptr (PstImage) to = NULL;

      for (int k = 0; k < w * h; k++)
        {
          float *p = from->data + 4 * k;

          p[3] = i % 3 == 0                            ? 1
                 : i % 3 == 1                          ? p[3] * p[3] * 0.1f
                 : k % w > w / 5 && k % w < w * 3 / 4  ? 0
                                                       : p[3];
          for (int c = 0; c < 3; c++)
            p[c] *= p[3];
        }
      expected = reference_fill (from);
      to = fill (from, i % 3 != 0);
      g_assert_cmpfloat (largest_difference (to, expected), <=, 2e-6f);
    }
}

static void
test_fill_nothing (void)
{
  g_autoptr (PstImage) from = new_image (5, 4, 4);
  g_autoptr (PstImage) to = NULL;
  float                row[20] = { 0 };

  memset (from->data, 0, from->bytes);
  g_assert_false (pst_fill_row (NULL, 5, 0, row));
  to = fill (from, TRUE);
  for (int i = 0; i < 5 * 4 * 3; i++)
    g_assert_cmpfloat (to->data[i], ==, 0.5f);
}

static void
test_convert (void)
{
  float     data[] = { 0.5f, 2, -1, 0.5f, NAN, NAN, INFINITY, 0,
                       NAN,  1, 0,  1,    0,   0,   INFINITY, NAN };
  float     before[16];
  PstPixels pixels = { 4, 1, data };
  PstRows   rows = pst_convert_rows (&pixels);
  float     row[17];

  memcpy (before, data, sizeof data);
  rows.load (rows.data, 0, row);
  g_assert_cmpfloat (row[0], ==, 0.25f);
  g_assert_cmpfloat (row[1], ==, 0.5f);
  g_assert_cmpfloat (row[2], ==, 0);
  for (int i = 4; i < 8; i++)
    g_assert_cmpfloat (row[i], ==, 0);
  g_assert_cmpfloat (row[8], ==, 0);
  g_assert_cmpfloat (row[9], ==, 1);
  for (int i = 0; i < 13; i++)
    row[i] = 0.25f;
  g_assert_false (pst_convert_add (&pixels, 0, row));
  g_assert_cmpfloat (row[0], ==, 0.75f);
  g_assert_cmpfloat (row[1], ==, 1.25f);
  g_assert_cmpfloat (row[2], ==, 0.25f);
  for (int i = 0; i < 13; i++)
    row[i] = 0.25f;
  pst_convert_merge (&pixels, 0, row, 0.5f, 0.5f);
  g_assert_cmpfloat (data[0], ==, 0.375f);
  g_assert_cmpfloat (data[1], ==, 0.625f + 0.5f);
  g_assert_cmpfloat (data[2], ==, 0.125f - 0.5f);
  g_assert_cmpfloat (data[8], ==, 0.125f);
  g_assert_cmpmem (data + 4, 16, before + 4, 16);
  g_assert_cmpmem (data + 12, 16, before + 12, 16);
}

/* Mean 0, deviation 1, and what the formula says, on every processor. */
static void
test_grain (void)
{
  const char *names[] = { "baseline", "avx2", "avx512" };
  float       run[PST_GRAIN_RUN];
  double      sum = 0, square = 0;

  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    for (int i = 0; i < 2000 && pst_kernels_named (names[k]); i++)
      {
        int x = i % 5 * PST_GRAIN_RUN, y = i / 5;

        pst_kernels_named (names[k])->grain_run (x, y, 2, run);
        for (int j = 0; j < PST_GRAIN_RUN; j++)
          {
            g_assert_cmpfloat_with_epsilon (
                run[j], 2 * reference_grain (x + j, y), 4e-6);
            sum += k ? 0 : run[j] / 2;
            square += k ? 0 : run[j] * run[j] / 4;
          }
      }
  g_assert_cmpfloat (fabs (sum / 512000), <, 0.03);
  g_assert_cmpfloat (square / 512000, >, 0.5);
  g_assert_cmpfloat (square / 512000, <, 1.2);
}

/* Rows of any length and number of taps, on every processor. */
static void
test_kernels (void)
{
  const char          *names[] = { "baseline", "avx2", "avx512" };
  g_autoptr (PstImage) rows = new_random (80, 7, 4, 3);
  const float         *row[7];
  float                to[84];

  for (int i = 0; i < 7; i++)
    row[i] = pst_image_row (rows, i);
  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    for (int taps = 1; taps <= 7 && pst_kernels_named (names[k]); taps++)
      for (int n = 1; n < 80; n++)
        {
          const float *weight = row[6] + n;

          to[n] = 77;
          pst_kernels_named (names[k])->mix_rows (row, weight, taps, n, to);
          for (int i = 0; i < n; i++)
            {
              double sum = 0;

              for (int t = 0; t < taps; t++)
                sum += weight[t] * row[t][i];
              g_assert_cmpfloat_with_epsilon (to[i], sum, 4e-6);
            }
          g_assert_cmpfloat (to[n], ==, 77);
        }
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
  g_test_add_func ("/fill/reference", test_fill_reference);
  g_test_add_func ("/convert/rules", test_convert);
  g_test_add_func ("/rows/grain", test_grain);
  g_test_add_func ("/rows/mix", test_kernels);
  return test_run ();
}
