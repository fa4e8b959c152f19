/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "helper/eval.h"
#include "helper/model.h"
#include "helper/photo.h"

#define RECIPE_KEY "pastiche.recipe"

static void
style_free (gpointer data)
{
  EvalStyle *style = data;

  g_free (style->id);
  g_ptr_array_unref (style->pictures);
  g_free (style);
}

static void
add_style (GPtrArray *styles, const char *id, const PstStyle *style,
           const PstRecipe *recipe)
{
  EvalStyle *added = g_new0 (EvalStyle, 1);

  added->id = g_strdup (id);
  added->style = style;
  added->pictures =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pst_picture_free);
  for (guint i = 0; recipe && i < recipe->styles->len; i++)
    {
      const PstRecipeStyle *one = recipe->styles->pdata[i];

      if (strcmp (one->id, id) == 0)
        added->recipe_style = one;
    }
  g_ptr_array_add (styles, added);
}

static gboolean
choose (const EvalArguments *arguments, PstModel *model,
        const char *installed, const PstRecipe *recipe, GPtrArray *styles,
        GError **error)
{
  const char *const  only[] = { installed, NULL };
  const char *const *ids = (const char *const *) arguments->styles;
  GPtrArray         *all = pst_model_get_styles (model);

  if (! ids && installed)
    ids = only;
  for (guint i = 0; ! ids && i < all->len; i++)
    {
      const PstStyle *style = all->pdata[i];

      add_style (styles, style->id, style, recipe);
    }
  for (; ids && *ids; ids++)
    {
      const PstStyle *style = helper_model_style (model, *ids, error);

      if (! style)
        return FALSE;
      add_style (styles, style->id, style, recipe);
    }
  return TRUE;
}

/* Reads a painting as the trainer does: in the size at which its strokes are
 * as large as the results'. */
static gboolean
load_painting (const EvalArguments *arguments, EvalStyle *style,
               const char *path, const PstTrainHost *host, GError **error)
{
  int size = arguments->style_size ? arguments->style_size
             : style->recipe_style ? style->recipe_style->size
                                   : 0;
  g_autoptr (PstPicture) picture = NULL;
  PstPicture            *scaled;

  picture = host->load (path, size ? 2 * size : arguments->size, host->data,
                        error);
  if (! picture)
    {
      g_prefix_error (error, "%s: ", path);
      return FALSE;
    }
  scaled = size ? pst_picture_scale (picture, size)
                : g_steal_pointer (&picture);
  if (! scaled)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_MEMORY,
                   _ ("There is no memory for %s"), path);
      return FALSE;
    }
  g_ptr_array_add (style->pictures, scaled);
  return TRUE;
}

static gboolean
load_paintings (const EvalArguments *arguments, EvalStyle *style,
                const char *path, const PstTrainHost *host, GError **error)
{
  char *const           one[] = { (char *) path, NULL };
  g_autoptr (GPtrArray) paths = helper_photo_list ((char **) one, error);

  for (guint i = 0; paths && i < paths->len; i++)
    if (! load_painting (arguments, style, paths->pdata[i], host, error))
      return FALSE;
  return paths != NULL;
}

/* "FILE", or "ID=FILE" where ID is one of @styles. */
static gboolean
take_picture (const EvalArguments *arguments, GPtrArray *styles,
              const char *word, const PstTrainHost *host, GError **error)
{
  for (guint i = 0; i < styles->len; i++)
    {
      EvalStyle *style = styles->pdata[i];
      gsize      length = strlen (style->id);

      if (strncmp (word, style->id, length) == 0 && word[length] == '=')
        return load_paintings (arguments, style, word + length + 1, host,
                               error);
    }
  if (styles->len == 1)
    return load_paintings (arguments, styles->pdata[0], word, host, error);
  g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
               _ ("%s: several styles are measured; say which one it belongs "
                  "to, as in --style-picture %s=FILE"),
               word, ((EvalStyle *) styles->pdata[0])->id);
  return FALSE;
}

