/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/graph/plan-private.h"
#include "core/kernels/gemm.h"

struct _PstRun
{
  PstPlan    *plan;
  PstPool    *pool;
  guint8     *memory;
  PstTensor  *values;    /* by value index */
  PstTensor  *gradients; /* by value index */
  PstTensor  *seeds;
  PstTensor  *unreached; /* wanted gradients that stay zero */
  PstCall    *calls;     /* by step */
  PstTensor **pointers;  /* what the calls' arrays point into */
  gboolean    poison;
};

static PstTensor
at_slot (const PstRun *run, const PstTensor *info, int slot)
{
  PstTensor tensor = *info;

  tensor.data = run->memory + pst_plan_slot (run->plan, slot)->offset;
  return tensor;
}

static void
make_tensors (PstRun *run)
{
  PstPlan   *plan = run->plan;
  GPtrArray *values = pst_graph_get_values (plan->graph);

  run->values = g_new0 (PstTensor, MAX (1, plan->n_values));
  run->gradients = g_new0 (PstTensor, MAX (1, plan->n_values));
  for (guint i = 0; i < plan->n_values; i++)
    {
      PstValue *value = values->pdata[i];

      if (value->array)
        run->values[i] = value->array->tensor;
      else
        run->values[i] = at_slot (run, &value->info, plan->value_slot[i]);
      if (plan->grad_slot[i] >= 0)
        run->gradients[i] = at_slot (run, &value->info, plan->grad_slot[i]);
    }
  if (! plan->training)
    return;
  run->seeds = g_new0 (PstTensor, MAX (1, plan->seeds->len));
  for (guint i = 0; i < plan->seeds->len; i++)
    {
      PstValue *seed = plan->seeds->pdata[i];

      run->seeds[i] = at_slot (run, &seed->info, plan->seed_slot[i]);
      for (gint64 k = 0, n = pst_tensor_count (&seed->info); k < n; k++)
        pst_tensor_set (&run->seeds[i], k, 1.0);
    }
  run->unreached = g_new0 (PstTensor, MAX (1, plan->gradients->len));
  for (guint i = 0; i < plan->gradients->len; i++)
    {
      int slot = g_array_index (plan->zero_slots, int, i);

      if (slot < 0)
        continue;
      run->unreached[i] = at_slot (
          run, &g_array_index (plan->gradient_info, PstTensor, i), slot);
      memset (run->unreached[i].data, 0,
              pst_tensor_bytes (&run->unreached[i]));
    }
}

static void
make_calls (PstRun *run)
{
  PstPlan    *plan = run->plan;
  gsize       n = 0;
  PstTensor **next;

  for (guint i = 0; i < plan->n_steps; i++)
    n += 2 * (plan->steps[i].node->n_in + plan->steps[i].node->n_out);
  run->calls = g_new0 (PstCall, MAX (1, plan->n_steps));
  run->pointers = next = g_new0 (PstTensor *, MAX (1, n));
  for (guint i = 0; i < plan->n_steps; i++)
    {
      PstNode *node = plan->steps[i].node;
      PstCall *call = &run->calls[i];

      *call = (PstCall) { .node = node, .n_in = node->n_in,
                          .n_out = node->n_out, .pool = run->pool,
                          .n_workers = plan->n_workers,
                          .opset = pst_graph_get_opset (plan->graph),
                          .shared = run->memory + plan->shared_offset,
                          .worker_base = run->memory + plan->worker_offset,
                          .worker_bytes = plan->worker_bytes };
      call->in = next;
      call->din = next += node->n_in;
      call->out = next += node->n_in;
      call->dout = next += node->n_out;
      next += node->n_out;
      for (int k = 0; k < node->n_in; k++)
        if (node->in[k])
          {
            guint v = node->in[k]->index;

            call->in[k] = &run->values[v];
            call->din[k] = plan->grad_slot[v] >= 0 ? &run->gradients[v] : NULL;
          }
      for (int k = 0; k < node->n_out; k++)
        if (node->out[k])
          {
            guint v = node->out[k]->index;

            call->out[k] = &run->values[v];
            call->dout[k] =
                plan->grad_slot[v] >= 0 ? &run->gradients[v] : NULL;
          }
    }
}

static void
prepare (PstRun *run)
{
  PstPlan *plan = run->plan;

  for (guint i = 0; i < plan->n_steps; i++)
    if (plan->steps[i].prepared >= 0)
      {
        run->calls[i].prepared =
            run->memory + pst_plan_slot (plan, plan->steps[i].prepared)->offset;
        plan->steps[i].node->op->prepare (&run->calls[i]);
      }
}

