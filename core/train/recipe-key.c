/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/recipe-key.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/base/error.h"

struct _PstRecipeReader
{
  GKeyFile   *file;
  char       *folder;
  char       *home;
  GHashTable *known; /* "group\nkey" that something asked for */
};

PstRecipeReader *
pst_recipe_reader_new (const char *text, const char *folder,
                       const char *home, GError **error)
{
  g_autoptr (PstRecipeReader) reader = g_new0 (PstRecipeReader, 1);
  GError *reason = NULL;

  reader->file = g_key_file_new ();
  reader->folder = g_strdup (folder);
  reader->home = g_strdup (home);
  reader->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                         NULL);
  if (! g_key_file_load_from_data (reader->file, text, -1, G_KEY_FILE_NONE,
                                   &reason))
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FORMAT,
                   _ ("This is not a recipe: %s"), reason->message);
      g_error_free (reason);
      return NULL;
    }
  return g_steal_pointer (&reader);
}

void
pst_recipe_reader_free (PstRecipeReader *reader)
{
  if (! reader)
    return;
  g_key_file_unref (reader->file);
  g_hash_table_unref (reader->known);
  g_free (reader->folder);
  g_free (reader->home);
  g_free (reader);
}

char **
pst_recipe_reader_groups (PstRecipeReader *reader)
{
  return g_key_file_get_groups (reader->file, NULL);
}

gboolean
pst_recipe_reader_has (PstRecipeReader *reader, const char *group,
                       const char *key)
{
  g_hash_table_add (reader->known, g_strdup_printf ("%s\n%s", group, key));
  return g_key_file_has_key (reader->file, group, key, NULL);
}

gboolean
pst_recipe_reader_is (PstRecipeReader *reader, const char *group,
                      const char *key, const char *word)
{
  g_autofree char *text = g_key_file_get_string (reader->file, group, key,
                                                 NULL);

  return g_strcmp0 (text, word) == 0;
}

gboolean
pst_recipe_reader_fail (PstRecipeReader *reader, const char *group,
                        const char *key, GError **error, const char *expected,
                        ...)
{
  g_autofree char *text = NULL;
  g_autofree char *value = NULL;
  va_list          arguments;

  va_start (arguments, expected);
  text = g_strdup_vprintf (expected, arguments);
  va_end (arguments);
  if (key)
    value = g_key_file_get_string (reader->file, group, key, NULL);
  g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
               "[%s]%s%s%s%s%s: %s", group, key ? " " : "", key ? key : "",
               value ? " = “" : "", value ? value : "", value ? "”" : "",
               text);
  return FALSE;
}

char *
pst_recipe_reader_path (PstRecipeReader *reader, const char *item)
{
  if (g_path_is_absolute (item))
    return g_strdup (item);
  if (g_str_has_prefix (item, "./"))
    return g_build_filename (reader->home, item + 2, NULL);
  return g_build_filename (reader->folder, item, NULL);
}

/* The value without spaces around it; NULL where the key is missing. */
static char *
value_of (PstRecipeReader *reader, const char *group, const char *key)
{
  char *value;

  if (! pst_recipe_reader_has (reader, group, key))
    return NULL;
  value = g_key_file_get_string (reader->file, group, key, NULL);
  return value ? g_strstrip (value) : g_strdup ("");
}

static gboolean
parse_number (const char *text, double low, double high, double *number)
{
  char *end = NULL;

  *number = g_ascii_strtod (text, &end);
  return end != text && *end == '\0' && isfinite (*number) &&
         *number >= low && *number <= high;
}

static gboolean
read_number (PstRecipeReader *reader, const char *group,
             const PstRecipeKey *key, const char *value, gpointer to,
             GError **error)
{
  double   number;
  gboolean whole = key->type != PST_KEY_NUMBER;

  if (! parse_number (value, key->low, key->high, &number) ||
      (whole && number != floor (number)))
    return pst_recipe_reader_fail (reader, group, key->name, error,
                                   whole ? "a whole number from %g to %g"
                                         : "a number from %g to %g",
                                   key->low, key->high);
  if (key->type == PST_KEY_INT)
    *(int *) to = (int) number;
  else if (key->type == PST_KEY_INT64)
    *(gint64 *) to = (gint64) number;
  else
    *(double *) to = number;
  return TRUE;
}

static gboolean
read_range (PstRecipeReader *reader, const char *group,
            const PstRecipeKey *key, const char *value, double *to,
            GError **error)
{
  g_auto (GStrv) items = g_strsplit (value, ";", 3);
  double range[2];

  if (g_strv_length (items) != 2 ||
      ! parse_number (g_strstrip (items[0]), key->low, key->high, range) ||
      ! parse_number (g_strstrip (items[1]), key->low, key->high,
                      range + 1) ||
      range[0] > range[1])
    return pst_recipe_reader_fail (reader, group, key->name, error,
                                   _ ("two numbers from %g to %g, the smaller "
                                   "first, such as 0.5;2"),
                                   key->low, key->high);
  memcpy (to, range, sizeof range);
  return TRUE;
}

