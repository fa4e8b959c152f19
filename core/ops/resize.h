/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/op.h"

/* Within core/ops: where the numbers of a resized tensor come from. */

typedef enum
{
  PST_RESIZE_NEAREST,
  PST_RESIZE_LINEAR,
  PST_RESIZE_CUBIC,
} PstResizeMode;

typedef enum
{
  PST_HALF_PIXEL,
  PST_PYTORCH_HALF_PIXEL,
  PST_HALF_PIXEL_SYMMETRIC,
  PST_ALIGN_CORNERS,
  PST_ASYMMETRIC,
  PST_CROP_AND_RESIZE,
} PstCoordinates;

typedef enum
{
  PST_ROUND_PREFER_FLOOR,
  PST_ROUND_PREFER_CEIL,
  PST_ROUND_FLOOR,
  PST_ROUND_CEIL,
  PST_ROUND_OLD, /* before opset 11: towards zero, when made smaller up */
} PstRounding;

/**
 * PstResizing:
 * @scale: what coordinates are worked out with
 * @begin: first and
 * @end: last place of the part that PST_CROP_AND_RESIZE takes, as a share of
 *   the axis
 *
 * How one axis is resized.
 */
typedef struct
{
  PstResizeMode  mode;
  PstCoordinates coordinates;
  PstRounding    rounding;
  gboolean       antialias;
  gboolean       exclude_outside;
  double         cubic_a;
  gint64         in, out;
  double         scale;
  double         begin, end;
} PstResizing;

/**
 * PstRequest:
 * @axis: for each axis of the input
 * @fallback: number of the result outside the input
 *
 * What a node asks for.
 */
typedef struct
{
  PstResizing axis[PST_MAX_RANK];
  float       fallback;
} PstRequest;

/* Reads it for the sizes of input 0, which are at least 1. FALSE with an
 * error where it makes no sense or is not known beforehand. */
gboolean pst_resize_read (const PstCall *call, PstRequest *request,
                          GError **error);

/**
 * PstTaps:
 * @n: how many numbers of the input make up one of the result
 * @at: [out, n]: which; the first is -1 where the result lies outside
 * @weight: [out, n]: with what weight
 *
 * One axis as a sparse matrix.
 */
typedef struct
{
  gint64  in, out;
  gint64  n;
  gint32 *at;
  float  *weight;
} PstTaps;

/* How many taps each number has; bytes of the tables. */
gint64 pst_taps_count (const PstResizing *resizing);
gsize  pst_taps_bytes (const PstResizing *resizing);
/* Whether nothing changes along the axis. */
gboolean pst_taps_identity (const PstResizing *resizing);
/* Fills the tables at @memory. */
void pst_taps_fill (PstTaps *taps, const PstResizing *resizing,
                    gpointer memory);
