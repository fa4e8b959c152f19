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
  const float *real = pst_adversarial_picture (step, step->d_run,
                                               PST_INPUT_PICTURE, i);
  const float *fake = pst_adversarial_picture (step, step->d_run,
                                               PST_INPUT_PICTURE,
                                               step->batch + i);
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
          step->made, sizeof (float) * size * step->mine);
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

  for (int i = 0; i < step->mine; i++)
    {
      mine[2 * i] = step->all_columns[i];
      mine[2 * i + 1] = (double) step->all_numbers[i];
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
  memcpy (step->fakes,
          pictures + size * pst_ranks_first (step->players->ranks, step->whole),
          sizeof (float) * size * step->mine);
}

/* What the discriminators are shown as generated. */
static void
draw_fakes (PstAdversarialStep *step)
{
  const PstReplay *pool = step->players->replay;

  if (pool && pool->size > 0)
    replay (step);
  else
    memcpy (step->fakes, step->made,
            pst_adversarial_size (step, step->mine) * sizeof (float));
}

/* Pictures between real and generated ones. */
static void
fill_penalties (PstAdversarialStep *step)
{
  float *rows = pst_run_get_input (step->d_run, PST_INPUT_BETWEEN_STYLE)->data;
  guint  first = step->players->discriminators->len;

  memset (rows, 0, sizeof (float) * step->batch * step->n_styles);
  for (int i = 0; i < step->batch; i++)
    {
      double weight = step->columns[i] ? step->recipe->penalty : 0;
      float  part;

      chance_of (step, step->numbers[i], &part);
      blend (step, i, part);
      rows[i * step->n_styles + step->columns[i]] = 1;
      for (guint k = 0; k < first; k++)
        ((float *) pst_run_get_seed (step->d_run, first + k)->data)[i] =
          (float) (weight / step->whole);
    }
}

/* Adds the losses of the pairs of a style: of each discriminator real and
 * generated, then penalties, then how many pairs there are. */
static void
add_losses (PstAdversarialStep *step, double *sums)
{
  guint   n = step->players->discriminators->len;
  guint   n_outputs = pst_adversarial_has_penalty (step) ? 2 * n : n;
  double *penalty = sums + 2 * n, *pairs = penalty + 1;

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
}

/* Means over all pairs, from what add_losses() has summed. */
static void
read_discriminators (PstAdversarialStep *step, const double *sums,
                     PstLosses *losses)
{
  guint  n = step->players->discriminators->len;
  double pairs = sums[2 * n + 1];

  losses->real = losses->fake = 0;
  for (guint k = 0; k < n; k++)
    {
      losses->judged[k].real = sums[2 * k] / pairs;
      losses->judged[k].fake = sums[2 * k + 1] / pairs;
      losses->real += losses->judged[k].real;
      losses->fake += losses->judged[k].fake;
    }
  if (pst_adversarial_has_penalty (step))
    losses->penalty = sums[2 * n] / pairs;
}

/* Keeps the logits of the samples from @first on. */
static void
keep_logits (PstAdversarialStep *step, int first)
{
  guint n = step->logits->len;
  guint output = pst_adversarial_has_penalty (step) ? 2 * n : n;

  for (guint i = 0; i < n; i++)
    {
      const PstTensor *from = pst_run_get_output (step->d_run, output + i);
      gsize            size = pst_tensor_bytes (from) / 2; /* of each kind */
      gsize            one = size / (gsize) step->batch;
      char            *to = ((PstArray *) step->logits->pdata[i])->tensor.data;

      for (int kind = 0; kind < 2; kind++)
        memcpy (to + one * (gsize) (kind * step->mine + first),
                (const char *) from->data + kind * size, size);
    }
}

/* Gradients of a discriminator by its raw weights, of those at @gradients by
 * the normalised ones; the norm of them. @gradients is moved on. */
