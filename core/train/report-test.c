/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report, its curves and its texts; tests/helper/report.py reads whole
 * ones. */
#include "core/train/report-private.h"

#include <locale.h>
#include <math.h>
#include <string.h>

#include "core/base/test-run.h"
#include "core/train/chart.h"
#include "core/train/markup.h"
#include "core/train/trainer-fixture.h"

static void
test_markup (void)
{
  g_autoptr (GString) text = g_string_new (NULL);

  pst_markup_printf (text, "<b>%s</b> %d", "a<b>&\"'\x01\x1b é\n", 5);
  g_assert_cmpstr (text->str, ==,
                   "<b>a&lt;b&gt;&amp;&quot;&apos; é\n</b> 5");
}

static void
test_figures (void)
{
  static const struct
  {
    double      number;
    const char *text;
  } figures[] = {
    { 0, "0" },           { 0.012345, "0.0123" }, { 1.5, "1.50" },
    { -12.34, "-12.3" },  { 123.4, "123" },       { 78901, "78,901" },
    { 1.5e-7, "1.5e-07" }, { NAN, "–" },          { 2.5e9, "2.5e+09" },
  };
  static const struct
  {
    gint64      count;
    const char *text;
  } counts[] = {
    { 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 1234567, "1,234,567" },
    { -1000, "-1,000" }, { -100, "-100" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (figures); i++)
    {
      g_autofree char *text = pst_markup_figure (figures[i].number);

      g_assert_cmpstr (text, ==, figures[i].text);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_autofree char *text = pst_markup_count (counts[i].count);

      g_assert_cmpstr (text, ==, counts[i].text);
    }
}

/* A curve of @n steps: value = slope step + @from */
static PstHistory *
make_history (gint64 n, double from, double slope)
{
  PstHistory *history = pst_history_new ();
  PstLosses   losses;
  double     *all = (double *) &losses;

  for (gsize i = 0; i < sizeof losses / sizeof (double); i++)
    all[i] = NAN;
  for (gint64 step = 0; step < n; step++)
    {
      losses.style = from + slope * (double) step;
      pst_history_add (history, step, &losses, 0.001);
    }
  return history;
}

/* Draws the style's loss; the SVG. */
static char *
draw (const PstHistory *history, const char *more)
{
  g_autofree char *text = g_strconcat (FIXTURE_RECIPE, more, NULL);
  g_autoptr (PstRecipe) recipe = pst_recipe_parse (text, "/", NULL);
  PstChart chart = { "Style & co", "text", "unit", 1, FALSE, 1, { "style" },
                     { NULL } };
  GString *html = g_string_new (NULL);

  pst_chart_append (html, history, recipe, &chart);
  return g_string_free (html, FALSE);
}

static guint
count_of (const char *text, const char *word)
{
  guint n = 0;

  while ((text = strstr (text, word)))
    {
      text += strlen (word);
      n++;
    }
  return n;
}

static void
test_chart (void)
{
  static const struct
  {
    gint64 n;
    double from, slope;
  } cases[] = {
    { 0, 1, 0 },      { 1, 1, 0 },        { 2, 0, 0 },     { 500, 10, -0.02 },
    { 9000, 3e-7, 0 }, { 9000, -5, 1e-3 }, { 9000, 1, 1e4 }, { 100, 1e30, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PstHistory) history = make_history (cases[i].n, cases[i].from,
                                                     cases[i].slope);
      g_autofree char *svg = draw (history, "");

      if (cases[i].n == 0)
        {
          g_assert_cmpstr (svg, ==, "");
          continue;
        }
      g_assert_null (strstr (svg, "nan"));
      g_assert_null (strstr (svg, "inf"));
      g_assert_nonnull (strstr (svg, "Style &amp; co"));
      g_assert_cmpuint (count_of (svg, "<line class=\"grid\""), >=, 1);
      g_assert_cmpuint (count_of (svg, "<line class=\"grid\""), <=, 14);
      g_assert_cmpuint (count_of (svg, "class=\"tip\""), <=, 80);
      g_assert_cmpuint (strlen (svg), <, 60000);
    }
}

/* Phases and where the training went back to are marked; a comma is no point
 * in any locale. */
static void
test_marks (void)
{
  g_autoptr (PstHistory) history = make_history (100, 2, 0.1);
  g_autofree char       *before = g_strdup (setlocale (LC_NUMERIC, NULL));
  g_autofree char       *svg = NULL, *other = NULL;
  const char            *phases = "[phase a]\nfrom=20\ncrop=48\n"
                                  "[phase b]\nfrom=500\ncrop=64\n";

  pst_history_mark (history, PST_MARK_BACK, 50, "Step 60: <bad>.");
  svg = draw (history, phases);
  g_assert_cmpuint (count_of (svg, "<line class=\"phase\""), ==, 1);
  g_assert_cmpuint (count_of (svg, "<line class=\"back\""), ==, 1);
  g_assert_nonnull (strstr (svg, "Step 60: &lt;bad&gt;."));
  if (! setlocale (LC_NUMERIC, "de_DE.UTF-8"))
    return;
  other = draw (history, phases);
  setlocale (LC_NUMERIC, before);
  g_assert_cmpstr (svg, ==, other);
}

static void
test_choose (void)
{
  gint64 steps[200];
  guint  chosen[PST_REPORT_SHEETS], n;

  for (int i = 0; i < 200; i++)
    steps[i] = (i + 1) * 500;
  g_assert_cmpuint (pst_report_choose (steps, 0, chosen, 10), ==, 0);
  for (guint many = 1; many <= 200; many++)
    {
      n = pst_report_choose (steps, many, chosen, 10);
      g_assert_cmpuint (n, <=, 10);
      g_assert_cmpuint (n, >=, MIN (many, 6));
      g_assert_cmpuint (chosen[n - 1], ==, many - 1);
      g_assert_cmpuint (chosen[0], ==, 0);
      for (guint i = 1; i < n; i++)
        g_assert_cmpuint (chosen[i], >, chosen[i - 1]);
    }
}

static void
count (const PstEvent *event, gpointer data)
{
  int *n = data;

  n[event->kind]++;
}

/* A training that is killed and goes on has the curves of a whole one. */
static void
test_resume (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) straight = fixture_make (f, 1, NULL, NULL);
  g_autoptr (PstTrainer) first = fixture_make (f, 1, NULL, NULL);
  g_autoptr (PstTrainer) second = fixture_make (f, 1, NULL, NULL);
  g_autofree char       *path = pst_trainer_checkpoint_path (f->out);
  PstTrainerOptions      options = { .out = f->out, .until = 9 };

  g_assert_true (pst_trainer_run (straight, &options, NULL));
  options.until = 5;
  g_assert_true (pst_trainer_run (first, &options, NULL));
  fixture_steps (first, 2); /* are lost */
  g_assert_true (pst_trainer_resume (second, path, NULL));
  options.until = 9;
  g_assert_true (pst_trainer_run (second, &options, NULL));
  g_assert_cmpuint (pst_history_get_count (second->history), ==, 9);
  for (guint i = 0; i < 9; i++)
    {
      float a = pst_history_get (straight->history, "style", i);
      float b = pst_history_get (second->history, "style", i);

      g_assert_true (isnan (a) == isnan (b));
      if (! isnan (a))
        g_assert_cmpfloat_with_epsilon (a, b, 1e-6 * (1 + fabsf (a)));
    }
  g_assert_cmpfloat (pst_history_get_seconds (second->history), >, 0);
}

