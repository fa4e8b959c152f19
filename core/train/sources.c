/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/sources.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "core/base/error.h"

#define DEPTH 32 /* of folders */

static const char *const endings[] = {
  ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".gif",
  ".avif", ".heic", ".heif", ".jxl", ".ppm", ".pgm", NULL,
};

static gboolean
ends_in (const char *name, const char *const *list)
{
  g_autofree char *lower = g_ascii_strdown (name, -1);

  for (int i = 0; list[i]; i++)
    if (g_str_has_suffix (lower, list[i]))
      return TRUE;
  return FALSE;
}

/* "device:inode", the same for all links to a file; NULL where it's gone */
static char *
identity_of (const char *path, gint64 *size)
{
  GStatBuf status;

  if (g_stat (path, &status) != 0)
    return NULL;
  *size = status.st_size;
  return g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
                          (guint64) status.st_dev, (guint64) status.st_ino);
}

/* @seen: folders, so that links don't lead in circles */
static void
search (const char *folder, GPtrArray *paths, GHashTable *seen, int depth)
{
  GDir       *dir;
  const char *name;
  gint64      size = 0;
  char       *identity = identity_of (folder, &size);

  if (! identity || ! g_hash_table_add (seen, identity))
    return;
  dir = g_dir_open (folder, 0, NULL);
  while (dir && (name = g_dir_read_name (dir)))
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (name[0] == '.')
        continue;
      if (depth > 0 && g_file_test (path, G_FILE_TEST_IS_DIR))
        search (path, paths, seen, depth - 1);
      else if (ends_in (name, endings) &&
               g_file_test (path, G_FILE_TEST_IS_REGULAR))
        g_ptr_array_add (paths, g_steal_pointer (&path));
    }
  if (dir)
    g_dir_close (dir);
}

static void
read_list (const char *path, GPtrArray *paths)
{
  g_autofree char *text = NULL;
  g_autofree char *folder = g_path_get_dirname (path);
  g_auto (GStrv)   lines = NULL;

  if (! g_file_get_contents (path, &text, NULL, NULL))
    return;
  lines = g_strsplit (text, "\n", -1);
  for (int i = 0; lines[i]; i++)
    {
      const char *line = g_strstrip (lines[i]);

      if (! *line || *line == '#')
        continue;
      g_ptr_array_add (paths, g_path_is_absolute (line)
                                ? g_strdup (line)
                                : g_build_filename (folder, line, NULL));
    }
}

static void
expand (const char *pattern, GPtrArray *paths)
{
  glob_t matches;

  if (glob (pattern, 0, NULL, &matches) != 0)
    return;
  for (gsize i = 0; i < matches.gl_pathc; i++)
    if (! g_file_test (matches.gl_pathv[i], G_FILE_TEST_IS_DIR))
      g_ptr_array_add (paths, g_strdup (matches.gl_pathv[i]));
  globfree (&matches);
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

GPtrArray *
pst_sources_list (const char *path)
{
  static const char *const lists[] = { ".txt", NULL };
  GPtrArray               *paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable)   seen = NULL;

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      search (path, paths, seen, DEPTH);
    }
  else if (ends_in (path, lists))
    {
      read_list (path, paths);
      return paths;
    }
  else if (g_file_test (path, G_FILE_TEST_EXISTS)) /* brackets and all */
    g_ptr_array_add (paths, g_strdup (path));
  else
    expand (path, paths);
  g_ptr_array_sort (paths, compare_paths);
  return paths;
}

/* NULL where it cannot be read */
static char *
hash_content (const char *path)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guchar    *part = g_malloc (1 << 16);
  FILE                 *file = g_fopen (path, "rb");
  gsize                 n;

  if (! file)
    return NULL;
  while ((n = fread (part, 1, 1 << 16, file)) > 0)
    g_checksum_update (sum, part, (gssize) n);
  fclose (file);
  return g_strdup (g_checksum_get_string (sum));
}

