/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include "core/graph/plan.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/graph/plan-private.h"
#include "core/graph/rewrite.h"

#define MAX_VALUE ((gsize) 1 << 44) /* bytes */

static int
end_of_time (const PstPlan *plan)
{
  return 2 * (int) plan->n_steps + 1;
}

static int
backward_time (const PstPlan *plan, int step)
{
  return 2 * (int) plan->n_steps - step;
}

static int
add_slot (PstPlan *plan, gsize bytes, int begin, int end)
{
  PstSlot slot = { MAX (pst_memory_align (bytes), PST_MEMORY_ALIGN), 0, begin,
                   end };

  g_array_append_val (plan->slots, slot);
  return plan->slots->len - 1;
}

/* When each value's numbers are last read. */
static void
find_ends (PstPlan *plan)
{
  GPtrArray *outputs = pst_graph_get_outputs (plan->graph);

  plan->value_end = g_new (int, plan->n_values);
  for (guint i = 0; i < plan->n_values; i++)
    plan->value_end[i] = -1;
  for (guint i = 0; i < plan->n_steps; i++)
    {
      PstNode *node = plan->steps[i].node;
      int      back = backward_time (plan, i);

      for (int k = 0; k < node->n_in; k++)
        {
          int  keep = plan->steps[i].backward && k < 16 &&
                      (node->op->keep & PST_KEEP_IN (k));
          int *end;

          if (! node->in[k])
            continue;
          end = &plan->value_end[node->in[k]->index];
          *end = MAX (*end, keep ? back : (int) i);
        }
      for (int k = 0; k < node->n_out; k++)
        {
          int  keep = plan->steps[i].backward && k < 16 &&
                      (node->op->keep & PST_KEEP_OUT (k));
          int *end;

          if (! node->out[k])
            continue;
          end = &plan->value_end[node->out[k]->index];
          *end = MAX (*end, keep ? back : (int) i);
        }
    }
  for (guint i = 0; i < outputs->len; i++)
    plan->value_end[((PstValue *) outputs->pdata[i])->index] =
        end_of_time (plan);
}

static gboolean
can_share (const PstPlan *plan, const PstNode *node, int step)
{
  PstValue *in = node->n_in ? node->in[0] : NULL;
  PstValue *out = node->out[0];

  return (node->op->flags & PST_OP_IN_PLACE) && in &&
         in->kind != PST_VALUE_PARAMETER &&
         plan->value_end[in->index] == step &&
         in->info.dtype == out->info.dtype &&
         pst_tensor_same_layout (&in->info, &out->info);
}

static void
place_values (PstPlan *plan)
{
  GPtrArray *inputs = pst_graph_get_inputs (plan->graph);

  plan->value_slot = g_new (int, plan->n_values);
  memset (plan->value_slot, -1, sizeof (int) * plan->n_values);
  for (guint i = 0; i < inputs->len; i++)
    {
      PstValue *value = inputs->pdata[i];

      plan->value_slot[value->index] =
          add_slot (plan, pst_tensor_bytes (&value->info), 0,
                    MAX (0, plan->value_end[value->index]));
    }
  for (guint i = 0; i < plan->n_steps; i++)
    {
      PstNode *node = plan->steps[i].node;

      for (int k = 0; k < node->n_out; k++)
        {
          PstValue *out = node->out[k];

          if (! out)
            continue;
          if (k == 0 && can_share (plan, node, i))
            {
              int slot = plan->value_slot[node->in[0]->index];

              pst_plan_slot (plan, slot)->end = plan->value_end[out->index];
              plan->value_slot[out->index] = slot;
              continue;
            }
          plan->value_slot[out->index] =
              add_slot (plan, pst_tensor_bytes (&out->info), i,
                        plan->value_end[out->index]);
        }
    }
}

