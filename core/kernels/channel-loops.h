/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <math.h>

#include "core/kernels/vector.h"

/* Loops over the pixels of a map, one vector of channels after the other, so
 * that sums and factors stay in registers. */

#define WAYS 4 /* sums taken side by side */

INLINE void
sums_add (const float *x, const float *base, gint64 c, int ways, int wide,
          Vec *s, Vec *q)
{
#pragma GCC unroll 4
  for (int w = 0; w < ways; w++)
    {
      Vec d = LOAD (x + w / wide * c + w % wide * LANES) -
              LOAD (base + w % wide * LANES);

      s[w] += d;
      q[w] += d * d;
    }
}

/* @wide vectors of channels of as many pixels as make WAYS vectors */
INLINE void
sums_of (const float *x, const float *base, gint64 c, gint64 pixels, int wide,
         float *s, float *q)
{
  int    deep = WAYS / wide;
  Vec    vs[WAYS] = { 0 }, vq[WAYS] = { 0 };
  gint64 even = pixels / deep * deep;

  for (gint64 p = 0; p < even; p += deep)
    sums_add (x + p * c, base, c, WAYS, wide, vs, vq);
  for (gint64 p = even; p < pixels; p++)
    sums_add (x + p * c, base, c, wide, wide, vs, vq);
#pragma GCC unroll 4
  for (int w = WAYS - 1; w >= wide; w--)
    {
      vs[w - wide] += vs[w];
      vq[w - wide] += vq[w];
    }
#pragma GCC unroll 4
  for (int w = 0; w < wide; w++)
    {
      STORE (s + w * LANES, vs[w]);
      STORE (q + w * LANES, vq[w]);
    }
}

INLINE void
sums_of_rest (const float *x, const float *base, gint64 c, gint64 n,
              gint64 pixels, float *s, float *q)
{
  Vec from = load_first (base, n), vs = { 0 }, vq = { 0 };

  for (gint64 p = 0; p < pixels; p++)
    {
      Vec d = load_first (x + p * c, n) - from;

      vs += d;
      vq += d * d;
    }
  store_first (s, vs, n);
  store_first (q, vq, n);
}

static void
channel_sums (const float *x, const float *base, gint64 c, gint64 pixels,
              float *s, float *q)
{
  gint64 i = 0;

  for (; i + 4 * LANES <= c; i += 4 * LANES)
    sums_of (x + i, base + i, c, pixels, 4, s + i, q + i);
  for (; i + 2 * LANES <= c; i += 2 * LANES)
    sums_of (x + i, base + i, c, pixels, 2, s + i, q + i);
  for (; i + LANES <= c; i += LANES)
    sums_of (x + i, base + i, c, pixels, 1, s + i, q + i);
  if (i < c)
    sums_of_rest (x + i, base + i, c, c - i, pixels, s + i, q + i);
}

/* One vector of channels: even pixels and odd ones side by side. */
INLINE void
norm_sums_of (const PstNormChannels *n, gint64 i, const float *x,
              const float *dy, gint64 c, gint64 pixels, float *s, float *q)
{
  Vec mean = LOAD (n->mean + i), inverse = LOAD (n->inverse + i);
  Vec g = LOAD (n->g + i), b = LOAD (n->b + i);
  Vec vs[2] = { 0 }, vq[2] = { 0 }, none = { 0 };

  for (gint64 p = 0; p < pixels; p += 2)
#pragma GCC unroll 2
    for (int w = 0; w < 2; w++)
      if (p + w < pixels)
        {
          Vec xhat = (LOAD (x + (p + w) * c + i) - mean) * inverse;
          Vec dz = LOAD (dy + (p + w) * c + i);

          if (n->relu)
            dz = greater (g * xhat + b, none, dz);
          vs[w] += dz;
          vq[w] += dz * xhat;
        }
  STORE (s + i, vs[0] + vs[1]);
  STORE (q + i, vq[0] + vq[1]);
}

static void
norm_sums (const PstNormChannels *n, const float *x, const float *dy,
           gint64 c, gint64 pixels, float *s, float *q)
{
  gint64 i = 0;

  for (; i + LANES <= c; i += LANES)
    norm_sums_of (n, i, x, dy, c, pixels, s, q);
  for (; i < c; i++)
    {
      s[i] = q[i] = 0.0f;
      for (gint64 p = 0; p < pixels; p++)
        {
          float xhat = (x[p * c + i] - n->mean[i]) * n->inverse[i];

          if (n->relu && ! (n->g[i] * xhat + n->b[i] > 0.0f))
            continue;
          s[i] += dy[p * c + i];
          q[i] += dy[p * c + i] * xhat;
        }
    }
}

static void
norm_gradient (const PstNormChannels *n, const float *x, const float *dy,
               const float *s, const float *q, gint64 c, gint64 pixels,
               float *dx)
{
  gint64 i = 0;

  for (; i + LANES <= c; i += LANES)
    {
      Vec mean = LOAD (n->mean + i), inverse = LOAD (n->inverse + i);
      Vec g = LOAD (n->g + i), b = LOAD (n->b + i), none = { 0 };
      Vec vs = LOAD (s + i), vq = LOAD (q + i), factor = g * inverse;

      for (gint64 p = 0; p < pixels; p++)
        {
          Vec xhat = (LOAD (x + p * c + i) - mean) * inverse;
          Vec dz = LOAD (dy + p * c + i);

          if (n->relu)
            dz = greater (g * xhat + b, none, dz);
          STORE (dx + p * c + i, LOAD (dx + p * c + i) +
                                     factor * (dz - vs - xhat * vq));
        }
    }
  for (; i < c; i++)
    for (gint64 p = 0; p < pixels; p++)
      {
        float xhat = (x[p * c + i] - n->mean[i]) * n->inverse[i];
        float dz = dy[p * c + i];

        if (n->relu && ! (n->g[i] * xhat + n->b[i] > 0.0f))
          dz = 0.0f;
        dx[p * c + i] +=
            n->g[i] * n->inverse[i] * (dz - s[i] - xhat * q[i]);
      }
}
