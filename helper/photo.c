/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "helper/photo.h"

#include <glib/gi18n.h>

GPtrArray *
helper_photo_list (char **paths, GError **error)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_free);

  for (; paths && *paths; paths++)
    {
      g_autoptr (GPtrArray) some = pst_dataset_list (*paths);

      if (g_file_test (*paths, G_FILE_TEST_IS_REGULAR))
        g_ptr_array_add (all, g_strdup (*paths)); /* not taken for a pattern */
      else if (some->len)
        g_ptr_array_extend_and_steal (all, g_steal_pointer (&some));
      else
        {
          g_set_error (error, PST_ERROR, PST_ERROR_FILE,
                       _ ("There are no pictures at %s"), *paths);
          return NULL;
        }
    }
  return g_steal_pointer (&all);
}

PstPicture *
helper_photo_paint (PstModel *model, const PstStyle *style,
                    const PstControls *controls, const PstPicture *photo,
                    PstProgressFunc progress, gpointer data, GError **error)
{
  gsize                  n = (gsize) photo->width * photo->height;
  g_autofree float      *floats = g_try_new (float, n * 4);
  PstPixels              pixels = { photo->width, photo->height, floats };
  g_autoptr (PstPicture) result = NULL;

  result = pst_picture_try (photo->width, photo->height, error);
  if (! result)
    return NULL;
  if (! floats)
    {
      g_set_error_literal (error, PST_ERROR, PST_ERROR_MEMORY,
                           _ ("There is no memory to paint this picture"));
      return NULL;
    }
  for (gsize i = 0; i < 4 * n; i++)
    floats[i] = i % 4 < 3 ? photo->data[i / 4 * 3 + i % 4] / 255.0f : 1;
  if (! pst_stylize (model, style, controls, &pixels, NULL, progress, data,
                     error))
    return NULL;
  for (gsize i = 0; i < 3 * n; i++)
    result->data[i] =
        (guint8) (CLAMP (floats[i / 3 * 4 + i % 3], 0, 1) * 255 + 0.5f);
  return g_steal_pointer (&result);
}
