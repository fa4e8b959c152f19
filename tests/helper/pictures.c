/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/helper/pictures.h"

#include <lcms2.h>
#include <math.h>

#define WIDTH PICTURE_WIDTH
#define HEIGHT PICTURE_HEIGHT

/* A profile with the primaries of a wide colour space. */
static void
add_wide_profile (VipsImage *image)
{
  const cmsCIExyY       white = { 0.3127, 0.3290, 1 };
  const cmsCIExyYTRIPLE primaries = { { 0.64, 0.33, 1 },
                                      { 0.21, 0.71, 1 },
                                      { 0.15, 0.06, 1 } };
  cmsToneCurve         *line = cmsBuildGamma (NULL, 2.2);
  cmsToneCurve         *curves[3] = { line, line, line };
  cmsHPROFILE           profile;
  g_autofree void      *bytes = NULL;
  cmsUInt32Number       size = 0;

  profile = cmsCreateRGBProfile (&white, &primaries, curves);
  cmsSaveProfileToMem (profile, NULL, &size);
  bytes = g_malloc (size);
  cmsSaveProfileToMem (profile, bytes, &size);
  vips_image_set_blob_copy (image, VIPS_META_ICC_NAME, bytes, size);
  cmsCloseProfile (profile);
  cmsFreeToneCurve (line);
}

/* Smooth colours; a hole and a half-transparent part where there is alpha. */
static float
value_at (const Kind *kind, int x, int y, int band)
{
  float value;

  if (kind->bands % 2 == 0 && band == kind->bands - 1)
    return x < 10 && y < 10 ? 0 : x < 20 ? 0.4f : 1;
  if (kind->bands <= 2)
    return (float) (x + y) / (WIDTH + HEIGHT);
  value = band == 0   ? (float) x / WIDTH
          : band == 1 ? (float) y / HEIGHT
                      : 0.7f - 0.4f * x * y / (WIDTH * HEIGHT);
  /* colours that sRGB has as well */
  return kind->wide ? 0.4f + 0.3f * value : value;
}

VipsImage *
picture_new (const Kind *kind)
{
  gsize             n = (gsize) WIDTH * HEIGHT * kind->bands;
  gsize             size = vips_format_sizeof (kind->depth);
  g_autofree void  *data = g_malloc (n * size);
  VipsImage        *image;

  for (gsize i = 0; i < n; i++)
    {
      int   x = i / kind->bands % WIDTH, y = i / kind->bands / WIDTH;
      float value = value_at (kind, x, y, i % kind->bands);

      if (kind->depth == VIPS_FORMAT_UCHAR)
        ((guint8 *) data)[i] = lrintf (value * 255);
      else if (kind->depth == VIPS_FORMAT_USHORT)
        ((guint16 *) data)[i] = lrintf (value * 65535);
      else
        ((float *) data)[i] = value;
    }
  image = vips_image_new_from_memory_copy (data, n * size, WIDTH, HEIGHT,
                                           kind->bands, kind->depth);
  g_assert_nonnull (image);
  if (kind->bands <= 2)
    image->Type = kind->depth == VIPS_FORMAT_USHORT ? VIPS_INTERPRETATION_GREY16
                                                    : VIPS_INTERPRETATION_B_W;
  else
    image->Type = kind->depth == VIPS_FORMAT_USHORT  ? VIPS_INTERPRETATION_RGB16
                  : kind->depth == VIPS_FORMAT_UCHAR ? VIPS_INTERPRETATION_sRGB
                                                     : VIPS_INTERPRETATION_RGB;
  if (kind->wide)
    add_wide_profile (image);
  return image;
}

void
picture_save (VipsImage *image, const char *path)
{
  int failed;

  if (g_str_has_suffix (path, ".webp"))
    failed = vips_webpsave (image, path, "lossless", TRUE, NULL);
  else if (g_str_has_suffix (path, ".jpg"))
    failed = vips_jpegsave (image, path, "Q", 98, NULL);
  else
    failed = vips_image_write_to_file (image, path, NULL);
  if (failed)
    g_error ("%s", vips_error_buffer ());
}

VipsImage *
picture_load (const char *path)
{
  g_autoptr (VipsImage) image = vips_image_new_from_file (path, NULL);

  if (! image)
    g_error ("%s", vips_error_buffer ());
  return vips_image_copy_memory (image);
}

double
picture_number (const VipsImage *image, int x, int y, int band)
{
  const void *p = VIPS_IMAGE_ADDR ((VipsImage *) image, x, y);

  return image->BandFmt == VIPS_FORMAT_UCHAR
             ? ((const guint8 *) p)[band] / 255.0
         : image->BandFmt == VIPS_FORMAT_USHORT
             ? ((const guint16 *) p)[band] / 65535.0
             : ((const float *) p)[band];
}

void
picture_assert_same_profile (VipsImage *a, VipsImage *b)
{
  const void *p, *q;
  size_t      n, m;

  g_assert_cmpint (vips_image_get_typeof (a, VIPS_META_ICC_NAME), ==,
                   vips_image_get_typeof (b, VIPS_META_ICC_NAME));
  if (vips_image_get_typeof (a, VIPS_META_ICC_NAME) == 0)
    return;
  vips_image_get_blob (a, VIPS_META_ICC_NAME, &p, &n);
  vips_image_get_blob (b, VIPS_META_ICC_NAME, &q, &m);
  g_assert_cmpmem (p, n, q, m);
}

double
picture_compare (const VipsImage *a, const VipsImage *b, gboolean hidden_too)
{
  gboolean alpha = a->Bands % 2 == 0;
  int      colours = a->Bands - alpha;
  double   largest = 0;

  g_assert_cmpint (a->Xsize, ==, b->Xsize);
  g_assert_cmpint (a->Ysize, ==, b->Ysize);
  g_assert_cmpint (a->BandFmt, ==, b->BandFmt);
  g_assert_cmpint (b->Bands % 2 == 0, ==, alpha);
  for (int y = 0; y < a->Ysize; y++)
    for (int x = 0; x < a->Xsize; x++)
      {
        if (alpha)
          g_assert_cmpfloat (picture_number (a, x, y, a->Bands - 1), ==,
                             picture_number (b, x, y, b->Bands - 1));
        if (alpha && ! hidden_too &&
            picture_number (a, x, y, a->Bands - 1) == 0)
          continue;
        for (int c = 0; c < b->Bands - alpha; c++)
          {
            double was = picture_number (a, x, y, MIN (c, colours - 1));

            largest = MAX (largest, fabs (was - picture_number (b, x, y, c)));
          }
      }
  return largest;
}
