/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/style/grain.h"

#include <glib.h>

/* A number between -1 and 1 for a point of a lattice, nearly normal: the mean
 * of four even ones, scaled to standard deviation 1. */
static float
point (gint32 x, gint32 y, guint32 lattice)
{
  guint32 h = (guint32) x * 0x9e3779b1u ^ (guint32) y * 0x85ebca77u ^
              lattice * 0xc2b2ae3du;
  gint32  sum = 0;

  h = (h ^ h >> 15) * 0x2c1b3c6du;
  h = (h ^ h >> 12) * 0x297a2d39u;
  h ^= h >> 15;
  for (int i = 0; i < 4; i++, h >>= 8)
    sum += (gint32) (h & 255);
  /* an even number of 256 steps has a standard deviation of 73.9 */
  return (float) (sum - 510) * (1.0f / (2.0f * 73.9f));
}

static float
lattice (int x, int y, int grain)
{
  int   left = x >= 0 ? x / grain : -((grain - 1 - x) / grain);
  int   top = y >= 0 ? y / grain : -((grain - 1 - y) / grain);
  float across = (float) (x - left * grain) / (float) grain;
  float down = (float) (y - top * grain) / (float) grain;
  float a = point (left, top, grain);
  float b, c, d;

  if (grain == 1)
    return a;
  b = point (left + 1, top, grain);
  c = point (left, top + 1, grain);
  d = point (left + 1, top + 1, grain);
  a += across * (b - a);
  c += across * (d - c);
  return a + down * (c - a);
}

float
pst_grain (int x, int y)
{
  return 0.5f * (lattice (x, y, 1) + lattice (x, y, 4) + lattice (x, y, 8) +
                 lattice (x, y, 16));
}
