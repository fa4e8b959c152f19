/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recipes that nobody wrote. */
#include <glib/gstdio.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/folders.h"
#include "core/base/test-run.h"
#include "core/train/quick.h"

static void
test_names (void)
{
  static const char *const titles[][2] = {
    { "/a/my_wheat-field.jpg", "My wheat field" },
    { "élan.tar.png", "Élan.tar" },
    { "x", "X" },
    { ".hidden", ".hidden" },
  };
  static const char *const ids[][2] = {
    { "My wheat field", "my-wheat-field" },
    { "Élan, 1912!", "elan-1912" },
    { "Hokusai's wave", "hokusais-wave" },
    { "富士山", "style" },
    { "Identity", "style" },
    { "", "style" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (titles); i++)
    {
      g_autofree char *title = pst_quick_title (titles[i][0]);

      g_assert_cmpstr (title, ==, titles[i][1]);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_autofree char *id = pst_quick_id (ids[i][0]);

      g_assert_cmpstr (id, ==, ids[i][1]);
    }
}

/* Odd names do no harm, and no folder gets into the text. */
static void
test_recipe (void)
{
  char       *pictures[] = { "/secret/a;b:c.jpg", "/secret/[d].png", NULL };
  PstQuick    quick = { .pictures = pictures,
                        .title = "Sea; [sky]\n#1\\",
                        .credit = "Me",
                        .from = "/secret/m.onnx",
                        .features = "/secret/f.onnx",
                        .photos = "/secret/auto" };
  g_autoptr (GError)     error = NULL;
  g_autoptr (PstRecipe)  recipe = pst_quick_recipe (&quick, &error);
  const PstRecipeStyle  *style;
  const PstRecipePhotos *photos;
  const PstSettings     *settings;

  g_assert_no_error (error);
  g_assert_null (strstr (recipe->text, "secret"));
  g_assert_cmpstr (recipe->from, ==, "/secret/m.onnx");
  g_assert_cmpstr (recipe->features, ==, "/secret/f.onnx");
  g_assert_cmpint (recipe->keep, ==, 0);
  g_assert_cmpuint (recipe->styles->len, ==, 1);
  style = recipe->styles->pdata[0];
  g_assert_cmpstr (style->title, ==, quick.title);
  g_assert_cmpstr (style->credit, ==, "Me");
  g_assert_cmpstr (style->pictures[0], ==, pictures[0]);
  g_assert_cmpstr (style->pictures[1], ==, pictures[1]);
  g_assert_null (style->pictures[2]);
  photos = recipe->photos->pdata[0];
  g_assert_cmpint (photos->kind, ==, PST_PHOTOS_FILES);
  g_assert_cmpstr (photos->path, ==, "/secret/auto");
  settings = pst_recipe_settings (recipe, 0);
  g_assert_cmpint (settings->train, ==, PST_TRAIN_ALL);
  g_clear_pointer (&recipe, pst_recipe_free);
  quick.keep = TRUE;
  quick.begin = "wave";
  quick.photos = quick.features = NULL;
  recipe = pst_quick_recipe (&quick, &error);
  g_assert_no_error (error);
  settings = pst_recipe_settings (recipe, 0);
  g_assert_cmpint (settings->train, ==, PST_TRAIN_TABLES);
  g_assert_cmpint (recipe->keep, ==, 1);
  g_assert_null (recipe->features);
  style = recipe->styles->pdata[0];
  g_assert_cmpstr (style->begin, ==, "wave");
  photos = recipe->photos->pdata[0];
  g_assert_cmpint (photos->kind, ==, PST_PHOTOS_AUTO);
}

/* Without networks there is no model to start from either. */
static void
test_plain (void)
{
  char                 *pictures[] = { "/there/a.jpg", NULL };
  PstQuick              quick = { .pictures = pictures, .plain = TRUE };
  g_autoptr (GError)    error = NULL;
  g_autoptr (PstRecipe) recipe = pst_quick_recipe (&quick, &error);
  const PstRecipeStyle *style;

  g_assert_no_error (error);
  g_assert_true (recipe->plain);
  g_assert_null (recipe->from);
  style = recipe->styles->pdata[0];
  g_assert_cmpstr (style->pictures[0], ==, pictures[0]);
}

/* The bundled model and sample are found beside each other. */
static void
test_bundled (void)
{
  g_autofree char      *before = g_strdup (g_getenv (PST_MODELS_VARIABLE));
  g_autofree char      *folder = g_dir_make_tmp ("pastiche-XXXXXX", NULL);
  g_autofree char      *model = g_build_filename (folder, PST_QUICK_MODEL,
                                                  NULL);
  g_autofree char      *sample = g_build_filename (folder, PST_QUICK_SAMPLE,
                                                   NULL);
  g_autofree char      *inner = g_path_get_dirname (sample);
  char                 *pictures[] = { "a.jpg", NULL };
  PstQuick              quick = { .pictures = pictures };
  g_autoptr (GError)    error = NULL;
  g_autoptr (PstRecipe) recipe = NULL;

  g_setenv (PST_MODELS_VARIABLE, folder, TRUE);
  g_assert_null (pst_quick_recipe (&quick, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_FILE);
  g_assert_nonnull (strstr (error->message, folder));
  g_clear_error (&error);
  g_mkdir (inner, 0700);
  g_file_set_contents (model, "", 0, NULL);
  g_file_set_contents (sample, "", 0, NULL);
  recipe = pst_quick_recipe (&quick, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (recipe->from, ==, model);
  g_assert_cmpstr (recipe->thumbnail, ==, sample);
  g_assert_cmpuint (recipe->sheet->len, ==, 1);
  g_assert_true (recipe->fill_sheet);
  g_unlink (model);
  g_unlink (sample);
  g_rmdir (inner);
  g_rmdir (folder);
  if (before)
    g_setenv (PST_MODELS_VARIABLE, before, TRUE);
  else
    g_unsetenv (PST_MODELS_VARIABLE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quick/names", test_names);
  g_test_add_func ("/quick/recipe", test_recipe);
  g_test_add_func ("/quick/plain", test_plain);
  g_test_add_func ("/quick/bundled", test_bundled);
  return test_run ();
}
