/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers that need no network: that of losses and measures is the same. */
#include <math.h>
#include <string.h>

#include "core/base/test-run.h"
#include "core/eval/luminance.h"
#include "core/graph/plan.h"
#include "core/train/features.h"
#include "core/train/losses.h"
#include "core/train/picture-layers.h"

#define WIDTH 70
#define HEIGHT 53

static PstPicture *
paint (gboolean flat)
{
  PstPicture *picture = pst_picture_new (WIDTH, HEIGHT);
  PstRandom   random;

  pst_random_init (&random, 4, PST_STREAM_TEST, 0);
  for (int i = 0; i < WIDTH * HEIGHT * 3; i++)
    picture->data[i] = (guint8) (flat || i / 3 % WIDTH > 50
                                   ? 90
                                   : pst_random_below (&random, 256));
  return picture;
}

/* A layer and the gradient of its sum by the picture. */
static PstRun *
look (const PstPicture *picture, const char *name, guint64 seed)
{
  g_autoptr (PstGraph)  graph = pst_graph_new ();
  g_autoptr (GPtrArray) seeds = g_ptr_array_new ();
  g_autoptr (GPtrArray) gradients = g_ptr_array_new ();
  g_autoptr (PstPlan)   plan = NULL;
  GError               *error = NULL;
  PstShape              shape = PST_SHAPE (1, 3, HEIGHT, WIDTH);
  PstPlanOptions        options = { .input_shapes = &shape, .n_workers = 1 };
  PstValue             *in, *out;
  PstRun               *run;

  in = pst_graph_add_input (graph, "picture", PST_FLOAT32, &shape);
  out = pst_picture_layer (graph, in, name, seed);
  g_assert_nonnull (out);
  pst_graph_add_output (graph, out, "layer");
  pst_graph_seal (graph);
  g_ptr_array_add (seeds, out);
  g_ptr_array_add (gradients, in);
  options.seeds = seeds;
  options.gradients = gradients;
  plan = pst_plan_new (graph, &options, &error);
  g_assert_no_error (error);
  run = pst_run_new (plan, NULL, &error);
  g_assert_no_error (error);
  pst_picture_to_floats (picture, pst_run_get_input (run, 0)->data);
  pst_run_forward (run, NULL, NULL, NULL, NULL);
  pst_run_backward (run);
  return run;
}

static void
test_luminance (void)
{
  g_autoptr (PstPicture) picture = paint (FALSE);

  for (int shrink = 1; shrink <= 8; shrink *= 2)
    {
      g_autofree char *name = g_strdup_printf ("luminance%d", shrink);
      g_autoptr (PstRun)       run = look (picture, name, 0);
      g_autoptr (PstLuminance) whole = pst_luminance_new (picture);
      g_autoptr (PstLuminance) small = pst_luminance_pool (whole, shrink);
      g_autoptr (PstLuminance) map = pst_luminance_normalise (small);
      const PstTensor         *out = pst_run_get_output (run, 0);

      g_assert_cmpint (out->shape.dim[2], ==, map->height);
      g_assert_cmpint (out->shape.dim[3], ==, map->width);
      for (int i = 0; i < map->width * map->height; i++)
        g_assert_cmpfloat_with_epsilon (pst_tensor_get (out, i), map->data[i],
                                        0.01);
    }
}

/* Where all is even there is neither drawing nor slope. */
static void
test_even (void)
{
  g_autoptr (PstPicture) picture = paint (TRUE);
  g_autoptr (PstRun)     run = look (picture, "luminance2", 0);
  const PstTensor       *out = pst_run_get_output (run, 0);
  const PstTensor       *slope = pst_run_get_gradient (run, 0);

  for (gint64 i = 0; i < pst_tensor_count (out); i++)
    g_assert_cmpfloat (fabs (pst_tensor_get (out, i)), <, 1e-3);
  for (gint64 i = 0; i < pst_tensor_count (slope); i++)
    g_assert_cmpfloat (fabs (pst_tensor_get (slope, i)), <, 100);
}

/* The drawing at 25 places, of which the last is 8 further each way. */
static void
test_correlation (void)
{
  g_autoptr (PstPicture) picture = paint (FALSE);

  for (int shrink = 1; shrink <= 2; shrink++)
    {
      g_autofree char *name = g_strdup_printf ("correlation%d", shrink);
      g_autofree char *whole = g_strdup_printf ("luminance%d", shrink);
      g_autoptr (PstRun) run = look (picture, name, 0);
      g_autoptr (PstRun) drawing = look (picture, whole, 0);
      const PstTensor   *out = pst_run_get_output (run, 0);
      const PstTensor   *from = pst_run_get_output (drawing, 0);
      gint64             h = out->shape.dim[2], w = out->shape.dim[3];

      g_assert_cmpint (out->shape.dim[1], ==, 25);
      g_assert_cmpint (h, ==, HEIGHT / shrink - 8);
      g_assert_cmpint (w, ==, WIDTH / shrink - 8);
      for (gint64 i = 0; i < pst_tensor_count (out); i++)
        {
          gint64 k = i / (h * w), y = i / w % h + k % 5 * 2;
          gint64 x = i % w + k / 5 * 2;

          g_assert_cmpfloat_with_epsilon (
              pst_tensor_get (out, i),
              1 + pst_tensor_get (from, y * (w + 8) + x), 1e-5);
        }
    }
}

