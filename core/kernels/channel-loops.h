/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <math.h>

#include "core/kernels/vector.h"

/* Loops over the pixels of a map, one vector of channels after the other, so
 * that sums and factors stay in registers. Channels beyond the last whole
 * vector go one by one. */

typedef int Mask __attribute__ ((vector_size (sizeof (Vec))));

/* @yes where a > b, else 0 */
INLINE Vec
greater (Vec a, Vec b, Vec yes)
{
  return (Vec) ((Mask) yes & (a > b));
}

INLINE Vec
larger (Vec a, Vec b)
{
  Mask first = a > b;

  return (Vec) (((Mask) a & first) | ((Mask) b & ~first));
}

static void
channel_sums (const float *x, const float *base, gint64 c, gint64 pixels,
              float *s, float *q)
{
  gint64 i = 0;

  for (; i + LANES <= c; i += LANES)
    {
      Vec from = LOAD (base + i), vs = { 0 }, vq = { 0 };

      for (gint64 p = 0; p < pixels; p++)
        {
          Vec d = LOAD (x + p * c + i) - from;

          vs += d;
          vq += d * d;
        }
      STORE (s + i, vs);
      STORE (q + i, vq);
    }
  for (; i < c; i++)
    {
      s[i] = q[i] = 0.0f;
      for (gint64 p = 0; p < pixels; p++)
        {
          float d = x[p * c + i] - base[i];

          s[i] += d;
          q[i] += d * d;
        }
    }
}

static void
channel_affine (const float *x, const float *a, const float *b, float least,
                gint64 c, gint64 pixels, float *y)
{
  gint64 i = 0;

  for (; i + LANES <= c; i += LANES)
    {
      Vec va = LOAD (a + i), vb = LOAD (b + i), low = all (least);

      for (gint64 p = 0; p < pixels; p++)
        {
          Vec v = LOAD (x + p * c + i) * va + vb;

          STORE (y + p * c + i, larger (v, low));
        }
    }
  for (; i < c; i++)
    for (gint64 p = 0; p < pixels; p++)
      {
        float v = x[p * c + i] * a[i] + b[i];

        y[p * c + i] = v > least ? v : least;
      }
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
