/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/history.h"

#include <math.h>

#include "core/base/test-run.h"

static void
add (PstHistory *history, gint64 from, gint64 to)
{
  PstLosses losses;
  double   *all = (double *) &losses;

  for (gint64 step = from; step < to; step++)
    {
      for (gsize i = 0; i < sizeof losses / sizeof (double); i++)
        all[i] = NAN;
      losses.content = (double) step;
      losses.identity = step % 7 == 0 ? 3 : NAN;
      losses.judged[1].fake = -(double) step;
      pst_history_add (history, step, &losses, 0.5);
    }
}

/* The same points, NaN too. */
static void
assert_same (const PstHistory *a, const PstHistory *b)
{
  static const char *const names[] = { "content", "identity", "style", "rate",
                                       "fake/1" };

  g_assert_cmpuint (pst_history_get_count (a), ==, pst_history_get_count (b));
  g_assert_cmpint (pst_history_get_stride (a), ==, pst_history_get_stride (b));
  for (guint i = 0; i < pst_history_get_count (a); i++)
    for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
      {
        float x = pst_history_get (a, names[k], i);
        float y = pst_history_get (b, names[k], i);

        g_assert_true (isnan (x) == isnan (y));
        if (! isnan (x))
          g_assert_cmpfloat_with_epsilon (x, y, 1e-5 * (fabsf (x) + 1));
      }
}

static void
test_bounded (void)
{
  g_autoptr (PstHistory) history = pst_history_new ();

  add (history, 0, 123457);
  g_assert_cmpuint (pst_history_get_count (history), <=, PST_HISTORY_POINTS);
  g_assert_cmpuint (pst_history_get_count (history), >=,
                    PST_HISTORY_POINTS / 2);
  for (guint i = 0; i < pst_history_get_count (history); i++)
    {
      double content = pst_history_get (history, "content", i);

      /* the mean over the point's steps, which are numbered from 1 */
      g_assert_cmpfloat_with_epsilon (
        pst_history_get_step (history, i), content + 1, 0.01);
      g_assert_cmpfloat (pst_history_get (history, "fake/1", i), ==, -content);
      if (i + 1 < pst_history_get_count (history)) /* the last is short */
        g_assert_cmpfloat (pst_history_get (history, "identity", i), ==, 3);
      g_assert_true (isnan (pst_history_get (history, "style", i)));
    }
}

/* Steps that are made again take the place of those before. */
static void
test_cut (void)
{
  static const gint64 cuts[] = { 0, 1, 64, 4999, 5000, 5001, 8191, 9999 };

  for (gsize i = 0; i < G_N_ELEMENTS (cuts); i++)
    {
      g_autoptr (PstHistory) history = pst_history_new ();
      g_autoptr (PstHistory) straight = pst_history_new ();

      add (history, 0, 10000);
      pst_history_cut (history, cuts[i]);
      g_assert_cmpuint (pst_history_get_count (history), <=,
                        cuts[i] / pst_history_get_stride (history) + 1);
      add (history, cuts[i], 10000);
      add (straight, 0, 10000);
      g_assert_cmpuint (pst_history_get_count (history), ==,
                        pst_history_get_count (straight));
      for (guint k = 0; k < pst_history_get_count (history); k++)
        g_assert_cmpfloat_with_epsilon (
          pst_history_get (history, "content", k),
          pst_history_get (straight, "content", k),
          (double) pst_history_get_stride (history));
    }
}

static PstGraph *
to_graph (const PstHistory *history)
{
  PstGraph *graph = pst_graph_new ();
  PstShape  shape = PST_SHAPE (1);

  pst_graph_add_output (graph, pst_graph_add_input (graph, "x", PST_FLOAT32,
                                                    &shape), "y");
  pst_history_write (history, graph);
  pst_graph_seal (graph);
  return graph;
}

