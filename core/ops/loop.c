/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ops/loop.h"

#include <string.h>

static gint64
magnitude (gint64 x)
{
  return x < 0 ? -x : x;
}

/* Whether dimension @a must stand outside dimension @b: the first operand
 * that steps differently in the two decides. */
static gboolean
is_outside (const PstLoop *loop, int first, int a, int b)
{
  for (int i = 0; i < loop->n; i++)
    {
      int    k = (first + i) % loop->n;
      gint64 x = magnitude (loop->step[k][a]);
      gint64 y = magnitude (loop->step[k][b]);

      if (x && y && x != y)
        return x > y;
    }
  return FALSE;
}

static void
swap_dimensions (PstLoop *loop, int a, int b)
{
  gint64 t = loop->size[a];

  loop->size[a] = loop->size[b];
  loop->size[b] = t;
  for (int k = 0; k < loop->n; k++)
    {
      t = loop->step[k][a];
      loop->step[k][a] = loop->step[k][b];
      loop->step[k][b] = t;
    }
}

static void
copy_dimension (PstLoop *loop, int to, const PstLoop *from, int i)
{
  loop->size[to] = from->size[i];
  for (int k = 0; k < from->n; k++)
    loop->step[k][to] = from->step[k][i];
}

static void
drop_ones (PstLoop *loop)
{
  int rank = 0;

  for (int i = 0; i < loop->rank; i++)
    if (loop->size[i] != 1)
      copy_dimension (loop, rank++, loop, i);
  loop->rank = rank;
}

/* Orders dimensions by the memory of operand @first; a stable insertion, as
 * dimensions that no operand tells apart stay in logical order. */
static void
order_dimensions (PstLoop *loop, int first)
{
  for (int i = 1; i < loop->rank; i++)
    for (int j = i; j > 0 && is_outside (loop, first, j, j - 1); j--)
      swap_dimensions (loop, j, j - 1);
}

/* Makes one dimension of neighbours that every operand walks through. */
static void
merge_dimensions (PstLoop *loop)
{
  int last = 0;

  for (int i = 1; i < loop->rank; i++)
    {
      gboolean merge = TRUE;

      for (int k = 0; k < loop->n; k++)
        merge = merge && loop->step[k][last] ==
                             loop->step[k][i] * loop->size[i];
      if (merge)
        {
          gint64 size = loop->size[last] * loop->size[i];

          copy_dimension (loop, last, loop, i);
          loop->size[last] = size;
        }
      else
        copy_dimension (loop, ++last, loop, i);
    }
  loop->rank = loop->rank ? last + 1 : 0;
}

static gint64
loop_count (const PstLoop *loop)
{
  gint64 count = 1;

  for (int i = 0; i < loop->rank; i++)
    count *= loop->size[i];
  return count;
}

static void
set_operands (PstLoop *loop, const PstShape *shape, int n,
              const PstTensor *const *tensors)
{
  loop->rank = shape->rank;
  loop->n = n;
  for (int i = 0; i < shape->rank; i++)
    loop->size[i] = shape->dim[i];
  for (int k = 0; k < n; k++)
    for (int i = 0; i < shape->rank; i++)
      {
        int j = i - shape->rank + tensors[k]->shape.rank;

        loop->step[k][i] = j >= 0 && tensors[k]->shape.dim[j] != 1
                               ? tensors[k]->stride[j]
                               : 0;
      }
}

void
pst_loop_init (PstLoop *loop, const PstShape *shape, int n,
               const PstTensor *const *tensors)
{
  set_operands (loop, shape, n, tensors);
  drop_ones (loop);
  order_dimensions (loop, 0);
  merge_dimensions (loop);
}