static gboolean
read_word (PstRecipeReader *reader, const char *group,
           const PstRecipeKey *key, const char *value, int *to,
           GError **error)
{
  g_autofree char *all = NULL;

  for (int i = 0; key->words[i]; i++)
    if (strcmp (value, key->words[i]) == 0)
      {
        *to = i;
        return TRUE;
      }
  all = g_strjoinv (", ", (char **) key->words);
  return pst_recipe_reader_fail (reader, group, key->name, error, _ ("one of %s"),
                                 all);
}

char **
pst_recipe_reader_words (PstRecipeReader *reader, const char *group,
                         const char *key, GError **error)
{
  g_autofree char *value = value_of (reader, group, key);
  g_auto (GStrv)   items = NULL;
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);

  items = g_strsplit (value ? value : "", ";", -1);
  for (int i = 0; items[i]; i++)
    if (*g_strstrip (items[i]))
      g_ptr_array_add (words, g_strdup (items[i]));
  if (words->len == 0)
    {
      pst_recipe_reader_fail (reader, group, key, error,
                              _ ("this list must name one thing or more, with "
                              "“;” between them"));
      return NULL;
    }
  g_ptr_array_add (words, NULL);
  return (char **) g_ptr_array_steal (words, NULL);
}

static gboolean
read_paths (PstRecipeReader *reader, const char *group, const char *key,
            char ***to, GError **error)
{
  g_auto (GStrv) words = NULL;

  words = pst_recipe_reader_words (reader, group, key, error);
  if (! words)
    return FALSE;
  for (int i = 0; words[i]; i++)
    {
      char *path = pst_recipe_reader_path (reader, words[i]);

      g_free (words[i]);
      words[i] = path;
    }
  g_strfreev (*to);
  *to = g_steal_pointer (&words);
  return TRUE;
}

static gboolean
read_key (PstRecipeReader *reader, const char *group, const PstRecipeKey *key,
          gpointer to, GError **error)
{
  g_autofree char *value = value_of (reader, group, key->name);

  if (! value)
    return TRUE;
  switch (key->type)
    {
    case PST_KEY_INT:
    case PST_KEY_INT64:
    case PST_KEY_NUMBER:
      return read_number (reader, group, key, value, to, error);
    case PST_KEY_RANGE:
      return read_range (reader, group, key, value, to, error);
    case PST_KEY_WORD:
      return read_word (reader, group, key, value, to, error);
    case PST_KEY_PATHS:
      return read_paths (reader, group, key->name, to, error);
    case PST_KEY_TEXT:
    case PST_KEY_PATH:
      g_free (*(char **) to);
      *(char **) to = key->type == PST_KEY_TEXT
                        ? g_strdup (value)
                        : pst_recipe_reader_path (reader, value);
      return TRUE;
    }
  return TRUE;
}

gboolean
pst_recipe_reader_read (PstRecipeReader *reader, const char *group,
                        const PstRecipeKey *keys, gpointer to, GError **error)
{
  for (; keys->name; keys++)
    if (! read_key (reader, group, keys, (char *) to + keys->offset, error))
      return FALSE;
  return TRUE;
}

gboolean
pst_recipe_reader_share (PstRecipeReader *reader, const char *group,
                         const char *key, char *item, double *share,
                         GError **error)
{
  char *colon = strrchr (item, ':');

  *share = 1;
  if (! colon)
    return TRUE;
  *colon = '\0';
  if (! parse_number (colon + 1, 0, 1e6, share))
    return pst_recipe_reader_fail (reader, group, key, error,
                                   _ ("after “:” a number from 0 to 1000000"));
  return TRUE;
}

gboolean
pst_recipe_reader_ints (PstRecipeReader *reader, const char *group,
                        const char *key, int low, int high, int *to, int most,
                        int *n, GError **error)
{
  g_auto (GStrv) words = NULL;

  if (! pst_recipe_reader_has (reader, group, key))
    return TRUE;
  words = pst_recipe_reader_words (reader, group, key, error);
  if (! words)
    return FALSE;
  *n = (int) g_strv_length (words);
  for (int i = 0; i < *n; i++)
    {
      double number;

      if (*n > most || ! parse_number (words[i], low, high, &number) ||
          number != floor (number))
        return pst_recipe_reader_fail (reader, group, key, error,
                                       _ ("at most %d whole numbers from %d to "
                                       "%d"), most, low, high);
      to[i] = (int) number;
    }
  return TRUE;
}

gboolean
pst_recipe_reader_finish (PstRecipeReader *reader, GError **error)
{
  g_auto (GStrv) groups = pst_recipe_reader_groups (reader);

  for (int i = 0; groups[i]; i++)
    {
      g_auto (GStrv) keys = NULL;

      keys = g_key_file_get_keys (reader->file, groups[i], NULL, NULL);
      for (int k = 0; keys && keys[k]; k++)
        {
          g_autofree char *name = NULL;

          name = g_strdup_printf ("%s\n%s", groups[i], keys[k]);
          if (g_hash_table_contains (reader->known, name))
            continue;
          g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                       _ ("[%s] %s: there is no such key in a recipe"),
                       groups[i], keys[k]);
          return FALSE;
        }
    }
  return TRUE;
}
