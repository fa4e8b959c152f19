/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Styles, photos, and how the training was made. */
#include "config.h"

#include "core/train/report-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/kernels/kernels.h"
#include "core/train/markup.h"

/* What the system calls its processor; transfer full, NULL where it doesn't
 * tell */
static char *
processor_name (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv)   lines = NULL;

  if (! g_file_get_contents ("/proc/cpuinfo", &text, NULL, NULL))
    return NULL;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    {
      const char *colon = strchr (lines[i], ':');

      if (colon && g_str_has_prefix (lines[i], "model name"))
        return g_strstrip (g_utf8_make_valid (colon + 1, -1));
    }
  return NULL;
}

char *
pst_report_hardware (const PstTrainer *trainer)
{
  g_autofree char *name = processor_name ();

  return g_strdup_printf (_ ("%s%sthreads: %u, cores: %u, instruction set: "
                             "%s"),
                          name ? name : "", name ? "; " : "",
                          pst_pool_get_size (trainer->pool),
                          g_get_num_processors (), pst_kernels ()->name);
}

/* What the styles' pictures were named by, for people. */
static void
append_style (GString *html, const PstReport *report, guint i)
{
  const PstTrainer     *trainer = report->trainer;
  const PstRecipeStyle *style = trainer->recipe->styles->pdata[i];
  const GPtrArray      *pictures = trainer->pictures->pdata[i];
  const GPtrArray      *some = report->thumbnails->pdata[i];

  g_string_append (html, "<li>");
  if (some->len > 0)
    g_string_append (html, "<div class=\"row\">");
  for (guint k = 0; k < some->len; k++)
    pst_markup_printf (html, "<img alt=\"%s\" src=\"%s\"/>", style->title,
                       (const char *) some->pdata[k]);
  if (some->len > 0)
    g_string_append (html, "</div>");
  pst_markup_printf (html, "<strong>%s</strong>", style->title);
  if (*style->credit)
    pst_markup_printf (html, "%s<br/>", style->credit);
  pst_markup_printf (html, "<span class=\"soft\">%s", style->id);
  if (*style->licence)
    pst_markup_printf (html, " · %s", style->licence);
  if (pictures->len > 1)
    {
      g_autofree char *text = g_strdup_printf (_ ("%u pictures"),
                                               pictures->len);

      pst_markup_printf (html, " · %s", text);
    }
  if (! style->shown)
    pst_markup_printf (html, " · %s", _ ("trained, but not in the model"));
  g_string_append (html, "</span></li>\n");
}

void
pst_report_append_styles (GString *html, const PstReport *report)
{
  guint n = report->trainer->pictures->len; /* kept styles have none */

  if (n == 0)
    return;
  pst_markup_printf (html, "<h2>%s</h2>\n<ul class=\"styles\">\n",
                     _ ("Styles"));
  for (guint i = 0; i < n; i++)
    append_style (html, report, i);
  g_string_append (html, "</ul>\n");
}

/* @path as people see it; transfer full */
static char *
name_of (const PstReport *report, const char *path)
{
  g_autofree char *name = pst_report_shorten (report, path);

  return g_filename_display_name (name);
}

static void
append_group (GString *html, const PstReport *report, guint i)
{
  PstDatasetGroup  group;
  g_autofree char *name = NULL, *count = NULL, *share = NULL;

  pst_dataset_get_group (report->trainer->dataset, i, &group);
  name = group.path ? name_of (report, group.path)
                    : g_strdup (_ ("made up by the program"));
  count = pst_markup_count (group.n);
  share = g_strdup_printf ("%.0f %%", 100 * group.share);
  pst_markup_printf (html, "<tr><th>%s</th><td>%s</td><td>%s</td></tr>\n",
                     count, share, name);
}

static void
append_notes (GString *html, const PstReport *report)
{
  GPtrArray *marks = pst_history_get_marks (report->trainer->history);
  guint      n = 0;

  for (guint i = 0; i < marks->len; i++)
    {
      const PstMark   *mark = marks->pdata[i];
      g_autofree char *text = NULL;

      if (mark->kind != PST_MARK_NOTE || ! mark->text)
        continue;
      text = pst_report_shorten (report, mark->text);
      if (n++ == 0)
        g_string_append (html, "<ul class=\"notes soft\">\n");
      pst_markup_printf (html, "<li>%s</li>\n", text);
    }
  if (n > 0)
    g_string_append (html, "</ul>\n");
}

