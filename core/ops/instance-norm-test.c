/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/ops/op-test.h"

static void
reference (PstOpTest *t)
{
  const PstShape *s = &t->in[0].shape;
  gint64          n = s->dim[0], c = s->dim[1];
  gint64          pixels = t->in[0].count / (n * c);
  gint64          step = t->in[1].count == c ? 0 : c;
  double          epsilon = pst_node_get_float (t->node, "epsilon", 1e-5f);
  gboolean        relu = pst_node_get_int (t->node, "relu", 0) != 0;

  for (gint64 i = 0; i < n * c; i++)
    {
      const double *x = t->in[0].v + i * pixels;
      double       *y = t->out[0].v + i * pixels;
      gint64        at = i / c * step + i % c;
      double        mean = 0.0, variance = 0.0;

      for (gint64 p = 0; p < pixels; p++)
        mean += x[p] / (double) pixels;
      for (gint64 p = 0; p < pixels; p++)
        variance += (x[p] - mean) * (x[p] - mean) / (double) pixels;
      for (gint64 p = 0; p < pixels; p++)
        {
          y[p] = t->in[1].v[at] * (x[p] - mean) / sqrt (variance + epsilon) +
                 t->in[2].v[at];
          if (relu && y[p] < 0.0)
            y[p] = 0.0;
        }
    }
}

#define FUSED "pastiche.FusedInstanceNorm"

static const PstOpCase cases[] = {
  { "plain", "InstanceNormalization", 0, "epsilon=0.01",
    .in = { "float 2x5x4x3", "float 5", "float 5" }, .out = { "2x5x4x3" } },
  { "wide", "InstanceNormalization", 0, "",
    .in = { "float 1x35x5x4", "const float 35", "const float 35" },
    .out = { "1x35x5x4" }, .tolerance = 1e-5 },
  { "far-from-zero", "InstanceNormalization", 0, "", .flat = TRUE,
    .in = { "float 1x3x9x9 in 100..101", "const float 3", "const float 3" },
    .out = { "1x3x9x9" }, .tolerance = 1e-4 },
  { "many-chunks", "InstanceNormalization", 0, "", .flat = TRUE,
    .in = { "float 2x18x61x67", "const float 18", "const float 18" },
    .out = { "2x18x61x67" }, .tolerance = 1e-5 },
  { "line", "InstanceNormalization", 0, "epsilon=0.01",
    .in = { "float 2x3x7", "float 3", "float 3" }, .out = { "2x3x7" } },
  { "line-runs", "InstanceNormalization", 0, "", .flat = TRUE,
    .in = { "float 2x3x2500 in 4..5", "float 3", "float 3" },
    .out = { "2x3x2500" }, .tolerance = 1e-5 },
  { "volume", "InstanceNormalization", 0, "epsilon=0.01",
    .in = { "float 2x3x4x3x5", "float 3", "const float 3" },
    .out = { "2x3x4x3x5" } },
  { "line-constant", "InstanceNormalization", 0, "epsilon=0.01",
    .in = { "const float 2x3x7", "float 3", "float 3" },
    .out = { "2x3x7" } },
  { "constant-picture", "InstanceNormalization", 0, "epsilon=0.01",
    .in = { "const float 2x5x4x3", "float 5", "float 5" },
    .out = { "2x5x4x3" } },
  { "conditional", FUSED, 0, "epsilon=0.01",
    .in = { "float 3x4x3x5", "float 3x4x1x1", "float 3x4x1x1" },
    .out = { "3x4x3x5" } },
  { "shared", FUSED, 0, "epsilon=0.01",
    .in = { "float 2x4x3x5", "float 1x4x1x1", "float 1x4x1x1" },
    .out = { "2x4x3x5" } },
  { "relu", FUSED, 0, "relu=1 epsilon=0.01",
    .in = { "float 2x17x4x3", "float 2x17x1x1", "float 2x17x1x1" },
    .out = { "2x17x4x3" } },
  { "scale", "InstanceNormalization", 0, "",
    .in = { "float 2x5x4x3", "float 4", "float 5" }, .fails = "channels" },
  { "samples", FUSED, 0, "",
    .in = { "float 3x5x4x3", "float 2x5x1x1", "float 2x5x1x1" },
    .fails = "channels" },
  { "differ", FUSED, 0, "",
    .in = { "float 3x5x4x3", "float 3x5x1x1", "float 1x5x1x1" },
    .fails = "differ" },
  { "flat", "InstanceNormalization", 0, "",
    .in = { "float 2x5", "float 5", "float 5" }, .fails = "dimensions" },
};

void
pst_test_instance_norm (void)
{
  pst_op_test_add ("/instance-norm", cases, G_N_ELEMENTS (cases), reference);
}
