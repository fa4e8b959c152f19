/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ImageScaler, BatchNormalization, Softmax and LogSoftmax. */
#include <math.h>
#include <string.h>

#include "core/ops/op-test.h"

/* The channel of element @i: the place along axis 1. */
static gint64
channel_of (const PstShape *shape, gint64 i)
{
  for (int k = shape->rank - 1; k > 1; k--)
    i /= shape->dim[k];
  return i % shape->dim[1];
}

static void
scaler_reference (PstOpTest *t)
{
  int          n;
  const float *bias = pst_node_get_floats (t->node, "bias", &n);

  for (gint64 i = 0; i < t->in[0].count; i++)
    t->out[0].v[i] =
        pst_node_get_float (t->node, "scale", 1.0f) * t->in[0].v[i] +
        (bias ? bias[channel_of (&t->in[0].shape, i)] : 0.0);
}

#define MAP "2x3x5x7"

static const PstOpCase scalers[] = {
  { "caffe", "ImageScaler", 7, "scale=2.0 bias=[-103.9,-116.7,-123.6]",
    .in = { "float " MAP }, .out = { MAP } },
  { "plain", "ImageScaler", 7, .in = { "float " MAP }, .out = { MAP } },
  { "constant", "ImageScaler", 7, "bias=[1.0,2.0,3.0]",
    .in = { "const float " MAP }, .out = { MAP } },
  { "count", "ImageScaler", 7, "bias=[1.0,2.0]", .in = { "float " MAP },
    .fails = "has 2 biases" },
};

static void
norm_reference (PstOpTest *t)
{
  double epsilon = pst_node_get_float (t->node, "epsilon", 1e-5f);

  for (gint64 i = 0; i < t->in[0].count; i++)
    {
      gint64 c = channel_of (&t->in[0].shape, i);

      t->out[0].v[i] = t->in[1].v[c] * (t->in[0].v[i] - t->in[3].v[c]) /
                           sqrt (t->in[4].v[c] + epsilon) +
                       t->in[2].v[c];
    }
}

#define STATISTICS(n) "const float " n, "const float " n " in 0.2..2"

static const PstOpCase norms[] = {
  { "map", "BatchNormalization", 0, "epsilon=0.01",
    .in = { "float " MAP, "float 3", "float 3", STATISTICS ("3") },
    .out = { MAP } },
  { "running", "BatchNormalization", 0, "epsilon=0.01",
    .in = { "float " MAP, "float 3", "float 3", "float 3",
            "float 3 in 0.2..2" },
    .out = { MAP } },
  { "large", "BatchNormalization", 0, NULL,
    .in = { "float 2x8x90x100", "float 8", "float 8", STATISTICS ("8") },
    .out = { "2x8x90x100" } },
  { "matrix", "BatchNormalization", 0, NULL,
    .in = { "float 4x6", "float 6", "float 6", STATISTICS ("6") },
    .out = { "4x6" } },
  { "constant", "BatchNormalization", 0, NULL,
    .in = { "const float " MAP, "const float 3", "const float 3",
            STATISTICS ("3") },
    .out = { MAP } },
  { "training", "BatchNormalization", 15, "training_mode=1",
    .in = { "float " MAP, "float 3", "float 3", STATISTICS ("3") },
    .fails = "after training" },
  { "size", "BatchNormalization", 0, NULL,
    .in = { "float " MAP, "float 3", "float 4", STATISTICS ("3") },
    .fails = "its input 3 of size 4" },
  { "line", "BatchNormalization", 0, NULL,
    .in = { "float 3", "float 3", "float 3", STATISTICS ("3") },
    .fails = "no channels" },
};

/* Row of element @i: its place in the axes that are not normalised. */
static void
softmax_reference (PstOpTest *t)
{
  const PstShape *shape = &t->in[0].shape;
  int axis = (int) pst_node_get_int (t->node, "axis", t->opset < 13 ? 1 : -1);

  axis = axis < 0 ? axis + shape->rank : axis;
  for (gint64 i = 0; i < t->in[0].count; i++)
    {
      double sum = 0.0;

      for (gint64 j = 0; j < t->in[0].count; j++)
        {
          gint64   a = i, b = j;
          gboolean same = TRUE;

          for (int k = shape->rank - 1; k >= 0; k--)
            {
              gboolean in = k == axis || (t->opset < 13 && k > axis);

              same = same && (in || a % shape->dim[k] == b % shape->dim[k]);
              a /= shape->dim[k];
              b /= shape->dim[k];
            }
          sum += same ? exp (t->in[0].v[j]) : 0.0;
        }
      t->out[0].v[i] = strcmp (t->node->op->type, "Softmax") == 0
                           ? exp (t->in[0].v[i]) / sum
                           : t->in[0].v[i] - log (sum);
    }
}

#define SOFTMAX(op)                                                           \
  { "last", op, .in = { "float 2x3x4x3 in -5..5" }, .out = { "2x3x4x3" } },   \
  { "channel", op, 0, "axis=1", .in = { "float 2x3x4x3" },                    \
    .out = { "2x3x4x3" } },                                                   \
  { "plain", op, 0, "axis=0", .in = { "float 4x5" }, .out = { "4x5" } },      \
  { "old", op, 11, .in = { "float 2x3x4x3" }, .out = { "2x3x4x3" } },         \
  { "old-last", op, 11, "axis=-1", .in = { "float 2x3x4x3" },                 \
    .out = { "2x3x4x3" } },                                                   \
  { "old-constant", op, 11, .in = { "const float 2x3x4x3" },                  \
    .out = { "2x3x4x3" } },                                                   \
  { "axis", op, 0, "axis=4", .in = { "float 2x3x4x3" }, .fails = "axis 4" }

static const PstOpCase softmaxes[] = {
  SOFTMAX ("Softmax"),
  SOFTMAX ("LogSoftmax"),
};

void
pst_test_channel (void)
{
  pst_op_test_add ("channel", scalers, G_N_ELEMENTS (scalers),
                   scaler_reference);
  pst_op_test_add ("channel", norms, G_N_ELEMENTS (norms), norm_reference);
  pst_op_test_add ("channel", softmaxes, G_N_ELEMENTS (softmaxes),
                   softmax_reference);
}
