/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <vips/vips.h>

#include "core/pst.h"
#include "helper/colour.h"

/**
 * HelperImage:
 * @pixels: what pst_stylize() works on
 * @source: the file's picture, upright, in memory: 8 or 16 bits or float, one
 *   or three colour bands, perhaps alpha
 * @raw: (nullable): @source's numbers, as long as they may be needed
 * @colour: the way between @source's colours and those of @pixels
 * @notes: (element-type utf8): what a person should know, a sentence each
 *
 * A picture file opened to be stylised and written again.
 */
typedef struct
{
  PstPixels     pixels;
  VipsImage    *source;
  const void   *raw;
  HelperColour *colour;
  GPtrArray    *notes;
} HelperImage;

/* Starts libvips; once, before anything here. */
gboolean helper_image_start (const char *program, GError **error);

/**
 * helper_image_load:
 * @path: JPEG, PNG, TIFF, WebP or whatever else libvips reads
 *
 * The orientation is applied, CMYK and other colour spaces become sRGB (with
 * a note), of several pages the first is taken (with a note).
 *
 * Returns: (transfer full) (nullable): the picture
 */
HelperImage *helper_image_load (const char *path, GError **error);
void         helper_image_free (HelperImage *image);

/**
 * helper_image_settle:
 *
 * For a picture that will not be written unchanged: gives back the source's
 * numbers, where only what travels with them is needed from here on.
 */
void         helper_image_settle (HelperImage *image);

/**
 * helper_image_save:
 * @image: its pixels are written
 * @unchanged: %TRUE where the pixels are as they were loaded: they are then
 *   written to the bit where the format can hold them
 * @path: where; the ending says the format
 * @quality: 1 to 100, for JPEG and WebP (at 100 WebP loses nothing)
 *
 * Keeps the bit depth as far as the format can, alpha to the bit, the ICC
 * profile, EXIF and the like. Grey becomes RGB.
 */
gboolean helper_image_save (HelperImage *image, gboolean unchanged,
                            const char *path, int quality, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HelperImage, helper_image_free)
