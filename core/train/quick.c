/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/quick.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/folders.h"

/* What served best for several paintings; the rest is as by default. */
static const char settings[] =
  "[losses]\n"
  "content=2.5\n"
  "style=4\n"
  "adversarial=0.1\n"
  "patches=2\n"
  "saturation=0.1\n"
  "[patches]\n"
  "colour=0.5\n"
  "sharpness=1\n"
  "[discriminator half]\n"
  "pool=2\n"
  "[discriminator quarter]\n"
  "pool=4\n"
  "strides=2;1;1\n"
  "[training]\none-by-one=0\n"
  "table-rate=10\n"
  "rate-discriminator=6e-4\n"
  "warm-up=10\n"
  "schedule=linear\n"
  "decay-from=0.5\n"
  "decay-to=0.1\n"
  "photo-scale=0.3;1.6\n"
  "noise=0.05\n"
  "[features]\n"
  "content-layers=relu2_1:0.25;relu3_1:0.5;relu4_1:0.8;"
  "luminance4:1.5;luminance8:1.5;luminance16\n"
  "style-layers=relu1_1;relu2_1;relu3_1;relu4_1;relu5_1;"
  "correlation1:2;correlation2:3\n"
  "style-form=covariance\n";

#define SIZE 640 /* of the painting */
#define KEEP_RATE 30 /* table-rate where nothing else is trained */

char *
pst_quick_title (const char *picture)
{
  g_autofree char *name = g_path_get_basename (picture);
  g_autofree char *shown = NULL;
  char            *dot = strrchr (name, '.');
  gunichar         first;
  GString         *title = g_string_new (NULL);

  if (dot && dot != name)
    *dot = '\0';
  shown = g_filename_display_name (name);
  g_strdelimit (shown, "_-", ' ');
  g_strstrip (shown);
  first = g_utf8_get_char (shown);
  if (first)
    {
      g_string_append_unichar (title, g_unichar_toupper (first));
      g_string_append (title, g_utf8_next_char (shown));
    }
  return g_string_free (title, FALSE);
}

char *
pst_quick_id (const char *title)
{
  g_autofree char *ascii = g_str_to_ascii (title, "C");
  GString         *id = g_string_new (NULL);

  for (const char *p = ascii; *p && id->len < 60; p++)
    if (g_ascii_isalnum (*p))
      g_string_append_c (id, g_ascii_tolower (*p));
    else if (id->len > 0 && id->str[id->len - 1] != '-' && *p != '\'')
      g_string_append_c (id, '-');
  if (id->len > 0 && id->str[id->len - 1] == '-')
    g_string_truncate (id, id->len - 1);
  if (id->len == 0 || strcmp (id->str, "identity") == 0)
    g_string_assign (id, "style");
  return g_string_free (id, FALSE);
}

/* The name of a file as a recipe can hold it. */
static char *
name_of (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);

  return g_strdelimit (g_filename_display_name (name), ";:\n", '_');
}

static char *
names_of (char **paths)
{
  GString *list = g_string_new (NULL);

  for (int i = 0; paths[i]; i++)
    {
      g_autofree char *name = name_of (paths[i]);

      g_string_append_printf (list, "%s%s", i ? ";" : "", name);
    }
  return g_string_free (list, FALSE);
}

static void
set_style (GKeyFile *file, const PstQuick *quick, const char *title)
{
  g_autofree char *id = pst_quick_id (title);
  g_autofree char *group = g_strconcat ("style ", id, NULL);
  g_autofree char *names = names_of (quick->pictures);

  g_key_file_set_string (file, group, "title", title);
  if (quick->credit)
    g_key_file_set_string (file, group, "credit", quick->credit);
  g_key_file_set_value (file, group, "pictures", names);
  if (quick->begin)
    g_key_file_set_string (file, group, "begin", quick->begin);
  g_key_file_set_integer (file, group, "size", SIZE);
}

static char *
write_text (const PstQuick *quick, const char *from)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char     *title = quick->title
                                 ? g_strdup (quick->title)
                                 : pst_quick_title (quick->pictures[0]);
  g_autofree char     *model = name_of (from);
  g_autofree char     *photos = quick->photos ? name_of (quick->photos)
                                              : g_strdup ("auto");

  g_key_file_load_from_data (file, settings, -1, G_KEY_FILE_NONE, NULL);
  g_key_file_set_string (file, "model", "title", title);
  g_key_file_set_value (file, "model", "from", model);
  g_key_file_set_integer (file, "model", "keep-styles", quick->keep);
  g_key_file_set_value (file, "photos", "paths", photos);
  if (quick->features)
    {
      g_autofree char *name = name_of (quick->features);

      g_key_file_set_value (file, "features", "network", name);
    }
  if (quick->keep)
    {
      g_key_file_set_value (file, "training", "train", "tables");
      g_key_file_set_integer (file, "training", "table-rate", KEEP_RATE);
    }
  set_style (file, quick, title);
  return g_key_file_to_data (file, NULL, NULL);
}

static void
set_path (char **to, const char *path)
{
  g_free (*to);
  *to = g_strdup (path);
}

/* Where the files that the text names are. */
static void
set_paths (PstRecipe *recipe, const PstQuick *quick, const char *from)
{
  PstRecipeStyle  *style = recipe->styles->pdata[0];
  PstRecipePhotos *photos = recipe->photos->pdata[0];
  g_autofree char *sample = pst_folders_find_model (PST_QUICK_SAMPLE, NULL);

  if (recipe->from)
    set_path (&recipe->from, from);
  if (quick->features && ! recipe->plain)
    set_path (&recipe->features, quick->features);
  g_strfreev (style->pictures);
  style->pictures = g_strdupv (quick->pictures);
  if (quick->photos)
    {
      photos->kind = PST_PHOTOS_FILES;
      set_path (&photos->path, quick->photos);
    }
  if (! sample)
    return;
  set_path (&recipe->thumbnail, sample);
  g_ptr_array_add (recipe->sheet, g_steal_pointer (&sample));
  recipe->fill_sheet = TRUE;
}

static char *
find_model (const PstQuick *quick, GError **error)
{
  if (quick->from)
    return g_strdup (quick->from);
  if (quick->plain)
    return g_strdup (PST_QUICK_MODEL); /* not looked at */
  return pst_folders_find_model (PST_QUICK_MODEL, error);
}

PstRecipe *
pst_quick_recipe (const PstQuick *quick, GError **error)
{
  g_autofree char *from = find_model (quick, error);
  g_autofree char *text = from ? write_text (quick, from) : NULL;
  PstRecipe       *recipe;

  recipe = text ? pst_recipe_parse (text, "", error) : NULL;
  if (recipe && quick->plain)
    {
      PstRecipe *plain = pst_recipe_plain (recipe, error);

      pst_recipe_free (recipe);
      recipe = plain;
    }
  if (recipe)
    set_paths (recipe, quick, from);
  return recipe;
}
