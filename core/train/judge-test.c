/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the discriminators' half of a training is made of. */
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/test-run.h"
#include "core/graph/plan.h"
#include "core/train/balance.h"
#include "core/train/penalty.h"
#include "core/train/replay.h"
#include "core/train/spectral.h"

#define SIDE 21
#define BATCH 2
#define STYLES 2

/* A discriminator, its penalty, and the gradient by the picture. */
typedef struct
{
  PstNetwork *network;
  PstPlan    *plan;
  PstRun     *run;
} Penalty;

static void
penalty_init (Penalty *p)
{
  PstRecipeDiscriminator shape = { NULL, 1, 2, { 6, 5 }, { 2, 1 }, 3 };
  g_autoptr (PstGraph)   graph = pst_graph_new ();
  g_autoptr (GPtrArray)  logits = NULL;
  g_autoptr (GPtrArray)  seeds = g_ptr_array_new ();
  g_autoptr (GPtrArray)  weights = g_ptr_array_new ();
  g_autoptr (GError)     error = NULL;
  PstShape               shapes[] = { PST_SHAPE (BATCH, 3, SIDE, SIDE),
                                      PST_SHAPE (BATCH, STYLES) };
  PstPlanOptions         options = { .input_shapes = shapes, .n_workers = 1 };
  PstValue              *picture, *style, *loss;
  PstRandom              random;

  p->network = pst_network_discriminator (&shape, STYLES, 3, 0);
  picture = pst_graph_add_input (graph, "picture", PST_FLOAT32, &shapes[0]);
  style = pst_graph_add_input (graph, "style", PST_FLOAT32, &shapes[1]);
  logits = pst_graph_append (graph, p->network->graph, &picture, NULL);
  loss = pst_loss_penalty (graph, logits->pdata[0], picture, style, SIDE);
  pst_graph_add_output (graph, loss, "penalty");
  pst_graph_add_output (graph, logits->pdata[0], "logits");
  pst_graph_add_output (graph, pst_penalty_gradient (graph, logits->pdata[0],
                                                     picture, style, SIDE),
                        "gradient");
  pst_graph_seal (graph);
  g_ptr_array_add (seeds, loss);
  for (guint i = 0; i < p->network->names->len; i++)
    g_ptr_array_add (weights,
                     pst_graph_find (graph, p->network->names->pdata[i]));
  options.seeds = seeds;
  options.gradients = weights;
  p->plan = pst_plan_new (graph, &options, &error);
  g_assert_no_error (error);
  p->run = pst_run_new (p->plan, NULL, &error);
  g_assert_no_error (error);
  pst_random_init (&random, 3, PST_STREAM_TEST, 0);
  for (int i = 0; i < BATCH * SIDE * SIDE * 3; i++)
    ((float *) pst_run_get_input (p->run, 0)->data)[i] =
      (float) pst_random_double (&random);
}

static void
penalty_forward (Penalty *p)
{
  float *rows = pst_run_get_input (p->run, 1)->data;

  memset (rows, 0, sizeof (float) * BATCH * STYLES);
  for (int i = 0; i < BATCH; i++)
    rows[i * STYLES + i] = 1;
  pst_run_forward (p->run, NULL, NULL, NULL, NULL);
}

static void
penalty_clear (Penalty *p)
{
  pst_run_free (p->run);
  pst_plan_unref (p->plan);
  pst_network_free (p->network);
}

/* |g| of sample @i, for pictures from -1 to 1. */
static double
norm_of (Penalty *p, int i)
{
  const float *g = pst_run_get_output (p->run, 2)->data;
  double       sum = 0;

  for (int k = 0; k < SIDE * SIDE * 3; k++)
    sum += (double) g[i * SIDE * SIDE * 3 + k] * g[i * SIDE * SIDE * 3 + k];
  return sqrt (sum) / 2;
}

/* A gradient is linear in the weights of every single layer, as long as no
 * LeakyRelu changes sides, so that <w, dP/dw> = 2 (|g| - 1) |g| for each of
 * them (Euler on homogeneous functions); shifts have no part in it. */
static void
test_penalty (void)
{
  Penalty      p;
  double       wanted = 0;
  const float *loss;

  penalty_init (&p);
  for (int i = 0; i < BATCH; i++)
    ((float *) pst_run_get_seed (p.run, 0)->data)[i] = 1;
  penalty_forward (&p);
  pst_run_backward (p.run);
  loss = pst_run_get_output (p.run, 0)->data;
  for (int i = 0; i < BATCH; i++)
    {
      double norm = norm_of (&p, i);

      g_assert_cmpfloat (norm, >, 1e-3);
      g_assert_cmpfloat_with_epsilon (loss[i], (norm - 1) * (norm - 1), 1e-5);
      wanted += 2 * (norm - 1) * norm;
    }
  for (guint i = 0; i < p.network->weights->len; i++)
    {
      const PstArray *weight = p.network->weights->pdata[i];
      const float    *w = weight->tensor.data;
      const float    *g = pst_run_get_gradient (p.run, i)->data;
      double          sum = 0;

      for (gint64 k = 0; k < pst_tensor_count (&weight->tensor); k++)
        sum += (double) w[k] * g[k];
      g_assert_cmpfloat_with_epsilon (
        sum, weight->tensor.shape.rank == 4 ? wanted : 0,
        1e-5 * fabs (wanted));
    }
  penalty_clear (&p);
}

