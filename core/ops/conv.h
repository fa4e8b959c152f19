/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/op.h"

/* Within core/ops: what the convolution's algorithms share. */

/**
 * PstConv:
 *
 * The geometry of one convolution.
 * - in: X [n, c, h, w] channels-last, W [k, c / groups, kh, kw], bias [k]
 * - out: Y [n, k, oh, ow] channels-last
 *
 * Seen from the kernel the picture is X, enlarged `upsample` times by nearest
 * neighbours, then padded. @row and @col tell for each padded coordinate
 * where it comes from in X, or -1 for zero: padding and upsampling cost
 * nothing but these tables.
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
  gint64  padded_h, padded_w;
  gint32 *row; /* [padded_h] */
  gint32 *col; /* [padded_w] */
  const PstTensor *weight;
} PstConv;

/**
 * PstConvAlgorithm:
 * @fits: whether it can do this convolution well
 * @scratch: bytes in all (after the tables) and for each worker
 * @forward: @x and @y are channels-last numbers; @bias may be %NULL
 * @backward: adds to @dx, @dw and @db, each of which may be %NULL
 */
typedef struct
{
  const char *name;
  gboolean (*fits) (const PstConv *conv);
  void (*scratch) (const PstConv *conv, gboolean backward, gsize *shared,
                   gsize *per_worker);
  void (*forward) (const PstConv *conv, PstCall *call, guint8 *shared,
                   const float *x, const float *bias, float *y);
  void (*backward) (const PstConv *conv, PstCall *call, guint8 *shared,
                    const float *x, const float *dy, float *dx, PstTensor *dw,
                    float *db);
} PstConvAlgorithm;

extern const PstConvAlgorithm pst_conv_im2col;
extern const PstConvAlgorithm pst_conv_rows;
extern const PstConvAlgorithm pst_conv_winograd;

/* Weight gradients are summed in this many parts at most, then the parts in
 * order: the same result for any number of threads. */
#define PST_CONV_SLICES 8

/**
 * pst_conv_parse:
 * @call: a call of Conv or FusedConv; needs dtypes and shapes only
 *
 * Returns: %FALSE with an error where the shapes do not fit; tables are not
 *   set
 */
gboolean pst_conv_parse (const PstCall *call, PstConv *conv, GError **error);

/* db[k] += sum of dy over all pixels, in a fixed order. */
void pst_conv_bias_gradient (const PstConv *conv, const float *dy, float *db);

/* The first of @n slices of @size floats becomes the sum of all, in order. */
void pst_conv_sum_slices (float *slices, gsize size, gint64 n);
