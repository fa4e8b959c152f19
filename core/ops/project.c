/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Project: the patches of a map on some directions. x [N, C, H, W], directions
 * [K, S S C] (row by row, the channels of a pixel side by side) and an origin
 * [2] (down, right) give [N, K, P], the products of every direction with the P
 * patches of S x S places (`size`) that begin every `stride` places from the
 * origin on, row by row. The origin is taken modulo the stride, and P does not
 * depend on it. A convolution whose results lie ready for sorting (Rabin et
 * al., "Wasserstein barycenter and its application to texture mixing", 2011,
 * section 3). There is no gradient by the directions. */
#include <string.h>

#include "core/kernels/gemm.h"

#include "core/ops/arguments.h"

#define PATCHES 256 /* of one item, at least */

typedef struct
{
  PstCall *call;
  gint64   size, stride;
  gint64   rows, columns; /* of patches */
  gint64   top, left;
  gint64   band; /* rows of one item */
  gint64   n_bands;
  gint64   numbers; /* of one patch */
  int      odd;     /* in backward: which bands are added up */
} Project;

static void
project_setup (Project *p, const PstCall *call)
{
  const gint64 *dim = call->in[0]->shape.dim;
  gint64        reach;

  p->call = (PstCall *) call;
  p->size = pst_node_get_int (call->node, "size", 7);
  p->stride = pst_node_get_int (call->node, "stride", 1);
  p->rows = (dim[2] - p->size + 1) / p->stride;
  p->columns = (dim[3] - p->size + 1) / p->stride;
  reach = (p->size + p->stride - 1) / p->stride;
  p->band = MAX (reach, (PATCHES + p->columns - 1) / MAX (p->columns, 1));
  p->n_bands = (p->rows + p->band - 1) / p->band;
  p->numbers = p->size * p->size * dim[1];
}

static gint64
modulo (gint64 a, gint64 b)
{
  return (a % b + b) % b;
}

static void
project_origin (Project *p)
{
  const gint64 *origin = p->call->in[2]->data;

  p->top = modulo (origin[0], p->stride);
  p->left = modulo (origin[1], p->stride);
}

static gboolean
check_attributes (PstCall *call, GError **error)
{
  const gint64 *dim = call->in[0]->shape.dim;
  gint64        size = pst_node_get_int (call->node, "size", 7);
  gint64        stride = pst_node_get_int (call->node, "stride", 1);

  if (size < 1 || size > 64 || stride < 1 || stride > 4096)
    return pst_call_fail (call, error, PST_ERROR_ARGUMENT,
                          _ ("a size or stride out of range"));
  if (pst_tensor_count (call->in[0]) < 1 || dim[1] > 64 ||
      dim[2] > G_MAXINT32 || dim[3] > G_MAXINT32 ||
      dim[2] < size + stride - 1 || dim[3] < size + stride - 1)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("a map of size %s cannot be worked on"),
                          PST_ARG_SHAPE (call->in[0]));
  return TRUE;
}

static gboolean
project_infer (PstCall *call, GError **error)
{
  const PstShape *directions, *origin;
  const gint64   *dim;
  Project         p;

  if (! pst_call_check (call, 3, 3, 4, error) ||
      ! pst_arg_float (call, 1, error) || ! check_attributes (call, error))
    return FALSE;
  project_setup (&p, call);
  dim = call->in[0]->shape.dim;
  directions = &call->in[1]->shape;
  origin = &call->in[2]->shape;
  if (directions->rank != 2 || directions->dim[0] < 1 ||
      directions->dim[0] > 65536 || directions->dim[1] != p.numbers ||
      call->in[2]->dtype != PST_INT64 || origin->rank != 1 ||
      origin->dim[0] != 2)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("directions of size %s do not fit"),
                          PST_ARG_SHAPE (call->in[1]));
  call->out[0]->dtype = PST_FLOAT32;
  call->out[0]->shape = PST_SHAPE (dim[0], directions->dim[0],
                                   p.rows * p.columns);
  return pst_arg_fits (call, 0, error);
}

static void
project_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  Project p;

  project_setup (&p, call);
  *per_worker = sizeof (float) * p.band * p.columns * p.numbers;
}

/* What an item works on: patches @at to @at + @n of sample @b. */
typedef struct
{
  gint64 b, row, at, n;
} Band;

static Band
find_band (const Project *p, gint64 b, gint64 index)
{
  Band band;

  band.b = b;
  band.row = index * p->band;
  band.at = band.row * p->columns;
  band.n = MIN (p->band, p->rows - band.row) * p->columns;
  return band;
}