/* Written at every sheet and at the end. */
static void
test_events (Fixture *f, gconstpointer data)
{
  int                    n[PST_EVENT_END + 1] = { 0 };
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, count, n);
  g_autofree char       *path = pst_report_path (f->out);
  g_autofree char       *html = NULL;
  PstTrainerOptions      options = { .out = f->out, .until = 10,
                                     .command = "a <b> 'c'" };

  g_assert_true (pst_trainer_run (trainer, &options, NULL));
  g_assert_cmpint (n[PST_EVENT_SAMPLE], ==, 2);
  g_assert_cmpint (n[PST_EVENT_REPORT], ==, 3);
  g_assert_true (g_file_get_contents (path, &html, NULL, NULL));
  g_assert_nonnull (strstr (html, "a &lt;b&gt; &apos;c&apos;"));
  g_assert_nonnull (strstr (html, "Stopped at step 10 of 1,000"));
}

/* Where it cannot be written, that is said once, and nothing else changes. */
static void
test_unwritable (Fixture *f, gconstpointer data)
{
  int                    n[PST_EVENT_END + 1] = { 0 };
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, count, n);
  g_autofree char       *path = pst_report_path (f->out);
  PstTrainerOptions      options = { .out = f->out, .until = 10 };
  int                    notes = n[PST_EVENT_NOTE];

  g_mkdir_with_parents (path, 0700);
  g_assert_true (pst_trainer_run (trainer, &options, NULL));
  g_assert_cmpint (n[PST_EVENT_REPORT], ==, 0);
  g_assert_cmpint (n[PST_EVENT_NOTE] - notes, ==, 2); /* and the memory */
  g_assert_cmpint (n[PST_EVENT_END], ==, 1);
  g_assert_true (g_file_test (f->out, G_FILE_TEST_IS_REGULAR));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/report/markup", test_markup);
  g_test_add_func ("/report/figures", test_figures);
  g_test_add_func ("/report/chart", test_chart);
  g_test_add_func ("/report/marks", test_marks);
  g_test_add_func ("/report/choose", test_choose);
#define ADD(name, func)                                                       \
  g_test_add ("/report/" name, Fixture, NULL, fixture_set_up, func,           \
              fixture_tear_down)
  ADD ("resume", test_resume);
  ADD ("events", test_events);
  ADD ("unwritable", test_unwritable);
#undef ADD
  return test_run ();
}
