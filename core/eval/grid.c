/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/eval/grid.h"

#include <complex.h>
#include <math.h>
#include <string.h>

#define TILE PST_GRID_TILE
#define HOP 16
#define FLAT 0.02
#define STEP (TILE / 8) /* from one of the grid's frequencies to the next */
#define AWAY 2          /* from a frequency to its neighbours */
#define UNSEEN (0.5 / 255) /* amplitude of a wave that nobody sees */

struct _PstGrid
{
  guint  count;
  double power[TILE][TILE]; /* sums */
  double window[TILE];
  double complex turns[TILE / 2]; /* exp (-2 pi i k / TILE) */
};

PstGrid *
pst_grid_new (void)
{
  PstGrid *grid = g_new0 (PstGrid, 1);

  for (int i = 0; i < TILE; i++)
    grid->window[i] = 0.5 - 0.5 * cos (2 * G_PI * i / TILE);
  for (int i = 0; i < TILE / 2; i++)
    grid->turns[i] = cexp (-2 * G_PI * I * i / TILE);
  return grid;
}

void
pst_grid_free (PstGrid *grid)
{
  g_free (grid);
}

guint
pst_grid_get_count (const PstGrid *grid)
{
  return grid->count;
}

/* Standard deviation of the luma in a tile about the plane that fits best. */
static double
roughness (const PstPicture *picture, int x0, int y0)
{
  const double n = TILE * TILE, slope = n * (TILE * TILE - 1) / 12.0;
  double       sum = 0, squares = 0, along = 0, down = 0;

  for (int y = 0; y < TILE; y++)
    for (int x = 0; x < TILE; x++)
      {
        const guint8 *p = picture->data +
                          ((gsize) (y0 + y) * picture->width + x0 + x) * 3;
        double        v;

        v = (0.2126 * p[0] + 0.7152 * p[1] + 0.0722 * p[2]) / 255;
        sum += v;
        squares += v * v;
        along += v * (x - (TILE - 1) / 2.0);
        down += v * (y - (TILE - 1) / 2.0);
      }
  squares -= sum * sum / n + (along * along + down * down) / slope;
  return sqrt (MAX (squares, 0) / n);
}

/* Cooley and Tukey 1965, of TILE numbers @step apart, in place. */
static void
transform (const PstGrid *grid, double complex *x, int step)
{
  double complex y[TILE];

  for (int i = 0, k = 0; i < TILE; i++)
    {
      int bit = TILE / 2;

      y[i] = x[k * step];
      for (; k & bit; bit /= 2) /* counts with its bits in reverse */
        k ^= bit;
      k |= bit;
    }
  for (int half = 1; half < TILE; half *= 2)
    for (int k = 0; k < half; k++)
      for (int i = k; i < TILE; i += 2 * half)
        {
          double complex b = grid->turns[k * (TILE / 2 / half)] * y[i + half];

          y[i + half] = y[i] - b;
          y[i] += b;
        }
  for (int i = 0; i < TILE; i++)
    x[i * step] = y[i];
}

/* Adds the power spectrum of one channel of a tile. */
static void
add_channel (const PstGrid *grid, const PstPicture *picture, int x0, int y0,
             int c, double power[TILE][TILE])
{
  double complex x[TILE][TILE];
  double         mean = 0, weight = 0;

  for (int pass = 0; pass < 2; pass++)
    for (int j = 0; j < TILE; j++)
      for (int i = 0; i < TILE; i++)
        {
          double w = grid->window[j] * grid->window[i];
          gsize  at = (gsize) (y0 + j) * picture->width + x0 + i;
          double v = picture->data[at * 3 + c] / 255.0;

          if (pass == 0)
            {
              mean += w * v;
              weight += w;
            }
          else
            x[j][i] = w * (v - mean / weight);
        }
  for (int j = 0; j < TILE; j++)
    transform (grid, x[j], 1);
  for (int i = 0; i < TILE; i++)
    transform (grid, &x[0][i], TILE);
  for (int j = 0; j < TILE; j++)
    for (int i = 0; i < TILE; i++)
      power[j][i] += creal (x[j][i]) * creal (x[j][i]) +
                     cimag (x[j][i]) * cimag (x[j][i]);
}

/* The mean over the ring around (u, v), arithmetic or geometric. */
static double
around (const double power[TILE][TILE], int u, int v, gboolean logarithm)
{
  double sum = 0;
  int    n = 0;

  for (int j = -AWAY; j <= AWAY; j++)
    for (int i = -AWAY; i <= AWAY; i++)
      if (MAX (ABS (i), ABS (j)) == AWAY)
        {
          double p = power[(v + j) & (TILE - 1)][(u + i) & (TILE - 1)];

          sum += logarithm ? log (p) : p;
          n++;
        }
  return logarithm ? exp (sum / n) : sum / n;
}

static void
add_tile (PstGrid *grid, const PstPicture *picture, int x0, int y0)
{
  double power[TILE][TILE] = { 0 };
  double least = UNSEEN * UNSEEN * 3, mean = 0;

  for (int c = 0; c < 3; c++)
    add_channel (grid, picture, x0, y0, c, power);
  least *= pow (TILE / 2, 4); /* the window's sum, squared */
  for (int v = 0; v < TILE; v += STEP)
    for (int u = 0; u < TILE; u += STEP)
      if (u || v)
        mean += around (power, u, v, FALSE) / 63;
  for (int j = 0; j < TILE; j++)
    for (int i = 0; i < TILE; i++)
      grid->power[j][i] += (power[j][i] + least) / (mean + least);
  grid->count++;
}

void
pst_grid_add (PstGrid *grid, const PstPicture *photo, const PstPicture *result)
{
  g_return_if_fail (photo->width == result->width &&
                    photo->height == result->height);

  for (int y = 0; y + TILE <= photo->height; y += HOP)
    for (int x = 0; x + TILE <= photo->width; x += HOP)
      if (roughness (photo, x, y) <= FLAT)
        add_tile (grid, result, x, y);
}

/* 0, 1 or 2 for a period of 2, 4 or 8 pixels. */
static int
period (int u, int v)
{
  int both = (u | v) / STEP;

  return both % 4 == 0 ? 0 : both % 2 == 0 ? 1 : 2;
}

void
pst_grid_measure (const PstGrid *grid, double ratio[PST_GRID_PERIODS])
{
  for (int i = 0; i < PST_GRID_PERIODS; i++)
    ratio[i] = grid->count < PST_GRID_LEAST ? NAN : 0;
  for (int v = 0; v < TILE && grid->count >= PST_GRID_LEAST; v += STEP)
    for (int u = 0; u < TILE; u += STEP)
      if (u || v)
        {
          int    i = period (u, v);
          double r = grid->power[v][u] / around (grid->power, u, v, TRUE);

          ratio[i] = MAX (ratio[i], r);
        }
}
