/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A model through planning and running, forward and backward, at small sizes.
 *
 * What is to be done with it stands in its property "fuzz", eight characters:
 * bits of the first say how to plan, the second which allocation fails, the
 * third and fourth choose sizes that the model leaves open, the fifth the
 * numbers that go in. */
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/graph/plan.h"
#include "core/onnx/onnx.h"
#include "tests/fuzz/mutate.h"

#define BUDGET ((guint64) 64 << 20)
#define MAX_INPUTS 16
#define MAX_INPUT_NUMBERS ((gint64) 1 << 14)
#define MAX_COST 2e6 /* multiplications, roughly: a few milliseconds */

typedef enum
{
  FUZZ_TRAINING = 1 << 0,
  FUZZ_THREADS = 1 << 1,
  FUZZ_NO_FUSION = 1 << 2,
  FUZZ_FAIL = 1 << 3,
  FUZZ_POISON = 1 << 4,
  FUZZ_APPEND = 1 << 5, /* run it as two parts of a larger graph */
  FUZZ_CANCEL = 1 << 6,
} Flags;

typedef struct
{
  Flags   flags;
  guint8  fail;
  guint8  size[2];
  guint32 numbers;
} Settings;

const guint fuzz_raw_percent = 1;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_init ();
  return 0;
}

static Settings
read_settings (PstGraph *graph)
{
  const char *text = pst_graph_get_metadata (graph, "fuzz");
  gsize       n = text ? strlen (text) : 0;
  guint8      c[5] = { 0 };

  for (gsize i = 0; i < MIN (n, sizeof c); i++)
    c[i] = (guint8) text[i] - ' ';
  return (Settings) { c[0], c[1], { c[2], c[3] }, c[4] };
}

/* The declared sizes; others are chosen. */
static gboolean
choose_shape (const PstShape *declared, const Settings *settings, guint i,
              PstShape *shape)
{
  static const guint8 sizes[] = { 4, 1, 2, 3, 5, 8, 16, 17, 24, 33 };
  gint64              count;

  *shape = *declared;
  if (shape->rank < 0)
    {
      shape->rank = settings->size[0] % 5;
      memset (shape->dim, -1, sizeof shape->dim);
    }
  for (int k = 0; k < shape->rank; k++)
    if (shape->dim[k] < 0)
      shape->dim[k] =
          sizes[(settings->size[k & 1] + i + (guint) k / 2) %
                G_N_ELEMENTS (sizes)];
  count = pst_shape_count (shape);
  return count >= 0 && count <= MAX_INPUT_NUMBERS;
}

/* What one node works, in multiplications. Products go over an axis for each
 * number that they make; all others over each number a few times. */
static double
cost_of (const PstNode *node)
{
  static const char *const products[] = {
    "Conv", "MatMul", "Gemm", "Gram", "Pool", "Einsum", "LRN", "Resize",
    "TotalVariation", NULL,
  };
  double in = 1, out = 1;

  for (int k = 0; k < node->n_in; k++)
    if (node->in[k])
      in += (double) pst_tensor_count (&node->in[k]->info);
  for (int k = 0; k < node->n_out; k++)
    if (node->out[k])
      out += (double) pst_tensor_count (&node->out[k]->info);
  for (int k = 0; products[k]; k++)
    if (strstr (node->op->type, products[k]))
      return 8 * (in + out) + sqrt (in) * out + in * sqrt (out);
  return 8 * (in + out);
}

static gboolean
is_small (PstPlan *plan)
{
  GPtrArray *nodes = pst_graph_get_nodes (pst_plan_get_graph (plan));
  double     cost = 0;

  for (guint i = 0; i < nodes->len; i++)
    cost += cost_of (nodes->pdata[i]);
  return cost < MAX_COST;
}

/* Ordinary numbers with a few strange ones among them. */
static void
fill_tensor (PstTensor *tensor, guint32 seed)
{
  gint64 n = pst_tensor_count (tensor);

  for (gint64 i = 0; i < n; i++)
    {
      guint32 random = (guint32) (i + 1) * 2654435761u ^ seed * 40503u;
      double  value = (double) (random >> 8 & 0xffff) / 32768.0 - 1.0;

      if (seed % 8 == 7 && random >> 24 < 8)
        value = random & 1 ? NAN : random & 2 ? INFINITY : -1e38;
      else if (tensor->dtype != PST_FLOAT32)
        value = (double) (random >> 8 & 7) - (seed & 1 ? 4 : 0);
      if (tensor->dtype == PST_BOOL)
        value = random & 1;
      else if (tensor->dtype != PST_FLOAT32 && seed % 16 == 9)
        value = (double) (gint32) random;
      if (tensor->dtype == PST_FLOAT32)
        pst_tensor_set (tensor, i, value);
      else
        pst_tensor_set_int (tensor, i,
                            fabs (value) < 3e9 ? (gint64) value : G_MININT32);
    }
}

