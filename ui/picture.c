/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/picture.h"

#include <string.h>

static PstPixels
new_pixels (int width, int height)
{
  PstPixels pixels = { width, height, NULL };

  pixels.data = g_try_malloc_n ((gsize) width * height, 4 * sizeof (float));
  return pixels;
}

PstPicture *
pst_picture_new (int width, int height)
{
  PstPicture *picture = g_new0 (PstPicture, 1);

  picture->pixels = new_pixels (width, height);
  picture->width = width;
  picture->height = height;
  if (picture->pixels.data == NULL)
    g_clear_pointer (&picture, g_free);
  return picture;
}

void
pst_picture_free (PstPicture *picture)
{
  g_free (picture->pixels.data);
  g_free (picture->mask);
  g_free (picture);
}

static float *
row_of (const PstPixels *pixels, int x, int y)
{
  return pixels->data + ((gsize) y * pixels->width + x) * 4;
}

PstPixels
pst_picture_cut (const PstPicture *picture)
{
  PstPixels piece = new_pixels (picture->width, picture->height);

  for (int y = 0; piece.data != NULL && y < piece.height; y++)
    memcpy (row_of (&piece, 0, y),
            row_of (&picture->pixels, picture->x, picture->y + y),
            piece.width * 4 * sizeof (float));
  return piece;
}

PstPixels
pst_picture_paste (const PstPicture *picture, const PstPixels *piece)
{
  PstPixels whole = new_pixels (picture->pixels.width, picture->pixels.height);

  if (whole.data == NULL)
    return whole;
  memcpy (whole.data, picture->pixels.data,
          (gsize) whole.width * whole.height * 4 * sizeof (float));

  for (int y = 0; y < piece->height; y++)
    {
      const float *from = row_of (piece, 0, y);
      float       *to = row_of (&whole, picture->x, picture->y + y);
      const float *mask = NULL;

      if (picture->mask != NULL)
        mask = picture->mask + (gsize) (picture->y + y) * whole.width +
               picture->x;
      for (int x = 0; x < piece->width; x++, from += 4, to += 4)
        for (int c = 0; c < 3; c++)
          to[c] += (from[c] - to[c]) * (mask != NULL ? mask[x] : 1.0f);
    }
  return whole;
}
