/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/adversarial-step.h"

typedef enum
{
  PST_EVENT_START,      /* steps, step, photos, memory */
  PST_EVENT_STEP,       /* step, losses, rate, speed, left */
  PST_EVENT_SAMPLE,     /* step, text: the file */
  PST_EVENT_CHECKPOINT, /* step, text: the file */
  PST_EVENT_REPORT,     /* step, text: the file */
  PST_EVENT_ROLLBACK,   /* step it went back to, rate, text: why */
  PST_EVENT_NOTE,       /* text: something to know, such as a skipped photo */
  PST_EVENT_END,        /* step, text: "finished" or "cancelled" */
} PstEventKind;

/**
 * PstEvent:
 * @step: steps made so far
 * @steps: of the whole training
 * @photos: photos found
 * @memory: bytes that steps take at most, whatever the phase
 * @rate: learning rate of the generator
 * @speed: training pictures an hour
 * @left: seconds to the end
 * @losses: means since the last such event; NaN (null in JSON) where there
 *   was none
 * @text: (nullable): as the kind says
 *
 * What a training tells of itself while it runs; one JSON object a line for
 * programs. Members that a kind does not use are 0.
 */
typedef struct
{
  PstEventKind kind;
  gint64       step;
  gint64       steps;
  gint64       photos;
  gint64       memory;
  double       rate;
  double       speed;
  double       left;
  PstLosses    losses;
  char        *text;
} PstEvent;

typedef void (*PstEventFunc) (const PstEvent *event, gpointer data);

/* One line without its end; transfer full */
char *pst_event_to_json (const PstEvent *event);

/**
 * pst_event_parse:
 * @line: what pst_event_to_json() wrote
 * @event: (out caller-allocates): free its text with pst_event_clear()
 *
 * Unknown members are passed over.
 *
 * Returns: %FALSE with %PST_ERROR_FORMAT
 */
gboolean pst_event_parse (const char *line, PstEvent *event, GError **error);
void     pst_event_clear (PstEvent *event);
