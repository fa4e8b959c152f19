/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "helper/image.h"

#include <glib/gi18n.h>
#include <string.h>

#include "helper/write.h"

#define MAX_SIDE 300000

gboolean
helper_image_start (const char *program, GError **error)
{
  if (VIPS_INIT (program) != 0)
    {
      helper_vips_fail ("libvips", error);
      return FALSE;
    }
  vips_concurrency_set (1);
  vips_cache_set_max (0);
  return TRUE;
}

static void
add_note (HelperImage *image, const char *text)
{
  g_ptr_array_add (image->notes, g_strdup (text));
}

/* Replaces @image->source by what an operation made of it. */
static void
take (HelperImage *image, VipsImage *made)
{
  g_object_unref (image->source);
  image->source = made;
}

/* Grey, grey and alpha, RGB, RGB and alpha. */
static int
colour_bands (VipsImage *source)
{
  return source->Bands <= 2 ? 1 : 3;
}

static gboolean
to_srgb (HelperImage *image, const char *path, GError **error)
{
  VipsImage *made = NULL;

  if (vips_colourspace (image->source, &made, VIPS_INTERPRETATION_sRGB,
                        NULL) != 0)
    {
      helper_vips_fail (path, error);
      return FALSE;
    }
  take (image, made);
  if (vips_copy (image->source, &made, NULL) != 0)
    {
      helper_vips_fail (path, error);
      return FALSE;
    }
  take (image, made);
  vips_image_remove (image->source, VIPS_META_ICC_NAME);
  return TRUE;
}

/* Grey or RGB as they are; all others become sRGB. */
static gboolean
settle_colours (HelperImage *image, const char *path, GError **error)
{
  switch (vips_image_get_interpretation (image->source))
    {
    case VIPS_INTERPRETATION_B_W:
    case VIPS_INTERPRETATION_GREY16:
    case VIPS_INTERPRETATION_sRGB:
    case VIPS_INTERPRETATION_RGB:
    case VIPS_INTERPRETATION_RGB16:
    case VIPS_INTERPRETATION_scRGB:
    case VIPS_INTERPRETATION_MULTIBAND:
      return TRUE;
    case VIPS_INTERPRETATION_CMYK:
      add_note (image, _ ("The colours are for print (CMYK); they are turned "
                          "into sRGB, and the result is RGB."));
      return to_srgb (image, path, error);
    default:
      add_note (image, _ ("The colours are neither grey nor RGB; they are "
                          "turned into sRGB."));
      return to_srgb (image, path, error);
    }
}

/* 8 and 16 bits and float stay; what is rarer becomes the next larger. */
static gboolean
settle_depth (HelperImage *image, const char *path, GError **error)
{
  VipsImage *made = NULL;
  int        failed = 0;

  switch (image->source->BandFmt)
    {
    case VIPS_FORMAT_UCHAR:
    case VIPS_FORMAT_USHORT:
    case VIPS_FORMAT_FLOAT:
      return TRUE;
    case VIPS_FORMAT_DOUBLE:
      failed = vips_cast (image->source, &made, VIPS_FORMAT_FLOAT, NULL);
      break;
    case VIPS_FORMAT_UINT:
      failed = vips_linear1 (image->source, &made, 1.0 / 65537, 0, NULL);
      if (! failed)
        {
          take (image, made);
          failed = vips_cast (image->source, &made, VIPS_FORMAT_USHORT, NULL);
        }
      add_note (image, _ ("Of the 32 bits of each number, 16 are used."));
      break;
    default:
      g_set_error (error, PST_ERROR, PST_ERROR_FORMAT,
                   _ ("%s holds numbers of an unusual kind (%s)."), path,
                   vips_enum_nick (VIPS_TYPE_BAND_FORMAT,
                                   image->source->BandFmt));
      return FALSE;
    }
  if (failed)
    {
      helper_vips_fail (path, error);
      return FALSE;
    }
  take (image, made);
  return TRUE;
}

static gboolean
open_source (HelperImage *image, const char *path, GError **error)
{
  VipsImage *made = NULL;

  if (! g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FILE,
                   _ ("There is no file %s."), path);
      return FALSE;
    }
  image->source = vips_image_new_from_file (path, "access",
                                            VIPS_ACCESS_SEQUENTIAL, "fail_on",
                                            VIPS_FAIL_ON_TRUNCATED, NULL);
  if (! image->source)
    {
      helper_vips_fail (path, error);
      return FALSE;
    }
  if (vips_image_get_n_pages (image->source) > 1)
    add_note (image, _ ("The file holds several pictures; only the first is "
                        "used."));
  if (image->source->Xsize > MAX_SIDE || image->source->Ysize > MAX_SIDE)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                   _ ("%s is too large: each side may have %d pixels at "
                      "most."),
                   path, MAX_SIDE);
      return FALSE;
    }
  /* Turning needs the whole picture. */
  made = vips_image_copy_memory (image->source);
  if (made)
    take (image, made);
  if (! made || vips_autorot (image->source, &made, NULL) != 0)
    {
      helper_vips_fail (path, error);
      return FALSE;
    }
  take (image, made);
  if (vips_copy (image->source, &made, NULL) != 0)
    {
      helper_vips_fail (path, error);
      return FALSE;
    }
  take (image, made);
  /* libvips before 8.15 leaves the tag behind */
  vips_image_remove (image->source, "exif-ifd0-Orientation");
  vips_image_set_int (image->source, VIPS_META_ORIENTATION, 1);
  return TRUE;
}

