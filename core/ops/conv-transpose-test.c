/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ops/op-test.h"

typedef struct
{
  gint64 stride[2], dilation[2], before[2], groups;
} Setting;

/* The padding at the begin follows from the size in the table. */
static Setting
setting_of (const PstOpTest *t)
{
  Setting       s = { { 1, 1 }, { 1, 1 }, { 0, 0 }, 1 };
  int           n;
  const gint64 *v;
  const char   *mode = pst_node_get_string (t->node, "auto_pad", "NOTSET");
  gint64        more[2] = { 0, 0 };

  s.groups = pst_node_get_int (t->node, "group", 1);
  if ((v = pst_node_get_ints (t->node, "strides", &n)))
    memcpy (s.stride, v, sizeof s.stride);
  if ((v = pst_node_get_ints (t->node, "dilations", &n)))
    memcpy (s.dilation, v, sizeof s.dilation);
  if ((v = pst_node_get_ints (t->node, "output_padding", &n)))
    memcpy (more, v, sizeof more);
  if ((v = pst_node_get_ints (t->node, "pads", &n)))
    memcpy (s.before, v, sizeof s.before);
  else
    for (int i = 0; i < 2; i++)
      {
        gint64 full = (t->in[0].shape.dim[2 + i] - 1) * s.stride[i] +
                      (t->in[1].shape.dim[2 + i] - 1) * s.dilation[i] + 1 +
                      more[i];
        gint64 all = MAX (0, full - t->out[0].shape.dim[2 + i]);

        s.before[i] =
            strcmp (mode, "SAME_UPPER") == 0 ? all / 2 : all - all / 2;
      }
  if (strcmp (mode, "VALID") == 0 && ! pst_node_attr (t->node, "output_shape"))
    s.before[0] = s.before[1] = 0;
  return s;
}

/* Adds what one input pixel gives. */
static void
add_pixel (PstOpTest *t, const Setting *s, gint64 b, gint64 c, gint64 y,
           gint64 x)
{
  const gint64 *w = t->in[1].shape.dim, *out = t->out[0].shape.dim;
  gint64        group = c / (w[0] / s->groups);

  for (gint64 m = 0; m < w[1]; m++)
    for (gint64 ky = 0; ky < w[2]; ky++)
      for (gint64 kx = 0; kx < w[3]; kx++)
        {
          gint64 u = y * s->stride[0] + ky * s->dilation[0] - s->before[0];
          gint64 v = x * s->stride[1] + kx * s->dilation[1] - s->before[1];

          if (u >= 0 && v >= 0 && u < out[2] && v < out[3])
            *pst_test_at (&t->out[0], b, group * w[1] + m, u, v) +=
                *pst_test_at (&t->in[0], b, c, y, x) *
                *pst_test_at (&t->in[1], c, m, ky, kx);
        }
}

static void
reference (PstOpTest *t)
{
  const gint64 *in = t->in[0].shape.dim, *out = t->out[0].shape.dim;
  Setting       s = setting_of (t);

  for (gint64 i = 0; i < t->out[0].count; i++)
    t->out[0].v[i] =
        t->n_in > 2 ? t->in[2].v[i / out[3] / out[2] % out[1]] : 0.0;
  for (gint64 b = 0; b < in[0]; b++)
    for (gint64 c = 0; c < in[1]; c++)
      for (gint64 y = 0; y < in[2]; y++)
        for (gint64 x = 0; x < in[3]; x++)
          add_pixel (t, &s, b, c, y, x);
}

#define MAP "float 2x4x5x6"
#define BIG "9223372036854775807"

