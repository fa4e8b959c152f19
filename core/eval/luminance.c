/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/eval/luminance.h"

#include <math.h>

#define RADIUS 3  /* of the window */
#define QUIET 0.02 /* standard deviations well below count as none */

static PstLuminance *
map_new (int width, int height)
{
  PstLuminance *map = g_new (PstLuminance, 1);

  map->width = width;
  map->height = height;
  map->data = g_new0 (float, (gsize) width * height);
  return map;
}

void
pst_luminance_free (PstLuminance *map)
{
  if (! map)
    return;
  g_free (map->data);
  g_free (map);
}

PstLuminance *
pst_luminance_new (const PstPicture *picture)
{
  PstLuminance *map = map_new (picture->width, picture->height);
  gsize         n = (gsize) map->width * map->height;
  const guint8 *p = picture->data;

  for (gsize i = 0; i < n; i++, p += 3)
    map->data[i] =
        (0.2126f * p[0] + 0.7152f * p[1] + 0.0722f * p[2]) / 255;
  return map;
}

PstLuminance *
pst_luminance_pool (const PstLuminance *map, int pool)
{
  PstLuminance *small;
  float         part = 1.0f / (pool * pool);

  if (map->width < pool || map->height < pool)
    return NULL;
  small = map_new (map->width / pool, map->height / pool);
  for (int y = 0; y < small->height * pool; y++)
    {
      const float *row = map->data + (gsize) y * map->width;
      float       *to = small->data + (gsize) (y / pool) * small->width;

      for (int x = 0; x < small->width * pool; x++)
        to[x / pool] += part * row[x];
    }
  return small;
}

PstLuminance *
pst_luminance_normalise (const PstLuminance *map)
{
  PstLuminance *result = map_new (map->width, map->height);

  for (int y = 0; y < map->height; y++)
    for (int x = 0; x < map->width; x++)
      {
        int    left = MAX (x - RADIUS, 0), top = MAX (y - RADIUS, 0);
        int    right = MIN (x + RADIUS, map->width - 1);
        int    bottom = MIN (y + RADIUS, map->height - 1);
        int    n = (right - left + 1) * (bottom - top + 1);
        gsize  at = (gsize) y * map->width + x;
        double sum = 0, squares = 0, mean;

        for (int j = top; j <= bottom; j++)
          for (int i = left; i <= right; i++)
            {
              double v = map->data[(gsize) j * map->width + i];

              sum += v;
              squares += v * v;
            }
        mean = sum / n;
        squares = MAX (squares / n - mean * mean, 0);
        result->data[at] =
            (float) ((map->data[at] - mean) / (sqrt (squares) + QUIET));
      }
  return result;
}

/* One scale; sums of squares and of products. */
static void
compare (const PstLuminance *photo, const PstLuminance *result, int pool,
         PstLikeness *likeness)
{
  g_autoptr (PstLuminance) small_a = pst_luminance_pool (photo, pool);
  g_autoptr (PstLuminance) small_b = pst_luminance_pool (result, pool);
  g_autoptr (PstLuminance) a = pst_luminance_normalise (small_a);
  g_autoptr (PstLuminance) b = pst_luminance_normalise (small_b);
  gsize                    n = (gsize) a->width * a->height;
  double                   aa = 0, bb = 0, ab = 0;

  for (gsize i = 0; i < n; i++)
    {
      aa += (double) a->data[i] * a->data[i];
      bb += (double) b->data[i] * b->data[i];
      ab += (double) a->data[i] * b->data[i];
    }
  likeness->distance += (aa + bb - 2 * ab) / 2 / n / 2;
  if (ab > 0)
    likeness->correlation += ab / sqrt (aa * bb) / 2;
  else if (aa == 0 && bb == 0)
    likeness->correlation += 0.5; /* both empty */
}

void
pst_luminance_compare (const PstPicture *photo, const PstPicture *result,
                       PstLikeness *likeness)
{
  g_autoptr (PstLuminance) a = pst_luminance_new (photo);
  g_autoptr (PstLuminance) b = pst_luminance_new (result);

  g_return_if_fail (photo->width == result->width &&
                    photo->height == result->height);
  g_return_if_fail (photo->width >= 8 && photo->height >= 8);

  *likeness = (PstLikeness) { 0, 0 };
  compare (a, b, 4, likeness);
  compare (a, b, 8, likeness);
}
