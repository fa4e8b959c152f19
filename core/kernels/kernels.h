/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/*
 * Maps in 16 bits: the picture is cut into cells of so many rows and columns;
 * within a cell each channel is a whole number from 0 to 65535, times a step,
 * plus the cell's least value. A cell's table is [2][c]: least values, steps.
 */
#define PST_CELL_H 8
#define PST_CELL_W 32

/* Points of a Winograd tile, 6 x 6 in, and the most pixels out: 4 x 4 of
 * F(4x4, 3x3), 3 x 3 of F(3x3, 4x4). */
#define PST_WINO_IN 36
#define PST_WINO_OUT 16

/* Pixels of grain that are made at a time. */
#define PST_GRAIN_RUN 256

/**
 * PstNormChannels:
 *
 * What instance normalisation's gradient knows of each channel: y = g xhat +
 * b with xhat = (x - mean) inverse, then max (0, y) where @relu.
 */
typedef struct
{
  const float *mean;
  const float *inverse;
  const float *g;
  const float *b;
  gboolean     relu;
} PstNormChannels;

/**
 * PstWinoWindow:
 * @phase: -1, or which phase of an enlarged picture: then M [5, 5] holds the
 *   points 0 to 4 along an axis for even, 1 to 5 for odd (bit 1: rows, bit 0:
 *   columns), and the others are zero
 * @kernel: 4 where the tile is one of F(3x3, 4x4), which has no phases
 * @top, @bottom, @left, @right: of the tile's pixels, rows from @top to
 *   before @bottom and columns from @left to before @right are stored
 * @row, @pixel: floats from one row and one pixel to the next
 * @base: (nullable): [k]: of what is stored
 * @s, @q: [k]: sum x - base and sum (x - base)² are added to these
 * @past: may be stored past the caches: aligned to 64 bytes, and the caller
 *   sees to a fence
 */
typedef struct
{
  int    phase;
  int    kernel;
  int    top, bottom, left, right;
  gint64 row, pixel;
  const float *base;
  float       *s, *q;
  gboolean     past;
} PstWinoWindow;

/**
 * PstMapTerm:
 *
 * max (least, a x + b) of maps [pixels, c]; @a and @b, both or none, are [c].
 */
typedef struct
{
  const float *x;
  const float *a;
  const float *b;
  float        least;
} PstMapTerm;

/**
 * PstNestedSums:
 * @width: columns of P, a multiple of eight, at most 64
 * @blocks: columns of blocks, at most 4
 * @group: columns of P that belong to one of them, at most 16
 * @k: columns that belong to one block
 * @pixel: floats from one pixel's sums to the next, at least 20
 */
typedef struct
{
  gint64 width, blocks, group, k, pixel;
} PstNestedSums;

/**
 * PstKernels:
 *
 * The loops that are compiled once for each instruction set.
 *
 * Winograd's minimal filtering F(4x4, 3x3) and, where @kernel is 4, F(3x3,
 * 4x4), after Lavin and Gray (2015, arXiv:1509.09308), and the adjoint of each
 * transform for the gradients; the points are the same, so B is, too. Numbers
 * of channels are multiples of 16:
 * - @wino_in: V = B' d B. d [36][c] by pointers; V [36][c], points @step apart
 * - @wino_in_adjoint: d += B V B' (pointers may be %NULL: left out)
 * - @wino_in_patch: the same of pixels [6][6][c], rows @row floats apart
 * - @wino_in_scaled: the same of max (least, scale x + shift)
 * - @wino_out_window: y = A' M A, to where the window tells
 * - @wino_out_adjoint: M = A y A', y by pointers, 16 or 9
 * - @wino_weights: U = G g G'; g [9 or 16][n] @g_step apart, U [36][n]
 * - @wino_weights_adjoint: g = G' U G
 *
 * F(3x3, 3x3) for the blocks of large kernels (core/ops/conv-nested.c), a row
 * of tiles:
 * - @nested_in: V = B' d B of five rows of pixels, or of max (least, scale d +
 *   shift) where @scale is not %NULL (c a multiple of 16 then); V
 *   [25][tiles][c], points @step apart; up to three floats after a point's last
 *   are undefined, and as many after the last pixel are read
 * - @nested_out: y = A' M A, at most h rows and w columns of it; M
 *   [25][tiles][k], k a multiple of four
 * - @nested_add_up: sums [3][3 t][group], pixels @pixel floats apart, move on
 *   by @k and gain what P [25][tiles][(blocks, group)] holds for them: the
 *   group of block b at tile t + b. The four floats before a pixel's sums are
 *   zeros
 *
 * For 3x3 and 4x4 kernels that step two pixels (core/ops/conv-strided.c), one
 * tile of 4 x 4 outputs; numbers of channels are multiples of 16:
 * - @strided_in: pixels [9][9][c], or [10][10][c] for a 4x4 @kernel, rows
 *   @row floats apart, to v [25], each the c numbers of every phase that has
 *   this point (even, then odd rows; in each even, then odd columns). With
 *   @scale, of max (least, scale x + shift)
 * - @strided_out: y = A' M A, to where the window tells, which begins at the
 *   tile's first row and column and has no phase; M [25][k], points @step apart
 * - @strided_in_tile: @strided_in of pixels by pointers
 * - @strided_in_adjoint: adds to d (pointers may be %NULL: left out)
 * - @strided_out_adjoint: M = A y A', y [16] by pointers
 *
 * Maps [pixels, c], any number of channels:
 * - @channel_sums: s = sum (x - base), q = sum (x - base)²
 * - @channel_affine: y = max (least, a x + b); a may be %NULL, or both; x may
 *   be y; what is not a number becomes @least
 * - @channel_add: y = max (least, the sum of two terms); y may be the x of
 *   either
 * - @norm_sums: s = sum dz, q = sum dz xhat, dz being dy behind the ReLU
 * - @norm_gradient: dx += g inverse (dz - s - xhat q)
 * - @pack_cell: x [h][w][c], rows @row floats apart, to q, rows @q_row apart,
 *   and the cell's table
 * - @unpack_pixels: y = max (least, a x + b) of pixels of one cell; a and b may
 *   be %NULL
 *
 * Rows of pictures:
 * - @scale_row: n pixels of @channels (3 or 4), each the weighted sum of @taps
 *   of @from's pixels beginning with first[i]; reads and writes up to one
 *   float beyond the rows
 * - @mix_rows: y = sum of weight x row, n floats
 * - @grain_run: scale x grain at %PST_GRAIN_RUN places from (x, y) on; x a
 *   multiple of 16, neither negative. Grain is grey noise of mean 0 and
 *   standard deviation about 1: half the sum of grains of 1, 4, 8 and 16
 *   pixels, each a lattice of normal numbers with straight lines between. It
 *   depends on the place alone, so a picture is painted the same each time.
 *
 * @panel, @panel_product and @panel_outer: see panel.h.
 */
