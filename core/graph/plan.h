/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/base/progress.h"
#include "core/graph/op.h"

#define PST_PLAN_WAYS 5

/**
 * PstPlanOptions:
 * @input_shapes: one for each graph input, in order; no -1 left
 * @n_workers: threads that will run it (each has its scratch)
 * @budget: most bytes the run may take; 0 for no limit. Inference plans keep
 *   within it, where they can, by computing large maps twice and by keeping
 *   maps in 16 bits. Constants that are worked out while planning count apart
 *   and may take half as much again.
 * @smallest: (out) (optional): where the budget is too small, the smallest
 *   that would do
 * @way: for tests: 1 to %PST_PLAN_WAYS - 1 takes that way of saving memory,
 *   whether it is needed or not
 * @no_fusion: %TRUE to run the graph as it is written (tests)
 * @gradients: (nullable) (element-type PstValue): values of the graph (inputs
 *   or parameters) whose gradients are wanted; %NULL plans inference only
 * @seeds: (nullable) (element-type PstValue): the graph outputs from which
 *   gradients start; needed with @gradients
 * @cancellable: (nullable): stops the working out of constants
 */
typedef struct
{
  const PstShape *input_shapes;
  guint           n_workers;
  guint64         budget;
  guint64        *smallest;
  int             way;
  gboolean        no_fusion;
  GPtrArray      *gradients;
  GPtrArray      *seeds;
  GCancellable   *cancellable;
} PstPlanOptions;

/**
 * PstPlan:
 *
 * A graph specialised to input sizes: shapes worked out, constants folded,
 * nodes fused, and for every value a place in one block of memory. Never
 * changes; may be shared by threads.
 */
typedef struct _PstPlan PstPlan;

/**
 * pst_plan_new:
 * @graph: a graph; a reference is kept
 *
 * Everything that can go wrong with a graph at these sizes goes wrong here.
 *
 * Returns: (transfer full) (nullable): the plan, or %NULL with
 *   %PST_ERROR_SHAPE, %PST_ERROR_UNSUPPORTED or, where it would take more
 *   than the budget, %PST_ERROR_MEMORY, or %G_IO_ERROR_CANCELLED
 */
PstPlan *pst_plan_new (PstGraph *graph, const PstPlanOptions *options,
                       GError **error);
PstPlan *pst_plan_ref (PstPlan *plan);
void     pst_plan_unref (PstPlan *plan);

/* Bytes a run of this plan allocates: maps, gradients, scratch of all
 * workers. Parameters are not counted (they belong to the graph). */
gsize pst_plan_get_memory (const PstPlan *plan);
/* Rough number of multiplications of a run. */
double pst_plan_get_cost (const PstPlan *plan);
/* The specialised graph, for tests and the curious; transfer none. */
PstGraph *pst_plan_get_graph (const PstPlan *plan);

/**
 * PstRun:
 *
 * The memory of a plan and the two loops over it. Belongs to one thread at a
 * time.
 */
typedef struct _PstRun PstRun;

/**
 * pst_run_new:
 * @plan: a plan; a reference is kept
 * @pool: (nullable): threads; at most the plan's n_workers; must outlive the
 *   run
 *
 * Takes and touches all memory.
 *
 * Returns: (transfer full) (nullable): the run, or %NULL with
 *   %PST_ERROR_MEMORY
 */
PstRun *pst_run_new (PstPlan *plan, PstPool *pool, GError **error);
void    pst_run_free (PstRun *run);

/**
 * pst_run_get_input:
 * @i: which of the graph's inputs
 *
 * Returns: (transfer none): where to put the input's numbers before each
 *   forward pass (it may be overwritten by the pass, and holds anything at
 *   first); rank-4 inputs lie
 *   channels-last, so RGB pixels go in as they come
 */
PstTensor *pst_run_get_input (PstRun *run, guint i);
/* Valid after forward, until the next one. */
const PstTensor *pst_run_get_output (PstRun *run, guint i);

/**
 * pst_run_forward:
 *
 * Returns: %FALSE only with %G_IO_ERROR_CANCELLED
 */
gboolean pst_run_forward (PstRun *run, GCancellable *cancellable,
                          PstProgressFunc progress, gpointer data,
                          GError **error);

/* The gradient to start from at seed @i (as in PstPlanOptions.seeds): shape
 * of that output; fill it before backward. It is 1 everywhere at first and is
 * kept between passes. */
PstTensor *pst_run_get_seed (PstRun *run, guint i);
/* After forward: gradients of all values asked for. Cannot fail. */
void       pst_run_backward (PstRun *run);
/* The gradient of gradients[i]; valid after backward until the next one. All
 * zeros where nothing depends on it. */
const PstTensor *pst_run_get_gradient (PstRun *run, guint i);

/* For tests: during forward passes, everything that backward must not read
 * turns to NaN once nobody may read it any more. */
void pst_run_set_poison (PstRun *run, gboolean poison);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstPlan, pst_plan_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstRun, pst_run_free)
