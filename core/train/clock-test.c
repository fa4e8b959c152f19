/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time left, on a clock that these tests turn. */
#include "core/train/clock.h"

#include <math.h>

#include "core/base/test-run.h"
#include "core/train/random.h"

#define RECIPE                                                                \
  "[features]\nnetwork=none.onnx\ncontent-layers=a\nstyle-layers=b\n"         \
  "[style one]\npictures=one.jpg\n"                                           \
  "[training]\nsample-every=500\nsave-seconds=180\n"

/* A training as it is, and what the clock is told of its costs. */
typedef struct
{
  const char *name;
  const char *recipe;
  double      costs[3];   /* foretold, of a step of each phase */
  double      seconds[3]; /* of a step of each phase */
  double      sheet;
  double      save;
  double      read;       /* of a photo; a step reads four */
  double      n_reads;    /* until all are kept; 0: none ever is */
  double      error;      /* greatest of the estimates, as a share */
} Training;

static const Training trainings[] = {
  { "plain", "[training]\nsteps=10000\n",
    { 1 }, { 0.13 }, 2, 0.5, 0, 0, 0.05 },
  { "large", "[training]\nsteps=12000\n[phase a]\nfrom=9000\ncrop=256\n",
    { 1, 4 }, { 0.13, 0.54 }, 2, 0.5, 0, 0, 0.1 },
  { "phases",
    "[training]\nsteps=12000\n[phase a]\nfrom=3000\ncrop=192\nbatch=2\n"
    "[phase b]\nfrom=6000\ncrop=256\nadversarial=0\n",
    { 1, 1.125, 2.5 }, { 0.13, 0.15, 0.35 }, 2, 0.5, 0, 0, 0.15 },
  /* the steps of the first five minutes wait for photos, the others don't */
  { "photos", "[training]\nsteps=20000\n",
    { 1 }, { 0.13 }, 2, 0.5, 0.02, 6000, 0.1 },
  { "photos-forever", "[training]\nsteps=10000\n",
    { 1 }, { 0.13 }, 2, 0.5, 0.02, 0, 0.1 },
  { "sheets", "[training]\nsteps=4000\nsample-every=50\n",
    { 1 }, { 0.1 }, 8, 0.5, 0, 0, 0.1 },
  { "saves", "[training]\nsteps=10000\nsave-seconds=10\nsample-every=0\n",
    { 1 }, { 0.1 }, 0, 4, 0, 0, 0.15 },
};

typedef struct
{
  double *at;   /* [steps + 1]: when so many steps were made */
  double *said; /* what the clock said then */
} Log;

/* Photos that are read from @step on, of a training that reads @reads in all
 * or (0) four a step. */
static double
reads_left (const Training *training, const PstRecipe *recipe, gint64 step)
{
  double all = training->n_reads ? training->n_reads : 4.0 * recipe->steps;

  return MAX (MIN (all, 4.0 * recipe->steps) - 4.0 * step, 0);
}

static void
run (const Training *training, const PstRecipe *recipe, PstClock *clock,
     Log *log)
{
  PstRandom random;
  double    now = 0, saved = 0;

  pst_random_init (&random, 1, PST_STREAM_TEST, 0);
  for (gint64 step = 0; step <= recipe->steps; step++)
    {
      double seconds = 0, n;
      guint  phase = 0;

      while (phase + 1 < recipe->phases->len &&
             step >= g_array_index (recipe->phases, PstSettings,
                                    phase + 1).from)
        phase++;
      log->at[step] = now;
      log->said[step] = pst_clock_left (clock, step, recipe->steps,
                                        training->read > 0
                                          ? reads_left (training, recipe, step)
                                          : 0);
      n = reads_left (training, recipe, step) -
          reads_left (training, recipe, step + 1);
      if (training->read > 0 && n > 0)
        {
          pst_clock_read (clock, n, n * training->read);
          now += n * training->read;
        }
      seconds = training->seconds[phase] *
                pst_random_range (&random, 0.6, 1.4);
      if (step == 0)
        seconds += 2;
      pst_clock_step (clock, step, seconds);
      now += seconds;
      if (recipe->sample_every > 0 && (step + 1) % recipe->sample_every == 0)
        {
          pst_clock_task (clock, PST_CLOCK_SHEET, training->sheet);
          now += training->sheet;
        }
      if (now - saved >= recipe->save_every)
        {
          pst_clock_task (clock, PST_CLOCK_SAVE, training->save);
          saved = now;
          now += training->save;
        }
    }
}

