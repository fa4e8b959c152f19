/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/spectral.h"

#include <math.h>
#include <string.h>

#include "core/kernels/gemm.h"

#define FIRST_ITERATIONS 15 /* as PyTorch does at the start */

/* Rows of the weight as a matrix; columns in @columns. */
static gint64
matrix_rows (const PstArray *weight, gint64 *columns)
{
  gint64 rows = weight->tensor.shape.dim[0];

  *columns = pst_tensor_count (&weight->tensor) / rows;
  return rows;
}

static void
to_unit (float *x, gint64 n)
{
  double sum = 0;

  for (gint64 i = 0; i < n; i++)
    sum += (double) x[i] * x[i];
  sum = MAX (sqrt (sum), 1e-12);
  for (gint64 i = 0; i < n; i++)
    x[i] = (float) (x[i] / sum);
}

/* u = W v / |W v|, v = W^T u / |W^T u| */
static void
iterate (const float *w, gint64 rows, gint64 columns, float *u, float *v)
{
  pst_gemm (FALSE, FALSE, rows, 1, columns, 1, w, columns, v, 1, 0, u, 1);
  to_unit (u, rows);
  pst_gemm (TRUE, FALSE, columns, 1, rows, 1, w, columns, u, 1, 0, v, 1);
  to_unit (v, columns);
}

/* u^T W v */
static double
singular_value (const float *w, gint64 rows, gint64 columns, const float *u,
                const float *v)
{
  double sum = 0;

  for (gint64 i = 0; i < rows; i++)
    {
      double row = 0;

      for (gint64 k = 0; k < columns; k++)
        row += (double) w[i * columns + k] * v[k];
      sum += row * u[i];
    }
  return sum;
}

static void
array_unref (gpointer array)
{
  if (array)
    pst_array_unref (array);
}

static PstArray *
random_vector (PstRandom *random, gint64 n)
{
  PstArray *array = pst_array_new (PST_FLOAT32, PST_SHAPE_OF (n), TRUE);
  float    *x = array->tensor.data;

  for (gint64 i = 0; i < n; i++)
    x[i] = (float) pst_random_range (random, -1, 1);
  to_unit (x, n);
  return array;
}

static PstArray *
array_copy (const PstArray *from)
{
  PstArray *copy;

  copy = pst_array_new (PST_FLOAT32, &from->tensor.shape, TRUE);
  memcpy (copy->tensor.data, from->tensor.data,
          pst_tensor_bytes (&from->tensor));
  return copy;
}

static void
add_weight (PstSpectral *s, PstRandom *random, PstArray *weight,
            gboolean normalise)
{
  gint64    rows, columns;
  PstArray *raw, *u, *v;

  if (! normalise || weight->tensor.shape.rank < 2)
    {
      g_ptr_array_add (s->raw, pst_array_ref (weight));
      g_ptr_array_add (s->left, NULL);
      g_ptr_array_add (s->right, NULL);
      return;
    }
  rows = matrix_rows (weight, &columns);
  raw = array_copy (weight);
  u = random_vector (random, rows);
  v = random_vector (random, columns);
  for (int i = 0; i < FIRST_ITERATIONS; i++)
    iterate (raw->tensor.data, rows, columns, u->tensor.data,
             v->tensor.data);
  g_ptr_array_add (s->raw, raw);
  g_ptr_array_add (s->left, u);
  g_ptr_array_add (s->right, v);
}

PstSpectral *
pst_spectral_new (PstNetwork *network, gboolean normalise, guint64 seed,
                  guint64 index)
{
  PstSpectral *s = g_new0 (PstSpectral, 1);
  PstRandom    random;

  pst_random_init (&random, seed, PST_STREAM_DISCRIMINATOR, 1000 + index);
  s->network = network;
  s->names = network->names;
  s->raw = g_ptr_array_new_with_free_func (array_unref);
  s->left = g_ptr_array_new_with_free_func (array_unref);
  s->right = g_ptr_array_new_with_free_func (array_unref);
  s->sigma = g_new0 (double, network->weights->len);
  for (guint i = 0; i < network->weights->len; i++)
    add_weight (s, &random, network->weights->pdata[i], normalise);
  pst_spectral_apply (s);
  return s;
}

void
pst_spectral_free (PstSpectral *s)
{
  if (! s)
    return;
  pst_network_free (s->network);
  g_ptr_array_unref (s->raw);
  g_ptr_array_unref (s->left);
  g_ptr_array_unref (s->right);
  g_free (s->sigma);
  g_free (s);
}

void
pst_spectral_gradient (const PstSpectral *s, guint i, float *gradient)
{
  const PstArray *left = s->left->pdata[i];
  const PstArray *right = s->right->pdata[i];
  const PstArray *weight = s->network->weights->pdata[i];
  const float    *w = weight->tensor.data;
  gint64          rows, columns;
  double          product = 0;

  if (! left)
    return;
  rows = matrix_rows (weight, &columns);
  for (gint64 k = 0; k < rows * columns; k++)
    product += (double) gradient[k] * w[k];
  for (gint64 r = 0; r < rows; r++)
    {
      const float *v = right->tensor.data;
      float        u = ((const float *) left->tensor.data)[r];
      float        shift = (float) (product * u);
      float        scale = (float) (1 / s->sigma[i]);

      for (gint64 k = 0; k < columns; k++, gradient++)
        *gradient = (*gradient - shift * v[k]) * scale;
    }
}

void
pst_spectral_apply (PstSpectral *s)
{
  for (guint i = 0; i < s->raw->len; i++)
    {
      const PstArray *raw = s->raw->pdata[i];
      const PstArray *left = s->left->pdata[i];
      const PstArray *right = s->right->pdata[i];
      PstArray       *weight = s->network->weights->pdata[i];
      const float    *w = raw->tensor.data;
      float          *to = weight->tensor.data;
      gint64          rows, columns;
      float           scale;

      if (! left)
        continue;
      rows = matrix_rows (raw, &columns);
      s->sigma[i] = singular_value (w, rows, columns, left->tensor.data,
                                    right->tensor.data);
      if (! (fabs (s->sigma[i]) > 1e-12))
        s->sigma[i] = 1e-12;
      scale = (float) (1 / s->sigma[i]);
      for (gint64 k = 0; k < rows * columns; k++)
        to[k] = w[k] * scale;
    }
}

void
pst_spectral_update (PstSpectral *s)
{
  for (guint i = 0; i < s->raw->len; i++)
    {
      PstArray *raw = s->raw->pdata[i];
      PstArray *left = s->left->pdata[i];
      PstArray *right = s->right->pdata[i];
      gint64    rows, columns;

      if (! left)
        continue;
      rows = matrix_rows (raw, &columns);
      iterate (raw->tensor.data, rows, columns, left->tensor.data,
               right->tensor.data);
    }
  pst_spectral_apply (s);
}
