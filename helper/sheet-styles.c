/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "helper/model.h"
#include "helper/sheet.h"

static void
style_free (gpointer data)
{
  SheetStyle *style = data;

  g_clear_pointer (&style->model, pst_model_unref);
  g_free (style->title);
  g_free (style);
}

static void
add_style (GPtrArray *styles, PstModel *model, const PstStyle *style)
{
  SheetStyle *added = g_new0 (SheetStyle, 1);

  added->model = pst_model_ref (model);
  added->style = style;
  added->title = g_strdup (*style->title ? style->title : style->id);
  g_ptr_array_add (styles, added);
}

/* Every file is loaded once. */
static PstModel *
open_model (GHashTable *models, const char *path, const PstModelHints *hints,
            GError **error)
{
  PstModel *model = g_hash_table_lookup (models, path);

  if (model)
    return model;
  model = pst_model_load_with (path, hints, error);
  if (model)
    g_hash_table_insert (models, g_strdup (path), model);
  return model;
}

/* All styles of the models that were named; where the word was the id of an
 * installed style, that one. */
static gboolean
add_named (const SheetArguments *arguments, const PstModelHints *hints,
           GHashTable *models, GPtrArray *styles, GError **error)
{
  for (char **word = arguments->models; *word; word++)
    {
      g_autofree char *id = NULL;
      g_autofree char *path = helper_model_find (*word, &id, error);
      PstModel        *model;
      GPtrArray       *all;

      model = path ? open_model (models, path, hints, error) : NULL;
      if (! model)
        return FALSE;
      all = pst_model_get_styles (model);
      for (guint i = 0; i < all->len; i++)
        {
          const PstStyle *style = all->pdata[i];

          if (! id || strcmp (style->id, id) == 0)
            add_style (styles, model, style);
        }
    }
  return TRUE;
}

static gboolean
add_installed (const PstStyle *style, const PstModelHints *hints,
               GHashTable *models, GPtrArray *styles, GError **error)
{
  PstModel       *model = open_model (models, style->path, hints, error);
  const PstStyle *own;

  own = model ? helper_model_style (model, style->id, error) : NULL;
  if (own)
    add_style (styles, model, own);
  return own != NULL;
}

/* All that are installed, or those with the @ids. */
static gboolean
add_library (GPtrArray *ids, const PstModelHints *hints, GHashTable *models,
             GPtrArray *styles, GError **error)
{
  g_autoptr (PstLibrary) library = pst_library_new (NULL);
  GPtrArray             *all = pst_library_get_styles (library);

  if (all->len == 0)
    return pst_library_find (library, "", error) != NULL;
  for (guint i = 0; ids->len == 0 && i < all->len; i++)
    if (! add_installed (all->pdata[i], hints, models, styles, error))
      return FALSE;
  for (guint i = 0; i < ids->len; i++)
    {
      const PstStyle *style = pst_library_find (library, ids->pdata[i], error);

      if (! style || ! add_installed (style, hints, models, styles, error))
        return FALSE;
    }
  return TRUE;
}

/* "a,b" and "c": a, b, c */
static GPtrArray *
split_ids (char **words)
{
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);

  for (; words && *words; words++)
    {
      g_auto (GStrv) some = g_strsplit (*words, ",", -1);

      for (char **id = some; *id; id++)
        if (*g_strstrip (*id))
          g_ptr_array_add (ids, g_strdup (*id));
    }
  return ids;
}

/* Those of @styles with the @ids, from every model that has them. */
static GPtrArray *
choose (GPtrArray *styles, const GPtrArray *ids, GError **error)
{
  g_autoptr (GPtrArray) chosen = g_ptr_array_new_with_free_func (style_free);

  for (guint k = 0; k < ids->len; k++)
    {
      guint before = chosen->len;

      for (guint i = 0; i < styles->len; i++)
        {
          SheetStyle *one = styles->pdata[i];

          if (strcmp (one->style->id, ids->pdata[k]) == 0)
            add_style (chosen, one->model, one->style);
        }
      if (chosen->len > before)
        continue;
      if (styles->len) /* the words that name what there is */
        helper_model_style (((SheetStyle *) styles->pdata[0])->model,
                            ids->pdata[k], error);
      return NULL;
    }
  return g_steal_pointer (&chosen);
}

/* Styles of one title get their files' names behind it. */
static void
tell_apart (GPtrArray *styles)
{
  g_autofree gboolean *twins = g_new0 (gboolean, styles->len);

  for (guint i = 0; i < styles->len; i++)
    for (guint k = 0; k < styles->len; k++)
      {
        const SheetStyle *a = styles->pdata[i], *b = styles->pdata[k];

        if (a->model != b->model && strcmp (a->title, b->title) == 0)
          twins[i] = TRUE;
      }
  for (guint i = 0; i < styles->len; i++)
    {
      SheetStyle      *one = styles->pdata[i];
      g_autofree char *name = NULL;
      g_autofree char *title = NULL;

      if (! twins[i])
        continue;
      name = g_path_get_basename (pst_model_get_path (one->model));
      title = g_steal_pointer (&one->title);
      one->title = g_strdup_printf ("%s (%s)", title, name);
    }
}

GPtrArray *
sheet_styles (const SheetArguments *arguments, const PstModelHints *hints,
              GError **error)
{
  g_autoptr (GPtrArray)  styles = g_ptr_array_new_with_free_func (style_free);
  g_autoptr (GPtrArray)  ids = split_ids (arguments->styles);
  g_autoptr (GHashTable) models = NULL;
  gboolean               found;

  models = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                  (GDestroyNotify) pst_model_unref);
  if (arguments->models)
    found = add_named (arguments, hints, models, styles, error);
  else
    found = add_library (ids, hints, models, styles, error);
  if (! found)
    return NULL;
  if (arguments->models && ids->len)
    {
      GPtrArray *chosen = choose (styles, ids, error);

      if (! chosen)
        return NULL;
      g_ptr_array_unref (styles);
      styles = chosen;
    }
  tell_apart (styles);
  return g_steal_pointer (&styles);
}
