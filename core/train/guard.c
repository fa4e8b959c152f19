/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looks after a training: every few steps what training changes is copied
 * aside, as long as all is well. Where the numbers leave what a float holds,
 * or the pictures of a style have gone flat, the training goes back to that
 * copy with smaller rates, a few times at most.
 */
#include "config.h"

#include "core/train/trainer-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/train/augment.h"

#define MAX_LOST 8  /* steps left out in a row */
#define FLAT 0.01   /* standard deviation, of 0 to 1 */

struct _PstGuard
{
  GPtrArray *numbers; /* copies of all arrays, in pst_checkpoint_visit()'s
                         order; empty where there is no copy */
  GArray    *counts;  /* gint64: Adam's */
  gint64     step;
};

PstGuard *
pst_guard_new (void)
{
  PstGuard *guard = g_new0 (PstGuard, 1);

  guard->numbers = g_ptr_array_new_with_free_func (g_free);
  guard->counts = g_array_new (FALSE, FALSE, sizeof (gint64));
  return guard;
}

void
pst_guard_free (PstGuard *guard)
{
  if (! guard)
    return;
  g_ptr_array_unref (guard->numbers);
  g_array_unref (guard->counts);
  g_free (guard);
}

/* All optimisers, the generator's first. */
static PstAdam *
adam_of (PstTrainer *trainer, guint i)
{
  GPtrArray *others = trainer->players.discriminator_adams;

  if (i == 0)
    return trainer->players.generator_adam;
  return i <= others->len ? others->pdata[i - 1] : NULL;
}

static gboolean
is_finite (const char *name, PstArray *array, gpointer data, GError **error)
{
  const float *x = array->tensor.data;
  gint64       n = pst_tensor_count (&array->tensor);
  float        sum = 0;

  for (gint64 i = 0; i < n; i++)
    sum += 0.0f * x[i]; /* NaN for each that is not finite */
  return sum == 0;
}

static gboolean
copy_array (const char *name, PstArray *array, gpointer data, GError **error)
{
  g_ptr_array_add (data, g_memdup2 (array->tensor.data,
                                    pst_tensor_bytes (&array->tensor)));
  return TRUE;
}

typedef struct
{
  GPtrArray *numbers;
  guint      at;
} Reader;

static gboolean
put_back (const char *name, PstArray *array, gpointer data, GError **error)
{
  Reader *reader = data;

  memcpy (array->tensor.data, reader->numbers->pdata[reader->at++],
          pst_tensor_bytes (&array->tensor));
  return TRUE;
}

void
pst_guard_keep (PstTrainer *trainer)
{
  PstGuard *guard = trainer->guard;
  PstAdam  *adam;

  g_ptr_array_set_size (guard->numbers, 0);
  g_array_set_size (guard->counts, 0);
  if (trainer->recipe->guard_steps == 0)
    return;
  pst_checkpoint_visit (trainer, copy_array, guard->numbers, NULL);
  for (guint i = 0; (adam = adam_of (trainer, i)); i++)
    g_array_append_val (guard->counts, adam->t);
  guard->step = trainer->n_steps;
}

static void
restore (PstTrainer *trainer)
{
  PstGuard *guard = trainer->guard;
  Reader    reader = { guard->numbers, 0 };
  PstAdam  *adam;

  pst_checkpoint_visit (trainer, put_back, &reader, NULL);
  for (guint i = 0; (adam = adam_of (trainer, i)); i++)
    adam->t = g_array_index (guard->counts, gint64, i);
  for (guint i = 0; i < trainer->players.discriminators->len; i++)
    pst_spectral_apply (trainer->players.discriminators->pdata[i]);
  /* whatever went wrong may be in there */
  pst_replay_clear (trainer->players.replay);
  trainer->n_steps = guard->step;
  trainer->caution.n_lost = 0;
}