static void
test_random (void)
{
  static const struct
  {
    const char *name;
    gint64      height, width;
  } cases[] = {
    { "random3", HEIGHT - 2, WIDTH - 2 },
    { "random9", HEIGHT - 8, WIDTH - 8 },
    { "random14", HEIGHT / 2 - 6, WIDTH / 2 - 6 },
    { "random28", HEIGHT / 4 - 6, WIDTH / 4 - 6 },
  };
  g_autoptr (PstPicture) picture = paint (FALSE);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PstRun) a = look (picture, cases[i].name, 1);
      g_autoptr (PstRun) b = look (picture, cases[i].name, 1);
      g_autoptr (PstRun) c = look (picture, cases[i].name, 2);
      const PstTensor   *x = pst_run_get_output (a, 0);
      const PstTensor   *y = pst_run_get_output (b, 0);
      gsize              n = pst_tensor_bytes (x);

      g_assert_cmpint (x->shape.dim[2], ==, cases[i].height);
      g_assert_cmpint (x->shape.dim[3], ==, cases[i].width);
      g_assert_cmpmem (x->data, n, y->data, n);
      g_assert_cmpint (memcmp (x->data, pst_run_get_output (c, 0)->data, n),
                       !=, 0);
    }
}

/* The loss is the measure, and over a photo without any drawing no larger. */
static void
test_drawing (void)
{
  PstRecipe recipe = { .n_content = 2, .content_form = PST_CONTENT_SQUARED };

  recipe.content[0].name = (char *) "luminance4";
  recipe.content[1].name = (char *) "relu4_1";
  g_assert_cmpint (pst_recipe_content_form (&recipe, 0), ==,
                   PST_CONTENT_DRAWING);
  g_assert_cmpint (pst_recipe_content_form (&recipe, 1), ==,
                   PST_CONTENT_SQUARED);
  for (int flat = 0; flat <= 1; flat++)
    {
      g_autoptr (PstPicture) photo = paint (flat), result = paint (FALSE);
      g_autoptr (PstGraph)   graph = pst_graph_new ();
      g_autoptr (PstPlan)    plan = NULL;
      g_autoptr (PstRun)     run = NULL;
      PstShape       shapes[2] = { PST_SHAPE (1, 3, HEIGHT, WIDTH),
                                   PST_SHAPE (1, 3, HEIGHT, WIDTH) };
      PstPlanOptions options = { .input_shapes = shapes, .n_workers = 1 };
      PstLikeness    likeness;
      double         sum = 0;
      PstValue      *in[2];

      for (int i = 0; i < HEIGHT * WIDTH * 3; i++)
        if (i / 21 % 3 == 0)
          result->data[i] = 0;
      for (int i = 0; i < 2; i++)
        in[i] = pst_graph_add_input (graph, "x", PST_FLOAT32, &shapes[i]);
      for (int i = 0; i < 2; i++)
        pst_graph_add_output (
            graph,
            pst_loss_content (graph, PST_CONTENT_DRAWING,
                              pst_picture_layer (graph, in[0],
                                                 i ? "luminance8"
                                                   : "luminance4", 0),
                              pst_picture_layer (graph, in[1],
                                                 i ? "luminance8"
                                                   : "luminance4", 0)),
            "loss");
      pst_graph_seal (graph);
      plan = pst_plan_new (graph, &options, NULL);
      run = pst_run_new (plan, NULL, NULL);
      pst_picture_to_floats (result, pst_run_get_input (run, 0)->data);
      pst_picture_to_floats (photo, pst_run_get_input (run, 1)->data);
      pst_run_forward (run, NULL, NULL, NULL, NULL);
      for (int i = 0; i < 2; i++)
        sum += pst_tensor_get (pst_run_get_output (run, (guint) i), 0) / 2;
      pst_luminance_compare (photo, result, &likeness);
      g_assert_cmpfloat (sum, >, 0.1);
      g_assert_cmpfloat (sum, <, 2);
      g_assert_cmpfloat_with_epsilon (sum, likeness.distance, 0.002);
    }
}

/* Beside a network's layers, or without one. */
static void
test_refused (void)
{
  static const char *const wrong[] = { "luminance", "luminance0", "random2",
                                       "random65", "random7x", "relu1_1",
                                       "correlation9" };
  PstRecipe recipe = { .n_content = 1 };

  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError)      error = NULL;
      g_autoptr (PstFeatures) features = NULL;

      recipe.content[0] = (PstLayer) { (char *) wrong[i], 1 };
      features = pst_features_new (NULL, &recipe, &error);
      g_assert_null (features);
      g_assert_nonnull (strstr (error->message, wrong[i]));
      g_assert_nonnull (strstr (error->message, "luminance32"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/layers/luminance", test_luminance);
  g_test_add_func ("/layers/even", test_even);
  g_test_add_func ("/layers/correlation", test_correlation);
  g_test_add_func ("/layers/random", test_random);
  g_test_add_func ("/layers/drawing", test_drawing);
  g_test_add_func ("/layers/refused", test_refused);
  return test_run ();
}
