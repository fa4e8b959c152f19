/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/report-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/train/markup.h"

PstReport *
pst_report_new (PstTrainer *trainer, const PstTrainerOptions *options)
{
  PstReport *report = g_new0 (PstReport, 1);

  report->trainer = trainer;
  report->options = options;
  report->thumbnails = pst_report_thumbnails (trainer);
  report->sheets = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
                                          g_free);
  report->folders = pst_report_folders (trainer, options->out);
  return report;
}

void
pst_report_free (PstReport *report)
{
  if (! report)
    return;
  g_ptr_array_unref (report->thumbnails);
  g_hash_table_unref (report->sheets);
  g_ptr_array_unref (report->folders);
  g_free (report);
}

char *
pst_report_path (const char *out)
{
  g_autofree char *stem = g_strdup (out);

  if (g_str_has_suffix (stem, ".onnx"))
    stem[strlen (stem) - strlen (".onnx")] = '\0';
  return g_strconcat (stem, ".report.html", NULL);
}

/* The model's title, or else its file's name. */
static char *
title_of (const PstReport *report)
{
  const char      *title = report->trainer->recipe->title;
  g_autofree char *name = g_path_get_basename (report->options->out);

  return title && *title ? g_strdup (title) : g_filename_display_name (name);
}

static char *
describe_state (const PstReport *report, const PstReportState *state)
{
  const PstTrainer *trainer = report->trainer;
  g_autofree char  *step = pst_markup_count (trainer->n_steps);
  g_autofree char  *steps = pst_markup_count (trainer->recipe->steps);
  g_autofree char  *time = NULL, *left = pst_markup_duration (state->left);

  time = pst_markup_duration (pst_history_get_seconds (trainer->history));
  if (trainer->n_steps >= trainer->recipe->steps)
    return g_strdup_printf (_ ("Finished: %s steps in %s."), step, time);
  if (state->ended)
    return g_strdup_printf (_ ("Stopped at step %s of %s after %s."), step,
                            steps, time);
  if (! isfinite (state->left))
    return g_strdup_printf (_ ("Under way: step %s of %s after %s."), step,
                            steps, time);
  return g_strdup_printf (_ ("Under way: step %s of %s after %s, about %s "
                             "left."), step, steps, time, left);
}

static void
append_head (GString *html, const PstReport *report,
             const PstReportState *state)
{
  const PstTrainer *trainer = report->trainer;
  g_autofree char  *title = title_of (report);
  g_autofree char  *text = describe_state (report, state);
  g_autofree char  *value = NULL, *most = NULL;

  /* Translators: the language of your translation, as in <html lang> */
  pst_markup_printf (html,
                     "<!DOCTYPE html>\n"
                     "<html xmlns=\"http://www.w3.org/1999/xhtml\" "
                     "lang=\"%s\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                     "<meta name=\"viewport\" "
                     "content=\"width=device-width, initial-scale=1\"/>\n"
                     "<title>%s</title>\n<style>\n",
                     C_ ("report", "en"), title);
  g_string_append (html, pst_report_style);
  pst_markup_printf (html, "</style>\n</head>\n<body>\n<main>\n"
                     "<h1>%s</h1>\n<p class=\"lead\">%s</p>\n", title, text);
  if (trainer->n_steps >= trainer->recipe->steps || state->ended)
    return;
  value = g_strdup_printf ("%" G_GINT64_FORMAT, trainer->n_steps);
  most = g_strdup_printf ("%" G_GINT64_FORMAT, trainer->recipe->steps);
  pst_markup_printf (html, "<progress value=\"%s\" max=\"%s\"></progress>\n",
                     value, most);
}

/* "Photo, The Scream, …": what stands across a sheet */
static char *
describe_columns (const PstTrainer *trainer)
{
  GPtrArray *styles = trainer->recipe->styles;
  GString   *text = g_string_new (_ ("Photo"));

  for (guint i = 0; i < pst_recipe_count_own (trainer->recipe); i++)
    g_string_append_printf (text, ", %s",
                            ((PstRecipeStyle *) styles->pdata[i])->title);
  g_string_append_printf (text, ", %s", _ ("without a style"));
  return g_string_free (text, FALSE);
}

static void
append_sheet (GString *html, const PstTrainer *trainer, const PstSheet *sheet,
              gboolean large)
{
  g_autofree char *count = pst_markup_count (sheet->step);
  g_autofree char *columns = describe_columns (trainer);
  g_autofree char *text = NULL;

  text = large ? g_strdup_printf (_ ("Samples after step %s. Across: %s."),
                                  count, columns)
               : g_strdup_printf (_ ("After step %s"), count);
  pst_markup_printf (html,
                     "<figure class=\"sheet%s\"><img alt=\"%s\" src=\"%s\"/>"
                     "<figcaption>%s</figcaption></figure>\n",
                     large ? " large" : "", text, sheet->uri, text);
}

static void
append_earlier (GString *html, const PstTrainer *trainer, GPtrArray *sheets)
{
  if (sheets->len < 2)
    return;
  pst_markup_printf (html, "<h2>%s</h2>\n<div class=\"sheets\">\n",
                     _ ("On the way"));
  for (guint i = 0; i + 1 < sheets->len; i++)
    append_sheet (html, trainer, sheets->pdata[i], FALSE);
  g_string_append (html, "</div>\n");
}

static void
append_end (GString *html, const PstReport *report)
{
  g_autofree char      *own = NULL, *recipe = NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char      *date = g_date_time_format (now, "%F %H:%M");
  g_autofree char      *text = g_strdup_printf (_ ("Written %s."), date);

  own = pst_report_shorten (report, report->trainer->recipe->text);
  recipe = g_utf8_make_valid (own, -1);
  pst_markup_printf (html, "<h2>%s</h2>\n<pre>%s</pre>\n"
                     "<p class=\"soft\">%s</p>\n"
                     "</main>\n</body>\n</html>\n",
                     _ ("Recipe"), recipe, text);
}

gboolean
pst_report_write (PstReport *report, const PstReportState *state,
                  GError **error)
{
  const PstTrainer     *trainer = report->trainer;
  g_autoptr (GString)   html = g_string_new (NULL);
  g_autoptr (GPtrArray) sheets = pst_report_sheets (report);
  g_autofree char      *path = pst_report_path (report->options->out);
  int                   problem;

  append_head (html, report, state);
  if (sheets->len > 0)
    append_sheet (html, trainer, sheets->pdata[sheets->len - 1], TRUE);
  pst_report_append_curves (html, trainer);
  append_earlier (html, trainer, sheets);
  pst_report_append_styles (html, report);
  pst_report_append_photos (html, report);
  pst_report_append_facts (html, report);
  append_end (html, report);
  problem = pst_file_replace (path, html->str, html->len);
  if (problem == 0)
    return TRUE;
  g_set_error (error, PST_ERROR, PST_ERROR_FILE,
               _ ("The report cannot be written: %s. The training goes on "
                  "without it."), g_strerror (problem));
  return FALSE;
}
