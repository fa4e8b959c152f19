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
  { "winograd-four", "Conv", 0, "pads=[1,1,1,1]",
    .in = { "float 1x16x6x5", "float 16x16x4x4", "float 16" },
    .out = { "1x16x5x4" }, .tolerance = 1e-5 },
  { "winograd-four-few", "Conv", 0, "",
    .in = { "float 2x16x8x9", "float 7x16x4x4", "float 7" },
    .out = { "2x7x5x6" }, .tolerance = 1e-5 },
  { "winograd-four-many-blocks", FUSED, 0, "pads=[2,1,1,2] pad_mode=reflect",
    .in = { "float 1x64x41x50", "const float 48x64x4x4", "const float 48" },
    .out = { "1x48x41x50" }, .tolerance = 1e-5, .flat = TRUE },
  { "upsample-uneven-pads", FUSED, 0, "pads=[1,2,1,0] upsample=2",
    .in = { "float 1x16x5x7", "const float 16x16x3x3" },
    .out = { "1x16x10x14" }, .tolerance = 1e-5, .flat = TRUE },
  { "upsample-thrice", FUSED, 0, "pads=[1,1,1,1] upsample=3",
    .in = { "float 1x5x4x3", "const float 6x5x3x3" },
    .out = { "1x6x12x9" }, .flat = TRUE },
  /* strided */
  { "strided", FUSED, 0, "pads=[1,1,1,1] strides=[2,2] pad_mode=reflect",
    .in = { "float 2x16x31x34", "const float 32x16x3x3", "const float 32" },
    .out = { "2x32x16x17" }, .tolerance = 1e-5, .flat = TRUE },
  { "strided-many-blocks", FUSED, 0, "pads=[1,1,1,1] strides=[2,2]",
    .in = { "float 1x64x66x132", "const float 80x64x3x3" },
    .out = { "1x80x33x66" }, .tolerance = 1e-5, .flat = TRUE },
  { "strided-uneven-pads", FUSED, 0,
    "pads=[0,2,1,0] strides=[2,2] pad_mode=edge",
    .in = { "float 1x32x40x29", "float 48x32x3x3", "float 48" },
    .out = { "1x48x20x15" }, .tolerance = 1e-5, .flat = TRUE },
  { "strided-none", "Conv", 0, "strides=[2,2]",
    .in = { "float 1x16x33x65", "const float 16x16x3x3" },
    .out = { "1x16x16x32" }, .tolerance = 1e-5, .flat = TRUE },
  { "strided-upsample", FUSED, 0, "pads=[1,1,1,1] strides=[2,2] upsample=2",
    .in = { "float 1x16x17x20", "const float 16x16x3x3" },
    .out = { "1x16x17x20" }, .tolerance = 1e-5, .flat = TRUE },
  { "strided-four", "Conv", 0, "pads=[1,1,1,1] strides=[2,2]",
    .in = { "float 1x32x34x31", "const float 48x32x4x4", "const float 48" },
    .out = { "1x48x17x15" }, .tolerance = 1e-5, .flat = TRUE },
  { "strided-four-reflect", FUSED, 0,
    "pads=[1,2,2,1] strides=[2,2] pad_mode=reflect",
    .in = { "float 2x16x40x64", "float 16x16x4x4" },
    .out = { "2x16x20x32" }, .tolerance = 1e-5, .flat = TRUE },
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
    .in = { "float 1x28x9x47", "const float 2x28x7x6" },
    .out = { "1x2x4x47" }, .tolerance = 1e-5, .flat = TRUE },
  { "nested-one", "Conv", 0, "pads=[4,4,4,4]",
    .in = { "float 1x8x35x161", "const float 1x8x9x9", "const float 1" },
    .out = { "1x1x35x161" }, .tolerance = 2e-5, .flat = TRUE },
  { "nested-four", FUSED, 0, "pads=[4,5,6,5] pad_mode=edge",
    .in = { "float 1x16x104x31", "const float 4x16x11x12" },
    .out = { "1x4x104x30" }, .tolerance = 2e-5, .flat = TRUE },
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
  { "rank", "Conv", 0, "", .in = { "float 1x2", "float 4x2" },
    .fails = "dimensions" },
  { "negative-pads", "Conv", 0, "pads=[-1,0,0,0]",
    .in = { "float 1x2x5x5", "float 4x2x3x3" }, .fails = "padding" },
  { "zero-stride", "Conv", 0, "strides=[0,1]",
    .in = { "float 1x2x5x5", "float 4x2x3x3" }, .fails = "strides" },
  { "reflect-too-far", FUSED, 0, "pads=[5,5,5,5] pad_mode=reflect",
    .in = { "float 1x2x5x5", "float 4x2x3x3" }, .fails = "too small" },
  { "upsample", FUSED, 0, "upsample=4611686018427387904",
    .in = { "float 1x2x6x5", "float 4x2x3x3" }, .fails = "impossible" },
};

/* Lines and volumes, by three axes of which the first may not be there. */

