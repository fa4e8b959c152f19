/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each measure by itself, against its formula and on pictures whose answer is
 * known. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/test-run.h"
#include "core/eval/grid.h"
#include "core/eval/luminance.h"
#include "core/eval/patches.h"
#include "core/eval/pyramid.h"
#include "core/eval/viewer.h"
#include "core/graph/plan.h"
#include "core/train/losses.h"
#include "core/train/test-network.h"

typedef double (*Paint) (int x, int y, int c, PstRandom *random);

static PstPicture *
paint (int width, int height, Paint func, int seed)
{
  PstPicture *picture = pst_picture_new (width, height);
  PstRandom   random;

  pst_random_init (&random, seed, PST_STREAM_TEST, 0);
  for (int i = 0; i < width * height * 3; i++)
    {
      double v = func (i / 3 % width, i / 3 / width, i % 3, &random);

      picture->data[i] = (guint8) (CLAMP (v, 0, 1) * 255 + 0.5);
    }
  return picture;
}

/* White noise around the middle. */
static double
noise (int x, int y, int c, PstRandom *random)
{
  return 0.5 + pst_random_range (random, -0.3, 0.3);
}

static double
plain (int x, int y, int c, PstRandom *random)
{
  return 0.5;
}

/* Soft shapes of several sizes. */
static double
shapes (int x, int y, int c, PstRandom *random)
{
  return 0.5 + 0.2 * sin (x * 0.11 + y * 0.05) * cos (y * 0.13) +
         0.15 * sin (x * 0.031 - y * 0.067 + c);
}

/* Luminance */

static void
compare (const PstPicture *photo, const PstPicture *result, double low,
         double high, double least, double most)
{
  PstLikeness likeness;

  pst_luminance_compare (photo, result, &likeness);
  g_assert_cmpfloat (likeness.distance, >=, low);
  g_assert_cmpfloat (likeness.distance, <=, high);
  g_assert_cmpfloat (likeness.correlation, >=, least);
  g_assert_cmpfloat (likeness.correlation, <=, most);
}

static double
darker (int x, int y, int c, PstRandom *random)
{
  return 0.2 + 0.5 * shapes (x, y, 0, random);
}

static double
grey_shapes (int x, int y, int c, PstRandom *random)
{
  return shapes (x, y, 0, random);
}

static double
inverted (int x, int y, int c, PstRandom *random)
{
  return 1 - shapes (x, y, 0, random);
}

/* Strokes that average out within 4 x 4 pixels. */
static double
hatched (int x, int y, int c, PstRandom *random)
{
  return shapes (x, y, 0, random) + ((x + y) % 2 ? 0.1 : -0.1);
}

static void
test_luminance (void)
{
  g_autoptr (PstPicture) photo = paint (160, 120, grey_shapes, 0);
  g_autoptr (PstPicture) light = paint (160, 120, darker, 0);
  g_autoptr (PstPicture) other = paint (160, 120, inverted, 0);
  g_autoptr (PstPicture) strokes = paint (160, 120, hatched, 0);
  g_autoptr (PstPicture) one = paint (160, 120, noise, 1);
  g_autoptr (PstPicture) two = paint (160, 120, noise, 2);
  g_autoptr (PstPicture) empty = paint (160, 120, plain, 0);

  compare (photo, photo, 0, 0, 1, 1);
  compare (empty, empty, 0, 0, 1, 1);
  compare (photo, light, 0.0001, 0.05, 0.99, 1);
  compare (photo, strokes, 0, 0.001, 0.999, 1);
  compare (photo, other, 0.5, 2, 0, 0);
  compare (one, two, 0.2, 1.1, 0, 0.15);
  compare (photo, empty, 0.1, 0.5, 0, 0);
}