/* The mean logit of sample @i's style. */
static double
mean_logit (Penalty *p, int i)
{
  const PstTensor *logits = pst_run_get_output (p->run, 1);
  gint64           n = pst_tensor_count (logits) / BATCH / STYLES;
  double           sum = 0;

  penalty_forward (p);
  for (gint64 k = 0; k < n; k++)
    sum += pst_tensor_get (logits, (i * STYLES + i) * n + k);
  return sum / (double) n;
}

/* The gradient by the picture against differences. */
static void
test_penalty_gradient (void)
{
  Penalty          p;
  g_autofree float *gradient = NULL;
  g_autofree float *pixels = NULL;
  gsize            all = sizeof (float) * BATCH * SIDE * SIDE * 3;
  float           *to;

  penalty_init (&p);
  to = pst_run_get_input (p.run, 0)->data;
  pixels = g_memdup2 (to, all);
  penalty_forward (&p);
  gradient = g_memdup2 (pst_run_get_output (p.run, 2)->data, all);
  for (int i = 0; i < BATCH * SIDE * SIDE * 3; i += 61)
    {
      int    sample = i / (SIDE * SIDE * 3);
      double up, down;

      memcpy (to, pixels, all);
      to[i] += 2e-2f;
      up = mean_logit (&p, sample);
      memcpy (to, pixels, all);
      to[i] -= 2e-2f;
      down = mean_logit (&p, sample);
      g_assert_cmpfloat_with_epsilon (gradient[i], (up - down) / 4e-2, 2e-4);
    }
  penalty_clear (&p);
}

#define POOL 4
#define TINY 2 /* pixels */

/* A picture that is @number everywhere, into the pool; what came out. */
static float
swap (PstReplay *replay, int column, guint64 index, float number)
{
  float     picture[TINY * TINY * 3];
  PstRandom random;

  for (int k = 0; k < TINY * TINY * 3; k++)
    picture[k] = number;
  pst_random_init (&random, 1, PST_STREAM_JUDGE, index);
  pst_replay_swap (replay, column, &random, picture);
  for (int k = 1; k < TINY * TINY * 3; k++)
    g_assert_cmpfloat (picture[k], ==, picture[0]);
  return picture[0];
}

static void
test_replay (void)
{
  g_autoptr (PstReplay) replay = pst_replay_new (2, POOL);
  g_autoptr (GError)    error = NULL;
  int                   n_old = 0;
  float                 last = 0;

  g_assert_true (pst_replay_reserve (replay, TINY, &error));
  g_assert_cmpuint (pst_replay_get_memory (replay), ==,
                    2 * POOL * TINY * TINY * 3 * sizeof (float));
  for (int i = 0; i < POOL; i++)
    g_assert_cmpfloat (swap (replay, 1, (guint64) i, (float) i), ==, i);
  g_assert_cmpint (replay->counts[0], ==, POOL);
  g_assert_cmpint (replay->counts[1], ==, 0); /* styles don't mix */
  for (int i = POOL; i < 1000; i++)
    {
      float got = swap (replay, 1, (guint64) i, (float) i);

      g_assert_cmpfloat (got, <=, i);
      n_old += got < i;
      last = MAX (last, (float) i - got);
    }
  g_assert_cmpint (n_old, >, 430);
  g_assert_cmpint (n_old, <, 570);
  g_assert_cmpfloat (last, >, 2 * POOL); /* some stay for long */
  g_assert_true (pst_replay_reserve (replay, TINY, &error));
  g_assert_cmpint (replay->counts[0], ==, POOL);
  g_assert_true (pst_replay_reserve (replay, TINY + 1, &error));
  g_assert_cmpint (replay->counts[0], ==, 0);
}

/* No pool changes nothing. */
static void
test_no_replay (void)
{
  g_autoptr (PstReplay) replay = pst_replay_new (1, 0);

  g_assert_true (pst_replay_reserve (replay, TINY, NULL));
  for (int i = 0; i < 20; i++)
    g_assert_cmpfloat (swap (replay, 1, (guint64) i, (float) i), ==, i);
}