void
pst_report_append_photos (GString *html, const PstReport *report)
{
  const PstDataset *dataset = report->trainer->dataset;
  guint            skipped = pst_dataset_get_skipped (dataset);
  PstDatasetGroup  group;
  g_autofree char *text = NULL;

  pst_markup_printf (html, "<h2>%s</h2>\n<table>\n", _ ("Photos"));
  for (guint i = 0; pst_dataset_get_group (dataset, i, &group); i++)
    append_group (html, report, i);
  g_string_append (html, "</table>\n");
  text = skipped > 0 ? g_strdup_printf (_ ("Passed over so far, copies "
                                           "included: %u."), skipped)
                     : g_strdup (_ ("None was passed over so far."));
  pst_markup_printf (html, "<p>%s</p>\n", text);
  append_notes (html, report);
}

static void
append_fact (GString *html, const char *name, const char *text)
{
  if (text && *text)
    pst_markup_printf (html, "<tr><th>%s</th><td>%s</td></tr>\n", name, text);
}

/* Seconds of a step, and the time of all. */
static void
append_times (GString *html, const PstTrainer *trainer)
{
  double           seconds = pst_history_get_seconds (trainer->history);
  g_autofree char *time = pst_markup_duration (seconds);
  g_autofree char *one = NULL, *text = NULL;

  if (trainer->n_steps == 0)
    return;
  one = pst_markup_figure (seconds / (double) trainer->n_steps);
  text = g_strdup_printf (_ ("%s, %s s a step with all that belongs to it"),
                          time, one);
  append_fact (html, _ ("Time"), text);
}

static void
append_memory (GString *html, const PstTrainer *trainer)
{
  g_autofree char *pictures = pst_trainer_describe_memory (trainer);
  g_autofree char *text = NULL;

  text = g_strdup_printf (_ ("%d MB for the steps at most. %s"),
                          (int) (trainer->memory >> 20), pictures);
  append_fact (html, _ ("Memory"), text);
}

/* Each run of the program, with where it began and what it ran on. */
static void
append_runs (GString *html, const PstTrainer *trainer)
{
  GPtrArray *marks = pst_history_get_marks (trainer->history);

  for (guint i = 0; i < marks->len; i++)
    {
      const PstMark   *mark = marks->pdata[i];
      g_autofree char *count = pst_markup_count (mark->step);
      g_autofree char *name = g_strdup_printf (_ ("Run from step %s on"),
                                               count);

      if (mark->kind == PST_MARK_START)
        append_fact (html, name, mark->text);
    }
}

void
pst_report_append_facts (GString *html, const PstReport *report)
{
  const PstTrainer        *trainer = report->trainer;
  const PstTrainerOptions *options = report->options;
  g_autofree char         *out = name_of (report, options->out);
  g_autofree char         *features = NULL, *seed = NULL, *versions = NULL;
  g_autofree char         *command = NULL;

  if (trainer->recipe->features)
    features = name_of (report, trainer->recipe->features);
  if (options->command)
    command = pst_report_shorten (report, options->command);
  seed = g_strdup_printf ("%" G_GINT64_FORMAT, trainer->recipe->seed);
  versions = g_strdup_printf ("Pastiche %s, GLib %u.%u.%u%s%s",
                              PACKAGE_VERSION, glib_major_version,
                              glib_minor_version, glib_micro_version,
                              options->versions ? ", " : "",
                              options->versions ? options->versions : "");
  pst_markup_printf (html, "<h2>%s</h2>\n<table>\n", _ ("Training"));
  append_fact (html, _ ("Model"), out);
  append_fact (html, _ ("Command"), command);
  append_times (html, trainer);
  append_memory (html, trainer);
  append_fact (html, _ ("Seed"), seed);
  append_fact (html, _ ("Feature network"), features);
  append_fact (html, _ ("Versions"), versions);
  append_runs (html, trainer);
  g_string_append (html, "</table>\n");
}
