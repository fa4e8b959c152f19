/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "helper/model.h"

#include <glib/gi18n.h>
#include <string.h>

char *
helper_model_find (const char *word, char **id, GError **error)
{
  g_autoptr (PstLibrary) library = NULL;
  const PstStyle        *style;

  *id = NULL;
  if (strchr (word, '/') || g_str_has_suffix (word, ".onnx") ||
      g_file_test (word, G_FILE_TEST_IS_REGULAR))
    return g_strdup (word);
  library = pst_library_new (NULL);
  style = pst_library_find (library, word, error);
  if (! style)
    return NULL;
  *id = g_strdup (style->id);
  return g_strdup (style->path);
}

PstModel *
helper_model_load (const char *word, const PstModelHints *hints, char **id,
                   GError **error)
{
  g_autofree char *path = helper_model_find (word, id, error);

  return path ? pst_model_load_with (path, hints, error) : NULL;
}

static void
fail_which (PstModel *model, const char *id, GError **error)
{
  GPtrArray         *styles = pst_model_get_styles (model);
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < styles->len; i++)
    g_string_append_printf (list, "%s%s", i ? ", " : "",
                            ((const PstStyle *) styles->pdata[i])->id);
  if (id)
    g_set_error (error, PST_ERROR, PST_ERROR_STYLE,
                 _ ("%s has no style “%s”; it has: %s."),
                 pst_model_get_path (model), id, list->str);
  else
    g_set_error (error, PST_ERROR, PST_ERROR_STYLE,
                 _ ("%s has several styles; choose one with --style: %s."),
                 pst_model_get_path (model), list->str);
}

const PstStyle *
helper_model_style (PstModel *model, const char *id, GError **error)
{
  const PstStyle *style = id ? pst_model_find_style (model, id) : NULL;

  if (! id && pst_model_get_styles (model)->len == 1)
    style = pst_model_get_styles (model)->pdata[0];
  if (! style)
    fail_which (model, id, error);
  return style;
}

gboolean
helper_model_mix (PstModel *model, const char *text, PstControls *controls,
                  GError **error)
{
  const char      *colon = strchr (text, ':');
  g_autofree char *id = g_strndup (text, colon ? (gsize) (colon - text)
                                               : strlen (text));
  char            *end = NULL;
  double           percent = colon ? g_ascii_strtod (colon + 1, &end) : 50;

  if (colon && (end == colon + 1 || *end))
    {
      g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                   _ ("“%s” is no mix; write a style and a number of percent, "
                      "as in %s:50."),
                   text, id);
      return FALSE;
    }
  controls->second = helper_model_style (model, id, error);
  controls->mix = percent;
  return controls->second != NULL;
}