static void
test_luminance_formula (void)
{
  g_autoptr (PstPicture)   picture = paint (21, 17, noise, 3);
  g_autoptr (PstLuminance) map = pst_luminance_new (picture);
  g_autoptr (PstLuminance) half = pst_luminance_pool (map, 2);
  g_autoptr (PstLuminance) normal = pst_luminance_normalise (half);
  double                   pooled = 0, mean = 0, variance = 0;
  const guint8            *p = picture->data;

  g_assert_cmpfloat_with_epsilon (
      map->data[0], (0.2126 * p[0] + 0.7152 * p[1] + 0.0722 * p[2]) / 255,
      1e-6);
  g_assert_cmpint (half->width, ==, 10);
  g_assert_cmpint (half->height, ==, 8);
  for (int i = 0; i < 4; i++)
    pooled += map->data[(14 + i / 2) * 21 + 18 + i % 2] / 4;
  g_assert_cmpfloat_with_epsilon (half->data[7 * 10 + 9], pooled, 1e-6);
  /* the window of the last place: 4 x 4 places are left of it */
  for (int i = 0; i < 16; i++)
    mean += half->data[(4 + i / 4) * 10 + 6 + i % 4] / 16;
  for (int i = 0; i < 16; i++)
    variance += pow (half->data[(4 + i / 4) * 10 + 6 + i % 4] - mean, 2) / 16;
  g_assert_cmpfloat_with_epsilon (normal->data[7 * 10 + 9],
                                  (pooled - mean) / (sqrt (variance) + 0.02),
                                  1e-5);
  g_assert_null (pst_luminance_pool (map, 18));
}

/* Pyramid and patches */

static const double blur5[] = { 1 / 16.0, 4 / 16.0, 6 / 16.0, 4 / 16.0,
                                1 / 16.0 };

static int
fold (int i, int n)
{
  i = ABS (i);
  return i < n ? i : 2 * (n - 1) - i;
}

static double
halved (const float *from, int w, int h, int x, int y, int c)
{
  double sum = 0;

  for (int j = 0; j < 5; j++)
    for (int i = 0; i < 5; i++)
      sum += blur5[i] * blur5[j] *
             from[(fold (2 * y + j - 2, h) * w + fold (2 * x + i - 2, w)) * 3 +
                  c];
  return sum;
}

/* The first band by its definition, a place at a time. */
static double
first_band (const float *from, int w, int h, int x, int y, int c)
{
  double sum = from[(y * w + x) * 3 + c];

  for (int j = 0; j < 5; j++)
    for (int i = 0; i < 5; i++)
      {
        int u = fold (x + i - 2, w), v = fold (y + j - 2, h);

        if (u % 2 == 0 && v % 2 == 0)
          sum -= 4 * blur5[i] * blur5[j] *
                 halved (from, w, h, u / 2, v / 2, c);
      }
  return sum;
}

static void
test_pyramid (void)
{
  static const int sizes[][2] = { { 16, 12 }, { 15, 12 }, { 16, 11 },
                                  { 13, 9 } };

  for (gsize k = 0; k < G_N_ELEMENTS (sizes); k++)
    {
      int                    w = sizes[k][0], h = sizes[k][1];
      g_autoptr (PstPicture) picture = paint (w, h, noise, (int) k);
      g_autofree float      *floats = g_new (float, w * h * 3);
      PstBand                bands[2];

      pst_picture_to_floats (picture, floats);
      pst_pyramid_build (picture, bands, 2);
      g_assert_cmpint (bands[1].width, ==, (w + 1) / 2);
      g_assert_cmpint (bands[1].height, ==, (h + 1) / 2);
      for (int i = 0; i < w * h * 3; i++)
        g_assert_cmpfloat_with_epsilon (
            bands[0].data[i],
            first_band (floats, w, h, i / 3 % w, i / 3 / w, i % 3), 1e-5);
      pst_pyramid_clear (bands, 2);
    }
}

static gboolean
holds (const PstBand *band, const float *patch)
{
  for (int y = 0; y + 7 <= band->height; y++)
    for (int x = 0; x + 7 <= band->width; x++)
      {
        gboolean same = TRUE;

        for (int j = 0; j < 7 && same; j++)
          same = memcmp (band->data + ((y + j) * band->width + x) * 3,
                         patch + j * 21, 21 * sizeof (float)) == 0;
        if (same)
          return TRUE;
      }
  return FALSE;
}

