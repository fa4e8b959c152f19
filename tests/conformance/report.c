/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/conformance/report.h"

#include <string.h>

typedef struct
{
  guint       passed, failed, skipped;
  GHashTable *reasons; /* reason -> number of cases */
} Count;

struct _Report
{
  GTree *sets;
  GTree *ops;     /* cases of one node in the set "node" */
  GTree *reasons; /* all cases */
  guint  known;
};

static int
by_name (gconstpointer a, gconstpointer b, gpointer data)
{
  return strcmp (a, b);
}

static void
count_free (gpointer data)
{
  Count *count = data;

  g_hash_table_unref (count->reasons);
  g_free (count);
}

static GTree *
counts_new (void)
{
  return g_tree_new_full (by_name, NULL, g_free, count_free);
}

Report *
report_new (void)
{
  Report *report = g_new0 (Report, 1);

  report->sets = counts_new ();
  report->ops = counts_new ();
  report->reasons = counts_new ();
  return report;
}

void
report_free (Report *report)
{
  g_tree_unref (report->sets);
  g_tree_unref (report->ops);
  g_tree_unref (report->reasons);
  g_free (report);
}

static void
add_to (GTree *counts, const char *name, const char *failure,
        const char *reason)
{
  Count *count = g_tree_lookup (counts, name);

  if (! count)
    {
      count = g_new0 (Count, 1);
      count->reasons =
          g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_tree_insert (counts, g_strdup (name), count);
    }
  if (! failure)
    count->passed++;
  else if (! reason)
    count->failed++;
  else
    {
      guint n = GPOINTER_TO_UINT (g_hash_table_lookup (count->reasons, reason));

      count->skipped++;
      g_hash_table_insert (count->reasons, g_strdup (reason),
                           GUINT_TO_POINTER (n + 1));
    }
}

void
report_add (Report *report, const Case *it, const char *failure,
            const char *reason, gboolean known)
{
  g_autofree char *set = g_path_get_dirname (it->name);

  add_to (report->sets, set, failure, reason);
  if (it->n_nodes == 1 && g_str_equal (set, "node"))
    add_to (report->ops, it->ops->pdata[0], failure, reason);
  if (failure && reason)
    add_to (report->reasons, reason, failure, reason);
  report->known += ! failure && known;
}

/* "2 × strings, training" */
static char *
list_reasons (const Count *count)
{
  GString          *text = g_string_new (NULL);
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (count->reasons),
                                        (GCompareFunc) strcmp);

  for (GList *at = keys; at; at = at->next)
    {
      guint n = GPOINTER_TO_UINT (g_hash_table_lookup (count->reasons,
                                                       at->data));

      g_string_append_printf (text, "%s%s", text->len ? "; " : "",
                              (const char *) at->data);
      if (n != count->skipped)
        g_string_append_printf (text, " (%u)", n);
    }
  return g_string_free (text, FALSE);
}

static gboolean
write_row (gpointer name, gpointer data, gpointer to)
{
  const Count     *count = data;
  g_autofree char *reasons = list_reasons (count);

  if (count->passed + count->failed > 0)
    g_string_append_printf (to, "| %s | %u | %u | %u | %s |\n",
                            (const char *) name, count->passed, count->failed,
                            count->skipped, reasons);
  return FALSE;
}

static gboolean
write_set (gpointer name, gpointer data, gpointer to)
{
  const Count *count = data;

  g_string_append_printf (to, "| %s | %u | %u | %u |\n", (const char *) name,
                          count->passed, count->failed, count->skipped);
  return FALSE;
}

static gboolean
write_reason (gpointer name, gpointer data, gpointer to)
{
  const Count *count = data;

  g_string_append_printf (to, "| %s | %u |\n", (const char *) name,
                          count->skipped);
  return FALSE;
}

/* Gathers operators of which no case is run: @to maps reasons to lists. */
static gboolean
gather_left_out (gpointer name, gpointer data, gpointer to)
{
  const Count     *count = data;
  g_autofree char *reasons = list_reasons (count);
  const char      *before = g_tree_lookup (to, reasons);

  if (count->passed + count->failed > 0)
    return FALSE;
  g_tree_insert (to, g_strdup (reasons),
                 g_strdup_printf ("%s%s`%s` %u", before ? before : "",
                                  before ? ", " : "", (const char *) name,
                                  count->skipped));
  return FALSE;
}

static gboolean
write_left_out (gpointer reasons, gpointer list, gpointer to)
{
  g_string_append_printf (to, "| %s | %s |\n", (const char *) reasons,
                          (const char *) list);
  return FALSE;
}

static gboolean
add_up (gpointer name, gpointer data, gpointer to)
{
  const Count *count = data;
  Count       *sum = to;

  if (count->passed + count->failed == 0)
    return FALSE;
  sum->passed += count->passed;
  sum->failed += count->failed;
  sum->skipped += count->skipped;
  return FALSE;
}

/* What no count changes. */
static const char head[] =
    "# Conformance\n\n"
    "ONNX's own cases, as Debian's package `libonnx-testdata` holds them, run "
    "by\n"
    "`./dev test conformance`. That test writes this page\n"
    "(`build/KIND/release/tests/conformance/conformance --write "
    "docs/conformance.md`)\n"
    "and fails where it is no longer true. Why cases are skipped stands in\n"
    "`tests/conformance/skips.txt`.\n\n"
    "Numbers must be as near as ONNX's own runner asks (1e-3 relative, 1e-7\n"
    "absolute), and besides within 1e-5 of the largest one unless half "
    "precision\n"
    "takes part. Every case is run twice: with what the planner makes simpler, "
    "and as\n"
    "it is written, from a copy that our writer made.\n\n";

char *
report_write (Report *report)
{
  GString *text = g_string_new (head);
  Count    sum = { 0 };
  g_autoptr (GTree) left_out =
      g_tree_new_full (by_name, NULL, g_free, g_free);

  g_tree_foreach (report->ops, add_up, &sum);
  g_tree_foreach (report->ops, gather_left_out, left_out);
  g_string_append_printf (
      text,
      "In %u cases shapes, axes, scales and the like come as inputs; they are "
      "made\n"
      "known before the plan is made, as they are in a model file.\n\n"
      "| set | passed | failed | skipped |\n| --- | --- | --- | --- |\n",
      report->known);
  g_tree_foreach (report->sets, write_set, text);
  g_string_append_printf (
      text,
      "\n## Single operators\n\n"
      "Cases of the set `node` that are one node. Of %u of the operators in "
      "this\n"
      "table, %u pass.\n\n"
      "| operator | passed | failed | skipped | why skipped |\n"
      "| --- | --- | --- | --- | --- |\n",
      sum.passed + sum.failed + sum.skipped, sum.passed);
  g_tree_foreach (report->ops, write_row, text);
  g_string_append (text, "\nOperators that are not run at all:\n\n"
                         "| why skipped | operators and cases |\n"
                         "| --- | --- |\n");
  g_tree_foreach (left_out, write_left_out, text);
  g_string_append (text, "\n## Reasons\n\n"
                         "| why skipped | cases |\n| --- | --- |\n");
  g_tree_foreach (report->reasons, write_reason, text);
  return g_string_free (text, FALSE);
}