/* One patch row: S pixels of a map's line, to or from @patch. */
static void
copy_line (const Project *p, float *patch, const float *line)
{
  const PstTensor *in = p->call->in[0];
  gint64           channels = in->shape.dim[1];

  for (gint64 x = 0; x < p->size; x++)
    for (gint64 c = 0; c < channels; c++)
      *patch++ = line[c * in->stride[1] + x * in->stride[3]];
}

static void
add_line (const Project *p, const float *patch, float *line)
{
  const PstTensor *in = p->call->din[0];
  gint64           channels = in->shape.dim[1];

  for (gint64 x = 0; x < p->size; x++)
    for (gint64 c = 0; c < channels; c++)
      line[c * in->stride[1] + x * in->stride[3]] += *patch++;
}

/* Place of patch @i's first number in @map. */
static gint64
patch_offset (const Project *p, const PstTensor *map, gint64 b, gint64 i)
{
  gint64 y = p->top + i / p->columns * p->stride;
  gint64 x = p->left + i % p->columns * p->stride;

  return b * map->stride[0] + y * map->stride[2] + x * map->stride[3];
}

static void
gather (const Project *p, const Band *band, float *patches)
{
  const PstTensor *in = p->call->in[0];
  gboolean         map = pst_tensor_is_map (in);
  gint64           row = p->size * in->shape.dim[1];

  for (gint64 i = band->at; i < band->at + band->n; i++)
    {
      const float *from = in->data;

      from += patch_offset (p, in, band->b, i);
      for (gint64 y = 0; y < p->size; y++, patches += row)
        if (map)
          memcpy (patches, from + y * in->stride[2], sizeof (float) * row);
        else
          copy_line (p, patches, from + y * in->stride[2]);
    }
}

static void
forward_item (gpointer data, gsize item, guint worker)
{
  const Project *p = data;
  Band   band = find_band (p, item / p->n_bands, item % p->n_bands);
  float *patches = pst_call_scratch (p->call, worker);
  gint64 k = p->call->in[1]->shape.dim[0], all = p->rows * p->columns;
  float *to = p->call->out[0]->data;

  gather (p, &band, patches);
  pst_gemm (FALSE, TRUE, k, band.n, p->numbers, 1, p->call->in[1]->data,
            p->numbers, patches, p->numbers, 0,
            to + band.b * k * all + band.at, all);
}

static void
project_forward (PstCall *call)
{
  Project p;

  project_setup (&p, call);
  project_origin (&p);
  pst_pool_run (call->pool, call->in[0]->shape.dim[0] * p.n_bands,
                forward_item, &p);
}

static void
scatter (const Project *p, const Band *band, const float *patches)
{
  const PstTensor *to = p->call->din[0];
  gboolean         map = pst_tensor_is_map (to);
  gint64           row = p->size * to->shape.dim[1];

  for (gint64 i = band->at; i < band->at + band->n; i++)
    {
      float *at = to->data;

      at += patch_offset (p, to, band->b, i);
      for (gint64 y = 0; y < p->size; y++, patches += row)
        {
          float *line = at + y * to->stride[2];

          if (! map)
            add_line (p, patches, line);
          for (gint64 k = 0; k < row && map; k++)
            line[k] += patches[k];
        }
    }
}

/* Every second band, so that no two items add to the same line. */
static void
backward_item (gpointer data, gsize item, guint worker)
{
  const Project *p = data;
  gint64 half = (p->n_bands + 1 - p->odd) / 2;
  Band   band = find_band (p, item / half, item % half * 2 + p->odd);
  float *patches = pst_call_scratch (p->call, worker);
  gint64 k = p->call->in[1]->shape.dim[0], all = p->rows * p->columns;
  const float *g = p->call->dout[0]->data;

  pst_gemm (TRUE, FALSE, band.n, p->numbers, k, 1,
            g + band.b * k * all + band.at, all, p->call->in[1]->data,
            p->numbers, 0, patches, p->numbers);
  scatter (p, &band, patches);
}

static void
project_backward (PstCall *call)
{
  Project p;

  if (! call->din[0] || ! call->dout[0])
    return;
  project_setup (&p, call);
  project_origin (&p);
  for (p.odd = 0; p.odd < 2; p.odd++)
    pst_pool_run (call->pool,
                  call->din[0]->shape.dim[0] * ((p.n_bands + 1 - p.odd) / 2),
                  backward_item, &p);
}

const PstOp pst_op_project = {
  .domain = "pastiche",
  .type = "Project",
  .infer = project_infer,
  .scratch = project_scratch,
  .forward = project_forward,
  .backward = project_backward,
  .keep = PST_KEEP_IN (1) | PST_KEEP_IN (2),
};
