/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/kernels/kernels.h"
#include "core/ops/conv.h"

/*
 * What remains of instance normalisation where convolutions do the rest (see
 * core/graph/stream.c); known to the engine only.
 *
 * NormScale: mean and variance [n, 2, c], scale and shift ([c] or [n or 1, c,
 * 1, 1]) become the factor and summand [n, 2, c] of
 *
 *   y = scale (x - mean) / sqrt (variance + epsilon) + shift
 *
 * ScaleAdd: r (r_a (a x + b) + r_b (c z + d)): x and z [n, c, h, w], maps or
 * packed (see PST_PACKED16), their factors and summands [n, 2, c]; all but x
 * may be left out. r is max (0, .) where the attributes relu, relu_a and
 * relu_b tell so. The result may be packed, too.
 */

#define FEW_CHANNELS 16 /* with fewer, vectors hold several pixels */
#define CHUNK_FLOATS 4096 /* part of a row, where nothing is packed */

static gboolean
norm_scale_infer (PstCall *call, GError **error)
{
  call->out[0]->dtype = PST_FLOAT32;
  call->out[0]->shape = call->in[0]->shape;
  return TRUE;
}

static void
norm_scale_forward (PstCall *call)
{
  gint64       n = call->in[0]->shape.dim[0], c = call->in[0]->shape.dim[2];
  const float *stats = call->in[0]->data;
  const float *scale = call->in[1]->data, *shift = call->in[2]->data;
  gboolean     same = pst_tensor_count (call->in[1]) == c;
  float       *to = call->out[0]->data;
  double epsilon = pst_node_get_float (call->node, "epsilon", 1e-5f);

  for (gint64 i = 0; i < n; i++)
    for (gint64 k = 0; k < c; k++)
      {
        gint64 at = same ? k : i * c + k;
        double mean = stats[2 * i * c + k];
        double variance = stats[(2 * i + 1) * c + k];
        double factor = scale[at] / sqrt (variance + epsilon);

        to[2 * i * c + k] = (float) factor;
        to[(2 * i + 1) * c + k] = (float) (shift[at] - mean * factor);
      }
}

const PstOp pst_op_norm_scale = {
  .domain = "pastiche",
  .type = "NormScale",
  .infer = norm_scale_infer,
  .forward = norm_scale_forward,
  .flags = PST_OP_INTERNAL,
};

/* One of the two maps. */
typedef struct
{
  const PstTensor *x;
  const float     *scale; /* [n, 2, c] */
  float            least;
} Term;

typedef struct
{
  PstCall *call;
  gint64   c, h, w;
  gint64   tall, wide; /* pixels of a piece */
  gint64   down, across; /* pieces of a sample */
  gboolean packed;
  Term     term[2];
  float    least;
} Work;

static Term
term_of (const PstCall *call, int i)
{
  const PstTensor *scale =
      call->n_in > 2 * i + 1 ? call->in[2 * i + 1] : NULL;
  const char *relu = i ? "relu_b" : "relu_a";

  return (Term) {
    .x = call->n_in > 2 * i ? call->in[2 * i] : NULL,
    .scale = scale ? scale->data : NULL,
    .least = pst_node_get_int (call->node, relu, 0) ? 0.0f : -INFINITY,
  };
}

static void
plan_work (const PstCall *call, Work *work)
{
  const PstShape *x = &call->in[0]->shape;

  work->c = x->dim[1];
  work->h = x->dim[2];
  work->w = x->dim[3];
  work->packed = call->out[0]->dtype == PST_PACKED16;
  work->tall = work->packed ? PST_CELL_H : 1;
  work->wide = work->packed ? PST_CELL_W
                            : CLAMP (CHUNK_FLOATS / work->c, 1, work->w);
  work->down = (work->h + work->tall - 1) / work->tall;
  work->across = (work->w + work->wide - 1) / work->wide;
}

static void
load (const Work *work, const Term *term, gint64 n, gint64 row, gint64 col,
      gint64 pixels, float *to)
{
  PstConvSource source = { .h = work->h, .w = work->w, .row = work->w,
                           .least = term->least };

  if (term->x->dtype == PST_PACKED16)
    source.packed = pst_tensor_cells (term->x, n, (float **) &source.table);
  else
    source.data = (const float *) term->x->data +
                  n * work->h * work->w * work->c;
  if (term->scale)
    {
      source.scale = term->scale + n * 2 * work->c;
      source.shift = source.scale + work->c;
    }
  pst_conv_load (&source, work->c, row, col, pixels, to);
}