gboolean
pst_loop_init_reshape (PstLoop *loop, const PstTensor *to,
                       const PstTensor *from)
{
  int    i = to->shape.rank - 1, j = from->shape.rank - 1, rank = 0;
  gint64 a = 1, b = 1, step_a = 0, step_b = 0;

  loop->n = 2;
  while (TRUE)
    {
      gint64 size;

      for (; a == 1 && i >= 0; i--)
        {
          a = to->shape.dim[i];
          step_a = to->stride[i];
        }
      for (; b == 1 && j >= 0; j--)
        {
          b = from->shape.dim[j];
          step_b = from->stride[j];
        }
      if (a == 1 && b == 1)
        break;
      size = MIN (a, b);
      if (size < 2 || a % size || b % size || rank == PST_LOOP_RANK)
        return FALSE;
      loop->size[rank] = size;
      loop->step[0][rank] = step_a;
      loop->step[1][rank] = step_b;
      step_a *= size;
      step_b *= size;
      a /= size;
      b /= size;
      rank++;
    }
  loop->rank = rank;
  order_dimensions (loop, 0);
  merge_dimensions (loop);
  return TRUE;
}

/* Does iterations @begin to @end of @loop, counted in its own order;
 * @base is added to where each operand lies. */
static void
walk (const PstLoop *loop, const gint64 *base, gint64 begin, gint64 end,
      PstTileFunc func, gpointer data)
{
  int     inner = loop->rank - 1;
  gint64  at[PST_LOOP_RANK];
  gint64  rest = begin;
  PstTile tile = { 0 };

  if (begin >= end)
    return;
  if (loop->rank == 0)
    {
      tile.rows = tile.n = 1;
      memcpy (tile.at, base, sizeof tile.at);
      func (data, &tile);
      return;
    }
  for (int i = inner; i >= 0; i--)
    {
      at[i] = rest % loop->size[i];
      rest /= loop->size[i];
    }
  for (int k = 0; k < loop->n; k++)
    {
      tile.step[k] = loop->step[k][inner];
      tile.row[k] = inner > 0 ? loop->step[k][inner - 1] : 0;
    }
  while (begin < end)
    {
      tile.n = MIN (loop->size[inner] - at[inner], end - begin);
      tile.rows = 1;
      if (inner > 0 && at[inner] == 0 && tile.n == loop->size[inner])
        tile.rows = MIN (loop->size[inner - 1] - at[inner - 1],
                         (end - begin) / tile.n);
      for (int k = 0; k < loop->n; k++)
        {
          tile.at[k] = base[k];
          for (int i = 0; i <= inner; i++)
            tile.at[k] += at[i] * loop->step[k][i];
        }
      func (data, &tile);
      begin += tile.rows * tile.n;
      at[inner] += tile.n;
      if (at[inner] == loop->size[inner])
        {
          at[inner] = 0;
          if (inner > 0)
            at[inner - 1] += tile.rows;
        }
      for (int i = inner - 1; i > 0 && at[i] == loop->size[i]; i--)
        {
          at[i] = 0;
          at[i - 1]++;
        }
    }
}

typedef struct
{
  const PstLoop *loop;
  gint64         count;
  PstTileFunc    func;
  gpointer       data;
} LoopJob;

static void
loop_item (gpointer data, gsize item, guint worker)
{
  const LoopJob *job = data;
  gint64         begin = (gint64) item * PST_LOOP_CHUNK;
  gint64         base[PST_LOOP_OPERANDS] = { 0 };

  walk (job->loop, base, begin, MIN (begin + PST_LOOP_CHUNK, job->count),
        job->func, job->data);
}

void
pst_loop_run (const PstLoop *loop, PstPool *pool, PstTileFunc func,
              gpointer data)
{
  LoopJob job = { loop, loop_count (loop), func, data };
  gsize   items = (job.count + PST_LOOP_CHUNK - 1) / PST_LOOP_CHUNK;

  pst_pool_run (items > 1 ? pool : NULL, items, loop_item, &job);
}

/* Reductions */

#define REDUCE_VECTOR 512 /* accumulators of one item */
#define REDUCE_CHUNKS 64  /* items that share one accumulator, at most */