static void
fill_inputs (PstPlan *plan, PstRun *run, guint32 seed)
{
  guint n = pst_graph_get_inputs (pst_plan_get_graph (plan))->len;

  for (guint i = 0; i < n; i++)
    fill_tensor (pst_run_get_input (run, i), seed + i);
}

static GPtrArray *
copy_outputs (PstPlan *plan, PstRun *run)
{
  GPtrArray *copies =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  guint n = pst_graph_get_outputs (pst_plan_get_graph (plan))->len;

  for (guint i = 0; i < n; i++)
    {
      const PstTensor *output = pst_run_get_output (run, i);

      g_ptr_array_add (copies, g_bytes_new (output->data,
                                            pst_tensor_bytes (output)));
    }
  return copies;
}

static void
on_progress (double part, gpointer data)
{
  g_assert_true (part >= 0 && part < 1.001);
  if (part > 0.5)
    g_cancellable_cancel (data);
}

/* Stopped in the middle; the next pass must not notice. */
static void
run_half (PstRun *run)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError)       error = NULL;

  if (! pst_run_forward (run, cancellable, on_progress, cancellable, &error))
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static GPtrArray *
run_once (PstPlan *plan, PstPool *pool, const Settings *settings,
          gboolean training)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PstRun) run = pst_run_new (plan, pool, &error);
  GPtrArray         *first;
  GPtrArray         *second;

  if (! run)
    return NULL;
  pst_run_set_poison (run, (settings->flags & FUZZ_POISON) != 0);
  fill_inputs (plan, run, settings->numbers);
  if (settings->flags & FUZZ_CANCEL)
    {
      run_half (run);
      fill_inputs (plan, run, settings->numbers);
    }
  g_assert_true (pst_run_forward (run, NULL, NULL, NULL, &error));
  first = copy_outputs (plan, run);
  if (training)
    pst_run_backward (run);
  fill_inputs (plan, run, settings->numbers);
  g_assert_true (pst_run_forward (run, NULL, NULL, NULL, &error));
  second = copy_outputs (plan, run);
  for (guint i = 0; i < first->len; i++)
    g_assert_true (g_bytes_equal (first->pdata[i], second->pdata[i]));
  g_ptr_array_unref (second);
  return first;
}

/* Twice on one thread and once on two: the same numbers each time. */
static void
run_plan (PstPlan *plan, const Settings *settings, gboolean training)
{
  static PstPool *pools[2]; /* threads are made once */
  GPtrArray      *one, *two;

  for (guint i = 0; i < 2; i++)
    if (! pools[i])
      pools[i] = pst_pool_new (i + 1);
  one = run_once (plan, pools[0], settings, training);
  if (one && settings->flags & FUZZ_THREADS)
    {
      two = run_once (plan, pools[1], settings, training);
      for (guint i = 0; two && i < one->len; i++)
        g_assert_true (g_bytes_equal (one->pdata[i], two->pdata[i]));
      g_clear_pointer (&two, g_ptr_array_unref);
    }
  g_clear_pointer (&one, g_ptr_array_unref);
}

