/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/clock.h"

#include <math.h>
#include <string.h>

#define HALF_LIFE 120.0 /* seconds after which a measurement counts half */
#define TRUST 15.0      /* seconds of a phase until its own speed counts as
                           much as that of the phase before */

/* What was measured, fading. */
typedef struct
{
  double seconds;
  double amount;
} Measure;

struct _PstClock
{
  const PstRecipe *recipe;
  double          *costs;
  Measure         *phases;
  gboolean        *warm; /* had its first step, which takes its memory */
  double           sheet;
  Measure          reads;
  Measure          tasks[PST_CLOCK_N_TASKS];
};

PstClock *
pst_clock_new (const PstRecipe *recipe, const double *costs, double sheet)
{
  PstClock *clock = g_new0 (PstClock, 1);

  clock->recipe = recipe;
  clock->costs = g_memdup2 (costs, sizeof (double) * recipe->phases->len);
  clock->phases = g_new0 (Measure, recipe->phases->len);
  clock->warm = g_new0 (gboolean, recipe->phases->len);
  clock->sheet = sheet;
  return clock;
}

void
pst_clock_free (PstClock *clock)
{
  if (! clock)
    return;
  g_free (clock->costs);
  g_free (clock->phases);
  g_free (clock->warm);
  g_free (clock);
}

/* @seconds for @amount join what was measured before. */
static void
measure (Measure *measure, double amount, double seconds)
{
  double fade = exp2 (-seconds / HALF_LIFE);

  measure->seconds = measure->seconds * fade + seconds;
  measure->amount = measure->amount * fade + amount;
}

static gint64
begin_of (const PstClock *clock, guint phase)
{
  return g_array_index (clock->recipe->phases, PstSettings, phase).from;
}

static guint
phase_of (const PstClock *clock, gint64 step)
{
  guint phase = 0;

  while (phase + 1 < clock->recipe->phases->len &&
         step >= begin_of (clock, phase + 1))
    phase++;
  return phase;
}

void
pst_clock_step (PstClock *clock, gint64 step, double seconds)
{
  guint phase = phase_of (clock, step);

  if (clock->warm[phase])
    measure (&clock->phases[phase], clock->costs[phase], seconds);
  clock->warm[phase] = TRUE;
}

void
pst_clock_read (PstClock *clock, double n, double seconds)
{
  measure (&clock->reads, n, seconds);
}

void
pst_clock_task (PstClock *clock, PstClockTask task, double seconds)
{
  measure (&clock->tasks[task], 1, seconds);
}

/* Seconds per unit of cost in @phase: its own as far as they are known, with
 * those of the measured phase before. */
static double
speed_of (const PstClock *clock, guint phase)
{
  double speed = NAN;

  for (guint i = 0; i <= phase; i++)
    {
      const Measure *own = &clock->phases[i];

      if (own->amount <= 0)
        continue;
      if (isnan (speed))
        speed = own->seconds / own->amount;
      else
        speed = (own->seconds + TRUST) / (own->amount + TRUST / speed);
    }
  return speed;
}

static double
steps_left (const PstClock *clock, gint64 step, gint64 until)
{
  guint  n = clock->recipe->phases->len;
  double seconds = 0;

  for (guint i = phase_of (clock, step); i < n; i++)
    {
      gint64 from = MAX (step, begin_of (clock, i));
      gint64 to = i + 1 < n ? MIN (until, begin_of (clock, i + 1)) : until;

      if (to > from)
        seconds += (double) (to - from) * clock->costs[i] *
                   speed_of (clock, i);
    }
  return seconds;
}

static double
task_seconds (const PstClock *clock, PstClockTask task, double guess)
{
  const Measure *one = &clock->tasks[task];

  return one->amount > 0 ? one->seconds / one->amount : guess;
}

double
pst_clock_left (const PstClock *clock, gint64 step, gint64 until,
                double reads)
{
  const PstRecipe *recipe = clock->recipe;
  double           left = steps_left (clock, step, until);
  double           speed = speed_of (clock, phase_of (clock, step));
  double           save = task_seconds (clock, PST_CLOCK_SAVE, 0);

  if (clock->reads.amount > 0)
    left += reads * clock->reads.seconds / clock->reads.amount;
  if (recipe->sample_every > 0)
    left += (double) (until / recipe->sample_every -
                      step / recipe->sample_every) *
            task_seconds (clock, PST_CLOCK_SHEET, clock->sheet * speed);
  if (recipe->save_every > save) /* its own time brings the next one nearer */
    left *= recipe->save_every / (recipe->save_every - save);
  return left + save;
}

gint64
pst_clock_fit (const PstClock *clock, gint64 step, double seconds)
{
  gint64 low = step, high = step + (1 << 24);

  if (isnan (pst_clock_left (clock, step, step + 1, 0)))
    return -1;
  while (low < high)
    {
      gint64 middle = low + (high - low + 1) / 2;

      if (pst_clock_left (clock, step, middle, 0) <= seconds)
        low = middle;
      else
        high = middle - 1;
    }
  return low;
}
