/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Project and Match. */
#include <math.h>
#include <stdlib.h>

#include "core/ops/op-test.h"

static double
project_patch (PstOpTest *t, gint64 b, gint64 k, gint64 y, gint64 x,
               gint64 size)
{
  gint64 channels = t->in[0].shape.dim[1];
  double sum = 0.0;

  for (gint64 j = 0; j < size; j++)
    for (gint64 i = 0; i < size; i++)
      for (gint64 c = 0; c < channels; c++)
        sum += *pst_test_at (&t->in[0], b, c, y + j, x + i) *
               t->in[1].v[((k * size + j) * size + i) * channels + c];
  return sum;
}

static void
project_reference (PstOpTest *t)
{
  const gint64 *dim = t->in[0].shape.dim;
  gint64        size = pst_node_get_int (t->node, "size", 7);
  gint64        stride = pst_node_get_int (t->node, "stride", 1);
  gint64        top = ((gint64) t->in[2].v[0] % stride + stride) % stride;
  gint64        left = ((gint64) t->in[2].v[1] % stride + stride) % stride;
  gint64        columns = (dim[3] - size + 1) / stride;
  gint64        k = t->out[0].shape.dim[1], n = t->out[0].shape.dim[2];

  for (gint64 b = 0; b < dim[0]; b++)
    for (gint64 d = 0; d < k; d++)
      for (gint64 i = 0; i < n; i++)
        t->out[0].v[(b * k + d) * n + i] =
            project_patch (t, b, d, top + i / columns * stride,
                           left + i % columns * stride, size);
}

static const PstOpCase projects[] = {
  { "small", "pastiche.Project", .attrs = "size=3",
    .in = { "float 2x3x5x6", "const float 4x27", "int64 2 = 0 0" },
    .out = { "2x4x12" } },
  { "stride", "pastiche.Project", .attrs = "size=3 stride=2",
    .in = { "float 2x3x9x8", "const float 4x27", "int64 2 = 1 0" },
    .out = { "2x4x9" } },
  { "origin", "pastiche.Project", .attrs = "size=2 stride=3",
    .in = { "float 1x2x10x7", "const float 3x8", "const int64 2 = 5 -4" },
    .out = { "1x3x6" } },
  { "default", "pastiche.Project",
    .in = { "float 1x3x7x7", "const float 5x147", "int64 2 = 9 9" },
    .out = { "1x5x1" } },
  { "bands", "pastiche.Project", .attrs = "size=5",
    .in = { "float 2x3x61x39", "const float 6x75", "int64 2 = 0 0" },
    .out = { "2x6x1995" } },
  { "bands-stride", "pastiche.Project", .attrs = "size=5 stride=2",
    .in = { "float 1x3x70x40", "const float 6x75", "int64 2 = 0 1" },
    .out = { "1x6x594" } },
  { "one-channel", "pastiche.Project", .attrs = "size=1",
    .in = { "float 2x1x3x4", "const float 2x1", "int64 2 = 0 0" },
    .out = { "2x2x12" } },
  { "constant", "pastiche.Project", .attrs = "size=3",
    .in = { "const float 2x3x5x6", "const float 4x27", "int64 2 = 0 0" },
    .out = { "2x4x12" } },
  { "too-small", "pastiche.Project", .attrs = "size=3 stride=4",
    .in = { "float 2x3x5x6", "const float 4x27", "int64 2 = 0 0" },
    .fails = "cannot be worked on" },
  { "no-stride", "pastiche.Project", .attrs = "size=3 stride=0",
    .in = { "float 2x3x5x6", "const float 4x27", "int64 2 = 0 0" },
    .fails = "out of range" },
  { "directions", "pastiche.Project", .attrs = "size=3",
    .in = { "float 2x3x5x6", "const float 4x26", "int64 2 = 0 0" },
    .fails = "do not fit" },
  { "float-origin", "pastiche.Project", .attrs = "size=3",
    .in = { "float 2x3x5x6", "const float 4x27", "float 2" },
    .fails = "do not fit" },
};

