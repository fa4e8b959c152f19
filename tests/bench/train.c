/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long one step of training takes: the bundled model's networks (six
 * styles, three discriminators, a feature network of VGG-19's layout at a
 * quarter of its width) at 128 px and batch 4, on made-up pictures.
 * train.py does the same in PyTorch.
 *
 *   train [STEPS [THREADS]]
 *   train serve [THREADS]    steps on command, see serve.h
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/train/adversarial-step.h"
#include "tests/bench/serve.h"

#define STYLES 6

static const char text[] =
    "[model]\nwidth=16\nblocks=4\nidentity-skip=logit\n"
    "[photos]\npaths=nowhere\n"
    "[features]\nnetwork=nowhere\nstyle-form=covariance\n"
    "content-layers=relu4_1\n"
    "style-layers=relu1_1;relu2_1;relu3_1;relu4_1;relu5_1\n"
    "[discriminator full]\nstrides=2;2;1\n"
    "[discriminator half]\npool=2\nstrides=2;2;1\n"
    "[discriminator quarter]\npool=4\nstrides=2;1;1\n"
    "[training]\nbatch=4\ncrop=128\none-by-one=0\n"
    "[style a]\npictures=a\n[style b]\npictures=b\n[style c]\npictures=c\n"
    "[style d]\npictures=d\n[style e]\npictures=e\n[style f]\npictures=f\n";

static PstArray *
noise (PstShape shape, PstRandom *random, double bound)
{
  PstArray *array = pst_array_new (PST_FLOAT32, &shape, TRUE);
  float    *data = array->tensor.data;

  for (gint64 i = 0; i < pst_shape_count (&shape); i++)
    data[i] = (float) pst_random_range (random, -bound, bound);
  return array;
}

static PstValue *
add_layer (PstGraph *graph, PstValue *x, int in, int out, PstRandom *random)
{
  PstShape             four = PST_SHAPE (8);
  const gint64         numbers[] = { 0, 0, 1, 1, 0, 0, 1, 1 };
  g_autoptr (PstArray) pads = pst_array_new_ints (&four, numbers);
  g_autoptr (PstArray) weight = noise (PST_SHAPE (out, in, 3, 3), random,
                                       0.8 / in);
  g_autoptr (PstArray) bias = noise (PST_SHAPE (out), random, 0.1);

  x = pst_graph_op (graph, "Pad", 2, x,
                    pst_graph_add_parameter (graph, "pads", pads));
  pst_node_set_string (x->producer, "mode", "reflect");
  x = pst_graph_op (graph, "Conv", 3, x,
                    pst_graph_add_parameter (graph, "weight", weight),
                    pst_graph_add_parameter (graph, "bias", bias));
  pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (3, 3));
  return pst_graph_op (graph, "Relu", 1, x);
}

/* VGG-19 up to relu5_1 with 16 to 128 channels. */
static PstGraph *
feature_graph (PstRandom *random)
{
  static const struct
  {
    int         channels;
    const char *output;
  } layers[] = {
    { 16, "relu1_1" }, { 16, NULL }, { 0, NULL },
    { 32, "relu2_1" }, { 32, NULL }, { 0, NULL },
    { 64, "relu3_1" }, { 64, NULL }, { 64, NULL }, { 64, NULL }, { 0, NULL },
    { 128, "relu4_1" }, { 128, NULL }, { 128, NULL }, { 128, NULL },
    { 0, NULL }, { 128, "relu5_1" },
  };
  PstGraph *graph = pst_graph_new ();
  PstShape  shape = PST_SHAPE (-1, 3, -1, -1);
  PstValue *x = pst_graph_add_input (graph, "image", PST_FLOAT32, &shape);
  int       in = 3;

  for (gsize i = 0; i < G_N_ELEMENTS (layers); i++)
    {
      if (layers[i].channels)
        {
          x = add_layer (graph, x, in, layers[i].channels, random);
          in = layers[i].channels;
        }
      else
        {
          x = pst_graph_op (graph, "MaxPool", 1, x);
          pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (2, 2));
          pst_node_set_ints (x->producer, "strides", PST_INTS (2, 2));
        }
      if (layers[i].output)
        pst_graph_add_output (graph, x, layers[i].output);
    }
  pst_graph_seal (graph);
  return graph;
}

static PstPicture *
made_up (PstRandom *random)
{
  PstPicture *picture = pst_picture_new (128, 128);

  for (int i = 0; i < 128 * 128 * 3; i++)
    picture->data[i] = (guint8) pst_random_below (random, 256);
  return picture;
}

