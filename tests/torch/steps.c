/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ten steps of training on made-up pictures, for steps.py to repeat in
 * PyTorch: writes every tensor it starts from into a folder (a manifest of
 * names and shapes, and their numbers), then prints the losses of each step.
 *
 *   steps FOLDER ADVERSARIAL-FORM STYLE-FORM
 */
#include <string.h>

#include "core/train/adversarial-step.h"
#include "tests/torch/output.h"

#define BATCH 3
#define CROP 32
#define STEPS 10

static const char text[] =
    "[model]\nwidth=4\nblocks=1\nidentity-skip=logit\n"
    "[photos]\npaths=nowhere\n"
    "[features]\nnetwork=nowhere\ncontent-layers=deep\n"
    "style-layers=shallow;deep:0.5\nstyle-form=%s\n"
    "[losses]\ncontent=1\nstyle=2\nadversarial=0.25\nvariation=0.05\n"
    "identity=10\n"
    "[discriminator full]\nchannels=8;16\nstrides=2;1\n"
    "[discriminator half]\npool=2\ngain=1.5\nchannels=8\nstrides=2\n"
    "[training]\nbatch=3\ncrop=32\nrate=1e-3\nrate-discriminator=4e-4\n"
    "adversarial-form=%s\nclip=5\n"
    "[style one]\npictures=a\n"
    "[style two]\npictures=b\nstyle=0.7\n";

/* A weight of the feature network, written out. */
static PstValue *
feature_weight (Output *to, PstGraph *graph, const char *name,
                PstShape shape)
{
  g_autoptr (PstArray) array = pst_array_new (PST_FLOAT32, &shape, TRUE);
  float               *data = array->tensor.data;

  for (gint64 i = 0; i < pst_shape_count (&shape); i++)
    data[i] = (float) pst_random_range (&to->random, -0.3, 0.3);
  output_numbers (to, name, &shape, data);
  return pst_graph_add_parameter (graph, name, array);
}

static PstValue *
feature_layer (Output *to, PstGraph *graph, PstValue *x, const char *name,
               int in, int out)
{
  g_autofree char *weight = g_strconcat (name, ".weight", NULL);
  g_autofree char *bias = g_strconcat (name, ".bias", NULL);

  x = pst_graph_op (graph, "Conv", 3, x,
                    feature_weight (to, graph, weight,
                                    PST_SHAPE (out, in, 3, 3)),
                    feature_weight (to, graph, bias, PST_SHAPE (out)));
  pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (3, 3));
  pst_node_set_ints (x->producer, "pads", PST_INTS (1, 1, 1, 1));
  return pst_graph_op (graph, "Relu", 1, x);
}

static PstFeatures *
make_features (Output *to, const PstRecipe *recipe)
{
  g_autoptr (PstGraph) graph = pst_graph_new ();
  PstShape             shape = PST_SHAPE (-1, 3, -1, -1);
  PstValue            *x;
  PstFeatures         *features;

  x = pst_graph_add_input (graph, "image", PST_FLOAT32, &shape);
  x = feature_layer (to, graph, x, "shallow", 3, 6);
  pst_graph_add_output (graph, x, "shallow");
  x = pst_graph_op (graph, "MaxPool", 1, x);
  pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (2, 2));
  pst_node_set_ints (x->producer, "strides", PST_INTS (2, 2));
  x = feature_layer (to, graph, x, "deep", 6, 8);
  pst_graph_add_output (graph, x, "deep");
  pst_graph_seal (graph);
  features = pst_features_new (graph, recipe, NULL);
  if (! features)
    g_error ("The feature network is refused");
  return features;
}

/* Smooth coloured pictures, so that losses are of the usual size. */
static void
paint (Output *to, float *pixels, int n, int side)
{
  for (int i = 0; i < n; i++)
    {
      double a = pst_random_range (&to->random, 0.1, 0.6);
      double b = pst_random_range (&to->random, 0.1, 0.6);

      for (int k = 0; k < side * side * 3; k++, pixels++)
        {
          int    x = k / 3 % side, y = k / 3 / side, c = k % 3;
          double wave = x * a + y * b * (c + 1) + i;

          *pixels = (float) (0.5 + 0.35 * ((int) wave % 2 ? 1 : -1) *
                                     (wave - (int) wave) +
                             pst_random_range (&to->random, -0.1, 0.1));
        }
    }
}

static GPtrArray *
make_moments (Output *to, PstFeatures *features, int style)
{
  g_autoptr (PstPicture) picture = pst_picture_new (48, 40);
  g_autoptr (GPtrArray)  pictures = g_ptr_array_new ();
  g_autofree float      *floats = g_new (float, 48 * 48 * 3);
  g_autofree char       *name = g_strdup_printf ("style%d", style);
  PstShape               shape = PST_SHAPE (40, 48, 3);

  paint (to, floats, 1, 48);
  pst_picture_put (picture, 0, 0, floats, 48, 40);
  pst_picture_to_floats (picture, floats);
  output_numbers (to, name, &shape, floats);
  g_ptr_array_add (pictures, picture);
  return pst_features_moments (features, pictures, NULL, NULL);
}

