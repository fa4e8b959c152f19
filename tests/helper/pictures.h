/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures of many kinds, to be written, read and compared. */
#pragma once

#include <glib.h>
#include <vips/vips.h>

#define PICTURE_WIDTH 48
#define PICTURE_HEIGHT 36

#if VIPS_MAJOR_VERSION == 8 && VIPS_MINOR_VERSION < 16
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VipsImage, g_object_unref)
#endif

typedef struct
{
  const char    *ending;
  int            bands;
  VipsBandFormat depth;
  gboolean       wide; /* with the profile of another colour space */
  float          tolerance; /* of a picture that goes through the network */
} Kind;

/* Smooth colours; a hole and a half-transparent part where there is alpha. */
VipsImage *picture_new (const Kind *kind);

/* Without loss where the format can do so. */
void       picture_save (VipsImage *image, const char *path);
VipsImage *picture_load (const char *path);

/* 0 to 1, of whole numbers the part of their range */
double picture_number (const VipsImage *image, int x, int y, int band);

void picture_assert_same_profile (VipsImage *a, VipsImage *b);

/* Largest difference of the colours that show, with @hidden_too of all; size,
 * depth and alpha must be the same. */
double picture_compare (const VipsImage *a, const VipsImage *b,
                        gboolean hidden_too);
