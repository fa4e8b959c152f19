/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/paintings.h"

#include <glib/gi18n-lib.h>

#include "core/base/error.h"

#define MOST_BYTES (512.0 * 1024 * 1024)
#define SOFT 1.5 /* times larger than it is, a picture looks soft */

typedef struct
{
  const PstTrainHost *host;
  PstSourceNote       note;
  gpointer            data;
} Settler;

static void tell (const Settler *settler, const char *format, ...)
  G_GNUC_PRINTF (2, 3);

static void
tell (const Settler *settler, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list          arguments;

  if (! settler->note)
    return;
  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  settler->note (text, settler->data);
}

static GPtrArray *
list_files (const PstRecipeStyle *style, GError **error)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  for (int i = 0; style->pictures[i]; i++)
    {
      GPtrArray *some = pst_sources_list (style->pictures[i]);

      if (some->len == 0)
        {
          g_ptr_array_unref (some);
          g_set_error (error, PST_ERROR, PST_ERROR_FILE,
                       _ ("[style %s]: there is no picture at %s"), style->id,
                       style->pictures[i]);
          return NULL;
        }
      g_ptr_array_extend_and_steal (paths, some);
    }
  return g_steal_pointer (&paths);
}

/* Its shorter side, up to twice @size; 0, with a word, where it cannot be
 * used. @bytes: grows by what it will take */
static int
try_picture (const Settler *settler, const char *path, int size, double *bytes)
{
  const PstTrainHost    *host = settler->host;
  g_autoptr (PstPicture) picture = NULL;
  g_autoptr (GError)     reason = NULL;
  double                 side;

  picture = host->load (path, 2 * size, host->data, &reason);
  if (! picture ||
      ! pst_sources_check_size (picture, PST_PAINTINGS_LEAST, &reason))
    {
      tell (settler, _ ("%s is passed over: %s"), path,
            reason ? reason->message : _ ("it cannot be read"));
      return 0;
    }
  side = MIN (picture->width, picture->height);
  *bytes += 3.0 * picture->width * picture->height / (side * side) * size *
            size;
  return (int) side;
}

static gboolean
settle_style (const Settler *settler, PstRecipeStyle *style, double *bytes,
              GError **error)
{
  g_autoptr (GPtrArray) paths = list_files (style, error);
  guint                 all = paths ? paths->len : 0, n = 0, soft = 0;
  int                   least = style->size;

  if (! paths)
    return FALSE;
  pst_sources_drop_copies (paths, settler->note, settler->data);
  for (guint i = 0; i < paths->len; i++)
    {
      char *path = paths->pdata[i];
      int   side = try_picture (settler, path, style->size, bytes);

      soft += side > 0 && side * SOFT < style->size;
      least = side > 0 ? MIN (least, side) : least;
      if (side > 0)
        paths->pdata[n++] = path;
      else
        g_free (path);
    }
  for (guint i = n; i < paths->len; i++)
    paths->pdata[i] = NULL;
  g_ptr_array_set_size (paths, (int) n);
  if (n == 0)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FILE,
                   _ ("[style %s]: none of its %u pictures can be used. Name "
                      "others."), style->id, all);
      return FALSE;
    }
  if (soft > 0)
    tell (settler,
          _ ("[style %s]: %u of %u pictures have to be enlarged to size=%d "
             "and look soft; size=%d would suit them all."),
          style->id, soft, n, style->size, least);
  g_strfreev (style->pictures);
  g_ptr_array_add (paths, NULL);
  style->pictures = (char **) g_ptr_array_steal (paths, NULL);
  return TRUE;
}

/* Keeps the given part of the pictures, evenly, but at least one. */
static void
thin_out (const Settler *settler, PstRecipeStyle *style, double part)
{
  guint all = g_strv_length (style->pictures);
  guint n = MAX ((guint) (all * part), 1);

  if (n == all)
    return;
  for (guint i = 0, k = 0; i < all; i++)
    {
      char *path = style->pictures[i];

      style->pictures[i] = NULL;
      if ((guint64) k * all / n == i)
        style->pictures[k++] = path;
      else
        g_free (path);
    }
  tell (settler,
        _ ("[style %s]: %u of its %u pictures are used; all would take too "
           "much memory at size=%d."),
        style->id, n, all, style->size);
}

gboolean
pst_paintings_settle (PstRecipe *recipe, const PstTrainHost *host,
                      PstSourceNote note, gpointer data, GError **error)
{
  Settler settler = { host, note, data };
  double  bytes = 0;

  for (guint i = 0; i < recipe->styles->len; i++)
    if (! settle_style (&settler, recipe->styles->pdata[i], &bytes, error))
      return FALSE;
  if (bytes > MOST_BYTES)
    for (guint i = 0; i < recipe->styles->len; i++)
      thin_out (&settler, recipe->styles->pdata[i], MOST_BYTES / bytes);
  return TRUE;
}
