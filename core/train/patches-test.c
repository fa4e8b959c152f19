/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Patches of paintings, and directions to project them on. */
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/test-run.h"
#include "core/train/patch-source.h"

#define RECIPE                                                                \
  "[photos]\npaths=nowhere\n[features]\nnetwork=nowhere\n"                    \
  "content-layers=deep\nstyle-layers=deep\n[style one]\npictures=a\n"         \
  "[style two]\npictures=b\n"

static PstRecipe *
parse (const char *more)
{
  g_autofree char *text = g_strconcat (RECIPE, "[patches]\n", more, NULL);
  GError          *error = NULL;
  PstRecipe       *recipe = pst_recipe_parse (text, ".", &error);

  g_assert_no_error (error);
  return recipe;
}

/* Each of the recipe's two styles has a picture whose numbers tell where they
 * are. */
static GPtrArray *
make_pictures (int width, int height)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (
      (GDestroyNotify) g_ptr_array_unref);

  for (int s = 0; s < 2; s++)
    {
      GPtrArray  *one = g_ptr_array_new_with_free_func (
          (GDestroyNotify) pst_picture_free);
      PstPicture *picture = pst_picture_new (width, height);

      for (int i = 0; i < width * height; i++)
        {
          picture->data[i * 3] = (guint8) (i % width);
          picture->data[i * 3 + 1] = (guint8) (i / width);
          picture->data[i * 3 + 2] = (guint8) (s * 100);
        }
      g_ptr_array_add (one, picture);
      g_ptr_array_add (all, one);
    }
  return all;
}

/* Every patch is one of its picture, the second scale has means of it. */
static void
test_draw (void)
{
  enum { SIZE = 3, N = 37, WIDTH = 60, HEIGHT = 40 };
  g_autoptr (PstRecipe) recipe = parse ("size=3\nsamples=37\nscales=1;4\n");
  g_autoptr (GPtrArray) pictures = make_pictures (WIDTH, HEIGHT);
  g_autoptr (PstPatchSource) source = NULL;
  float to[SIZE * SIZE * 3][N], again[SIZE * SIZE * 3][N];
  float left = 1e9f, right = 0;

  source = pst_patch_source_new (recipe, pictures, NULL);
  g_assert_nonnull (source);
  for (int scale = 0; scale < 2; scale++)
    {
      float step = scale ? 4.0f : 1.0f, start = scale ? 1.5f : 0.0f;

      pst_patch_source_draw (source, 1, scale, 5, to[0]);
      pst_patch_source_draw (source, 1, scale, 5, again[0]);
      g_assert_cmpmem (to, sizeof to, again, sizeof again);
      pst_patch_source_draw (source, 1, scale, 6, again[0]);
      g_assert_cmpint (memcmp (to, again, sizeof to), !=, 0);
      for (int i = 0; i < N; i++)
        for (int k = 0; k < SIZE * SIZE; k++)
          {
            float x = to[0][i] + (float) (k % SIZE) * step / 255;
            float y = to[1][i] + (float) (k / SIZE) * step / 255;

            g_assert_cmpfloat_with_epsilon (to[k * 3][i], x, 1e-6);
            g_assert_cmpfloat_with_epsilon (to[k * 3 + 1][i], y, 1e-6);
            g_assert_cmpfloat_with_epsilon (to[k * 3 + 2][i], 100.0 / 255,
                                            1e-6);
            g_assert_cmpfloat (fabs (remainder (x * 255 - start, step)), <,
                               1e-3);
            left = MIN (left, x);
            right = MAX (right, x);
          }
    }
  g_assert_cmpfloat (left * 255, <, 8);
  g_assert_cmpfloat (right * 255, >, 50);
}

static void
test_small (void)
{
  g_autoptr (PstRecipe) recipe = parse ("scales=1;8\n");
  g_autoptr (GPtrArray) pictures = make_pictures (60, 40);
  g_autoptr (PstPatchSource) source = NULL;
  g_autoptr (GError)    error = NULL;

  source = pst_patch_source_new (recipe, pictures, &error);
  g_assert_null (source);
  g_assert_error (error, PST_ERROR, PST_ERROR_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "56"));
}

/* What part of directions' squares lies in the means, and in differences of
 * neighbours. */
static void
measure (const char *more, double *palette, double *rough)
{
  g_autoptr (PstRecipe) recipe = parse (more);
  int              size = recipe->patches.size, n = size * size * 3;
  g_autofree float *to = g_new (float, recipe->patches.projections * n);

  *palette = *rough = 0;
  pst_patch_directions (recipe, 3, to);
  for (int k = 0; k < recipe->patches.projections; k++)
    {
      const float *w = to + k * n;
      double       squares = 0;

      for (int c = 0; c < 3; c++)
        {
          double mean = 0;

          for (int i = c; i < n; i += 3)
            mean += w[i];
          *palette += mean * mean / (size * size) / recipe->patches.projections;
        }
      for (int i = 0; i < n; i++)
        squares += (double) w[i] * w[i];
      g_assert_cmpfloat_with_epsilon (squares, 1, 1e-5);
      for (int i = 3; i < n; i++)
        *rough += (w[i] - w[i - 3]) * (w[i] - w[i - 3]) /
                  recipe->patches.projections;
    }
}

static void
test_directions (void)
{
  double palette, rough, base;

  measure ("projections=400\n", &palette, &base);
  g_assert_cmpfloat_with_epsilon (palette, 1.0 / 49, 0.004);
  g_assert_cmpfloat_with_epsilon (base, 2, 0.1);
  measure ("projections=400\ncolour=0\n", &palette, &rough);
  g_assert_cmpfloat (palette, <, 1e-9);
  measure ("projections=400\ncolour=5\n", &palette, &rough);
  g_assert_cmpfloat (palette, >, 0.2);
  g_assert_cmpfloat (palette, <, 25.0 / (25 + 48));
  measure ("projections=400\nsharpness=1\n", &palette, &rough);
  g_assert_cmpfloat (rough, >, 1.2 * base);
  measure ("projections=400\nsharpness=-1\n", &palette, &rough);
  g_assert_cmpfloat (rough, <, 0.8 * base);
}

static void
test_stride (void)
{
  g_autoptr (PstRecipe) recipe = parse ("positions=1000\n");

  g_assert_cmpint (pst_patch_stride (&recipe->patches, 7), ==, 1);
  g_assert_cmpint (pst_patch_stride (&recipe->patches, 16), ==, 1);
  g_assert_cmpint (pst_patch_stride (&recipe->patches, 128), ==, 4);
  g_assert_cmpint (pst_patch_stride (&recipe->patches, 512), ==, 17);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/patches/draw", test_draw);
  g_test_add_func ("/patches/small", test_small);
  g_test_add_func ("/patches/directions", test_directions);
  g_test_add_func ("/patches/stride", test_stride);
  return test_run ();
}