void
pst_reduce_init (PstReduce *reduce, PstReduceKind kind, const PstShape *shape,
                 int n, const PstTensor *const *tensors)
{
  PstLoop  all;
  int      inner;
  gint64   width;
  gboolean kept[PST_LOOP_RANK];

  memset (reduce, 0, sizeof *reduce);
  reduce->kind = kind;
  reduce->outer.n = reduce->inner.n = n;
  set_operands (&all, shape, n, tensors);
  drop_ones (&all);
  order_dimensions (&all, n > 1 ? 1 : 0);
  merge_dimensions (&all);
  inner = all.rank - 1;
  for (int i = 0; i < all.rank; i++)
    kept[i] = all.step[0][i] != 0;
  reduce->vector = 1;
  for (int i = 0; i < inner; i++)
    {
      PstLoop *to = kept[i] ? &reduce->outer : &reduce->inner;

      copy_dimension (to, to->rank, &all, i);
      if (! kept[i])
        to->step[0][to->rank] = 0;
      to->rank++;
    }
  if (inner >= 0)
    {
      copy_dimension (&reduce->inner, reduce->inner.rank, &all, inner);
      reduce->inner.step[0][reduce->inner.rank++] = kept[inner] ? 1 : 0;
      if (kept[inner])
        {
          reduce->vector = all.size[inner];
          reduce->out_step = all.step[0][inner];
        }
    }
  reduce->blocks = loop_count (&reduce->outer);
  reduce->terms = loop_count (&reduce->inner) / MAX (reduce->vector, 1);
  width = CLAMP (reduce->vector, 1, REDUCE_VECTOR);
  reduce->n_tiles = (reduce->vector + width - 1) / width;
  reduce->chunk = MAX (1, PST_LOOP_CHUNK / width);
  if (reduce->blocks * reduce->n_tiles >= REDUCE_CHUNKS)
    reduce->chunk = MAX (reduce->terms, 1);
  else
    reduce->chunk = MAX (reduce->chunk, (reduce->terms + REDUCE_CHUNKS - 1) /
                                            REDUCE_CHUNKS);
  reduce->n_chunks =
      MAX (1, (reduce->terms + reduce->chunk - 1) / reduce->chunk);
  reduce->group = 1;
  if (reduce->n_chunks == 1)
    reduce->group = MAX (
        1, PST_LOOP_CHUNK / MAX (1, MAX (reduce->terms, 1) * width));
}

gsize
pst_reduce_scratch (const PstReduce *reduce)
{
  if (reduce->n_chunks == 1)
    return 0;
  return sizeof (double) * reduce->blocks * reduce->n_tiles *
         reduce->n_chunks * MIN (reduce->vector, REDUCE_VECTOR);
}

typedef struct
{
  const PstReduce *reduce;
  PstTermFunc      term;
  PstStoreFunc     store;
  gpointer         data;
  double          *partial;
  double          *acc; /* while one item runs */
} ReduceJob;

static void
reduce_tile (gpointer data, const PstTile *tile)
{
  const ReduceJob *job = data;

  job->term (job->data, tile, job->acc);
}

static double
identity_of (PstReduceKind kind)
{
  switch (kind)
    {
    case PST_REDUCE_MAX:
      return -G_MAXDOUBLE;
    case PST_REDUCE_MIN:
      return G_MAXDOUBLE;
    case PST_REDUCE_PROD:
      return 1.0;
    default:
      return 0.0;
    }
}

static void
block_base (const PstLoop *outer, gint64 block, gint64 *base)
{
  memset (base, 0, sizeof (gint64) * PST_LOOP_OPERANDS);
  for (int i = outer->rank - 1; i >= 0; i--)
    {
      for (int k = 0; k < outer->n; k++)
        base[k] += block % outer->size[i] * outer->step[k][i];
      block /= outer->size[i];
    }
}

