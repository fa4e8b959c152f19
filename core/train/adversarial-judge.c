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
          column ? 1.0f / n : 0;
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

/* What is left to chance: generated pictures may come from earlier steps, and
 * one between real and generated is drawn. */
static void
draw (PstAdversarialStep *step)
{
  PstReplay *replay = step->players->replay;

  for (int i = 0; i < step->batch; i++)
    {
      PstRandom random;
      float     part;

      pst_random_init (&random, (guint64) step->recipe->seed,
                       PST_STREAM_JUDGE, step->numbers[i]);
      part = (float) pst_random_double (&random);
      if (replay && step->columns[i] > 0)
        pst_replay_swap (replay, step->columns[i], &random,
                         pst_adversarial_step_real (step, step->batch + i));
      if (pst_adversarial_has_penalty (step))
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
          (float) (weight / step->batch);
    }
}

static void
read_penalties (PstAdversarialStep *step, PstLosses *losses)
{
  guint first = step->players->discriminators->len;
  int   n_style = 0;

  losses->penalty = 0;
  for (int i = 0; i < step->batch; i++)
    {
      if (step->columns[i] == 0)
        continue;
      n_style++;
      for (guint k = 0; k < first; k++)
        losses->penalty += ((const float *) pst_run_get_output (
          step->d_run, first + k)->data)[i];
    }
  losses->penalty /= n_style;
}

static void
read_discriminators (PstAdversarialStep *step, PstLosses *losses)
{
  losses->real = losses->fake = 0;
  for (guint k = 0; k < step->players->discriminators->len; k++)
    {
      const float *loss = pst_run_get_output (step->d_run, k)->data;
      PstJudged   *judged = &losses->judged[k];
      int          n_style = 0;

      judged->real = judged->fake = 0;
      for (int i = 0; i < step->batch; i++)
        if (step->columns[i] > 0)
          {
            n_style++;
            judged->real += loss[i];
            judged->fake += loss[i + step->batch];
          }
      judged->real /= n_style;
      judged->fake /= n_style;
      losses->real += judged->real;
      losses->fake += judged->fake;
    }
}

/* Gradients of discriminator @i by its raw weights; the norm of them. */
static double
raw_gradients (PstAdversarialStep *step, PstSpectral *spectral, guint first)
{
  guint n = spectral->raw->len;

  for (guint i = 0; i < n; i++)
    {
      const PstTensor *gradient;
      float           *copy = step->scratch->pdata[first + i];

      gradient = pst_run_get_gradient (step->d_run, first + i);
      memcpy (copy, gradient->data, pst_tensor_bytes (gradient));
      pst_spectral_gradient (spectral, i, copy);
      step->gradients[i] = copy;
      step->counts[i] = pst_tensor_count (gradient);
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
                                 step->columns);
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
  gboolean          penalised = pst_adversarial_has_penalty (step);

  fill_discriminators (step);
  draw (step);
  if (penalised)
    fill_penalties (step);
  pst_run_forward (step->d_run, NULL, NULL, NULL, NULL);
  read_discriminators (step, losses);
  if (penalised)
    read_penalties (step, losses);
  if (! weigh (step, factors, losses))
    return;
  pst_run_backward (step->d_run);
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
