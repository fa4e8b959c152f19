/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LayerNormalization, GroupNormalization, LRN, LpNormalization. */
#include <math.h>
#include <string.h>

#include "core/ops/op-test.h"

#define ATTRIBUTE(type, name, fallback)                                       \
  pst_node_get_##type (t->node, name, fallback)

/* Mean 0 and variance 1 for @n numbers. */
static void
normalise (const double *x, double *y, gint64 n, double epsilon,
           double *mean_at, double *inverse_at)
{
  double mean = 0.0, variance = 0.0;

  for (gint64 i = 0; i < n; i++)
    mean += x[i] / (double) n;
  for (gint64 i = 0; i < n; i++)
    variance += (x[i] - mean) * (x[i] - mean) / (double) n;
  for (gint64 i = 0; i < n; i++)
    y[i] = (x[i] - mean) / sqrt (variance + epsilon);
  if (mean_at)
    *mean_at = mean;
  if (inverse_at)
    *inverse_at = 1.0 / sqrt (variance + epsilon);
}

static void
layer_reference (PstOpTest *t)
{
  const PstShape *shape = &t->in[0].shape;
  int             axis = (int) ATTRIBUTE (int, "axis", -1);
  gint64          n = 1;

  for (int i = axis < 0 ? axis + shape->rank : axis; i < shape->rank; i++)
    n *= shape->dim[i];
  for (gint64 i = 0; i < t->in[0].count; i += n)
    normalise (t->in[0].v + i, t->out[0].v + i, n,
               ATTRIBUTE (float, "epsilon", 1e-5f),
               t->n_out > 1 ? t->out[1].v + i / n : NULL,
               t->n_out > 2 ? t->out[2].v + i / n : NULL);
  for (gint64 i = 0; i < t->in[0].count; i++)
    {
      t->out[0].v[i] *= t->in[1].v[pst_test_broadcast (&t->in[1], shape, i)];
      if (t->n_in > 2)
        t->out[0].v[i] += t->in[2].v[pst_test_broadcast (&t->in[2], shape, i)];
    }
}

static void
group_reference (PstOpTest *t)
{
  const PstShape *shape = &t->in[0].shape;
  gint64          groups = ATTRIBUTE (int, "num_groups", 1);
  gint64          each = t->in[0].count / shape->dim[0] / groups;
  gint64          pixels = each / (shape->dim[1] / groups);

  for (gint64 i = 0; i < t->in[0].count; i += each)
    normalise (t->in[0].v + i, t->out[0].v + i, each,
               ATTRIBUTE (float, "epsilon", 1e-5f), NULL, NULL);
  for (gint64 i = 0; i < t->in[0].count; i++)
    {
      gint64 channel = i / pixels % shape->dim[1];
      gint64 at = channel * t->in[1].count / shape->dim[1];

      t->out[0].v[i] = t->out[0].v[i] * t->in[1].v[at] + t->in[2].v[at];
    }
}

#define MAP "2x6x5x7"
#define EPSILON "epsilon=0.01"

