/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/report-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/train/clock.h"

#define TELL_EVERY 1.0 /* seconds between events of steps */
#define FIRST_SHEET 15.0 /* seconds, where the time is limited */
#define USUAL_STEP 0.25  /* seconds, until one has been timed */

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
  double                   counted; /* by the history */
  double                   sheet;   /* seconds from which the next is due */
  gint64                   first;
  PstClock                *clock;
  PstReport               *report;
  gboolean                 unreported; /* it has failed, and that was told */
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

static double
rate_of (const PstTrainer *trainer, gint64 step)
{
  return trainer->settings->rate * trainer->caution.rate *
         pst_recipe_factor (trainer->recipe, step);
}

/* How long the training has taken so far, all its runs together. */
static double
elapsed (const Loop *loop)
{
  return pst_history_get_seconds (loop->trainer->history) + now () -
         loop->counted;
}

static double
time_left (const Loop *loop)
{
  const PstTrainer *trainer = loop->trainer;
  double            samples;

  if (loop->options->seconds > 0)
    return MAX (loop->options->seconds - elapsed (loop), 0);
  samples = (double) (pst_recipe_samples (trainer->recipe, loop->until) -
                      pst_recipe_samples (trainer->recipe, trainer->n_steps));
  return pst_clock_left (loop->clock, trainer->n_steps, loop->until,
                         pst_dataset_expect (trainer->dataset, samples));
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

  for (gsize i = 0; i < N_LOSSES; i++)
    means[i] = loop->counts[i] ? loop->sums[i] / loop->counts[i] : NAN;
  memcpy (&event.losses, means, sizeof means);
  memset (loop->sums, 0, sizeof loop->sums);
  memset (loop->counts, 0, sizeof loop->counts);
  event.step = step;
  event.steps = recipe->steps;
  event.rate = rate_of (trainer, step);
  event.speed = 3600 / seconds *
                (double) (pst_recipe_samples (recipe, step) -
                          pst_recipe_samples (recipe, loop->first));
  event.left = time_left (loop);
  loop->told = now ();
  if (trainer->func)
    trainer->func (&event, trainer->func_data);
}

/* As many steps as there is time for. The rates fall towards their end. */
static void
fit_steps (Loop *loop)
{
  PstTrainer *trainer = loop->trainer;
  double      left = loop->options->seconds - elapsed (loop);
  gint64      last;

  if (loop->options->seconds <= 0)
    return;
  last = pst_clock_fit (loop->clock, trainer->n_steps, left);
  if (last < 0)
    last = trainer->n_steps + (gint64) ceil (MAX (left, 0) / USUAL_STEP);
  last = (gint64) pst_ranks_ask_first (trainer->players.ranks, (double) last);
  trainer->recipe->steps = loop->until = last;
  if (loop->options->until > 0)
    loop->until = MIN (last, loop->options->until);
}

static gboolean
is_sheet_due (Loop *loop)
{
  gint64 every = loop->trainer->recipe->sample_every;
  gint64 step = loop->trainer->n_steps;
  double due;

  if (! loop->trainer->step)
    return FALSE;
  if (loop->options->seconds <= 0)
    return every > 0 && step % every == 0;
  due = elapsed (loop) >= loop->sheet || step >= loop->until;
  if (pst_ranks_ask_first (loop->trainer->players.ranks, due) == 0)
    return FALSE;
  while (loop->sheet <= elapsed (loop))
    loop->sheet *= 3;
  return TRUE;
}

static gboolean
save_sheet (Loop *loop, GError **error)
{
  g_autofree char *path = pst_report_sheet_path (loop->options->out,
                                                 loop->trainer->n_steps);
  gboolean         good = TRUE;

  if (pst_ranks_is_first (loop->trainer->players.ranks))
    good = pst_trainer_save_sheet (loop->trainer, path, error);
  if (! pst_ranks_agree (loop->trainer->players.ranks, good, error))
    return FALSE;
  pst_history_mark (loop->trainer->history, PST_MARK_SHEET,
                    loop->trainer->n_steps, NULL);
  pst_trainer_tell (loop->trainer, PST_EVENT_SAMPLE, path);
  return TRUE;
}

/* Adds what has passed since the last time. */
static void
count_seconds (Loop *loop)
{
  double time = now ();

  pst_history_add_seconds (loop->trainer->history, time - loop->counted);
  loop->counted = time;
}

static gboolean
save (Loop *loop, GError **error)
{
  loop->saved = now ();
  count_seconds (loop);
  return pst_trainer_save (loop->trainer, loop->options->out, error);
}

/* Told of once where it fails, as the training can do without. */
static void
write_report (Loop *loop, gboolean ended)
{
  PstReportState     state = { time_left (loop), ended };
  g_autofree char   *path = pst_report_path (loop->options->out);
  g_autoptr (GError) error = NULL;

  count_seconds (loop);
  if (! loop->report)
    return;
  if (pst_report_write (loop->report, &state, &error))
    pst_trainer_tell (loop->trainer, PST_EVENT_REPORT, path);
  else if (! loop->unreported)
    {
      loop->unreported = TRUE;
      pst_trainer_tell (loop->trainer, PST_EVENT_NOTE, error->message);
    }
}

/* @sheet: (out): whether one was made */
static gboolean
after_step (Loop *loop, gboolean *sheet, GError **error)
{
  fit_steps (loop);
  if (now () - loop->told >= TELL_EVERY ||
      loop->trainer->n_steps == loop->until)
    tell_step (loop);
  *sheet = is_sheet_due (loop);
  return ! *sheet || save_sheet (loop, error);
}

/* Whether the time has come to save, which the first rank's clock says, and
 * whether a process was told to end. */
