/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/style/library.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/folders.h"
#include "core/onnx/onnx.h"
#include "core/style/metadata.h"

#define MAX_SUGGESTIONS 3

struct _PstLibrary
{
  GPtrArray *folders; /* of char * */
  GPtrArray *styles;  /* of PstStyle */
};

/* Files */

static gboolean
has_style (PstLibrary *library, const char *id)
{
  for (guint i = 0; i < library->styles->len; i++)
    {
      const PstStyle *style = library->styles->pdata[i];

      if (strcmp (style->id, id) == 0)
        return TRUE;
    }
  return FALSE;
}

static void
add_styles (PstLibrary *library, const PstMetadata *metadata)
{
  const PstStyle *first = metadata->styles->pdata[0];
  gboolean        identity = strcmp (first->id, PST_STYLE_IDENTITY) == 0;

  for (guint k = identity ? 1 : 0; k < metadata->styles->len; k++)
    {
      const PstStyle *style = metadata->styles->pdata[k];
      PstStyle       *copy;

      if (has_style (library, style->id))
        continue;
      copy = pst_style_copy (style);
      copy->column = metadata->styles->len > 1 ? (int) k : -1;
      g_ptr_array_add (library->styles, copy);
    }
}

static void
add_file (PstLibrary *library, const char *path)
{
  g_autoptr (GHashTable)  table = NULL;
  g_autoptr (PstMetadata) metadata = NULL;
  g_autoptr (GError)      error = NULL;

  table = pst_onnx_load_metadata (path, &error);
  if (table)
    metadata = pst_metadata_parse_table (table, path, &error);
  if (error)
    g_message ("%s", error->message);
  if (metadata)
    add_styles (library, metadata);
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static void
read_folder (PstLibrary *library, const char *folder)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  GDir                 *dir = g_dir_open (folder, 0, NULL);
  const char           *name;

  if (! dir)
    return;
  while ((name = g_dir_read_name (dir)))
    if (g_str_has_suffix (name, ".onnx") && name[0] != '.')
      g_ptr_array_add (names, g_strdup (name));
  g_dir_close (dir);
  g_ptr_array_sort (names, compare_strings);
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *path =
          g_build_filename (folder, names->pdata[i], NULL);

      add_file (library, path);
    }
}

PstLibrary *
pst_library_new (const char *const *folders)
{
  PstLibrary *library = g_new0 (PstLibrary, 1);

  library->folders = folders ? g_ptr_array_new_with_free_func (g_free)
                             : pst_folders_models ();
  library->styles =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pst_style_free);
  for (; folders && *folders; folders++)
    g_ptr_array_add (library->folders, g_strdup (*folders));
  for (guint i = 0; i < library->folders->len; i++)
    read_folder (library, library->folders->pdata[i]);
  return library;
}

void
pst_library_free (PstLibrary *library)
{
  if (! library)
    return;
  g_ptr_array_unref (library->folders);
  g_ptr_array_unref (library->styles);
  g_free (library);
}

GPtrArray *
pst_library_get_styles (PstLibrary *library)
{
  return library->styles;
}

/* Looking for one */

/* Levenshtein's distance of two short ids: how many letters to change, add
 * or leave out. A start that is right counts as close. */
static guint
id_distance (const char *a, const char *b)
{
  guint n = MIN (strlen (a), 63);
  guint m = MIN (strlen (b), 63);
  guint row[64];

  if (n >= 3 && g_ascii_strncasecmp (a, b, n) == 0)
    return 1;
  for (guint j = 0; j <= m; j++)
    row[j] = j;
  for (guint i = 1; i <= n; i++)
    {
      guint diagonal = row[0];

      row[0] = i;
      for (guint j = 1; j <= m; j++)
        {
          guint above = row[j];
          guint change = g_ascii_tolower (a[i - 1]) != b[j - 1];

          row[j] = MIN (MIN (above, row[j - 1]) + 1, diagonal + change);
          diagonal = above;
        }
    }
  return row[m];
}

/* The ids most like @id, closest first, joined for a sentence. */
static char *
suggest (PstLibrary *library, const char *id)
{
  GString *text = g_string_new (NULL);
  guint    taken[MAX_SUGGESTIONS];
  guint    n = 0;

  for (; n < MIN (MAX_SUGGESTIONS, library->styles->len); n++)
    {
      guint best = 0, best_distance = G_MAXUINT;

      for (guint i = 0; i < library->styles->len; i++)
        {
          const PstStyle *style = library->styles->pdata[i];
          guint           distance = id_distance (id, style->id);

          for (guint k = 0; k < n; k++)
            if (taken[k] == i)
              distance = G_MAXUINT;
          if (distance < best_distance)
            {
              best = i;
              best_distance = distance;
            }
        }
      taken[n] = best;
      g_string_append_printf (
          text, "%s%s", n ? ", " : "",
          ((const PstStyle *) library->styles->pdata[best])->id);
    }
  return g_string_free (text, FALSE);
}

static void
fail_empty (PstLibrary *library, GError **error)
{
  g_autofree char *list = pst_folders_describe (library->folders);

  g_set_error (error, PST_ERROR, PST_ERROR_STYLE,
               _ ("No style models were found; these folders were looked in: "
                  "%s. The environment variable %s can name others."),
               list, PST_MODELS_VARIABLE);
}

const PstStyle *
pst_library_find (PstLibrary *library, const char *id, GError **error)
{
  g_autofree char *closest = NULL;

  for (guint i = 0; i < library->styles->len; i++)
    {
      const PstStyle *style = library->styles->pdata[i];

      if (g_ascii_strcasecmp (style->id, id) == 0)
        return style;
    }
  if (library->styles->len == 0)
    {
      fail_empty (library, error);
      return NULL;
    }
  closest = suggest (library, id);
  g_set_error (error, PST_ERROR, PST_ERROR_STYLE,
               _ ("There is no style “%s”. The closest are: %s."), id,
               closest);
  return NULL;
}
