/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/base/parallel.h"
#include "core/graph/tensor.h"

#define PST_LOOP_OPERANDS 6
#define PST_LOOP_RANK (2 * PST_MAX_RANK)
/* Elements of one parallel item: never depends on the number of threads. */
#define PST_LOOP_CHUNK 65536

/* No iteration of the loop reads what another one writes; an output may be
 * the very same memory as an input. */
#define PST_VECTOR _Pragma ("GCC ivdep")

/* Nobody asks for floating-point exceptions: both sides of a choice may be
 * worked out, which lets loops with choices become vectors. */
#if defined __GNUC__ && ! defined __clang__
#pragma GCC optimize("no-trapping-math")
#endif

/**
 * PstLoop:
 * @rank: number of dimensions
 * @n: number of operands; operand 0 is the one written
 * @size: iterations along each dimension, outermost first
 * @step: distance in elements, per operand and dimension; 0 repeats
 *
 * A walk over several tensors at once, whatever their layouts.
 */
typedef struct
{
  int    rank;
  int    n;
  gint64 size[PST_LOOP_RANK];
  gint64 step[PST_LOOP_OPERANDS][PST_LOOP_RANK];
} PstLoop;

/**
 * PstTile:
 * @rows: rows to do
 * @n: elements in each
 * @at: where each operand's first element lies, in elements
 * @row: distance between rows
 * @step: distance between elements
 */
typedef struct
{
  gint64 rows;
  gint64 n;
  gint64 at[PST_LOOP_OPERANDS];
  gint64 row[PST_LOOP_OPERANDS];
  gint64 step[PST_LOOP_OPERANDS];
} PstTile;

typedef void (*PstTileFunc) (gpointer data, const PstTile *tile);

/* Walks @shape; each tensor is broadcast to it by numpy's rule. */
void     pst_loop_init (PstLoop *loop, const PstShape *shape, int n,
                        const PstTensor *const *tensors);
/* Walks two tensors of as many elements in logical order (Reshape). FALSE
 * where the shapes share no refinement ([2, 3] to [3, 2] with gaps). */
gboolean pst_loop_init_reshape (PstLoop *loop, const PstTensor *to,
                                const PstTensor *from);
/* Calls @func for all of @loop, in parallel where it is large. */
void     pst_loop_run (const PstLoop *loop, PstPool *pool, PstTileFunc func,
                       gpointer data);

/* How reductions put terms together. */
typedef enum
{
  PST_REDUCE_SUM,
  PST_REDUCE_MAX,
  PST_REDUCE_MIN,
  PST_REDUCE_PROD,
} PstReduceKind;

/**
 * PstReduce:
 *
 * A walk whose operand 0 is smaller than the others: every one of its
 * elements gathers many terms. Operand 0 of the inner walk is an array of
 * double accumulators.
 */
typedef struct
{
  PstReduceKind kind;
  PstLoop       outer;  /* kept dimensions but the innermost */
  PstLoop       inner;  /* gathered dimensions, then the kept vector */
  gint64        blocks; /* iterations of outer */
  gint64        terms;  /* gathered by each element */
  gint64        vector; /* kept elements side by side */
  gint64        out_step;
  gint64        group;   /* blocks of one item */
  gint64        n_tiles; /* of the kept vector */
  gint64        chunk;   /* terms of one item */
  gint64        n_chunks;
} PstReduce;

/* Adds (or takes the maximum of) a tile's terms into @acc + tile->at[0]. */
typedef void (*PstTermFunc) (gpointer data, const PstTile *tile, double *acc);
/* Takes @n finished accumulators to the result at @at, @step apart. */
typedef void (*PstStoreFunc) (gpointer data, gint64 at, gint64 step, gint64 n,
                              const double *acc);

/**
 * pst_reduce_init:
 * @shape: what is walked
 * @n: number of tensors; the first is the result, with size 1 (or fewer
 *   dimensions) where terms are gathered
 */
void  pst_reduce_init (PstReduce *reduce, PstReduceKind kind,
                       const PstShape *shape, int n,
                       const PstTensor *const *tensors);
/* Bytes of shared scratch that the run needs. */
gsize pst_reduce_scratch (const PstReduce *reduce);
void  pst_reduce_run (const PstReduce *reduce, PstPool *pool, gpointer scratch,
                      PstTermFunc term, PstStoreFunc store, gpointer data);

/* A part of a tensor: @start and @step (elements, may be negative) along
 * each dimension, @shape as the part's. */
PstTensor pst_view_part (const PstTensor *tensor, const gint64 *start,
                         const gint64 *step, const PstShape *shape);
/* The same with its dimensions in the order @perm. */
PstTensor pst_view_transposed (const PstTensor *tensor, const int *perm);
/* Repeated to @shape by numpy's rule (strides 0). */
PstTensor pst_view_broadcast (const PstTensor *tensor, const PstShape *shape);
/* Copies, same shape and dtype. */
void pst_view_copy (PstPool *pool, const PstTensor *to,
                    const PstTensor *from);
/* to += from, float32, same shape */
void pst_view_add (PstPool *pool, const PstTensor *to, const PstTensor *from);
/**
 * pst_view_sum_add:
 * @to: as @from, but of size 1 (or without the dimension) along axes that
 *   are summed up
 * @scratch: (nullable): pst_view_sum_scratch() bytes; without it each sum is
 *   made by one thread, which is enough for small parts
 *
 * to += factor * the sum of @from, float32.
 */
void  pst_view_sum_add (PstPool *pool, const PstTensor *to,
                        const PstTensor *from, float factor,
                        gpointer scratch);
gsize pst_view_sum_scratch (const PstTensor *to, const PstTensor *from);
/* float32 */
void pst_view_fill (PstPool *pool, const PstTensor *to, float value);
/* Copies or adds in logical order between any two shapes of one count. */
void pst_view_reshape (PstPool *pool, const PstTensor *to,
                       const PstTensor *from);
void pst_view_reshape_add (PstPool *pool, const PstTensor *to,
                           const PstTensor *from);
