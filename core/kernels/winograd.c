/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/kernels/kernels.h"

/*
 * Compiled once for each instruction set with PST_ISA set to its name. All
 * transforms run over channels, a vector at a time.
 */

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

/* B' d, one column */
INLINE void
bt (const Vec *d, Vec *o)
{
  Vec a = d[4] - 4.0f * d[2];
  Vec b = d[3] - 4.0f * d[1];
  Vec e = d[4] - d[2];
  Vec f = 2.0f * (d[3] - d[1]);

  o[0] = 4.0f * d[0] - 5.0f * d[2] + d[4];
  o[1] = a + b;
  o[2] = a - b;
  o[3] = e + f;
  o[4] = e - f;
  o[5] = 4.0f * d[1] - 5.0f * d[3] + d[5];
}

/* B o */
INLINE void
b (const Vec *o, Vec *d)
{
  Vec s12 = o[1] + o[2], d12 = o[1] - o[2];
  Vec s34 = o[3] + o[4], d34 = o[3] - o[4];

  d[0] = 4.0f * o[0];
  d[1] = 4.0f * (o[5] - d12) - 2.0f * d34;
  d[2] = -5.0f * o[0] - 4.0f * s12 - s34;
  d[3] = d12 + 2.0f * d34 - 5.0f * o[5];
  d[4] = o[0] + s12 + s34;
  d[5] = o[5];
}

/* A' m */
INLINE void
at (const Vec *m, Vec *o)
{
  Vec s12 = m[1] + m[2], d12 = m[1] - m[2];
  Vec s34 = m[3] + m[4], d34 = m[3] - m[4];

  o[0] = m[0] + s12 + s34;
  o[1] = d12 + 2.0f * d34;
  o[2] = s12 + 4.0f * s34;
  o[3] = d12 + 8.0f * d34 + m[5];
}

/* A o */
INLINE void
a (const Vec *o, Vec *m)
{
  Vec even = o[0] + o[2], odd = o[1] + o[3];
  Vec even4 = o[0] + 4.0f * o[2], odd8 = 2.0f * o[1] + 8.0f * o[3];

  m[0] = o[0];
  m[1] = even + odd;
  m[2] = even - odd;
  m[3] = even4 + odd8;
  m[4] = even4 - odd8;
  m[5] = o[3];
}

static void
wino_in (const float *const *d, gint64 c, float *v, gint64 step)
{
  for (gint64 i = 0; i < c; i += LANES)
    {
      Vec t[6][6];

      for (int x = 0; x < 6; x++)
        {
          Vec column[6], o[6];

          for (int y = 0; y < 6; y++)
            column[y] = LOAD (d[6 * y + x] + i);
          bt (column, o);
          for (int y = 0; y < 6; y++)
            t[y][x] = o[y];
        }
      for (int y = 0; y < 6; y++)
        {
          Vec o[6];

          bt (t[y], o);
          for (int x = 0; x < 6; x++)
            STORE (v + (6 * y + x) * step + i, o[x]);
        }
    }
}

static void
wino_in_adjoint (const float *v, gint64 step, gint64 c, float *const *d)
{
  for (gint64 i = 0; i < c; i += LANES)
    {
      Vec t[6][6];

      for (int x = 0; x < 6; x++)
        {
          Vec column[6], o[6];

          for (int y = 0; y < 6; y++)
            column[y] = LOAD (v + (6 * y + x) * step + i);
          b (column, o);
          for (int y = 0; y < 6; y++)
            t[y][x] = o[y];
        }
      for (int y = 0; y < 6; y++)
        {
          Vec o[6];

          b (t[y], o);
          for (int x = 0; x < 6; x++)
            if (d[6 * y + x])
              STORE (d[6 * y + x] + i, LOAD (d[6 * y + x] + i) + o[x]);
        }
    }
}

static void
wino_out (const float *m, gint64 step, gint64 k, const float *bias,
          float *const *y)
{
  for (gint64 i = 0; i < k; i += LANES)
    {
      Vec t[4][6];
      Vec add = { 0 };

      if (bias)
        add = LOAD (bias + i);
      for (int x = 0; x < 6; x++)
        {
          Vec column[6], o[4];

          for (int r = 0; r < 6; r++)
            column[r] = LOAD (m + (6 * r + x) * step + i);
          at (column, o);
          for (int r = 0; r < 4; r++)
            t[r][x] = o[r];
        }
      for (int r = 0; r < 4; r++)
        {
          Vec o[4];

          at (t[r], o);
          for (int x = 0; x < 4; x++)
            if (y[4 * r + x])
              STORE (y[4 * r + x] + i, o[x] + add);
        }
    }
}

static void
wino_out_adjoint (const float *const *y, gint64 k, float *m, gint64 step)
{
  for (gint64 i = 0; i < k; i += LANES)
    {
      Vec t[6][4];

      for (int x = 0; x < 4; x++)
        {
          Vec column[4], o[6];

          for (int r = 0; r < 4; r++)
            column[r] = LOAD (y[4 * r + x] + i);
          a (column, o);
          for (int r = 0; r < 6; r++)
            t[r][x] = o[r];
        }
      for (int r = 0; r < 6; r++)
        {
          Vec o[6];

          a (t[r], o);
          for (int x = 0; x < 6; x++)
            STORE (m + (6 * r + x) * step + i, o[x]);
        }
    }
}

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2 (a, b)
#define TEXT2(a) #a
#define TEXT(a) TEXT2 (a)

extern const PstKernels JOIN (pst_kernels_, PST_ISA);
const PstKernels JOIN (pst_kernels_, PST_ISA) = {
  .name = TEXT (PST_ISA),
  .wino_in = wino_in,
  .wino_in_adjoint = wino_in_adjoint,
  .wino_out = wino_out,
  .wino_out_adjoint = wino_out_adjoint,
};
