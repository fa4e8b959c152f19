/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs ONNX's own cases and speaks TAP:
 *
 *   conformance [--data FOLDER] [--write FILE] [PATTERN…]
 *
 * PATTERN is part of a case's name or has * and ?; without one the list in
 * docs is checked too, or written to FILE. */
#include <stdio.h>
#include <string.h>

#include "tests/conformance/report.h"
#include "tests/conformance/skips.h"

#define DATA "/usr/share/libonnx-testdata/data"
#define SOURCE "tests/conformance/skips.txt"
#define LIST "docs/conformance.md"

static int
by_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static GPtrArray *
list_folder (const char *path)
{
  GPtrArray       *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char      *name;

  while (dir && (name = g_dir_read_name (dir)))
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, by_text);
  return names;
}

static GPtrArray *
find_cases (const char *data)
{
  GPtrArray *cases =
      g_ptr_array_new_with_free_func ((GDestroyNotify) case_free);
  g_autoptr (GPtrArray) sets = list_folder (data);

  for (guint i = 0; i < sets->len; i++)
    {
      g_autofree char *path = g_build_filename (data, sets->pdata[i], NULL);
      g_autoptr (GPtrArray) names = list_folder (path);

      for (guint k = 0; k < names->len; k++)
        {
          g_autofree char *model = g_build_filename (path, names->pdata[k],
                                                     "model.onnx", NULL);

          if (g_file_test (model, G_FILE_TEST_EXISTS))
            g_ptr_array_add (cases, case_new (data, sets->pdata[i],
                                              names->pdata[k]));
        }
    }
  return cases;
}

static gboolean
is_wanted (const Case *it, char **patterns)
{
  if (! patterns || ! *patterns)
    return TRUE;
  for (int i = 0; patterns[i]; i++)
    if (strstr (it->name, patterns[i]) ||
        g_pattern_match_simple (patterns[i], it->name))
      return TRUE;
  return FALSE;
}

/* A message must be one line without "#" in TAP. */
static char *
one_line (const char *text)
{
  return g_strdelimit (g_strdup (text), "#\n", ' ');
}

static gboolean
run_case (const Case *it, guint number, Skips *skips, Report *report)
{
  gboolean         known;
  const char      *reason = skips_find (skips, it);
  g_autofree char *failure = case_run (it, &known);
  g_autofree char *text = one_line (failure ? failure : "");
  gboolean         stale = reason && ! failure;

  report_add (report, it, failure, reason, known);
  if (stale)
    printf ("not ok %u %s - passes, but is listed as skipped: %s\n", number,
            it->name, reason);
  else if (failure && reason)
    printf ("ok %u %s # SKIP %s\n", number, it->name, reason);
  else
    printf ("%sok %u %s%s%s\n", failure ? "not " : "", number, it->name,
            failure ? " - " : "", text);
  fflush (stdout);
  return stale || (failure && ! reason);
}

/* Every line behind a "#", so that it does not count as a result. */
static void
print_remark (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (int i = 0; lines[i]; i++)
    printf ("# %s\n", lines[i]);
}

static gboolean
check_skips (Skips *skips)
{
  guint       at = 0;
  const char *entry;
  gboolean    good = TRUE;

  while ((entry = skips_next_unused (skips, &at)))
    {
      printf ("# no case fits “%s” in " SOURCE "\n", entry);
      good = FALSE;
    }
  return good;
}

static gboolean
check_list (const char *root, const char *text)
{
  g_autofree char *path = g_build_filename (root, LIST, NULL);
  g_autofree char *old = NULL;

  if (g_file_get_contents (path, &old, NULL, NULL) && strcmp (old, text) == 0)
    return TRUE;
  printf ("# " LIST " is not true any more: run this with --write\n");
  return FALSE;
}

/* The two checks of what the repository says; only where these are the cases
 * that it speaks of. */
static gboolean
finish (Skips *skips, Report *report, guint n, const char *root,
        const char *write)
{
  g_autofree char *text = report_write (report);
  gboolean         bad = FALSE, same = n == skips_get_n_cases (skips);
  const char      *other = same ? "" : " # SKIP other cases are installed";

  print_remark (text);
  if (write)
    return ! g_file_set_contents (write, text, -1, NULL);
  bad |= ! check_skips (skips) && same;
  printf ("%sok %u every entry of the list of skips fits\n",
          bad ? "not " : "", n + 1);
  if (same && ! check_list (root, text))
    {
      printf ("not ok %u " LIST " is true\n", n + 2);
      return TRUE;
    }
  printf ("ok %u " LIST " is true%s\n", n + 2, other);
  return bad;
}

static gboolean
run_all (const char *data, const char *root, const char *write, char **patterns)
{
  g_autofree char *path = g_build_filename (root, SOURCE, NULL);
  Skips           *skips = skips_new (path);
  Report          *report = report_new ();
  g_autoptr (GPtrArray) cases = find_cases (data);
  guint                 number = 0, failed = 0;
  gboolean              whole = ! patterns || ! *patterns;

  if (whole && ! write)
    printf ("1..%u\n", cases->len + 2);
  for (guint i = 0; i < cases->len; i++)
    if (is_wanted (cases->pdata[i], patterns))
      failed += run_case (cases->pdata[i], ++number, skips, report);
  if (! whole || write)
    printf ("1..%u\n", number);
  if (whole)
    failed += finish (skips, report, cases->len, root, write);
  printf ("# %u cases, %u failed\n", number, failed);
  skips_free (skips);
  report_free (report);
  return failed == 0;
}

int
main (int argc, char **argv)
{
  g_autofree char   *folder = NULL;
  g_autofree char   *write = NULL;
  const char        *data;
  g_auto (GStrv)     patterns = NULL;
  g_autoptr (GError) error = NULL;
  GOptionEntry       entries[] = {
    { "data", 0, 0, G_OPTION_ARG_FILENAME, &folder, "", NULL },
    { "write", 0, 0, G_OPTION_ARG_FILENAME, &write, "", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &patterns, "",
      NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_add_main_entries (context, entries, NULL);
  if (! g_option_context_parse (context, &argc, &argv, &error))
    {
      fprintf (stderr, "conformance: %s\n", error->message);
      return 2;
    }
  data = folder ? folder : DATA;
  if (! g_file_test (data, G_FILE_TEST_IS_DIR))
    {
      printf ("1..0 # SKIP %s is missing: install libonnx-testdata\n", data);
      return 0;
    }
  return run_all (data, PST_SOURCE_ROOT, write, patterns) ? 0 : 1;
}
