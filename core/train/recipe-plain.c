/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recipe without pretrained networks. */
#include "core/train/recipe.h"

#include <string.h>

/* What stands in the place of a feature network, found by trial on The Starry
 * Night. The painting's patches make the strokes, luminance holds the drawing;
 * with less of them and more of it results are photos in other colours. */
static const struct
{
  const char *group;
  const char *key;
  const char *value;
} words[] = {
  { "features", "network", "none" },
  { "features", "content-layers", "luminance4;luminance8" },
  { "features", "style-layers", "random3;random7;random14;random28" },
  { "features", "style-form", "covariance" },
  { "losses", "content", "2.5" },
  { "losses", "style", "1" },
  { "losses", "patches", "3" },
  { "losses", "adversarial", "0.1" },
  { "patches", "pool", "batch" },
  { "patches", "colour", "1" },
  { "patches", "sharpness", "0.25" },
};

/* What of a group would bring a network back, or weighs other losses. */
static const char *const others[][2] = {
  { "features", "content-form" }, { "model", "from" },
  { "model", "keep-styles" },     { "training", "train" },
  { "phase", "train" },           { "phase", "content" },
  { "phase", "style" },           { "phase", "patches" },
  { "phase", "adversarial" },     { "style", "begin" },
};

static void
remove_others (GKeyFile *file, const char *group)
{
  g_auto (GStrv) word = g_strsplit (group, " ", 2);

  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    if (g_strcmp0 (word[0], others[i][0]) == 0)
      g_key_file_remove_key (file, group, others[i][1], NULL);
}

PstRecipe *
pst_recipe_plain (const PstRecipe *recipe, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char     *text = NULL;
  g_auto (GStrv)       groups = NULL;

  if (! g_key_file_load_from_data (file, recipe->text, -1,
                                   G_KEY_FILE_KEEP_COMMENTS, error))
    return NULL;
  groups = g_key_file_get_groups (file, NULL);
  for (int i = 0; groups[i]; i++)
    remove_others (file, groups[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    g_key_file_set_string (file, words[i].group, words[i].key,
                           words[i].value);
  text = g_key_file_to_data (file, NULL, NULL);
  return pst_recipe_parse_at (text, recipe->folder, recipe->home, error);
}
