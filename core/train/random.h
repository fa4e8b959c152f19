/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/**
 * PstRandom:
 *
 * xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", 2021), seeded through splitmix64.
 *
 * Training draws every sample from a stream of its own, named by (seed,
 * stream, index): what step 700 does depends on nothing that happened before,
 * so a resumed training, or one that shares its samples among processes,
 * draws the same numbers and no state needs to be kept.
 */
typedef struct
{
  guint64 s[4];
} PstRandom;

typedef enum
{
  PST_STREAM_GENERATOR,
  PST_STREAM_DISCRIMINATOR,
  PST_STREAM_ORDER,
  PST_STREAM_SAMPLE,
  PST_STREAM_TEST,
  PST_STREAM_SYNTHETIC,
  PST_STREAM_PATCHES,
  PST_STREAM_JUDGE,
  PST_STREAM_PIECE,
  PST_STREAM_DIRECTION,
  PST_STREAM_WISH,
  PST_STREAM_ORIGIN,
  PST_STREAM_FILTER,
} PstStream;

static inline guint64
pst_random_mix (guint64 *x)
{
  guint64 z = (*x += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15));

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static inline void
pst_random_init (PstRandom *random, guint64 seed, PstStream stream,
                 guint64 index)
{
  guint64 x = seed;

  x = pst_random_mix (&x) ^ (guint64) stream;
  x = pst_random_mix (&x) ^ index;
  for (int i = 0; i < 4; i++)
    random->s[i] = pst_random_mix (&x);
}

static inline guint64
pst_random_next (PstRandom *random)
{
  guint64 *s = random->s;
  guint64  r = s[1] * 5;
  guint64  t = s[1] << 17;

  r = ((r << 7) | (r >> 57)) * 9;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = (s[3] << 45) | (s[3] >> 19);
  return r;
}

/* From 0 up to, but not including, 1. */
static inline double
pst_random_double (PstRandom *random)
{
  return (pst_random_next (random) >> 11) * 0x1.0p-53;
}

/* From @low to @high. */
static inline double
pst_random_range (PstRandom *random, double low, double high)
{
  return low + (high - low) * pst_random_double (random);
}

/* From 0 to @n - 1. */
static inline guint
pst_random_below (PstRandom *random, guint n)
{
  return MIN ((guint) (pst_random_double (random) * n), n - 1);
}
