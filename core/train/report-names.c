/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names in place of paths, so that a report can be shown to others. */
#include "core/train/report-private.h"

#include <string.h>

/* @folder: (nullable) */
static void
add_folder (GPtrArray *folders, const char *folder)
{
  g_autofree char *name = g_strdup (folder ? folder : "");
  gsize            n = strlen (name);

  while (n > 0 && name[n - 1] == G_DIR_SEPARATOR)
    name[--n] = '\0';
  if (strspn (name, "./") < n)
    g_ptr_array_add (folders, g_strconcat (name, G_DIR_SEPARATOR_S, NULL));
}

/* @path: (nullable) */
static void
add_folder_of (GPtrArray *folders, const char *path)
{
  g_autofree char *folder = path ? g_path_get_dirname (path) : NULL;

  add_folder (folders, folder);
}

/* A place that other paths start from: they are named from there on, and it by
 * its own name. */
static void
add_base (GPtrArray *folders, const char *folder)
{
  add_folder (folders, folder);
  add_folder_of (folders, folder);
}

static gboolean
is_inside (const char *path, const char *folder)
{
  gsize n = folder ? strlen (folder) : 0;

  return n > 0 && strncmp (path, folder, n) == 0 &&
         (path[n] == G_DIR_SEPARATOR || folder[n - 1] == G_DIR_SEPARATOR);
}

static void
add_source (GPtrArray *folders, const PstRecipe *recipe, const char *path)
{
  if (path && ! is_inside (path, recipe->folder))
    add_folder_of (folders, path);
}

static int
longest_first (gconstpointer a, gconstpointer b)
{
  gsize n = strlen (*(char *const *) a), m = strlen (*(char *const *) b);

  return n < m ? 1 : n > m ? -1 : 0;
}

GPtrArray *
pst_report_folders (const PstTrainer *trainer, const char *out)
{
  const PstRecipe *recipe = trainer->recipe;
  GPtrArray       *folders = g_ptr_array_new_with_free_func (g_free);
  PstDatasetGroup  group;

  add_base (folders, recipe->folder);
  add_base (folders, recipe->home);
  add_folder_of (folders, out);
  add_source (folders, recipe, recipe->features);
  for (guint i = 0; pst_dataset_get_group (trainer->dataset, i, &group); i++)
    add_source (folders, recipe, group.path);
  for (guint i = 0; i < recipe->styles->len; i++)
    {
      const PstRecipeStyle *style = recipe->styles->pdata[i];

      for (guint k = 0; style->pictures && style->pictures[k]; k++)
        add_source (folders, recipe, style->pictures[k]);
    }
  add_folder (folders, g_get_home_dir ());
  g_ptr_array_sort (folders, longest_first);
  return folders;
}

/* How many bytes at @text are a folder's name, 0 where there is none. */
static gsize
match (const GPtrArray *folders, const char *text)
{
  for (guint i = 0; i < folders->len; i++)
    if (g_str_has_prefix (text, folders->pdata[i]))
      return strlen (folders->pdata[i]);
  return 0;
}

char *
pst_report_shorten (const PstReport *report, const char *text)
{
  GString *made = g_string_new (NULL);

  for (const char *p = text; *p;)
    {
      gboolean inside = p > text && (g_ascii_isalnum (p[-1]) ||
                                     strchr ("._-~/", p[-1]));
      gsize    n = inside ? 0 : match (report->folders, p);

      if (n == 0)
        g_string_append_c (made, *p);
      p += MAX (n, 1);
    }
  return g_string_free (made, FALSE);
}
