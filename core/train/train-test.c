/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of training: optimiser, recipe, pictures, events. */
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/test-run.h"
#include "core/train/adam.h"
#include "core/train/augment.h"
#include "core/train/picture.h"
#include "core/train/recipe.h"
#include "core/train/events.h"
#include "core/train/spectral.h"

static void
test_adam (void)
{
  const float          start[] = { 1, -2, 0.5f };
  const float          gradient[] = { 0.1f, -3, 0 };
  PstShape             shape = PST_SHAPE (3);
  g_autoptr (PstArray) weight = pst_array_new_floats (&shape, start);
  g_autoptr (GPtrArray) weights = g_ptr_array_new ();
  g_autoptr (PstAdam)  adam = NULL;
  double               w[3], m[3] = { 0 }, v[3] = { 0 };
  const float         *gradients[] = { gradient };

  g_ptr_array_add (weights, weight);
  adam = pst_adam_new (weights, 0.9, 0.99);
  adam->rates[0] = 2;
  for (int i = 0; i < 3; i++)
    w[i] = start[i];
  for (int t = 1; t <= 5; t++)
    {
      pst_adam_step (adam, gradients, 0.5, 1e-2);
      for (int i = 0; i < 3; i++)
        {
          double g = 0.5 * gradient[i];

          m[i] = 0.9 * m[i] + 0.1 * g;
          v[i] = 0.99 * v[i] + 0.01 * g * g;
          w[i] -= 2e-2 * m[i] / (1 - pow (0.9, t)) /
                  (sqrt (v[i] / (1 - pow (0.99, t))) + 1e-8);
          g_assert_cmpfloat_with_epsilon (
              ((float *) weight->tensor.data)[i], w[i], 1e-6);
        }
    }
}

static void
test_norm (void)
{
  const float  a[] = { 3, 0 }, b[] = { 4 };
  const float *gradients[] = { a, b };
  const gint64 counts[] = { 2, 1 };

  g_assert_cmpfloat_with_epsilon (pst_gradient_norm (gradients, counts, 2), 5,
                                  1e-12);
}

#define RECIPE                                                                \
  "[model]\ntitle=Test\nwidth=8\n"                                            \
  "[photos]\npaths=a:0.25; b \nmin-size=16\n"                                 \
  "[features]\nnetwork=net.onnx\ncontent-layers=x\nstyle-layers=x;y:2\n"      \
  "[training]\nsteps=100\nbatch=4\ncrop=64\nwarm-up=10\nschedule=cosine\n"    \
  "decay-from=0.5\ndecay-to=0.1\n"                                            \
  "[style one]\npictures=one.jpg;two.jpg\nsize=200\n"

static void
test_recipe (void)
{
  g_autoptr (PstRecipe)  recipe = NULL;
  g_autoptr (GError)     error = NULL;
  const PstRecipePhotos *photos;
  const PstRecipeStyle  *style;
  const PstSettings     *phase;

  recipe = pst_recipe_parse (RECIPE "[phase late]\nfrom=60\ncrop=128\nbatch=2"
                                    "\nstyle=3\n"
                                    "[discriminator full]\n",
                             "/data", &error);
  g_assert_no_error (error);
  g_assert_cmpint (recipe->width, ==, 8);
  g_assert_cmpint (recipe->photos->len, ==, 2);
  photos = recipe->photos->pdata[0];
  g_assert_cmpstr (photos->path, ==, "/data/a");
  g_assert_cmpfloat (photos->share, ==, 0.25);
  g_assert_cmpint (photos->kind, ==, PST_PHOTOS_FILES);
  style = recipe->styles->pdata[0];
  g_assert_cmpstr (style->id, ==, "one");
  g_assert_cmpstr (style->pictures[1], ==, "/data/two.jpg");
  g_assert_cmpfloat (recipe->style[1].weight, ==, 2);
  g_assert_cmpint (recipe->discriminators->len, ==, 1);
  phase = pst_recipe_settings (recipe, 59);
  g_assert_cmpint (phase->crop, ==, 64);
  phase = pst_recipe_settings (recipe, 60);
  g_assert_cmpint (phase->crop, ==, 128);
  g_assert_cmpfloat (phase->style, ==, 3);
  g_assert_cmpfloat (phase->content, ==, 1);
  g_assert_cmpuint (pst_recipe_samples (recipe, 61), ==, 60 * 4 + 2);
}

