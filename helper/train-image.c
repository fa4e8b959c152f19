/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "helper/train-image.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <math.h>
#include <string.h>
#include <vips/vips.h>

#include "core/pst.h"
#include "helper/write.h"

/* Moves the first line of libvips's words into @error. */
static gboolean
vips_failed (GError **error)
{
  g_auto (GStrv) lines = g_strsplit (vips_error_buffer (), "\n", 2);

  vips_error_clear ();
  g_set_error_literal (error, PST_ERROR, PST_ERROR_FILE,
                       lines[0] && *lines[0] ? lines[0]
                                             : _ ("it cannot be read"));
  return FALSE;
}

#define MOST_PIXELS 1e9
#define MOST_LAYERED 1e8 /* where decoding needs all of it in memory */
#define MOST_AREA 8.0    /* of what is read, in squares of the shorter side */

static gboolean
is_layered (VipsImage *image)
{
  static const char *const fields[] = { "interlaced", "jpeg-multiscan",
                                        NULL };
  int                      value = 0;

  for (int i = 0; fields[i] && ! value; i++)
    if (vips_image_get_typeof (image, fields[i]) != 0)
      vips_image_get_int (image, fields[i], &value);
  return value != 0;
}

static gboolean
check (VipsImage *image, GError **error)
{
  double pixels = (double) image->Xsize * image->Ysize;

  if (pixels <= (is_layered (image) ? MOST_LAYERED : MOST_PIXELS))
    return TRUE;
  g_set_error (error, PST_ERROR, PST_ERROR_FORMAT,
               _ ("it is too large (%d × %d)"), image->Xsize, image->Ysize);
  return FALSE;
}

/* What both sides are multiplied with: see PstTrainHost. */
static double
factor_for (VipsImage *image, int side)
{
  double width = image->Xsize, height = image->Ysize;
  double factor = side / MIN (width, height);

  factor = MIN (factor, side * sqrt (MOST_AREA / (width * height)));
  return MIN (factor, 1);
}

/* The first picture of the file, sRGB. */
static VipsImage *
open_image (const char *path, int side, GError **error)
{
  g_autoptr (VipsImage) header = NULL;
  VipsImage            *image = NULL;
  double                factor;

  if (! vips_foreign_find_load (path))
    {
      gboolean there = g_file_test (path, G_FILE_TEST_EXISTS);

      vips_error_clear ();
      g_set_error_literal (error, PST_ERROR, PST_ERROR_FILE,
                           there ? _ ("it is not a picture that can be read")
                                 : g_strerror (ENOENT));
      return NULL;
    }
  header = vips_image_new_from_file (path, NULL);
  if (! header)
    {
      vips_failed (error);
      return NULL;
    }
  if (! check (header, error))
    return NULL;
  factor = factor_for (header, side);
  if (vips_thumbnail (path, &image,
                      MAX (1, (int) (header->Xsize * factor + 0.5)), "height",
                      MAX (1, (int) (header->Ysize * factor + 0.5)), "size",
                      VIPS_SIZE_DOWN, "no_rotate", TRUE, "fail_on",
                      VIPS_FAIL_ON_TRUNCATED, "export_profile", "srgb",
                      NULL) != 0)
    {
      vips_failed (error);
      return NULL;
    }
  return image;
}

/* Three 8-bit bands, upright, over white where it is transparent. */
static VipsImage *
to_rgb (VipsImage *image, GError **error)
{
  g_autoptr (VipsImage) upright = NULL, colour = NULL, opaque = NULL;
  VipsImage            *bytes = NULL;
  double                white[] = { 255, 255, 255 };
  VipsArrayDouble      *background = vips_array_double_new (white, 3);
  gboolean              good;

  good = vips_autorot (image, &upright, NULL) == 0 &&
         vips_colourspace (upright, &colour, VIPS_INTERPRETATION_sRGB,
                           NULL) == 0;
  if (good && vips_image_hasalpha (colour))
    good = vips_flatten (colour, &opaque, "background", background,
                         NULL) == 0;
  else if (good)
    opaque = g_object_ref (colour);
  good = good && vips_cast (opaque, &bytes, VIPS_FORMAT_UCHAR, NULL) == 0;
  vips_area_unref (VIPS_AREA (background));
  if (! good)
    vips_failed (error);
  return bytes;
}

