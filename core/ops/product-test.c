/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gemm and MatMul. */
#include <string.h>

#include "core/ops/op-test.h"

static void
gemm_reference (PstOpTest *t)
{
  gboolean ta = pst_node_get_int (t->node, "transA", 0) != 0;
  gboolean tb = pst_node_get_int (t->node, "transB", 0) != 0;
  double   alpha = pst_node_get_float (t->node, "alpha", 1.0f);
  double   beta = pst_node_get_float (t->node, "beta", 1.0f);
  gint64   m = t->out[0].shape.dim[0], n = t->out[0].shape.dim[1];
  gint64   k = t->in[0].count / m;

  for (gint64 i = 0; i < m; i++)
    for (gint64 j = 0; j < n; j++)
      {
        double sum = 0.0;

        for (gint64 l = 0; l < k; l++)
          sum += t->in[0].v[ta ? l * m + i : i * k + l] *
                 t->in[1].v[tb ? j * k + l : l * n + j];
        sum *= alpha;
        if (t->n_in > 2)
          sum += beta * t->in[2].v[pst_test_broadcast (
                            &t->in[2], &t->out[0].shape, i * n + j)];
        t->out[0].v[i * n + j] = sum;
      }
}

static const PstOpCase gemms[] = {
  { "plain", "Gemm", .in = { "float 4x5", "float 5x3" }, .out = { "4x3" } },
  { "bias", "Gemm", .in = { "float 4x5", "float 5x3", "float 3" },
    .out = { "4x3" } },
  { "column", "Gemm", .in = { "float 4x5", "float 5x3", "float 4x1" },
    .out = { "4x3" } },
  { "scalar", "Gemm", .in = { "float 4x5", "float 5x3", "float scalar" },
    .out = { "4x3" } },
  { "scaled", "Gemm", 0, "alpha=0.5 beta=-2.0",
    .in = { "float 4x5", "float 5x3", "float 4x3" }, .out = { "4x3" } },
  { "a", "Gemm", 0, "transA=1", .in = { "float 5x4", "float 5x3" },
    .out = { "4x3" } },
  { "b", "Gemm", 0, "transB=1 alpha=0.3",
    .in = { "float 4x5", "float 3x5", "float 3" }, .out = { "4x3" } },
  { "ab", "Gemm", 0, "transA=1 transB=1",
    .in = { "float 5x4", "float 3x5", "float 1x3" }, .out = { "4x3" } },
  { "large", "Gemm", 0, "transB=1",
    .in = { "float 90x70", "const float 80x70", "float 80" },
    .out = { "90x80" }, .tolerance = 2e-5 },
  { "inner", "Gemm", .in = { "float 4x5", "float 4x3" },
    .fails = "cannot be multiplied" },
  { "bias-misfit", "Gemm", .in = { "float 4x5", "float 5x3", "float 4" },
    .fails = "cannot add" },
  { "rank", "Gemm", .in = { "float 4x5", "float 5" },
    .fails = "cannot be multiplied" },
  { "empty", "Gemm", .in = { "float 4x0", "float 0x3" },
    .fails = "cannot be multiplied" },
};

static void
matmul_reference (PstOpTest *t)
{
  PstTestTensor a = t->in[0], b = t->in[1];
  PstShape      out = t->out[0].shape, pairs;
  gint64        m, n, k, count;

  if (b.shape.rank == 1)
    {
      b.shape = PST_SHAPE (b.count, 1);
      out.dim[out.rank++] = 1;
    }
  if (a.shape.rank == 1)
    {
      a.shape = PST_SHAPE (1, a.count);
      out.dim[out.rank] = out.dim[out.rank - 1];
      out.dim[out.rank - 1] = 1;
      out.rank++;
    }
  m = out.dim[out.rank - 2];
  n = out.dim[out.rank - 1];
  k = a.shape.dim[a.shape.rank - 1];
  pairs = pst_shape (out.rank - 2, out.dim);
  count = pst_shape_count (&pairs);
  a.shape.rank -= 2;
  b.shape.rank -= 2;
  for (gint64 p = 0; p < count; p++)
    {
      const double *x = a.v + pst_test_broadcast (&a, &pairs, p) * m * k;
      const double *y = b.v + pst_test_broadcast (&b, &pairs, p) * k * n;

      for (gint64 i = 0; i < m; i++)
        for (gint64 j = 0; j < n; j++)
          {
            double sum = 0.0;

            for (gint64 l = 0; l < k; l++)
              sum += x[i * k + l] * y[l * n + j];
            t->out[0].v[(p * m + i) * n + j] = sum;
          }
    }
}

static const PstOpCase matmuls[] = {
  { "matrices", "MatMul", .in = { "float 4x5", "float 5x3" },
    .out = { "4x3" } },
  { "stack", "MatMul", .in = { "float 6x4x5", "float 6x5x3" },
    .out = { "6x4x3" } },
  { "map", "MatMul", .in = { "float 2x3x4x5", "float 2x3x5x6" },
    .out = { "2x3x4x6" } },
  { "map-matrix", "MatMul", .in = { "float 2x3x4x5", "float 5x6" },
    .out = { "2x3x4x6" } },
  { "matrix-map", "MatMul", .in = { "const float 4x5", "float 2x3x5x6" },
    .out = { "2x3x4x6" } },
  { "one-channel", "MatMul", .in = { "float 2x1x4x5", "float 1x3x5x6" },
    .out = { "2x3x4x6" } },
  { "vector", "MatMul", .in = { "float 5", "float 5x3" }, .out = { "3" } },
  { "by-vector", "MatMul", .in = { "float 2x4x5", "float 5" },
    .out = { "2x4" } },
  { "vectors", "MatMul", .in = { "float 5", "float 5" },
    .out = { "scalar" } },
  { "stack-vector", "MatMul", .in = { "float 5", "float 2x3x5x6" },
    .out = { "2x3x6" } },
  { "style", "MatMul", .in = { "float 2x4", "const float 4x16" },
    .out = { "2x16" } },
  { "five", "MatMul", .in = { "float 2x1x3x2x4", "float 2x1x4x2" },
    .out = { "2x2x3x2x2" } },
  { "inner", "MatMul", .in = { "float 4x5", "float 4x3" },
    .fails = "cannot be multiplied" },
  { "stacks", "MatMul", .in = { "float 2x4x5", "float 3x5x3" },
    .fails = "cannot be multiplied" },
  { "scalar", "MatMul", .in = { "float scalar", "float 5x3" },
    .fails = "cannot be multiplied" },
};

void
pst_test_product (void)
{
  pst_op_test_add ("product", gemms, G_N_ELEMENTS (gemms), gemm_reference);
  pst_op_test_add ("product", matmuls, G_N_ELEMENTS (matmuls),
                   matmul_reference);
}
