/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Samples between two styles, and between a style and the photo. */
#include <math.h>
#include <string.h>

#include "core/base/test-run.h"
#include "core/graph/plan.h"
#include "core/train/adversarial-private.h"
#include "core/train/losses.h"
#include "core/train/trainer-fixture.h"

/* Nothing moves, so that steps can be compared. */
#define STILL                                                                 \
  "[training]\nblend-share=0.5\nrate=0\nrate-discriminator=0\n"               \
  "one-by-one=0\n"                                                            \
  "[losses]\nsaturation=0.1\n[style one]\ncontent=2\nstyle=3\n"               \
  "[style two]\nadversarial=0.5\n"

static void
fill (PstTrainer *trainer, int i)
{
  gsize     n = (gsize) 3 * trainer->settings->crop * trainer->settings->crop;
  float    *image = pst_adversarial_step_image (trainer->step, i);
  float    *real = pst_adversarial_step_real (trainer->step, i);
  PstRandom random;

  pst_random_init (&random, 5, PST_STREAM_TEST, 0); /* all alike */
  for (gsize k = 0; k < n; k++)
    image[k] = (float) pst_random_double (&random);
  memcpy (pst_adversarial_step_photo (trainer->step, i), image, n * 4);
  memcpy (real, image, n * 4);
}

/* Takes a step; a run overwrites its inputs. */
static void
run (PstTrainer *trainer, PstLosses *losses)
{
  for (int i = 0; i < 2; i++)
    fill (trainer, i);
  g_assert_true (pst_adversarial_step_run (trainer->step, 1, losses));
}

static double
loss_of (PstTrainer *trainer, guint term, int i)
{
  PstRun *run = trainer->step->g_run;

  return ((const float *) pst_run_get_output (run, 1 + term)->data)[i];
}

static double
seed_of (PstTrainer *trainer, guint term, int i)
{
  return ((float *) pst_run_get_seed (trainer->step->g_run, term)->data)[i];
}

static PstTermKind
kind_of (PstTrainer *trainer, guint term)
{
  return g_array_index (trainer->step->terms, PstTerm, term).kind;
}

/* None of one style and all of it are that style or the other. */
static void
test_ends (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, NULL, NULL);
  PstLosses              losses;

  for (int end = 0; end <= 1; end++)
    {
      pst_adversarial_step_set_column (trainer->step, 0, end ? 2 : 1);
      pst_adversarial_step_set_blend (trainer->step, 1, 1, 2, end);
      g_assert_cmpint (pst_adversarial_step_get_column (trainer->step, 1), ==,
                       0);
      run (trainer, &losses);
      for (guint k = 0; k < trainer->step->terms->len; k++)
        {
          double value = loss_of (trainer, k, 0);

          g_assert_cmpfloat_with_epsilon (loss_of (trainer, k, 1), value,
                                          1e-6 + 1e-5 * fabs (value));
          g_assert_cmpfloat_with_epsilon (seed_of (trainer, k, 1),
                                          seed_of (trainer, k, 0), 1e-7);
        }
      g_assert_true (isnan (losses.identity)); /* a blend is no identity */
      g_assert_true (isfinite (losses.style));
      g_assert_true (isfinite (losses.fake)); /* of the other sample */
    }
}

/* Both become what is halfway between them. */
static void
meet (GPtrArray *first, GPtrArray *second)
{
  for (guint k = 0; k < first->len; k++)
    {
      PstTensor *a = &((PstArray *) first->pdata[k])->tensor;
      PstTensor *b = &((PstArray *) second->pdata[k])->tensor;
      float     *x = a->data, *y = b->data;

      for (gint64 i = 0; i < pst_tensor_count (a); i++)
        x[i] = y[i] = (x[i] + y[i]) / 2;
    }
}

/* Halfway it is weighed and aimed halfway. */
static void
test_half (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, NULL, NULL);
  GPtrArray             *moments = trainer->players.moments;
  double                 weights[2][32], before[32];
  PstLosses              losses;

  for (int column = 1; column <= 2; column++)
    {
      pst_adversarial_step_set_column (trainer->step, 0, column);
      pst_adversarial_step_set_column (trainer->step, 1, column);
      run (trainer, &losses);
      for (guint k = 0; k < trainer->step->terms->len; k++)
        weights[column - 1][k] = seed_of (trainer, k, 0);
    }
  pst_adversarial_step_set_blend (trainer->step, 0, 1, 2, 0.5);
  run (trainer, &losses);
  for (guint k = 0; k < trainer->step->terms->len; k++)
    g_assert_cmpfloat_with_epsilon (seed_of (trainer, k, 0),
                                    (weights[0][k] + weights[1][k]) / 2, 1e-7);
  for (guint k = 0; k < trainer->step->terms->len; k++)
    before[k] = loss_of (trainer, k, 0);
  meet (moments->pdata[0], moments->pdata[1]);
  run (trainer, &losses);
  for (guint k = 0; k < trainer->step->terms->len; k++)
    if (kind_of (trainer, k) == PST_TERM_STYLE)
      g_assert_cmpfloat_with_epsilon (loss_of (trainer, k, 0), before[k],
                                      1e-5 * (1 + fabs (before[k])));
}

