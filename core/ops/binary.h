/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <math.h>

#include "core/ops/arguments.h"
#include "core/ops/loop.h"

/* What operators on several tensors with numpy's broadcasting are made of. */

typedef struct
{
  void       *out;
  const void *a, *b;
  const void *g;
  float       scale;
} PstBinary;

#define ROW(type, field, k)                                                   \
  ((type *) d->field + tile->at[k] + r * tile->row[k])

/* out = f (A, B) over a tile. */
#define DEFINE_PAIR(name, type, expression)                                   \
  static void name (gpointer data, const PstTile *tile)                       \
  {                                                                           \
    const PstBinary *d = data;                                                \
    gint64 s = tile->step[0], t = tile->step[1], u = tile->step[2];           \
                                                                              \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      {                                                                       \
        type       *out = ROW (type, out, 0);                                 \
        const type *x = ROW (const type, a, 1);                               \
        const type *y = ROW (const type, b, 2);                               \
                                                                              \
        if (s == 1 && t == 1 && u == 1)                                       \
          PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                     \
          {                                                                   \
            const type A = x[i], B = y[i];                                    \
            out[i] = (expression);                                            \
          }                                                                   \
        else if (s == 1 && t == 1 && u == 0)                                  \
          {                                                                   \
            const type B = *y;                                                \
            PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                   \
            {                                                                 \
              const type A = x[i];                                            \
              out[i] = (expression);                                          \
            }                                                                 \
          }                                                                   \
        else if (s == 1 && t == 0 && u == 1)                                  \
          {                                                                   \
            const type A = *x;                                                \
            PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                   \
            {                                                                 \
              const type B = y[i];                                            \
              out[i] = (expression);                                          \
            }                                                                 \
          }                                                                   \
        else                                                                  \
          for (gint64 i = 0; i < tile->n; i++)                                \
            {                                                                 \
              const type A = x[i * t], B = y[i * u];                          \
              out[i * s] = (expression);                                      \
            }                                                                 \
      }                                                                       \
  }

/* A term of a gradient: G is the result's gradient, A and B two values that
 * the derivative needs. Once added to a gradient of the result's shape, once
 * gathered over what was broadcast. */
#define DEFINE_TERM(name, b_type, expression)                                 \
  static void name##_add (gpointer data, const PstTile *tile)                 \
  {                                                                           \
    const PstBinary *d = data;                                                \
    gint64 s = tile->step[0], v = tile->step[1], t = tile->step[2],           \
           u = tile->step[3];                                                 \
                                                                              \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      {                                                                       \
        float       *out = ROW (float, out, 0);                               \
        const float *g = ROW (const float, g, 1);                             \
        const float *x = ROW (const float, a, 2);                             \
        const b_type *y = ROW (const b_type, b, 3);                           \
                                                                              \
        if (s == 1 && v == 1 && t == 1 && u == 1)                             \
          PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                     \
          {                                                                   \
            const float  G = g[i], A = x[i];                                  \
            const b_type B = y[i];                                            \
            (void) A, (void) B;                                               \
            out[i] += (expression);                                           \
          }                                                                   \
        else                                                                  \
          PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                     \
          {                                                                   \
            const float  G = g[i * v], A = x[i * t];                          \
            const b_type B = y[i * u];                                        \
            (void) A, (void) B;                                               \
            out[i * s] += (expression);                                       \
          }                                                                   \
      }                                                                       \
  }                                                                           \
  static void name##_gather (gpointer data, const PstTile *tile, double *acc) \
  {                                                                           \
    const PstBinary *d = data;                                                \
    gint64 s = tile->step[0], v = tile->step[1], t = tile->step[2],           \
           u = tile->step[3];                                                 \
                                                                              \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      {                                                                       \
        double      *sum = acc + tile->at[0] + r * tile->row[0];              \
        const float *g = ROW (const float, g, 1);                             \
        const float *x = ROW (const float, a, 2);                             \
        const b_type *y = ROW (const b_type, b, 3);                           \
                                                                              \
        if (s == 1)                                                           \
          PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                     \
          {                                                                   \
            const float  G = g[i * v], A = x[i * t];                          \
            const b_type B = y[i * u];                                        \
            (void) A, (void) B;                                               \
            sum[i] += (expression);                                           \
          }                                                                   \
        else                                                                  \
          {                                                                   \
            double one = 0.0;                                                 \
            for (gint64 i = 0; i < tile->n; i++)                              \
              {                                                               \
                const float  G = g[i * v], A = x[i * t];                      \
                const b_type B = y[i * u];                                    \
                (void) A, (void) B;                                           \
                one += (expression);                                          \
              }                                                               \
            *sum += one;                                                      \
          }                                                                   \
      }                                                                       \
  }