static void
test_patches (void)
{
  g_autoptr (PstPicture) picture = paint (47, 36, noise, 1);
  g_autoptr (PstPatches) some = pst_patches_new ();
  g_autoptr (PstPatches) same = pst_patches_new ();
  g_autoptr (PstPatches) others = pst_patches_new ();
  PstBand                bands[3];

  pst_pyramid_build (picture, bands, 3);
  pst_patches_add (some, picture, 20, 7);
  pst_patches_add (some, picture, 20, 8);
  pst_patches_add (same, picture, 20, 7);
  pst_patches_add (others, picture, 20, 9);
  g_assert_cmpuint (pst_patches_get_count (some), ==, 40);
  for (int i = 0; i < 3; i++)
    {
      const float *numbers = pst_patches_numbers (some, i);

      for (int k = 0; k < 40; k++)
        g_assert_true (holds (&bands[i], numbers + k * PST_PATCH_NUMBERS));
      g_assert_cmpmem (numbers, 20 * PST_PATCH_NUMBERS * sizeof (float),
                       pst_patches_numbers (same, i),
                       20 * PST_PATCH_NUMBERS * sizeof (float));
      g_assert_true (memcmp (numbers, pst_patches_numbers (others, i),
                             20 * PST_PATCH_NUMBERS * sizeof (float)) != 0);
    }
  pst_pyramid_clear (bands, 3);
}

static void
test_sorted (void)
{
  static const float two[] = { 0, 3 }, three[] = { 0, 1, 5 };
  static const float more[] = { 0, 0, 3, 3 }, other[] = { -1, 4 };

  /* thirds against halves: 0, 1 | 1 up to 1/2, then 3 - 1, 5 - 3 */
  g_assert_cmpfloat_with_epsilon (
      pst_patches_sorted_distance (two, 2, three, 3),
      1 / 6.0 * 1 + 1 / 6.0 * 2 + 1 / 3.0 * 2, 1e-9);
  g_assert_cmpfloat_with_epsilon (
      pst_patches_sorted_distance (three, 3, two, 2),
      1 / 6.0 * 1 + 1 / 6.0 * 2 + 1 / 3.0 * 2, 1e-9);
  g_assert_cmpfloat (pst_patches_sorted_distance (two, 2, more, 4), ==, 0);
  g_assert_cmpfloat (pst_patches_sorted_distance (two, 2, other, 2), ==, 1);
}

static PstPatches *
take (Paint func, int seed)
{
  g_autoptr (PstPicture) picture = paint (200, 160, func, seed);
  PstPatches            *patches = pst_patches_new ();

  pst_patches_add (patches, picture, 3000, (guint64) seed);
  return patches;
}

static double
streaks (int x, int y, int c, PstRandom *random)
{
  return 0.5 + 0.3 * sin (x * 1.3) + pst_random_range (random, -0.1, 0.1);
}

static double
pale_noise (int x, int y, int c, PstRandom *random)
{
  return 0.7 + pst_random_range (random, -0.1, 0.1);
}

static void
test_distance (void)
{
  g_autoptr (PstPatches) one = take (noise, 1);
  g_autoptr (PstPatches) two = take (noise, 2);
  g_autoptr (PstPatches) pale = take (pale_noise, 3);
  g_autoptr (PstPatches) other = take (streaks, 4);
  double                 same[3], alike[3], paler[3], far[3], back[3];

  pst_patches_distance (one, one, 1, same);
  pst_patches_distance (one, two, 1, alike);
  pst_patches_distance (one, pale, 1, paler);
  pst_patches_distance (one, other, 1, far);
  pst_patches_distance (other, one, 1, back);
  for (int i = 0; i < 3; i++)
    {
      g_assert_cmpfloat (same[i], ==, 0);
      g_assert_cmpfloat (alike[i], >, 0);
      g_assert_cmpfloat (alike[i], <, 0.06);
      g_assert_cmpfloat (far[i], ==, back[i]);
    }
  g_assert_cmpfloat (paler[0], <, 0.06); /* contrast and colour are taken out */
  g_assert_cmpfloat (far[0], >, 0.15);
  pst_patches_distance (one, other, 1, back);
  g_assert_cmpmem (far, sizeof far, back, sizeof back);
  pst_patches_distance (one, other, 2, back); /* other directions */
  g_assert_cmpfloat (far[0], !=, back[0]);
  g_assert_cmpfloat_with_epsilon (far[0], back[0], 0.2 * far[0]);
}

