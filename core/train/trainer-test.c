/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole trainings with tiny networks on made-up pictures. */
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/base/test-run.h"
#include "core/graph/plan.h"
#include "core/onnx/onnx.h"
#include "core/train/trainer-fixture.h"

#define REPLAY "[training]\nreplay=3\n"
#define SKIP "[training]\nbalance=skip\nbalance-target=0.6\n"
#define SCALE "[training]\nbalance=scale\nbalance-target=0.5\n"
#define PATCHES                                                               \
  "[losses]\npatches=1\n[patches]\nscales=1;2:0.5\nprojections=16\n"
#define TOGETHER "pool=batch\nform=absolute\n"
#define PLAIN                                                                 \
  "[features]\nnetwork=none\ncontent-layers=luminance1;encoder:0.5\n"       \
  "style-layers=random3;random7;random14\n"
#define WGAN "[training]\nadversarial-form=wgan-gp\n"

static void
test_resume (Fixture *f, gconstpointer data)
{
  PstLosses a, b;

  fixture_assert_resumes (f, 1, &a, &b);
  g_assert_true (a.style == b.style && a.norm == b.norm);
}

/* Discriminators that are better than the target are held back, and so stay
 * near it. */
static void
test_balance (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, NULL, NULL);
  double                 sum = 0, least = 1, most = 0;
  gint64                 before = 0;

  for (int i = 0; i < 150; i++)
    {
      PstAdam  *adam = trainer->players.discriminator_adams->pdata[0];
      PstLosses losses;

      before = adam->t;
      losses = fixture_steps (trainer, 1);
      if (! isfinite (losses.balance))
        continue;
      least = MIN (least, losses.balance);
      most = MAX (most, losses.balance);
      g_assert_cmpint (adam->t, <=, before + 1);
      if (losses.balance == 0)
        g_assert_cmpint (adam->t, ==, before);
      if (i >= 100)
        sum += losses.success / 50;
    }
  g_test_message ("balance %g to %g, success %g", least, most, sum);
  g_assert_cmpfloat (least, <, 0.7);
  g_assert_cmpfloat (most, >, 0.9);
  g_assert_cmpfloat (sum, >, 0.5);
  g_assert_cmpfloat (sum, <, 0.95);
}

/* What each discriminator says adds up to the whole; no other says a word. */
static void
test_judged (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, NULL, NULL);

  for (int i = 0; i < 8; i++)
    {
      PstLosses  losses = fixture_steps (trainer, 1);
      PstJudged *judged = losses.judged;

      if (! isfinite (losses.real))
        continue;
      g_assert_cmpfloat_with_epsilon (judged[0].adversarial +
                                        judged[1].adversarial,
                                      losses.adversarial, 1e-6);
      g_assert_cmpfloat_with_epsilon (judged[0].real + judged[1].real,
                                      losses.real, 1e-6);
      g_assert_cmpfloat_with_epsilon (judged[0].fake + judged[1].fake,
                                      losses.fake, 1e-6);
      g_assert_true (judged[0].fake != judged[1].fake);
      g_assert_true (isnan (judged[2].adversarial) && isnan (judged[2].real) &&
                     isnan (judged[2].fake));
    }
}

static void
test_threads (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) one = fixture_make (f, 1, NULL, NULL);
  g_autoptr (PstTrainer) three = fixture_make (f, 3, NULL, NULL);

  fixture_steps (one, 3);
  fixture_steps (three, 3);
  fixture_assert_same (one, three);
}

/* Mean style loss over @n steps. */
static double
mean_style (PstTrainer *trainer, int n, double *judged)
{
  double sum = 0, judge = 0;
  int    count = 0;

  for (int i = 0; i < n; i++)
    {
      PstLosses losses = fixture_steps (trainer, 1);

      if (! isfinite (losses.style))
        continue;
      sum += losses.style;
      judge += losses.real + losses.fake;
      count++;
    }
  *judged = judge / count;
  return sum / count;
}

static void
test_falls (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, NULL, NULL);
  double                 begin, end, first, last;

  begin = mean_style (trainer, 15, &first);
  fixture_steps (trainer, 150);
  end = mean_style (trainer, 15, &last);
  g_test_message ("style %g -> %g, judged %g -> %g", begin, end, first, last);
  g_assert_cmpfloat (end, <, 0.7 * begin);
  g_assert_cmpfloat (last, <, first);
}

