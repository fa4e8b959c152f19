/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/recipe.h"

/* What a training does besides its steps. */
typedef enum
{
  PST_CLOCK_SHEET,
  PST_CLOCK_SAVE,
  PST_CLOCK_N_TASKS,
} PstClockTask;

/**
 * PstClock:
 *
 * Tells how much time a training has left. It looks at no clock itself: it is
 * told how long steps and other work took. A step's time is what it took per
 * unit of its phase's cost, the last minutes counting most; phases to come are
 * reckoned by their costs until they have been measured. Reading photos is
 * kept apart, since most of it is done once.
 */
typedef struct _PstClock PstClock;

/**
 * pst_clock_new:
 * @recipe: its phases, sample sheets and checkpoints; must outlive the clock
 * @costs: of a step of each phase, in any unit, the same for all
 * @sheet: of a sample sheet, in that unit; a guess until one has been measured
 */
PstClock *pst_clock_new (const PstRecipe *recipe, const double *costs,
                         double sheet);
void      pst_clock_free (PstClock *clock);

/* The step after @step steps took @seconds, reading not counted. */
void pst_clock_step (PstClock *clock, gint64 step, double seconds);
/* So many photos were read, or made up, in @seconds. */
void pst_clock_read (PstClock *clock, double n, double seconds);
void pst_clock_task (PstClock *clock, PstClockTask task, double seconds);

/**
 * pst_clock_left:
 * @step: steps made
 * @until: the last one to be made
 * @reads: photos that will still have to be read
 *
 * Returns: seconds; NaN before anything is known
 */
double pst_clock_left (const PstClock *clock, gint64 step, gint64 until,
                       double reads);

/**
 * pst_clock_fit:
 * @step: steps made
 * @seconds: that there are
 *
 * Returns: the last step for which they will do, @step at least; -1 before
 *   anything is known
 */
gint64 pst_clock_fit (const PstClock *clock, gint64 step, double seconds);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstClock, pst_clock_free)
