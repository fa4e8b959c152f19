/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/adversarial-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/base/error.h"

/* Discriminators must see at least one patch. */
static gboolean
check_judges (const PstAdversarialStep *step, GError **error)
{
  for (guint i = 0; i < step->recipe->discriminators->len; i++)
    {
      const PstRecipeDiscriminator *shape;

      shape = step->recipe->discriminators->pdata[i];
      if (pst_network_patch (shape) > step->crop)
        {
          g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                       _ ("[discriminator %s]: it looks at %d pixels, more than "
                       "the crop of %d"),
                       shape->name, pst_network_patch (shape), step->crop);
          return FALSE;
        }
    }
  return TRUE;
}

/* Samples that go through the graphs at a time: one, so that gradients are the
 * same however a step is shared, and memory is least; but all of them where the
 * recipe says so or a loss looks at several at once. */
static int
pass_size (const PstAdversarialStep *step)
{
  gboolean together = pst_adversarial_has_patches (step) &&
                      step->recipe->patches.pool == PST_PATCHES_BATCH;

  return together || ! step->recipe->one_by_one ? step->mine : 1;
}

static void
allocate_lists (PstAdversarialStep *step)
{
  const PstPlayers *players = step->players;
  guint             most = 0;

  for (guint i = 0; i < players->discriminators->len; i++)
    most = MAX (most,
                ((PstSpectral *) players->discriminators->pdata[i])->raw->len);
  step->counts = g_new0 (gint64, most);
  step->gradients = g_new0 (const float *, most);
  step->all_blends = step->blends = g_new0 (PstBlend, step->mine);
  step->all_columns = step->columns = g_new0 (int, step->mine);
  step->all_numbers = step->numbers = g_new0 (guint64, step->mine);
  step->terms = g_array_new (FALSE, FALSE, sizeof (PstTerm));
}

/* Numbers in the discriminators' weights. */
static gsize
count_judges (const PstAdversarialStep *step)
{
  GPtrArray *adams = step->players->discriminator_adams;
  gsize      n = 0;

  for (guint i = 0; i < adams->len; i++)
    n += pst_adam_count (adams->pdata[i]);
  return n;
}

gsize
pst_adversarial_size (const PstAdversarialStep *step, int n)
{
  return (gsize) n * step->crop * step->crop * 3;
}

/* What a step keeps beside the graphs. */
static void
allocate (PstAdversarialStep *step)
{
  guint  n_judges = step->players->discriminators->len, first = n_judges;
  gsize  size = pst_adversarial_size (step, step->mine);
  float **pictures[] = { &step->images, &step->photos, &step->made,
                         &step->reals, &step->fakes };

  for (gsize i = 0; i < (step->d_run ? 5 : 3); i++)
    *pictures[i] = g_new0 (float, size);
  step->g_sums = pst_sums_new (pst_adam_count (step->players->generator_adam),
                               step->terms->len + 2);
  step->logits =
    g_ptr_array_new_with_free_func ((GDestroyNotify) pst_array_unref);
  if (! step->d_run)
    return;
  step->d_sums = pst_sums_new (count_judges (step), 2 * n_judges + 2);
  if (pst_adversarial_has_penalty (step))
    first += n_judges;
  for (guint i = 0; i < n_judges; i++)
    {
      PstShape shape = pst_run_get_output (step->d_run, first + i)->shape;

      shape.dim[0] = 2 * step->mine;
      g_ptr_array_add (step->logits, pst_array_new (PST_FLOAT32, &shape, TRUE));
    }
}

static guint64
allocated_memory (const PstAdversarialStep *step)
{
  gboolean judged = pst_adversarial_has_judges (step);
  guint64  bytes = pst_adversarial_size (step, step->mine) * sizeof (float) *
                  (judged ? 5 : 3);

  bytes += pst_sums_memory (pst_adam_count (step->players->generator_adam));
  return judged ? bytes + pst_sums_memory (count_judges (step)) : bytes;
}