/* The encoder looks through the averaged weights as they are now. */
static void
test_encoder (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, NULL, NULL);
  PstNetwork            *encoder = trainer->players.encoder;
  GPtrArray             *all = trainer->average->weights;

  g_assert_nonnull (encoder);
  g_assert_cmpfloat (f->recipe->encoder, ==, 0.5);
  g_assert_cmpint (f->recipe->n_content, ==, 1);
  g_assert_cmpuint (encoder->weights->len, ==, 9); /* three, and norms */
  for (guint i = 0; i < encoder->weights->len; i++)
    {
      g_assert_true (g_ptr_array_find (all, encoder->weights->pdata[i], NULL));
      g_assert_false (g_ptr_array_find (trainer->players.generator->weights,
                                        encoder->weights->pdata[i], NULL));
    }
  g_assert_cmpfloat (fixture_steps (trainer, 1).content, >, 0);
}

static void
test_patches_fall (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, NULL, NULL);
  double                 begin, end;

  begin = fixture_steps (trainer, 1).patches;
  end = fixture_steps (trainer, 150).patches;
  g_test_message ("patches %g -> %g", begin, end);
  g_assert_cmpfloat (end, <, 0.7 * begin);
}

static void
test_diverged (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, NULL, NULL);
  g_autoptr (GError)     error = NULL;
  PstArray              *weight = trainer->players.generator->weights->pdata[0];
  PstLosses              losses;
  int                    n = 0;

  ((float *) weight->tensor.data)[0] = NAN;
  while (n < 100 && pst_trainer_step (trainer, &losses, &error))
    n++;
  g_assert_error (error, PST_ERROR, PST_ERROR_DIVERGED);
  g_assert_cmpint (n, <, 20);
}

typedef struct
{
  GCancellable *cancellable;
  gint64        at;
  int           n[PST_EVENT_END + 1];
} Listener;

static void
listen (const PstEvent *event, gpointer data)
{
  Listener *listener = data;

  listener->n[event->kind]++;
  if (event->kind == PST_EVENT_SAMPLE && event->step >= listener->at)
    g_cancellable_cancel (listener->cancellable);
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GHashTable)   metadata = NULL;
  g_autoptr (PstTrainer)   trainer = NULL;
  g_autoptr (PstGraph)     model = NULL;
  Listener                 listener = { cancellable, 8, { 0 } };
  PstTrainerOptions        options = { f->out, 0, cancellable };
  GError                  *error = NULL;

  trainer = pst_trainer_new (f->recipe, &f->host, 1, listen, &listener,
                             &error);
  g_assert_no_error (error);
  g_assert_true (pst_trainer_run (trainer, &options, &error));
  g_assert_no_error (error);
  g_assert_cmpint (pst_trainer_get_step (trainer), ==, 8);
  g_assert_cmpint (listener.n[PST_EVENT_START], ==, 1);
  g_assert_cmpint (listener.n[PST_EVENT_SAMPLE], ==, 2);
  g_assert_cmpint (listener.n[PST_EVENT_CHECKPOINT], ==, 1);
  g_assert_cmpint (listener.n[PST_EVENT_END], ==, 1);
  model = pst_onnx_load (f->out, &error);
  g_assert_no_error (error);
  g_assert_cmpint (pst_graph_get_inputs (model)->len, ==, 2);
  g_assert_cmpstr (pst_graph_get_metadata (model, "pastiche.style.1.credit"),
                   ==, "Nobody");
  g_assert_cmpstr (pst_graph_get_metadata (model, "pastiche.recipe"), ==,
                   FIXTURE_RECIPE);
}

