/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/augment.h"

#include <math.h>

double
pst_augment_contrast (const float *pixels, int n)
{
  double sum[3] = { 0 }, square[3] = { 0 }, total = 0;

  for (int i = 0; i < n; i++)
    for (int c = 0; c < 3; c++)
      {
        sum[c] += pixels[i * 3 + c];
        square[c] += (double) pixels[i * 3 + c] * pixels[i * 3 + c];
      }
  for (int c = 0; c < 3; c++)
    total += sqrt (MAX (square[c] / n - sum[c] * sum[c] / n / n, 0)) / 3;
  return total;
}

/* Normal deviates by Box and Muller, "A note on the generation of random
 * normal deviates", 1958. */
static float *
normals (PstRandom *random, int n)
{
  float *values = g_new (float, n + 1);

  for (int i = 0; i < n; i += 2)
    {
      double r = sqrt (-2 * log (1 - pst_random_double (random)));
      double angle = 2 * G_PI * pst_random_double (random);

      values[i] = (float) (r * cos (angle));
      values[i + 1] = (float) (r * sin (angle));
    }
  return values;
}

/* The two neighbours of place @i and the share of the second, where points
 * lie @grain pixels apart, the first half a grain inside. */
static float
neighbours (int i, int grain, int n, int *first, int *second)
{
  double at = (i + 0.5) / grain - 0.5;
  double low = floor (MAX (at, 0));

  *first = MIN ((int) low, n - 1);
  *second = MIN (*first + 1, n - 1);
  return (float) (MAX (at, 0) - low);
}

static void
add_grain (float *noise, int side, int grain, PstRandom *random)
{
  int    n = MAX (side / grain, 1);
  float *points = normals (random, n * n);

  for (int y = 0; y < side; y++)
    {
      int   top, bottom;
      float down = neighbours (y, grain, n, &top, &bottom);

      for (int x = 0; x < side; x++)
        {
          int          left, right;
          float        across = neighbours (x, grain, n, &left, &right);
          const float *a = points + top * n, *b = points + bottom * n;
          float        p = a[left] + across * (a[right] - a[left]);
          float        q = b[left] + across * (b[right] - b[left]);

          noise[y * side + x] += p + down * (q - p);
        }
    }
  g_free (points);
}

void
pst_augment_noise (float *pixels, int side, double sigma, PstRandom *random)
{
  static const int grains[] = { 1, 4, 8 };
  float           *noise = g_new0 (float, (gsize) side * side);
  float            scale = (float) (sigma / sqrt (G_N_ELEMENTS (grains)));

  for (gsize i = 0; i < G_N_ELEMENTS (grains); i++)
    add_grain (noise, side, grains[i], random);
  for (int i = 0; i < side * side; i++)
    for (int c = 0; c < 3; c++)
      {
        float x = pixels[i * 3 + c] + scale * noise[i];

        pixels[i * 3 + c] = CLAMP (x, 0, 1);
      }
  g_free (noise);
}