static const PstOpCase layers[] = {
  { "last", "LayerNormalization", 0, EPSILON,
    .in = { "float 2x3x8", "float 8", "float 8" }, .out = { "2x3x8" } },
  { "map", "LayerNormalization", 0, EPSILON " axis=-3",
    .in = { "float " MAP, "float 6x5x7", "float 6x5x7" }, .out = { MAP } },
  { "row", "LayerNormalization", 0, EPSILON,
    .in = { "float " MAP, "float 7", "float 7" }, .out = { MAP } },
  { "plane", "LayerNormalization", 0, EPSILON " axis=2",
    .in = { "float " MAP, "float 5x7", "float 5x1" }, .out = { MAP } },
  { "all", "LayerNormalization", 0, EPSILON " axis=0",
    .in = { "float " MAP, "float scalar", "float 7" }, .out = { MAP } },
  { "no-shift", "LayerNormalization", 0, EPSILON,
    .in = { "float 4x8", "float 8" }, .out = { "4x8" } },
  { "constant", "LayerNormalization", 0, EPSILON,
    .in = { "const float " MAP, "const float 7", "const float 7" },
    .out = { MAP } },
  { "statistics", "LayerNormalization", 0, EPSILON " axis=2",
    .in = { "float " MAP, "float 5x7", "float 5x7" },
    .out = { MAP, "2x6x1x1", "2x6x1x1" }, .flat = TRUE },
  { "large", "LayerNormalization", 0, EPSILON " axis=1", .flat = TRUE,
    .in = { "float 2x5x150x181", "const float 181", "const float 181" },
    .out = { "2x5x150x181" }, .tolerance = 1e-5 },
  { "far-from-zero", "LayerNormalization", 0, NULL, .flat = TRUE,
    .in = { "float 4x80 in 100..101", "const float 80", "const float 80" },
    .out = { "4x80" }, .tolerance = 1e-4 },
  { "scale", "LayerNormalization", 0, NULL,
    .in = { "float 4x8", "float 7", "float 8" }, .fails = "does not fit" },
  { "wide", "LayerNormalization", 0, NULL,
    .in = { "float 8", "float 4x8", "float 8" }, .fails = "does not fit" },
  { "whole", "LayerNormalization", 0, NULL,
    .in = { "float 4x8", "float 8", "int64 8" }, .fails = "does not fit" },
  { "axis", "LayerNormalization", 0, "axis=2",
    .in = { "float 4x8", "float 8", "float 8" }, .fails = "axis 2" },
  { "empty", "LayerNormalization", 0, NULL,
    .in = { "float 0x8", "float 8", "float 8" }, .fails = "empty" },
};

static const PstOpCase groups[] = {
  { "channels", "GroupNormalization", 21, EPSILON " num_groups=3",
    .in = { "float " MAP, "float 6", "float 6" }, .out = { MAP } },
  { "groups", "GroupNormalization", 18, EPSILON " num_groups=3",
    .in = { "float " MAP, "float 3", "float 3" }, .out = { MAP } },
  { "one", "GroupNormalization", 21, EPSILON " num_groups=1",
    .in = { "float " MAP, "float 6", "float 6" }, .out = { MAP } },
  { "each", "GroupNormalization", 21, EPSILON " num_groups=6",
    .in = { "float " MAP, "float 6", "float 6" }, .out = { MAP } },
  { "line", "GroupNormalization", 21, EPSILON " num_groups=2",
    .in = { "float 2x4x9", "float 4", "float 4" }, .out = { "2x4x9" } },
  { "volume", "GroupNormalization", 21, EPSILON " num_groups=2",
    .in = { "float 2x4x3x2x3", "float 4", "float 4" },
    .out = { "2x4x3x2x3" } },
  { "matrix", "GroupNormalization", 21, EPSILON " num_groups=2",
    .in = { "float 2x8", "float 8", "float 8" }, .out = { "2x8" } },
  { "constant", "GroupNormalization", 21, EPSILON " num_groups=2",
    .in = { "const float " MAP, "const float 6", "const float 6" },
    .out = { MAP } },
  { "large", "GroupNormalization", 21, EPSILON " num_groups=4", .flat = TRUE,
    .in = { "float 1x8x110x181", "const float 8", "const float 8" },
    .out = { "1x8x110x181" }, .tolerance = 1e-5 },
  { "uneven", "GroupNormalization", 21, "num_groups=4",
    .in = { "float " MAP, "float 6", "float 6" }, .fails = "4 groups" },
  { "none", "GroupNormalization", 21, NULL,
    .in = { "float " MAP, "float 6", "float 6" }, .fails = "0 groups" },
  { "scale", "GroupNormalization", 21, "num_groups=2",
    .in = { "float " MAP, "float 5", "float 6" }, .fails = "does not fit" },
};

static void
lrn_reference (PstOpTest *t)
{
  const PstShape *shape = &t->in[0].shape;
  gint64 size = ATTRIBUTE (int, "size", 1), c = shape->dim[1];
  gint64 step = t->in[0].count / (shape->dim[0] * c);

  for (gint64 i = 0; i < t->in[0].count; i++)
    {
      gint64 at = i / step % c;
      gint64 first = MAX (0, at - (size - 1) / 2);
      gint64 last = MIN (c - 1, at + size / 2);
      double sum = 0.0;

      for (gint64 k = first; k <= last; k++)
        sum += pow (t->in[0].v[i + (k - at) * step], 2.0);
      t->out[0].v[i] =
          t->in[0].v[i] / pow (ATTRIBUTE (float, "bias", 1.0f) +
                                   ATTRIBUTE (float, "alpha", 1e-4f) /
                                       (double) size * sum,
                               ATTRIBUTE (float, "beta", 0.75f));
    }
}