/* Row @y of the source as floats, 0 to 1: @bands numbers for each pixel. */
static void
read_row (const HelperImage *image, int y, float *row)
{
  gsize n = (gsize) image->source->Xsize * image->source->Bands;

  switch (image->source->BandFmt)
    {
    case VIPS_FORMAT_UCHAR:
      for (gsize i = 0; i < n; i++)
        row[i] = ((const guint8 *) image->raw)[y * n + i] / 255.0f;
      break;
    case VIPS_FORMAT_USHORT:
      for (gsize i = 0; i < n; i++)
        row[i] = ((const guint16 *) image->raw)[y * n + i] / 65535.0f;
      break;
    default:
      memcpy (row, (const float *) image->raw + y * n, n * sizeof (float));
      break;
    }
}

static void
fill_pixels (HelperImage *image)
{
  int               width = image->source->Xsize;
  int               bands = image->source->Bands;
  int               colours = colour_bands (image->source);
  g_autofree float *row = g_new (float, (gsize) width * bands);
  g_autofree float *colour = g_new (float, (gsize) width * 3);

  for (int y = 0; y < image->source->Ysize; y++)
    {
      float *to = image->pixels.data + (gsize) y * width * 4;

      read_row (image, y, row);
      for (int x = 0; x < width; x++)
        {
          to[4 * x + 3] = colours < bands ? row[x * bands + colours] : 1;
          memmove (row + x * colours, row + x * bands,
                   colours * sizeof (float));
        }
      helper_colour_import (image->colour, row, colour, width);
      for (int x = 0; x < width; x++)
        memcpy (to + 4 * x, colour + 3 * x, 3 * sizeof (float));
    }
}

static GBytes *
get_profile (VipsImage *source)
{
  const void *data;
  size_t      size;

  if (vips_image_get_typeof (source, VIPS_META_ICC_NAME) == 0 ||
      vips_image_get_blob (source, VIPS_META_ICC_NAME, &data, &size) != 0)
    return NULL;
  return g_bytes_new (data, size);
}

static gboolean
convert (HelperImage *image, const char *path, GError **error)
{
  VipsImage         *source = image->source;
  gboolean           grey = colour_bands (source) == 1;
  gboolean           linear, usable;
  g_autoptr (GBytes) profile = get_profile (source);
  gsize              n = (gsize) source->Xsize * source->Ysize;

  if (source->Bands > 4)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FORMAT,
                   _ ("%s has %d channels; only grey and colour pictures can "
                      "be used."),
                   path, source->Bands);
      return FALSE;
    }
  linear = vips_image_get_interpretation (source) == VIPS_INTERPRETATION_scRGB;
  image->colour = helper_colour_new (profile, linear, grey, &usable);
  if (! usable)
    add_note (image, _ ("The file's colour profile cannot be used; its "
                        "colours are taken as sRGB."));
  image->pixels.width = source->Xsize;
  image->pixels.height = source->Ysize;
  image->pixels.data = g_try_malloc_n (n, 4 * sizeof (float));
  if (! image->pixels.data)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_MEMORY,
                   _ ("%s is too large: there is no memory for its %d × %d "
                      "pixels."),
                   path, source->Xsize, source->Ysize);
      return FALSE;
    }
  fill_pixels (image);
  return TRUE;
}

HelperImage *
helper_image_load (const char *path, GError **error)
{
  g_autoptr (HelperImage) image = g_new0 (HelperImage, 1);
  VipsImage              *made;

  image->notes = g_ptr_array_new_with_free_func (g_free);
  if (! open_source (image, path, error) ||
      ! settle_colours (image, path, error) ||
      ! settle_depth (image, path, error))
    return NULL;
  made = vips_image_copy_memory (image->source);
  if (! made)
    {
      helper_vips_fail (path, error);
      return NULL;
    }
  take (image, made);
  image->raw = VIPS_IMAGE_ADDR (image->source, 0, 0);
  if (! convert (image, path, error))
    return NULL;
  return g_steal_pointer (&image);
}

static void *
copy_field (VipsImage *source, const char *name, GValue *value, void *to)
{
  vips_image_set (to, name, value);
  return NULL;
}

void
helper_image_settle (HelperImage *image)
{
  VipsImage *from = image->source;
  VipsImage *head;

  if (colour_bands (from) < from->Bands) /* alpha stays to the bit */
    return;
  head = vips_image_new ();
  vips_image_init_fields (head, from->Xsize, from->Ysize, from->Bands,
                          from->BandFmt, from->Coding, from->Type, from->Xres,
                          from->Yres);
  vips_image_map (from, copy_field, head);
  image->raw = NULL;
  take (image, head);
}

void
helper_image_free (HelperImage *image)
{
  if (! image)
    return;
  g_free (image->pixels.data);
  g_clear_object (&image->source);
  g_clear_pointer (&image->colour, helper_colour_free);
  g_ptr_array_unref (image->notes);
  g_free (image);
}
