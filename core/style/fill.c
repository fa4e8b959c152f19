/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/style/fill.h"

#include <string.h>

#define FULL_WEIGHT_ALPHA (1.0f / 32)
#define MAX_LEVELS 32

struct _PstFill
{
  int       width;
  int       height;
  PstImage *half; /* 4 channels: weight × colour, weight; then colour, 1 */
};

/* From premultiplied colour to (weight × colour, weight): the weight says
 * how far a pixel's own colour is to be trusted. */
static gboolean
weigh (float *row, int width)
{
  gboolean whole = TRUE;

  for (int x = 0; x < width; x++, row += 4)
    {
      float alpha = row[3];
      float weight = CLAMP (alpha / FULL_WEIGHT_ALPHA, 0, 1);
      float factor = weight > 0 ? weight / alpha : 0;

      for (int c = 0; c < 3; c++)
        row[c] = CLAMP (row[c] * factor, 0, weight);
      row[3] = weight;
      whole = whole && weight == 1;
    }
  return whole;
}

static int
half_of (int size)
{
  return (size + 1) / 2;
}

PstFill *
pst_fill_new (int width, int height, GError **error)
{
  PstImage *half = pst_image_new (half_of (width), half_of (height), 4, error);
  PstFill  *fill;

  if (! half)
    return NULL;
  fill = g_new (PstFill, 1);
  *fill = (PstFill){ width, height, half };
  return fill;
}

void
pst_fill_free (PstFill *fill)
{
  if (! fill)
    return;
  pst_image_free (fill->half);
  g_free (fill);
}

gsize
pst_fill_bytes (int width, int height)
{
  gsize bytes = 0;

  do
    {
      width = half_of (width);
      height = half_of (height);
      bytes += pst_image_bytes (width, height, 4);
    }
  while (width > 1 || height > 1);
  return bytes;
}

/* Half the size: weighted means of 2 × 2 pixels, weights added up to 1. Adds
 * fine row @y; ends the coarse row where it was the last of it. */
static void
pull_row (const float *fine, int width, int y, gboolean last, float *coarse)
{
  int n = half_of (width);

  if (! (y & 1))
    memset (coarse, 0, (gsize) n * 4 * sizeof (float));
  for (int x = 0; x < width; x++)
    for (int c = 0; c < 4; c++)
      coarse[x / 2 * 4 + c] += fine[4 * x + c];
  if (! (y & 1) && ! last)
    return;
  for (int x = 0; x < n; x++, coarse += 4)
    if (coarse[3] > 1)
      {
        float factor = 1 / coarse[3];

        for (int c = 0; c < 4; c++)
          coarse[c] *= factor;
      }
}

static void
pull (const PstImage *fine, PstImage *coarse)
{
  for (int y = 0; y < fine->height; y++)
    pull_row (pst_image_row (fine, y), fine->width, y, y == fine->height - 1,
              pst_image_row (coarse, y / 2));
}

/* The two coarse neighbours of a fine position: the second counts a
 * quarter. */
static void
neighbours (int i, int n, int *a, int *b)
{
  int near = i / 2;

  *a = MIN (near, n - 1);
  *b = CLAMP (i & 1 ? near + 1 : near - 1, 0, n - 1);
}

/* Fills up what the pixels of fine row @y lack in weight from the coarse
 * level, which is whole already. */
static void
push_row (const PstImage *coarse, int width, int y, float *fine)
{
  const float *up, *down;
  int          ya, yb;

  neighbours (y, coarse->height, &ya, &yb);
  up = pst_image_row (coarse, ya);
  down = pst_image_row (coarse, yb);
  for (int x = 0; x < width; x++, fine += 4)
    {
      float lack = 1 - fine[3];
      int   xa, xb;

      if (lack <= 0)
        continue;
      neighbours (x, coarse->width, &xa, &xb);
      for (int c = 0; c < 3; c++)
        {
          float above = up[4 * xa + c] * 0.75f + up[4 * xb + c] * 0.25f;
          float below = down[4 * xa + c] * 0.75f + down[4 * xb + c] * 0.25f;

          fine[c] += lack * (above * 0.75f + below * 0.25f);
        }
      fine[3] = 1;
    }
}

static void
push (const PstImage *coarse, PstImage *fine)
{
  for (int y = 0; y < fine->height; y++)
    push_row (coarse, fine->width, y, pst_image_row (fine, y));
}

/* The coarsest level is one pixel: grey where it saw nothing. */
static void
finish_top (PstImage *top)
{
  float *p = top->data;

  for (int c = 0; c < 3; c++)
    p[c] = p[3] > 0 ? p[c] / p[3] : 0.5f;
  p[3] = 1;
}

gboolean
pst_fill_settle (PstFill *fill, GError **error)
{
  PstImage *level[MAX_LEVELS] = { fill->half };
  int       n = 1;
  gboolean  done = TRUE;

  while (level[n - 1]->width > 1 || level[n - 1]->height > 1)
    {
      level[n] = pst_image_new (half_of (level[n - 1]->width),
                                half_of (level[n - 1]->height), 4, error);
      if (! level[n])
        {
          done = FALSE;
          break;
        }
      pull (level[n - 1], level[n]);
      n++;
    }
  if (done)
    finish_top (level[n - 1]);
  for (int i = n - 1; i > 0; i--)
    {
      if (done)
        push (level[i], level[i - 1]);
      pst_image_free (level[i]);
    }
  return done;
}

void
pst_fill_look (PstFill *fill, int y, float *row)
{
  weigh (row, fill->width);
  pull_row (row, fill->width, y, y == fill->height - 1,
            pst_image_row (fill->half, y / 2));
}

gboolean
pst_fill_row (const PstFill *fill, int width, int y, float *row)
{
  gboolean whole = weigh (row, width);

  if (! whole && fill)
    push_row (fill->half, width, y, row);
  for (int x = 0; x < width; x++)
    for (int c = 0; c < 3; c++)
      row[3 * x + c] = CLAMP (row[4 * x + c], 0, 1);
  return whole || fill;
}
