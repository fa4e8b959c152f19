/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/op.h"

/* Sizes and steps far beyond any in use, small enough that sums and products
 * of two cannot overflow. */
#define PST_WINDOW_MOST ((gint64) 1 << 30)
#define PST_WINDOW_AXES 3

/**
 * PstWindow:
 * @axes: how many of the last axes of the input it slides over, 1 to 3
 *
 * A window that slides over a line, a map or a volume, as the pooling
 * operators have it: index 0 is depth, 1 is height, 2 is width. Axes that the
 * input does not have are of size 1.
 */
typedef struct
{
  int    axes;
  gint64 kernel[PST_WINDOW_AXES];
  gint64 stride[PST_WINDOW_AXES];
  gint64 dilation[PST_WINDOW_AXES];
  gint64 before[PST_WINDOW_AXES]; /* padding */
  gint64 after[PST_WINDOW_AXES];
  gint64 in[PST_WINDOW_AXES];
  gint64 out[PST_WINDOW_AXES];
} PstWindow;

/* Reads kernel_shape, strides, dilations, pads, auto_pad and ceil_mode for
 * the sizes of input 0 (rank 3 to 5). With weights as input 1 the kernel's
 * shape may be left out, and padding may be wider than the kernel. FALSE with an error where they make no
 * sense. */
gboolean pst_window_read (PstWindow *window, const PstCall *call,
                          GError **error);
/* Reads an attribute of @count numbers (at most six) from @least to
 * %PST_WINDOW_MOST; leaves @values as they are where it is missing. */
gboolean pst_window_numbers (const PstCall *call, const char *name,
                             gint64 least, int count, gint64 *values,
                             GError **error);
/* First and last + 1 of the kernel's elements along @axis that lie inside
 * the input for output position @at. */
void pst_window_clip (const PstWindow *window, int axis, gint64 at,
                      gint64 *first, gint64 *end);
/* Steps of @tensor along the three axes, in elements; 0 for those that it
 * does not have. */
void pst_window_steps (const PstWindow *window, const PstTensor *tensor,
                       gint64 *steps);
