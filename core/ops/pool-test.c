/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/ops/op-test.h"

/* Three axes, whatever the rank: those before the input's are of size 1. */
typedef struct
{
  gint64 kernel[3], stride[3], dilation[3], before[3], after[3];
  gint64 in[3], out[3];
} Window;

static void
read_axes (const PstOpTest *t, const char *name, gint64 *values)
{
  int           n, axes = t->in[0].shape.rank - 2;
  const gint64 *v = pst_node_get_ints (t->node, name, &n);

  for (int i = 0; i < 3; i++)
    values[i] = v && i >= 3 - axes ? v[i - 3 + axes] : 1;
}

static Window
window_of (const PstOpTest *t)
{
  Window        w = { 0 };
  int           n, rank = t->in[0].shape.rank;
  const gint64 *pads = pst_node_get_ints (t->node, "pads", &n);
  const char   *mode = pst_node_get_string (t->node, "auto_pad", "NOTSET");

  read_axes (t, "kernel_shape", w.kernel);
  read_axes (t, "strides", w.stride);
  read_axes (t, "dilations", w.dilation);
  for (int i = 0; i < 3; i++)
    {
      int    dim = rank - 3 + i;
      gint64 all;

      w.in[i] = dim < 2 ? 1 : t->in[0].shape.dim[dim];
      w.out[i] = dim < 2 ? 1 : t->out[0].shape.dim[dim];
      if (pads && dim >= 2)
        {
          w.before[i] = pads[dim - 2];
          w.after[i] = pads[rank - 2 + dim - 2];
        }
      if (! g_str_has_prefix (mode, "SAME"))
        continue;
      all = (w.out[i] - 1) * w.stride[i] +
            (w.kernel[i] - 1) * w.dilation[i] + 1 - w.in[i];
      w.before[i] = strcmp (mode, "SAME_UPPER") == 0 ? all / 2
                                                     : (all + 1) / 2;
      w.after[i] = all - w.before[i];
    }
  return w;
}

typedef struct
{
  double best, sum, power, n;
  gint64 place; /* of the first best */
} Sums;

static void
add_element (PstOpTest *t, const Window *w, gint64 row, const gint64 *at,
             Sums *sums)
{
  gboolean count_pad =
      pst_node_get_int (t->node, "count_include_pad", 0) != 0;
  gboolean inside = TRUE;
  gint64   place = 0, first = 0, all = w->in[0] * w->in[1] * w->in[2];
  double   v;

  for (int i = 0; i < 3; i++)
    {
      if (at[i] >= w->in[i] + w->after[i])
        {
          /* beyond the padding, in ceil mode */
          sums->n += count_pad && t->opset < 19;
          return;
        }
      inside = inside && at[i] >= 0 && at[i] < w->in[i];
      place = place * w->in[i] + at[i];
      first = first * w->in[2 - i] + at[2 - i];
    }
  sums->n += inside || count_pad;
  if (! inside)
    return;
  v = t->in[0].v[row * all + place];
  sums->sum += v;
  sums->power += pow (fabs (v), (double) pst_node_get_int (t->node, "p", 2));
  if (v > sums->best)
    sums->place = row * all + (pst_node_get_int (t->node, "storage_order", 0)
                                   ? first
                                   : place);
  sums->best = fmax (sums->best, v);
}

static void
pool_point (PstOpTest *t, const Window *w, gint64 index)
{
  gint64      all = w->out[0] * w->out[1] * w->out[2];
  gint64      from[3], rest = index % all;
  const char *type = t->node->op->type;
  Sums        sums = { .best = -INFINITY };

  for (int i = 2; i >= 0; rest /= w->out[i--])
    from[i] = rest % w->out[i] * w->stride[i] - w->before[i];
  for (gint64 k = 0; k < w->kernel[0] * w->kernel[1] * w->kernel[2]; k++)
    {
      gint64 at[3], left = k;

      for (int i = 2; i >= 0; left /= w->kernel[i--])
        at[i] = from[i] + left % w->kernel[i] * w->dilation[i];
      add_element (t, w, index / all, at, &sums);
    }
  t->out[0].v[index] = strcmp (type, "MaxPool") == 0 ? sums.best
                       : strcmp (type, "LpPool") == 0
                           ? pow (sums.power,
                                  1.0 / pst_node_get_int (t->node, "p", 2))
                           : sums.sum / sums.n;
  if (t->n_out > 1)
    t->out[1].v[index] = (double) sums.place;
}