/* All the way to the photo the aim is the photo's own moments: what is already
 * like the photo has no loss. */
static void
test_photo (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, NULL, NULL);
  float                  made[3 * 32 * 32];
  PstLosses              losses;
  gboolean               any = FALSE;

  for (int i = 0; i < 2; i++)
    pst_adversarial_step_set_blend (trainer->step, i, 2, 0, 1);
  run (trainer, &losses);
  memcpy (made, pst_adversarial_step_pastiche (trainer->step, 0),
          sizeof made);
  for (int i = 0; i < 2; i++)
    fill (trainer, i);
  memcpy (pst_adversarial_step_photo (trainer->step, 0), made, sizeof made);
  g_assert_true (pst_adversarial_step_run (trainer->step, 1, &losses));
  for (guint k = 0; k < trainer->step->terms->len; k++)
    switch (kind_of (trainer, k))
      {
      case PST_TERM_STYLE:
        g_assert_cmpfloat (loss_of (trainer, k, 0), <, 1e-8);
        g_assert_cmpfloat (loss_of (trainer, k, 1), >, 1e-5);
        g_assert_cmpfloat (seed_of (trainer, k, 0), >, 0);
        any = TRUE;
        break;
      case PST_TERM_ADVERSARIAL:
      case PST_TERM_SATURATION:
      case PST_TERM_VARIATION:
      case PST_TERM_IDENTITY:
        g_assert_cmpfloat (seed_of (trainer, k, 0), ==, 0);
        break;
      default:
        break;
      }
  g_assert_true (any);
  g_assert_true (isnan (losses.style)); /* there is no whole style */
}

/* They are drawn as often as asked, and a training goes well with them. */
static void
test_drawn (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, NULL, NULL);
  int                    n_blend = 0, n_photo = 0, n = 0;

  for (int k = 0; k < 100; k++)
    {
      fixture_steps (trainer, 1);
      for (int i = 0; i < 2; i++)
        {
          const PstBlend *blend = &trainer->step->blends[i];

          n += blend->column > 0;
          if (blend->part == 0)
            continue;
          n_blend++;
          n_photo += blend->second == 0;
          g_assert_cmpint (blend->column, !=, blend->second);
        }
    }
  g_assert_true (n_blend > 0.35 * n && n_blend < 0.65 * n);
  g_assert_true (n_photo > 0.3 * n_blend && n_photo < 0.7 * n_blend);
}

static void
test_saturation (void)
{
  static const float    values[] = { 0, 4, -4, 5, -7, 3.9f, 1, 2, 3, -1, 6, 0 };
  g_autoptr (PstGraph)  graph = pst_graph_new ();
  g_autoptr (PstPlan)   plan = NULL;
  PstRun               *run;
  PstShape              shape = PST_SHAPE (1, 3, 2, 2);
  PstPlanOptions        options = { .input_shapes = &shape, .n_workers = 1 };
  PstValue             *x;

  x = pst_graph_add_input (graph, "x", PST_FLOAT32, &shape);
  pst_graph_add_output (graph, pst_loss_saturation (graph, x), "loss");
  pst_graph_seal (graph);
  plan = pst_plan_new (graph, &options, NULL);
  run = pst_run_new (plan, NULL, NULL);
  memcpy (pst_run_get_input (run, 0)->data, values, sizeof values);
  pst_run_forward (run, NULL, NULL, NULL, NULL);
  g_assert_cmpfloat_with_epsilon (
    *(const float *) pst_run_get_output (run, 0)->data,
    (1 + 9 + 4) / 12.0, 1e-6);
  pst_run_free (run);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func)                                                       \
  g_test_add (path, Fixture, STILL, fixture_set_up, func, fixture_tear_down)
  ADD ("/blend/ends", test_ends);
  ADD ("/blend/half", test_half);
  ADD ("/blend/photo", test_photo);
  ADD ("/blend/drawn", test_drawn);
#undef ADD
  g_test_add_func ("/blend/saturation", test_saturation);
  return test_run ();
}
