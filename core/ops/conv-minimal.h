/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ops/conv.h"

/*
 * What the gradients of minimal filtering share, whatever its points. A tile
 * of pixels d, some weights g and a tile of results y are three linear
 * transforms away from V, U and M:
 *
 *   V [p] [t, rows] of t tiles    point p has one row for each channel, or for
 *   U [p] [rows, k]               each channel of several phases of the picture
 *   M [p] [t, k]    = V U
 *
 * so with their adjoints the gradients are
 *
 *   dM = A dy A',  dU = V' dM,  dV = dM U',
 *   dg and dd the adjoints of how U and V were made.
 */

#define PST_MINIMAL_POINTS 36 /* at most */
#define PST_MINIMAL_KERNELS 100
#define PST_MINIMAL_TAPS 16

/**
 * PstMinimal:
 * @points: how many
 * @size: pixels along an axis of a tile of results
 * @reach: pixels along an axis of a tile of the picture, at most 10
 * @step: pixels from tile to tile of the picture
 * @phases: how many phases of the picture point @point has; all together at
 *   most %PST_MINIMAL_KERNELS
 * @read: V of the tile whose pixels [reach, reach][c] lie at @d; to @v, by
 *   point
 * @give_back: the adjoint: adds to @d, whose pointers may be %NULL
 * @results: dM of the tile whose @n channels lie at @y [size, size]; points
 *   @step apart
 * @weights: U of g [kh kw], @n numbers of each, those of g @step apart; the
 *   pointers of @u go through points, and within them phases
 * @weights_adjoint: g of U
 *
 * A form of minimal filtering; numbers of channels are multiples of 16.
 */
typedef struct
{
  gint64 (*size) (const PstConv *conv);
  gint64 (*reach) (const PstConv *conv);
  gint64 (*step) (const PstConv *conv);
  gint64 (*phases) (const PstConv *conv, gint64 point);
  void (*read) (const PstConv *conv, const float *const *d, float *const *v);
  void (*give_back) (const PstConv *conv, float *const *v, float *const *d);
  void (*results) (const PstConv *conv, const float *const *y, gint64 n,
                   float *m, gint64 step);
  void (*weights) (const PstConv *conv, const float *g, gint64 step, gint64 n,
                   float *const *u);
  void (*weights_adjoint) (const PstConv *conv, const float *const *u,
                           gint64 n, float *g, gint64 step);
  gint64 points;
} PstMinimal;

/* What a PstConvGradient needs. */
void pst_minimal_scratch (const PstMinimal *form, const PstConv *conv,
                          gsize *shared, gsize *per_worker);
void pst_minimal_backward (const PstMinimal *form, const PstConv *conv,
                           PstCall *call, guint8 *shared, const float *x,
                           const float *dy, float *dx, PstTensor *dw,
                           float *db);

/* Of conv-strided.c, along an axis: how many phases point @i has, and what it
 * makes of a phase's first and second tap. */
gint64 pst_strided_phases (const PstConv *conv, gint64 i);
void   pst_strided_weigh (gint64 i, float *first, float *second);