static void
place_gradients (PstPlan *plan, const gboolean *has_gradient)
{
  int *begin = g_new (int, plan->n_values);
  int *end = g_new (int, plan->n_values);

  for (guint i = 0; i < plan->n_values; i++)
    begin[i] = end[i] = -1;
  for (guint i = 0; plan->training && i < plan->seeds->len; i++)
    {
      PstValue *seed = plan->seeds->pdata[i];

      begin[seed->index] = end[seed->index] = plan->n_steps;
    }
  for (guint i = plan->n_steps; i-- > 0;)
    {
      PstStep *step = &plan->steps[i];

      if (! step->backward)
        continue;
      for (int k = 0; k < step->node->n_in; k++)
        {
          PstValue *in = step->node->in[k];

          if (! in || ! has_gradient[in->index])
            continue;
          if (begin[in->index] < 0)
            {
              begin[in->index] = backward_time (plan, i);
              step->zero |= (guint64) 1 << k;
            }
          end[in->index] = MAX (end[in->index], backward_time (plan, i));
        }
      for (int k = 0; k < step->node->n_out; k++)
        if (step->node->out[k])
          end[step->node->out[k]->index] = backward_time (plan, i);
    }
  for (guint i = 0; plan->training && i < plan->gradients->len; i++)
    if (plan->gradients->pdata[i])
      end[((PstValue *) plan->gradients->pdata[i])->index] =
          end_of_time (plan);

  plan->grad_slot = g_new (int, plan->n_values);
  for (guint i = 0; i < plan->n_values; i++)
    {
      PstValue *value = pst_graph_get_values (plan->graph)->pdata[i];

      plan->grad_slot[i] =
          has_gradient[i] && begin[i] >= 0
              ? add_slot (plan, pst_tensor_bytes (&value->info), begin[i],
                          end[i])
              : -1;
    }
  g_free (begin);
  g_free (end);
}

/* Places for seeds, and for wanted gradients that nothing reaches. */
static void
place_extras (PstPlan *plan)
{
  if (! plan->training)
    return;
  plan->seed_slot = g_new (int, plan->seeds->len);
  for (guint i = 0; i < plan->seeds->len; i++)
    {
      PstValue *seed = plan->seeds->pdata[i];

      plan->seed_slot[i] = add_slot (plan, pst_tensor_bytes (&seed->info), 0,
                                     end_of_time (plan));
    }
  plan->zero_slots = g_array_new (FALSE, FALSE, sizeof (int));
  for (guint i = 0; i < plan->gradients->len; i++)
    {
      PstValue  *value = plan->gradients->pdata[i];
      PstTensor *info = &g_array_index (plan->gradient_info, PstTensor, i);
      int        slot = -1;

      if (! value || plan->grad_slot[value->index] < 0)
        slot = add_slot (plan, pst_tensor_bytes (info), 0,
                         end_of_time (plan));
      g_array_append_val (plan->zero_slots, slot);
    }
}

static int
compare_size (gconstpointer a, gconstpointer b, gpointer data)
{
  GArray        *slots = data;
  const PstSlot *x = &g_array_index (slots, PstSlot, *(const int *) a);
  const PstSlot *y = &g_array_index (slots, PstSlot, *(const int *) b);

  if (x->bytes != y->bytes)
    return x->bytes < y->bytes ? 1 : -1;
  return *(const int *) a - *(const int *) b;
}

