/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trainings that go wrong on purpose. */
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/test-run.h"
#include "core/onnx/onnx.h"
#include "core/train/trainer-fixture.h"

#define GUARD "[training]\nguard-steps=4\nguard-tries=2\nreplay=2\n"
#define FLAT GUARD "rate=0\nflat-pictures=3\n"
#define OFF "[training]\nguard-steps=0\n"

typedef struct
{
  int    n;    /* times gone back */
  gint64 step; /* that the last one went to */
  double rate;
  char  *text; /* what was said */
} Told;

static void
listen (const PstEvent *event, gpointer data)
{
  Told *told = data;

  if (event->kind != PST_EVENT_ROLLBACK)
    return;
  told->n++;
  told->step = event->step;
  told->rate = event->rate;
  g_free (told->text);
  told->text = g_strdup (event->text);
}

static void
told_clear (Told *told)
{
  g_free (told->text);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Told, told_clear)

static float *
weight (PstTrainer *trainer)
{
  PstArray *array = trainer->players.generator->weights->pdata[0];

  return array->tensor.data;
}

/* Steps until it goes back; FALSE with the error where it gives up. */
static gboolean
until_back (PstTrainer *trainer, GError **error)
{
  for (int i = 0; i < 100; i++)
    {
      gint64    before = trainer->n_steps;
      PstLosses losses;

      if (! pst_trainer_step (trainer, &losses, error))
        return FALSE;
      if (trainer->n_steps <= before)
        return TRUE;
    }
  g_error ("Nobody has noticed");
  return FALSE;
}

/* The state of the last multiple of 4 steps, with half the rate. */
static void
test_not_finite (Fixture *f, gconstpointer data)
{
  g_auto (Told)          told = { 0 };
  g_autoptr (PstTrainer) good = fixture_make (f, 1, NULL, NULL);
  g_autoptr (PstTrainer) bad = fixture_make (f, 1, listen, &told);
  g_autoptr (GError)     error = NULL;

  fixture_steps (good, 4);
  pst_replay_clear (good->players.replay);
  fixture_steps (bad, 6);
  weight (bad)[0] = NAN;
  g_assert_true (until_back (bad, &error));
  g_assert_no_error (error);
  g_assert_cmpint (told.n, ==, 1);
  g_assert_cmpint (told.step, ==, 4);
  g_assert_cmpfloat_with_epsilon (told.rate, 1.5e-3, 1e-9);
  g_assert_nonnull (strstr (told.text, "Back to step 4"));
  fixture_assert_same (good, bad);
  good->caution.rate = 0.5;
  fixture_steps (good, 9);
  fixture_steps (bad, 9);
  fixture_assert_same (good, bad);
  g_assert_cmpint (told.n, ==, 1);
}

/* A discriminator's numbers are looked after, too. */
static void
test_discriminator (Fixture *f, gconstpointer data)
{
  g_auto (Told)          told = { 0 };
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, listen, &told);
  g_autoptr (GError)     error = NULL;
  PstAdam               *adam;

  fixture_steps (trainer, 5);
  adam = trainer->players.discriminator_adams->pdata[1];
  ((float *) ((PstArray *) adam->second->pdata[0])->tensor.data)[3] = INFINITY;
  g_assert_true (until_back (trainer, &error));
  g_assert_cmpint (told.step, ==, 4);
  g_assert_true (isfinite (
    ((float *) ((PstArray *) adam->second->pdata[0])->tensor.data)[3]));
  g_assert_cmpint (adam->t, ==, 4);
}

static void
test_gives_up (Fixture *f, gconstpointer data)
{
  g_auto (Told)          told = { 0 };
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, listen, &told);
  g_autoptr (GError)     error = NULL;

  fixture_steps (trainer, 1);
  for (int i = 0; i < 2; i++)
    {
      weight (trainer)[0] = NAN;
      g_assert_true (until_back (trainer, &error));
      g_assert_cmpint (trainer->n_steps, ==, 0);
    }
  weight (trainer)[0] = NAN;
  g_assert_false (until_back (trainer, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_DIVERGED);
  g_assert_nonnull (strstr (error->message, "went back 2 times"));
  g_assert_cmpint (told.n, ==, 2);
}

static void
test_off (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, NULL, NULL);
  g_autoptr (GError)     error = NULL;

  fixture_steps (trainer, 5);
  weight (trainer)[0] = NAN;
  g_assert_false (until_back (trainer, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_DIVERGED);
  g_assert_cmpint (trainer->n_steps, <, 20);
}

/* Without weights in its last layer all that it paints is one colour. */
static void
test_flat (Fixture *f, gconstpointer data)
{
  g_auto (Told)          told = { 0 };
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, listen, &told);
  g_autoptr (GError)     error = NULL;
  GPtrArray             *weights = trainer->players.generator->weights;
  PstArray              *last = weights->pdata[weights->len - 2];
  float                  before;

  g_assert_cmpint (last->tensor.shape.rank, ==, 4);
  fixture_steps (trainer, 5);
  before = ((float *) last->tensor.data)[0];
  memset (last->tensor.data, 0, pst_tensor_bytes (&last->tensor));
  g_assert_true (until_back (trainer, &error));
  g_assert_cmpint (told.step, ==, 4);
  g_assert_nonnull (strstr (told.text, "flat"));
  g_assert_cmpfloat (((float *) last->tensor.data)[0], ==, before);
  fixture_steps (trainer, 10);
  g_assert_cmpint (told.n, ==, 1);
}

