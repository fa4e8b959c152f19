/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gram and TotalVariation. */
#include <math.h>
#include <string.h>

#include "core/ops/op-test.h"

static void
gram_reference (PstOpTest *t)
{
  const gint64 *dim = t->in[0].shape.dim;
  gint64        n = dim[2] * dim[3], c = dim[1];

  for (gint64 b = 0; b < dim[0]; b++)
    for (gint64 i = 0; i < c; i++)
      for (gint64 j = 0; j < c; j++)
        {
          double sum = 0.0;

          for (gint64 k = 0; k < n; k++)
            sum += t->in[0].v[(b * c + i) * n + k] *
                   t->in[0].v[(b * c + j) * n + k];
          t->out[0].v[(b * c + i) * c + j] = sum / (double) n;
        }
}

static const PstOpCase grams[] = {
  { "small", "pastiche.Gram", .in = { "float 2x3x5x7" },
    .out = { "2x3x3" } },
  { "one", "pastiche.Gram", .in = { "float 1x5x1x1" }, .out = { "1x5x5" } },
  { "large", "pastiche.Gram", .in = { "float 2x4x70x90" },
    .out = { "2x4x4" } },
  { "constant", "pastiche.Gram", .in = { "const float 2x3x5x7" },
    .out = { "2x3x3" } },
  { "constant-large", "pastiche.Gram", .in = { "const float 1x3x65x70" },
    .out = { "1x3x3" } },
  { "empty", "pastiche.Gram", .in = { "float 2x0x5x7" },
    .fails = "cannot be worked on" },
  { "rank", "pastiche.Gram", .in = { "float 2x5x7" },
    .fails = "dimensions" },
};

static void
variation_reference (PstOpTest *t)
{
  const gint64 *dim = t->in[0].shape.dim;

  for (gint64 b = 0; b < dim[0]; b++)
    {
      double dx = 0.0, dy = 0.0, nx = 0.0, ny = 0.0;

      for (gint64 c = 0; c < dim[1]; c++)
        for (gint64 y = 0; y < dim[2]; y++)
          for (gint64 x = 0; x < dim[3]; x++)
            {
              double at = *pst_test_at (&t->in[0], b, c, y, x);

              if (x + 1 < dim[3] && ++nx > 0.0)
                dx += fabs (*pst_test_at (&t->in[0], b, c, y, x + 1) - at);
              if (y + 1 < dim[2] && ++ny > 0.0)
                dy += fabs (*pst_test_at (&t->in[0], b, c, y + 1, x) - at);
            }
      t->out[0].v[b] = dx / fmax (nx, 1.0) + dy / fmax (ny, 1.0);
    }
}

static const PstOpCase variations[] = {
  { "small", "pastiche.TotalVariation", .in = { "float 2x3x5x7" },
    .out = { "2" } },
  { "line", "pastiche.TotalVariation", .in = { "float 2x3x1x7" },
    .out = { "2" } },
  { "column", "pastiche.TotalVariation", .in = { "float 2x3x5x1" },
    .out = { "2" } },
  { "point", "pastiche.TotalVariation", .in = { "float 2x3x1x1" },
    .out = { "2" } },
  { "large", "pastiche.TotalVariation", .in = { "float 2x3x90x100" },
    .out = { "2" } },
  { "wide", "pastiche.TotalVariation", .in = { "float 1x3x3x1500" },
    .out = { "1" } },
  { "constant", "pastiche.TotalVariation", .in = { "const float 2x3x5x7" },
    .out = { "2" } },
  { "empty", "pastiche.TotalVariation", .in = { "float 2x3x0x7" },
    .fails = "cannot be worked on" },
};

void
pst_test_loss (void)
{
  pst_op_test_add ("loss", grams, G_N_ELEMENTS (grams), gram_reference);
  pst_op_test_add ("loss", variations, G_N_ELEMENTS (variations),
                   variation_reference);
}
