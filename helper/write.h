/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <vips/vips.h>

typedef enum
{
  HELPER_FORMAT_NONE,
  HELPER_FORMAT_JPEG,
  HELPER_FORMAT_PNG,
  HELPER_FORMAT_TIFF,
  HELPER_FORMAT_WEBP,
} HelperFormat;

/* By the name's ending. */
HelperFormat helper_write_format (const char *path);

/**
 * helper_write_check:
 * @path: where a picture is to be written
 *
 * Finds out before the work whether that is possible: the ending must be one
 * of a known format, the folder must be there and writable.
 */
gboolean helper_write_check (const char *path, GError **error);

/**
 * helper_write:
 * @path: where; the ending, a known one, says the format
 * @quality: 1 to 100, for JPEG and WebP (at 100 WebP loses nothing)
 *
 * The file is written under another name first and renamed; one that was there
 * passes its mode on.
 */
gboolean helper_write (VipsImage *image, const char *path, int quality,
                       GError **error);

/* For people: a sentence of what went wrong in libvips. */
void helper_vips_fail (const char *path, GError **error);

#if VIPS_MAJOR_VERSION == 8 && VIPS_MINOR_VERSION < 16
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VipsImage, g_object_unref)
#endif
