/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The discriminators' half of a step. */
#include "core/train/adversarial-private.h"

#include <math.h>
#include <string.h>

#include "core/train/balance.h"

/* Real pictures first, then the generator's; the identity has neither. */
static void
fill_discriminators (PstAdversarialStep *step)
{
  int    n = step->batch;
  float  weight = 1.0f / (float) step->whole;
  float *rows = pst_run_get_input (step->d_run, PST_INPUT_STYLE)->data;
  float *sign = pst_run_get_input (step->d_run, PST_INPUT_SIGN)->data;

  memset (rows, 0, sizeof (float) * 2 * n * step->n_styles);
  for (int i = 0; i < 2 * n; i++)
    {
      int column = step->columns[i % n];

      rows[i * step->n_styles + column] = 1;
      sign[i] = i < n ? 1 : -1;
      for (guint k = 0; k < step->players->discriminators->len; k++)
        ((float *) pst_run_get_seed (step->d_run, k)->data)[i] =
          column ? weight : 0;
    }
}

/* x^ = @part real + (1 - @part) generated: algorithm 1 of Gulrajani et al.
 * 2017. */
static void
blend (PstAdversarialStep *step, int i, float part)
{
  const float *real = pst_adversarial_step_real (step, i);
  const float *fake = pst_adversarial_step_real (step, step->batch + i);
  float       *to = pst_adversarial_picture (step, step->d_run,
                                             PST_INPUT_BETWEEN, i);

  for (int k = 0; k < step->crop * step->crop * 3; k++)
    to[k] = part * real[k] + (1 - part) * fake[k];
}

/* What is drawn for the sample of @number; the share of the real picture in
 * the blend comes first. */
static PstRandom
chance_of (const PstAdversarialStep *step, guint64 number, float *part)
{
  PstRandom random;

  pst_random_init (&random, (guint64) step->recipe->seed, PST_STREAM_JUDGE,
                   number);
  *part = (float) pst_random_double (&random);
  return random;
}

/* The generated pictures of the whole step in their order, as every process
 * keeps the same pool; a block of its own, transfer full. */
static float *
all_generated (PstAdversarialStep *step, gsize size)
{
  const PstRanks *ranks = step->players->ranks;
  float          *all = g_new0 (float, size * step->whole);

  memcpy (all + size * pst_ranks_first (ranks, step->whole),
          pst_adversarial_step_real (step, step->batch),
          sizeof (float) * size * step->batch);
  pst_ranks_sum (ranks, all, size * step->whole);
  return all;
}

/* Column and number of each of them. */
static double *
all_samples (PstAdversarialStep *step)
{
  const PstRanks *ranks = step->players->ranks;
  double         *all = g_new0 (double, 2 * step->whole);
  double         *mine = all + 2 * pst_ranks_first (ranks, step->whole);

  for (int i = 0; i < step->batch; i++)
    {
      mine[2 * i] = step->columns[i];
      mine[2 * i + 1] = (double) step->numbers[i];
    }
  pst_ranks_add (ranks, all, 2 * (gsize) step->whole);
  return all;
}

/* Generated pictures may be changed for those of earlier steps. */
static void
replay (PstAdversarialStep *step)
{
  gsize              size = (gsize) step->crop * step->crop * 3;
  g_autofree double *samples = all_samples (step);
  g_autofree float  *pictures = all_generated (step, size);

  for (int i = 0; i < step->whole; i++)
    {
      float     part;
      PstRandom random = chance_of (step, (guint64) samples[2 * i + 1], &part);

      if (samples[2 * i] > 0)
        pst_replay_swap (step->players->replay, (int) samples[2 * i], &random,
                         pictures + size * i);
    }
  memcpy (pst_adversarial_step_real (step, step->batch),
          pictures + size * pst_ranks_first (step->players->ranks, step->whole),
          sizeof (float) * size * step->batch);
}

/* What is left to chance: generated pictures may come from earlier steps, and
 * one between real and generated is drawn. */
static void
draw (PstAdversarialStep *step)
{
  const PstReplay *pool = step->players->replay;

  if (pool && pool->size > 0)
    replay (step);
  for (int i = 0; i < step->batch && pst_adversarial_has_penalty (step); i++)
    {
      float part;

      chance_of (step, step->numbers[i], &part);
      blend (step, i, part);
    }
}

static void
fill_penalties (PstAdversarialStep *step)
{
  float *rows = pst_run_get_input (step->d_run, PST_INPUT_BETWEEN_STYLE)->data;
  guint  first = step->players->discriminators->len;

  memset (rows, 0, sizeof (float) * step->batch * step->n_styles);
  for (int i = 0; i < step->batch; i++)
    {
      double weight = step->columns[i] ? step->recipe->penalty : 0;

      rows[i * step->n_styles + step->columns[i]] = 1;
      for (guint k = 0; k < first; k++)
        ((float *) pst_run_get_seed (step->d_run, first + k)->data)[i] =
          (float) (weight / step->whole);
    }
}

