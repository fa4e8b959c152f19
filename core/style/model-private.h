/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/plan.h"
#include "core/style/model.h"

#define PST_USUAL_STEP 4 /* networks halve the size twice */

/**
 * PstModelFacts:
 * @image_input: which of the graph's inputs takes the picture
 * @style_input: which takes the style weights, or -1
 * @n_columns: how many weights, 0 without a style input
 * @identity: %TRUE where column 0 is the identity style
 * @low: the network's number for black
 * @high: the network's number for white
 * @bgr: %TRUE where its channels are in the order blue, green, red
 * @width: the only width it works at; 0 for any
 * @height: the only height it works at; 0 for any
 * @step: width and height of what it is given must be multiples of this
 *
 * What a host's picture has to be turned into for this network.
 */
typedef struct
{
  int      image_input;
  int      style_input;
  int      n_columns;
  gboolean identity;
  float    low;
  float    high;
  gboolean bgr;
  int      width;
  int      height;
  int      step;
  float    grain;
} PstModelFacts;

/**
 * PstBench:
 * @pool: the threads
 * @n_workers: how many
 * @run: (nullable): memory for a run at one size
 * @width: of that run
 * @height: of that run
 *
 * What is worth keeping between two calls of pst_stylize() with one model.
 * Belongs to one call at a time.
 */
typedef struct
{
  PstPool *pool;
  guint    n_workers;
  PstRun  *run;
  gsize    run_bytes;
  int      width;
  int      height;
} PstBench;

PstGraph            *pst_model_get_graph (PstModel *model);
const PstModelFacts *pst_model_get_facts (PstModel *model);

/* A bench of @n_threads (0: one per core); the one left there by the last
 * call where it fits. */
PstBench *pst_model_take_bench (PstModel *model, guint n_threads);
/* Keeps the bench for the next call, or frees it where one is kept already.
 * A large run is freed in any case. */
void      pst_model_leave_bench (PstModel *model, PstBench *bench);

/* Gives back the memory of the last run. */
void      pst_model_drop_run (PstBench *bench);

/* Bytes of the run that waits for the next call. */
gsize     pst_model_kept_bytes (PstModel *model);

/**
 * pst_model_plan:
 * @width: of the network's input
 * @height: of the network's input
 * @budget: most bytes of a run; 0 for no limit
 * @smallest: (out) (nullable): where the error is %PST_ERROR_MEMORY, the
 *   smallest budget that would do
 *
 * Returns: (transfer full) (nullable): a plan for one picture of this size
 *   whose output has the same size
 */
PstPlan *pst_model_plan (PstModel *model, int width, int height,
                         guint n_workers, guint64 budget, guint64 *smallest,
                         GError **error);
