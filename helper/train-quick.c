/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new style without a recipe: pastiche train --style PICTURE */
#include "config.h"

#include "helper/train-quick.h"

#include <glib/gi18n.h>
#include <string.h>

void
quick_words_clear (QuickWords *words)
{
  g_strfreev (words->pictures);
  g_free (words->title);
  g_free (words->credit);
  g_free (words->from);
  g_free (words->features);
}

gboolean
quick_words_any (const QuickWords *words)
{
  return words->pictures || words->title || words->credit || words->from ||
         words->features || words->keep;
}

static gboolean
is_file (const char *word)
{
  return strchr (word, '/') || g_str_has_suffix (word, ".onnx") ||
         g_file_test (word, G_FILE_TEST_IS_REGULAR);
}

/* Of a model's file or of an installed style. */
static gboolean
find_beginning (const char *word, PstLibrary *library, PstQuick *quick,
                GError **error)
{
  const PstStyle *style;

  if (is_file (word))
    {
      quick->from = word;
      return TRUE;
    }
  style = pst_library_find (library, word, error);
  if (! style)
    return FALSE;
  quick->from = style->path;
  quick->begin = style->id;
  return TRUE;
}

PstRecipe *
quick_words_recipe (const QuickWords *words, char **more, const char *photos,
                    gboolean plain, GError **error)
{
  g_autoptr (GStrvBuilder) pictures = g_strv_builder_new ();
  g_auto (GStrv)           all = NULL;
  g_autoptr (PstLibrary)   library = NULL;
  PstQuick                 quick = { 0 };

  g_strv_builder_addv (pictures, (const char **) words->pictures);
  if (more)
    g_strv_builder_addv (pictures, (const char **) more);
  all = g_strv_builder_end (pictures);
  quick.pictures = all;
  quick.title = words->title;
  quick.credit = words->credit;
  quick.photos = photos;
  quick.features = words->features;
  quick.keep = words->keep;
  quick.plain = plain;
  if (words->from && ! is_file (words->from))
    library = pst_library_new (NULL);
  if (words->from && ! find_beginning (words->from, library, &quick, error))
    return NULL;
  return pst_quick_recipe (&quick, error);
}

void
quick_tell_folder (const char *out)
{
  g_autoptr (GPtrArray) folders = pst_folders_models ();
  g_autofree char      *folder = g_path_get_dirname (out);
  g_autofree char      *own = g_canonicalize_filename (folder, NULL);

  if (folders->len == 0 ||
      g_ptr_array_find_with_equal_func (folders, own, g_str_equal, NULL))
    return;
  g_print (_ ("To have it in GIMP's dialog, put it into %s\n"),
           (char *) folders->pdata[0]);
}
