/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <stddef.h>

#include "core/train/recipe-key.h"

#define GROUP "patches"
#define PATCHES(field) offsetof (PstRecipePatches, field)

static const char *const forms[] = { "squared", "absolute", NULL };
static const char *const pools[] = { "picture", "batch", NULL };

static const PstRecipeKey keys[] = {
  { "size", PST_KEY_INT, PATCHES (size), 2, 16, NULL },
  { "projections", PST_KEY_INT, PATCHES (projections), 1, 1024, NULL },
  { "positions", PST_KEY_INT, PATCHES (positions), 64, 1e6, NULL },
  { "samples", PST_KEY_INT, PATCHES (samples), 16, 1e5, NULL },
  { "form", PST_KEY_WORD, PATCHES (form), 0, 0, forms },
  { "pool", PST_KEY_WORD, PATCHES (pool), 0, 0, pools },
  { "colour", PST_KEY_NUMBER, PATCHES (colour), 0, 10, NULL },
  { "sharpness", PST_KEY_NUMBER, PATCHES (sharpness), -4, 4, NULL },
  { NULL, 0, 0, 0, 0, NULL },
};

static const PstRecipePatches usual = {
  .n_scales = 4,
  .shrink = { 1, 2, 4, 8 },
  .weight = { 1, 1, 1, 1 },
  .size = 7,
  .projections = 64,
  .positions = 2048,
  .samples = 512,
  .colour = 1,
};

/* "2:0.5": by how much the pictures are shrunk, and what that weighs */
static gboolean
read_scales (PstRecipeReader *reader, PstRecipePatches *patches,
             GError **error)
{
  g_auto (GStrv) items = NULL;

  items = pst_recipe_reader_words (reader, GROUP, "scales", error);
  if (! items)
    return FALSE;
  if (g_strv_length (items) > PST_MAX_PATCH_SCALES)
    return pst_recipe_reader_fail (reader, GROUP, "scales", error,
                                   _ ("at most %d scales"),
                                   PST_MAX_PATCH_SCALES);
  for (int i = 0; items[i]; i++)
    {
      gint64 shrink;

      if (! pst_recipe_reader_share (reader, GROUP, "scales", items[i],
                                     &patches->weight[i], error))
        return FALSE;
      if (! g_ascii_string_to_signed (items[i], 10, 1, 32, &shrink, NULL))
        return pst_recipe_reader_fail (reader, GROUP, "scales", error,
                                       _ ("whole numbers from 1 to 32, such as "
                                          "“1;2;4:0.5”"));
      patches->shrink[i] = (int) shrink;
      patches->n_scales = i + 1;
    }
  return TRUE;
}

gboolean
pst_recipe_read_patches (PstRecipeReader *reader, PstRecipePatches *patches,
                         GError **error)
{
  *patches = usual;
  if (! pst_recipe_reader_read (reader, GROUP, keys, patches, error))
    return FALSE;
  patches->usual = ! pst_recipe_reader_has (reader, GROUP, "scales");
  return patches->usual || read_scales (reader, patches, error);
}

void
pst_recipe_fit_patches (PstRecipe *recipe)
{
  PstRecipePatches *patches = &recipe->patches;
  int               side = G_MAXINT;

  for (guint i = 0; i < recipe->phases->len; i++)
    side = MIN (side, g_array_index (recipe->phases, PstSettings, i).crop);
  for (guint i = 0; i < recipe->styles->len; i++)
    side = MIN (side, ((PstRecipeStyle *) recipe->styles->pdata[i])->size);
  while (patches->usual && patches->n_scales > 1 &&
         side / patches->shrink[patches->n_scales - 1] < patches->size)
    patches->n_scales--;
}

gboolean
pst_recipe_has_patches (const PstRecipe *recipe)
{
  for (guint i = 0; i < recipe->phases->len; i++)
    if (g_array_index (recipe->phases, PstSettings, i).patches > 0)
      return TRUE;
  return FALSE;
}
