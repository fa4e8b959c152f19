/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The objective against its formulas, with a small network. */
#include <math.h>
#include <string.h>

#include "core/base/test-run.h"
#include "core/graph/plan.h"
#include "core/train/objective.h"
#include "core/train/test-network.h"

#define WIDTH 24
#define HEIGHT 20
#define N (WIDTH * HEIGHT * 3)

typedef struct
{
  PstRecipe         recipe;
  PstObjectiveSpec  spec;
  PstPicture       *photo;
  PstPicture       *style;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (PstGraph)  graph = test_network_new ();
  g_autoptr (GPtrArray) pictures = g_ptr_array_new ();
  static char           deep[] = "deep", shallow[] = "shallow";

  f->recipe.n_content = 1;
  f->recipe.content[0] = (PstLayer) { deep, 0.7 };
  f->recipe.n_style = 2;
  f->recipe.style[0] = (PstLayer) { shallow, 1 };
  f->recipe.style[1] = (PstLayer) { deep, 0.5 };
  f->recipe.style_form = GPOINTER_TO_INT (data);
  f->photo = test_network_waves (WIDTH, HEIGHT, 0.3);
  f->style = test_network_waves (30, 26, 1.1);
  f->spec.recipe = &f->recipe;
  f->spec.features = pst_features_new (graph, &f->recipe, NULL);
  g_ptr_array_add (pictures, f->style);
  f->spec.moments = pst_features_moments (f->spec.features, pictures, NULL,
                                          NULL);
  f->spec.content = 1.5;
  f->spec.style = 2;
  g_assert_nonnull (f->spec.moments);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_ptr_array_unref (f->spec.moments);
  pst_features_free (f->spec.features);
  pst_picture_free (f->photo);
  pst_picture_free (f->style);
}

/* Maps [c][pixels] of the feature network's output @which. */
static double *
maps (const Fixture *f, const float *pixels, int width, int height, int which,
      int *c, int *n)
{
  PstShape            shape = PST_SHAPE (1, 3, height, width);
  PstPlanOptions      options = { .input_shapes = &shape, .n_workers = 1 };
  g_autoptr (PstPlan) plan = NULL;
  g_autoptr (PstRun)  run = NULL;
  const PstTensor    *map;
  double             *copy;

  plan = pst_plan_new (f->spec.features->graph, &options, NULL);
  run = pst_run_new (plan, NULL, NULL);
  memcpy (pst_run_get_input (run, 0)->data, pixels,
          sizeof (float) * 3 * width * height);
  pst_run_forward (run, NULL, NULL, NULL, NULL);
  map = pst_run_get_output (run, which);
  *c = (int) map->shape.dim[1];
  *n = (int) (map->shape.dim[2] * map->shape.dim[3]);
  copy = g_new (double, *c * *n);
  for (int i = 0; i < *c * *n; i++)
    copy[i] = pst_tensor_get (map, i);
  return copy;
}

/* Mean of the products of channels i and j, less @less times that of the
 * means. */
static double
moment (const double *map, int n, int i, int j, double less)
{
  double sum = 0, a = 0, b = 0;

  for (int k = 0; k < n; k++)
    {
      sum += map[i * n + k] * map[j * n + k];
      a += map[i * n + k];
      b += map[j * n + k];
    }
  return sum / n - less * a / n * b / n;
}

static double
style_loss (const Fixture *f, const float *pixels, const float *style,
            int which)
{
  gboolean           moments = f->recipe.style_form == PST_STYLE_COVARIANCE;
  int                c, n, m;
  g_autofree double *a = maps (f, pixels, WIDTH, HEIGHT, which, &c, &n);
  g_autofree double *b = maps (f, style, 30, 26, which, &c, &m);
  double             error = 0, size = 0, mean_error = 0, mean_size = 0;

  for (int i = 0; i < c; i++)
    {
      double x = 0, y = 0;

      for (int j = 0; j < c; j++)
        {
          double t = moment (b, m, i, j, moments);

          error += pow (moment (a, n, i, j, moments) - t, 2);
          size += t * t;
        }
      for (int k = 0; k < n; k++)
        x += a[i * n + k] / n;
      for (int k = 0; k < m; k++)
        y += b[i * m + k] / m;
      mean_error += (x - y) * (x - y);
      mean_size += y * y;
    }
  return moments ? 0.5 * (error / size + mean_error / mean_size)
                 : error / size;
}

static double
content_loss (const Fixture *f, const float *pixels, const float *photo)
{
  int                c, n;
  g_autofree double *a = maps (f, pixels, WIDTH, HEIGHT, 0, &c, &n);
  g_autofree double *b = maps (f, photo, WIDTH, HEIGHT, 0, &c, &n);
  double             error = 0, size = 0;

  for (int i = 0; i < c * n; i++)
    {
      error += (a[i] - b[i]) * (a[i] - b[i]) / (c * n);
      size += b[i] * b[i] / (c * n);
    }
  return error / (size + 1e-6);
}

