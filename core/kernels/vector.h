/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

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
