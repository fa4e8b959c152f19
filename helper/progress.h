/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/pst.h"

/**
 * HelperProgress:
 * @json: events as JSON, a line each, and nothing else
 * @terminal: a bar that is drawn over and over; otherwise a line now and then
 * @silent: another process speaks
 * @student: it is a feature network that is trained
 * @out: the model's file
 * @until: last step of this run; 0 for that of the training
 *
 * How a training is shown on standard output.
 */
typedef struct
{
  gboolean    json;
  gboolean    terminal;
  gboolean    silent;
  gboolean    student;
  const char *out;
  gint64      until;
  /*< private >*/
  gboolean    bar;      /* one is on the line */
  gboolean    reported; /* a report was written */
  gint64      logged;   /* when the last line of a step was, in us */
} HelperProgress;

/* A PstEventFunc; @progress is a #HelperProgress. */
void helper_progress_show (const PstEvent *event, gpointer progress);

/* A PstSourceNote, for before there is a training that could tell of it. */
void helper_progress_note (const char *text, gpointer progress);
