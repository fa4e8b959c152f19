/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/op.h"

/* Within core/ops: what the convolution's algorithms share. */

/* Where each padded row and column comes from in the picture; -1: zero. */
typedef struct
{
  gint64  h, w; /* padded */
  gint32 *row;
  gint32 *col;
} PstConvGrid;

/**
 * PstConv:
 *
 * The geometry of one convolution.
 * - in: X [n, c, h, w] channels-last, W [k, c / groups, kh, kw], bias [k]
 * - out: Y [n, k, oh, ow] channels-last
 *
 * Seen from the kernel the picture is X, enlarged `upsample` times by nearest
 * neighbours, then padded. @grid tells for each padded coordinate where it
 * comes from in X: padding and upsampling cost nothing but these tables.
 *
 * Where a 3x3 kernel reads a picture enlarged twice, each of the four phases
 * of the output is a smaller convolution of X itself (@phased); @low is the
 * grid of X padded by one pixel.
 */
typedef struct
{
  gint64  n, c, h, w;
  gint64  k, kh, kw;
  gint64  oh, ow;
  gint64  stride_y, stride_x;
  gint64  dilation_y, dilation_x;
  gint64  groups;
  gint64  pads[4]; /* top, left, bottom, right */
  gint64  upsample;
  char    mode; /* of padding: 'c'onstant 0, 'r'eflect, 'e'dge */
  gboolean    phased;
  PstConvGrid grid;
  PstConvGrid low;
  const PstTensor *weight;
} PstConv;

/**
 * PstConvSource:
 * @data: pixels of one sample, [.., .., c]; %NULL where they are packed
 * @packed: (nullable): the sample's packed pixels and
 * @table: the tables of its cells
 * @y, @x: coordinates of the first pixel that @data points to
 * @h, @w: how many rows and columns there are; what lies beyond counts as zero
 * @row: pixels from one row to the next
 * @scale: (nullable): [c]; with @shift and @least the pixel is read as
 *   max (least, scale x + shift)
 */
typedef struct
{
  const float   *data;
  const guint16 *packed;
  const float   *table;
  gint64       y, x, h, w;
  gint64       row;
  const float *scale;
  const float *shift;
  float        least;
} PstConvSource;

/**
 * PstConvSums:
 * @sums: [3, k]: base, sum of x - base, sum of (x - base)²
 * @base: [k]: the base in single precision
 * @line: room for 2 k floats
 * @fresh: nothing is there yet; the first pixel will be the base
 * @taken: set by whom has added what it computed
 *
 * What mean and variance are made of.
 */
typedef struct
{
  double  *sums;
  float   *base;
  float   *line;
  gboolean fresh;
  gboolean taken;
} PstConvSums;

/* A part of the output. An algorithm may add its pixels to @sums (nullable)
 * and say so; else others do. Where @past, nobody reads it soon, and it may be
 * written past the caches. */
typedef struct
{
  gint64       y, x, h, w;
  PstConvSums *sums;
  gboolean     past;
} PstConvRegion;

/**
 * PstConvForward:
 * @fits: whether it can do this convolution well
 * @weights: floats that the packed weights take
 * @pack: packs them, with @pool's help
 * @block: the largest region that the caches hold
 * @room: floats of room that @region needs for a block
 * @region: computes a region, at most a block, without bias, into @to, whose
 *   rows are @row floats apart
 *
 * An algorithm of the forward pass.
 */
typedef struct
{
  const char *name;
  gboolean (*fits) (const PstConv *conv);
  gsize (*weights) (const PstConv *conv);
  void (*pack) (const PstConv *conv, PstPool *pool, float *packed);
  void (*block) (const PstConv *conv, gint64 *h, gint64 *w);
  gsize (*room) (const PstConv *conv);
  void (*region) (const PstConv *conv, const PstConvSource *source,
                  const PstConvRegion *region, const float *packed,
                  float *room, float *to, gint64 row);
} PstConvForward;

extern const PstConvForward pst_conv_direct;
extern const PstConvForward pst_conv_nested;
extern const PstConvForward pst_conv_rows;
extern const PstConvForward pst_conv_strided;
extern const PstConvForward pst_conv_winograd;

/* The best algorithm. */
const PstConvForward *pst_conv_choose (const PstConv *conv);

/**
 * pst_conv_patch:
 * @grid: of the picture to read
 * @y: the first padded row; rows beyond the grid are zero
 * @x: the first padded column
 * @room: h * w * c floats
 * @row: (out): floats between the rows of the patch
 *
 * Returns: the padded pixels [h, w, c]: where they lie, or in @room
 */
const float *pst_conv_patch (const PstConvGrid *grid, gint64 c,
                             const PstConvSource *source, gint64 y, gint64 x,
                             gint64 h, gint64 w, float *room, gint64 *row);

/* Makes @pixel [n] the base of channels @first to @first + @n; their sums are
 * zero then. */
void pst_conv_sums_begin (PstConvSums *sums, gint64 k, gint64 first, gint64 n,
                          const float *pixel);
