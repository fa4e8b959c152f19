/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "helper/progress.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>
#include <sys/ioctl.h>

#define BAR 24
#define LOG_EVERY (60 * G_USEC_PER_SEC) /* where there is no terminal */

static int
terminal_columns (void)
{
  struct winsize size;

  if (ioctl (1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  return 80;
}

static int
columns_of (const char *text)
{
  int n = 0;

  for (; *text; text = g_utf8_next_char (text))
    n += g_unichar_iswide (g_utf8_get_char (text)) ? 2 : 1;
  return n;
}

static void
append_bar (GString *line, double part, int size)
{
  g_string_append_c (line, '[');
  for (int i = 0; i < size; i++)
    g_string_append_c (line, i < (int) (size * part) ? '#' : '.');
  g_string_append (line, "] ");
}

/* Adds @texts as long as the line stays shorter than @columns. */
static void
append_fitting (GString *line, const char *const *texts, int columns)
{
  for (int used = columns_of (line->str); *texts; texts++)
    {
      used += columns_of (*texts);
      if (used >= columns)
        return;
      g_string_append (line, *texts);
    }
}

static char *
describe_losses (const HelperProgress *progress, const PstLosses *losses)
{
  if (! isfinite (losses->content) || ! isfinite (losses->style))
    return g_strdup ("");
  if (progress->student)
    return g_strdup_printf (_ (" · off the maps by %.3f, off their "
                               "covariances by %.3f"),
                            losses->content, losses->style);
  return g_strdup_printf (_ (" · off the photo by %.2f, off the style by "
                             "%.2f"), losses->content, losses->style);
}

/* As much of a step as @columns have room for; @bar: how wide, 0 for none. */
static char *
describe_step (const HelperProgress *progress, const PstEvent *event,
               gint64 steps, int columns, int bar)
{
  double           part = (double) event->step / (double) MAX (steps, 1);
  g_autofree char *left = pst_markup_duration (event->left);
  g_autofree char *losses = describe_losses (progress, &event->losses);
  g_autofree char *step = pst_markup_count (event->step);
  g_autofree char *last = pst_markup_count (steps);
  g_autofree char *percent = NULL, *count = NULL, *time = NULL;
  g_autofree char *judges = NULL;
  const char      *texts[6] = { NULL };
  GString         *line = g_string_new (NULL);

  if (bar > 0)
    append_bar (line, part, bar);
  texts[0] = percent = g_strdup_printf ("%3d %%", (int) (100 * part));
  texts[1] = count = g_strdup_printf (_ (" · step %s of %s"), step, last);
  time = g_strdup_printf (_ (" · %s left"), left);
  texts[2] = event->step < steps ? time : "";
  texts[3] = losses;
  if (isfinite (event->losses.success))
    texts[4] = judges = g_strdup_printf (_ (" · judges right %.0f %%"),
                                         100 * event->losses.success);
  append_fitting (line, texts, columns);
  return g_string_free (line, FALSE);
}

static void
show_step (HelperProgress *progress, const PstEvent *event)
{
  g_autofree char *text = NULL;
  gint64           now = g_get_monotonic_time ();
  gint64           steps = event->steps;
  int              columns;

  if (progress->until > 0)
    steps = MIN (steps, progress->until);
  if (! progress->terminal && event->step < steps &&
      now - progress->logged < LOG_EVERY)
    return;
  progress->logged = now;
  progress->bar = progress->terminal;
  columns = progress->terminal ? terminal_columns () : G_MAXINT;
  text = describe_step (progress, event, steps, columns,
                        ! progress->terminal ? 0
                        : columns < 72       ? BAR / 2
                                             : BAR);
  g_print (progress->terminal ? "\r\033[K%s" : "%s\n", text);
  fflush (stdout);
}

static void
show_start (HelperProgress *progress, const PstEvent *event)
{
  progress->logged = g_get_monotonic_time ();
  g_print (_ ("%d photos; steps take up to %d MB of memory\n"),
           (int) event->photos, (int) (event->memory >> 20));
}

/* What there is now. */
static void
show_end (const HelperProgress *progress, const PstEvent *event)
{
  g_autofree char *checkpoint = pst_trainer_checkpoint_path (progress->out);
  g_autofree char *report = pst_report_path (progress->out);
  g_autofree char *step = pst_markup_count (event->step);
  gboolean         whole = event->step >= event->steps;

  g_print (whole ? _ ("Finished after %s steps. Saved:\n")
                 : _ ("Stopped after %s steps. Saved:\n"), step);
  g_print (_ ("  %s: the model\n"), progress->out);
  g_print (whole ? _ ("  %s: the training's state\n")
                 : _ ("  %s: the training's state, which --resume goes on "
                      "from\n"), checkpoint);
  if (progress->reported)
    g_print (_ ("  %s: the report, for a browser\n"), report);
}

static void
show_words (HelperProgress *progress, const PstEvent *event)
{
  if (progress->bar)
    g_print ("\r\033[K");
  progress->bar = FALSE;
  if (event->kind == PST_EVENT_START)
    show_start (progress, event);
  else if (event->kind == PST_EVENT_SAMPLE)
    g_print (_ ("Samples: %s\n"), event->text);
  else if (event->kind == PST_EVENT_NOTE || event->kind == PST_EVENT_ROLLBACK)
    g_print ("%s\n", event->text);
  else if (event->kind == PST_EVENT_END)
    show_end (progress, event);
}

void
helper_progress_show (const PstEvent *event, gpointer data)
{
  HelperProgress *progress = data;

  if (progress->silent)
    return;
  if (progress->json)
    {
      g_autofree char *line = pst_event_to_json (event);

      g_print ("%s\n", line);
    }
  else if (event->kind == PST_EVENT_STEP)
    show_step (progress, event);
  else if (event->kind == PST_EVENT_REPORT)
    progress->reported = TRUE;
  else if (event->kind != PST_EVENT_CHECKPOINT)
    show_words (progress, event);
}

void
helper_progress_note (const char *text, gpointer progress)
{
  PstEvent event = { .kind = PST_EVENT_NOTE, .text = (char *) text };

  helper_progress_show (&event, progress);
}
