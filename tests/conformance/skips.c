/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/conformance/skips.h"

#include <string.h>

typedef struct
{
  char    *reason;
  char     kind; /* o, t or c */
  char    *name;
  gboolean used;
} Entry;

struct _Skips
{
  GPtrArray *entries;
  guint      n_cases;
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->reason);
  g_free (entry->name);
  g_free (entry);
}

static void
add_entries (Skips *skips, const char *reason, char **words)
{
  g_assert_true (g_str_equal (words[0], "op") ||
                 g_str_equal (words[0], "type") ||
                 g_str_equal (words[0], "case"));
  for (int i = 1; words[i]; i++)
    {
      Entry *entry = g_new0 (Entry, 1);

      entry->reason = g_strdup (reason);
      entry->kind = *words[0];
      entry->name = g_strdup (words[i]);
      g_ptr_array_add (skips->entries, entry);
    }
}

Skips *
skips_new (const char *path)
{
  Skips             *skips = g_new0 (Skips, 1);
  g_autofree char   *text = NULL;
  g_autofree char   *reason = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv)     lines = NULL;

  skips->entries = g_ptr_array_new_with_free_func (entry_free);
  if (! g_file_get_contents (path, &text, NULL, &error))
    g_error ("%s", error->message);
  lines = g_strsplit (text, "\n", -1);
  for (int i = 0; lines[i]; i++)
    {
      g_auto (GStrv) words = NULL;
      char          *line = g_strstrip (lines[i]);

      if (*line == '[')
        {
          g_free (reason);
          reason = g_strndup (line + 1, strlen (line) - 2);
          continue;
        }
      if (! *line || *line == '#')
        continue;
      words = g_strsplit (line, " ", -1);
      if (g_str_equal (words[0], "cases"))
        skips->n_cases = (guint) g_ascii_strtoull (words[1], NULL, 10);
      else if (reason)
        add_entries (skips, reason, words);
    }
  return skips;
}

void
skips_free (Skips *skips)
{
  g_ptr_array_unref (skips->entries);
  g_free (skips);
}

guint
skips_get_n_cases (Skips *skips)
{
  return skips->n_cases;
}

static gboolean
fits (const Entry *entry, const Case *it)
{
  if (entry->kind == 'c')
    return g_pattern_match_simple (entry->name, it->name);
  return g_ptr_array_find_with_equal_func (entry->kind == 'o' ? it->ops
                                                              : it->types,
                                           entry->name, g_str_equal, NULL);
}

const char *
skips_find (Skips *skips, const Case *it)
{
  const char *reason = NULL;

  for (guint i = 0; i < skips->entries->len; i++)
    {
      Entry *entry = skips->entries->pdata[i];

      if (! fits (entry, it))
        continue;
      entry->used = TRUE;
      reason = reason ? reason : entry->reason;
    }
  return reason;
}

const char *
skips_next_unused (Skips *skips, guint *at)
{
  for (; *at < skips->entries->len; (*at)++)
    {
      Entry *entry = skips->entries->pdata[*at];

      if (! entry->used)
        {
          (*at)++;
          return entry->name;
        }
    }
  return NULL;
}
