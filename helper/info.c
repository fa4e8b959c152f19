/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/pst.h"
#include "helper/command.h"
#include "helper/hints.h"

#define RECIPE_KEY "pastiche.recipe"
#define FIGURES_KEY "pastiche.figures"
#define LICENCE_KEY "pastiche.licence"

/* One installed style a line: id, title, credit, licence, file; tabs between
 * them, so that scripts can read it. */
static int
list_styles (void)
{
  g_autoptr (PstLibrary) library = pst_library_new (NULL);
  GPtrArray             *styles = pst_library_get_styles (library);
  g_autoptr (GError)     error = NULL;

  if (styles->len == 0)
    {
      pst_library_find (library, "", &error);
      return helper_fail (HELPER_FAILED, error->message);
    }
  for (guint i = 0; i < styles->len; i++)
    {
      const PstStyle *style = styles->pdata[i];

      printf ("%s\t%s\t%s\t%s\t%s\n", style->id, style->title, style->credit,
              style->licence, style->path);
    }
  return HELPER_DONE;
}

static void
print_pair (const char *name, const char *text)
{
  if (text && *text)
    printf ("%s: %s\n", name, text);
}

/* Rounded up: the least is what somebody may pass to --memory. */
static double
megabytes (guint64 bytes)
{
  return ceil (bytes / 1e6);
}

static void
print_memory (PstModel *model)
{
  PstControls most = PST_CONTROLS_INIT, least = PST_CONTROLS_INIT;
  guint64     small[2], large[2];

  most.memory = G_MAXUINT64;
  least.memory = 1;
  if (pst_stylize_memory (model, &most, 1000, 1000, &small[0], NULL) &&
      pst_stylize_memory (model, &least, 1000, 1000, &small[1], NULL) &&
      pst_stylize_memory (model, &most, 4000, 3000, &large[0], NULL) &&
      pst_stylize_memory (model, &least, 4000, 3000, &large[1], NULL))
    printf (_ ("Memory: %.0f MB for 1 megapixel (at least %.0f MB), %.0f MB "
               "for 12 (at least %.0f MB)\n"),
            megabytes (small[0]), megabytes (small[1]), megabytes (large[0]),
            megabytes (large[1]));
}

static int
print_model (PstModel *model)
{
  GPtrArray       *styles;
  g_autofree char *takes = NULL;

  styles = pst_model_get_styles (model);
  takes = pst_model_describe (model);
  print_pair (_ ("Title"), pst_model_get_title (model));
  print_pair (_ ("Licence"), pst_model_get_metadata (model, LICENCE_KEY));
  print_pair (_ ("Pictures"), takes);
  print_memory (model);
  printf (_ ("Styles: %u\n"), styles->len);
  for (guint i = 0; i < styles->len; i++)
    {
      const PstStyle *style = styles->pdata[i];

      printf ("  %s: %s", style->id, style->title);
      if (*style->credit)
        printf (", %s", style->credit);
      if (*style->licence)
        printf (" (%s)", style->licence);
      printf ("\n");
    }
  print_pair (_ ("Figures"), pst_model_get_metadata (model, FIGURES_KEY));
  return HELPER_DONE;
}

static int
print_recipe (PstModel *model)
{
  g_autofree char *text = NULL;
  const char      *recipe = pst_model_get_metadata (model, RECIPE_KEY);

  if (recipe)
    {
      printf ("%s%s", recipe, g_str_has_suffix (recipe, "\n") ? "" : "\n");
      return HELPER_DONE;
    }
  text = g_strdup_printf (_ ("%s does not say how it was trained."),
                          pst_model_get_path (model));
  return helper_fail (HELPER_FAILED, text);
}

static int
tell (const char *path, const HelperHints *hints, gboolean recipe)
{
  PstModelHints        parsed;
  g_autoptr (GError)   error = NULL;
  g_autoptr (PstModel) model = NULL;

  if (! helper_hints_parse (hints, &parsed, &error))
    return helper_fail (HELPER_USAGE, error->message);
  model = pst_model_load_with (path, &parsed, &error);
  if (! model)
    return helper_fail (HELPER_FAILED, error->message);
  return recipe ? print_recipe (model) : print_model (model);
}

int
helper_info (int argc, char **argv)
{
  gboolean           list = FALSE;
  gboolean           recipe = FALSE;
  HelperHints        hints = { 0 };
  g_auto (GStrv)     words = NULL;
  int                status;
  const GOptionEntry entries[] = {
    { "list", 'l', 0, G_OPTION_ARG_NONE, &list,
      N_ ("List the installed styles, one a line"), NULL },
    { "recipe", 0, 0, G_OPTION_ARG_NONE, &recipe,
      N_ ("Print the recipe that the model was trained by"), NULL },
    HELPER_HINT_ENTRIES (hints),
    { NULL },
  };

  if (! helper_parse (argc, argv, entries, _ ("MODEL"),
                      _ ("Tells what a model file holds."), -1, &words))
    status = HELPER_USAGE;
  else if (g_strv_length (words) != (list ? 0 : 1))
    status = helper_fail (HELPER_USAGE, _ ("Usage: pastiche info MODEL, or "
                                           "pastiche info --list"));
  else if (list)
    status = list_styles ();
  else
    status = tell (words[0], &hints, recipe);
  helper_hints_clear (&hints);
  return status;
}