/* Bytes of the replay pool at this crop. */
static guint64
replay_memory (const PstAdversarialStep *step)
{
  const PstReplay *replay = step->players->replay;

  if (! replay || ! pst_adversarial_has_judges (step))
    return 0;
  return (guint64) replay->n_styles * replay->size * step->crop * step->crop *
         3 * sizeof (float);
}

static guint64
less (guint64 budget, guint64 used)
{
  return budget > used ? budget - used : 1;
}

/* All but the memory. */
static PstAdversarialStep *
plan_step (const PstRecipe *recipe, const PstSettings *settings,
           const PstPlayers *players, PstPool *pool, guint64 budget,
           GError **error)
{
  g_autoptr (PstAdversarialStep) step = g_new0 (PstAdversarialStep, 1);
  gboolean                       judged;

  step->recipe = recipe;
  step->settings = settings;
  step->players = players;
  step->pool = pool;
  step->whole = settings->batch;
  step->mine = pst_ranks_count (players->ranks, settings->batch);
  step->crop = settings->crop;
  step->n_styles = (int) recipe->styles->len + 1;
  step->batch = pass_size (step);
  allocate_lists (step);
  judged = pst_adversarial_has_judges (step);
  if (budget)
    budget = less (budget, replay_memory (step) + allocated_memory (step));
  if ((judged && ! check_judges (step, error)) ||
      ! pst_adversarial_check_patches (step, error) ||
      ! pst_adversarial_plan_generator (step, pool, budget, error))
    return NULL;
  if (budget)
    budget = less (budget, pst_plan_get_memory (step->g_plan));
  if (judged &&
      ! pst_adversarial_plan_discriminators (step, pool, budget, error))
    return NULL;
  return g_steal_pointer (&step);
}

PstAdversarialStep *
pst_adversarial_step_new (const PstRecipe *recipe, const PstSettings *settings,
                          const PstPlayers *players, PstPool *pool,
                          guint64 budget, GError **error)
{
  g_autoptr (PstAdversarialStep) step = NULL;

  step = plan_step (recipe, settings, players, pool, budget, error);
  if (! step)
    return NULL;
  if (step->d_plan && players->replay &&
      ! pst_replay_reserve (players->replay, step->crop, error))
    return NULL;
  step->g_run = pst_run_new (step->g_plan, pool, error);
  if (step->g_run && step->d_plan)
    step->d_run = pst_run_new (step->d_plan, pool, error);
  if (! step->g_run || (step->d_plan && ! step->d_run))
    return NULL;
  allocate (step);
  return g_steal_pointer (&step);
}

gboolean
pst_adversarial_step_forecast (const PstRecipe *recipe,
                               const PstSettings *settings,
                               const PstPlayers *players, PstPool *pool,
                               guint64 budget, PstForecast *forecast,
                               GError **error)
{
  g_autoptr (PstAdversarialStep) step = NULL;

  step = plan_step (recipe, settings, players, pool, budget, error);
  if (! step)
    return FALSE;
  forecast->memory = pst_adversarial_step_get_memory (step);
  forecast->cost = pst_plan_get_cost (step->g_plan);
  if (step->d_plan)
    forecast->cost += pst_plan_get_cost (step->d_plan);
  forecast->cost *= step->mine / step->batch;
  return TRUE;
}

void
pst_adversarial_step_free (PstAdversarialStep *step)
{
  if (! step)
    return;
  g_clear_pointer (&step->g_run, pst_run_free);
  g_clear_pointer (&step->d_run, pst_run_free);
  g_clear_pointer (&step->g_plan, pst_plan_unref);
  g_clear_pointer (&step->d_plan, pst_plan_unref);
  g_array_unref (step->terms);
  g_clear_pointer (&step->logits, g_ptr_array_unref);
  g_clear_pointer (&step->g_sums, pst_sums_free);
  g_clear_pointer (&step->d_sums, pst_sums_free);
  g_free (step->images);
  g_free (step->photos);
  g_free (step->reals);
  g_free (step->made);
  g_free (step->fakes);
  g_free (step->all_blends);
  g_free (step->all_columns);
  g_free (step->all_numbers);
  g_free (step->counts);
  g_free (step->gradients);
  g_free (step);
}