static PstPlan *
plan_graph (PstGraph *graph, const Settings *settings, PstPlanOptions *options)
{
  g_autoptr (GError) error = NULL;
  PstPlan           *plan;

  if (settings->flags & FUZZ_FAIL)
    pst_memory_fail_after (settings->fail % 24);
  plan = pst_plan_new (graph, options, &error);
  pst_memory_fail_after (-1);
  g_assert_true ((plan != NULL) == (error == NULL));
  if (error)
    {
      g_assert_true (error->domain == PST_ERROR);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
  return plan;
}

static gboolean
is_float (const PstValue *value)
{
  return value->info.dtype == PST_FLOAT32;
}

/* Gradients of all that has one, from every output of float numbers. */
static void
train (PstGraph *graph, PstPlan *forward, const Settings *settings,
       PstPlanOptions *options)
{
  GPtrArray *values = pst_graph_get_values (graph);
  GPtrArray *outputs = pst_graph_get_outputs (graph);
  GPtrArray *known =
      pst_graph_get_outputs (pst_plan_get_graph (forward));
  g_autoptr (GPtrArray) gradients = g_ptr_array_new ();
  g_autoptr (GPtrArray) seeds = g_ptr_array_new ();
  g_autoptr (PstPlan)   plan = NULL;

  for (guint i = 0; i < values->len; i++)
    {
      PstValue *value = values->pdata[i];

      if (value->kind != PST_VALUE_COMPUTED && is_float (value))
        g_ptr_array_add (gradients, value);
    }
  for (guint i = 0; i < outputs->len; i++)
    {
      PstValue *value = outputs->pdata[i];

      if (value->kind == PST_VALUE_COMPUTED && is_float (known->pdata[i]))
        g_ptr_array_add (seeds, value);
    }
  if (gradients->len == 0 || seeds->len == 0)
    return;
  options->gradients = gradients;
  options->seeds = seeds;
  plan = plan_graph (graph, settings, options);
  options->gradients = options->seeds = NULL;
  if (plan && is_small (plan))
    run_plan (plan, settings, TRUE);
}

/* With and without fusion a graph has outputs of the same kind. */
static void
compare_plans (PstGraph *graph, PstPlan *plan, PstPlanOptions options)
{
  Settings            none = { 0 };
  GPtrArray          *a, *b;
  g_autoptr (PstPlan) other = NULL;

  options.no_fusion = ! options.no_fusion;
  options.budget *= 4;
  other = plan_graph (graph, &none, &options);
  g_assert_nonnull (other);
  a = pst_graph_get_outputs (pst_plan_get_graph (plan));
  b = pst_graph_get_outputs (pst_plan_get_graph (other));
  g_assert_cmpuint (a->len, ==, b->len);
  for (guint i = 0; i < a->len; i++)
    {
      const PstTensor *x = &((const PstValue *) a->pdata[i])->info;
      const PstTensor *y = &((const PstValue *) b->pdata[i])->info;

      g_assert_true (x->dtype == y->dtype);
      g_assert_true (pst_shape_equal (&x->shape, &y->shape));
    }
}

/* The graph twice in a new one, with the same inputs. */
static PstGraph *
append_twice (PstGraph *graph)
{
  PstGraph             *both = pst_graph_new ();
  GPtrArray            *inputs = pst_graph_get_inputs (graph);
  GPtrArray            *names = pst_graph_get_outputs (graph);
  g_autoptr (GPtrArray) ours = g_ptr_array_new ();

  pst_graph_set_opset (both, pst_graph_get_opset (graph));
  for (guint i = 0; i < inputs->len; i++)
    {
      const PstValue *input = inputs->pdata[i];
      gboolean        any = input->info.shape.rank < 0;

      g_ptr_array_add (ours, pst_graph_add_input (
                                 both, input->name, input->info.dtype,
                                 any ? NULL : &input->info.shape));
    }
  for (int k = 0; k < 2; k++)
    {
      g_autoptr (GPtrArray) outputs = pst_graph_append (
          both, graph, (PstValue *const *) ours->pdata, k ? "b." : NULL);

      for (guint i = 0; i < outputs->len; i++)
        pst_graph_add_output (both, outputs->pdata[i],
                              ((const PstValue *) names->pdata[i])->name);
    }
  pst_graph_seal (both);
  return both;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autoptr (GBytes)   bytes = g_bytes_new_static (data, size);
  g_autoptr (PstGraph) graph = pst_onnx_load_bytes (bytes, "fuzz", NULL);
  g_autoptr (PstPlan)  plan = NULL;
  PstShape             shapes[MAX_INPUTS];
  PstPlanOptions       options = { .input_shapes = shapes, .n_workers = 2,
                                   .budget = BUDGET };
  GPtrArray           *inputs;
  Settings             settings;

  if (! graph)
    return -1;
  inputs = pst_graph_get_inputs (graph);
  settings = read_settings (graph);
  if (inputs->len > MAX_INPUTS)
    return -1;
  if (settings.flags & FUZZ_APPEND)
    {
      PstGraph *both = append_twice (graph);

      pst_graph_unref (graph);
      graph = both;
      inputs = pst_graph_get_inputs (graph);
    }
  for (guint i = 0; i < inputs->len; i++)
    {
      const PstValue *input = inputs->pdata[i];

      if (! choose_shape (&input->info.shape, &settings, i, &shapes[i]))
        return 0;
    }
  options.no_fusion = (settings.flags & FUZZ_NO_FUSION) != 0;
  plan = plan_graph (graph, &settings, &options);
  if (! plan || ! is_small (plan))
    return 0;
  compare_plans (graph, plan, options);
  run_plan (plan, &settings, FALSE);
  if (settings.flags & FUZZ_TRAINING)
    train (graph, plan, &settings, &options);
  return 0;
}
