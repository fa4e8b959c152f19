/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ops/instance-norm-rows.h"

#include <math.h>

#define LANES 16
#define RUN 1024 /* numbers summed in single precision */

typedef struct
{
  PstCall *call;
  gint64   channels, n; /* numbers in a row */
  double   epsilon;
  gboolean relu;
  double  *sums; /* [rows, 2]: of dz and of dz xhat */
} Rows;

typedef struct
{
  double mean;
  double inverse; /* 1 / sqrt (variance + epsilon) */
} Statistics;

static Rows
rows_of (PstCall *call)
{
  const PstShape *s = &call->in[0]->shape;
  Rows            rows = { .call = call, .channels = s->dim[1], .n = 1 };

  for (int i = 2; i < s->rank; i++)
    rows.n *= s->dim[i];
  rows.epsilon = pst_node_get_float (call->node, "epsilon", 1e-5f);
  rows.relu = *call->node->op->domain &&
              pst_node_get_int (call->node, "relu", 0) != 0;
  return rows;
}

static gint64
count_rows (const Rows *rows)
{
  return rows->call->in[0]->shape.dim[0] * rows->channels;
}

/* Sums of x - base and of its square. */
static void
sum_run (const float *x, float base, gint64 n, double *sum, double *square)
{
  float  a[LANES] = { 0 }, b[LANES] = { 0 };
  gint64 i = 0;

  for (; i + LANES <= n; i += LANES)
    for (int k = 0; k < LANES; k++)
      {
        float d = x[i + k] - base;

        a[k] += d;
        b[k] += d * d;
      }
  for (; i < n; i++)
    {
      a[0] += x[i] - base;
      b[0] += (x[i] - base) * (x[i] - base);
    }
  for (int k = 0; k < LANES; k++)
    {
      *sum += a[k];
      *square += b[k];
    }
}

static Statistics
statistics_of (const Rows *rows, const float *x)
{
  double sum = 0.0, square = 0.0, n = (double) rows->n, mean;

  for (gint64 i = 0; i < rows->n; i += RUN)
    sum_run (x + i, x[0], MIN (RUN, rows->n - i), &sum, &square);
  mean = sum / n;
  return (Statistics) {
    x[0] + mean,
    1.0 / sqrt (MAX (square / n - mean * mean, 0.0) + rows->epsilon)
  };
}

static void
forward_row (gpointer data, gsize item, guint worker)
{
  const Rows  *rows = data;
  PstCall     *call = rows->call;
  gint64       c = (gint64) item % rows->channels;
  const float *x = (const float *) call->in[0]->data + item * rows->n;
  float       *y = (float *) call->out[0]->data + item * rows->n;
  Statistics   s = statistics_of (rows, x);
  float a = (float) (((const float *) call->in[1]->data)[c] * s.inverse);
  float b = (float) (((const float *) call->in[2]->data)[c] - s.mean * a);

  for (gint64 i = 0; i < rows->n; i++)
    y[i] = a * x[i] + b;
  for (gint64 i = 0; rows->relu && i < rows->n; i++)
    y[i] = MAX (y[i], 0.0f);
}

void
pst_norm_rows_forward (PstCall *call)
{
  Rows rows = rows_of (call);

  pst_pool_run (call->pool, count_rows (&rows), forward_row, &rows);
}

/* Ulyanov et al. 2016: with z = g xhat + b,
 * dx = g / s (dz - mean (dz) - xhat mean (dz xhat)) */
static void
backward_row (gpointer data, gsize item, guint worker)
{
  const Rows  *rows = data;
  PstCall     *call = rows->call;
  gint64       c = (gint64) item % rows->channels;
  const float *x = (const float *) call->in[0]->data + item * rows->n;
  const float *dy = (const float *) call->dout[0]->data + item * rows->n;
  double       g = ((const float *) call->in[1]->data)[c];
  double       b = ((const float *) call->in[2]->data)[c];
  double      *sums = rows->sums + 2 * item, n = (double) rows->n;
  Statistics   s = statistics_of (rows, x);

  sums[0] = sums[1] = 0.0;
  for (int pass = 0; pass < 2; pass++)
    for (gint64 i = 0; i < rows->n; i++)
      {
        double xhat = (x[i] - s.mean) * s.inverse;
        double dz = rows->relu && g * xhat + b <= 0.0 ? 0.0 : dy[i];

        if (pass == 0)
          {
            sums[0] += dz;
            sums[1] += dz * xhat;
          }
        else if (call->din[0])
          ((float *) call->din[0]->data)[item * rows->n + i] +=
              (float) (g * s.inverse *
                       (dz - sums[0] / n - xhat * sums[1] / n));
      }
}

void
pst_norm_rows_backward (PstCall *call, double *sums)
{
  Rows   rows = rows_of (call);
  float *dg = call->din[1] ? call->din[1]->data : NULL;
  float *db = call->din[2] ? call->din[2]->data : NULL;

  rows.sums = sums;
  pst_pool_run (call->pool, count_rows (&rows), backward_row, &rows);
  for (gint64 row = 0; row < count_rows (&rows); row++)
    {
      if (dg)
        dg[row % rows.channels] += (float) sums[2 * row + 1];
      if (db)
        db[row % rows.channels] += (float) sums[2 * row];
    }
}

gsize
pst_norm_rows_bytes (const PstCall *call)
{
  Rows rows = rows_of ((PstCall *) call);

  return sizeof (double) * 2 * count_rows (&rows);
}
