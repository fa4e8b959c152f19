/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/ops/op-test.h"

typedef struct
{
  gint64 kernel[2], stride[2], dilation[2], before[2], after[2];
} Window;

static Window
window_of (const PstOpTest *t)
{
  Window        w = { { 1, 1 }, { 1, 1 }, { 1, 1 }, { 0, 0 }, { 0, 0 } };
  int           n;
  const gint64 *v;
  const char   *mode = pst_node_get_string (t->node, "auto_pad", "NOTSET");

  if ((v = pst_node_get_ints (t->node, "kernel_shape", &n)))
    memcpy (w.kernel, v, sizeof w.kernel);
  if ((v = pst_node_get_ints (t->node, "strides", &n)))
    memcpy (w.stride, v, sizeof w.stride);
  if ((v = pst_node_get_ints (t->node, "dilations", &n)))
    memcpy (w.dilation, v, sizeof w.dilation);
  if ((v = pst_node_get_ints (t->node, "pads", &n)))
    {
      memcpy (w.before, v, sizeof w.before);
      memcpy (w.after, v + 2, sizeof w.after);
    }
  for (int i = 0; i < 2 && g_str_has_prefix (mode, "SAME"); i++)
    {
      gint64 all = (t->out[0].shape.dim[2 + i] - 1) * w.stride[i] +
                   (w.kernel[i] - 1) * w.dilation[i] + 1 -
                   t->in[0].shape.dim[2 + i];

      all = MAX (all, 0);
      w.before[i] = strcmp (mode, "SAME_UPPER") == 0 ? all / 2
                                                     : all - all / 2;
      w.after[i] = all - w.before[i];
    }
  return w;
}

static void
pool_point (PstOpTest *t, const Window *w, gint64 b, gint64 c, gint64 y,
            gint64 x)
{
  gboolean count_pad =
      pst_node_get_int (t->node, "count_include_pad", 0) != 0;
  const gint64 *in = t->in[0].shape.dim;
  double        best = -INFINITY, sum = 0.0, n = 0.0;

  for (gint64 i = 0; i < w->kernel[0]; i++)
    for (gint64 j = 0; j < w->kernel[1]; j++)
      {
        gint64 u = y * w->stride[0] - w->before[0] + i * w->dilation[0];
        gint64 v = x * w->stride[1] - w->before[1] + j * w->dilation[1];

        if (u >= in[2] + w->after[0] || v >= in[3] + w->after[1])
          continue; /* beyond the padding, in ceil mode */
        n += count_pad;
        if (u < 0 || v < 0 || u >= in[2] || v >= in[3])
          continue;
        n += ! count_pad;
        sum += *pst_test_at (&t->in[0], b, c, u, v);
        best = fmax (best, *pst_test_at (&t->in[0], b, c, u, v));
      }
  *pst_test_at (&t->out[0], b, c, y, x) =
      strcmp (t->node->op->type, "MaxPool") == 0 ? best : sum / n;
}

static void
reference (PstOpTest *t)
{
  const gint64 *out = t->out[0].shape.dim;
  Window        w = window_of (t);

  for (gint64 b = 0; b < out[0]; b++)
    for (gint64 c = 0; c < out[1]; c++)
      for (gint64 y = 0; y < out[2]; y++)
        for (gint64 x = 0; x < out[3]; x++)
          pool_point (t, &w, b, c, y, x);
}

#define MAP "2x3x6x9"

#define BOTH(op)                                                              \
  { "two", op, 0, "kernel_shape=[2,2] strides=[2,2]",                         \
    .in = { "float " MAP }, .out = { "2x3x3x4" } },                           \
  { "three", op, 0, "kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1]",        \
    .in = { "float " MAP }, .out = { "2x3x3x5" } },                           \
  { "overlap", op, 0, "kernel_shape=[3,2] pads=[1,0,0,1]",                    \
    .in = { "float " MAP }, .out = { "2x3x5x9" } },                           \
  { "ceil", op, 0, "kernel_shape=[2,2] strides=[2,2] ceil_mode=1",            \
    .in = { "float " MAP }, .out = { "2x3x3x5" } },                           \
  { "ceil-pad", op, 0,                                                        \
    "kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1] ceil_mode=1",            \
    .in = { "float " MAP }, .out = { "2x3x4x5" } },                           \
  { "dilated", op, 19, "kernel_shape=[2,3] dilations=[3,2] pads=[1,2,1,0]",   \
    .in = { "float " MAP }, .out = { "2x3x5x7" } },                           \
  { "same-upper", op, 0,                                                      \
    "kernel_shape=[3,4] strides=[2,3] auto_pad=SAME_UPPER",                   \
    .in = { "float " MAP }, .out = { "2x3x3x3" } },                           \
  { "same-lower", op, 0, "kernel_shape=[2,4] auto_pad=SAME_LOWER",            \
    .in = { "float " MAP }, .out = { MAP } },                                 \
  { "valid", op, 0, "kernel_shape=[2,4] auto_pad=VALID",                      \
    .in = { "float " MAP }, .out = { "2x3x5x6" } },                           \
  { "many", op, 0, "kernel_shape=[2,2] strides=[2,2]",                        \
    .in = { "float 1x70x4x6" }, .out = { "1x70x2x3" } },                      \
  { "many-overlap", op, 0, "kernel_shape=[3,3]",                              \
    .in = { "float 1x70x4x6" }, .out = { "1x70x2x4" } },                      \
  { "constant", op, 0, "kernel_shape=[2,2]",                                  \
    .in = { "const float " MAP }, .out = { "2x3x5x8" } },                     \
  { "large-kernel", op, 0, "kernel_shape=[7,2]", .in = { "float " MAP },      \
    .fails = "does not fit" },                                                \
  { "kernel", op, .in = { "float " MAP }, .fails = "kernel_shape" },          \
  { "stride", op, 0, "kernel_shape=[2,2] strides=[0,1]",                      \
    .in = { "float " MAP }, .fails = "strides" },                             \
  { "pads", op, 0, "kernel_shape=[2,2] pads=[2,0,0,0]",                       \
    .in = { "float " MAP }, .fails = "does not fit" },                        \
  { "rank", op, 0, "kernel_shape=[2,2]", .in = { "float 3x4x5" },             \
    .fails = "dimensions" },                                                  \
  { "huge", op, 0,                                                            \
    "kernel_shape=[2,2] dilations=[9223372036854775807,1]",                   \
    .in = { "float " MAP }, .fails = "dilations" }

static const PstOpCase cases[] = {
  BOTH ("MaxPool"),
  BOTH ("AveragePool"),
  { "count", "AveragePool", 0,
    "kernel_shape=[3,3] pads=[1,1,1,1] count_include_pad=1",
    .in = { "float " MAP }, .out = { MAP } },
  { "count-ceil", "AveragePool", 0,
    "kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1] ceil_mode=1 "
    "count_include_pad=1",
    .in = { "float " MAP }, .out = { "2x3x4x5" } },
};

void
pst_test_pool (void)
{
  pst_op_test_add ("pool", cases, G_N_ELEMENTS (cases), reference);
}
