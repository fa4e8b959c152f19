/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Match: what each number would be, had its list another distribution. x
 * [N, K, P], lists of the wished distribution [N, K, M] and groups [N] give
 * [N, K, P]: the number of rank i (from 0) among the P numbers of a list
 * becomes the quantile (i + 1/2) / P of the wished list, between whose sorted
 * numbers it is taken linearly. Samples of the same group are ranked together,
 * against all of their wished lists. It is the optimal transport in one
 * dimension (Rabin et al. 2011, section 2), so that |x - Match (x)| is the
 * distance and its gradient by x exact, although this is taken for constant. */
#include <string.h>

#include "core/base/float-key.h"
#include "core/ops/arguments.h"

#define DIGIT 11
#define N_DIGITS (1 << DIGIT)

/* A number, ordered as a whole number the way the floats are, and its place */
typedef struct
{
  guint32 key;
  guint32 place;
} Entry;

static gboolean
match_infer (PstCall *call, GError **error)
{
  const PstShape *x, *wished;

  if (! pst_call_check (call, 3, 3, 3, error) ||
      ! pst_arg_float (call, 1, error))
    return FALSE;
  x = &call->in[0]->shape;
  wished = &call->in[1]->shape;
  if (pst_tensor_count (call->in[0]) < 1 || x->dim[0] > G_MAXINT32 ||
      x->dim[2] > G_MAXINT32 / x->dim[0])
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("a map of size %s cannot be worked on"),
                          PST_ARG_SHAPE (call->in[0]));
  if (wished->rank != 3 || wished->dim[0] != x->dim[0] ||
      wished->dim[1] != x->dim[1] || wished->dim[2] < 1 ||
      wished->dim[2] > G_MAXINT32 / x->dim[0] || call->in[2]->dtype != PST_INT64 ||
      call->in[2]->shape.rank != 1 || call->in[2]->shape.dim[0] != x->dim[0])
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("lists of size %s do not fit"),
                          PST_ARG_SHAPE (call->in[1]));
  pst_call_like (call, 0);
  return TRUE;
}

/* Of one worker: a list and the same sorted, then the wished list. */
static void
match_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  gint64 samples = call->in[0]->shape.dim[0];
  gint64 p = call->in[0]->shape.dim[2], m = call->in[1]->shape.dim[2];

  *per_worker = samples * (sizeof (Entry) * 2 * MAX (p, m) +
                           sizeof (float) * m);
}

/* By digits of eleven bits, the last first; @room: @n. Returns whichever of
 * the two holds the result. */
static Entry *
sort (Entry *from, Entry *room, gint64 n)
{
  for (int shift = 0; shift < 32; shift += DIGIT)
    {
      guint32 begin[N_DIGITS] = { 0 };
      guint32 sum = 0;
      Entry  *other = from;

      for (gint64 i = 0; i < n; i++)
        begin[(from[i].key >> shift) & (N_DIGITS - 1)]++;
      for (int d = 0; d < N_DIGITS; d++)
        {
          guint32 count = begin[d];

          begin[d] = sum;
          sum += count;
        }
      for (gint64 i = 0; i < n; i++)
        room[begin[(from[i].key >> shift) & (N_DIGITS - 1)]++] = from[i];
      from = room;
      room = other;
    }
  return from;
}

/* The quantile (i + 1/2) / n of @m sorted numbers. */
static float
quantile (const float *sorted, gint64 m, gint64 i, gint64 n)
{
  double at = ((double) i + 0.5) * (double) m / (double) n - 0.5;
  gint64 low = CLAMP ((gint64) at, 0, m - 1);
  gint64 high = MIN (low + 1, m - 1);
  float  part = (float) CLAMP (at - (double) low, 0.0, 1.0);

  return sorted[low] + part * (sorted[high] - sorted[low]);
}

/* Where direction @k of the samples like @first lies in @x: all of them into
 * @list. Returns how many. */
static gint64
collect (const PstCall *call, const PstTensor *x, gint64 first, gint64 k,
         Entry *list)
{
  const gint64 *groups = call->in[2]->data;
  const gint64 *dim = x->shape.dim;
  gint64        n = 0;

  for (gint64 b = first; b < dim[0]; b++)
    if (groups[b] == groups[first])
      {
        const float *from = x->data;

        from += (b * dim[1] + k) * dim[2];
        for (gint64 i = 0; i < dim[2]; i++, n++)
          list[n] = (Entry) { pst_float_to_key (from[i]),
                              (guint32) (b * dim[2] + i) };
      }
  return n;
}

/* The samples of one group on one direction; the group's first sample does
 * it for all. */
static void
match_item (gpointer data, gsize item, guint worker)
{
  PstCall      *call = data;
  const gint64 *dim = call->in[0]->shape.dim;
  const gint64 *groups = call->in[2]->data;
  gint64        first = (gint64) item / dim[1], k = (gint64) item % dim[1];
  gint64        room = dim[0] * MAX (dim[2], call->in[1]->shape.dim[2]);
  Entry        *list = pst_call_scratch (call, worker);
  float        *wished = (float *) (list + 2 * room);
  float        *to = call->out[0]->data;
  Entry        *sorted;
  gint64        n, m;

  for (gint64 b = 0; b < first; b++)
    if (groups[b] == groups[first])
      return;
  m = collect (call, call->in[1], first, k, list);
  sorted = sort (list, list + room, m);
  for (gint64 i = 0; i < m; i++)
    wished[i] = pst_float_from_key (sorted[i].key);
  n = collect (call, call->in[0], first, k, list);
  sorted = sort (list, list + room, n);
  for (gint64 i = 0; i < n; i++)
    {
      gint64 b = sorted[i].place / dim[2];

      to[sorted[i].place + (b * (dim[1] - 1) + k) * dim[2]] =
          quantile (wished, m, i, n);
    }
}

static void
match_forward (PstCall *call)
{
  const gint64 *dim = call->in[0]->shape.dim;

  pst_pool_run (call->pool, dim[0] * dim[1], match_item, call);
}

const PstOp pst_op_match = {
  .domain = "pastiche",
  .type = "Match",
  .infer = match_infer,
  .scratch = match_scratch,
  .forward = match_forward,
  .flags = PST_OP_FLAT,
};
