/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ops/op-test.h"

/* y[k] = b[k] + sum of w[k, c, i, j] x[g(k) + c, …], written from the
 * formula: pad, enlarge and convolve, one number at a time. */

typedef struct
{
  gint64 stride[2], dilation[2], pads[4], groups, upsample;
  char   mode;
} Geometry;

static Geometry
geometry_of (const PstOpTest *t)
{
  Geometry      g = { { 1, 1 }, { 1, 1 }, { 0, 0, 0, 0 }, 1, 1, 'c' };
  const char   *automatic = pst_node_get_string (t->node, "auto_pad", "");
  int           n;
  const gint64 *v;

  if ((v = pst_node_get_ints (t->node, "strides", &n)))
    memcpy (g.stride, v, sizeof g.stride);
  if ((v = pst_node_get_ints (t->node, "dilations", &n)))
    memcpy (g.dilation, v, sizeof g.dilation);
  if ((v = pst_node_get_ints (t->node, "pads", &n)))
    memcpy (g.pads, v, sizeof g.pads);
  g.groups = pst_node_get_int (t->node, "group", 1);
  g.upsample = pst_node_get_int (t->node, "upsample", 1);
  g.mode = pst_node_get_string (t->node, "pad_mode", "constant")[0];
  for (int i = 0; i < 2 && g_str_has_prefix (automatic, "SAME"); i++)
    {
      gint64 all = (t->out[0].shape.dim[2 + i] - 1) * g.stride[i] +
                   (t->in[1].shape.dim[2 + i] - 1) * g.dilation[i] + 1 -
                   t->in[0].shape.dim[2 + i];

      all = MAX (all, 0);
      g.pads[i] = strcmp (automatic, "SAME_UPPER") == 0 ? all / 2
                                                        : all - all / 2;
    }
  return g;
}

/* Where a coordinate of the enlarged picture lies in the real one, or -1. */
static gint64
mirror (const Geometry *g, gint64 at, gint64 size)
{
  gint64 last = size * g->upsample - 1;

  if (at < 0 || at > last)
    {
      if (g->mode == 'c')
        return -1;
      if (g->mode == 'e')
        at = at < 0 ? 0 : last;
      else
        at = at < 0 ? -at : 2 * last - at;
    }
  return at / g->upsample;
}

static double
one (PstOpTest *t, const Geometry *g, gint64 n, gint64 k, gint64 y, gint64 x)
{
  const gint64 *in = t->in[0].shape.dim;
  const gint64 *w = t->in[1].shape.dim;
  gint64        first = k / (w[0] / g->groups) * w[1];
  double        sum = t->in[2].count ? t->in[2].v[k] : 0.0;

  for (gint64 c = 0; c < w[1]; c++)
    for (gint64 i = 0; i < w[2]; i++)
      for (gint64 j = 0; j < w[3]; j++)
        {
          gint64 u = mirror (g, y * g->stride[0] + i * g->dilation[0] -
                                    g->pads[0], in[2]);
          gint64 v = mirror (g, x * g->stride[1] + j * g->dilation[1] -
                                    g->pads[1], in[3]);

          if (u >= 0 && v >= 0)
            sum += *pst_test_at (&t->in[0], n, first + c, u, v) *
                   *pst_test_at (&t->in[1], k, c, i, j);
        }
  return sum;
}

static void
reference (PstOpTest *t)
{
  const gint64 *out = t->out[0].shape.dim;
  Geometry      g = geometry_of (t);

  for (gint64 n = 0; n < out[0]; n++)
    for (gint64 k = 0; k < out[1]; k++)
      for (gint64 y = 0; y < out[2]; y++)
        for (gint64 x = 0; x < out[3]; x++)
          *pst_test_at (&t->out[0], n, k, y, x) = one (t, &g, n, k, y, x);
}

#define FUSED "pastiche.FusedConv"