/* The number of numbers before @i in its list, ties in order. */
static gint64
rank_of (PstOpTest *t, gint64 b, gint64 k, gint64 i, gint64 *count)
{
  const gint64 *dim = t->in[0].shape.dim;
  double        x = t->in[0].v[(b * dim[1] + k) * dim[2] + i];
  gint64        rank = 0;

  *count = 0;
  for (gint64 a = 0; a < dim[0]; a++)
    for (gint64 j = 0; j < dim[2] && t->in[2].v[a] == t->in[2].v[b]; j++)
      {
        double y = t->in[0].v[(a * dim[1] + k) * dim[2] + j];

        rank += y < x || (y == x && (a < b || (a == b && j < i)));
        (*count)++;
      }
  return rank;
}

static int
by_size (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
quantile_of (PstOpTest *t, gint64 b, gint64 k, double part)
{
  const gint64      *dim = t->in[1].shape.dim;
  g_autofree double *list = g_new (double, dim[0] * dim[2]);
  gint64             n = 0, low;
  double             at;

  for (gint64 a = 0; a < dim[0]; a++)
    for (gint64 i = 0; i < dim[2] && t->in[2].v[a] == t->in[2].v[b]; i++)
      list[n++] = t->in[1].v[(a * dim[1] + k) * dim[2] + i];
  qsort (list, n, sizeof *list, by_size);
  at = fmin (fmax (part * (double) n - 0.5, 0.0), (double) n - 1.0);
  low = (gint64) at;
  return list[low] +
         (at - (double) low) * (list[MIN (low + 1, n - 1)] - list[low]);
}

static void
match_reference (PstOpTest *t)
{
  const gint64 *dim = t->in[0].shape.dim;

  for (gint64 b = 0; b < dim[0]; b++)
    for (gint64 k = 0; k < dim[1]; k++)
      for (gint64 i = 0; i < dim[2]; i++)
        {
          gint64 count, rank = rank_of (t, b, k, i, &count);

          t->out[0].v[(b * dim[1] + k) * dim[2] + i] = quantile_of (
              t, b, k, ((double) rank + 0.5) / (double) count);
        }
}

static const PstOpCase matches[] = {
  { "alone", "pastiche.Match",
    .in = { "float 2x2x5", "const float 2x2x5", "int64 2 = 0 1" },
    .out = { "2x2x5" } },
  { "together", "pastiche.Match",
    .in = { "float 3x1x4", "const float 3x1x3",
            "int64 3 = 4 -1 4" },
    .out = { "3x1x4" } },
  { "more", "pastiche.Match",
    .in = { "float 1x1x3", "const float 1x1x7",
            "int64 1 = 0" },
    .out = { "1x1x3" } },
  { "fewer", "pastiche.Match",
    .in = { "float 1x2x700", "const float 1x2x2",
            "int64 1 = 0" },
    .out = { "1x2x700" } },
  { "ties", "pastiche.Match",
    .in = { "float 1x1x6 = 1 0 1 -0.5 0 1", "const float 1x1x3 = 3 1 2",
            "int64 1 = 0" },
    .out = { "1x1x6" } },
  { "one", "pastiche.Match",
    .in = { "float 1x1x1", "const float 1x1x1", "int64 1 = 0" },
    .out = { "1x1x1" } },
  { "rank", "pastiche.Match",
    .in = { "float 1x1x1x1", "const float 1x1x1", "int64 1 = 0" },
    .fails = "dimensions" },
  { "lists", "pastiche.Match",
    .in = { "float 2x2x5", "const float 2x3x5", "int64 2 = 0 1" },
    .fails = "do not fit" },
  { "groups", "pastiche.Match",
    .in = { "float 2x2x5", "const float 2x2x5", "int64 3 = 0 1 2" },
    .fails = "do not fit" },
};

void
pst_test_match (void)
{
  pst_op_test_add ("match", projects, G_N_ELEMENTS (projects),
                   project_reference);
  pst_op_test_add ("match", matches, G_N_ELEMENTS (matches),
                   match_reference);
}
