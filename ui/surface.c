/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/surface.h"

#define CHECK_SIZE 8

static guint32
pack (const float *rgba)
{
  float   alpha = CLAMP (rgba[3], 0.0f, 1.0f);
  guint32 packed = (guint32) (alpha * 255.0f + 0.5f);

  for (int c = 0; c < 3; c++)
    {
      /* written so that NaN becomes 0 */
      float value = rgba[c] > 0.0f ? MIN (rgba[c], 1.0f) : 0.0f;

      packed = packed << 8 | (guint32) (value * alpha * 255.0f + 0.5f);
    }
  return packed;
}

cairo_surface_t *
pst_surface_new (const PstPixels *pixels)
{
  cairo_surface_t *surface =
    cairo_image_surface_create (CAIRO_FORMAT_ARGB32, pixels->width,
                                pixels->height);
  guchar *data = cairo_image_surface_get_data (surface);
  int     stride = cairo_image_surface_get_stride (surface);

  for (int y = 0; data != NULL && y < pixels->height; y++)
    {
      const float *from = pixels->data + (gsize) y * pixels->width * 4;
      guint32     *to = (guint32 *) (data + (gsize) y * stride);

      for (int x = 0; x < pixels->width; x++, from += 4)
        to[x] = pack (from);
    }
  cairo_surface_mark_dirty (surface);
  return surface;
}

cairo_pattern_t *
pst_surface_checks (void)
{
  cairo_surface_t *surface =
    cairo_image_surface_create (CAIRO_FORMAT_RGB24, 2 * CHECK_SIZE,
                                2 * CHECK_SIZE);
  cairo_t         *cr = cairo_create (surface);
  cairo_pattern_t *pattern;

  cairo_set_source_rgb (cr, 0.6, 0.6, 0.6);
  cairo_paint (cr);
  cairo_set_source_rgb (cr, 0.4, 0.4, 0.4);
  cairo_rectangle (cr, 0, 0, CHECK_SIZE, CHECK_SIZE);
  cairo_rectangle (cr, CHECK_SIZE, CHECK_SIZE, CHECK_SIZE, CHECK_SIZE);
  cairo_fill (cr);
  cairo_destroy (cr);
  pattern = cairo_pattern_create_for_surface (surface);
  cairo_pattern_set_extend (pattern, CAIRO_EXTEND_REPEAT);
  cairo_surface_destroy (surface);
  return pattern;
}