/* What a rollback left behind is in the checkpoint. */
static void
test_resume (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) straight = fixture_make (f, 1, NULL, NULL);
  g_autoptr (PstTrainer) resumed = fixture_make (f, 1, NULL, NULL);
  g_autofree char       *path = pst_trainer_checkpoint_path (f->out);
  g_autoptr (GError)     error = NULL;

  fixture_steps (straight, 5);
  weight (straight)[0] = NAN;
  g_assert_true (until_back (straight, &error));
  fixture_steps (straight, 2);
  g_assert_true (pst_trainer_save (straight, f->out, &error));
  g_assert_true (pst_trainer_resume (resumed, path, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat (resumed->caution.rate, ==, 0.5);
  g_assert_cmpint (resumed->caution.n_back, ==, 1);
  for (int i = 0; i < 2; i++) /* the second time with another rollback */
    {
      fixture_steps (straight, 5);
      fixture_steps (resumed, 5);
      fixture_assert_same (straight, resumed);
      weight (straight)[0] = weight (resumed)[0] = NAN;
      g_assert_true (until_back (straight, &error) == (i == 0));
      g_assert_true (until_back (resumed, NULL) == (i == 0));
    }
}

/* A recipe that was changed begins with a clean slate. */
static void
test_new_recipe (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) first = fixture_make (f, 1, NULL, NULL);
  g_autoptr (PstTrainer) second = NULL;
  g_autoptr (PstRecipe)  recipe = NULL;
  g_autofree char       *path = pst_trainer_checkpoint_path (f->out);
  g_autoptr (GError)     error = NULL;

  first->caution.rate = 0.25;
  first->caution.n_back = 2;
  g_assert_true (pst_trainer_save (first, f->out, &error));
  recipe = pst_recipe_parse (FIXTURE_RECIPE "[training]\nrate=1e-3\n",
                             f->folder, &error);
  second = pst_trainer_new (recipe, &f->host, 1, NULL, NULL, &error);
  g_assert_true (pst_trainer_resume (second, path, &error));
  g_assert_cmpfloat (second->caution.rate, ==, 1);
  g_assert_cmpint (second->caution.n_back, ==, 0);
}

static gboolean
check_finite (const char *name, PstArray *array, gpointer data,
              GError **error)
{
  for (gint64 i = 0; i < pst_tensor_count (&array->tensor); i++)
    g_assert_true (isfinite (pst_tensor_get (&array->tensor, i)));
  return TRUE;
}

/* Neither the checkpoint nor the model gets numbers that are none. */
static void
test_save (Fixture *f, gconstpointer data)
{
  g_auto (Told)          told = { 0 };
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, listen, &told);
  g_autoptr (PstTrainer) other = fixture_make (f, 1, NULL, NULL);
  g_autofree char       *path = pst_trainer_checkpoint_path (f->out);
  g_autoptr (GError)     error = NULL;

  fixture_steps (trainer, 6);
  weight (trainer)[0] = NAN;
  g_assert_true (pst_trainer_save (trainer, f->out, &error));
  g_assert_cmpint (told.n, ==, 1);
  g_assert_true (pst_trainer_resume (other, path, &error));
  g_assert_cmpint (other->n_steps, ==, 4);
  pst_checkpoint_visit (other, check_finite, NULL, NULL);
}

/* A training that must go back at its very end does not end there. */
static void
test_end (Fixture *f, gconstpointer data)
{
  g_auto (Told)          told = { 0 };
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, listen, &told);
  g_autoptr (GError)     error = NULL;
  PstTrainerOptions      options = { f->out, 6, NULL };

  fixture_steps (trainer, 5);
  weight (trainer)[0] = NAN;
  g_assert_true (pst_trainer_run (trainer, &options, &error));
  g_assert_no_error (error);
  g_assert_cmpint (told.n, ==, 1);
  g_assert_cmpint (trainer->n_steps, ==, 6);
  g_assert_true (isfinite (weight (trainer)[0]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, text, func)                                                 \
  g_test_add ("/guard/" name, Fixture, text, fixture_set_up, func,            \
              fixture_tear_down)
  ADD ("not-finite", GUARD, test_not_finite);
  ADD ("discriminator", GUARD, test_discriminator);
  ADD ("gives-up", GUARD, test_gives_up);
  ADD ("off", OFF, test_off);
  ADD ("flat", FLAT, test_flat);
  ADD ("resume", GUARD, test_resume);
  ADD ("new-recipe", GUARD, test_new_recipe);
  ADD ("save", GUARD, test_save);
  ADD ("end", GUARD, test_end);
#undef ADD
  return test_run ();
}
