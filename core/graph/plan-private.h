/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/plan.h"

/*
 * Time: forward of node i happens at i, seeds are set at n, backward of node
 * i happens at 2n - i; n is the number of nodes. What must outlive the pass
 * ends at 2n + 1.
 */
typedef struct
{
  gsize bytes;
  gsize offset;
  int   begin;
  int   end; /* the last time it is needed */
} PstSlot;

typedef struct
{
  PstNode *node;
  double   cost;     /* rough, for progress */
  gboolean backward; /* whether it takes part in the backward pass */
  guint64  zero;     /* inputs whose gradient begins with this node */
  int      prepared; /* slot; -1: none */
} PstStep;

struct _PstPlan
{
  gint       ref_count;
  PstGraph  *graph; /* specialised and fused */
  guint      n_workers;
  guint      n_values;
  guint      n_steps;
  PstStep   *steps;
  double     cost;
  GArray    *slots;      /* of PstSlot */
  int       *value_slot; /* by value index; -1: a parameter */
  int       *value_end;  /* the last time its numbers are needed */
  int       *grad_slot;  /* by value index; -1: no gradient */
  gboolean   training;
  GPtrArray *gradients; /* values of graph, NULL where it vanished */
  GArray    *zero_slots; /* int: for those that vanished, else -1 */
  GArray    *gradient_info; /* PstTensor */
  GPtrArray *seeds;
  int       *seed_slot;
  gsize      shared_offset;
  gsize      worker_offset;
  gsize      worker_bytes;
  gsize      total;
};

static inline PstSlot *
pst_plan_slot (const PstPlan *plan, int i)
{
  return &g_array_index (plan->slots, PstSlot, i);
}

/* A plan for a specialised graph, which it takes: steps, places, scratch. The
 * tables tell what became of the values in @options, and may be NULL. */
PstPlan *pst_plan_place (PstGraph *graph, const PstPlanOptions *options,
                         GHashTable *specialized, GHashTable *fused,
                         GError **error);

/**
 * pst_plan_find_gradients:
 *
 * Marks the steps that take part in the backward pass.
 *
 * Returns: (transfer full) (nullable): by value index, which get a gradient:
 *   those on a way from a wanted one to a seed. %NULL with
 *   %PST_ERROR_UNSUPPORTED where an operator on such a way has no backward pass
 */
gboolean *pst_plan_find_gradients (PstPlan *plan, GError **error);

/* For inference: the first way of streaming a fused graph that the budget
 * allows, else the one that needs least. */
PstPlan *pst_plan_stream (PstGraph *graph, const PstPlanOptions *options,
                          GError **error);

/* Rough number of multiplications of a node, for the progress. */
double pst_plan_cost (const PstNode *node);