typedef struct
{
  GHashTable *files;    /* identity -> path */
  GHashTable *sizes;    /* size -> path of the only one so far, or "" */
  GHashTable *contents; /* hash -> path, of those with equal sizes */
} Seen;

static const char *
find_content (Seen *seen, const char *path)
{
  char       *hash = hash_content (path);
  const char *first = hash ? g_hash_table_lookup (seen->contents, hash) : NULL;

  if (hash && ! first)
    g_hash_table_insert (seen->contents, hash, (gpointer) path);
  else
    g_free (hash);
  return first;
}

/* The earlier one that @path is a copy of, or NULL. */
static const char *
find_copy (Seen *seen, const char *path)
{
  gint64      size = 0;
  char       *identity = identity_of (path, &size);
  const char *first;
  gpointer    key;

  if (! identity)
    return NULL;
  first = g_hash_table_lookup (seen->files, identity);
  if (first)
    {
      g_free (identity);
      return first;
    }
  g_hash_table_insert (seen->files, identity, (gpointer) path);
  if (size == 0)
    return NULL;
  key = g_memdup2 (&size, sizeof size);
  first = g_hash_table_lookup (seen->sizes, key);
  g_hash_table_insert (seen->sizes, key, (gpointer) (first ? "" : path));
  if (! first)
    return NULL;
  if (*first)
    find_content (seen, first);
  return find_content (seen, path);
}

static void
tell_copy (const char *path, const char *first, PstSourceNote note,
           gpointer data)
{
  g_autofree char *text = NULL;

  if (! note)
    return;
  text = g_strdup_printf (_ ("%s is passed over: it is the same picture as "
                             "%s"), path, first);
  note (text, data);
}

guint
pst_sources_drop_copies (GPtrArray *paths, PstSourceNote note, gpointer data)
{
  g_autoptr (GPtrArray) copies = g_ptr_array_new_with_free_func (g_free);
  Seen                  seen;
  guint                 n = 0;

  seen.files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  seen.sizes = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
                                      NULL);
  seen.contents = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                         NULL);
  for (guint i = 0; i < paths->len; i++)
    {
      char       *path = paths->pdata[i];
      const char *first = find_copy (&seen, path);

      if (first)
        {
          tell_copy (path, first, note, data);
          g_ptr_array_add (copies, path);
        }
      else
        paths->pdata[n++] = path;
    }
  memset (paths->pdata + n, 0, sizeof (gpointer) * (paths->len - n));
  g_ptr_array_set_size (paths, (int) n);
  g_hash_table_unref (seen.files);
  g_hash_table_unref (seen.sizes);
  g_hash_table_unref (seen.contents);
  return copies->len;
}

gboolean
pst_sources_check_size (const PstPicture *picture, int least, GError **error)
{
  if (MIN (picture->width, picture->height) >= least)
    return TRUE;
  g_set_error (error, PST_ERROR, PST_ERROR_FORMAT,
               _ ("it is too small (%d × %d; the shorter side must have %d "
                  "pixels at least)"),
               picture->width, picture->height, least);
  return FALSE;
}

gboolean
pst_sources_find_pictures (const char *folder, int side, guint enough,
                           const PstTrainHost *host)
{
  g_autoptr (GPtrArray) paths = NULL;
  guint                 good = 0, tries;

  if (! folder || strcmp (folder, g_get_home_dir ()) == 0)
    return FALSE;
  paths = g_file_test (folder, G_FILE_TEST_IS_DIR) ? pst_sources_list (folder)
                                                   : NULL;
  if (! paths || paths->len < enough)
    return FALSE;
  tries = MIN (paths->len, 4 * enough);
  for (guint i = 0; i < tries && good < enough; i++)
    {
      const char            *path = paths->pdata[(guint64) i * paths->len /
                                                 tries];
      g_autoptr (PstPicture) picture = NULL;

      picture = host->load (path, side, host->data, NULL);
      good += picture && pst_sources_check_size (picture, side, NULL);
    }
  return good >= enough;
}