/* Adds @line [2, n]. */
void pst_conv_sums_add (PstConvSums *sums, gint64 k, gint64 first, gint64 n);

/* The padded pixels [h, w, c], rows source->row apart, as they lie in memory;
 * %NULL where they don't, or are packed. */
const float *pst_conv_find (const PstConvGrid *grid, gint64 c,
                            const PstConvSource *source, gint64 y, gint64 x,
                            gint64 h, gint64 w);

/* Pixels of a source's row, both counted from its first, as numbers. */
void pst_conv_load (const PstConvSource *source, gint64 c, gint64 row,
                    gint64 col, gint64 pixels, float *to);

/* Cuts @size into equal parts, multiples of @unit, none longer than @most (but
 * at least @unit). Returns the length of a part. */
gint64 pst_conv_even (gint64 size, gint64 most, gint64 unit);

#define PST_CONV_STAGES 3

/**
 * PstConvStage:
 *
 * One of several convolutions in a row, the first reading a picture in memory,
 * each other the one before.
 * @packed: its weights
 * @scale: (nullable): [n, 2, c]: factors and summands of what it reads
 * @least: what it reads is at least this
 */
typedef struct
{
  PstConv               conv;
  const PstConvForward *forward;
  const float          *packed;
  const float          *scale;
  float                 least;
} PstConvStage;

/**
 * PstConvJob:
 * @x: [n, c, h, w] of the first stage, a map or packed
 * @bias: (nullable): [k] of the last stage
 * @least: the result is at least this
 * @y: (nullable): [n, k, oh, ow] of the last stage, a map or packed
 * @stats: where @wants_stats, [n, 2, k]: mean and variance of the result
 *
 * What lies between the stages never lies in memory as a whole: it is computed
 * region by region, where need be more than once.
 */
typedef struct
{
  PstConvStage stage[PST_CONV_STAGES];
  int          n_stages;
  const PstTensor *x;
  const float     *bias;
  float            least;
  const PstTensor *y;
  gboolean         wants_stats;
  float           *stats;
} PstConvJob;

/* Bytes of room for the whole job and for each worker; no data need be
 * there. */
void pst_conv_job_room (const PstConvJob *job, gsize *shared,
                        gsize *per_worker);
/* @shared and @workers are such room, the workers' @worker_bytes apart. */
void pst_conv_job_run (const PstConvJob *job, PstPool *pool, guint8 *shared,
                       guint8 *workers, gsize worker_bytes);

/**
 * PstConvGradient:
 * @fits: whether it can do this convolution well
 * @scratch: bytes in all (after the tables) and for each worker
 * @backward: adds to @dx, @dw and @db, each of which may be %NULL
 * @clears: sets @dx to zero itself where @call->fresh has bit 0
 */
typedef struct
{
  const char *name;
  gboolean (*fits) (const PstConv *conv);
  void (*scratch) (const PstConv *conv, gsize *shared, gsize *per_worker);
  void (*backward) (const PstConv *conv, PstCall *call, guint8 *shared,
                    const float *x, const float *dy, float *dx, PstTensor *dw,
                    float *db);
  gboolean clears;
} PstConvGradient;

extern const PstConvGradient pst_conv_direct_gradient;
extern const PstConvGradient pst_conv_flipped_gradient;
extern const PstConvGradient pst_conv_im2col_gradient;
extern const PstConvGradient pst_conv_strided_gradient;
extern const PstConvGradient pst_conv_winograd_gradient;

/* Weight gradients are summed in this many parts at most, then the parts in
 * order: the same result for any number of threads. */
#define PST_CONV_SLICES 8

/**
 * pst_conv_parse:
 * @call: a call of Conv, FusedConv or StreamConv; needs dtypes and shapes only
 * @stage: which of StreamConv's convolutions; its attributes end in this
 *   number, where it is not 0
 * @x: shape of what it reads
 * @w: its weights
 *
 * Returns: %FALSE with an error where the shapes do not fit; tables are not
 *   set
 */
gboolean pst_conv_parse (const PstCall *call, int stage, const PstShape *x,
                         const PstTensor *w, PstConv *conv, GError **error);

/* Bytes of the tables. */
gsize pst_conv_table_bytes (const PstConv *conv);
/* Says that they lie at @room; and fills them. */
void  pst_conv_point_tables (PstConv *conv, guint8 *room);
void  pst_conv_fill_tables (PstConv *conv, guint8 *room);

/* Adds to @dw, row by row, where that works; scratch as for PstConvGradient. */
gboolean pst_conv_weights_fit (const PstConv *conv);
void pst_conv_weights_scratch (const PstConv *conv, gsize *shared,
                               gsize *per_worker);
void pst_conv_weights_backward (const PstConv *conv, PstCall *call,
                                guint8 *shared, const float *x,
                                const float *dy, PstTensor *dw);

/* db[k] += sum of dy over all pixels, in a fixed order. */
void pst_conv_bias_gradient (const PstConv *conv, const float *dy, float *db);

/* The first of @n slices of @size floats becomes the sum of all, in order. */
void pst_conv_sum_slices (float *slices, gsize size, gint64 n);