static void
reference (PstOpTest *t)
{
  Window w = window_of (t);

  for (gint64 i = 0; i < t->out[0].count; i++)
    pool_point (t, &w, i);
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
  { "rank", op, 0, "kernel_shape=[2,2]", .in = { "float 3x4" },             \
    .fails = "dimensions" },                                                  \
  { "line", op, 0, "kernel_shape=[3] strides=[2] pads=[1,0]",                 \
    .in = { "float 2x3x11" }, .out = { "2x3x5" } },                           \
  { "volume", op, 0,                                                          \
    "kernel_shape=[2,3,2] strides=[1,2,2] pads=[1,1,0,0,1,1]",                \
    .in = { "float 2x3x4x5x6" }, .out = { "2x3x4x3x3" } },                    \
  { "volume-dilated", op, 19,                                                 \
    "kernel_shape=[2,2,3] dilations=[2,1,2] ceil_mode=1 strides=[2,2,2]",     \
    .in = { "float 1x66x5x4x7" }, .out = { "1x66x2x2x2" } },                  \
  { "numbers", op, 0, "kernel_shape=[2,2]", .in = { "float 3x4x5" },          \
    .fails = "kernel_shape" },                                                \
  { "huge", op, 0,                                                            \
    "kernel_shape=[2,2] dilations=[9223372036854775807,1]",                   \
    .in = { "float " MAP }, .fails = "dilations" }

static const PstOpCase cases[] = {
  BOTH ("MaxPool"),
  BOTH ("AveragePool"),
  { "places", "MaxPool", 0,
    "kernel_shape=[3,2] strides=[2,1] pads=[1,0,1,1]",
    .in = { "float " MAP }, .out = { "2x3x3x9", "2x3x3x9" } },
  { "places-columns", "MaxPool", 0, "kernel_shape=[2,2] storage_order=1",
    .in = { "float 2x70x4x5" }, .out = { "2x70x3x4", "2x70x3x4" } },
  { "places-line", "MaxPool", 0, "kernel_shape=[4]",
    .in = { "float 2x3x9" }, .out = { "2x3x6", "2x3x6" } },
  { "places-volume", "MaxPool", 0, "kernel_shape=[2,2,2] storage_order=1",
    .in = { "float 1x2x3x4x5" }, .out = { "1x2x2x3x4", "1x2x2x3x4" } },
  { "places-equal", "MaxPool", 0, "kernel_shape=[2,2]", .flat = TRUE,
    .in = { "float 1x1x3x3 = 1 1 1 1 1 1 1 1 2" },
    .out = { "1x1x2x2", "1x1x2x2" } },
  { "two", "LpPool", 18, "kernel_shape=[2,3] strides=[2,1] pads=[0,1,0,1]",
    .in = { "float " MAP }, .out = { "2x3x3x9" } },
  { "one", "LpPool", 18, "kernel_shape=[2,3] p=1 dilations=[2,1]",
    .in = { "float " MAP }, .out = { "2x3x4x7" } },
  { "three", "LpPool", 11, "kernel_shape=[3] p=3 auto_pad=SAME_LOWER",
    .in = { "float 2x3x8" }, .out = { "2x3x8" } },
  { "zero", "LpPool", 11, "kernel_shape=[3] p=0", .in = { "float 2x3x8" },
    .fails = "p = 0" },
  { "count", "AveragePool", 0,
    "kernel_shape=[3,3] pads=[1,1,1,1] count_include_pad=1",
    .in = { "float " MAP }, .out = { MAP } },
  { "count-ceil-19", "AveragePool", 19,
    "kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1] ceil_mode=1 "
    "count_include_pad=1",
    .in = { "float " MAP }, .out = { "2x3x4x5" } },
  { "same-lower-apart", "MaxPool", 0,
    "kernel_shape=[1,2] strides=[3,3] auto_pad=SAME_LOWER",
    .in = { "float 2x3x6x8" }, .out = { "2x3x2x3" } },
  { "same-upper-apart", "AveragePool", 0,
    "kernel_shape=[1,1] strides=[3,4] auto_pad=SAME_UPPER",
    .in = { "float 2x3x6x9" }, .out = { "2x3x2x3" } },
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