static void
test_replay_read (void)
{
  g_autoptr (PstReplay) from = pst_replay_new (1, POOL);
  g_autoptr (PstReplay) same = pst_replay_new (1, POOL);
  g_autoptr (PstReplay) less = pst_replay_new (1, 1);
  g_autoptr (GError)    error = NULL;

  pst_replay_reserve (from, TINY, NULL);
  for (int i = 0; i < POOL - 1; i++)
    swap (from, 1, (guint64) i, (float) i + 1);
  g_assert_true (pst_replay_read (same, 1, from->pictures->pdata[0], POOL - 1,
                                  &error));
  g_assert_cmpint (same->counts[0], ==, POOL - 1);
  g_assert_cmpint (same->side, ==, TINY);
  for (int i = POOL; i < 50; i++)
    g_assert_cmpfloat (swap (from, 1, (guint64) i, (float) i), ==,
                       swap (same, 1, (guint64) i, (float) i));
  g_assert_true (pst_replay_read (less, 1, from->pictures->pdata[0], POOL,
                                  &error));
  g_assert_cmpint (less->counts[0], ==, 1);
  g_assert_false (pst_replay_read (less, 1, from->pictures->pdata[0],
                                   POOL + 1, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_FORMAT);
}

static void
test_success (void)
{
  /* two pairs of two patches and one of the identity, which doesn't count */
  static const float numbers[] = { 3, 0.2f, -1, 2, 99, 99,
                                   0.3f, -4, 0.1f, -2, 99, 99 };
  static const int   columns[] = { 1, 2, 0 }, none[] = { 0, 0, 0 };
  PstShape             shape = PST_SHAPE (6, 1, 2);
  g_autoptr (PstArray) judged = pst_array_new_floats (&shape, numbers);

  /* 3 right of 4 above 0, and 2 of 4 below */
  g_assert_cmpfloat (pst_balance_success (PST_ADVERSARIAL_HINGE,
                                          &judged->tensor, columns, NULL),
                     ==, 5.0 / 8);
  g_assert_cmpfloat (pst_balance_success (PST_ADVERSARIAL_BCE,
                                          &judged->tensor, columns, NULL),
                     ==, 5.0 / 8);
  /* 1/2: 2 and 4 */
  g_assert_cmpfloat (pst_balance_success (PST_ADVERSARIAL_LSGAN,
                                          &judged->tensor, columns, NULL),
                     ==, 6.0 / 8);
  /* (1.05 - 1.4) / 2 = -0.175: 3 and 2 */
  g_assert_cmpfloat (pst_balance_success (PST_ADVERSARIAL_WGAN_GP,
                                          &judged->tensor, columns, NULL),
                     ==, 5.0 / 8);
  g_assert_true (isnan (pst_balance_success (PST_ADVERSARIAL_HINGE,
                                             &judged->tensor, none, NULL)));
}

static void
test_balance (void)
{
  PstRecipe recipe = { .balance_target = 0.8 };

  g_assert_cmpfloat (pst_balance_factor (&recipe, 1), ==, 1);
  recipe.balance = PST_BALANCE_SKIP;
  g_assert_cmpfloat (pst_balance_factor (&recipe, 0.8), ==, 1);
  g_assert_cmpfloat (pst_balance_factor (&recipe, 0.81), ==, 0);
  recipe.balance = PST_BALANCE_SCALE;
  g_assert_cmpfloat (pst_balance_factor (&recipe, 0.7), ==, 1);
  g_assert_cmpfloat_with_epsilon (pst_balance_factor (&recipe, 0.9), 0.5,
                                  1e-9);
  g_assert_cmpfloat (pst_balance_factor (&recipe, 1), ==, 0);
  recipe.balance_target = 1;
  g_assert_cmpfloat (pst_balance_factor (&recipe, 1), ==, 1);
}

/* Without normalisation the network's own weights are trained. */
static void
test_plain (void)
{
  PstRecipeDiscriminator  shape = { NULL, 1, 1, { 4 }, { 2 }, 4 };
  g_autoptr (PstSpectral) s = NULL;
  float                   gradient[4 * 48] = { 1, 2, 3 };

  s = pst_spectral_new (pst_network_discriminator (&shape, 2, 1, 0), FALSE, 1,
                        0);
  for (guint i = 0; i < s->raw->len; i++)
    {
      g_assert_true (s->raw->pdata[i] == s->network->weights->pdata[i]);
      g_assert_null (s->left->pdata[i]);
    }
  pst_spectral_gradient (s, 0, gradient);
  g_assert_cmpfloat (gradient[1], ==, 2);
  pst_spectral_update (s);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/judge/penalty/weights", test_penalty);
  g_test_add_func ("/judge/penalty/picture", test_penalty_gradient);
  g_test_add_func ("/judge/plain", test_plain);
  g_test_add_func ("/judge/balance/success", test_success);
  g_test_add_func ("/judge/balance/factor", test_balance);
  g_test_add_func ("/judge/replay/swap", test_replay);
  g_test_add_func ("/judge/replay/none", test_no_replay);
  g_test_add_func ("/judge/replay/read", test_replay_read);
  return test_run ();
}