static void
noise (float *pixels, guint64 seed)
{
  PstRandom random;

  pst_random_init (&random, seed, PST_STREAM_TEST, 0);
  for (int i = 0; i < N; i++)
    pixels[i] = (float) pst_random_double (&random);
}

static void
test_value (Fixture *f, gconstpointer data)
{
  g_autoptr (PstObjective) objective = NULL;
  g_autofree float        *style = g_new (float, 30 * 26 * 3);
  float                    pixels[N], photo[N];
  PstObjectiveTerms        terms;
  double                   content, wanted;

  objective = pst_objective_new (&f->spec, f->photo, NULL, NULL);
  pst_picture_to_floats (f->photo, photo);
  pst_picture_to_floats (f->style, style);
  for (int round = 0; round < 2; round++) /* what was looked at is kept */
    {
      noise (pixels, round);
      pst_objective_look (objective, pixels, NULL, &terms);
      content = 0.7 * content_loss (f, pixels, photo);
      wanted = style_loss (f, pixels, style, 1) +
               0.5 * style_loss (f, pixels, style, 2);
      g_assert_cmpfloat_with_epsilon (terms.content, content, 1e-5 * content);
      g_assert_cmpfloat_with_epsilon (terms.style, wanted, 1e-5 * wanted);
      wanted = 1.5 * content + 2 * wanted;
      g_assert_cmpfloat_with_epsilon (terms.value, wanted, 1e-5 * wanted);
    }
  pst_objective_look (objective, photo, NULL, &terms);
  g_assert_cmpfloat (terms.content, ==, 0);
}

/* Slopes along random directions, by differences of fourth order. */
static void
test_gradient (Fixture *f, gconstpointer data)
{
  static const double      factors[] = { 1 / 12.0, -2 / 3.0, 0, 2 / 3.0,
                                         -1 / 12.0 };
  g_autoptr (PstObjective) objective = NULL;
  float                    pixels[N], at[N], gradient[N], direction[N];
  PstObjectiveTerms        terms;

  objective = pst_objective_new (&f->spec, f->photo, NULL, NULL);
  for (int round = 0; round < 4; round++)
    {
      double slope = 0, wanted = 0, step = 0.02;

      noise (pixels, 0);
      noise (direction, 1 + round);
      pst_objective_look (objective, pixels, gradient, &terms);
      for (int i = 0; i < N; i++)
        slope += (double) gradient[i] * direction[i];
      for (int k = 0; k < 5; k++)
        {
          for (int i = 0; i < N; i++)
            at[i] = pixels[i] + (float) ((k - 2) * step) * direction[i];
          pst_objective_look (objective, at, NULL, &terms);
          wanted += factors[k] * terms.value / step;
        }
      g_assert_cmpfloat_with_epsilon (slope, wanted, 2e-3 * fabs (wanted));
    }
}

static void
test_optimise (Fixture *f, gconstpointer data)
{
  g_autoptr (PstPool) pool = pst_pool_new (2);
  float               results[2][N];

  for (int i = 0; i < 2; i++)
    {
      g_autoptr (PstObjective) objective = NULL;
      PstObjectiveTerms        terms;
      PstLbfgsResult           result;

      objective = pst_objective_new (&f->spec, f->photo, i ? pool : NULL,
                                     NULL);
      pst_picture_to_floats (f->photo, results[i]);
      pst_objective_look (objective, results[i], NULL, &terms);
      g_assert_true (pst_objective_optimise (objective, results[i], 60,
                                             &result, NULL));
      g_assert_cmpfloat (result.first, ==, terms.value);
      g_assert_cmpfloat (result.value, <, 0.5 * result.first);
      g_assert_cmpint (result.evaluations, ==, 60);
      pst_objective_look (objective, results[i], NULL, &terms);
      g_assert_cmpfloat (result.value, ==, terms.value);
    }
  g_assert_cmpmem (results[0], sizeof results[0], results[1],
                   sizeof results[1]);
}

#define ADD(name, func)                                                       \
  g_test_add ("/objective/gram/" name, Fixture,                               \
              GINT_TO_POINTER (PST_STYLE_GRAM), set_up, func, tear_down);     \
  g_test_add ("/objective/covariance/" name, Fixture,                         \
              GINT_TO_POINTER (PST_STYLE_COVARIANCE), set_up, func,           \
              tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("value", test_value);
  ADD ("gradient", test_gradient);
  ADD ("optimise", test_optimise);
  return test_run ();
}
