/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/style/convert.h"

/* A pixel; rows may be touched one float beyond their last. */
typedef float Four __attribute__ ((vector_size (16)));
typedef float FourAt
    __attribute__ ((vector_size (16), aligned (4), may_alias));
typedef gint32 Mask __attribute__ ((vector_size (16)));

/* Lane by lane @a where @mask is set, else @b. */
static inline Four
choose (Mask mask, Four a, Four b)
{
  return (Four) ((mask & (Mask) a) | (~mask & (Mask) b));
}

/* pst_image_unit() of each. */
static inline Four
unit (Four x)
{
  const Four zero = { 0, 0, 0, 0 };
  const Four one = { 1, 1, 1, 1 };

  x = choose (x > zero, x, zero);
  return choose (x < one, x, one);
}

static void
load_row (gconstpointer data, int y, float *row)
{
  const PstPixels *pixels = data;
  const float     *p = pixels->data + (gsize) y * pixels->width * 4;

  for (int x = 0; x < pixels->width; x++, p += 4, row += 4)
    {
      Four pixel = unit (*(const FourAt *) p);

      *(FourAt *) row = pixel * (Four) { pixel[3], pixel[3], pixel[3], 1 };
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

gboolean
pst_convert_add (const PstPixels *pixels, int y, float *row)
{
  const float *p = pixels->data + (gsize) y * pixels->width * 4;
  gboolean     whole = TRUE;

  for (int x = 0; x < pixels->width; x++, p += 4, row += 3)
    {
      for (int c = 0; c < 3; c++)
        row[c] += pst_image_unit (p[c]);
      whole &= p[3] > 0;
    }
  return whole;
}

void
pst_convert_merge (const PstPixels *pixels, int y, const float *row, float mix,
                   float keep)
{
  const Mask colour = { -1, -1, -1, 0 };
  float     *p = pixels->data + (gsize) y * pixels->width * 4;

  for (int x = 0; x < pixels->width; x++, p += 4, row += 3)
    {
      Four before = *(const FourAt *) p;
      Four photo = unit (before);
      Four excess = before - photo;
      Four after = unit (photo + mix * (*(const FourAt *) row - photo));

      excess = choose (excess == excess, excess, (Four) { 0, 0, 0, 0 });
      if (keep > 0)
        after += keep * excess;
      if (before[3] > 0)
        *(FourAt *) p = choose (colour, after, before);
    }
}
