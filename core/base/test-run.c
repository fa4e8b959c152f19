/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/base/test-run.h"

#include <string.h>

/* This program's command line; empty where the system doesn't tell. */
static GStrv
own_words (void)
{
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  g_autofree char         *text = NULL;
  gsize                    size = 0;

  g_file_get_contents ("/proc/self/cmdline", &text, &size, NULL);
  for (gsize i = 0; i < size; i += strlen (text + i) + 1)
    g_strv_builder_add (words, text + i);
  return g_strv_builder_end (words);
}

/* The path that the word at @i gives, and how many words @used: (out) it took
 * for that; NULL where it is another one. */
static const char *
path_at (char **words, guint i, guint *used)
{
  *used = 1;
  if (g_str_has_prefix (words[i], "-p="))
    return words[i] + 3;
  if (strcmp (words[i], "-p") != 0 || ! words[i + 1])
    return NULL;
  *used = 2;
  return words[i + 1];
}

/* The paths given (@wanted), or all the other words. */
static GStrv
part_words (char **words, gboolean wanted)
{
  g_autoptr (GStrvBuilder) found = g_strv_builder_new ();
  guint                    used;

  for (guint i = 0; words[i]; i += used)
    {
      const char *path = path_at (words, i, &used);

      if (path && wanted)
        g_strv_builder_add (found, path);
      else if (! path && ! wanted)
        g_strv_builder_add (found, words[i]);
    }
  return g_strv_builder_end (found);
}

/* Whether this program, asked to list (-l) what @path names, lists a test.
 * TRUE, too, where it can't be asked. */
static gboolean
has_test (char **others, const char *path)
{
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  g_autofree char         *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char         *out = NULL;
  g_auto (GStrv)           all = NULL;
  g_auto (GStrv)           lines = NULL;

  g_strv_builder_addv (words, (const char **) others);
  g_strv_builder_add_many (words, "-l", "-p", path, NULL);
  all = g_strv_builder_end (words);
  if (! program || ! all[0])
    return TRUE;
  g_free (all[0]);
  all[0] = g_steal_pointer (&program);
  if (! g_spawn_sync (NULL, all, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                      &out, NULL, NULL, NULL))
    return TRUE;
  lines = g_strsplit (out, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    {
      const char *line = g_strchug (lines[i]); /* as a part of these tests */

      if (g_str_has_prefix (line, "/") || g_str_has_prefix (line, "# /"))
        return TRUE;
    }
  return FALSE;
}

int
test_run (void)
{
  g_auto (GStrv) words = own_words ();
  g_auto (GStrv) paths = part_words (words, TRUE);
  g_auto (GStrv) others = part_words (words, FALSE);

  if (g_test_subprocess () || g_strv_contains ((const char **) words, "-l"))
    return g_test_run ();
  for (guint i = 0; paths[i]; i++)
    if (! has_test (others, paths[i]))
      {
        g_printerr ("There is no test at %s; the option -l lists all.\n",
                    paths[i]);
        return 1;
      }
  return g_test_run ();
}