static PstPicture *
load (const char *path, int side, gpointer data, GError **error)
{
  g_autoptr (VipsImage) image = open_image (path, side, error);
  g_autoptr (VipsImage) bytes = NULL;
  PstPicture           *picture;
  void                 *pixels;
  size_t                size = 0;

  if (image)
    bytes = to_rgb (image, error);
  if (! bytes)
    return NULL;
  pixels = bytes->Bands == 3 ? vips_image_write_to_memory (bytes, &size)
                             : NULL;
  if (! pixels)
    {
      vips_failed (error);
      return NULL;
    }
  picture = pst_picture_try (bytes->Xsize, bytes->Ysize, error);
  if (picture)
    memcpy (picture->data, pixels, size);
  g_free (pixels);
  return picture;
}

static VipsImage *
wrap (const PstPicture *picture)
{
  VipsImage *image;

  image = vips_image_new_from_memory (
      picture->data, (size_t) picture->width * picture->height * 3,
      picture->width, picture->height, 3, VIPS_FORMAT_UCHAR);
  if (image)
    image->Type = VIPS_INTERPRETATION_sRGB;
  return image;
}

gboolean
pst_train_image_save (const PstPicture *picture, const char *path, int quality,
                      GError **error)
{
  g_autoptr (VipsImage) image = wrap (picture);

  if (image)
    return helper_write (image, path, quality, error);
  return vips_failed (error);
}

static gboolean
save (const PstPicture *picture, const char *path, gpointer data,
      GError **error)
{
  g_autoptr (VipsImage) image = wrap (picture);
  const char           *ending = strrchr (path, '.');
  g_autofree void      *bytes = NULL;
  size_t                size = 0;
  int                   problem;

  if (! image || vips_image_write_to_buffer (image, ending ? ending : "",
                                             &bytes, &size, NULL) != 0)
    {
      vips_failed (error);
      g_prefix_error (error, "%s: ", path);
      return FALSE;
    }
  problem = pst_file_replace (path, bytes, size);
  if (problem != 0)
    g_set_error (error, PST_ERROR, PST_ERROR_FILE,
                 _ ("%s cannot be written: %s."), path, g_strerror (problem));
  return problem == 0;
}

static GBytes *
encode (const PstPicture *picture, gpointer data, GError **error)
{
  g_autoptr (VipsImage) image = wrap (picture);
  void                 *bytes = NULL;
  size_t                size = 0;

  if (image && vips_jpegsave_buffer (image, &bytes, &size, "Q", 86, "strip",
                                     TRUE, NULL) == 0)
    return g_bytes_new_take (bytes, size);
  vips_failed (error);
  return NULL;
}

/* @text in lines of at most @width pixels, white on black in one band. */
static VipsImage *
draw_text (const char *text, int width, int dpi)
{
  g_autofree char *markup = g_markup_escape_text (text, -1);
  VipsImage       *image = NULL;

  if (vips_text (&image, markup, "font", "sans 12", "width", width, "dpi", dpi,
                 "align", VIPS_ALIGN_CENTRE, "wrap", VIPS_TEXT_WRAP_WORD_CHAR,
                 NULL) != 0)
    vips_error_clear ();
  return image;
}

/* As large as it fits, or else its beginning. */
static PstPicture *
label (const char *text, int width, int height, gpointer data)
{
  static const int      sizes[] = { 96, 80, 68, 58 };
  g_autoptr (VipsImage) image = NULL;
  g_autofree guint8    *pixels = NULL;
  PstPicture           *picture = NULL;
  size_t                size;

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_clear_object (&image);
      image = draw_text (text, width, sizes[i]);
      if (! image || image->Ysize <= height)
        break;
    }
  if (! image || image->Bands != 1 || image->BandFmt != VIPS_FORMAT_UCHAR)
    return NULL;
  pixels = vips_image_write_to_memory (image, &size);
  if (pixels)
    picture = pst_picture_new (MIN (image->Xsize, width),
                               MIN (image->Ysize, height));
  if (! picture)
    return NULL;
  for (int y = 0; y < picture->height; y++)
    for (int x = 0; x < picture->width; x++)
      memset (picture->data + ((gsize) y * picture->width + x) * 3,
              pixels[(gsize) y * image->Xsize + x], 3);
  return picture;
}

char *
pst_train_image_version (void)
{
  return g_strdup_printf ("libvips %d.%d.%d", vips_version (0),
                          vips_version (1), vips_version (2));
}

PstTrainHost
pst_train_image_host (void)
{
  return (PstTrainHost) { load, save, encode, NULL, .label = label };
}