/* Photos from files, made up, or left open. */
static void
test_recipe_photos (void)
{
#define REST                                                                  \
  "[features]\nnetwork=n\ncontent-layers=x\nstyle-layers=x\n"                 \
  "[style one]\npictures=one.jpg\n"
  static const struct
  {
    const char   *text;
    PstPhotosKind kinds[2];
    double        shares[2];
    guint         n;
  } cases[] = {
    { "", { PST_PHOTOS_AUTO }, { 1 }, 1 },
    { "[photos]\npaths=auto\n", { PST_PHOTOS_AUTO }, { 1 }, 1 },
    { "[photos]\npaths=synthetic\n", { PST_PHOTOS_SYNTHETIC }, { 1 }, 1 },
    { "[photos]\npaths=./synthetic\n", { PST_PHOTOS_FILES }, { 1 }, 1 },
    { "[photos]\npaths=a b:0.7; synthetic:0.3\n",
      { PST_PHOTOS_FILES, PST_PHOTOS_SYNTHETIC }, { 0.7, 0.3 }, 2 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char      *text = g_strconcat (cases[i].text, REST, NULL);
      g_autoptr (GError)    error = NULL;
      g_autoptr (PstRecipe) recipe = pst_recipe_parse (text, "/d", &error);

      g_assert_no_error (error);
      g_assert_cmpuint (recipe->photos->len, ==, cases[i].n);
      for (guint k = 0; k < cases[i].n; k++)
        {
          const PstRecipePhotos *photos = recipe->photos->pdata[k];

          g_assert_cmpint (photos->kind, ==, cases[i].kinds[k]);
          g_assert_cmpfloat (photos->share, ==, cases[i].shares[k]);
          g_assert_true ((photos->path != NULL) ==
                         (photos->kind == PST_PHOTOS_FILES));
        }
    }
}

static void
test_spectral_word (void)
{
  static const struct
  {
    const char *text;
    gboolean    spectral;
  } cases[] = {
    { "", TRUE },
    { "spectral-norm=off\n", FALSE },
    { "adversarial-form=wgan-gp\n", FALSE },
    { "adversarial-form=wgan-gp\nspectral-norm=on\n", TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char      *text = NULL;
      g_autoptr (PstRecipe) recipe = NULL;

      text = g_strconcat (RECIPE "[training]\n", cases[i].text, NULL);
      recipe = pst_recipe_parse (text, "/", NULL);
      g_assert_true (pst_recipe_is_spectral (recipe) == cases[i].spectral);
    }
}

static void
test_schedule (void)
{
  g_autoptr (PstRecipe) recipe = pst_recipe_parse (RECIPE, "/", NULL);

  g_assert_cmpfloat_with_epsilon (pst_recipe_factor (recipe, 0), 0.1, 1e-9);
  g_assert_cmpfloat_with_epsilon (pst_recipe_factor (recipe, 9), 1, 1e-9);
  g_assert_cmpfloat_with_epsilon (pst_recipe_factor (recipe, 50), 1, 1e-9);
  g_assert_cmpfloat_with_epsilon (pst_recipe_factor (recipe, 75), 0.55, 1e-9);
  g_assert_cmpfloat_with_epsilon (pst_recipe_factor (recipe, 100), 0.1, 1e-9);
  recipe->schedule = PST_SCHEDULE_LINEAR;
  g_assert_cmpfloat_with_epsilon (pst_recipe_factor (recipe, 60), 0.82, 1e-9);
  recipe->schedule = PST_SCHEDULE_CONSTANT;
  g_assert_cmpfloat_with_epsilon (pst_recipe_factor (recipe, 99), 1, 1e-9);
}

static void
test_recipe_errors (void)
{
  static const struct
  {
    const char *text;
    const char *words; /* of the message */
  } cases[] = {
    { "no recipe", "not a recipe" },
    { RECIPE "[losses]\nbeauty=1\n", "[losses] beauty" },
    { RECIPE "[losses]\nstyle=-1\n", "[losses] style = “-1”" },
    { RECIPE "[losses]\nstyle=much\n", "a number from 0" },
    { RECIPE "[style Two]\npictures=b\n", "[style Two]" },
    { RECIPE "[style two]\n", "[style two] pictures" },
    { RECIPE "[style two]\npictures=b\ncrop-scale=2;1\n", "smaller first" },
    { RECIPE "[phase a]\ncrop=64\n", "[phase a] from" },
    { RECIPE "[discriminator a]\nstrides=2;2\n", "as many strides" },
    { RECIPE "[discriminator a]\nchannels=0\n", "whole numbers from 1" },
    { RECIPE "[training]\nbatch=1.5\n", "a whole number" },
    { RECIPE "[training]\nschedule=slow\n", "constant, linear, cosine" },
    { RECIPE "[training]\nadversarial-form=gan\n",
      "hinge, lsgan, bce, wgan-gp" },
    { RECIPE "[training]\nspectral-norm=yes\n", "auto, on, off" },
    { RECIPE "[training]\npenalty=-1\n", "a number from 0" },
    { RECIPE "[training]\nreplay=-1\n", "a whole number from 0" },
    { RECIPE "[training]\nbalance=yes\n", "none, skip, scale" },
    { RECIPE "[training]\nbalance-target=0.2\n", "a number from 0.5 to 1" },
    { RECIPE "[training]\nguard-rate=0\n", "a number from 0.01 to 1" },
    { RECIPE "[training]\nflat-pictures=x\n", "a whole number from 0" },
    { RECIPE "[patches]\nscales=1;1.5\n", "from 1 to 32" },
    { RECIPE "[patches]\nscales=1;2;3;4;5;6;7\n", "at most 6" },
    { RECIPE "[patches]\npool=all\n", "picture, batch" },
    { RECIPE "[training]\nrate=nan\n", "a number from 0" },
    { "[photos]\npaths= ; \n", "[photos] paths" },
    { "[photos]\npaths=synthetic:much\n", "after “:” a number" },
    { "[photos]\nsynthetic-pictures=0\n", "synthetic-pictures" },
    { "[features]\nnetwork=n\n", "[features] content-layers" },
    { "[student]\nwidths=4\ndepths=1\n", "[features] network" },
    { "[model]\nwidth=8\n", "one style or more" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError)    error = NULL;
      g_autoptr (PstRecipe) recipe = NULL;

      recipe = pst_recipe_parse (cases[i].text, "/", &error);
      g_assert_null (recipe);
      g_assert_nonnull (error);
      if (! strstr (error->message, cases[i].words))
        g_error ("“%s” does not name “%s”", error->message, cases[i].words);
    }
}

/* No network, no model to start from, and no weights that were meant for
 * them; the rest as it was. */
static void
test_plain (void)
{
  g_autofree char      *text = NULL;
  g_autoptr (GError)    error = NULL;
  g_autoptr (PstRecipe) recipe = NULL, plain = NULL, again = NULL;
  const PstRecipeStyle *a, *b;

  text = g_strconcat ("# kept\n", RECIPE,
                      "[losses]\nstyle=7\n"
                      "[phase late]\nfrom=50\nstyle=9\nnoise=0.25\n", NULL);
  recipe = pst_recipe_parse (text, "/data", &error);
  g_assert_no_error (error);
  plain = pst_recipe_plain (recipe, &error);
  g_assert_no_error (error);
  g_assert_true (plain->plain);
  g_assert_null (plain->from);
  g_assert_cmpstr (plain->content[0].name, ==, "luminance4");
  g_assert_cmpstr (plain->style[0].name, ==, "random3");
  g_assert_true (pst_recipe_has_patches (plain));
  for (gint64 step = 0; step < 100; step += 60)
    g_assert_cmpfloat (pst_recipe_settings (plain, step)->style, <, 5);
  g_assert_cmpfloat (pst_recipe_settings (plain, 60)->noise, ==, 0.25);
  g_assert_cmpint (plain->steps, ==, recipe->steps);
  a = recipe->styles->pdata[0];
  b = plain->styles->pdata[0];
  g_assert_cmpstr (a->pictures[0], ==, b->pictures[0]);
  again = pst_recipe_plain (plain, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again->text, ==, plain->text);
  g_assert_nonnull (strstr (plain->text, "# kept"));
}

static void
test_resample (void)
{
  g_autoptr (PstPicture) picture = pst_picture_new (6, 4);
  PstWindow              window = { 1, 0, 4, FALSE };
  float                  to[6 * 6 * 3];

  for (int i = 0; i < 6 * 4 * 3; i++)
    picture->data[i] = (guint8) (i * 3);
  pst_picture_sample (picture, &window, 2, to);
  for (int c = 0; c < 3; c++)
    {
      const guint8 *p = picture->data + 3 + c;
      double        mean = (p[0] + p[3] + p[18] + p[21]) / 4.0 / 255;

      g_assert_cmpfloat_with_epsilon (to[c], mean, 1e-6);
    }
  window.flip = TRUE;
  pst_picture_sample (picture, &window, 4, to);
  g_assert_cmpfloat_with_epsilon (to[0], picture->data[4 * 3] / 255.0, 1e-6);
  pst_picture_sample (picture, &window, 6, to); /* grows: stays in range */
  for (int i = 0; i < 6 * 6 * 3; i++)
    g_assert_true (to[i] >= 0 && to[i] <= 1);
}

static void
test_window (void)
{
  g_autoptr (PstPicture) picture = pst_picture_new (70, 50);
  PstRandom              random;
  int                    least = 50, most = 0;

  pst_random_init (&random, 1, PST_STREAM_TEST, 0);
  for (int i = 0; i < 1000; i++)
    {
      PstWindow w = pst_picture_window (picture, &random, 40, 0.5, 2);

      g_assert_true (w.x >= 0 && w.y >= 0);
      g_assert_true (w.x + w.side <= 70 && w.y + w.side <= 50);
      least = MIN (least, w.side);
      most = MAX (most, w.side);
    }
  g_assert_cmpint (least, <, 22);
  g_assert_cmpint (most, ==, 50);
}

static void
test_noise (void)
{
  enum { SIDE = 64 };
  g_autofree float *a = g_new (float, SIDE * SIDE * 3);
  PstRandom         random;
  double            deviation;

  for (int i = 0; i < SIDE * SIDE * 3; i++)
    a[i] = 0.5f;
  g_assert_cmpfloat_with_epsilon (pst_augment_contrast (a, SIDE * SIDE), 0,
                                  1e-9);
  pst_random_init (&random, 1, PST_STREAM_TEST, 1);
  pst_augment_noise (a, SIDE, 0.1, &random);
  deviation = pst_augment_contrast (a, SIDE * SIDE);
  g_assert_true (deviation > 0.05 && deviation < 0.12);
}

static void
test_events (void)
{
  PstEvent           event = { .kind = PST_EVENT_STEP }, back;
  g_autofree char   *json = NULL, *note = NULL;
  g_autoptr (GError) error = NULL;

  event.step = 1234567890123;
  event.losses.style = 0.125;
  event.losses.real = NAN;
  json = pst_event_to_json (&event);
  g_assert_true (pst_event_parse (json, &back, &error));
  g_assert_cmpint (back.kind, ==, PST_EVENT_STEP);
  g_assert_true (back.step == event.step);
  g_assert_cmpfloat (back.losses.style, ==, 0.125);
  g_assert_true (isnan (back.losses.real));
  event.kind = PST_EVENT_NOTE;
  event.text = (char *) "“a” \"b\\c\"\n";
  note = pst_event_to_json (&event);
  g_assert_null (strchr (note, '\n'));
  g_assert_true (pst_event_parse (note, &back, &error));
  g_assert_cmpstr (back.text, ==, event.text);
  pst_event_clear (&back);
  g_assert_false (pst_event_parse ("{\"event\":\"step\"", &back, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_FORMAT);
  g_clear_error (&error);
  g_assert_false (pst_event_parse ("[1]", &back, &error));
}

/* sum of W / sigma (W) times @g as a function of the raw weight */
static double
spectral_sum (PstSpectral *s, guint i, const float *g)
{
  const PstArray *weight = s->network->weights->pdata[i];
  const float    *w = weight->tensor.data;
  double          sum = 0;

  pst_spectral_apply (s);
  for (gint64 k = 0; k < pst_tensor_count (&weight->tensor); k++)
    sum += (double) w[k] * g[k];
  return sum;
}

static void
test_spectral (void)
{
  PstRecipeDiscriminator   shape = { NULL, 1, 1, { 4 }, { 2 }, 4 };
  g_autoptr (PstSpectral)  s = NULL;
  float                    g[4 * 48], gradient[4 * 48];
  float                   *raw;
  double                   last;
  PstRandom                random;

  s = pst_spectral_new (pst_network_discriminator (&shape, 2, 1, 0), TRUE, 1,
                        0);
  raw = ((PstArray *) s->raw->pdata[0])->tensor.data;
  pst_random_init (&random, 3, PST_STREAM_TEST, 0);
  for (int i = 0; i < 4 * 48; i++)
    g[i] = gradient[i] = (float) pst_random_range (&random, -1, 1);
  pst_spectral_gradient (s, 0, gradient);
  for (int i = 0; i < 4 * 48; i += 7)
    {
      float  before = raw[i];
      double up, down;

      raw[i] = before + 1e-2f;
      up = spectral_sum (s, 0, g);
      raw[i] = before - 1e-2f;
      down = spectral_sum (s, 0, g);
      raw[i] = before;
      g_assert_cmpfloat_with_epsilon (gradient[i], (up - down) / 2e-2, 2e-2);
    }
  for (int i = 0; i < 50; i++)
    pst_spectral_update (s);
  last = s->sigma[0];
  pst_spectral_update (s);
  g_assert_cmpfloat_with_epsilon (s->sigma[0], last, 1e-5 * last);
}

static void
test_patch (void)
{
  PstRecipeDiscriminator full = { NULL, 1, 3, { 8, 8, 8 }, { 2, 2, 1 }, 4 };
  PstRecipeDiscriminator half = { NULL, 2, 1, { 8 }, { 2 }, 4 };

  /* as in section 6.2 of Isola et al.: 4 -> 7 -> 16 -> 34 */
  g_assert_cmpint (pst_network_patch (&full), ==, 34);
  g_assert_cmpint (pst_network_patch (&half), ==, 20);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/adam", test_adam);
  g_test_add_func ("/train/norm", test_norm);
  g_test_add_func ("/train/recipe/read", test_recipe);
  g_test_add_func ("/train/recipe/spectral", test_spectral_word);
  g_test_add_func ("/train/recipe/photos", test_recipe_photos);
  g_test_add_func ("/train/recipe/schedule", test_schedule);
  g_test_add_func ("/train/recipe/errors", test_recipe_errors);
  g_test_add_func ("/train/recipe/plain", test_plain);
  g_test_add_func ("/train/picture/resample", test_resample);
  g_test_add_func ("/train/picture/window", test_window);
  g_test_add_func ("/train/augment/noise", test_noise);
  g_test_add_func ("/train/events", test_events);
  g_test_add_func ("/train/spectral/gradient", test_spectral);
  g_test_add_func ("/train/networks/patch", test_patch);
  return test_run ();
}
