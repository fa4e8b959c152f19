/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/style/convert.h"

#include <math.h>
#include <string.h>

typedef struct
{
  float       *pixels; /* 4 channels */
  float       *image;  /* 3 channels */
  int          width;
  float        mix;
  float        keep;
} Rows;

/* NaN becomes 0: it fails every comparison. */
static inline float
unit (float x)
{
  return x > 0 ? (x < 1 ? x : 1) : 0;
}

static void
load_row (gconstpointer data, int y, float *row)
{
  const PstPixels *pixels = data;
  const float     *p = pixels->data + (gsize) y * pixels->width * 4;

  for (int x = 0; x < pixels->width; x++, p += 4, row += 4)
    {
      float alpha = unit (p[3]);

      for (int c = 0; c < 3; c++)
        row[c] = alpha * unit (p[c]);
      row[3] = alpha;
    }
}

PstRows
pst_convert_rows (const PstPixels *pixels)
{
  return (PstRows){ pixels->width, pixels->height, 4, load_row, pixels };
}

gboolean
pst_convert_visible (const PstPixels *pixels)
{
  gsize n = (gsize) pixels->width * pixels->height;

  for (gsize i = 0; i < n; i++)
    if (pixels->data[4 * i + 3] > 0)
      return TRUE;
  return FALSE;
}

static void
overlay_row (gpointer data, gsize y, guint worker)
{
  const Rows  *rows = data;
  const float *p = rows->pixels + y * rows->width * 4;
  float       *q = rows->image + y * rows->width * 3;

  for (int x = 0; x < rows->width; x++, p += 4, q += 3)
    if (p[3] > 0)
      for (int c = 0; c < 3; c++)
        q[c] = unit (p[c]);
}

void
pst_convert_overlay (const PstPixels *pixels, PstImage *image, PstPool *pool)
{
  Rows rows = { pixels->data, image->data, pixels->width, 0, 0 };

  pst_pool_run (pool, pixels->height, overlay_row, &rows);
}

static void
merge_row (gpointer data, gsize y, guint worker)
{
  const Rows  *rows = data;
  float       *p = rows->pixels + y * rows->width * 4;
  const float *q = rows->image + y * rows->width * 3;

  for (int x = 0; x < rows->width; x++, p += 4, q += 3)
    if (p[3] > 0)
      for (int c = 0; c < 3; c++)
        {
          float photo = unit (p[c]);
          float excess = isnan (p[c]) ? 0 : p[c] - photo;

          p[c] = unit (photo + rows->mix * (q[c] - photo));
          if (excess != 0 && rows->keep > 0)
            p[c] += rows->keep * excess;
        }
}

void
pst_convert_merge (PstPixels *pixels, const PstImage *painted, float mix,
                   float keep, PstPool *pool)
{
  Rows rows = { pixels->data, painted->data, pixels->width, mix, keep };

  pst_pool_run (pool, pixels->height, merge_row, &rows);
}
