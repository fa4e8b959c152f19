/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/op.h"

/* Sizes and steps far beyond any in use, small enough that sums and products
 * of two cannot overflow. */
#define PST_WINDOW_MOST ((gint64) 1 << 30)

/* A window that slides over the two last axes of a map, as the pooling
 * operators have it: index 0 is height, 1 is width. */
typedef struct
{
  gint64 kernel[2];
  gint64 stride[2];
  gint64 dilation[2];
  gint64 before[2]; /* padding */
  gint64 after[2];
  gint64 in[2];
  gint64 out[2];
} PstWindow;

/* Reads kernel_shape, strides, dilations, pads, auto_pad and ceil_mode for
 * the sizes of input 0 (rank 4). FALSE with an error where they make no
 * sense. */
gboolean pst_window_read (PstWindow *window, const PstCall *call,
                          GError **error);
/* Reads an attribute of @count numbers from @least to %PST_WINDOW_MOST;
 * leaves @values as they are where it is missing. */
gboolean pst_window_pair (const PstCall *call, const char *name, gint64 least,
                          int count, gint64 *values, GError **error);
/* First and last + 1 of the kernel's elements along @axis that lie inside
 * the input for output position @at. */
void pst_window_clip (const PstWindow *window, int axis, gint64 at,
                      gint64 *first, gint64 *end);
