/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <math.h>

#include "core/ops/arguments.h"
#include "core/ops/loop.h"

/* What operators that apply a function to each number are made of. */

typedef struct
{
  void        *out;
  const void  *x; /* the input, or in backward whichever value is kept */
  const float *g;
  float        a, b; /* attributes: alpha and beta, minimum and maximum */
  PstTileFunc  gradient; /* in backward */
  gboolean     fresh;    /* see PST_OP_CLEARS */
} PstUnary;

/* out = f (x) over a tile; X stands for the element, d->a and d->b for
 * attributes. */
#define DEFINE_FORWARD(name, type, expression)                                \
  static void name (gpointer data, const PstTile *tile)                       \
  {                                                                           \
    const PstUnary *d = data;                                                 \
    const float  a = d->a, b = d->b;                                          \
    gint64       s = tile->step[0], t = tile->step[1];                        \
                                                                              \
    (void) a, (void) b;                                                       \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      {                                                                       \
        type       *out = (type *) d->out + tile->at[0] + r * tile->row[0];   \
        const type *in = (const type *) d->x + tile->at[1] +                  \
                         r * tile->row[1];                                    \
                                                                              \
        if (s == 1 && t == 1)                                                 \
          PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                     \
          {                                                                   \
            const type X = in[i];                                             \
            out[i] = (expression);                                            \
          }                                                                   \
        else                                                                  \
          for (gint64 i = 0; i < tile->n; i++)                                \
            {                                                                 \
              const type X = in[i * t];                                       \
              out[i * s] = (expression);                                      \
            }                                                                 \
      }                                                                       \
  }

/* din += g * f' over a tile; X is the kept value (input or output). */
#define DEFINE_BACKWARD(name, expression)                                     \
  static void name##_gradient_tile (gpointer data, const PstTile *tile)       \
  {                                                                           \
    const PstUnary *d = data;                                                 \
    const float  a = d->a, b = d->b;                                          \
    gint64       s = tile->step[0], t = tile->step[1], u = tile->step[2];     \
                                                                              \
    (void) a, (void) b;                                                       \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      {                                                                       \
        float       *out = (float *) d->out + tile->at[0] +                   \
                           r * tile->row[0];                                  \
        const float *in = (const float *) d->x + tile->at[1] +                \
                          r * tile->row[1];                                   \
        const float *g = d->g + tile->at[2] + r * tile->row[2];               \
                                                                              \
        if (s == 1 && t == 1 && u == 1)                                       \
          PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                     \
          {                                                                   \
            const float X = in[i];                                            \
            (void) X;                                                         \
            out[i] += g[i] * (expression);                                    \
          }                                                                   \
        else                                                                  \
          for (gint64 i = 0; i < tile->n; i++)                                \
            {                                                                 \
              const float X = in[i * t];                                      \
              (void) X;                                                       \
              out[i * s] += g[i * u] * (expression);                          \
            }                                                                 \
      }                                                                       \
  }

/* out[0] = f (in[0]) with one of the tiles above. */
void pst_unary_forward (PstCall *call, PstTileFunc func, float a, float b);
/* din[0] += dout[0] f' (@kept) */
void pst_unary_backward (PstCall *call, const PstTensor *kept,
                         PstTileFunc func, float a, float b);
/* One input of float32, or of float32, int32 or int64. */
gboolean pst_unary_infer_float (PstCall *call, GError **error);
gboolean pst_unary_infer_number (PstCall *call, GError **error);

/* One operator: its file's registry entry and two calls. KEPT is the tensor
 * that the derivative is written in. */
#define DEFINE_OPERATOR(name, type_name, infer_function, tile, alpha, beta,   \
                        kept, mask, backward_ex)                              \
  DEFINE_BACKWARD (name, backward_ex)                                         \
  static void name##_forward (PstCall *call)                                  \
  {                                                                           \
    pst_unary_forward (call, tile, alpha, beta);                              \
  }                                                                           \
  static void name##_backward (PstCall *call)                                 \
  {                                                                           \
    pst_unary_backward (call, kept, name##_gradient_tile, alpha, beta);       \
  }                                                                           \
  const PstOp pst_op_##name = {                                               \
    .domain = "",                                                             \
    .type = type_name,                                                        \
    .infer = infer_function,                                                  \
    .forward = name##_forward,                                                \
    .backward = name##_backward,                                              \
    .keep = mask,                                                             \
    .flags = PST_OP_IN_PLACE | PST_OP_CLEARS,                                 \
  };