guint64
pst_adversarial_step_get_memory (const PstAdversarialStep *step)
{
  guint64 bytes = pst_plan_get_memory (step->g_plan);

  if (step->d_plan)
    bytes += pst_plan_get_memory (step->d_plan);
  return bytes + replay_memory (step) + allocated_memory (step);
}

void
pst_adversarial_step_set_column (PstAdversarialStep *step, int i, int column)
{
  g_return_if_fail (i >= 0 && i < step->mine);
  g_return_if_fail (column >= 0 && column < step->n_styles);

  step->all_columns[i] = column;
  step->all_blends[i] = (PstBlend) { column, column, 0 };
}

void
pst_adversarial_step_set_blend (PstAdversarialStep *step, int i, int column,
                                int second, double part)
{
  g_return_if_fail (i >= 0 && i < step->mine);
  g_return_if_fail (column > 0 && column < step->n_styles);
  g_return_if_fail (second >= 0 && second < step->n_styles);

  step->all_columns[i] = 0;
  step->all_blends[i] = (PstBlend) { column, second, part };
}

int
pst_adversarial_step_get_column (const PstAdversarialStep *step, int i)
{
  g_return_val_if_fail (i >= 0 && i < step->mine, 0);

  return step->all_columns[i];
}

const float *
pst_adversarial_step_pastiche (const PstAdversarialStep *step, int i)
{
  return step->made + pst_adversarial_size (step, i);
}

void
pst_adversarial_step_set_number (PstAdversarialStep *step, int i,
                                 guint64 number)
{
  g_return_if_fail (i >= 0 && i < step->mine);

  step->all_numbers[i] = number;
}

void
pst_adversarial_step_set_index (PstAdversarialStep *step, gint64 index)
{
  step->index = index;
}

float *
pst_adversarial_picture (PstAdversarialStep *step, PstRun *run, guint input,
                         int i)
{
  float *data = pst_run_get_input (run, input)->data;

  return data + pst_adversarial_size (step, i);
}

float *
pst_adversarial_step_image (PstAdversarialStep *step, int i)
{
  return step->images + pst_adversarial_size (step, i);
}

float *
pst_adversarial_step_photo (PstAdversarialStep *step, int i)
{
  return step->photos + pst_adversarial_size (step, i);
}

float *
pst_adversarial_step_real (PstAdversarialStep *step, int i)
{
  return step->reals ? step->reals + pst_adversarial_size (step, i) : NULL;
}

void
pst_adversarial_enter (PstAdversarialStep *step, int first)
{
  step->blends = step->all_blends + first;
  step->columns = step->all_columns + first;
  step->numbers = step->all_numbers + first;
}

/* The weight of @term for a sample of @column. */
static double
term_weight (const PstAdversarialStep *step, const PstTerm *term, int column)
{
  const PstSettings    *settings = step->settings;
  const PstRecipeStyle *style;

  if (column == 0)
    {
      if (term->kind == PST_TERM_CONTENT)
        return settings->content * term->weight;
      return term->kind == PST_TERM_IDENTITY ? settings->identity : 0;
    }
  style = step->recipe->styles->pdata[column - 1];
  switch (term->kind)
    {
    case PST_TERM_CONTENT:
      return settings->content * term->weight * style->content;
    case PST_TERM_STYLE:
      return settings->style * term->weight * style->style;
    case PST_TERM_VARIATION:
      return settings->variation;
    case PST_TERM_SATURATION:
      return settings->saturation;
    case PST_TERM_ADVERSARIAL:
      return settings->adversarial * style->adversarial;
    case PST_TERM_PATCHES:
      return settings->patches * term->weight * style->patches;
    default:
      return 0;
    }
}

