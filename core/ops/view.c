/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ops/loop.h"

PstTensor
pst_view_part (const PstTensor *tensor, const gint64 *start,
               const gint64 *step, const PstShape *shape)
{
  PstTensor part = *tensor;
  gint64    at = 0;

  part.shape = *shape;
  for (int i = 0; i < shape->rank; i++)
    {
      at += start[i] * tensor->stride[i];
      part.stride[i] = tensor->stride[i] * (step ? step[i] : 1);
    }
  if (part.data && pst_shape_count (shape) > 0)
    part.data = (guint8 *) tensor->data +
                at * (gint64) pst_dtype_size (tensor->dtype);
  return part;
}

PstTensor
pst_view_transposed (const PstTensor *tensor, const int *perm)
{
  PstTensor view = *tensor;

  for (int i = 0; i < tensor->shape.rank; i++)
    {
      view.shape.dim[i] = tensor->shape.dim[perm[i]];
      view.stride[i] = tensor->stride[perm[i]];
    }
  return view;
}

PstTensor
pst_view_broadcast (const PstTensor *tensor, const PstShape *shape)
{
  PstTensor view = *tensor;

  view.shape = *shape;
  for (int i = 0; i < shape->rank; i++)
    {
      int j = i - shape->rank + tensor->shape.rank;

      view.stride[i] =
          j >= 0 && tensor->shape.dim[j] != 1 ? tensor->stride[j] : 0;
    }
  return view;
}

typedef struct
{
  void       *to;
  const void *from;
  float       value; /* to fill with, or a factor */
} ViewData;

#define DEFINE_TILE(name, type, op)                                           \
  static void name (gpointer data, const PstTile *tile)                       \
  {                                                                           \
    const ViewData *d = data;                                                 \
    gint64          s = tile->step[0], t = tile->step[1];                     \
                                                                              \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      {                                                                       \
        type *to = (type *) d->to + tile->at[0] + r * tile->row[0];           \
        const type *from =                                                    \
            (const type *) d->from + tile->at[1] + r * tile->row[1];          \
                                                                              \
        if (s == 1 && t == 1)                                                 \
          PST_VECTOR for (gint64 i = 0; i < tile->n; i++) to[i] op from[i];   \
        else                                                                  \
          PST_VECTOR for (gint64 i = 0; i < tile->n; i++) to[i * s] op        \
              from[i * t];                                                    \
      }                                                                       \
  }

DEFINE_TILE (copy_tile_1, guint8, =)
DEFINE_TILE (copy_tile_4, guint32, =)
DEFINE_TILE (copy_tile_8, guint64, =)
DEFINE_TILE (add_tile, float, +=)

static PstTileFunc
copy_function (PstDtype dtype)
{
  switch (pst_dtype_size (dtype))
    {
    case 1:
      return copy_tile_1;
    case 8:
      return copy_tile_8;
    default:
      return copy_tile_4;
    }
}

static void
run_pair (PstPool *pool, const PstTensor *to, const PstTensor *from,
          PstTileFunc func)
{
  const PstTensor *tensors[] = { to, from };
  ViewData         data = { to->data, from->data, 0.0f };
  PstLoop          loop;

  pst_loop_init (&loop, &to->shape, 2, tensors);
  pst_loop_run (&loop, pool, func, &data);
}

void
pst_view_copy (PstPool *pool, const PstTensor *to, const PstTensor *from)
{
  run_pair (pool, to, from, copy_function (to->dtype));
}

void
pst_view_add (PstPool *pool, const PstTensor *to, const PstTensor *from)
{
  run_pair (pool, to, from, add_tile);
}

static void
sum_term (gpointer data, const PstTile *tile, double *acc)
{
  const ViewData *d = data;
  gint64          s = tile->step[0], t = tile->step[1];

  for (gint64 r = 0; r < tile->rows; r++)
    {
      double      *sum = acc + tile->at[0] + r * tile->row[0];
      const float *from =
          (const float *) d->from + tile->at[1] + r * tile->row[1];

      if (s == 1 && t == 1)
        PST_VECTOR for (gint64 i = 0; i < tile->n; i++) sum[i] += from[i];
      else
        for (gint64 i = 0; i < tile->n; i++)
          sum[i * s] += from[i * t];
    }
}

static void
sum_store (gpointer data, gint64 at, gint64 step, gint64 n, const double *acc)
{
  const ViewData *d = data;

  for (gint64 i = 0; i < n; i++)
    ((float *) d->to)[at + i * step] += d->value * (float) acc[i];
}

static void
sum_setup (PstReduce *reduce, const PstTensor *to, const PstTensor *from)
{
  const PstTensor *tensors[] = { to, from };

  pst_reduce_init (reduce, PST_REDUCE_SUM, &from->shape, 2, tensors);
}

void
pst_view_sum_add (PstPool *pool, const PstTensor *to, const PstTensor *from,
                  float factor, gpointer scratch)
{
  ViewData  data = { to->data, from->data, factor };
  PstReduce reduce;

  sum_setup (&reduce, to, from);
  if (! scratch)
    {
      reduce.chunk = reduce.terms;
      reduce.n_chunks = 1;
    }
  pst_reduce_run (&reduce, pool, scratch, sum_term, sum_store, &data);
}

gsize
pst_view_sum_scratch (const PstTensor *to, const PstTensor *from)
{
  PstReduce reduce;

  sum_setup (&reduce, to, from);
  return pst_reduce_scratch (&reduce);
}

static void
fill_tile (gpointer data, const PstTile *tile)
{
  const ViewData *d = data;

  for (gint64 r = 0; r < tile->rows; r++)
    {
      float *to = (float *) d->to + tile->at[0] + r * tile->row[0];

      for (gint64 i = 0; i < tile->n; i++)
        to[i * tile->step[0]] = d->value;
    }
}

void
pst_view_fill (PstPool *pool, const PstTensor *to, float value)
{
  ViewData data = { to->data, NULL, value };
  PstLoop  loop;

  pst_loop_init (&loop, &to->shape, 1, &to);
  pst_loop_run (&loop, pool, fill_tile, &data);
}

void
pst_view_reshape (PstPool *pool, const PstTensor *to, const PstTensor *from)
{
  ViewData  data = { to->data, from->data, 0.0f };
  PstLoop   loop;
  PstTensor copy = *to;

  if (pst_tensor_count (to) == 0)
    return;
  if (pst_loop_init_reshape (&loop, to, from))
    pst_loop_run (&loop, pool, copy_function (to->dtype), &data);
  else
    pst_tensor_copy (&copy, from);
}

void
pst_view_reshape_add (PstPool *pool, const PstTensor *to,
                      const PstTensor *from)
{
  ViewData data = { to->data, from->data, 0.0f };
  PstLoop  loop;
  gint64   n = pst_tensor_count (to);

  if (n == 0)
    return;
  if (pst_loop_init_reshape (&loop, to, from))
    pst_loop_run (&loop, pool, add_tile, &data);
  else
    for (gint64 i = 0; i < n; i++)
      ((float *) to->data)[pst_tensor_offset (to, i)] +=
          ((const float *) from->data)[pst_tensor_offset (from, i)];
}