/**
 * PstAligned:
 *
 * A call whose second input is laid along the first one's axes as opsets
 * before 7 say it: from the axis named in "axis" on.
 */
typedef struct
{
  PstCall    call;
  PstTensor  b, db;
  PstTensor *in[2];
  PstTensor *din[2];
} PstAligned;

/* Returns: (transfer none): @call, or one in @room where that is needed */
PstCall *pst_binary_align (const PstCall *call, PstAligned *room);
/* Two inputs of one type that fit together, numbers. */
gboolean pst_binary_infer (PstCall *call, GError **error);
/* The same for any two types; the first is the result's. */
gboolean pst_binary_infer_mixed (PstCall *call, GError **error);
/* out[0] = f (x, y) with the tile for its type. */
void     pst_binary_forward (PstCall *call, const PstTensor *x,
                             const PstTensor *y, PstTileFunc f, PstTileFunc i32,
                             PstTileFunc i64);
/* Adds the terms made of @x and @y to the gradient of input @i. */
void     pst_binary_backward (PstCall *call, int i, const PstTensor *x,
                              const PstTensor *y, float scale, PstTileFunc add,
                              PstTermFunc gather);
/* Scratch for what pst_binary_backward() gathers, with any of the inputs and
 * the output as @x and @y. */
void     pst_binary_scratch (const PstCall *call, gsize *shared,
                             gsize *per_worker);

/* TERM_A and TERM_B: gradient terms; XA, YA, XB, YB: what they read. */
#define DEFINE_BINARY(name, type_name, infer_function, mask, float_ex,        \
                      int_ex, term_a, xa, ya, term_b, xb, yb)                 \
  DEFINE_PAIR (name##_float, float, float_ex)                                 \
  DEFINE_PAIR (name##_int32, gint32, int_ex)                                  \
  DEFINE_PAIR (name##_int64, gint64, int_ex)                                  \
  DEFINE_TERM (name##_a, float, term_a)                                       \
  DEFINE_TERM (name##_b, float, term_b)                                       \
  static void name##_forward (PstCall *given)                                 \
  {                                                                           \
    PstAligned room;                                                          \
    PstCall   *call = pst_binary_align (given, &room);                        \
                                                                              \
    pst_binary_forward (call, IN_A, IN_B, name##_float, name##_int32,         \
                        name##_int64);                                        \
  }                                                                           \
  static void name##_backward (PstCall *given)                                \
  {                                                                           \
    PstAligned       room;                                                    \
    PstCall         *call = pst_binary_align (given, &room);                  \
    const PstTensor *g = call->dout[0];                                       \
                                                                              \
    if (g && call->din[0])                                                    \
      pst_binary_backward (call, 0, xa, ya, 1.0f, name##_a_add,               \
                           name##_a_gather);                                  \
    if (g && call->din[1])                                                    \
      pst_binary_backward (call, 1, xb, yb, 1.0f, name##_b_add,               \
                           name##_b_gather);                                  \
  }                                                                           \
  const PstOp pst_op_##name = {                                               \
    .domain = "",                                                             \
    .type = type_name,                                                        \
    .infer = infer_function,                                                  \
    .scratch = pst_binary_scratch,                                            \
    .forward = name##_forward,                                                \
    .backward = name##_backward,                                              \
    .keep = mask,                                                             \
    .flags = PST_OP_IN_PLACE,                                                 \
  };

#define IN_A call->in[0]
#define IN_B call->in[1]
#define KEEP_BOTH (PST_KEEP_IN (0) | PST_KEEP_IN (1))

/* Whole numbers wrap around instead of overflowing. */
#define WRAP(op) (typeof (A)) ((guint64) A op (guint64) B)
