/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new style without a recipe: pastiche train --style PICTURE */
#include "config.h"

#include "helper/train-quick.h"

#include <glib/gi18n.h>

#include "helper/model.h"

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

PstRecipe *
quick_words_recipe (const QuickWords *words, char **more, const char *photos,
                    gboolean plain, GError **error)
{
  g_autoptr (GStrvBuilder) pictures = g_strv_builder_new ();
  g_auto (GStrv)           all = NULL;
  g_autofree char         *from = NULL;
  g_autofree char         *begin = NULL;
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
  if (words->from)
    {
      from = helper_model_find (words->from, &begin, error);
      if (! from)
        return NULL;
      quick.from = from;
      quick.begin = begin;
    }
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
