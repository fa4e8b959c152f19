/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/style/fill.h"

#include <math.h>

#define FULL_WEIGHT_ALPHA (1.0f / 32)
#define MAX_LEVELS 32

/* From premultiplied colour to (weight × colour, weight): the weight says
 * how far a pixel's own colour is to be trusted. */
static gboolean
weigh (PstImage *image)
{
  gsize    n = (gsize) image->width * image->height;
  gboolean whole = TRUE;

  for (gsize i = 0; i < n; i++)
    {
      float *p = image->data + 4 * i;
      float  alpha = p[3];
      float  weight = CLAMP (alpha / FULL_WEIGHT_ALPHA, 0, 1);
      float  factor = weight > 0 ? weight / alpha : 0;

      for (int c = 0; c < 3; c++)
        p[c] = CLAMP (p[c] * factor, 0, weight);
      p[3] = weight;
      whole = whole && weight == 1;
    }
  return whole;
}

/* Half the size: weighted means of 2 × 2 pixels, weights added up to 1. */
static void
pull (const PstImage *fine, PstImage *coarse)
{
  for (int y = 0; y < coarse->height; y++)
    for (int x = 0; x < coarse->width; x++)
      {
        float *to = pst_image_row (coarse, y) + 4 * x;
        float  sum[4] = { 0 };
        float  factor;

        for (int v = 2 * y; v < MIN (2 * y + 2, fine->height); v++)
          for (int u = 2 * x; u < MIN (2 * x + 2, fine->width); u++)
            for (int c = 0; c < 4; c++)
              sum[c] += pst_image_row (fine, v)[4 * u + c];
        factor = sum[3] > 1 ? 1 / sum[3] : 1;
        for (int c = 0; c < 4; c++)
          to[c] = sum[c] * factor;
      }
}

/* The two coarse neighbours of a fine position, and how much the second
 * counts. */
static void
neighbours (int i, int n, int *a, int *b, float *t)
{
  int near = i / 2;
  int far = i & 1 ? near + 1 : near - 1;

  *a = MIN (near, n - 1);
  *b = CLAMP (far, 0, n - 1);
  *t = 0.25f;
}

/* Fills up what a fine pixel lacks in weight from the coarse level, which is
 * whole already. */
static void
push (const PstImage *coarse, PstImage *fine)
{
  for (int y = 0; y < fine->height; y++)
    {
      int   ya, yb;
      float ty;

      neighbours (y, coarse->height, &ya, &yb, &ty);
      for (int x = 0; x < fine->width; x++)
        {
          float *to = pst_image_row (fine, y) + 4 * x;
          float  lack = 1 - to[3];
          int    xa, xb;
          float  tx;

          if (lack <= 0)
            continue;
          neighbours (x, coarse->width, &xa, &xb, &tx);
          for (int c = 0; c < 3; c++)
            {
              float up = pst_image_row (coarse, ya)[4 * xa + c] * (1 - tx)
                         + pst_image_row (coarse, ya)[4 * xb + c] * tx;
              float down = pst_image_row (coarse, yb)[4 * xa + c] * (1 - tx)
                           + pst_image_row (coarse, yb)[4 * xb + c] * tx;

              to[c] += lack * (up * (1 - ty) + down * ty);
            }
          to[3] = 1;
        }
    }
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

static gboolean
fill_levels (PstImage *image, GError **error)
{
  PstImage *level[MAX_LEVELS] = { image };
  int       n = 1;
  gboolean  done = TRUE;

  while (level[n - 1]->width > 1 || level[n - 1]->height > 1)
    {
      level[n] = pst_image_new ((level[n - 1]->width + 1) / 2,
                                (level[n - 1]->height + 1) / 2, 4, error);
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

gboolean
pst_fill_hidden (PstImage *premultiplied, PstImage *to, GError **error)
{
  gsize n = (gsize) to->width * to->height;

  g_return_val_if_fail (premultiplied->channels == 4 && to->channels == 3 &&
                            premultiplied->width == to->width &&
                            premultiplied->height == to->height,
                        FALSE);

  if (! weigh (premultiplied) && ! fill_levels (premultiplied, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    for (int c = 0; c < 3; c++)
      to->data[3 * i + c] = CLAMP (premultiplied->data[4 * i + c], 0, 1);
  return TRUE;
}