static void
make_players (Output *to, const PstRecipe *recipe, PstPlayers *players)
{
  players->features = make_features (to, recipe);
  players->generator = pst_network_generator (
      recipe->width, recipe->blocks, 3, recipe->epsilon, recipe->skip, 1);
  players->generator_adam = pst_adam_new (players->generator->weights, 0.5,
                                          0.999);
  output_arrays (to, "generator", players->generator->names,
                players->generator->weights);
  players->discriminators = g_ptr_array_new ();
  players->discriminator_adams = g_ptr_array_new ();
  players->moments = g_ptr_array_new ();
  for (guint i = 0; i < recipe->discriminators->len; i++)
    {
      g_autofree char *raw = g_strdup_printf ("discriminator%u", i);
      g_autofree char *left = g_strdup_printf ("left%u", i);
      g_autofree char *right = g_strdup_printf ("right%u", i);
      PstSpectral     *s;

      s = pst_spectral_new (
          pst_network_discriminator (recipe->discriminators->pdata[i], 3, 1,
                                     i),
          pst_recipe_is_spectral (recipe), 1, i);
      g_ptr_array_add (players->discriminators, s);
      g_ptr_array_add (players->discriminator_adams,
                       pst_adam_new (s->raw, 0.5, 0.999));
      output_arrays (to, raw, s->names, s->raw);
      output_arrays (to, left, s->names, s->left);
      output_arrays (to, right, s->names, s->right);
    }
  for (int i = 0; i < 2; i++)
    g_ptr_array_add (players->moments,
                     make_moments (to, players->features, i));
}

static void
run_step (Output *to, PstAdversarialStep *step, int number)
{
  gsize            n = BATCH * CROP * CROP * 3;
  g_autofree float *photos = g_new (float, n), *reals = g_new (float, n);
  g_autofree char *photo = g_strdup_printf ("photo%d", number);
  g_autofree char *real = g_strdup_printf ("real%d", number);
  PstShape         shape = PST_SHAPE (BATCH, CROP, CROP, 3);
  g_autofree char *blend = g_strdup_printf ("blend%d", number);
  PstShape         samples = PST_SHAPE (BATCH);
  float            parts[BATCH];
  PstLosses        l;

  paint (to, photos, BATCH, CROP);
  paint (to, reals, BATCH, CROP);
  output_numbers (to, photo, &shape, photos);
  output_numbers (to, real, &shape, reals);
  memcpy (pst_adversarial_step_image (step, 0), photos, n * sizeof (float));
  memcpy (pst_adversarial_step_photo (step, 0), photos, n * sizeof (float));
  memcpy (pst_adversarial_step_real (step, 0), reals, n * sizeof (float));
  for (int i = 0; i < BATCH; i++)
    {
      guint64   sample = (guint64) (number * BATCH + i);
      PstRandom random;

      pst_random_init (&random, 1, PST_STREAM_JUDGE, sample);
      parts[i] = (float) pst_random_double (&random);
      pst_adversarial_step_set_column (step, i, (i + number) % 3);
      pst_adversarial_step_set_number (step, i, sample);
    }
  output_numbers (to, blend, &samples, parts);
  if (! pst_adversarial_step_run (step, 1, &l))
    g_error ("A step was left out");
  printf ("%.9g %.9g %.9g %.9g %.9g %.9g %.9g %.9g %.9g\n", l.content, l.style,
          l.variation, l.identity, l.adversarial, l.real, l.fake, l.norm,
          l.penalty);
}

int
main (int argc, char **argv)
{
  g_autofree char               *recipe_text = NULL;
  g_autoptr (GError)             error = NULL;
  g_autoptr (PstRecipe)          recipe = NULL;
  g_autoptr (PstAdversarialStep) step = NULL;
  PstPlayers                     players = { 0 };
  Output                         to = { 0 };

  if (argc != 4)
    g_error ("usage: steps FOLDER ADVERSARIAL-FORM STYLE-FORM");
  recipe_text = g_strdup_printf (text, argv[3], argv[2]);
  recipe = pst_recipe_parse (recipe_text, ".", &error);
  if (! recipe)
    g_error ("%s", error->message);
  output_open (&to, argv[1]);
  pst_random_init (&to.random, 7, PST_STREAM_TEST, 0);
  make_players (&to, recipe, &players);
  step = pst_adversarial_step_new (recipe, pst_recipe_settings (recipe, 0),
                                   &players, NULL, 0, &error);
  if (! step)
    g_error ("%s", error->message);
  for (int i = 0; i < STEPS; i++)
    run_step (&to, step, i);
  fclose (to.manifest);
  return 0;
}
