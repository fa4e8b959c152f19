/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/style/image.h"
#include "core/style/model-private.h"

/* Surroundings, mirrored at the picture's border, that the network sees
 * around what it paints and that are cut off again: borders show artefacts. */
#define PST_NET_MARGIN 24
#define PST_NET_FIXED_MARGIN 8 /* of networks that work at one size only */

/**
 * PstNet:
 * @model: the model; not owned
 * @bench: threads and the memory of the last run; not owned
 * @weights: (nullable): one for each column of the model's `style` input
 *
 * A network as a function from picture to picture.
 */
typedef struct
{
  PstModel    *model;
  PstBench    *bench;
  const float *weights;
} PstNet;

/**
 * PstPatch:
 * @x: left edge
 * @y: upper edge
 * @width: in pixels
 * @height: in pixels
 * @fade_x: (nullable): @width weights
 * @fade_y: (nullable): @height weights
 *
 * A part of a picture that is painted at a time.
 */
typedef struct
{
  int          x;
  int          y;
  int          width;
  int          height;
  const float *fade_x;
  const float *fade_y;
} PstPatch;

/**
 * pst_net_memory:
 * @width: of the patch
 * @height: of the patch
 * @bytes: (out): what painting it takes beside the pictures
 *
 * Plans without running.
 */
gboolean pst_net_memory (PstModel *model, int width, int height,
                         guint n_workers, gsize *bytes, GError **error);

/**
 * pst_net_paint:
 * @from: 3 channels; clipped to 0 … 1 on the way in
 * @patch: (nullable): a part; its surroundings are taken from @from where
 *   there are any; %NULL for the whole
 * @to: 3 channels, the size of @from, may be @from for the whole; the part is
 *   set to what the network makes of it, or where the patch has fades that
 *   much of it is added; 0 to 1
 *
 * Where the model's metadata ask for grain, it is added to what the network
 * reads, in the share of the painted styles; see pst_grain().
 */
gboolean pst_net_paint (PstNet *net, const PstImage *from,
                        const PstPatch *patch, PstImage *to,
                        GCancellable *cancellable, PstProgressFunc progress,
                        gpointer data, GError **error);