/* That of a sample which may be between two styles. Towards the photo the
 * aim moves by the moments, not by the weight. */
static double
blend_weight (const PstAdversarialStep *step, const PstTerm *term,
              const PstBlend *blend)
{
  double first = term_weight (step, term, blend->column);

  if (blend->part == 0)
    return first;
  if (term->kind == PST_TERM_PATCHES) /* they are one painting's */
    return 0;
  if (blend->second == 0)
    return term->kind == PST_TERM_STYLE || term->kind == PST_TERM_CONTENT
             ? first
             : first * (1 - blend->part);
  return first * (1 - blend->part) +
         term_weight (step, term, blend->second) * blend->part;
}

/* @to += @part of column @column's moment @k */
static void
add_moment (const PstAdversarialStep *step, int column, guint k, double part,
            float *to)
{
  GPtrArray      *moments = step->players->moments->pdata[MAX (column - 1, 0)];
  const PstArray *moment = moments->pdata[k];
  const float    *from = moment->tensor.data;

  for (gint64 i = 0; i < pst_tensor_count (&moment->tensor); i++)
    to[i] += (float) part * from[i];
}

/* Style rows and moments of sample @i. */
static void
fill_styles (PstAdversarialStep *step, int i)
{
  const PstBlend *blend = &step->blends[i];
  gboolean        strength = blend->part > 0 && blend->second == 0;
  guint           n = ((GPtrArray *) step->players->moments->pdata[0])->len;
  float          *mix, *judged, *part;

  mix = pst_run_get_input (step->g_run, PST_INPUT_MIX)->data;
  judged = pst_run_get_input (step->g_run, PST_INPUT_JUDGED)->data;
  part = pst_run_get_input (step->g_run, PST_INPUT_PART)->data;
  mix += i * step->n_styles;
  judged += i * step->n_styles;
  memset (mix, 0, sizeof (float) * step->n_styles);
  memset (judged, 0, sizeof (float) * step->n_styles);
  mix[blend->column] = (float) (1 - blend->part);
  mix[blend->second] += (float) blend->part;
  judged[blend->column] = strength ? 1 : mix[blend->column];
  if (! strength)
    judged[blend->second] = mix[blend->second];
  part[i] = strength ? (float) blend->part : 0;
  for (guint k = 0; k < n; k++)
    {
      PstTensor *input = pst_run_get_input (step->g_run,
                                            PST_INPUT_MOMENTS + k);
      gint64     size = pst_tensor_count (input) / step->batch;
      float     *to = (float *) input->data + i * size;

      memset (to, 0, sizeof (float) * size);
      add_moment (step, blend->column, k, 1 - blend->part, to);
      if (blend->part > 0 && ! strength)
        add_moment (step, blend->second, k, blend->part, to);
    }
}

/* What the generator's graph needs beside pictures. */
static void
fill_generator (PstAdversarialStep *step)
{
  for (int i = 0; i < step->batch; i++)
    {
      fill_styles (step, i);
      for (guint k = 0; k < step->terms->len; k++)
        {
          const PstTerm *term = &g_array_index (step->terms, PstTerm, k);
          float      *seed = pst_run_get_seed (step->g_run, k)->data;

          seed[i] = (float) (blend_weight (step, term, &step->blends[i]) /
                             step->whole);
        }
    }
}

/* Adds each term of the samples that it concerns, then how many samples are of
 * the identity, and how many of one style. */
static void
add_terms (PstAdversarialStep *step, double *sums)
{
  guint n = step->terms->len;

  for (int i = 0; i < step->batch; i++)
    {
      sums[n] += step->blends[i].column == 0;
      sums[n + 1] += step->columns[i] > 0;
    }
  for (guint k = 0; k < n; k++)
    {
      const PstTerm   *term = &g_array_index (step->terms, PstTerm, k);
      const PstTensor *loss = pst_run_get_output (step->g_run, 1 + k);

      for (int i = 0; i < step->batch; i++)
        if (term->kind == PST_TERM_IDENTITY ? step->blends[i].column == 0
                                            : step->columns[i] > 0)
          sums[k] += ((const float *) loss->data)[i];
    }
}