/* From a minute on, the estimate is right within a fifth, or what the case
 * asks for, as long as there is more than a minute to go. */
static void
test_left (gconstpointer data)
{
  const Training       *training = data;
  g_autofree char      *text = g_strconcat (RECIPE, training->recipe, NULL);
  g_autoptr (PstRecipe) recipe = pst_recipe_parse (text, "/", NULL);
  g_autoptr (PstClock)  clock = NULL;
  g_autofree double    *at = g_new (double, recipe->steps + 1);
  g_autofree double    *said = g_new (double, recipe->steps + 1);
  Log                   log = { at, said };
  double                worst = 0;

  clock = pst_clock_new (recipe, training->costs, 10);
  g_assert_true (isnan (pst_clock_left (clock, 0, recipe->steps, 0)));
  run (training, recipe, clock, &log);
  for (gint64 step = 0; step < recipe->steps; step++)
    {
      double left = at[recipe->steps] - at[step];

      if (at[step] >= 60 && left >= 60)
        worst = MAX (worst, fabs (said[step] / left - 1));
    }
  g_test_message ("%.0f seconds, wrong by at most %.1f %%",
                  at[recipe->steps], 100 * worst);
  g_assert_cmpfloat (worst, <, training->error);
}

/* A machine that becomes half as fast is noticed. */
static void
test_slower (void)
{
  g_autofree char      *text = g_strconcat (RECIPE, trainings[0].recipe, NULL);
  g_autoptr (PstRecipe) recipe = pst_recipe_parse (text, "/", NULL);
  double                cost = 1;
  g_autoptr (PstClock)  clock = pst_clock_new (recipe, &cost, 0);

  for (int i = 0; i < 5000; i++)
    pst_clock_step (clock, i, 0.1);
  g_assert_cmpfloat_with_epsilon (pst_clock_left (clock, 5000, 10000, 0), 500,
                                  1);
  for (int i = 5000; i < 8000; i++)
    pst_clock_step (clock, i, 0.2);
  g_assert_cmpfloat_with_epsilon (pst_clock_left (clock, 8000, 10000, 0), 400,
                                  25);
}

/* --steps ends it sooner. */
static void
test_until (void)
{
  g_autofree char      *text = g_strconcat (RECIPE, trainings[1].recipe, NULL);
  g_autoptr (PstRecipe) recipe = pst_recipe_parse (text, "/", NULL);
  g_autoptr (PstClock)  clock = pst_clock_new (recipe, trainings[1].costs, 0);

  for (int i = 0; i < 100; i++)
    pst_clock_step (clock, i, 0.1);
  g_assert_cmpfloat_with_epsilon (pst_clock_left (clock, 100, 1100, 0), 100,
                                  1e-6);
  g_assert_cmpfloat_with_epsilon (pst_clock_left (clock, 100, 10000, 0),
                                  890 + 400, 1e-6);
  g_assert_cmpfloat_with_epsilon (pst_clock_left (clock, 100, 100, 0), 0,
                                  1e-6);
}

/* How many steps a time will do for. */
static void
test_fit (void)
{
  g_autofree char      *text = g_strconcat (RECIPE, trainings[1].recipe, NULL);
  g_autoptr (PstRecipe) recipe = pst_recipe_parse (text, "/", NULL);
  g_autoptr (PstClock)  clock = pst_clock_new (recipe, trainings[1].costs, 0);

  g_assert_cmpint (pst_clock_fit (clock, 0, 60), ==, -1);
  for (int i = 0; i < 100; i++)
    pst_clock_step (clock, i, 0.125);
  g_assert_cmpint (pst_clock_fit (clock, 100, 10.01), ==, 180);
  g_assert_cmpint (pst_clock_fit (clock, 8900, 12.51 + 5), ==, 9010);
  g_assert_cmpint (pst_clock_fit (clock, 100, 0.1), ==, 100);
  g_assert_cmpint (pst_clock_fit (clock, 100, -5), ==, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (trainings); i++)
    {
      g_autofree char *path = g_strconcat ("/clock/left/", trainings[i].name,
                                           NULL);

      g_test_add_data_func (path, &trainings[i], test_left);
    }
  g_test_add_func ("/clock/slower", test_slower);
  g_test_add_func ("/clock/until", test_until);
  g_test_add_func ("/clock/fit", test_fit);
  return test_run ();
}
