/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pow: the exponent may be of another type than the base, which gives the
 * result's. */
#include "core/ops/binary.h"

/* a to the power of a small whole number, exactly the product. */
static gint64
int_power (gint64 a, gint64 b)
{
  guint64 result = 1, base = (guint64) a;

  if (b < 0)
    return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
  for (; b; b >>= 1, base *= base)
    if (b & 1)
      result *= base;
  return (gint64) result;
}

static inline float
power (float a, float b)
{
  return b == 2.0f ? a * a : b == 0.5f ? sqrtf (a) : powf (a, b);
}

/* A whole number to any power; what does not fit becomes the largest. */
static gint64
root (gint64 a, float b)
{
  double result = pow ((double) a, (double) b);

  return result >= 9.2e18    ? G_MAXINT64
         : result <= -9.2e18 ? G_MININT64
         : result == result  ? (gint64) result
                             : 0;
}

#define DEFINE_MIXED(name, a_type, b_type, expression)                        \
  static void name (gpointer data, const PstTile *tile)                       \
  {                                                                           \
    const PstBinary *d = data;                                                \
                                                                              \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      {                                                                       \
        a_type       *out = ROW (a_type, out, 0);                             \
        const a_type *x = ROW (const a_type, a, 1);                           \
        const b_type *y = ROW (const b_type, b, 2);                           \
                                                                              \
        for (gint64 i = 0; i < tile->n; i++)                                  \
          {                                                                   \
            const a_type A = x[i * tile->step[1]];                            \
            const b_type B = y[i * tile->step[2]];                            \
            out[i * tile->step[0]] = (a_type) (expression);                   \
          }                                                                   \
      }                                                                       \
  }

DEFINE_PAIR (float_float, float, power (A, B))
DEFINE_MIXED (float_int32, float, gint32, power (A, (float) B))
DEFINE_MIXED (float_int64, float, gint64, power (A, (float) B))
DEFINE_MIXED (int32_float, gint32, float,
              CLAMP (root (A, B), G_MININT32, G_MAXINT32))
DEFINE_MIXED (int32_int32, gint32, gint32, int_power (A, B))
DEFINE_MIXED (int32_int64, gint32, gint64, int_power (A, B))
DEFINE_MIXED (int64_float, gint64, float, root (A, B))
DEFINE_MIXED (int64_int32, gint64, gint32, int_power (A, B))
DEFINE_MIXED (int64_int64, gint64, gint64, int_power (A, B))

#define BASE_TERM                                                             \
  B == 0 ? 0.0f : G *(float) B *power (A, (float) B - 1.0f)
DEFINE_TERM (base_float, float, BASE_TERM)
DEFINE_TERM (base_int32, gint32, BASE_TERM)
DEFINE_TERM (base_int64, gint64, BASE_TERM)
DEFINE_TERM (exponent, float, A > 0.0f ? G *power (A, B) * logf (A) : 0.0f)

static int
row_of (PstDtype dtype)
{
  return dtype == PST_FLOAT32 ? 0 : dtype == PST_INT32 ? 1 : 2;
}

static void
pow_forward (PstCall *given)
{
  static const PstTileFunc tiles[3][3] = {
    { float_float, float_int32, float_int64 },
    { int32_float, int32_int32, int32_int64 },
    { int64_float, int64_int32, int64_int64 },
  };
  PstAligned  room;
  PstCall    *call = pst_binary_align (given, &room);
  PstTileFunc tile = tiles[row_of (IN_A->dtype)][row_of (IN_B->dtype)];

  pst_binary_forward (call, IN_A, IN_B, tile, tile, tile);
}

static void
pow_backward (PstCall *given)
{
  static const PstTileFunc base_add[] = { base_float_add, base_int32_add,
                                          base_int64_add };
  static const PstTermFunc base_gather[] = { base_float_gather,
                                             base_int32_gather,
                                             base_int64_gather };
  PstAligned room;
  PstCall   *call = pst_binary_align (given, &room);
  int        row = row_of (IN_B->dtype);

  if (call->dout[0] && call->din[0])
    pst_binary_backward (call, 0, IN_A, IN_B, 1.0f, base_add[row],
                         base_gather[row]);
  if (call->dout[0] && call->din[1])
    pst_binary_backward (call, 1, IN_A, IN_B, 1.0f, exponent_add,
                         exponent_gather);
}

const PstOp pst_op_pow = {
  .domain = "",
  .type = "Pow",
  .infer = pst_binary_infer_mixed,
  .scratch = pst_binary_scratch,
  .forward = pow_forward,
  .backward = pow_backward,
  .keep = KEEP_BOTH,
  .flags = PST_OP_IN_PLACE,
};
