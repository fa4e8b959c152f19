/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/base/folders.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/base/error.h"

static void
add_folder (GPtrArray *folders, char *folder)
{
  if (g_ptr_array_find_with_equal_func (folders, folder, g_str_equal, NULL))
    g_free (folder);
  else
    g_ptr_array_add (folders, folder);
}

static void
add_folders_of_program (GPtrArray *folders)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = NULL;
  g_autofree char *parent = NULL;

  if (! program)
    return;
  folder = g_path_get_dirname (program);
  parent = g_path_get_dirname (folder);
  add_folder (folders, g_build_filename (folder, "models", NULL));
  add_folder (folders, g_build_filename (parent, "models", NULL));
}

GPtrArray *
pst_folders_models (void)
{
  GPtrArray  *folders = g_ptr_array_new_with_free_func (g_free);
  const char *variable = g_getenv (PST_MODELS_VARIABLE);

  if (variable && *variable)
    {
      g_auto (GStrv) parts = g_strsplit (variable, ":", -1);

      for (char **part = parts; *part; part++)
        if (**part)
          add_folder (folders, g_strdup (*part));
      return folders;
    }
  add_folder (folders, g_build_filename (g_get_user_data_dir (), "pastiche",
                                         "models", NULL));
  add_folders_of_program (folders);
  add_folder (folders, g_strdup (PST_MODELDIR));
  return folders;
}

char *
pst_folders_find_model (const char *name, GError **error)
{
  g_autoptr (GPtrArray) folders = pst_folders_models ();
  g_autofree char      *list = NULL;

  for (guint i = 0; i < folders->len; i++)
    {
      g_autofree char *path = g_build_filename (folders->pdata[i], name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
        return g_steal_pointer (&path);
    }
  list = pst_folders_describe (folders);
  g_set_error (error, PST_ERROR, PST_ERROR_FILE,
               _ ("%s, which comes with Pastiche, is missing; these folders "
                  "were looked in: %s. Name another file in its place, or its "
                  "folder in the environment variable %s."),
               name, list, PST_MODELS_VARIABLE);
  return NULL;
}

char *
pst_folders_describe (GPtrArray *folders)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < folders->len; i++)
    g_string_append_printf (text, "%s%s", i ? ", " : "",
                            (char *) folders->pdata[i]);
  return g_string_free (text, FALSE);
}