/* Grid */

static double
quiet (int x, int y, int c, PstRandom *random)
{
  return 0.5 + 0.0003 * x + pst_random_range (random, -0.01, 0.01);
}

/* Random numbers @size pixels apart, straight lines between them. */
static double
lattice (int x, int y, int c, int size)
{
  double sum = 0;

  for (int k = 0; k < 4; k++)
    {
      int       i = x / size + k % 2, j = y / size + k / 2;
      double    at_x = 1 - fabs (i - (double) x / size);
      double    at_y = 1 - fabs (j - (double) y / size);
      PstRandom random;

      pst_random_init (&random, (guint64) (i * 4096 + j), PST_STREAM_TEST,
                       (guint64) (size * 4 + c));
      sum += at_x * at_y * pst_random_range (&random, -1, 1);
    }
  return sum;
}

/* What networks paint on skies: strokes of several sizes and some grain. */
static double
strokes (int x, int y, int c, PstRandom *random)
{
  return 0.4 + 0.15 * lattice (x, y, 0, 11) +
         0.08 * lattice (x, y, c, 5) + 0.05 * lattice (x, y, c, 3) +
         pst_random_range (random, -0.02, 0.02);
}

#define BOARD(name, ground, formula, size)                                    \
  static double name (int x, int y, int c, PstRandom *random)                 \
  {                                                                           \
    return ground (x, y, c, random) + ((formula) ? size : -size);             \
  }
BOARD (board2, strokes, (x + y) % 2, 0.015)
BOARD (lines2, strokes, y % 2, 0.015)
BOARD (board4, strokes, (x / 2 + y / 2) % 2, 0.015)
BOARD (lines4, strokes, x / 2 % 2, 0.015)
BOARD (board8, strokes, (x / 4 + y / 4) % 2, 0.03)
BOARD (dots8, strokes, x % 8 < 3 && y % 8 < 3, 0.04)
BOARD (unseen, plain, (x + y) % 2, 0.5 / 255)

static void
test_grid (void)
{
  static const struct
  {
    Paint  func;
    double least[3]; /* of each period */
  } cases[] = {
    { noise, { 0 } },           { plain, { 0 } },
    { strokes, { 0 } },         { unseen, { 0 } },
    { shapes, { 0 } },          { board2, { 5, 0, 0 } },
    { lines2, { 5, 0, 0 } },    { board4, { 0, 5, 0 } },
    { lines4, { 0, 5, 0 } },    { board8, { 0, 0, 4 } },
    { dots8, { 1.2, 3, 4 } },
  };
  g_autoptr (PstPicture) photo = paint (200, 150, quiet, 1);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PstPicture) result = paint (200, 150, cases[i].func, 2);
      g_autoptr (PstGrid)    grid = pst_grid_new ();
      double                 ratio[3];

      pst_grid_add (grid, photo, result);
      pst_grid_measure (grid, ratio);
      g_assert_cmpuint (pst_grid_get_count (grid), ==, 11 * 8);
      for (int k = 0; k < 3; k++)
        {
          g_test_message ("case %d, period %d: %g", (int) i, 2 << k, ratio[k]);
          if (cases[i].least[k] > 0)
            g_assert_cmpfloat (ratio[k], >, cases[i].least[k]);
          else
            g_assert_cmpfloat (ratio[k], <, 2.5);
        }
    }
}