static const PstOpCase cases[] = {
  { "plain", "ConvTranspose", .in = { MAP, "float 4x3x3x3" },
    .out = { "2x3x7x8" } },
  { "bias", "ConvTranspose", .in = { MAP, "float 4x3x3x2", "float 3" },
    .out = { "2x3x7x7" } },
  { "stride", "ConvTranspose", 0, "strides=[2,2] pads=[1,1,1,1]",
    .in = { MAP, "float 4x3x3x3", "float 3" }, .out = { "2x3x9x11" } },
  { "output-padding", "ConvTranspose", 0,
    "strides=[2,2] pads=[1,1,1,1] output_padding=[1,1]",
    .in = { MAP, "float 4x3x3x3", "float 3" }, .out = { "2x3x10x12" } },
  { "uneven", "ConvTranspose", 0, "strides=[3,1] pads=[0,1,2,0]",
    .in = { MAP, "float 4x3x2x3" }, .out = { "2x3x12x7" } },
  { "dilated", "ConvTranspose", 0, "dilations=[2,3] strides=[1,2]",
    .in = { MAP, "float 4x2x3x2" }, .out = { "2x2x9x14" } },
  { "groups", "ConvTranspose", 0, "group=2 strides=[2,2]",
    .in = { MAP, "float 4x3x3x3", "float 6" }, .out = { "2x6x11x13" } },
  { "depthwise", "ConvTranspose", 0, "group=4 strides=[2,2]",
    .in = { MAP, "float 4x1x2x2" }, .out = { "2x4x10x12" } },
  { "winml", "ConvTranspose", 7,
    "auto_pad=VALID output_shape=[12,14] strides=[2,2] kernel_shape=[3,3]",
    .in = { MAP, "const float 4x3x3x3", "const float 3" },
    .out = { "2x3x12x14" } },
  { "smaller", "ConvTranspose", 0, "output_shape=[8,9] strides=[2,2]",
    .in = { MAP, "float 4x3x3x3" }, .out = { "2x3x8x9" } },
  { "same-upper", "ConvTranspose", 0, "auto_pad=SAME_UPPER strides=[2,2]",
    .in = { MAP, "float 4x3x3x3" }, .out = { "2x3x10x12" } },
  { "same-lower", "ConvTranspose", 0, "auto_pad=SAME_LOWER strides=[2,2]",
    .in = { MAP, "float 4x3x3x3" }, .out = { "2x3x10x12" } },
  { "one", "ConvTranspose", .in = { "float 1x1x1x1", "float 1x5x4x4" },
    .out = { "1x5x4x4" } },
  { "point", "ConvTranspose", .in = { MAP, "float 4x3x1x1", "float 3" },
    .out = { "2x3x5x6" } },
  { "constant-map", "ConvTranspose", 0, "group=2 strides=[2,2]",
    .in = { "const float 2x4x5x6", "float 4x3x3x3" },
    .out = { "2x6x11x13" } },
  { "large", "ConvTranspose", 0,
    "strides=[2,2] pads=[1,1,1,1] output_padding=[1,1]",
    .in = { "float 1x16x20x21", "const float 16x8x3x3", "float 8" },
    .out = { "1x8x40x42" }, .tolerance = 1e-5 },
  { "channels", "ConvTranspose", .in = { MAP, "float 3x3x3x3" },
    .fails = "do not fit to a map" },
  { "bias-size", "ConvTranspose",
    .in = { MAP, "float 4x3x3x3", "float 4" }, .fails = "its bias" },
  { "group", "ConvTranspose", 0, "group=3", .in = { MAP, "float 4x3x3x3" },
    .fails = "do not fit to a map" },
  { "pads", "ConvTranspose", 0, "pads=[9,9,9,9]",
    .in = { MAP, "float 4x3x3x3" }, .fails = "gives no result" },
  { "kernel", "ConvTranspose", 0, "kernel_shape=[2,2]",
    .in = { MAP, "float 4x3x3x3" }, .fails = "kernel_shape" },
  { "huge-stride", "ConvTranspose", 0, "strides=[" BIG "," BIG "]",
    .in = { MAP, "float 4x3x3x3" }, .fails = "strides" },
  { "shape", "ConvTranspose", 0, "output_shape=[" BIG "," BIG "]",
    .in = { MAP, "float 4x3x3x3" }, .fails = "gives no result" },
  { "empty", "ConvTranspose", .in = { "float 0x4x5x6", "float 4x3x3x3" },
    .fails = "cannot be worked on" },
};

/* Lines: one number for each attribute. */
static gint64
line_number (const PstOpTest *t, const char *name, gint64 fallback)
{
  int           n;
  const gint64 *v = pst_node_get_ints (t->node, name, &n);

  return v ? v[0] : fallback;
}

static void
line_reference (PstOpTest *t)
{
  const gint64 *in = t->in[0].shape.dim, *w = t->in[1].shape.dim;
  const gint64 *out = t->out[0].shape.dim;
  gint64        stride = line_number (t, "strides", 1);
  gint64        dilation = line_number (t, "dilations", 1);
  gint64        each = w[0] / pst_node_get_int (t->node, "group", 1);

  for (gint64 i = 0; i < t->out[0].count; i++)
    t->out[0].v[i] = t->n_in > 2 ? t->in[2].v[i / out[2] % out[1]] : 0.0;
  for (gint64 i = 0; i < t->in[0].count * w[1] * w[2]; i++)
    {
      gint64 k = i % w[2], m = i / w[2] % w[1], from = i / w[2] / w[1];
      gint64 x = from % in[2], c = from / in[2] % in[1];
      gint64 b = from / in[2] / in[1];
      gint64 to = x * stride + k * dilation - line_number (t, "pads", 0);

      if (to >= 0 && to < out[2])
        t->out[0].v[(b * out[1] + c / each * w[1] + m) * out[2] + to] +=
            t->in[0].v[from] * t->in[1].v[(c * w[1] + m) * w[2] + k];
    }
}

static const PstOpCase lines[] = {
  { "line", "ConvTranspose", .in = { "float 2x4x7", "float 4x3x3" },
    .out = { "2x3x9" } },
  { "line-stride", "ConvTranspose", 0,
    "strides=[2] pads=[1,2] output_padding=[1] kernel_shape=[3]",
    .in = { "float 2x4x7", "float 4x3x3", "float 3" },
    .out = { "2x3x13" } },
  { "line-groups", "ConvTranspose", 0, "group=2 dilations=[2] strides=[3]",
    .in = { "float 2x4x5", "float 4x2x3", "float 4" },
    .out = { "2x4x17" } },
  { "line-size", "ConvTranspose", 0, "strides=[2] output_shape=[16]",
    .in = { "float 1x2x7", "float 2x1x3" }, .out = { "1x1x16" } },
  { "line-one", "ConvTranspose", .in = { "float 2x1x1", "float 1x3x4" },
    .out = { "2x3x4" } },
  { "line-weights", "ConvTranspose",
    .in = { "float 2x4x7", "float 4x3x3x1" }, .fails = "must have 3" },
  { "line-numbers", "ConvTranspose", 0, "strides=[2,2]",
    .in = { "float 2x4x7", "float 4x3x3" }, .fails = "strides" },
  { "volume", "ConvTranspose",
    .in = { "float 2x4x5x6x7", "float 4x3x3x1x1" },
    .fails = "must have 3 to 4" },
};

void
pst_test_conv_transpose (void)
{
  pst_op_test_add ("conv-transpose", cases, G_N_ELEMENTS (cases), reference);
  pst_op_test_add ("conv-transpose", lines, G_N_ELEMENTS (lines),
                   line_reference);
}