/* Where nothing is packed: a part of a row, in one pass. */
static void
add_maps (const Work *work, gint64 n, gint64 row, gint64 col, gint64 pixels,
          float *to)
{
  PstMapTerm terms[2];

  for (int i = 0; i < 2; i++)
    {
      const Term *term = &work->term[i];

      terms[i] = (PstMapTerm) {
        .x = (const float *) term->x->data +
             ((n * work->h + row) * work->w + col) * work->c,
        .least = term->least,
      };
      if (term->scale)
        {
          terms[i].a = term->scale + n * 2 * work->c;
          terms[i].b = terms[i].a + work->c;
        }
    }
  pst_kernels ()->channel_add (terms, work->least, work->c, pixels, to);
}

/* Adds up a part of a row, into @a. */
static void
add_row (const Work *work, gint64 n, gint64 row, gint64 col, gint64 pixels,
         float *a, float *b)
{
  gint64 count = pixels * work->c;

  load (work, &work->term[0], n, row, col, pixels, a);
  if (work->term[1].x)
    {
      load (work, &work->term[1], n, row, col, pixels, b);
      for (gint64 i = 0; i < count; i++)
        a[i] += b[i];
    }
  for (gint64 i = 0; i < count; i++)
    a[i] = a[i] > work->least ? a[i] : work->least;
}

static void
add_piece (gpointer data, gsize item, guint worker)
{
  const Work *work = data;
  PstTensor  *y = work->call->out[0];
  gint64      c = work->c;
  gint64      col = item % work->across * work->wide;
  gint64      row = item / work->across % work->down * work->tall;
  gint64      n = item / work->across / work->down;
  gint64      w = MIN (work->wide, work->w - col);
  gint64      h = MIN (work->tall, work->h - row);
  float      *a = pst_call_scratch (work->call, worker);
  float      *b = a + work->tall * work->wide * c;
  float      *table;
  guint16    *q;

  if (! work->packed)
    {
      float *to = (float *) y->data +
                  ((n * work->h + row) * work->w + col) * c;

      if (work->c >= FEW_CHANNELS && work->term[1].x &&
          work->term[0].x->dtype != PST_PACKED16 &&
          work->term[1].x->dtype != PST_PACKED16)
        {
          add_maps (work, n, row, col, w, to);
          return;
        }
      add_row (work, n, row, col, w, a, b);
      memcpy (to, a, sizeof (float) * w * c);
      return;
    }
  for (gint64 i = 0; i < h; i++)
    add_row (work, n, row + i, col, w, a + i * w * c, b);
  q = pst_tensor_cells (y, n, &table);
  pst_kernels ()->pack_cell (a, w * c, c, h, w,
                             q + (row * work->w + col) * c, work->w * c,
                             table + (row / PST_CELL_H * work->across +
                                      col / PST_CELL_W) * 2 * c);
}

static gboolean
scale_add_infer (PstCall *call, GError **error)
{
  call->out[0]->dtype = PST_FLOAT32;
  call->out[0]->shape = call->in[0]->shape;
  return TRUE;
}

static void
scale_add_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  Work work;

  plan_work (call, &work);
  *per_worker = sizeof (float) * (work.tall + 1) * work.wide * work.c;
}

static void
scale_add_forward (PstCall *call)
{
  Work work = { .call = call,
                .term = { term_of (call, 0), term_of (call, 1) },
                .least = pst_node_get_int (call->node, "relu", 0)
                             ? 0.0f
                             : -INFINITY };

  plan_work (call, &work);
  pst_pool_run (call->pool,
                call->in[0]->shape.dim[0] * work.down * work.across, add_piece,
                &work);
}

const PstOp pst_op_scale_add = {
  .domain = "pastiche",
  .type = "ScaleAdd",
  .infer = scale_add_infer,
  .scratch = scale_add_scratch,
  .forward = scale_add_forward,
  .flags = PST_OP_IN_PLACE | PST_OP_INTERNAL,
};
