/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/recipe.h"

#include <glib/gi18n-lib.h>

#include "core/base/error.h"
#include "core/train/recipe-key.h"
#include "core/train/start.h"

static void
style_free (gpointer data)
{
  PstRecipeStyle *style = data;

  g_free (style->id);
  g_free (style->title);
  g_free (style->credit);
  g_free (style->licence);
  g_free (style->begin);
  g_strfreev (style->pictures);
  g_clear_pointer (&style->thumbnail, g_bytes_unref);
  g_free (style);
}

static void
photos_free (gpointer data)
{
  PstRecipePhotos *photos = data;

  g_free (photos->path);
  g_free (photos);
}

static void
discriminator_free (gpointer data)
{
  PstRecipeDiscriminator *discriminator = data;

  g_free (discriminator->name);
  g_free (discriminator);
}

void
pst_recipe_free (PstRecipe *recipe)
{
  if (! recipe)
    return;
  g_free (recipe->text);
  g_free (recipe->from);
  g_clear_pointer (&recipe->start, pst_start_free);
  g_free (recipe->title);
  g_free (recipe->licence);
  g_free (recipe->thumbnail);
  g_free (recipe->features);
  g_free (recipe->folder);
  g_free (recipe->home);
  for (int i = 0; i < PST_MAX_LAYERS; i++)
    {
      g_free (recipe->content[i].name);
      g_free (recipe->style[i].name);
    }
  g_ptr_array_unref (recipe->photos);
  g_ptr_array_unref (recipe->sheet);
  g_ptr_array_unref (recipe->discriminators);
  g_ptr_array_unref (recipe->styles);
  g_array_unref (recipe->phases);
  g_free (recipe);
}

static PstRecipe *
recipe_new (const char *text)
{
  PstRecipe *recipe = g_new0 (PstRecipe, 1);

  recipe->text = g_strdup (text);
  recipe->title = g_strdup ("");
  recipe->licence = g_strdup ("");
  recipe->keep = 1;
  recipe->width = 16;
  recipe->blocks = 4;
  recipe->epsilon = 1e-5;
  recipe->min_size = 64;
  recipe->min_contrast = 0.03;
  recipe->cache = 1024;
  recipe->n_synthetic = 1000;
  recipe->skip = PST_SKIP_NONE;
  recipe->table_rate = 1;
  recipe->steps = 10000;
  recipe->seed = 1;
  recipe->sample_every = 500;
  recipe->save_every = 180;
  recipe->warm_up = 100;
  recipe->decay_from = 0.5;
  recipe->decay_to = 0.05;
  recipe->beta1 = 0.5;
  recipe->beta2 = 0.999;
  recipe->penalty = 10;
  recipe->one_by_one = 1;
  recipe->guard_steps = 100;
  recipe->guard_tries = 4;
  recipe->guard_rate = 0.5;
  recipe->flat_pictures = 50;
  recipe->balance_target = 0.8;
  recipe->balance_average = 0.95;
  recipe->photos = g_ptr_array_new_with_free_func (photos_free);
  recipe->sheet = g_ptr_array_new_with_free_func (g_free);
  recipe->discriminators = g_ptr_array_new_with_free_func (discriminator_free);
  recipe->styles = g_ptr_array_new_with_free_func (style_free);
  recipe->phases = g_array_new (FALSE, TRUE, sizeof (PstSettings));
  return recipe;
}

PstRecipeStyle *
pst_recipe_add_style (PstRecipe *recipe, const char *id)
{
  PstRecipeStyle *style = g_new0 (PstRecipeStyle, 1);

  g_ptr_array_add (recipe->styles, style);
  style->id = g_strdup (id);
  style->credit = g_strdup ("");
  style->licence = g_strdup (recipe->licence);
  style->size = 512;
  style->scale[0] = 0.8;
  style->scale[1] = 1.3;
  style->share = style->content = style->style = style->adversarial = 1;
  style->patches = 1;
  style->shown = 1;
  return style;
}

PstRecipe *
pst_recipe_parse_at (const char *text, const char *folder, const char *home,
                     GError **error)
{
  g_autoptr (PstRecipe)       recipe = recipe_new (text);
  g_autoptr (PstRecipeReader) reader = NULL;

  recipe->folder = g_strdup (folder);
  recipe->home = g_strdup (home);
  reader = pst_recipe_reader_new (text, folder, home, error);
  if (! reader || ! pst_recipe_read (reader, recipe, error))
    return NULL;
  return g_steal_pointer (&recipe);
}

PstRecipe *
pst_recipe_parse (const char *text, const char *folder, GError **error)
{
  return pst_recipe_parse_at (text, folder, folder, error);
}

PstRecipe *
pst_recipe_load (const char *path, const char *data, GError **error)
{
  g_autofree char *text = NULL;
  g_autofree char *home = NULL;
  PstRecipe       *recipe;
  GError          *reason = NULL;

  if (! g_file_get_contents (path, &text, NULL, &reason))
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FILE,
                   _ ("The recipe cannot be read: %s"), reason->message);
      g_error_free (reason);
      return NULL;
    }
  home = g_path_get_dirname (path);
  recipe = pst_recipe_parse_at (text, data ? data : home, home, error);
  if (! recipe)
    g_prefix_error (error, "%s: ", path);
  return recipe;
}

guint
pst_recipe_count_own (const PstRecipe *recipe)
{
  guint n = 0;

  while (n < recipe->styles->len &&
         ! ((PstRecipeStyle *) recipe->styles->pdata[n])->kept)
    n++;
  return n;
}

PstContentForm
pst_recipe_content_form (const PstRecipe *recipe, int i)
{
  return g_str_has_prefix (recipe->content[i].name, "luminance")
           ? PST_CONTENT_DRAWING
           : recipe->content_form;
}

gboolean
pst_recipe_is_spectral (const PstRecipe *recipe)
{
  if (recipe->spectral_mode == PST_SPECTRAL_AUTO)
    return recipe->adversarial_form != PST_ADVERSARIAL_WGAN_GP;
  return recipe->spectral_mode == PST_SPECTRAL_ON;
}