static void
ask_ranks (Loop *loop, gboolean *due, gboolean *cancelled)
{
  const PstRanks *ranks = loop->trainer->players.ranks;
  double          every = loop->trainer->recipe->save_every;
  double          asked[2];

  asked[0] = pst_ranks_is_first (ranks) && every > 0 &&
             now () - loop->saved >= every;
  asked[1] = g_cancellable_is_cancelled (loop->options->cancellable);
  pst_ranks_add (ranks, asked, G_N_ELEMENTS (asked));
  *due = asked[0] > 0;
  *cancelled = asked[1] > 0;
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

/* Speed is told from where the training stands now. */
static void
start_clock (Loop *loop)
{
  loop->begin = now ();
  loop->first = loop->trainer->n_steps;
}

/* Plans what is to come. */
static gboolean
forecast (Loop *loop, GError **error)
{
  PstTrainer        *trainer = loop->trainer;
  g_autofree double *costs = g_new (double, trainer->recipe->phases->len);

  if (! pst_trainer_forecast (trainer,
                              loop->options->seconds > 0 ? G_MAXINT64
                                                         : loop->until,
                              costs, &trainer->memory, error))
    return FALSE;
  loop->clock = pst_clock_new (trainer->recipe, costs,
                               pst_painter_cost (trainer));
  return TRUE;
}

static void
tell_start (Loop *loop)
{
  PstTrainer      *trainer = loop->trainer;
  g_autofree char *memory = pst_trainer_describe_memory (trainer);
  g_autofree char *hardware = pst_report_hardware (trainer);

  pst_history_mark (trainer->history, PST_MARK_START, trainer->n_steps,
                    hardware);
  pst_trainer_tell (trainer, PST_EVENT_START, NULL);
  pst_trainer_tell (trainer, PST_EVENT_NOTE, memory);
}

/* One step, with its time told to the clock. */
static gboolean
timed_step (Loop *loop, PstLosses *losses, GError **error)
{
  PstTrainer *trainer = loop->trainer;
  gint64      before = trainer->n_steps;
  double      begin = now ();
  double      n_before, n_after, read_before, read_after;

  pst_dataset_get_reading (trainer->dataset, &n_before, &read_before);
  if (! pst_trainer_step (trainer, losses, error))
    return FALSE;
  pst_dataset_get_reading (trainer->dataset, &n_after, &read_after);
  if (n_after > n_before)
    pst_clock_read (loop->clock, n_after - n_before,
                    read_after - read_before);
  pst_clock_step (loop->clock, before,
                  now () - begin - (read_after - read_before));
  return TRUE;
}

/* A step, and what is due after it. */
static gboolean
run_step (Loop *loop, gboolean *cancelled, GError **error)
{
  PstTrainer *trainer = loop->trainer;
  PstLosses   losses;
  gint64      before = trainer->n_steps;
  gboolean    sheet = FALSE, due;
  double      begin;

  if (! timed_step (loop, &losses, error))
    return FALSE;
  begin = now ();
  add_losses (loop, &losses);
  if (trainer->n_steps > before)
    pst_history_add (trainer->history, before, &losses,
                     rate_of (trainer, before));
  if (trainer->n_steps <= before) /* gone back */
    start_clock (loop);
  else if (! after_step (loop, &sheet, error))
    return FALSE;
  if (trainer->n_steps == loop->until && ! pst_guard_check (trainer, error))
    return FALSE;
  ask_ranks (loop, &due, cancelled);
  if (*cancelled || trainer->n_steps == loop->until)
    return TRUE; /* all is saved at the end */
  if (due && ! save (loop, error))
    return FALSE;
  if (sheet || due)
    {
      write_report (loop, FALSE);
      pst_clock_task (loop->clock, sheet ? PST_CLOCK_SHEET : PST_CLOCK_SAVE,
                      now () - begin);
    }
  return TRUE;
}

static gboolean
run (Loop *loop, GError **error)
{
  PstTrainer *trainer = loop->trainer;
  gboolean    cancelled = FALSE;

  start_clock (loop);
  while (trainer->n_steps < loop->until && ! cancelled)
    if (! run_step (loop, &cancelled, error))
      return FALSE;
  if (! save (loop, error))
    return FALSE;
  write_report (loop, TRUE);
  tell_skipped (trainer);
  pst_trainer_tell (trainer, PST_EVENT_END,
                    cancelled ? "cancelled" : "finished");
  return TRUE;
}

gboolean
pst_trainer_run (PstTrainer *trainer, const PstTrainerOptions *options,
                 GError **error)
{
  Loop     loop = { trainer, options };
  gboolean good;

  loop.until = options->until > 0 ? MIN (options->until,
                                         trainer->recipe->steps)
                                  : trainer->recipe->steps;
  loop.told = loop.saved = loop.counted = now ();
  loop.sheet = FIRST_SHEET - MIN (now () - trainer->born / 1e6, 10);
  if (options->seconds > 0)
    trainer->recipe->sample_every = 0; /* by time */
  good = forecast (&loop, error);
  if (! pst_ranks_agree (trainer->players.ranks, good, error))
    return FALSE;
  fit_steps (&loop);
  while (loop.sheet <= elapsed (&loop))
    loop.sheet *= 3;
  tell_start (&loop);
  if (options->seconds > 0 && trainer->n_steps >= loop.until)
    pst_trainer_tell (trainer, PST_EVENT_NOTE,
                      _ ("This training has had all its time; give it more "
                         "to go on."));
  if (pst_ranks_is_first (trainer->players.ranks))
    loop.report = pst_report_new (trainer, options);
  good = run (&loop, error);
  pst_report_free (loop.report);
  pst_clock_free (loop.clock);
  return good;
}