static void
make_players (const PstRecipe *recipe, PstPool *pool, PstRandom *random,
              PstPlayers *players)
{
  PstGraph  *graph = feature_graph (random);
  GPtrArray *pictures = g_ptr_array_new ();

  players->features = pst_features_new (graph, recipe, NULL);
  players->generator = pst_network_generator (
      recipe->width, recipe->blocks, STYLES + 1, 1e-5, recipe->skip, 1);
  players->generator_adam = pst_adam_new (players->generator->weights, 0.5,
                                          0.999);
  players->discriminators = g_ptr_array_new ();
  players->discriminator_adams = g_ptr_array_new ();
  players->moments = g_ptr_array_new ();
  for (guint i = 0; i < recipe->discriminators->len; i++)
    {
      PstSpectral *s;

      s = pst_spectral_new (
          pst_network_discriminator (recipe->discriminators->pdata[i],
                                     STYLES + 1, 1, i),
          pst_recipe_is_spectral (recipe), 1, i);
      g_ptr_array_add (players->discriminators, s);
      g_ptr_array_add (players->discriminator_adams,
                       pst_adam_new (s->raw, 0.5, 0.999));
    }
  g_ptr_array_add (pictures, made_up (random));
  for (int i = 0; i < STYLES; i++)
    g_ptr_array_add (players->moments,
                     pst_features_moments (players->features, pictures, pool,
                                           NULL));
}

static void
one_step (PstAdversarialStep *step, const PstSettings *settings, int number,
          PstRandom *random)
{
  int       n = settings->crop * settings->crop * 3;
  PstLosses losses;

  for (int i = 0; i < settings->batch; i++)
    {
      float *to[] = { pst_adversarial_step_image (step, i),
                      pst_adversarial_step_photo (step, i),
                      pst_adversarial_step_real (step, i) };

      pst_adversarial_step_set_column (step, i, 1 + (number + i) % STYLES);
      for (int k = 0; k < 3; k++)
        for (int j = 0; j < n; j++)
          to[k][j] = (float) pst_random_double (random);
    }
  pst_adversarial_step_run (step, 1, &losses);
}

typedef struct
{
  PstAdversarialStep *step;
  const PstSettings  *settings;
  PstRandom           random;
  int                 number;
} Training;

static double
pass (gpointer data)
{
  Training *training = data;
  double    begin = bench_now ();

  one_step (training->step, training->settings, training->number++,
            &training->random);
  return bench_now () - begin;
}

/* Everything lives as long as the process. */
static void
training_make (Training *training, guint n_threads)
{
  g_autoptr (GError) error = NULL;
  PstRecipe         *recipe = pst_recipe_parse (text, ".", &error);
  PstPool           *pool = pst_pool_new (n_threads);
  PstPlayers         players = { 0 };

  if (! recipe)
    g_error ("%s", error->message);
  pst_random_init (&training->random, 1, PST_STREAM_TEST, 0);
  make_players (recipe, pool, &training->random, &players);
  training->settings = pst_recipe_settings (recipe, 0);
  training->step = pst_adversarial_step_new (recipe, training->settings,
                                             &players, pool, 0, &error);
  if (! training->step)
    g_error ("%s", error->message);
}

static double
cpu_now (void)
{
  return (double) clock () / CLOCKS_PER_SEC;
}

static void
time_steps (Training *training, int n_steps, guint n_threads)
{
  double wall, cpu, fastest = G_MAXDOUBLE;

  pass (training);
  wall = bench_now ();
  cpu = cpu_now ();
  for (int i = 0; i < n_steps; i++)
    {
      double before = cpu_now ();

      pass (training);
      fastest = MIN (fastest, cpu_now () - before);
    }
  wall = (bench_now () - wall) / n_steps;
  cpu = (cpu_now () - cpu) / n_steps;
  printf ("pastiche: %.3f s a step (%.4f s of processor time, %.4f at least), "
          "%.0f pictures an hour, %u threads\n",
          wall, cpu, fastest, 3600 / wall * 4, n_threads);
}

int
main (int argc, char **argv)
{
  gboolean     serve = argc > 1 && g_str_equal (argv[1], "serve");
  int          n_steps = argc > 1 ? atoi (argv[1]) : 20;
  guint        n_threads = argc > 2 ? (guint) atoi (argv[2]) : 1;
  Training     training = { 0 };
  BenchService service = { .made = "", .pass = pass };

  service.before = bench_status ("VmRSS:");
  training_make (&training, n_threads);
  if (serve)
    bench_serve (&service, &training, NULL);
  else
    time_steps (&training, MAX (1, n_steps), n_threads);
  return 0;
}
