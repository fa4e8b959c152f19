/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "helper/image.h"
#include "helper/write.h"

/* The depth that a format keeps of a source's. */
static VipsBandFormat
target_depth (HelperFormat format, VipsBandFormat source)
{
  if (format == HELPER_FORMAT_JPEG || format == HELPER_FORMAT_WEBP)
    return VIPS_FORMAT_UCHAR;
  if (format == HELPER_FORMAT_PNG && source == VIPS_FORMAT_FLOAT)
    return VIPS_FORMAT_USHORT;
  return source;
}

static inline float
unit (float x)
{
  return x > 0 ? (x < 1 ? x : 1) : 0;
}

static void
put_number (void *to, gsize i, VipsBandFormat depth, float value)
{
  if (depth == VIPS_FORMAT_UCHAR)
    ((guint8 *) to)[i] = (guint8) lrintf (unit (value) * 255);
  else if (depth == VIPS_FORMAT_USHORT)
    ((guint16 *) to)[i] = (guint16) lrintf (unit (value) * 65535);
  else
    ((float *) to)[i] = value;
}

/* One row of the result; hidden pixels, and alpha, are the source's own
 * numbers where the depth is the same. */
static void
write_row (const HelperImage *image, int y, VipsBandFormat depth,
           float *colour, guint8 *to)
{
  const VipsImage *source = image->source;
  const float     *from;
  gsize            width = source->Xsize;
  gboolean         alpha = source->Bands % 2 == 0;
  int              bands = alpha ? 4 : 3;
  gsize            size = vips_format_sizeof (depth);
  gsize            pixel = VIPS_IMAGE_SIZEOF_PEL (source);
  const guint8    *raw = image->raw;
  gboolean         same = depth == source->BandFmt;

  from = image->pixels.data + y * width * 4;
  if (alpha)
    raw += y * width * pixel;
  for (gsize x = 0; x < width; x++)
    memcpy (colour + 3 * x, from + 4 * x, 3 * sizeof (float));
  helper_colour_export (image->colour, colour, colour, width);
  for (gsize x = 0; x < width; x++, to += bands * size)
    {
      for (int c = 0; c < 3; c++)
        put_number (to, c, depth, colour[3 * x + c]);
      if (! alpha)
        continue;
      put_number (to, 3, depth, from[4 * x + 3]);
      if (same && source->Bands == 4 && ! (from[4 * x + 3] > 0))
        memcpy (to, raw, pixel);
      else if (same)
        memcpy (to + 3 * size, raw + pixel - size, size);
      raw += pixel;
    }
}

static VipsInterpretation
target_type (const VipsImage *source, VipsBandFormat depth)
{
  if (depth == VIPS_FORMAT_USHORT)
    return VIPS_INTERPRETATION_RGB16;
  if (depth == VIPS_FORMAT_FLOAT)
    return source->Type == VIPS_INTERPRETATION_scRGB
               ? VIPS_INTERPRETATION_scRGB
               : VIPS_INTERPRETATION_RGB;
  return VIPS_INTERPRETATION_sRGB;
}

/* What travels with a picture. The small picture inside EXIF shows the photo
 * and stays behind. */
static void *
copy_field (VipsImage *source, const char *name, GValue *value, void *to)
{
  static const char *const kept[] = {
    "exif-",      "icc-profile-data",  "iptc-data", "photoshop-data",
    "png-comment", "image-description", "xmp-data",  "resolution-unit",
    "orientation",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (kept); i++)
    if (g_str_has_prefix (name, kept[i]))
      vips_image_set (to, name, value);
  return NULL;
}

/* The result as libvips has it: over memory that goes with it. */
static VipsImage *
build (HelperImage *image, VipsBandFormat depth, GError **error)
{
  VipsImage        *source = image->source;
  gsize             width = source->Xsize;
  int               bands = source->Bands % 2 == 0 ? 4 : 3;
  gsize             row_bytes = width * bands * vips_format_sizeof (depth);
  g_autofree guint8 *data = g_try_malloc_n (source->Ysize, row_bytes);
  g_autofree float *colour = g_try_new (float, width * 3);
  VipsImage        *made;

  if (! data || ! colour)
    {
      g_set_error_literal (error, PST_ERROR, PST_ERROR_MEMORY,
                           _ ("There is no memory to write the picture."));
      return NULL;
    }
  for (int y = 0; y < source->Ysize; y++)
    write_row (image, y, depth, colour, data + y * row_bytes);
  made = vips_image_new_from_memory (data, row_bytes * source->Ysize,
                                     source->Xsize, source->Ysize, bands,
                                     depth);
  if (! made)
    {
      helper_vips_fail (_ ("The result"), error);
      return NULL;
    }
  g_object_set_data_full (G_OBJECT (made), "pastiche-numbers",
                          g_steal_pointer (&data), g_free);
  made->Type = target_type (source, depth);
  made->Xres = source->Xres;
  made->Yres = source->Yres;
  vips_image_map (source, copy_field, made);
  if (! helper_colour_goes_back (image->colour))
    vips_image_remove (made, VIPS_META_ICC_NAME);
  return made;
}

/* JPEG has no alpha: what shows through is white. */
static VipsImage *
flatten (VipsImage *image, GError **error)
{
  g_autoptr (VipsImage) from = image;
  VipsImage            *made = NULL;
  const double          white = 255;
  VipsArrayDouble      *background = vips_array_double_new (&white, 1);
  int                   failed;

  failed = vips_flatten (from, &made, "background", background, NULL);
  vips_area_unref (VIPS_AREA (background));
  if (failed)
    helper_vips_fail (_ ("The result"), error);
  return failed ? NULL : made;
}

static VipsImage *
prepare (HelperImage *image, gboolean unchanged, HelperFormat format, GError **error)
{
  VipsBandFormat depth = target_depth (format, image->source->BandFmt);
  VipsImage     *made;

  if (unchanged && depth == image->source->BandFmt)
    made = g_object_ref (image->source);
  else
    made = build (image, depth, error);
  if (made && format == HELPER_FORMAT_JPEG && made->Bands % 2 == 0)
    {
      g_ptr_array_add (image->notes,
                       g_strdup (_ ("JPEG cannot hold transparency; the "
                                    "picture was laid over white.")));
      made = flatten (made, error);
    }
  return made;
}

gboolean
helper_image_save (HelperImage *image, gboolean unchanged, const char *path,
                   int quality, GError **error)
{
  g_autoptr (VipsImage) made = NULL;

  made = prepare (image, unchanged, helper_write_format (path), error);
  return made && helper_write (made, path, quality, error);
}