static double
raw_gradients (PstAdversarialStep *step, PstSpectral *spectral,
               float **gradients)
{
  guint n = spectral->raw->len;

  for (guint i = 0; i < n; i++)
    {
      pst_spectral_gradient (spectral, i, *gradients);
      step->gradients[i] = *gradients;
      step->counts[i] =
        pst_tensor_count (&((PstArray *) spectral->raw->pdata[i])->tensor);
      *gradients += step->counts[i];
    }
  return pst_gradient_norm (step->gradients, step->counts, n);
}

/* The factors of the rates, by the running averages before this step. FALSE
 * where all are 0. */
static gboolean
weigh (PstAdversarialStep *step, double *factors, PstLosses *losses)
{
  const PstArray *averages = step->players->success;
  guint           n = step->players->discriminators->len;
  double          sum = 0;

  for (guint i = 0; i < n; i++)
    {
      factors[i] = averages ? pst_balance_factor (
                                step->recipe,
                                ((const float *) averages->tensor.data)[i])
                            : 1;
      sum += factors[i];
    }
  losses->balance = sum / n;
  return sum > 0;
}

/* Brings the running averages up to date. */
static void
count_success (PstAdversarialStep *step, PstLosses *losses)
{
  const PstRecipe *recipe = step->recipe;
  PstArray        *averages = step->players->success;
  guint            n = step->players->discriminators->len;
  double           sum = 0;

  for (guint i = 0; i < n && averages; i++)
    {
      float          *average = (float *) averages->tensor.data + i;
      const PstArray *logits = step->logits->pdata[i];
      double          now;

      now = pst_balance_success (recipe->adversarial_form, &logits->tensor,
                                 step->all_columns, step->players->ranks);
      if (isfinite (now))
        *average += (float) ((1 - recipe->balance_average) *
                             (now - *average));
      sum += *average;
    }
  losses->success = averages ? sum / n : NAN;
}

/* The samples from @first on through the discriminators' graph; those of none
 * of the styles alone need not go there. */
static void
pass_judges (PstAdversarialStep *step, int first, gboolean learn)
{
  PstSums *sums = step->d_sums;
  gsize    at = pst_adversarial_size (step, first);
  gsize    bytes = pst_adversarial_size (step, step->batch) * sizeof (float);
  gboolean any = FALSE;

  pst_adversarial_enter (step, first);
  for (int i = 0; i < step->batch; i++)
    any = any || step->columns[i] > 0;
  if (! any)
    return;
  memcpy (pst_adversarial_picture (step, step->d_run, PST_INPUT_PICTURE, 0),
          step->reals + at, bytes);
  memcpy (pst_adversarial_picture (step, step->d_run, PST_INPUT_PICTURE,
                                   step->batch), step->fakes + at, bytes);
  fill_discriminators (step);
  if (pst_adversarial_has_penalty (step))
    fill_penalties (step);
  pst_run_forward (step->d_run, NULL, NULL, NULL, NULL);
  add_losses (step, sums->numbers + sums->n);
  keep_logits (step, first);
  if (! learn)
    return;
  pst_run_backward (step->d_run);
  pst_sums_add (sums, step->d_run, step->pool);
}

void
pst_adversarial_judge (PstAdversarialStep *step, double factor,
                       PstLosses *losses)
{
  const PstPlayers *players = step->players;
  PstSums          *sums = step->d_sums;
  float            *gradients = sums->gradients;
  double            rate = step->settings->rate_discriminator * factor;
  double            factors[PST_MAX_DISCRIMINATORS];
  gboolean          learn = weigh (step, factors, losses);

  draw_fakes (step);
  pst_sums_clear (sums);
  for (int i = 0; i < step->mine; i += step->batch)
    pass_judges (step, i, learn);
  pst_sums_finish (sums, players->ranks, step->pool);
  read_discriminators (step, sums->numbers + sums->n, losses);
  count_success (step, losses);
  for (guint i = 0; i < players->discriminators->len && learn; i++)
    {
      PstSpectral *spectral = players->discriminators->pdata[i];
      double       norm = raw_gradients (step, spectral, &gradients);

      if (factors[i] > 0 && isfinite (norm))
        {
          pst_adam_step (players->discriminator_adams->pdata[i],
                         step->gradients, 1, rate * factors[i]);
          pst_spectral_update (spectral);
        }
    }
}