static void
test_wrong_checkpoint (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, NULL, NULL);
  g_autoptr (GError)     error = NULL;
  g_autofree char       *features = NULL;

  g_assert_true (pst_trainer_save (trainer, f->out, NULL));
  g_assert_false (pst_trainer_resume (trainer, f->out, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_FORMAT);
  g_clear_error (&error);
  features = g_build_filename (f->folder, "missing.onnx", NULL);
  g_assert_false (pst_trainer_resume (trainer, features, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_FILE);
}

static void
test_phases (Fixture *f, gconstpointer data)
{
  g_autofree char       *text = NULL;
  g_autoptr (PstTrainer) trainer = NULL;

  text = g_strconcat (FIXTURE_RECIPE, "[phase large]\nfrom=2\ncrop=48\nbatch=1\n"
                              "adversarial=0\n", NULL);
  pst_recipe_free (f->recipe);
  f->recipe = pst_recipe_parse (text, f->folder, NULL);
  trainer = fixture_make (f, 1, NULL, NULL);
  fixture_steps (trainer, 2);
  g_assert_cmpint (trainer->settings->crop, ==, 32);
  fixture_steps (trainer, 1);
  g_assert_cmpint (trainer->settings->crop, ==, 48);
  g_assert_null (pst_adversarial_step_real (trainer->step, 0));
}

static void
parse (Fixture *f, const char *more)
{
  g_autofree char *text = g_strconcat (FIXTURE_RECIPE, more, NULL);

  pst_recipe_free (f->recipe);
  f->recipe = pst_recipe_parse (text, f->folder, NULL);
}

/* Phases to come are known before they come. */
static void
test_forecast (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = NULL;
  double                 costs[3];
  guint64                memory, first;

  parse (f, "[phase large]\nfrom=2\ncrop=64\n[phase small]\nfrom=4\n"
            "crop=64\nadversarial=0\n");
  trainer = fixture_make (f, 1, NULL, NULL);
  g_assert_true (pst_trainer_forecast (trainer, 2, costs, &first, NULL));
  g_assert_true (pst_trainer_forecast (trainer, 10, costs, &memory, NULL));
  g_assert_cmpfloat (costs[1] / costs[0], >, 3.5);
  g_assert_cmpfloat (costs[1] / costs[0], <, 4.5);
  g_assert_cmpfloat (costs[2], <, 0.9 * costs[1]);
  fixture_steps (trainer, 3);
  g_assert_cmpint (pst_adversarial_step_get_memory (trainer->step), ==,
                   memory);
  g_assert_cmpfloat ((double) first, <, 0.6 * (double) memory);
}

static void
count (const PstEvent *event, gpointer data)
{
  (*(int *) data)++;
}

/* A phase that won't fit ends a training before it begins, unless it is never
 * reached. */
static void
test_too_large (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = NULL;
  g_autoptr (GError)     error = NULL;
  PstTrainerOptions      options = { f->out, 0, NULL };
  int                    n = 0;

  parse (f, "[phase huge]\nfrom=500\ncrop=2048\nbatch=256\n");
  trainer = fixture_make (f, 1, count, &n);
  g_assert_false (pst_trainer_run (trainer, &options, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_MEMORY);
  g_assert_nonnull (strstr (error->message, "From step 500 on: "));
  g_assert_cmpint (n, ==, 0);
  options.until = 3;
  g_assert_true (pst_trainer_run (trainer, &options, NULL));
}

/* What photos will take is not for steps. */
static void
test_budget (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = NULL;
  double                 all;

  parse (f, "[photos]\npaths=synthetic\nsynthetic-pictures=1000000\n"
            "cache-megabytes=1000000\n");
  trainer = fixture_make (f, 1, NULL, NULL);
  all = (double) pst_memory_available ();
  g_assert_cmpfloat (pst_trainer_budget (trainer), <, 0.85 * all);
  g_assert_cmpfloat (pst_trainer_budget (trainer), >, 0.65 * all);
}

static void
test_refused (Fixture *f, gconstpointer data)
{
  static const char *const cases[][3] = {
    /* what, by what, a word of the message */
    { "content-layers=deep", "content-layers=deeper", "shallow, deep" },
    { "pictures=two.jpg", "pictures=three.jpg", "[style two]" },
    { "paths=photos", "paths=nothing", "no photos" },
    { "network=net.onnx", "network=one.jpg", "one.jpg" },
    { "adversarial=0.1", "adversarial=0.1\npatches=1\n[patches]\nscales=8\n",
      "1/8 of its size" },
    { "channels=8;8\nstrides=2;1", "channels=8;8;8\nstrides=4;2;2",
      "[discriminator full]" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (GStrv)         parts = g_strsplit (FIXTURE_RECIPE, cases[i][0], 2);
      g_autofree char       *text = g_strjoinv (cases[i][1], parts);
      g_autoptr (PstRecipe)  recipe = NULL;
      g_autoptr (PstTrainer) trainer = NULL;
      g_autoptr (GError)     error = NULL;

      recipe = pst_recipe_parse (text, f->folder, &error);
      g_assert_no_error (error);
      trainer = pst_trainer_new (recipe, &f->host, 1, NULL, NULL, &error);
      g_assert_null (trainer);
      g_assert_nonnull (error);
      if (! strstr (error->message, cases[i][2]))
        g_error ("“%s” does not name “%s”", error->message, cases[i][2]);
    }
}

/* What the model at @path makes of a ramp in the last of its @n_styles. */
static PstArray *
paint (const char *path, int n_styles)
{
  GError               *error = NULL;
  g_autoptr (PstGraph)  graph = pst_onnx_load (path, &error);
  g_autoptr (PstPlan)   plan = NULL;
  g_autoptr (PstRun)    run = NULL;
  PstShape              shapes[] = { PST_SHAPE (1, 3, 16, 20),
                                     PST_SHAPE (1, n_styles) };
  PstPlanOptions        options = { .input_shapes = shapes, .n_workers = 1 };
  PstArray             *result;

  g_assert_no_error (error);
  plan = pst_plan_new (graph, &options, &error);
  g_assert_no_error (error);
  run = pst_run_new (plan, NULL, &error);
  for (int i = 0; i < 960; i++)
    ((float *) pst_run_get_input (run, 0)->data)[i] = (float) i / 960.0f;
  for (int i = 0; i < n_styles; i++)
    pst_tensor_set (pst_run_get_input (run, 1), i, i == n_styles - 1);
  g_assert_true (pst_run_forward (run, NULL, NULL, NULL, &error));
  result = pst_array_new (PST_FLOAT32, &shapes[0], TRUE);
  pst_tensor_copy (&result->tensor, pst_run_get_output (run, 0));
  return result;
}

/* A style that is not shown is not in the file; the others are unchanged. */
static void
test_shown (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, NULL, NULL);
  g_autoptr (PstArray)   a = NULL, b = NULL;
  g_autoptr (PstGraph)   graph = NULL;

  fixture_steps (trainer, 3);
  g_assert_true (pst_export_model (trainer, f->out, NULL));
  a = paint (f->out, 3);
  ((PstRecipeStyle *) f->recipe->styles->pdata[0])->shown = 0;
  g_assert_true (pst_export_model (trainer, f->out, NULL));
  b = paint (f->out, 2);
  g_assert_cmpmem (a->tensor.data, pst_tensor_bytes (&a->tensor),
                   b->tensor.data, pst_tensor_bytes (&b->tensor));
  graph = pst_onnx_load (f->out, NULL);
  g_assert_cmpstr (pst_graph_get_metadata (graph, "pastiche.style.1.id"), ==,
                   "two");
  g_assert_null (pst_graph_get_metadata (graph, "pastiche.style.2.id"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD_WITH(name, text, func)                                            \
  g_test_add ("/trainer/" name, Fixture, text, fixture_set_up, func,          \
              fixture_tear_down)
#define ADD(name, func) ADD_WITH (name, NULL, func)
  ADD ("resume", test_resume);
  ADD ("judged", test_judged);
  ADD ("threads", test_threads);
  ADD ("falls", test_falls);
  ADD ("diverged", test_diverged);
  ADD ("cancel", test_cancel);
  ADD ("wrong-checkpoint", test_wrong_checkpoint);
  ADD ("phases", test_phases);
  ADD ("forecast", test_forecast);
  ADD ("too-large", test_too_large);
  ADD ("budget", test_budget);
  ADD ("refused", test_refused);
  ADD ("shown", test_shown);
  ADD_WITH ("balance/skip", SKIP, test_balance);
  ADD_WITH ("balance/scale", SCALE, test_balance);
  ADD_WITH ("balance/resume", SCALE, test_resume);
  ADD_WITH ("replay/resume", REPLAY, test_resume);
  ADD_WITH ("replay/threads", WGAN REPLAY, test_threads);
  ADD_WITH ("patches/resume", PATCHES, test_resume);
  ADD_WITH ("patches/threads", PATCHES TOGETHER, test_threads);
  ADD_WITH ("patches/falls", PATCHES TOGETHER, test_patches_fall);
  ADD_WITH ("plain/encoder", PLAIN, test_encoder);
  ADD_WITH ("plain/resume", PLAIN, test_resume);
  ADD_WITH ("plain/falls", PLAIN, test_falls);
  ADD_WITH ("wgan/resume", WGAN, test_resume);
  ADD_WITH ("wgan/threads", WGAN, test_threads);
  ADD_WITH ("wgan/falls", WGAN "[losses]\nadversarial=0.01\n", test_falls);
#undef ADD
#undef ADD_WITH
  return test_run ();
}
