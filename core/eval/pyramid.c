/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/eval/pyramid.h"

#include <string.h>

#define TAPS 5

static const float kernel[TAPS] = { 1 / 16.0f, 4 / 16.0f, 6 / 16.0f,
                                    4 / 16.0f, 1 / 16.0f };

static PstBand
band_new (int width, int height)
{
  PstBand band = { width, height, NULL };

  band.data = g_new0 (float, (gsize) width * height * 3);
  return band;
}

static int
mirror (int i, int n)
{
  int period = 2 * (n - 1);

  if (n == 1)
    return 0;
  i = ABS (i) % period;
  return i < n ? i : period - i;
}

/* Numbers @step apart from each other, @n of them, blurred. */
static void
blur_line (float *line, gsize step, int n, float *room)
{
  for (int i = 0; i < n; i++)
    {
      float sum = 0;

      for (int k = 0; k < TAPS; k++)
        sum += kernel[k] * line[step * mirror (i + k - TAPS / 2, n)];
      room[i] = sum;
    }
  for (int i = 0; i < n; i++)
    line[step * i] = room[i];
}

static void
blur (PstBand *band)
{
  gsize             row = (gsize) band->width * 3;
  g_autofree float *room = g_new (float, MAX (band->width, band->height));

  for (int y = 0; y < band->height; y++)
    for (int c = 0; c < 3; c++)
      blur_line (band->data + row * y + c, 3, band->width, room);
  for (gsize i = 0; i < row; i++)
    blur_line (band->data + i, row, band->height, room);
}

/* Every other pixel of what is blurred. */
static PstBand
halve (const PstBand *from)
{
  PstBand half = band_new ((from->width + 1) / 2, (from->height + 1) / 2);
  PstBand soft = band_new (from->width, from->height);

  memcpy (soft.data, from->data,
          sizeof (float) * 3 * from->width * from->height);
  blur (&soft);
  for (int y = 0; y < half.height; y++)
    for (int x = 0; x < half.width; x++)
      memcpy (half.data + ((gsize) y * half.width + x) * 3,
              soft.data + ((gsize) 2 * y * soft.width + 2 * x) * 3,
              sizeof (float) * 3);
  g_free (soft.data);
  return half;
}

/* band -= what @half gives when it is doubled */
static void
subtract_doubled (PstBand *band, const PstBand *half)
{
  PstBand full = band_new (band->width, band->height);
  gsize   n = (gsize) band->width * band->height * 3;

  for (int y = 0; y < half->height; y++)
    for (int x = 0; x < half->width; x++)
      for (int c = 0; c < 3; c++)
        full.data[((gsize) 2 * y * full.width + 2 * x) * 3 + c] =
            4 * half->data[((gsize) y * half->width + x) * 3 + c];
  blur (&full);
  for (gsize i = 0; i < n; i++)
    band->data[i] -= full.data[i];
  g_free (full.data);
}

void
pst_pyramid_build (const PstPicture *picture, PstBand *bands, int n)
{
  PstBand next = band_new (picture->width, picture->height);

  pst_picture_to_floats (picture, next.data);
  for (int i = 0; i < n; i++)
    {
      bands[i] = next;
      next = halve (&bands[i]);
      subtract_doubled (&bands[i], &next);
    }
  g_free (next.data);
}

void
pst_pyramid_clear (PstBand *bands, int n)
{
  for (int i = 0; i < n; i++)
    g_clear_pointer (&bands[i].data, g_free);
}
