/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/kernels/half-vector.h"

/* Pixels of [pixels, c] on their way into and out of a layer, stored in single
 * or half precision. What is not a number becomes @least. */

#define PIXEL_SPAN 1024 /* most channels of pixels taken together */

INLINE Vec
pixel_load (const void *x, gboolean half, gint64 at, gint64 n)
{
  const float   *single = (const float *) x + at;
  const guint16 *bits = (const guint16 *) x + at;

  if (n < LANES)
    return half ? half_load_first (bits, n) : load_first (single, n);
  if (half)
    return half_load (bits);
  return LOAD (single);
}

INLINE void
pixel_store (void *y, gboolean half, gint64 at, gint64 n, Vec v)
{
  float   *single = (float *) y + at;
  guint16 *bits = (guint16 *) y + at;

  if (n >= LANES && half)
    half_store (bits, v);
  else if (n >= LANES)
    STORE (single, v);
  else if (half)
    half_store_first (bits, v, n);
  else
    store_first (single, v, n);
}

/* y = max (least, a x + b), a and b of the channels from @i on, @n of them */
INLINE void
pixel_vector (const void *x, gboolean from_half, const float *a,
              const float *b, Vec low, gint64 at, gint64 i, gint64 n, void *y,
              gboolean to_half)
{
  Vec v = pixel_load (x, from_half, at + i, n);

  if (a)
    v *= pixel_load (a, FALSE, i, n);
  if (b)
    v += pixel_load (b, FALSE, i, n);
  pixel_store (y, to_half, at + i, n, larger (v, low));
}

/* Numbers @from to @to of x and y, in pixels of @c channels. */
INLINE void
pixel_loop (const void *x, gboolean from_half, const float *a, const float *b,
            float least, gint64 c, gint64 from, gint64 to, void *y,
            gboolean to_half)
{
  Vec    low = all (to_half && least < -65504.0f ? -65504.0f : least);
  gint64 whole = c / LANES * LANES;

  for (gint64 at = from; at < to; at += c)
    {
#pragma GCC unroll 4
      for (gint64 i = 0; i < whole; i += LANES)
        pixel_vector (x, from_half, a, b, low, at, i, LANES, y, to_half);
      if (whole < c)
        pixel_vector (x, from_half, a, b, low, at, whole, c - whole, y,
                      to_half);
    }
}

/* How many pixels together are whole vectors, and not too few of them. */
INLINE gint64
pixel_span (gint64 c, gint64 pixels)
{
  gint64 span = 1;

  while (span < LANES && (c * span % LANES || c * span < 4 * LANES))
    span *= 2;
  return c * span <= PIXEL_SPAN && pixels >= 8 * span ? span : 1;
}

INLINE void
pixel_repeat (const float *factors, gint64 c, gint64 span, float *to)
{
  for (gint64 p = 0; p < span; p++)
    for (gint64 i = 0; i < c; i++)
      *to++ = factors[i];
}

/* Without factors of its own each channel is like all others, and the map is
 * one long pixel; narrow pixels are taken several together. */
INLINE void
pixel_map (const void *x, gboolean from_half, const float *a, const float *b,
           float least, gint64 c, gint64 pixels, void *y, gboolean to_half)
{
  gint64 n = c * pixels, even = 0, span = pixel_span (c, pixels);
  float  wide_a[PIXEL_SPAN], wide_b[PIXEL_SPAN];

  if (! b)
    {
      pixel_loop (x, from_half, NULL, NULL, least, n, 0, n, y, to_half);
      return;
    }
  if (span > 1)
    {
      if (a)
        pixel_repeat (a, c, span, wide_a);
      pixel_repeat (b, c, span, wide_b);
      even = pixels / span * span * c;
      pixel_loop (x, from_half, a ? wide_a : NULL, wide_b, least, c * span, 0,
                  even, y, to_half);
    }
  pixel_loop (x, from_half, a, b, least, c, even, n, y, to_half);
}

static void
load_pixels (const void *x, gboolean half, const float *a, const float *b,
             float least, gint64 c, gint64 pixels, float *y)
{
  if (a && half)
    pixel_map (x, TRUE, a, b, least, c, pixels, y, FALSE);
  else if (a)
    pixel_map (x, FALSE, a, b, least, c, pixels, y, FALSE);
  else if (half)
    pixel_map (x, TRUE, NULL, NULL, least, c, pixels, y, FALSE);
  else
    pixel_map (x, FALSE, NULL, NULL, least, c, pixels, y, FALSE);
}

static void
store_pixels (const float *x, const float *bias, float least, gint64 c,
              gint64 pixels, void *y, gboolean half)
{
  if (bias && half)
    pixel_map (x, FALSE, NULL, bias, least, c, pixels, y, TRUE);
  else if (bias)
    pixel_map (x, FALSE, NULL, bias, least, c, pixels, y, FALSE);
  else if (half)
    pixel_map (x, FALSE, NULL, NULL, least, c, pixels, y, TRUE);
  else
    pixel_map (x, FALSE, NULL, NULL, least, c, pixels, y, FALSE);
}

static void
channel_affine (const float *x, const float *a, const float *b, float least,
                gint64 c, gint64 pixels, float *y)
{
  load_pixels (x, FALSE, a, b, least, c, pixels, y);
}