static const PstOpCase lrns[] = {
  { "default", "LRN", 0, "size=3", .in = { "float " MAP " in -9..9" },
    .out = { MAP } },
  { "strong", "LRN", 0, "size=5 alpha=2.0 beta=0.6 bias=0.5",
    .in = { "float " MAP }, .out = { MAP } },
  { "half", "LRN", 0, "size=3 alpha=2.0 beta=0.5",
    .in = { "float " MAP }, .out = { MAP } },
  { "even", "LRN", 0, "size=4 alpha=1.5", .in = { "float " MAP },
    .out = { MAP } },
  { "wide", "LRN", 0, "size=99 alpha=1.5", .in = { "float " MAP },
    .out = { MAP } },
  { "line", "LRN", 0, "size=3 alpha=1.5", .in = { "float 2x6x5" },
    .out = { "2x6x5" } },
  { "constant", "LRN", 0, "size=3", .in = { "const float " MAP },
    .out = { MAP } },
  { "many", "LRN", 0, "size=3 alpha=1.5", .in = { "float 1x3x90x91" },
    .out = { "1x3x90x91" } },
  { "size", "LRN", 0, "size=0", .in = { "float " MAP }, .fails = "size" },
  { "flat", "LRN", 0, "size=3", .in = { "float 6" }, .fails = "no channels" },
};

static void
lp_reference (PstOpTest *t)
{
  const PstShape *shape = &t->in[0].shape;
  int    axis = (int) ATTRIBUTE (int, "axis", -1);
  int    p = (int) ATTRIBUTE (int, "p", 2);
  gint64 step = 1, n;

  axis = axis < 0 ? axis + shape->rank : axis;
  n = shape->dim[axis];
  for (int i = axis + 1; i < shape->rank; i++)
    step *= shape->dim[i];
  for (gint64 i = 0; i < t->in[0].count; i++)
    {
      const double *x = t->in[0].v + i / step / n * n * step + i % step;
      double        sum = 0.0;

      for (gint64 k = 0; k < n; k++)
        sum += pow (fabs (x[k * step]), p);
      sum = pow (sum, 1.0 / p);
      t->out[0].v[i] = sum > 0.0 ? t->in[0].v[i] / sum : 0.0;
    }
}

static const PstOpCase lps[] = {
  { "default", "LpNormalization", .in = { "float " MAP }, .out = { MAP } },
  { "channel", "LpNormalization", 0, "axis=1", .in = { "float " MAP },
    .out = { MAP } },
  { "one", "LpNormalization", 0, "axis=1 p=1", .in = { "float " MAP },
    .out = { MAP } },
  { "first", "LpNormalization", 0, "axis=0", .in = { "float 4x5" },
    .out = { "4x5" } },
  { "constant", "LpNormalization", 0, "axis=1", .in = { "const float " MAP },
    .out = { MAP } },
  { "large", "LpNormalization", 0, "axis=1", .flat = TRUE,
    .in = { "float 1x3x150x181" }, .out = { "1x3x150x181" } },
  { "zeros", "LpNormalization", 0, "axis=1", .flat = TRUE,
    .in = { "float 2x2 = 0 0 3 4" }, .out = { "2x2" } },
  { "three", "LpNormalization", 0, "p=3", .in = { "float 4" },
    .fails = "norm 3" },
  { "axis", "LpNormalization", 0, "axis=4", .in = { "float " MAP },
    .fails = "axis 4" },
};

void
pst_test_layer_norm (void)
{
  pst_op_test_add ("layer-norm", layers, G_N_ELEMENTS (layers),
                   layer_reference);
  pst_op_test_add ("layer-norm", groups, G_N_ELEMENTS (groups),
                   group_reference);
  pst_op_test_add ("layer-norm", lrns, G_N_ELEMENTS (lrns), lrn_reference);
  pst_op_test_add ("layer-norm", lps, G_N_ELEMENTS (lps), lp_reference);
}
