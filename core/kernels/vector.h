/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#if defined(__AVX__)
#include <immintrin.h>
#endif

/* Vectors as wide as the instruction set that this is compiled for. */

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif

typedef float Vec __attribute__ ((vector_size (4 * LANES)));
typedef float VecAt
    __attribute__ ((vector_size (4 * LANES), aligned (4), may_alias));

#define LOAD(p) (*(const VecAt *) (p))
#define STORE(p, v) (*(VecAt *) (p) = (v))
#define INLINE static inline __attribute__ ((always_inline))

INLINE Vec
all (float x)
{
  return x - (Vec) { 0 };
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