typedef struct
{
  const char *name;
  gint64      panel; /* columns of a panel */
  void (*panel_product) (const float *const *a, gint64 parts, gint64 lda,
                         gint64 m, gint64 k, const float *b, gint64 n,
                         float *c, gint64 ldc, const float *next_a,
                         const float *next_b);
  void (*panel_outer) (const float *a, gint64 lda, gint64 m, gint64 k,
                       const float *b, gint64 ldb, gint64 n, gboolean add,
                       float *c, gint64 ldc);
  void (*pack_cell) (const float *x, gint64 row, gint64 c, gint64 h, gint64 w,
                     guint16 *q, gint64 q_row, float *table);
  void (*unpack_pixels) (const guint16 *q, const float *table, const float *a,
                         const float *b, float least, gint64 c, gint64 pixels,
                         float *y);
  void (*wino_in) (const float *const *d, gint64 c, float *v, gint64 step);
  void (*wino_in_adjoint) (const float *v, gint64 step, gint64 c,
                           float *const *d);
  void (*wino_in_patch) (const float *d, gint64 row, gint64 c, float *v,
                         gint64 step);
  void (*wino_in_scaled) (const float *d, gint64 row, gint64 c,
                          const float *scale, const float *shift,
                          float least, float *v, gint64 step);
  void (*wino_out_window) (const float *m, gint64 step, gint64 k,
                           const PstWinoWindow *window, float *to);
  void (*wino_out_adjoint) (const float *const *y, gint64 k, int kernel,
                            float *m, gint64 step);
  void (*nested_in) (const float *const *d, const float *scale,
                     const float *shift, float least, gint64 c, gint64 tiles,
                     float *v, gint64 step);
  void (*nested_out) (const float *m, gint64 step, gint64 k, gint64 tiles,
                      gint64 h, gint64 w, float *to, gint64 row,
                      gint64 pixel);
  void (*nested_add_up) (const float *p, gint64 step,
                         const PstNestedSums *s, gint64 tiles, float *sums);
  void (*strided_in) (const float *d, gint64 row, gint64 c,
                      const float *scale, const float *shift, float least,
                      int kernel, float *const *v);
  void (*strided_out) (const float *m, gint64 step, gint64 k,
                       const PstWinoWindow *window, float *to);
  void (*strided_in_tile) (const float *const *d, gint64 c, int kernel,
                           float *const *v);
  void (*strided_in_adjoint) (float *const *v, gint64 c, int kernel,
                              float *const *d);
  void (*strided_out_adjoint) (const float *const *y, gint64 k, float *m,
                               gint64 step);
  void (*wino_weights) (const float *g, gint64 g_step, gint64 n, int kernel,
                        float *u, gint64 step);
  void (*wino_weights_adjoint) (const float *u, gint64 step, gint64 n,
                                int kernel, float *g, gint64 g_step);
  void (*channel_sums) (const float *x, const float *base, gint64 c,
                        gint64 pixels, float *s, float *q);
  void (*channel_affine) (const float *x, const float *a, const float *b,
                          float least, gint64 c, gint64 pixels, float *y);
  void (*channel_add) (const PstMapTerm *terms, float least, gint64 c,
                       gint64 pixels, float *y);
  void (*norm_sums) (const PstNormChannels *n, const float *x,
                     const float *dy, gint64 c, gint64 pixels, float *s,
                     float *q);
  void (*norm_gradient) (const PstNormChannels *n, const float *x,
                         const float *dy, const float *s, const float *q,
                         gint64 c, gint64 pixels, float *dx);
  void (*scale_row) (const int *first, const float *weight, gint64 taps,
                     const float *from, int channels, gint64 n, float *to);
  void (*mix_rows) (const float *const *rows, const float *weight,
                    gint64 taps, gint64 n, float *to);
  void (*grain_run) (gint64 x, gint64 y, float scale, float *to);
} PstKernels;

/**
 * pst_kernels:
 *
 * Returns: the kernels for this processor; the environment variable
 *   PASTICHE_ISA (baseline, avx2, avx512) names a lesser set, for tests
 */
const PstKernels *pst_kernels (void);

/* Of one set; %NULL where this processor lacks it. */
const PstKernels *pst_kernels_named (const char *name);