/* Means over all pairs of a style. */
static void
read_discriminators (PstAdversarialStep *step, PstLosses *losses)
{
  const PstRanks *ranks = step->players->ranks;
  guint           n = step->players->discriminators->len;
  guint           n_outputs = pst_adversarial_has_penalty (step) ? 2 * n : n;
  /* of each discriminator real and generated, then penalties, pairs */
  double sums[2 * PST_MAX_DISCRIMINATORS + 2] = { 0 };
  double *penalty = sums + 2 * PST_MAX_DISCRIMINATORS, *pairs = penalty + 1;

  for (int i = 0; i < step->batch; i++)
    {
      if (step->columns[i] == 0)
        continue;
      ++*pairs;
      for (guint k = 0; k < n_outputs; k++)
        {
          const float *loss = pst_run_get_output (step->d_run, k)->data;

          *(k < n ? &sums[2 * k] : penalty) += loss[i];
          if (k < n)
            sums[2 * k + 1] += loss[i + step->batch];
        }
    }
  pst_ranks_add (ranks, sums, G_N_ELEMENTS (sums));
  losses->real = losses->fake = 0;
  for (guint k = 0; k < n; k++)
    {
      losses->judged[k].real = sums[2 * k] / *pairs;
      losses->judged[k].fake = sums[2 * k + 1] / *pairs;
      losses->real += losses->judged[k].real;
      losses->fake += losses->judged[k].fake;
    }
  if (n_outputs > n)
    losses->penalty = *penalty / *pairs;
}

/* Gradients of all discriminators, by their normalised weights. */
static void
take_gradients (PstAdversarialStep *step)
{
  for (guint i = 0; i < step->scratch->len; i++)
    {
      const PstTensor *gradient = pst_run_get_gradient (step->d_run, i);

      memcpy (step->scratch->pdata[i], gradient->data,
              pst_tensor_bytes (gradient));
    }
  pst_ranks_sum (step->players->ranks, step->sums, step->n_sums);
}

/* Gradients of discriminator @i by its raw weights; the norm of them. */
static double
raw_gradients (PstAdversarialStep *step, PstSpectral *spectral, guint first)
{
  guint n = spectral->raw->len;

  for (guint i = 0; i < n; i++)
    {
      float *gradient = step->scratch->pdata[first + i];

      pst_spectral_gradient (spectral, i, gradient);
      step->gradients[i] = gradient;
      step->counts[i] =
        pst_tensor_count (&((PstArray *) spectral->raw->pdata[i])->tensor);
    }
  return pst_gradient_norm (step->gradients, step->counts, n);
}

/* Brings the running averages up to date; the factors of the rates. FALSE
 * where all are 0. */
static gboolean
weigh (PstAdversarialStep *step, double *factors, PstLosses *losses)
{
  const PstRecipe *recipe = step->recipe;
  GPtrArray       *all = step->players->discriminators;
  PstArray        *averages = step->players->success;
  guint            first = all->len;
  double           success = 0, sum = 0;

  if (pst_adversarial_has_penalty (step))
    first += all->len;
  for (guint i = 0; i < all->len; i++)
    {
      float *average = averages ? (float *) averages->tensor.data + i : NULL;
      double now;

      factors[i] = 1;
      sum++;
      if (! average)
        continue;
      now = pst_balance_success (recipe->adversarial_form,
                                 pst_run_get_output (step->d_run, first + i),
                                 step->columns, step->players->ranks);
      if (isfinite (now))
        *average += (float) ((1 - recipe->balance_average) *
                             (now - *average));
      factors[i] = pst_balance_factor (recipe, *average);
      sum += factors[i] - 1;
      success += *average;
    }
  losses->success = averages ? success / all->len : NAN;
  losses->balance = sum / all->len;
  return sum > 0;
}

void
pst_adversarial_judge (PstAdversarialStep *step, double factor,
                       PstLosses *losses)
{
  const PstPlayers *players = step->players;
  double            rate = step->settings->rate_discriminator * factor;
  guint             first = 0;
  double            factors[PST_MAX_DISCRIMINATORS];

  fill_discriminators (step);
  draw (step);
  if (pst_adversarial_has_penalty (step))
    fill_penalties (step);
  pst_run_forward (step->d_run, NULL, NULL, NULL, NULL);
  read_discriminators (step, losses);
  if (! weigh (step, factors, losses))
    return;
  pst_run_backward (step->d_run);
  take_gradients (step);
  for (guint i = 0; i < players->discriminators->len; i++)
    {
      PstSpectral *spectral = players->discriminators->pdata[i];

      if (factors[i] > 0 && isfinite (raw_gradients (step, spectral, first)))
        {
          pst_adam_step (players->discriminator_adams->pdata[i],
                         step->gradients, 1, rate * factors[i]);
          pst_spectral_update (spectral);
        }
      first += spectral->raw->len;
    }
}