/* To the copy, with smaller rates. @reason is the middle of a sentence. */
static gboolean
go_back (PstTrainer *trainer, const char *reason, GError **error)
{
  const PstRecipe *recipe = trainer->recipe;
  g_autofree char *text = NULL;
  gint64           from = trainer->n_steps;

  if (trainer->guard->numbers->len == 0)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_DIVERGED,
                   _ ("Step %d: %s. Make the rates or the losses' weights "
                      "smaller in the recipe and go on from the last "
                      "checkpoint."),
                   (int) from, reason);
      return FALSE;
    }
  if (trainer->caution.n_back >= recipe->guard_tries)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_DIVERGED,
                   _ ("Step %d: %s, after the training went back %d times to "
                      "smaller rates. Make the rates or the losses' weights "
                      "smaller in the recipe and go on from the last "
                      "checkpoint."),
                   (int) from, reason, trainer->caution.n_back);
      return FALSE;
    }
  restore (trainer);
  trainer->caution.n_back++;
  trainer->caution.rate *= recipe->guard_rate;
  text = g_strdup_printf (_ ("Step %d: %s. Back to step %d, with the rates "
                             "times %g."),
                          (int) from, reason, (int) trainer->n_steps,
                          trainer->caution.rate);
  pst_trainer_tell (trainer, PST_EVENT_ROLLBACK, text);
  return TRUE;
}

/* Column and contrast of every picture of the step; transfer full */
static double *
all_contrasts (PstTrainer *trainer)
{
  const PstSettings *settings = trainer->settings;
  const PstRanks    *ranks = trainer->players.ranks;
  int                first = pst_ranks_first (ranks, settings->batch);
  int                n = pst_ranks_count (ranks, settings->batch);
  double            *all = g_new0 (double, 2 * settings->batch);

  for (int i = 0; i < n; i++)
    {
      double *mine = all + 2 * (first + i);

      mine[0] = pst_adversarial_step_get_column (trainer->step, i);
      mine[1] = pst_augment_contrast (
        pst_adversarial_step_pastiche (trainer->step, i),
        settings->crop * settings->crop);
    }
  pst_ranks_add (ranks, all, 2 * (gsize) settings->batch);
  return all;
}

/* Counts pictures without contrast; the style that has had too many of them
 * in a row, or NULL. */
static const PstRecipeStyle *
find_flat (PstTrainer *trainer)
{
  float                *flat = trainer->caution.flat->tensor.data;
  const PstRecipeStyle *found = NULL;
  g_autofree double    *all = NULL;

  if (! trainer->step)
    return NULL;
  all = all_contrasts (trainer);
  for (int i = 0; i < trainer->settings->batch; i++)
    {
      int column = (int) all[2 * i];

      if (column == 0)
        continue;
      if (all[2 * i + 1] >= FLAT)
        flat[column] = 0;
      else if (++flat[column] >= (float) trainer->recipe->flat_pictures &&
               trainer->recipe->flat_pictures > 0)
        found = trainer->recipe->styles->pdata[column - 1];
    }
  return found;
}

static gboolean
is_calm (const PstTrainer *trainer)
{
  const float *flat = trainer->caution.flat->tensor.data;

  for (gint64 i = 0; i < pst_tensor_count (&trainer->caution.flat->tensor);
       i++)
    if (flat[i] > 0)
      return FALSE;
  return trainer->caution.n_lost == 0;
}

gboolean
pst_guard_check (PstTrainer *trainer, GError **error)
{
  if (! pst_checkpoint_visit (trainer, is_finite, NULL, NULL))
    return go_back (trainer, _ ("a weight is no longer a finite number"),
                    error);
  if (is_calm (trainer))
    pst_guard_keep (trainer);
  return TRUE;
}

gboolean
pst_guard_begin (PstTrainer *trainer, GError **error)
{
  if (trainer->n_steps > 0 || trainer->guard->numbers->len > 0)
    return TRUE;
  return pst_guard_check (trainer, error);
}

gboolean
pst_guard_step (PstTrainer *trainer, gboolean made, GError **error)
{
  const PstRecipe      *recipe = trainer->recipe;
  const PstRecipeStyle *flat = NULL;
  g_autofree char      *reason = NULL;

  if (made)
    {
      trainer->caution.n_lost = 0;
      flat = find_flat (trainer);
    }
  else
    trainer->caution.n_lost++;
  if (trainer->caution.n_lost >= MAX_LOST)
    reason = g_strdup_printf (_ ("losses or gradients of %d steps in a row "
                                 "were not finite"), MAX_LOST);
  else if (flat)
    reason = g_strdup_printf (_ ("%d pictures of “%s” in a row were flat"),
                              recipe->flat_pictures, flat->title);
  if (reason)
    return go_back (trainer, reason, error);
  if (recipe->guard_steps > 0 && trainer->n_steps % recipe->guard_steps == 0)
    return pst_guard_check (trainer, error);
  return TRUE;
}
