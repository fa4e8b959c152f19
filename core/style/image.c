/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/style/image.h"

#include <glib/gi18n-lib.h>

#include "core/base/error.h"
#include "core/base/memory.h"

gsize
pst_image_bytes (int width, int height, int channels)
{
  return (gsize) width * height * channels * sizeof (float);
}

PstImage *
pst_image_new (int width, int height, int channels, GError **error)
{
  gsize     bytes = pst_image_bytes (width, height, channels);
  float    *data;
  PstImage *image;

  g_return_val_if_fail (width > 0 && height > 0 && channels > 0, NULL);

  data = pst_memory_try_alloc (bytes);
  if (! data)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_MEMORY,
                   _ ("There is no memory for a picture of %d × %d pixels "
                      "(%.0f MB)."),
                   width, height, bytes / 1e6);
      return NULL;
    }
  image = g_new (PstImage, 1);
  *image = (PstImage){ width, height, channels, data, bytes };
  return image;
}

void
pst_image_free (PstImage *image)
{
  if (! image)
    return;
  pst_memory_free (image->data, image->bytes);
  g_free (image);
}