/* Whether all that the recipe names is there. */
static gboolean
known (const EvalStyle *style)
{
  char **path = style->recipe_style ? style->recipe_style->pictures : NULL;

  for (; path && *path; path++)
    {
      g_autoptr (GPtrArray) found = pst_dataset_list (*path);

      if (found->len == 0)
        return FALSE;
    }
  return style->recipe_style != NULL;
}

static gboolean
find_paintings (const EvalArguments *arguments, GPtrArray *styles,
                const PstTrainHost *host, GError **error)
{
  g_autoptr (GString) missing = g_string_new (NULL);
  g_autofree char    *text = NULL;

  for (char **word = arguments->style_pictures; word && *word; word++)
    if (! take_picture (arguments, styles, *word, host, error))
      return FALSE;
  for (guint i = 0; i < styles->len; i++)
    {
      EvalStyle *style = styles->pdata[i];

      if (style->pictures->len)
        continue;
      if (! known (style))
        g_string_append_printf (missing, "%s%s", missing->len ? ", " : "",
                                style->id);
      else
        for (char **path = style->recipe_style->pictures; *path; path++)
          if (! load_paintings (arguments, style, *path, host, error))
            return FALSE;
    }
  if (missing->len == 0)
    return TRUE;
  text = g_strdup_printf (
      _ ("The paintings of these styles were not found, so nothing is "
         "compared with them: %s. Name them with --style-picture, or with "
         "--data the folder that the model's recipe was used in."),
      missing->str);
  eval_print_note (arguments->json, text);
  return TRUE;
}

PstRecipe *
eval_recipe (const EvalArguments *arguments, PstModel *model)
{
  const char        *text = pst_model_get_metadata (model, RECIPE_KEY);
  const char        *folder = arguments->data ? arguments->data : ".";
  g_autoptr (GError) error = NULL;
  PstRecipe         *recipe;
  g_autofree char   *note = NULL;

  if (! text)
    return NULL;
  recipe = pst_recipe_parse (text, folder, &error);
  if (recipe)
    return recipe;
  note = g_strdup_printf (_ ("The model's recipe cannot be used: %s"),
                          error->message);
  eval_print_note (arguments->json, note);
  return NULL;
}

GPtrArray *
eval_styles (const EvalArguments *arguments, PstModel *model,
             const char *installed, const PstRecipe *recipe,
             const PstTrainHost *host, GError **error)
{
  g_autoptr (GPtrArray) styles = g_ptr_array_new_with_free_func (style_free);

  if (! model)
    add_style (styles, "results", NULL, NULL);
  else if (! choose (arguments, model, installed, recipe, styles, error))
    return NULL;
  if (! find_paintings (arguments, styles, host, error))
    return NULL;
  return g_steal_pointer (&styles);
}

/* The file's name up to its last dot. */
static char *
stem (const char *path)
{
  char *name = g_path_get_basename (path);
  char *dot = strrchr (name, '.');

  if (dot && dot != name)
    *dot = '\0';
  return name;
}

static GPtrArray *
pair_by_name (GPtrArray *photos, GPtrArray *results)
{
  g_autoptr (GPtrArray)  pairs = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) names = NULL;

  names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < results->len; i++)
    g_hash_table_insert (names, stem (results->pdata[i]), results->pdata[i]);
  for (guint i = 0; i < photos->len; i++)
    {
      g_autofree char *name = stem (photos->pdata[i]);
      const char      *result = g_hash_table_lookup (names, name);

      if (! result)
        return NULL;
      g_ptr_array_add (pairs, g_strdup (result));
    }
  return g_steal_pointer (&pairs);
}

GPtrArray *
eval_pair (GPtrArray *photos, GPtrArray *results, GError **error)
{
  GPtrArray *pairs = pair_by_name (photos, results);

  if (pairs)
    return pairs;
  if (photos->len == results->len)
    return g_ptr_array_ref (results);
  g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
               _ ("There are %u photos and %u results, and their names do not "
                  "tell which belong together; give the results the photos' "
                  "names, or as many in the same order"),
               photos->len, results->len);
  return NULL;
}
