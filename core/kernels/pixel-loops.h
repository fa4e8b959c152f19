/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/kernels/vector.h"

/* Pixels of [pixels, c] on their way into and out of a layer. What is not a
 * number becomes @least. */

#define PIXEL_SPAN 1024 /* most channels of pixels taken together */

INLINE Vec
pixel_load (const float *from, gint64 n)
{
  if (n < LANES)
    return load_first (from, n);
  return LOAD (from);
}

/* y = max (low, a x + b), a and b of the channels from @i on, @n of them */
INLINE void
pixel_vector (const float *x, const float *a, const float *b, Vec low,
              gint64 at, gint64 i, gint64 n, float *y)
{
  Vec v = pixel_load (x + at + i, n);

  if (a)
    v *= pixel_load (a + i, n);
  if (b)
    v += pixel_load (b + i, n);
  if (n < LANES)
    store_first (y + at + i, larger (v, low), n);
  else
    STORE (y + at + i, larger (v, low));
}

/* Numbers @from to @to of x and y, in pixels of @c channels. */
INLINE void
pixel_loop (const float *x, const float *a, const float *b, float least,
            gint64 c, gint64 from, gint64 to, float *y)
{
  Vec    low = all (least);
  gint64 whole = c / LANES * LANES;

  for (gint64 at = from; at < to; at += c)
    {
#pragma GCC unroll 4
      for (gint64 i = 0; i < whole; i += LANES)
        pixel_vector (x, a, b, low, at, i, LANES, y);
      if (whole < c)
        pixel_vector (x, a, b, low, at, whole, c - whole, y);
    }
}

/* How many pixels together are whole vectors, and not too few of them. */
INLINE gint64
pixel_span (gint64 c, gint64 pixels)
{
  gint64 span = 1;

  while (span < LANES && (c * span % LANES || c * span < 4 * LANES))
    span *= 2;
  return c * span <= PIXEL_SPAN && pixels >= 2 * span ? span : 1;
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
pixel_map (const float *x, const float *a, const float *b, float least,
           gint64 c, gint64 pixels, float *y)
{
  gint64 n = c * pixels, even = 0, span = pixel_span (c, pixels);
  float  wide_a[PIXEL_SPAN], wide_b[PIXEL_SPAN];

  if (! b)
    {
      pixel_loop (x, NULL, NULL, least, n, 0, n, y);
      return;
    }
  if (span > 1)
    {
      if (a)
        pixel_repeat (a, c, span, wide_a);
      pixel_repeat (b, c, span, wide_b);
      even = pixels / span * span * c;
      pixel_loop (x, a ? wide_a : NULL, wide_b, least, c * span, 0, even, y);
    }
  pixel_loop (x, a, b, least, c, even, n, y);
}

static void
channel_affine (const float *x, const float *a, const float *b, float least,
                gint64 c, gint64 pixels, float *y)
{
  if (a)
    pixel_map (x, a, b, least, c, pixels, y);
  else if (b)
    pixel_map (x, NULL, b, least, c, pixels, y);
  else
    pixel_map (x, NULL, NULL, least, c, pixels, y);
}

INLINE Vec
add_term (const PstMapTerm *term, gboolean scaled, gint64 at, gint64 i,
          gint64 n)
{
  Vec v = pixel_load (term->x + at + i, n);

  if (scaled)
    v = v * pixel_load (term->a + i, n) + pixel_load (term->b + i, n);
  return larger (v, all (term->least));
}

INLINE void
add_vector (const PstMapTerm *terms, gboolean first, gboolean second,
            float least, gint64 at, gint64 i, gint64 n, float *y)
{
  Vec v = larger (add_term (&terms[0], first, at, i, n) +
                      add_term (&terms[1], second, at, i, n),
                  all (least));

  if (n < LANES)
    store_first (y + at + i, v, n);
  else
    STORE (y + at + i, v);
}

INLINE void
add_maps (const PstMapTerm *terms, gboolean first, gboolean second,
          float least, gint64 c, gint64 pixels, float *y)
{
  PstMapTerm both[2] = { terms[0], terms[1] };
  gint64     whole = c / LANES * LANES;

  for (gint64 at = 0; at < pixels * c; at += c)
    {
#pragma GCC unroll 4
      for (gint64 i = 0; i < whole; i += LANES)
        add_vector (both, first, second, least, at, i, LANES, y);
      if (whole < c)
        add_vector (both, first, second, least, at, whole, c - whole, y);
    }
}

static void
channel_add (const PstMapTerm *terms, float least, gint64 c, gint64 pixels,
             float *y)
{
  if (terms[0].a && terms[1].a)
    add_maps (terms, TRUE, TRUE, least, c, pixels, y);
  else if (terms[0].a)
    add_maps (terms, TRUE, FALSE, least, c, pixels, y);
  else if (terms[1].a)
    add_maps (terms, FALSE, TRUE, least, c, pixels, y);
  else
    add_maps (terms, FALSE, FALSE, least, c, pixels, y);
}
