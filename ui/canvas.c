/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/canvas.h"

#include <string.h>

static PstPixels
new_pixels (int width, int height)
{
  PstPixels pixels = { width, height, NULL };

  pixels.data = g_try_malloc_n ((gsize) width * height, 4 * sizeof (float));
  return pixels;
}

PstCanvas *
pst_canvas_new (int width, int height)
{
  PstCanvas *canvas = g_new0 (PstCanvas, 1);

  canvas->pixels = new_pixels (width, height);
  canvas->width = width;
  canvas->height = height;
  if (canvas->pixels.data == NULL)
    g_clear_pointer (&canvas, g_free);
  return canvas;
}

void
pst_canvas_free (PstCanvas *canvas)
{
  g_free (canvas->pixels.data);
  g_free (canvas->mask);
  g_free (canvas);
}

static float *
row_of (const PstPixels *pixels, int x, int y)
{
  return pixels->data + ((gsize) y * pixels->width + x) * 4;
}

PstPixels
pst_canvas_cut (const PstCanvas *canvas)
{
  PstPixels piece = new_pixels (canvas->width, canvas->height);

  for (int y = 0; piece.data != NULL && y < piece.height; y++)
    memcpy (row_of (&piece, 0, y),
            row_of (&canvas->pixels, canvas->x, canvas->y + y),
            piece.width * 4 * sizeof (float));
  return piece;
}

PstPixels
pst_canvas_paste (const PstCanvas *canvas, const PstPixels *piece)
{
  PstPixels whole = new_pixels (canvas->pixels.width, canvas->pixels.height);

  if (whole.data == NULL)
    return whole;
  memcpy (whole.data, canvas->pixels.data,
          (gsize) whole.width * whole.height * 4 * sizeof (float));

  for (int y = 0; y < piece->height; y++)
    {
      const float *from = row_of (piece, 0, y);
      float       *to = row_of (&whole, canvas->x, canvas->y + y);
      const float *mask = NULL;

      if (canvas->mask != NULL)
        mask = canvas->mask + (gsize) (canvas->y + y) * whole.width +
               canvas->x;
      for (int x = 0; x < piece->width; x++, from += 4, to += 4)
        for (int c = 0; c < 3; c++)
          to[c] += (from[c] - to[c]) * (mask != NULL ? mask[x] : 1.0f);
    }
  return whole;
}