static void
test_grid_flat (void)
{
  g_autoptr (PstPicture) photo = paint (200, 150, quiet, 1);
  g_autoptr (PstPicture) busy = paint (200, 150, noise, 1);
  g_autoptr (PstPicture) result = paint (200, 150, board2, 2);
  g_autoptr (PstPicture) small = paint (48, 40, quiet, 1);
  g_autoptr (PstGrid)    grid = pst_grid_new ();
  double                 ratio[3], again[3];

  pst_grid_add (grid, busy, result); /* nothing is flat */
  pst_grid_add (grid, small, small);
  g_assert_cmpuint (pst_grid_get_count (grid), ==, 2);
  pst_grid_measure (grid, ratio);
  g_assert_true (isnan (ratio[0]) && isnan (ratio[1]) && isnan (ratio[2]));
  pst_grid_add (grid, photo, result);
  pst_grid_measure (grid, ratio);
  g_assert_cmpfloat (ratio[0], >, 5);
  for (int i = 0; i < 200 * 75 * 3; i++) /* only half of it is flat */
    photo->data[i] = busy->data[i];
  pst_grid_add (grid, photo, result);
  pst_grid_measure (grid, again);
  g_assert_cmpfloat_with_epsilon (ratio[0], again[0], 0.2 * ratio[0]);
}

/* Viewer */

static PstTensor
maps (const PstPicture *picture, int which, PstRun **run)
{
  g_autoptr (PstGraph) graph = test_network_new ();
  PstShape             shape = PST_SHAPE (1, 3, picture->height,
                                          picture->width);
  PstPlanOptions       options = { .input_shapes = &shape, .n_workers = 1 };
  g_autoptr (PstPlan)  plan = pst_plan_new (graph, &options, NULL);

  *run = pst_run_new (plan, NULL, NULL);
  pst_picture_to_floats (picture, pst_run_get_input (*run, 0)->data);
  pst_run_forward (*run, NULL, NULL, NULL, NULL);
  return *pst_run_get_output (*run, (guint) which);
}

/* F F^T / (H W), element by element */
static double
gram (const PstTensor *map, int i, int j)
{
  gint64 n = map->shape.dim[2] * map->shape.dim[3];
  double sum = 0;

  for (gint64 k = 0; k < n; k++)
    sum += pst_tensor_get (map, i * n + k) * pst_tensor_get (map, j * n + k);
  return sum / n;
}

static double
gatys (const PstPicture *a, const PstPicture *b)
{
  double sum = 0;

  for (int layer = 0; layer < 2; layer++)
    {
      g_autoptr (PstRun) run_a = NULL, run_b = NULL;
      PstTensor          x = maps (a, layer, &run_a);
      PstTensor          y = maps (b, layer, &run_b);
      int                c = (int) x.shape.dim[1];

      for (int k = 0; k < c * c; k++)
        sum += pow (gram (&x, k / c, k % c) - gram (&y, k / c, k % c), 2) /
               (4.0 * c * c) / 2;
    }
  return sum;
}

static void
test_viewer (void)
{
  static const char *const content[] = { "deep", NULL };
  static const char *const style[] = { "shallow", "deep", NULL };
  g_autoptr (PstGraph)   graph = test_network_new ();
  g_autoptr (PstViewer)  viewer = NULL;
  g_autoptr (PstPicture) a = test_network_waves (30, 22, 0.3);
  g_autoptr (PstPicture) b = test_network_waves (26, 34, 1.1);
  g_autoptr (PstView)    of_a = NULL, of_b = NULL, both = NULL;
  g_autoptr (GPtrArray)  pictures = g_ptr_array_new ();
  double                 wanted = gatys (a, b);

  viewer = pst_viewer_new (graph, content, style, NULL, NULL);
  of_a = pst_viewer_look (viewer, a, NULL);
  of_b = pst_viewer_look (viewer, b, NULL);
  g_assert_cmpfloat_with_epsilon (pst_view_gram_distance (of_a, of_b), wanted,
                                  1e-5 * wanted);
  g_assert_cmpfloat (pst_view_gram_distance (of_a, of_a), ==, 0);
  g_assert_cmpfloat (pst_view_moments_distance (of_a, of_a), ==, 0);
  g_assert_cmpfloat (pst_view_content_distance (of_b, of_b), ==, 0);
  g_ptr_array_add (pictures, a);
  g_ptr_array_add (pictures, b);
  both = pst_viewer_look_at_all (viewer, pictures, NULL);
  g_assert_cmpuint (both->content->len, ==, 0);
  g_assert_cmpfloat_with_epsilon (
      both->gram[1][3], (of_a->gram[1][3] + of_b->gram[1][3]) / 2, 1e-9);
  g_assert_cmpfloat_with_epsilon (
      both->mean[0][2], (of_a->mean[0][2] + of_b->mean[0][2]) / 2, 1e-9);
}

