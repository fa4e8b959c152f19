/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/picture.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/memory.h"

static gsize
picture_bytes (const PstPicture *picture)
{
  return (gsize) picture->width * picture->height * 3;
}

PstPicture *
pst_picture_new (int width, int height)
{
  PstPicture *picture;

  g_return_val_if_fail (width > 0 && height > 0, NULL);

  picture = g_new0 (PstPicture, 1);
  picture->width = width;
  picture->height = height;
  picture->data = pst_memory_try_alloc (picture_bytes (picture));
  if (! picture->data)
    g_clear_pointer (&picture, g_free);
  else
    memset (picture->data, 0, picture_bytes (picture));
  return picture;
}

PstPicture *
pst_picture_try (int width, int height, GError **error)
{
  PstPicture *picture = pst_picture_new (width, height);

  if (! picture)
    g_set_error_literal (error, PST_ERROR, PST_ERROR_MEMORY,
                         _ ("There is no memory for this picture"));
  return picture;
}

void
pst_picture_free (PstPicture *picture)
{
  if (! picture)
    return;
  pst_memory_free (picture->data, picture_bytes (picture));
  g_free (picture);
}

PstWindow
pst_picture_window (const PstPicture *picture, PstRandom *random, int crop,
                    double low, double high)
{
  PstWindow window;
  int       most = MIN (picture->width, picture->height);
  double    side;

  side = crop * exp (pst_random_range (random, log (low), log (high)));
  window.side = CLAMP ((int) side, 1, most);
  window.x = pst_random_below (random, picture->width - window.side + 1);
  window.y = pst_random_below (random, picture->height - window.side + 1);
  window.flip = pst_random_double (random) < 0.5;
  return window;
}

/* Up to MAX_TAPS neighbours and their weights for one place of an axis. */
#define MAX_TAPS 64

typedef struct
{
  int   first;
  int   n;
  float weight[MAX_TAPS];
} Taps;

/* Keys, "Cubic convolution interpolation", 1981, with a = -1/2. */
static double
cubic (double x)
{
  x = fabs (x);
  if (x < 1)
    return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2)
    return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

/* Taps in [0, length) for place @i of @size places that cover it. */
static void
taps_fill (Taps *taps, int i, int size, int length)
{
  double step = (double) length / size;
  double sum = 0;
  int    first, last;

  if (step >= 1)
    {
      first = (int) floor (i * step);
      last = MIN ((int) ceil ((i + 1) * step - 1e-9), length) - 1;
    }
  else
    {
      first = (int) floor ((i + 0.5) * step - 0.5) - 1;
      last = first + 3;
    }
  last = MIN (last, first + MAX_TAPS - 1);
  taps->first = MAX (first, 0);
  taps->n = MIN (last, length - 1) - taps->first + 1;
  memset (taps->weight, 0, sizeof taps->weight);
  for (int k = first; k <= last; k++)
    {
      double w = step >= 1
                   ? MIN (k + 1, (i + 1) * step) - MAX (k, i * step)
                   : cubic ((i + 0.5) * step - 0.5 - k);
      int    to = CLAMP (k, 0, length - 1) - taps->first;

      taps->weight[to] += w;
      sum += w;
    }
  for (int k = 0; k < taps->n; k++)
    taps->weight[k] /= sum;
}

/* Resamples @area (width x height at x, y) to out_width x out_height. */
static void
resample (const PstPicture *picture, int x0, int y0, int width, int height,
          int out_width, int out_height, gboolean flip, float *to)
{
  Taps  *across = g_new (Taps, out_width);
  float *row = g_new (float, (gsize) width * 3);

  for (int i = 0; i < out_width; i++)
    taps_fill (&across[i], flip ? out_width - 1 - i : i, out_width, width);
  for (int j = 0; j < out_height; j++)
    {
      Taps down;

      taps_fill (&down, j, out_height, height);
      memset (row, 0, sizeof (float) * width * 3);
      for (int k = 0; k < down.n; k++)
        {
          gsize         at = (gsize) (y0 + down.first + k) * picture->width + x0;
          const guint8 *from = picture->data + at * 3;
          float         w = down.weight[k] / 255;

          for (int i = 0; i < width * 3; i++)
            row[i] += w * from[i];
        }
      for (int i = 0; i < out_width; i++, to += 3)
        {
          float        sum[3] = { 0, 0, 0 };
          const float *from = row + across[i].first * 3;

          for (int k = 0; k < across[i].n; k++, from += 3)
            for (int c = 0; c < 3; c++)
              sum[c] += across[i].weight[k] * from[c];
          for (int c = 0; c < 3; c++)
            to[c] = CLAMP (sum[c], 0, 1);
        }
    }
  g_free (row);
  g_free (across);
}

void
pst_picture_sample (const PstPicture *picture, const PstWindow *window,
                    int size, float *to)
{
  resample (picture, window->x, window->y, window->side, window->side, size,
            size, window->flip, to);
}

PstPicture *
pst_picture_resize (const PstPicture *picture, int width, int height,
                    GError **error)
{
  PstPicture *result = pst_picture_try (width, height, error);
  float      *floats;

  if (! result)
    return NULL;
  floats = g_new (float, picture_bytes (result));
  resample (picture, 0, 0, picture->width, picture->height, result->width,
            result->height, FALSE, floats);
  pst_picture_put (result, 0, 0, floats, result->width, result->height);
  g_free (floats);
  return result;
}

PstPicture *
pst_picture_scale (const PstPicture *picture, int side)
{
  double factor = (double) side / MIN (picture->width, picture->height);

  factor = MIN (factor, 4);
  return pst_picture_resize (picture,
                             MAX (1, (int) round (picture->width * factor)),
                             MAX (1, (int) round (picture->height * factor)),
                             NULL);
}

void
pst_picture_to_floats (const PstPicture *picture, float *to)
{
  gsize n = picture_bytes (picture);

  for (gsize i = 0; i < n; i++)
    to[i] = picture->data[i] / 255.0f;
}

void
pst_picture_put (PstPicture *picture, int x, int y, const float *from,
                 int width, int height)
{
  for (int j = 0; j < height; j++)
    {
      gsize   at = (gsize) (y + j) * picture->width + x;
      guint8 *to = picture->data + at * 3;

      for (int i = 0; i < width * 3; i++, from++)
        to[i] = (guint8) (CLAMP (*from, 0, 1) * 255 + 0.5f);
    }
}

void
pst_picture_paste (PstPicture *picture, int x, int y, const PstPicture *from,
                   int left, int top, int width, int height)
{
  for (int j = 0; j < height; j++)
    memcpy (picture->data + ((gsize) (y + j) * picture->width + x) * 3,
            from->data + ((gsize) (top + j) * from->width + left) * 3,
            (gsize) width * 3);
}
