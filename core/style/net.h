/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/style/model-private.h"
#include "core/style/resample.h"

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
 * A network as a function from picture to picture. What it reads goes row by
 * row straight into its input, and what it makes is taken row by row from its
 * output: open, put every row, forward, rows. The other fields are its own.
 */
typedef struct
{
  PstModel    *model;
  PstBench    *bench;
  const float *weights;

  PstTensor *tensor; /* 1 × 3 × rows × columns, channels last */
  int        width;  /* of the picture */
  int        height;
  int        left; /* margins */
  int        top;
  float      grain; /* standard deviation */
} PstNet;

/**
 * pst_net_plan:
 * @width: of the picture
 * @height: of the picture
 * @budget: most bytes; 0 for no limit
 * @smallest: (out): where the error is %PST_ERROR_MEMORY, the smallest budget
 *   that would do
 *
 * Returns: (transfer full) (nullable): how to paint such a picture
 */
PstPlan *pst_net_plan (PstModel *model, int width, int height, guint n_workers,
                       guint64 budget, guint64 *smallest, GError **error);

/* Gives back the memory of the last run unless it serves @plan as well. */
void pst_net_settle (PstNet *net, PstPlan *plan);

/* Takes the memory for @plan, which was made for a picture of this size. */
gboolean pst_net_open (PstNet *net, PstPlan *plan, int width, int height,
                       GError **error);

/**
 * pst_net_put:
 * @y: row of the picture
 * @row: 3 channels, clipped to 0 … 1 on the way in; overwritten
 *
 * Where the model's metadata ask for grain, it is added to what the network
 * reads, in the share of the painted styles: a network of convolutions has
 * nothing to paint from in a flat sky, and a trace of grain gives its strokes
 * something to follow. Called from several threads.
 */
void pst_net_put (PstNet *net, int y, float *row);

gboolean pst_net_forward (PstNet *net, GCancellable *cancellable,
                          PstProgressFunc progress, gpointer data,
                          GError **error);

/* What the network made: 3 channels, 0 to 1; valid until the next open. */
PstRows pst_net_rows (const PstNet *net);
/* Adds row @y of that to @row. */
void    pst_net_add (const PstNet *net, int y, float *row);