#define DEFINE_UNARY(name, type_name, infer_function, alpha, beta, forward_ex, \
                     kept, mask, backward_ex)                                 \
  DEFINE_FORWARD (name##_tile, float, forward_ex)                             \
  DEFINE_OPERATOR (name, type_name, infer_function, name##_tile, alpha, beta, \
                   kept, mask, backward_ex)
/* The same for whole numbers as well. */
#define DEFINE_NUMBER(name, type_name, forward_ex, whole_ex, kept, mask,      \
                      backward_ex)                                            \
  DEFINE_FORWARD (name##_tile, float, forward_ex)                             \
  DEFINE_FORWARD (name##_int32, gint32, whole_ex)                             \
  DEFINE_FORWARD (name##_int64, gint64, whole_ex)                             \
  DEFINE_OPERATOR (name, type_name, pst_unary_infer_number,                   \
                   PICK_TILE (call, name), 0.0f, 0.0f, kept, mask,            \
                   backward_ex)
#define PICK_TILE(call, name)                                                 \
  ((call)->in[0]->dtype == PST_INT32   ? name##_int32                         \
   : (call)->in[0]->dtype == PST_INT64 ? name##_int64                         \
                                       : name##_tile)

#define OF_INPUT call->in[0], PST_KEEP_IN (0)
#define OF_OUTPUT call->out[0], PST_KEEP_OUT (0)
#define OF_NOTHING call->dout[0], 0
#define DEFINE_PLAIN(name, type_name, forward_ex, of, backward_ex)            \
  DEFINE_EXPANDED (name, type_name, pst_unary_infer_float, 0.0f, 0.0f,        \
                   forward_ex, of, backward_ex)
#define DEFINE_EXPANDED(...) DEFINE_UNARY (__VA_ARGS__)
#define DEFINE_WHOLE(...) DEFINE_NUMBER (__VA_ARGS__)

/* e^x to 2 units in the last place, in arithmetic that compilers vectorise:
 * e^x = 2^n e^r with |r| <= ln 2 / 2, e^r by its series to r^7. Beyond what a
 * float holds it goes to 0 or infinity. */
static inline float
exponential (float x)
{
  const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds */
  float       y = x > 89.0f ? 89.0f : x;
  float       n, r, p;
  gint32      power;
  union
  {
    gint32 bits;
    float  number;
  } sum, half, rest;

  y = x < -104.0f ? -104.0f : y;
  sum.number = y * 1.44269504f + magic;
  power = sum.bits - 0x4b400000; /* less magic's bits: the rounded number */
  n = sum.number - magic;
  r = (y - n * 0.693359375f) + n * 2.12194440e-4f;
  p = 1.0f / 5040.0f;
  p = p * r + 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r * r + r + 1.0f;
  /* 2^n in two factors, as n goes beyond the exponents of normal numbers */
  half.bits = (gint32) ((guint32) (power / 2 + 127) << 23);
  rest.bits = (gint32) ((guint32) (power - power / 2 + 127) << 23);
  return p * half.number * rest.number;
}

/* e^x - 1, near 0 by its series, as the difference would lose digits there */
static inline float
exponential_less_one (float x)
{
  float p = 1.0f / 40320.0f;

  p = p * x + 1.0f / 5040.0f;
  p = p * x + 1.0f / 720.0f;
  p = p * x + 1.0f / 120.0f;
  p = p * x + 1.0f / 24.0f;
  p = p * x + 1.0f / 6.0f;
  p = p * x + 0.5f;
  p = p * x * x + x;
  return fabsf (x) < 0.5f ? p : exponential (x) - 1.0f;
}
