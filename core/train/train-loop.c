/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/trainer-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define TELL_EVERY 1.0 /* seconds between events of steps */

#define N_LOSSES (sizeof (PstLosses) / sizeof (double))

/* What a running training keeps for its events and saves. */
typedef struct
{
  PstTrainer              *trainer;
  const PstTrainerOptions *options;
  gint64                   until;
  double                   begin;  /* seconds */
  double                   told;
  double                   saved;
  double                   pixels; /* of the recipe before the first step */
  gint64                   first;
  double                   sums[N_LOSSES];
  int                      counts[N_LOSSES];
} Loop;

static double
now (void)
{
  return g_get_monotonic_time () / 1e6;
}

static void
add_losses (Loop *loop, const PstLosses *losses)
{
  double values[N_LOSSES];

  memcpy (values, losses, sizeof values);
  for (gsize i = 0; i < N_LOSSES; i++)
    if (isfinite (values[i]))
      {
        loop->sums[i] += values[i];
        loop->counts[i]++;
      }
}

static void
tell_step (Loop *loop)
{
  PstTrainer      *trainer = loop->trainer;
  const PstRecipe *recipe = trainer->recipe;
  gint64           step = trainer->n_steps;
  PstEvent         event = { .kind = PST_EVENT_STEP };
  double           means[N_LOSSES];
  double           seconds = now () - loop->begin;
  double           done = pst_recipe_pixels (recipe, step) - loop->pixels;
  double           all = pst_recipe_pixels (recipe, loop->until);

  for (gsize i = 0; i < N_LOSSES; i++)
    means[i] = loop->counts[i] ? loop->sums[i] / loop->counts[i] : NAN;
  memcpy (&event.losses, means, sizeof means);
  memset (loop->sums, 0, sizeof loop->sums);
  memset (loop->counts, 0, sizeof loop->counts);
  event.step = step;
  event.steps = recipe->steps;
  event.rate = trainer->settings->rate * trainer->caution.rate *
               pst_recipe_factor (recipe, step);
  event.speed = 3600 / seconds *
                (double) (pst_recipe_samples (recipe, step) -
                          pst_recipe_samples (recipe, loop->first));
  event.left = seconds / done * (all - loop->pixels - done);
  loop->told = now ();
  if (trainer->func)
    trainer->func (&event, trainer->func_data);
}

/* "MODEL.onnx" -> "MODEL.step-001500.png" */
static gboolean
save_sheet (Loop *loop, GError **error)
{
  g_autofree char *stem = g_strdup (loop->options->out);
  g_autofree char *path = NULL;

  if (g_str_has_suffix (stem, ".onnx"))
    stem[strlen (stem) - strlen (".onnx")] = '\0';
  path = g_strdup_printf ("%s.step-%06" G_GINT64_FORMAT ".png", stem,
                          loop->trainer->n_steps);
  if (! pst_trainer_save_sheet (loop->trainer, path, error))
    return FALSE;
  pst_trainer_tell (loop->trainer, PST_EVENT_SAMPLE, path);
  return TRUE;
}

static gboolean
save (Loop *loop, GError **error)
{
  loop->saved = now ();
  return pst_trainer_save (loop->trainer, loop->options->out, error);
}

static gboolean
after_step (Loop *loop, GError **error)
{
  const PstRecipe  *recipe = loop->trainer->recipe;
  const PstTrainer *trainer = loop->trainer;
  gint64            step = trainer->n_steps;

  if (now () - loop->told >= TELL_EVERY || step == loop->until)
    tell_step (loop);
  if (trainer->step && recipe->sample_every > 0 &&
      step % recipe->sample_every == 0 && ! save_sheet (loop, error))
    return FALSE;
  if (recipe->save_every > 0 && now () - loop->saved >= recipe->save_every)
    return save (loop, error);
  return TRUE;
}

static void
tell_memory (PstTrainer *trainer)
{
  guint64          photos = pst_dataset_get_memory (trainer->dataset);
  guint64          styles = 0;
  g_autofree char *text = NULL;

  for (guint i = 0; i < trainer->pictures->len; i++)
    {
      GPtrArray *pictures = trainer->pictures->pdata[i];

      for (guint k = 0; k < pictures->len; k++)
        {
          const PstPicture *picture = pictures->pdata[k];

          styles += (guint64) picture->width * picture->height * 3;
        }
    }
  text = g_strdup_printf (_ ("Photos take up to %d MB of memory, the pictures "
                             "of the styles %d MB."),
                          (int) ((photos + (1 << 20) - 1) >> 20),
                          (int) ((styles + (1 << 20) - 1) >> 20));
  pst_trainer_tell (trainer, PST_EVENT_NOTE, text);
}

static void
tell_skipped (PstTrainer *trainer)
{
  guint            n = pst_dataset_get_skipped (trainer->dataset);
  g_autofree char *text = NULL;

  if (n == 0)
    return;
  text = g_strdup_printf (_ ("Photos passed over: %u, for the reasons above"),
                          n);
  pst_trainer_tell (trainer, PST_EVENT_NOTE, text);
}

/* Time and speed are told from where the training stands now. */
static void
start_clock (Loop *loop)
{
  loop->begin = now ();
  loop->first = loop->trainer->n_steps;
  loop->pixels = pst_recipe_pixels (loop->trainer->recipe, loop->first);
}

gboolean
pst_trainer_run (PstTrainer *trainer, const PstTrainerOptions *options,
                 GError **error)
{
  Loop     loop = { trainer, options };
  gboolean cancelled = FALSE;

  loop.until = options->until > 0 ? MIN (options->until,
                                         trainer->recipe->steps)
                                  : trainer->recipe->steps;
  loop.told = loop.saved = now ();
  start_clock (&loop);
  pst_trainer_tell (trainer, PST_EVENT_START, NULL);
  tell_memory (trainer);
  while (trainer->n_steps < loop.until && ! cancelled)
    {
      PstLosses losses;
      gint64    before = trainer->n_steps;

      if (! pst_trainer_step (trainer, &losses, error))
        return FALSE;
      add_losses (&loop, &losses);
      if (trainer->n_steps <= before) /* gone back */
        start_clock (&loop);
      else if (! after_step (&loop, error))
        return FALSE;
      if (trainer->n_steps == loop.until && ! pst_guard_check (trainer, error))
        return FALSE;
      cancelled = g_cancellable_is_cancelled (options->cancellable);
    }
  if (! save (&loop, error))
    return FALSE;
  tell_skipped (trainer);
  pst_trainer_tell (trainer, PST_EVENT_END,
                    cancelled ? "cancelled" : "finished");
  return TRUE;
}