static void
volume_numbers (const PstOpTest *t, const char *name, gint64 fallback,
                gint64 *values)
{
  int           n, axes = t->in[0].shape.rank - 2;
  const gint64 *v = pst_node_get_ints (t->node, name, &n);

  for (int i = 0; i < 3; i++)
    values[i] = v && i >= 3 - axes ? v[i - 3 + axes] : fallback;
}

/* Sizes along the three axes. */
static void
volume_sizes (const PstTestTensor *x, gint64 *size)
{
  for (int i = 0; i < 3; i++)
    {
      int dim = x->shape.rank - 3 + i;

      size[i] = dim < 2 ? 1 : x->shape.dim[dim];
    }
}

/* Place of tap @tap of result @at in the input's channel, -1 outside. */
static gint64
volume_place (const PstOpTest *t, gint64 at, gint64 tap)
{
  gint64 in[3], out[3], kernel[3], stride[3], dilation[3], pads[3];
  gint64 place = 0, step = 1;

  volume_sizes (&t->in[0], in);
  volume_sizes (&t->in[1], kernel);
  volume_sizes (&t->out[0], out);
  volume_numbers (t, "strides", 1, stride);
  volume_numbers (t, "dilations", 1, dilation);
  volume_numbers (t, "pads", 0, pads);
  for (int i = 2; i >= 0; i--)
    {
      gint64 x = at % out[i] * stride[i] + tap % kernel[i] * dilation[i] -
                 pads[i];

      if (x < 0 || x >= in[i])
        return -1;
      place += x * step;
      step *= in[i];
      at /= out[i];
      tap /= kernel[i];
    }
  return place;
}

static void
volume_reference (PstOpTest *t)
{
  const gint64 *w = t->in[1].shape.dim;
  gint64        each = w[0] / pst_node_get_int (t->node, "group", 1);
  gint64        channels = t->in[0].shape.dim[1];
  gint64        in = t->in[0].count / (t->in[0].shape.dim[0] * channels);
  gint64        out = t->out[0].count / (t->in[0].shape.dim[0] * w[0]);
  gint64        taps = t->in[1].count / (w[0] * w[1]);

  for (gint64 i = 0; i < t->out[0].count; i++)
    {
      gint64 k = i / out % w[0], b = i / out / w[0];

      t->out[0].v[i] = t->n_in > 2 ? t->in[2].v[k] : 0.0;
      for (gint64 r = 0; r < w[1] * taps; r++)
        {
          gint64 place = volume_place (t, i % out, r % taps);
          gint64 c = k / each * w[1] + r / taps;

          if (place >= 0)
            t->out[0].v[i] += t->in[1].v[k * w[1] * taps + r] *
                              t->in[0].v[(b * channels + c) * in + place];
        }
    }
}

static const PstOpCase volumes[] = {
  { "line", "Conv", 0, "", .in = { "float 2x3x9", "float 4x3x3", "float 4" },
    .out = { "2x4x7" } },
  { "line-strides", "Conv", 0,
    "kernel_shape=[3] strides=[2] dilations=[2] pads=[3,1] group=2",
    .in = { "float 2x4x9", "float 6x2x3" }, .out = { "2x6x5" } },
  { "line-wide-padding", "Conv", 0, "pads=[2,2]",
    .in = { "float 1x2x3", "float 3x2x1", "float 3" }, .out = { "1x3x7" } },
  { "line-same", "Conv", 0, "auto_pad=SAME_UPPER",
    .in = { "float 1x2x8", "float 3x2x2" }, .out = { "1x3x8" } },
  { "line-blocks", "Conv", 0, "pads=[10,10]", .flat = TRUE,
    .in = { "float 1x50x600", "float 8x50x21" }, .out = { "1x8x600" },
    .tolerance = 1e-5 },
  { "volume", "Conv", 0, "pads=[1,0,1,0,1,2] strides=[1,2,1]",
    .in = { "float 2x3x4x5x6", "float 4x3x2x3x2", "float 4" },
    .out = { "2x4x4x2x8" } },
  { "volume-groups", "Conv", 0, "group=3 dilations=[2,1,1]",
    .in = { "float 1x6x4x3x3", "const float 3x2x2x2x1" },
    .out = { "1x3x2x2x3" } },
  { "line-kernel", "Conv", 0, "kernel_shape=[2]",
    .in = { "float 1x2x8", "float 3x2x3" }, .fails = "kernel_shape" },
  { "line-weights", "Conv", 0, "",
    .in = { "float 1x2x8", "float 3x2x3x1" }, .fails = "do not fit" },
  { "line-channels", "Conv", 0, "",
    .in = { "float 1x4x8", "float 3x2x3" }, .fails = "do not fit" },
  { "line-bias", "Conv", 0, "",
    .in = { "float 1x2x8", "float 3x2x3", "float 2" },
    .fails = "its bias" },
  { "line-short", "Conv", 0, "", .in = { "float 1x2x2", "float 3x2x3" },
    .fails = "does not fit" },
};

void
pst_test_conv (void)
{
  pst_op_test_add ("/conv", cases, G_N_ELEMENTS (cases), reference);
  pst_op_test_add ("conv-volume", volumes, G_N_ELEMENTS (volumes),
                   volume_reference);
}