PstRun *
pst_run_new (PstPlan *plan, PstPool *pool, GError **error)
{
  PstRun *run;

  g_return_val_if_fail (pst_pool_get_size (pool) <= plan->n_workers, NULL);

  run = g_new0 (PstRun, 1);
  run->plan = pst_plan_ref (plan);
  run->pool = pool;
  run->memory = pst_memory_try_alloc (plan->total);
  if (! run->memory)
    {
      g_autofree char *need = g_format_size (plan->total);

      g_set_error (error, PST_ERROR, PST_ERROR_MEMORY,
                   _ ("the system did not grant %s of memory"), need);
      pst_run_free (run);
      return NULL;
    }
  pst_memory_touch (run->memory, plan->total, pool);
  pst_gemm_init ();
  make_tensors (run);
  make_calls (run);
  prepare (run);
  return run;
}

void
pst_run_free (PstRun *run)
{
  if (! run)
    return;
  pst_memory_free (run->memory, run->plan->total);
  g_free (run->values);
  g_free (run->gradients);
  g_free (run->seeds);
  g_free (run->unreached);
  g_free (run->calls);
  g_free (run->pointers);
  pst_plan_unref (run->plan);
  g_free (run);
}

PstTensor *
pst_run_get_input (PstRun *run, guint i)
{
  GPtrArray *inputs = pst_graph_get_inputs (run->plan->graph);

  g_return_val_if_fail (i < inputs->len, NULL);
  return &run->values[((PstValue *) inputs->pdata[i])->index];
}

const PstTensor *
pst_run_get_output (PstRun *run, guint i)
{
  GPtrArray *outputs = pst_graph_get_outputs (run->plan->graph);

  g_return_val_if_fail (i < outputs->len, NULL);
  return &run->values[((PstValue *) outputs->pdata[i])->index];
}

void
pst_run_set_poison (PstRun *run, gboolean poison)
{
  run->poison = poison;
}

static void
fill_nan (PstTensor *tensor)
{
  float *numbers = tensor->data;

  if (tensor->dtype != PST_FLOAT32)
    return;
  for (gint64 i = 0; i < pst_tensor_count (tensor); i++)
    numbers[i] = NAN;
}

/* For tests: what nobody may read after this step becomes NaN. */
static void
poison_dead (PstRun *run, guint step)
{
  PstPlan *plan = run->plan;

  for (guint i = 0; i < plan->n_values; i++)
    if (plan->value_slot[i] >= 0 && plan->value_end[i] == (int) step &&
        pst_plan_slot (plan, plan->value_slot[i])->end == (int) step)
      fill_nan (&run->values[i]);
}

gboolean
pst_run_forward (PstRun *run, GCancellable *cancellable,
                 PstProgressFunc progress, gpointer data, GError **error)
{
  PstPlan *plan = run->plan;
  double   done = 0.0;

  pst_pool_set_cancellable (run->pool, cancellable);
  for (guint i = 0;
       i < plan->n_steps && ! g_cancellable_is_cancelled (cancellable); i++)
    {
      plan->steps[i].node->op->forward (&run->calls[i]);
      if (run->poison)
        poison_dead (run, i);
      done += plan->steps[i].cost;
      if (progress)
        progress (done / plan->cost, data);
    }
  pst_pool_set_cancellable (run->pool, NULL);
  return ! g_cancellable_set_error_if_cancelled (cancellable, error);
}

PstTensor *
pst_run_get_seed (PstRun *run, guint i)
{
  g_return_val_if_fail (run->plan->training && i < run->plan->seeds->len,
                        NULL);
  return &run->seeds[i];
}

static void
set_seeds (PstRun *run)
{
  PstPlan *plan = run->plan;

  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < plan->seeds->len; i++)
      {
        PstValue  *value = plan->seeds->pdata[i];
        PstTensor *gradient = &run->gradients[value->index];
        float     *to = gradient->data;
        float     *from = run->seeds[i].data;
        gint64     n = pst_tensor_count (gradient);

        if (plan->grad_slot[value->index] < 0)
          continue;
        if (pass == 0) /* a value may be seeded more than once */
          memset (to, 0, pst_tensor_bytes (gradient));
        for (gint64 k = 0; pass == 1 && k < n; k++)
          to[k] += from[k];
      }
}

void
pst_run_backward (PstRun *run)
{
  PstPlan *plan = run->plan;

  g_return_if_fail (plan->training);

  set_seeds (run);
  for (guint i = plan->n_steps; i-- > 0;)
    {
      PstStep *step = &plan->steps[i];
      PstCall *call = &run->calls[i];

      if (! step->backward)
        continue;
      call->fresh = step->zero;
      for (int k = 0; k < call->n_in; k++)
        if (! call->dout[0] || ! (step->node->op->flags & PST_OP_CLEARS))
          pst_call_clear (call, k);
        else if (run->poison && call->fresh & (guint64) 1 << k)
          fill_nan (call->din[k]);
      step->node->op->backward (call);
    }
}

const PstTensor *
pst_run_get_gradient (PstRun *run, guint i)
{
  PstPlan  *plan = run->plan;
  PstValue *value;

  g_return_val_if_fail (plan->training && i < plan->gradients->len, NULL);
  if (g_array_index (plan->zero_slots, int, i) >= 0)
    return &run->unreached[i];
  value = plan->gradients->pdata[i];
  return &run->gradients[value->index];
}