/* Gathers one chunk of terms for one tile of one block's vector. */
static void
reduce_one (ReduceJob *job, gint64 block, gint64 tile, gint64 chunk)
{
  const PstReduce *reduce = job->reduce;
  PstLoop          inner = reduce->inner;
  gint64           base[PST_LOOP_OPERANDS];
  gint64           first = tile * REDUCE_VECTOR;
  gint64           n = MIN (reduce->vector - first, REDUCE_VECTOR);
  double           acc[REDUCE_VECTOR];
  ReduceJob        mine = *job;
  gint64           out;

  block_base (&reduce->outer, block, base);
  out = base[0] + first * reduce->out_step;
  base[0] = 0;
  if (reduce->vector > 1)
    {
      inner.size[inner.rank - 1] = n;
      for (int k = 1; k < inner.n; k++)
        base[k] += first * inner.step[k][inner.rank - 1];
    }
  for (gint64 i = 0; i < n; i++)
    acc[i] = identity_of (reduce->kind);
  mine.acc = acc;
  walk (&inner, base, chunk * reduce->chunk * n,
        MIN ((chunk + 1) * reduce->chunk, reduce->terms) * n, reduce_tile,
        &mine);
  if (reduce->n_chunks == 1)
    job->store (job->data, out, reduce->out_step, n, acc);
  else
    memcpy (job->partial + ((block * reduce->n_tiles + tile) *
                                reduce->n_chunks + chunk) *
                               MIN (reduce->vector, REDUCE_VECTOR),
            acc, sizeof (double) * n);
}

static void
reduce_item (gpointer data, gsize item, guint worker)
{
  ReduceJob       *job = data;
  const PstReduce *reduce = job->reduce;
  gint64           chunk = item % reduce->n_chunks;
  gint64           tile = item / reduce->n_chunks % reduce->n_tiles;
  gint64           block = item / reduce->n_chunks / reduce->n_tiles;

  block *= reduce->group;
  for (gint64 i = 0; i < reduce->group && block + i < reduce->blocks; i++)
    reduce_one (job, block + i, tile, chunk);
}

static double
combine (PstReduceKind kind, double a, double b)
{
  switch (kind)
    {
    case PST_REDUCE_MAX:
      return MAX (a, b);
    case PST_REDUCE_MIN:
      return MIN (a, b);
    case PST_REDUCE_PROD:
      return a * b;
    default:
      return a + b;
    }
}

/* Puts the chunks together, in their order. */
static void
reduce_finish (ReduceJob *job)
{
  const PstReduce *reduce = job->reduce;
  gint64           width = MIN (reduce->vector, REDUCE_VECTOR);
  double          *chunks = job->partial;

  for (gint64 block = 0; block < reduce->blocks; block++)
    for (gint64 tile = 0; tile < reduce->n_tiles; tile++)
      {
        gint64 first = tile * REDUCE_VECTOR;
        gint64 n = MIN (reduce->vector - first, width);
        gint64 base[PST_LOOP_OPERANDS];

        for (gint64 c = 1; c < reduce->n_chunks; c++)
          for (gint64 i = 0; i < n; i++)
            chunks[i] =
                combine (reduce->kind, chunks[i], chunks[c * width + i]);
        block_base (&reduce->outer, block, base);
        job->store (job->data, base[0] + first * reduce->out_step,
                    reduce->out_step, n, chunks);
        chunks += reduce->n_chunks * width;
      }
}

void
pst_reduce_run (const PstReduce *reduce, PstPool *pool, gpointer scratch,
                PstTermFunc term, PstStoreFunc store, gpointer data)
{
  ReduceJob job = { reduce, term, store, data, scratch, NULL };
  gint64    groups = (reduce->blocks + reduce->group - 1) / reduce->group;
  gint64    items = groups * reduce->n_tiles * reduce->n_chunks;

  pst_pool_run (items > 1 ? pool : NULL, items, reduce_item, &job);
  if (reduce->n_chunks > 1)
    reduce_finish (&job);
}