/* Written and read again at any step, it goes on as if nothing had been. */
static void
test_resume (void)
{
  static const gint64 breaks[] = { 0, 1, 1999, 2000, 2001, 7777 };

  for (gsize i = 0; i < G_N_ELEMENTS (breaks); i++)
    {
      g_autoptr (PstHistory) first = pst_history_new ();
      g_autoptr (PstHistory) second = pst_history_new ();
      g_autoptr (PstHistory) straight = pst_history_new ();
      g_autoptr (PstGraph)   graph = NULL;
      const PstMark         *mark;

      add (first, 0, breaks[i]);
      pst_history_mark (first, PST_MARK_BACK, 5, "a\nb;=[c]\xc3\xa9");
      pst_history_add_seconds (first, 12.5);
      graph = to_graph (first);
      add (second, 0, 50); /* must leave no trace */
      pst_history_mark (second, PST_MARK_NOTE, 5, "gone");
      pst_history_read (second, graph, breaks[i]);
      assert_same (first, second);
      g_assert_cmpfloat (pst_history_get_seconds (second), ==, 12.5);
      g_assert_cmpuint (pst_history_get_marks (second)->len, ==, 1);
      mark = pst_history_get_marks (second)->pdata[0];
      g_assert_cmpint (mark->kind, ==, PST_MARK_BACK);
      g_assert_cmpint (mark->step, ==, 5);
      g_assert_cmpstr (mark->text, ==, "a\nb;=[c]\xc3\xa9");
      add (second, breaks[i], 9000);
      add (straight, 0, 9000);
      for (guint k = 0; k < pst_history_get_count (straight); k++)
        g_assert_cmpfloat_with_epsilon (
          pst_history_get (second, "content", k),
          pst_history_get (straight, "content", k), 0.01);
    }
}

/* A checkpoint without a history, or with a damaged one. */
static void
test_missing (void)
{
  static const char *const texts[] = {
    NULL, "nonsense", "[curves]\nstride=0\nopen=3\ncolumns=content;\n",
    "[curves]\nstride=1\nopen=0\ncolumns=content;rate\n",
    "[curves]\nstride=9223372036854775807\nopen=0\ncolumns=content;\n",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (PstHistory) history = pst_history_new ();
      g_autoptr (PstGraph)   graph = pst_graph_new ();
      PstShape               shape = PST_SHAPE (20, 1);
      PstArray              *array = pst_array_new (PST_FLOAT32, &shape, TRUE);
      PstValue              *x;

      x = pst_graph_add_input (graph, "x", PST_FLOAT32, &shape);
      pst_graph_add_output (graph, x, "y");
      pst_graph_add_parameter (graph, "history/points", array);
      pst_array_unref (array);
      if (texts[i])
        pst_graph_set_metadata (graph, "pastiche.training.history", texts[i]);
      pst_graph_seal (graph);
      pst_history_read (history, graph, 123456);
      g_assert_cmpuint (pst_history_get_count (history), <=,
                        PST_HISTORY_POINTS);
      g_assert_true (isnan (pst_history_get (history, "content", 0)));
      add (history, 123456, 130000);
      g_assert_cmpfloat_with_epsilon (
        pst_history_get (history, "content",
                         pst_history_get_count (history) - 1),
        129999, 2.0 * (double) pst_history_get_stride (history));
    }
}

static void
test_marks (void)
{
  g_autoptr (PstHistory) history = pst_history_new ();
  guint                  n = 0;

  for (int i = 0; i < 10; i++)
    pst_history_mark (history, PST_MARK_NOTE, i, "the same");
  g_assert_cmpuint (pst_history_get_marks (history)->len, ==, 1);
  for (int i = 1; i <= 100000; i++)
    pst_history_mark (history, PST_MARK_SHEET, i * 10, NULL);
  for (guint i = 0; i < pst_history_get_marks (history)->len; i++)
    {
      const PstMark *mark = pst_history_get_marks (history)->pdata[i];

      n += mark->kind == PST_MARK_SHEET;
      if (n == 1 && mark->kind == PST_MARK_SHEET) /* the first stays */
        g_assert_cmpint (mark->step, ==, 10);
    }
  g_assert_cmpuint (n, <=, PST_HISTORY_MARKS);
  g_assert_cmpuint (n, >=, PST_HISTORY_MARKS / 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/history/bounded", test_bounded);
  g_test_add_func ("/history/cut", test_cut);
  g_test_add_func ("/history/resume", test_resume);
  g_test_add_func ("/history/missing", test_missing);
  g_test_add_func ("/history/marks", test_marks);
  return test_run ();
}
