/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/eval/patches.h"

#include <math.h>
#include <string.h>

#include "core/base/float-key.h"
#include "core/eval/pyramid.h"
#include "core/kernels/gemm.h"

#define DIRECTIONS 512
#define AT_ONCE 32 /* directions in one product */

struct _PstPatches
{
  guint   count;
  GArray *numbers[PST_PATCH_SCALES]; /* float */
};

PstPatches *
pst_patches_new (void)
{
  PstPatches *patches = g_new0 (PstPatches, 1);

  for (int i = 0; i < PST_PATCH_SCALES; i++)
    patches->numbers[i] = g_array_new (FALSE, FALSE, sizeof (float));
  return patches;
}

void
pst_patches_free (PstPatches *patches)
{
  if (! patches)
    return;
  for (int i = 0; i < PST_PATCH_SCALES; i++)
    g_array_unref (patches->numbers[i]);
  g_free (patches);
}

guint
pst_patches_get_count (const PstPatches *patches)
{
  return patches->count;
}

const float *
pst_patches_numbers (const PstPatches *patches, int scale)
{
  return (const float *) patches->numbers[scale]->data;
}

void
pst_patches_add (PstPatches *patches, const PstPicture *picture, guint n,
                 guint64 seed)
{
  PstBand bands[PST_PATCH_SCALES];

  g_return_if_fail (MIN (picture->width, picture->height) >= PST_PATCH_LEAST);

  pst_pyramid_build (picture, bands, PST_PATCH_SCALES);
  for (int i = 0; i < PST_PATCH_SCALES; i++)
    {
      const PstBand *band = &bands[i];
      PstRandom      random;

      pst_random_init (&random, seed, PST_STREAM_PATCHES, (guint64) i);
      for (guint k = 0; k < n; k++)
        {
          guint x = pst_random_below (&random,
                                      band->width - PST_PATCH_SIDE + 1);
          guint y = pst_random_below (&random,
                                      band->height - PST_PATCH_SIDE + 1);

          for (guint j = 0; j < PST_PATCH_SIDE; j++)
            g_array_append_vals (
                patches->numbers[i],
                band->data + ((gsize) (y + j) * band->width + x) * 3,
                PST_PATCH_SIDE * 3);
        }
    }
  pst_pyramid_clear (bands, PST_PATCH_SCALES);
  patches->count += n;
}

/* A copy with each channel at mean 0 and standard deviation 1. */
static float *
normalised (const PstPatches *patches, int scale)
{
  const float *from = pst_patches_numbers (patches, scale);
  gsize        n = (gsize) patches->count * PST_PATCH_NUMBERS;
  float       *to = g_new (float, n);

  for (int c = 0; c < 3; c++)
    {
      double sum = 0, squares = 0, mean, size;

      for (gsize i = c; i < n; i += 3)
        sum += from[i];
      mean = sum / (n / 3);
      for (gsize i = c; i < n; i += 3)
        squares += (from[i] - mean) * (from[i] - mean);
      size = sqrt (squares / (n / 3));
      for (gsize i = c; i < n; i += 3)
        to[i] = size > 1e-6 ? (float) ((from[i] - mean) / size) : 0;
    }
  return to;
}

/* Random unit vectors [DIRECTIONS, PST_PATCH_NUMBERS]. */
static float *
make_directions (guint64 seed)
{
  float    *all = g_new (float, DIRECTIONS * PST_PATCH_NUMBERS);
  PstRandom random;

  pst_random_init (&random, seed, PST_STREAM_PATCHES, G_MAXUINT64);
  for (int d = 0; d < DIRECTIONS; d++)
    {
      float *to = all + d * PST_PATCH_NUMBERS;
      double squares = 0;

      for (int i = 0; i < PST_PATCH_NUMBERS; i++)
        {
          double u = 1 - pst_random_double (&random);
          double v = pst_random_double (&random);

          /* Box and Muller 1958 */
          to[i] = (float) (sqrt (-2 * log (u)) * cos (2 * G_PI * v));
          squares += (double) to[i] * to[i];
        }
      for (int i = 0; i < PST_PATCH_NUMBERS; i++)
        to[i] = (float) (to[i] / sqrt (squares));
    }
  return all;
}

#define DIGIT 11

/* By digits of eleven bits, the last first; @room: 2 n. */
static void
sort (float *numbers, guint n, guint32 *room)
{
  guint32 *from = room, *to = room + n;

  for (guint i = 0; i < n; i++)
    from[i] = pst_float_to_key (numbers[i]);
  for (int shift = 0; shift < 32; shift += DIGIT)
    {
      guint    begin[1 << DIGIT] = { 0 };
      guint    sum = 0;
      guint32 *other = from;

      for (guint i = 0; i < n; i++)
        begin[(from[i] >> shift) & ((1 << DIGIT) - 1)]++;
      for (int d = 0; d < 1 << DIGIT; d++)
        {
          guint count = begin[d];

          begin[d] = sum;
          sum += count;
        }
      for (guint i = 0; i < n; i++)
        to[begin[(from[i] >> shift) & ((1 << DIGIT) - 1)]++] = from[i];
      from = to;
      to = other;
    }
  for (guint i = 0; i < n; i++)
    numbers[i] = pst_float_from_key (from[i]);
}

double
pst_patches_sorted_distance (const float *a, guint n, const float *b, guint m)
{
  double  sum = 0;
  guint   i = 0, k = 0;
  guint64 at = 0; /* of n m */

  while (i < n && k < m)
    {
      guint64 end_a = (guint64) (i + 1) * m, end_b = (guint64) (k + 1) * n;
      guint64 end = MIN (end_a, end_b);

      sum += (double) (end - at) * fabs ((double) a[i] - b[k]);
      at = end;
      i += end == end_a;
      k += end == end_b;
    }
  return sum / ((double) n * m);
}

/* All of @patches [n, …] on @directions [AT_ONCE, …]: [AT_ONCE, n], sorted. */
static void
project (const float *patches, guint n, const float *directions, float *to,
         guint32 *room)
{
  pst_gemm (FALSE, TRUE, AT_ONCE, n, PST_PATCH_NUMBERS, 1, directions,
            PST_PATCH_NUMBERS, patches, PST_PATCH_NUMBERS, 0, to, n);
  for (int d = 0; d < AT_ONCE; d++)
    sort (to + (gsize) d * n, n, room);
}

void
pst_patches_distance (const PstPatches *a, const PstPatches *b, guint64 seed,
                      double distance[PST_PATCH_SCALES])
{
  guint               n = a->count, m = b->count;
  g_autofree float   *directions = make_directions (seed);
  g_autofree float   *of_a = g_new (float, (gsize) AT_ONCE * n);
  g_autofree float   *of_b = g_new (float, (gsize) AT_ONCE * m);
  g_autofree guint32 *room = g_new (guint32, 2 * (gsize) MAX (n, m));

  g_return_if_fail (n > 0 && m > 0);

  pst_gemm_init ();
  for (int i = 0; i < PST_PATCH_SCALES; i++)
    {
      g_autofree float *x = normalised (a, i), *y = normalised (b, i);

      distance[i] = 0;
      for (int d = 0; d < DIRECTIONS; d += AT_ONCE)
        {
          const float *some = directions + (gsize) d * PST_PATCH_NUMBERS;

          project (x, n, some, of_a, room);
          project (y, m, some, of_b, room);
          for (int k = 0; k < AT_ONCE; k++)
            distance[i] += pst_patches_sorted_distance (
                               of_a + (gsize) k * n, n, of_b + (gsize) k * m,
                               m) /
                           DIRECTIONS;
        }
    }
}
