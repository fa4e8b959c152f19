/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <math.h>

#include "core/kernels/vector.h"

/* Loops over the pixels of a map, one vector of channels after the other, so
 * that sums and factors stay in registers. */

#define WAYS 4 /* sums taken side by side */

/* @times vectors in each of four rows, @hop apart, less base. */
INLINE void
sums_side_by_side (const float *x, const Vec *base, gint64 hop, gint64 step,
                   gint64 times, Vec *s, Vec *q)
{
  for (gint64 p = 0; p < times; p++, x += step)
#pragma GCC unroll 4
    for (int w = 0; w < WAYS; w++)
      {
        Vec d = LOAD (x + w * hop) - base[w];

        s[w] += d;
        q[w] += d * d;
      }
}

/* Four vectors of channels at a time. */
INLINE void
sums_of_four (const float *x, const float *base, gint64 c, gint64 pixels,
              float *s, float *q)
{
  Vec from[WAYS], vs[WAYS] = { 0 }, vq[WAYS] = { 0 };

#pragma GCC unroll 4
  for (int w = 0; w < WAYS; w++)
    from[w] = LOAD (base + w * LANES);
  sums_side_by_side (x, from, LANES, c, pixels, vs, vq);
#pragma GCC unroll 4
  for (int w = 0; w < WAYS; w++)
    {
      STORE (s + w * LANES, vs[w]);
      STORE (q + w * LANES, vq[w]);
    }
}

/* One vector of channels, four pixels at a time. */
INLINE void
sums_of_one (const float *x, const float *base, gint64 c, gint64 pixels,
             float *s, float *q)
{
  Vec    from = LOAD (base), vs[WAYS] = { 0 }, vq[WAYS] = { 0 };
  Vec    same[WAYS] = { from, from, from, from };
  gint64 times = pixels / WAYS;

  sums_side_by_side (x, same, c, WAYS * c, times, vs, vq);
  for (gint64 p = times * WAYS; p < pixels; p++)
    {
      Vec d = LOAD (x + p * c) - from;

      vs[0] += d;
      vq[0] += d * d;
    }
  STORE (s, (vs[0] + vs[1]) + (vs[2] + vs[3]));
  STORE (q, (vq[0] + vq[1]) + (vq[2] + vq[3]));
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

  for (; i + WAYS * LANES <= c; i += WAYS * LANES)
    sums_of_four (x + i, base + i, c, pixels, s + i, q + i);
  for (; i + LANES <= c; i += LANES)
    sums_of_one (x + i, base + i, c, pixels, s + i, q + i);
  if (i < c)
    sums_of_rest (x + i, base + i, c, c - i, pixels, s + i, q + i);
}

static void
norm_sums (const PstNormChannels *n, const float *x, const float *dy,
           gint64 c, gint64 pixels, float *s, float *q)
{
  gint64 i = 0;

  for (; i + LANES <= c; i += LANES)
    {
      Vec mean = LOAD (n->mean + i), inverse = LOAD (n->inverse + i);
      Vec g = LOAD (n->g + i), b = LOAD (n->b + i);
      Vec vs = { 0 }, vq = { 0 }, none = { 0 };

      for (gint64 p = 0; p < pixels; p++)
        {
          Vec xhat = (LOAD (x + p * c + i) - mean) * inverse;
          Vec dz = LOAD (dy + p * c + i);

          if (n->relu)
            dz = greater (g * xhat + b, none, dz);
          vs += dz;
          vq += dz * xhat;
        }
      STORE (s + i, vs);
      STORE (q + i, vq);
    }
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