static int
compare_offset (gconstpointer a, gconstpointer b)
{
  const PstSlot *x = *(PstSlot *const *) a;
  const PstSlot *y = *(PstSlot *const *) b;

  return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Gives every slot an offset: the largest first, each in the lowest gap among
 * those that live at the same time. */
static gsize
assign_offsets (PstPlan *plan)
{
  guint        n = plan->slots->len;
  g_autofree int *order = g_new (int, n);
  g_autoptr (GPtrArray) near = g_ptr_array_new ();
  gsize        total = 0;

  for (guint i = 0; i < n; i++)
    order[i] = i;
  g_qsort_with_data (order, n, sizeof (int), compare_size, plan->slots);
  for (guint i = 0; i < n; i++)
    {
      PstSlot *slot = pst_plan_slot (plan, order[i]);
      gsize    at = 0;

      g_ptr_array_set_size (near, 0);
      for (guint k = 0; k < i; k++)
        {
          PstSlot *other = pst_plan_slot (plan, order[k]);

          if (other->begin <= slot->end && slot->begin <= other->end)
            g_ptr_array_add (near, other);
        }
      g_ptr_array_sort (near, compare_offset);
      for (guint k = 0; k < near->len; k++)
        {
          PstSlot *other = near->pdata[k];

          if (at + slot->bytes <= other->offset)
            break;
          at = MAX (at, other->offset + other->bytes);
        }
      slot->offset = at;
      total = MAX (total, at + slot->bytes);
    }
  return total;
}

/* What the operators ask for besides their inputs and outputs. */
static void
measure_scratch (PstPlan *plan, gsize *shared, gsize *worker)
{
  *shared = *worker = 0;
  for (guint i = 0; i < plan->n_steps; i++)
    {
      PstNode   *node = plan->steps[i].node;
      PstTensor  in_info[PST_MAX_IO], out_info[PST_MAX_IO];
      PstTensor *in[PST_MAX_IO], *out[PST_MAX_IO];
      PstTensor *din[PST_MAX_IO], *dout[PST_MAX_IO];
      PstCall    call = { .node = node, .n_in = node->n_in,
                          .n_out = node->n_out, .in = in, .out = out,
                          .n_workers = plan->n_workers,
                          .opset = pst_graph_get_opset (plan->graph) };
      gsize      s = 0, w = 0;

      if (! node->op->scratch)
        continue;
      for (int k = 0; k < node->n_in; k++)
        {
          in[k] = din[k] = NULL;
          if (! node->in[k])
            continue;
          in_info[k] = node->in[k]->info;
          if (node->in[k]->array)
            in_info[k].data = node->in[k]->array->tensor.data;
          in[k] = &in_info[k];
          if (plan->grad_slot[node->in[k]->index] >= 0)
            din[k] = in[k];
        }
      for (int k = 0; k < node->n_out; k++)
        {
          out[k] = dout[k] = NULL;
          if (! node->out[k])
            continue;
          out_info[k] = node->out[k]->info;
          out[k] = &out_info[k];
          if (plan->grad_slot[node->out[k]->index] >= 0)
            dout[k] = out[k];
        }
      if (plan->steps[i].backward)
        {
          call.din = din;
          call.dout = dout;
        }
      if (node->op->prepared)
        plan->steps[i].prepared = add_slot (plan, node->op->prepared (&call),
                                            0, end_of_time (plan));
      node->op->scratch (&call, &s, &w);
      *shared = MAX (*shared, pst_memory_align (s));
      *worker = MAX (*worker, pst_memory_align (w));
    }
}

static void
make_steps (PstPlan *plan)
{
  GPtrArray *nodes = pst_graph_get_nodes (plan->graph);

  plan->n_steps = nodes->len;
  plan->n_values = pst_graph_get_values (plan->graph)->len;
  plan->steps = g_new0 (PstStep, MAX (1, plan->n_steps));
  for (guint i = 0; i < plan->n_steps; i++)
    {
      PstStep *step = &plan->steps[i];

      step->node = nodes->pdata[i];
      step->prepared = -1;
      step->cost = pst_plan_cost (step->node);
      plan->cost += step->cost;
    }
}

static PstValue *
follow (GHashTable *specialized, GHashTable *fused, PstValue *value)
{
  value = g_hash_table_lookup (specialized, value);
  return value && fused ? g_hash_table_lookup (fused, value) : value;
}

static void
map_gradients (PstPlan *plan, const PstPlanOptions *options,
               GHashTable *specialized, GHashTable *fused)
{
  plan->training = options->gradients != NULL;
  if (! plan->training)
    return;
  plan->gradients = g_ptr_array_new ();
  plan->seeds = g_ptr_array_new ();
  plan->gradient_info = g_array_new (FALSE, FALSE, sizeof (PstTensor));
  for (guint i = 0; i < options->gradients->len; i++)
    {
      PstValue *old = options->gradients->pdata[i];
      PstValue *value = follow (specialized, fused, old);
      PstTensor info = value ? value->info : old->info;

      g_ptr_array_add (plan->gradients, value);
      g_array_append_val (plan->gradient_info, info);
    }
  for (guint i = 0; i < options->seeds->len; i++)
    g_ptr_array_add (plan->seeds, follow (specialized, fused,
                                          options->seeds->pdata[i]));
}

/* No value may be so large that offsets could overflow. */
static gboolean
check_slots (const PstPlan *plan, GError **error)
{
  for (guint i = 0; i < plan->slots->len; i++)
    if (pst_plan_slot (plan, i)->bytes > MAX_VALUE)
      {
        g_autofree char *need = g_format_size (pst_plan_slot (plan, i)->bytes);

        g_set_error (error, PST_ERROR, PST_ERROR_MEMORY,
                     _ ("it would take %s of memory for one result"), need);
        return FALSE;
      }
  return TRUE;
}

/* The specialised graph, fused where wanted. */
static PstGraph *
build_graph (PstGraph *graph, const PstPlanOptions *options,
             GHashTable **specialized, GHashTable **fused, GError **error)
{
  PstRewriteOptions rewrite = { options->input_shapes,
                                options->gradients != NULL, options->budget,
                                options->cancellable };
  g_autoptr (GHashTable) keep = g_hash_table_new (NULL, NULL);
  g_autoptr (PstGraph) special =
      pst_rewrite_specialize (graph, &rewrite, specialized, error);

  if (! special || options->no_fusion)
    return g_steal_pointer (&special);
  for (guint i = 0; options->gradients && i < options->gradients->len; i++)
    g_hash_table_add (keep, g_hash_table_lookup (
                                *specialized, options->gradients->pdata[i]));
  if (! options->gradients)
    special = pst_rewrite_simplify (g_steal_pointer (&special), error);
  if (! special)
    return NULL;
  return pst_rewrite_fuse (special, keep, fused);
}

PstPlan *
pst_plan_place (PstGraph *graph, const PstPlanOptions *options,
                GHashTable *specialized, GHashTable *fused, GError **error)
{
  g_autoptr (PstPlan) plan = g_new0 (PstPlan, 1);
  gboolean *has_gradient;
  gsize     shared;

  plan->ref_count = 1;
  plan->slots = g_array_new (FALSE, FALSE, sizeof (PstSlot));
  plan->n_workers = MAX (1, options->n_workers);
  plan->graph = graph;
  pst_graph_seal (graph);
  map_gradients (plan, options, specialized, fused);
  make_steps (plan);
  has_gradient = pst_plan_find_gradients (plan, error);
  if (! has_gradient)
    return NULL;
  find_ends (plan);
  place_values (plan);
  place_gradients (plan, has_gradient);
  g_free (has_gradient);
  place_extras (plan);
  if (! check_slots (plan, error))
    return NULL;
  measure_scratch (plan, &shared, &plan->worker_bytes);
  plan->shared_offset = assign_offsets (plan);
  plan->worker_offset = plan->shared_offset + shared;
  plan->total = MAX (plan->worker_offset +
                         plan->worker_bytes * plan->n_workers,
                     PST_MEMORY_ALIGN);
  return g_steal_pointer (&plan);
}

PstPlan *
pst_plan_new (PstGraph *graph, const PstPlanOptions *options, GError **error)
{
  g_autoptr (GHashTable) specialized = NULL;
  g_autoptr (GHashTable) fused = NULL;
  g_autoptr (PstGraph) built =
      build_graph (graph, options, &specialized, &fused, error);
  g_autoptr (PstPlan) plan = NULL;

  if (! built)
    return NULL;
  if (options->gradients || options->no_fusion)
    plan = pst_plan_place (g_steal_pointer (&built), options, specialized,
                           fused, error);
  else
    plan = pst_plan_stream (built, options, error);
  if (! plan)
    return NULL;
  if (options->budget && plan->total > options->budget)
    {
      g_autofree char *need = g_format_size (plan->total);
      g_autofree char *have = g_format_size (options->budget);

      if (options->smallest)
        *options->smallest = plan->total;
      g_set_error (error, PST_ERROR, PST_ERROR_MEMORY,
                   _ ("it would take %s of memory; %s may be used"), need,
                   have);
      return NULL;
    }
  return g_steal_pointer (&plan);
}

PstPlan *
pst_plan_ref (PstPlan *plan)
{
  g_atomic_int_inc (&plan->ref_count);
  return plan;
}

void
pst_plan_unref (PstPlan *plan)
{
  if (! plan || ! g_atomic_int_dec_and_test (&plan->ref_count))
    return;
  pst_graph_unref (plan->graph);
  g_clear_pointer (&plan->gradients, g_ptr_array_unref);
  g_clear_pointer (&plan->seeds, g_ptr_array_unref);
  g_clear_pointer (&plan->gradient_info, g_array_unref);
  g_clear_pointer (&plan->zero_slots, g_array_unref);
  g_array_unref (plan->slots);
  g_free (plan->steps);
  g_free (plan->value_slot);
  g_free (plan->value_end);
  g_free (plan->grad_slot);
  g_free (plan->seed_slot);
  g_free (plan);
}

gsize
pst_plan_get_memory (const PstPlan *plan)
{
  return plan->total;
}

double
pst_plan_get_cost (const PstPlan *plan)
{
  return plan->cost;
}

PstGraph *
pst_plan_get_graph (const PstPlan *plan)
{
  return plan->graph;
}