static const PstOpCase cases[] = {
  /* im2col */
  { "first-layer", FUSED, 0, "pads=[3,3,3,3] pad_mode=reflect",
    .in = { "float 1x3x6x5", "const float 6x3x7x7" }, .out = { "1x6x6x5" } },
  { "stride-two", FUSED, 0, "pads=[1,1,1,1] strides=[2,2] pad_mode=reflect",
    .in = { "float 2x5x7x6", "float 6x5x3x3", "float 6" },
    .out = { "2x6x4x3" } },
  { "patch", "Conv", 0, "strides=[2,2]",
    .in = { "float 2x3x10x9", "const float 8x3x4x4", "const float 8" },
    .out = { "2x8x4x3" } },
  { "one-by-one", "Conv", 0, "", .in = { "float 2x5x4x3", "float 7x5x1x1" },
    .out = { "2x7x4x3" } },
  { "groups-dilation", "Conv", 0, "group=2 dilations=[2,1] pads=[2,1,2,1]",
    .in = { "float 1x4x6x5", "float 6x2x3x3", "float 6" },
    .out = { "1x6x6x5" } },
  { "depthwise", "Conv", 0, "group=4 pads=[1,1,1,1]",
    .in = { "float 1x4x5x5", "float 4x1x3x3" }, .out = { "1x4x5x5" } },
  { "uneven-pads", "Conv", 0, "pads=[0,2,1,0] strides=[2,1]",
    .in = { "float 1x2x6x5", "float 9x2x3x2" }, .out = { "1x9x3x6" } },
  { "same-upper", "Conv", 0, "auto_pad=SAME_UPPER strides=[2,3]",
    .in = { "float 1x2x7x8", "float 9x2x4x3" }, .out = { "1x9x4x3" } },
  { "same-lower", "Conv", 0, "auto_pad=SAME_LOWER strides=[2,2]",
    .in = { "float 1x2x7x8", "float 9x2x4x4" }, .out = { "1x9x4x4" } },
  { "constant-picture", "Conv", 0, "",
    .in = { "const float 1x3x5x4", "float 9x3x3x3" }, .out = { "1x9x3x2" } },
  { "many-blocks", "Conv", 0, "pads=[1,1,1,1]", .flat = TRUE,
    .in = { "float 1x120x33x31", "const float 20x120x3x3", "const float 20" },
    .out = { "1x20x33x31" }, .tolerance = 1e-5 },
  /* rows */
  { "last-layer", FUSED, 0, "pads=[3,3,3,3] pad_mode=reflect",
    .in = { "float 1x4x6x7", "const float 3x4x7x7", "const float 3" },
    .out = { "1x3x6x7" } },
  { "rows-dilated", "Conv", 0, "dilations=[1,2] strides=[2,1] pads=[1,2,0,1]",
    .in = { "float 2x5x6x9", "float 2x5x3x3", "float 2" },
    .out = { "2x2x3x8" } },
  { "rows-edge", FUSED, 0, "pads=[2,1,2,1] pad_mode=edge",
    .in = { "float 1x4x5x6", "float 3x4x5x3" }, .out = { "1x3x5x6" } },
  { "rows-wide", "Conv", 0, "pads=[0,1,0,1]", .flat = TRUE,
    .in = { "float 1x4x3x1100", "const float 3x4x3x3" },
    .out = { "1x3x1x1100" } },
  /* Winograd */
  { "winograd", "Conv", 0, "pads=[1,1,1,1]",
    .in = { "float 1x16x5x4", "float 16x16x3x3", "float 16" },
    .out = { "1x16x5x4" }, .tolerance = 1e-5 },
  { "winograd-reflect", FUSED, 0, "pads=[1,1,1,1] pad_mode=reflect",
    .in = { "float 1x16x5x6", "const float 32x16x3x3" },
    .out = { "1x32x5x6" }, .tolerance = 1e-5 },
  { "winograd-upsample", FUSED, 0,
    "pads=[1,1,1,1] pad_mode=reflect upsample=2",
    .in = { "float 2x16x3x2", "const float 16x16x3x3", "const float 16" },
    .out = { "2x16x6x4" }, .tolerance = 1e-5 },
  { "winograd-many-blocks", FUSED, 0, "pads=[1,1,1,1] pad_mode=edge",
    .in = { "float 1x64x41x50", "const float 48x64x3x3" },
    .out = { "1x48x41x50" }, .tolerance = 1e-5, .flat = TRUE },
  { "winograd-upsample-zeros", FUSED, 0, "pads=[1,1,1,1] upsample=2",
    .in = { "float 1x32x21x43", "const float 16x32x3x3", "const float 16" },
    .out = { "1x16x42x86" }, .tolerance = 1e-5, .flat = TRUE },
  { "winograd-upsample-edge", FUSED, 0,
    "pads=[1,1,1,1] pad_mode=edge upsample=2",
    .in = { "float 1x16x5x7", "const float 80x16x3x3" },
    .out = { "1x80x10x14" }, .tolerance = 1e-5, .flat = TRUE },
  { "upsample-uneven-pads", FUSED, 0, "pads=[1,2,1,0] upsample=2",
    .in = { "float 1x16x5x7", "const float 16x16x3x3" },
    .out = { "1x16x10x14" }, .tolerance = 1e-5, .flat = TRUE },
  { "upsample-thrice", FUSED, 0, "pads=[1,1,1,1] upsample=3",
    .in = { "float 1x5x4x3", "const float 6x5x3x3" },
    .out = { "1x6x12x9" }, .flat = TRUE },
  /* nested */
  { "nested-first", FUSED, 0, "pads=[4,4,4,4] pad_mode=reflect",
    .in = { "float 1x3x37x110", "const float 20x3x9x9", "const float 20" },
    .out = { "1x20x37x110" }, .tolerance = 1e-5, .flat = TRUE },
  { "nested-last", FUSED, 0, "pads=[4,4,4,4] pad_mode=reflect",
    .in = { "float 1x32x36x101", "const float 3x32x9x9", "const float 3" },
    .out = { "1x3x36x101" }, .tolerance = 2e-5, .flat = TRUE },
  { "nested-five", "Conv", 0, "pads=[2,2,2,2]",
    .in = { "float 2x6x7x9", "float 8x6x5x5", "float 8" },
    .out = { "2x8x7x9" }, .tolerance = 1e-5, .flat = TRUE },
  { "nested-seven-narrow", "Conv", 0, "pads=[0,3,1,2]",
    .in = { "float 1x28x9x13", "const float 2x28x7x6" },
    .out = { "1x2x4x13" }, .tolerance = 1e-5, .flat = TRUE },
  /* refusals */
  { "channels", "Conv", 0, "",
    .in = { "float 1x3x5x5", "float 4x2x3x3" }, .fails = "channels" },
  { "bias", "Conv", 0, "",
    .in = { "float 1x2x5x5", "float 4x2x3x3", "float 3" }, .fails = "bias" },
  { "groups", "Conv", 0, "group=3",
    .in = { "float 1x4x5x5", "float 4x2x3x3" }, .fails = "channels" },
  { "groups-overflow", "Conv", 0, "group=4611686018427387903",
    .in = { "float 1x4x5x5", "float 4x3x3x3" }, .fails = "impossible" },
  { "kernel-too-large", "Conv", 0, "",
    .in = { "float 1x2x5x5", "float 4x2x6x3" }, .fails = "smaller" },
  { "rank", "Conv", 0, "", .in = { "float 1x2x5", "float 4x2x3" },
    .fails = "dimensions" },
  { "negative-pads", "Conv", 0, "pads=[-1,0,0,0]",
    .in = { "float 1x2x5x5", "float 4x2x3x3" }, .fails = "padding" },
  { "zero-stride", "Conv", 0, "strides=[0,1]",
    .in = { "float 1x2x5x5", "float 4x2x3x3" }, .fails = "strides" },
  { "reflect-too-far", FUSED, 0, "pads=[5,5,5,5] pad_mode=reflect",
    .in = { "float 1x2x5x5", "float 4x2x3x3" }, .fails = "too small" },
};

void
pst_test_conv (void)
{
  pst_op_test_add ("/conv", cases, G_N_ELEMENTS (cases), reference);
}
