/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/* Vectors as wide as the instruction set that this is compiled for. */

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif

#define LINE 16 /* floats of a line of the cache */

typedef float Vec __attribute__ ((vector_size (4 * LANES)));
typedef int   Mask __attribute__ ((vector_size (4 * LANES)));
typedef float VecAt
    __attribute__ ((vector_size (4 * LANES), aligned (4), may_alias));

#define LOAD(p) (*(const VecAt *) (p))
#define STORE(p, v) (*(VecAt *) (p) = (v))
/* Past the caches, where whole lines are stored: @p is aligned, and a fence
 * must follow before other threads read. */
#if defined(__AVX512F__)
#define STORE_PAST(p, v) _mm512_stream_ps (p, (__m512) (v))
#else
#define STORE_PAST STORE
#endif
#define INLINE static inline __attribute__ ((always_inline))

INLINE Vec
all (float x)
{
  return x - (Vec) { 0 };
}

/* @yes where a > b, else 0 */
INLINE Vec
greater (Vec a, Vec b, Vec yes)
{
  return (Vec) ((Mask) yes & (a > b));
}

/* a > b ? a : b, so that b stands in for what is not a number */
INLINE Vec
larger (Vec a, Vec b)
{
#if defined(__AVX512F__)
  return (Vec) _mm512_max_ps ((__m512) a, (__m512) b);
#elif defined(__AVX__)
  return (Vec) _mm256_max_ps ((__m256) a, (__m256) b);
#elif defined(__x86_64__)
  return (Vec) _mm_max_ps ((__m128) a, (__m128) b);
#else
  Mask first = a > b;

  return (Vec) (((Mask) a & first) | ((Mask) b & ~first));
#endif
}

/* a < b ? a : b */
INLINE Vec
smaller (Vec a, Vec b)
{
#if defined(__AVX512F__)
  return (Vec) _mm512_min_ps ((__m512) a, (__m512) b);
#elif defined(__AVX__)
  return (Vec) _mm256_min_ps ((__m256) a, (__m256) b);
#elif defined(__x86_64__)
  return (Vec) _mm_min_ps ((__m128) a, (__m128) b);
#else
  Mask first = a < b;

  return (Vec) (((Mask) a & first) | ((Mask) b & ~first));
#endif
}

/* The first @n lanes, 1 to LANES */
INLINE void
store_first (float *to, Vec v, gint64 n)
{
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps (to, (__mmask16) ((1u << n) - 1), (__m512) v);
#elif defined(__AVX2__)
  const __m256i lane = _mm256_setr_epi32 (0, 1, 2, 3, 4, 5, 6, 7);

  _mm256_maskstore_ps (
      to, _mm256_cmpgt_epi32 (_mm256_set1_epi32 ((int) n), lane), (__m256) v);
#else
  for (int i = 0; i < LANES; i++)
    if (i < n)
      to[i] = v[i];
#endif
}

/* The first @n lanes, 0 in the others */
INLINE Vec
load_first (const float *from, gint64 n)
{
#if defined(__AVX512F__)
  return (Vec) _mm512_maskz_loadu_ps ((__mmask16) ((1u << n) - 1), from);
#elif defined(__AVX2__)
  const __m256i lane = _mm256_setr_epi32 (0, 1, 2, 3, 4, 5, 6, 7);

  return (Vec) _mm256_maskload_ps (
      from, _mm256_cmpgt_epi32 (_mm256_set1_epi32 ((int) n), lane));
#else
  Vec v = { 0 };

  for (int i = 0; i < LANES; i++)
    v[i] = i < n ? from[i] : 0.0f;
  return v;
#endif
}
