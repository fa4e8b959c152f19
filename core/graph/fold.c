/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/graph/fold.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/base/memory.h"

#define LEAST_BYTES ((guint64) 256 << 20)
#define LEAST_WORK 1e8
#define LEAST_OF_BUDGET ((guint64) 1 << 20)

PstFoldLimits
pst_fold_limits (PstGraph *graph, const PstShape *input_shapes, guint64 budget)
{
  GPtrArray    *values = pst_graph_get_values (graph);
  guint         n_inputs = pst_graph_get_inputs (graph)->len;
  PstFoldLimits limits = { LEAST_BYTES, LEAST_WORK };
  guint64       own = 0;

  for (guint i = 0; i < values->len; i++)
    {
      const PstValue *value = values->pdata[i];

      if (value->kind == PST_VALUE_PARAMETER && value->array)
        own += value->array->bytes;
    }
  limits.bytes += 8 * own;
  limits.work += 64.0 * (double) own;
  if (! budget)
    return limits;
  limits.bytes = MAX (budget / 2, 4 * own + LEAST_OF_BUDGET);
  for (guint i = 0; i < n_inputs; i++)
    limits.work += 64.0 * (double) pst_shape_count (&input_shapes[i]);
  return limits;
}

/* Rough multiplications of a node; too many rather than too few. Fast
 * products count for a fraction. */
static double
work_of (const PstCall *call)
{
  static const char *const linear[] = { "GlobalAveragePool", "GlobalMaxPool",
                                        NULL };
  static const char *const slow[] = { "Pool", "LRN", "Conv", "Einsum",
                                      "Gram", "TotalVariation", NULL };
  const char *type = call->node->op->type;
  double      in = 0, out = 0, first = 1, second = 1;

  for (int i = 0; i < call->n_in; i++)
    if (call->in[i])
      in += (double) pst_tensor_count (call->in[i]);
  for (int i = 0; i < call->n_out; i++)
    if (call->out[i])
      out += (double) pst_tensor_count (call->out[i]);
  if (call->n_in > 0 && call->in[0])
    first = (double) pst_tensor_count (call->in[0]);
  if (call->n_in > 1 && call->in[1])
    second = (double) pst_tensor_count (call->in[1]);
  if (strcmp (type, "MatMul") == 0 || strcmp (type, "Gemm") == 0)
    return in + out + sqrt (first * out * second) / 8;
  if (strcmp (type, "Conv") == 0 && call->in[1])
    return in + out + out * second / MAX (1, call->in[1]->shape.dim[0]);
  for (int k = 0; linear[k]; k++)
    if (strcmp (type, linear[k]) == 0)
      return in + out;
  for (int k = 0; slow[k]; k++)
    if (strstr (type, slow[k]))
      return in + out + out * first;
  return in + 2 * out;
}

/* Whether the results and the work are within the limits; takes them off. */
static gboolean
spend (PstCall *call, PstFoldLimits *limits, gsize scratch, GError **error)
{
  guint64 bytes = 0;
  double  work = work_of (call);

  for (int i = 0; i < call->n_out; i++)
    if (call->out[i])
      {
        gsize more = pst_tensor_bytes (call->out[i]);

        if (more > limits->bytes - bytes)
          return pst_call_fail (call, error, PST_ERROR_MEMORY,
                                _ ("its constant result is too large"));
        bytes += more;
      }
  if (scratch > limits->bytes - bytes)
    return pst_call_fail (call, error, PST_ERROR_MEMORY,
                          _ ("its constant result is too large"));
  if (work > limits->work)
    return pst_call_fail (
        call, error, PST_ERROR_MEMORY,
        _ ("working out its constant result would take too long"));
  limits->bytes -= bytes;
  limits->work -= work;
  return TRUE;
}

static gboolean
take_arrays (PstCall *call, PstArray **arrays)
{
  for (int i = 0; i < call->n_out; i++)
    {
      PstTensor *out = call->out[i];

      if (! out)
        continue;
      arrays[i] = pst_array_new (out->dtype, &out->shape, FALSE);
      if (! arrays[i])
        return FALSE;
      *out = arrays[i]->tensor;
    }
  return TRUE;
}

gboolean
pst_fold_node (PstCall *call, PstFoldLimits *limits, PstArray **arrays,
               GError **error)
{
  const PstOp *op = call->node->op;
  gsize        shared = 0, worker = 0;
  guint8      *scratch = NULL;
  gboolean     ok;

  memset (arrays, 0, call->n_out * sizeof *arrays);
  if (op->scratch)
    op->scratch (call, &shared, &worker);
  shared = pst_memory_align (shared);
  if (! spend (call, limits, shared + worker, error))
    return FALSE;
  if (shared + worker)
    scratch = pst_memory_try_alloc (shared + worker);
  call->shared = scratch;
  call->worker_base = scratch ? scratch + shared : NULL;
  call->worker_bytes = worker;
  ok = (scratch || ! (shared + worker)) && take_arrays (call, arrays);
  if (ok)
    op->forward (call);
  else
    pst_call_fail (call, error, PST_ERROR_MEMORY,
                   _ ("its constant result is too large"));
  for (int i = 0; i < call->n_out && ! ok; i++)
    g_clear_pointer (&arrays[i], pst_array_unref);
  pst_memory_free (scratch, shared + worker);
  return ok;
}
