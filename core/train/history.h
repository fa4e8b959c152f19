/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/graph.h"
#include "core/train/adversarial-step.h"

#define PST_HISTORY_POINTS 2000 /* most of them */
#define PST_HISTORY_MARKS 200   /* most of each kind */

typedef enum
{
  PST_MARK_START, /* a run of the program; text: on what */
  PST_MARK_SHEET, /* a sample sheet was made */
  PST_MARK_BACK,  /* the training went back to this step; text: why */
  PST_MARK_NOTE,  /* text: such as a skipped photo */
} PstMarkKind;

/**
 * PstMark:
 *
 * Something that happened when @step steps were made.
 */
typedef struct
{
  PstMarkKind kind;
  gint64      step;
  char       *text;
} PstMark;

/**
 * PstHistory:
 *
 * What a training has been through, for its report: the losses as at most
 * %PST_HISTORY_POINTS means over as many steps each (when there are more,
 * neighbours are joined), and what else happened. It depends on the steps
 * alone, but for the time it took, and goes into checkpoints, so a training
 * that goes on has the curves of one that was never interrupted.
 */
typedef struct _PstHistory PstHistory;

PstHistory *pst_history_new (void);
void        pst_history_free (PstHistory *history);

/**
 * pst_history_add:
 * @step: steps made before this one
 * @losses: of the step; what is not finite doesn't count
 * @rate: of the generator
 *
 * What is known of this step and later ones is forgotten; where earlier ones
 * are missing there is a gap.
 */
void pst_history_add (PstHistory *history, gint64 step,
                      const PstLosses *losses, double rate);
/* Forgets everything from @step on. */
void pst_history_cut (PstHistory *history, gint64 step);
/* @text: (nullable). A note that is there already is not taken again. */
void pst_history_mark (PstHistory *history, PstMarkKind kind, gint64 step,
                       const char *text);
void pst_history_add_seconds (PstHistory *history, double seconds);

guint  pst_history_get_count (const PstHistory *history);
/* The middle of point @i's steps. */
double pst_history_get_step (const PstHistory *history, guint i);
/* How many steps a point is the mean of. */
gint64 pst_history_get_stride (const PstHistory *history);

/**
 * pst_history_get:
 * @name: a member of PstLosses, "rate", or of discriminator K, from 0,
 *   "adversarial/K", "real/K" or "fake/K"
 *
 * Returns: the mean of point @i; NaN where there is none
 */
float pst_history_get (const PstHistory *history, const char *name, guint i);
/* (element-type PstMark) (transfer none): in the order they came */
GPtrArray *pst_history_get_marks (const PstHistory *history);
double     pst_history_get_seconds (const PstHistory *history);

/* Puts all of it into a checkpoint that is being made. */
void pst_history_write (const PstHistory *history, PstGraph *graph);
/* Takes what a checkpoint has up to @step, nothing if there is none: then
 * the curves begin there. */
void pst_history_read (PstHistory *history, PstGraph *graph, gint64 step);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstHistory, pst_history_free)