/* The losses' means over the samples that each concerns, from what
 * add_terms() has summed. FALSE where one of them is not finite. */
static gboolean
read_generator (PstAdversarialStep *step, const double *sums,
                PstLosses *losses)
{
  double     n_identity = sums[step->terms->len], total = 0;
  double     n_style = sums[step->terms->len + 1];
  double     means[PST_N_TERMS] = { 0 };
  PstJudged *judged = losses->judged;

  for (guint k = 0; k < step->terms->len; k++)
    {
      const PstTerm *term = &g_array_index (step->terms, PstTerm, k);
      double         mean;

      total += sums[k];
      mean = sums[k] / (term->kind == PST_TERM_IDENTITY
                          ? n_identity
                          : n_style);
      means[term->kind] += term->weight * mean;
      if (term->kind == PST_TERM_ADVERSARIAL)
        (judged++)->adversarial = mean;
    }
  losses->content = means[PST_TERM_CONTENT];
  losses->style = means[PST_TERM_STYLE];
  losses->variation = means[PST_TERM_VARIATION];
  losses->identity = means[PST_TERM_IDENTITY];
  losses->adversarial = means[PST_TERM_ADVERSARIAL];
  losses->patches = pst_adversarial_has_patches (step)
                      ? means[PST_TERM_PATCHES] : NAN;
  return isfinite (total);
}

/* The samples from @first on through the generator's graph. */
static void
pass_generator (PstAdversarialStep *step, int first)
{
  PstSums *sums = step->g_sums;
  gsize    at = pst_adversarial_size (step, first);
  gsize    bytes = pst_adversarial_size (step, step->batch) * sizeof (float);

  pst_adversarial_enter (step, first);
  memcpy (pst_run_get_input (step->g_run, PST_INPUT_IMAGE)->data,
          step->images + at, bytes);
  memcpy (pst_run_get_input (step->g_run, PST_INPUT_PHOTO)->data,
          step->photos + at, bytes);
  fill_generator (step);
  if (pst_adversarial_has_patches (step))
    pst_adversarial_fill_patches (step);
  pst_run_forward (step->g_run, NULL, NULL, NULL, NULL);
  add_terms (step, sums->numbers + sums->n);
  memcpy (step->made + at, pst_run_get_output (step->g_run, 0)->data, bytes);
  pst_run_backward (step->g_run);
  pst_sums_add (sums, step->g_run, step->pool);
}

static gboolean
step_generator (PstAdversarialStep *step, double factor, PstLosses *losses)
{
  const PstSettings *settings = step->settings;
  PstSums           *sums = step->g_sums;

  pst_sums_clear (sums);
  for (int i = 0; i < step->mine; i += step->batch)
    pass_generator (step, i);
  pst_sums_finish (sums, step->players->ranks, step->pool);
  losses->norm = NAN;
  if (! read_generator (step, sums->numbers + sums->n, losses))
    return FALSE;
  losses->norm = pst_adam_descend (step->players->generator_adam,
                                   sums->gradients, settings->clip,
                                   settings->rate * factor);
  return isfinite (losses->norm);
}

gboolean
pst_adversarial_step_run (PstAdversarialStep *step, double factor,
                          PstLosses *losses)
{
  gboolean made;

  losses->real = losses->fake = losses->penalty = NAN;
  losses->success = losses->balance = NAN;
  for (int i = 0; i < PST_MAX_DISCRIMINATORS; i++)
    losses->judged[i] = (PstJudged) { NAN, NAN, NAN };
  made = step_generator (step, factor, losses);
  if (step->d_run && made)
    pst_adversarial_judge (step, factor, losses);
  return made;
}
