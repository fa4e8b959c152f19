/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <string.h>

/* Keys that are ordered as whole numbers the way the floats are, so that floats
 * can be sorted by digits (Herf, "Radix tricks", 2001). */
static inline guint32
pst_float_to_key (float x)
{
  guint32 bits;

  memcpy (&bits, &x, sizeof bits);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static inline float
pst_float_from_key (guint32 key)
{
  guint32 bits = key & 0x80000000u ? key & 0x7fffffffu : ~key;
  float   x;

  memcpy (&x, &bits, sizeof x);
  return x;
}
