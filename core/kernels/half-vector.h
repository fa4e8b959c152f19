/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/kernels/vector.h"

/* IEEE 754 binary16, as many as a vector has lanes. */

typedef guint16 HalfAt
    __attribute__ ((vector_size (2 * LANES), aligned (2), may_alias));

#if defined(__AVX512F__)

INLINE Vec
half_load (const guint16 *from)
{
  return (Vec) _mm512_cvtph_ps (_mm256_loadu_si256 ((const __m256i *) from));
}

INLINE void
half_round (guint16 *to, Vec v)
{
  _mm256_storeu_si256 (
      (__m256i *) to,
      _mm512_cvtps_ph ((__m512) v,
                       _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

#elif defined(__F16C__)

INLINE Vec
half_load (const guint16 *from)
{
  return (Vec) _mm256_cvtph_ps (_mm_loadu_si128 ((const __m128i *) from));
}

INLINE void
half_round (guint16 *to, Vec v)
{
  _mm_storeu_si128 (
      (__m128i *) to,
      _mm256_cvtps_ph ((__m256) v,
                       _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

#elif defined(__aarch64__)

INLINE Vec
half_load (const guint16 *from)
{
  return (Vec) vcvt_f32_f16 (vreinterpret_f16_u16 (vld1_u16 (from)));
}

INLINE void
half_round (guint16 *to, Vec v)
{
  vst1_u16 (to, vreinterpret_u16_f16 (vcvt_f16_f32 ((float32x4_t) v)));
}

#else

typedef guint32 Bits __attribute__ ((vector_size (4 * LANES)));

/* A half's exponent and mantissa in a float's place are 2^-112 of its value,
 * denormals included; infinity needs the larger exponent. */
INLINE Vec
half_load (const guint16 *from)
{
  Bits bits = __builtin_convertvector (*(const HalfAt *) from, Bits);
  Bits size = (bits & 0x7fff) << 13;
  Bits value = (Bits) ((Vec) size * 0x1p112f);

  value |= (Bits) ((Mask) size >= 0x1f << 23) & 0xff << 23;
  return (Vec) (value | (bits & 0x8000) << 16);
}

/* Normal numbers: adds just below half of the last place, one more where that
 * is odd. Denormals: adding 0.5 leaves their bits, rounded, at the end. */
INLINE void
half_round (guint16 *to, Vec v)
{
  Bits sign = (Bits) v & 0x80000000, size = (Bits) v & 0x7fffffff;
  Bits normal = (size - (112u << 23) + 0xfff + (size >> 13 & 1)) >> 13;
  Bits tiny = (Bits) ((Vec) size + 0.5f) - (126u << 23);
  Bits is_tiny = (Bits) ((Mask) size < 113 << 23);
  Bits half = (is_tiny & tiny) | (~is_tiny & normal) | sign >> 16;

  *(HalfAt *) to = __builtin_convertvector (half, HalfAt);
}

#endif

/* Rounds to nearest even. Numbers are at least -65504, and above 65504 they
 * become that, the largest half. */
INLINE void
half_store (guint16 *to, Vec v)
{
  half_round (to, smaller (v, all (65504.0f)));
}

INLINE Vec
half_load_first (const guint16 *from, gint64 n)
{
#if defined(__AVX512VL__) && defined(__AVX512BW__)
  return (Vec) _mm512_cvtph_ps (
      _mm256_maskz_loadu_epi16 ((__mmask16) ((1u << n) - 1), from));
#else
  guint16 line[LANES];

  for (int i = 0; i < LANES; i++)
    line[i] = i < n ? from[i] : 0;
  return half_load (line);
#endif
}

INLINE void
half_store_first (guint16 *to, Vec v, gint64 n)
{
  guint16 line[LANES];

  half_store (line, v);
#if defined(__AVX512VL__) && defined(__AVX512BW__)
  _mm256_mask_storeu_epi16 (to, (__mmask16) ((1u << n) - 1),
                            _mm256_loadu_si256 ((const __m256i *) line));
#else
  for (int i = 0; i < LANES; i++)
    if (i < n)
      to[i] = line[i];
#endif
}