/* The same numbers as the losses of a training. */
static void
test_viewer_losses (void)
{
  static const char *const content[] = { "deep", NULL };
  static const char *const style[] = { "shallow", NULL };
  g_autoptr (PstGraph)   network = test_network_new ();
  g_autoptr (PstGraph)   graph = pst_graph_new ();
  g_autoptr (PstViewer)  viewer = NULL;
  g_autoptr (PstPicture) a = test_network_waves (30, 22, 0.3);
  g_autoptr (PstPicture) b = test_network_waves (30, 22, 1.1);
  g_autoptr (PstView)    of_a = NULL, of_b = NULL;
  g_autoptr (GPtrArray)  maps_a = NULL, maps_b = NULL;
  g_autoptr (PstPlan)    plan = NULL;
  g_autoptr (PstRun)     run = NULL;
  PstShape       shape[] = { PST_SHAPE (1, 3, 22, 30), PST_SHAPE (1, 3, 22, 30) };
  PstPlanOptions options = { .input_shapes = shape, .n_workers = 1 };
  PstValue      *in_a, *in_b, *second, *first;
  double         wanted;

  in_a = pst_graph_add_input (graph, "a", PST_FLOAT32, shape);
  in_b = pst_graph_add_input (graph, "b", PST_FLOAT32, shape);
  maps_a = pst_graph_append (graph, network, &in_a, "a/");
  maps_b = pst_graph_append (graph, network, &in_b, "b/");
  second = pst_style_moments (graph, PST_STYLE_COVARIANCE, maps_b->pdata[0],
                              &first);
  pst_graph_add_output (graph,
                        pst_loss_style (graph, PST_STYLE_COVARIANCE,
                                        maps_a->pdata[0], second, first),
                        "style");
  pst_graph_add_output (graph,
                        pst_loss_content (graph, PST_CONTENT_SQUARED,
                                          maps_a->pdata[1], maps_b->pdata[1]),
                        "content");
  pst_graph_seal (graph);
  plan = pst_plan_new (graph, &options, NULL);
  run = pst_run_new (plan, NULL, NULL);
  pst_picture_to_floats (a, pst_run_get_input (run, 0)->data);
  pst_picture_to_floats (b, pst_run_get_input (run, 1)->data);
  pst_run_forward (run, NULL, NULL, NULL, NULL);
  viewer = pst_viewer_new (network, content, style, NULL, NULL);
  of_a = pst_viewer_look (viewer, a, NULL);
  of_b = pst_viewer_look (viewer, b, NULL);
  wanted = pst_tensor_get (pst_run_get_output (run, 0), 0);
  g_assert_cmpfloat_with_epsilon (pst_view_moments_distance (of_a, of_b),
                                  wanted, 1e-4 * wanted);
  wanted = pst_tensor_get (pst_run_get_output (run, 1), 0);
  g_assert_cmpfloat_with_epsilon (pst_view_content_distance (of_a, of_b),
                                  wanted, 1e-5 * wanted);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/measures/luminance/pictures", test_luminance);
  g_test_add_func ("/measures/luminance/formula", test_luminance_formula);
  g_test_add_func ("/measures/pyramid", test_pyramid);
  g_test_add_func ("/measures/patches/places", test_patches);
  g_test_add_func ("/measures/patches/sorted", test_sorted);
  g_test_add_func ("/measures/patches/distance", test_distance);
  g_test_add_func ("/measures/grid/pictures", test_grid);
  g_test_add_func ("/measures/grid/flat", test_grid_flat);
  g_test_add_func ("/measures/viewer/gram", test_viewer);
  g_test_add_func ("/measures/viewer/losses", test_viewer_losses);
  return test_run ();
}
