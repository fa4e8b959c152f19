/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a network on tensors from files, for comparisons with other engines:
 *
 *   run-onnx [--as-written] [--any-size] [--leanest] [--threads N]
 *            [--save COPY] MODEL OUT [IN…]
 *
 * IN are tensors in ONNX's form (.pb), one for each input of the model, in
 * order; the outputs become OUT-0.pb, OUT-1.pb… --as-written runs the graph
 * without fusions, --any-size makes it work at other sizes than the one it
 * declares, --leanest plans it in the way that takes the least memory, --save
 * writes it with our own writer. */
#include <locale.h>
#include <stdio.h>

#include "core/graph/plan.h"
#include "core/graph/rewrite.h"
#include "core/onnx/onnx.h"

typedef struct
{
  gboolean as_written;
  gboolean any_size;
  gboolean leanest;
  int      threads;
  char    *copy;
  char    *model;
  char    *out;
  char   **in;
} Arguments;

static gboolean
load_inputs (const Arguments *arguments, PstGraph *graph, GPtrArray *arrays,
             GError **error)
{
  GPtrArray *inputs = pst_graph_get_inputs (graph);
  guint      n = g_strv_length (arguments->in);

  if (n != inputs->len)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                   "the model has %u inputs, not %u", inputs->len, n);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    {
      const PstValue *input = g_ptr_array_index (inputs, i);
      PstArray *array = pst_onnx_load_tensor (arguments->in[i], error);

      if (! array)
        return FALSE;
      g_ptr_array_add (arrays, array);
      if (array->tensor.dtype != input->info.dtype)
        {
          g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                       "the input “%s” takes numbers of type %s", input->name,
                       pst_dtype_name (input->info.dtype));
          return FALSE;
        }
    }
  return TRUE;
}

static PstPlan *
plan_new (const Arguments *arguments, PstGraph *graph, GPtrArray *arrays,
          GError **error)
{
  g_autofree PstShape *shapes = g_new0 (PstShape, arrays->len + 1);
  PstPlanOptions       options = {
          .input_shapes = shapes,
          .n_workers = arguments->threads,
          .no_fusion = arguments->as_written,
          .way = arguments->leanest ? PST_PLAN_WAYS - 1 : 0,
  };

  for (guint i = 0; i < arrays->len; i++)
    {
      const PstArray *array = g_ptr_array_index (arrays, i);

      shapes[i] = array->tensor.shape;
    }
  return pst_plan_new (graph, &options, error);
}

static gboolean
save_outputs (const Arguments *arguments, PstGraph *graph, PstRun *run,
              GError **error)
{
  GPtrArray *outputs = pst_graph_get_outputs (graph);

  for (guint i = 0; i < outputs->len; i++)
    {
      const PstValue  *value = g_ptr_array_index (outputs, i);
      const PstTensor *tensor = pst_run_get_output (run, i);
      g_autoptr (PstArray) array =
          pst_array_new (tensor->dtype, &tensor->shape, TRUE);
      g_autofree char *path = g_strdup_printf ("%s-%u.pb", arguments->out, i);

      if (! array)
        {
          g_set_error_literal (error, PST_ERROR, PST_ERROR_MEMORY,
                               "no memory for the outputs");
          return FALSE;
        }
      pst_tensor_copy (&array->tensor, tensor);
      if (! pst_onnx_save_tensor (array, value->name, path, error))
        return FALSE;
    }
  return TRUE;
}

static PstGraph *
load (const Arguments *arguments, GError **error)
{
  g_autoptr (PstGraph) graph = pst_onnx_load (arguments->model, error);

  if (! graph ||
      (arguments->copy && ! pst_onnx_save (graph, arguments->copy, error)))
    return NULL;
  return arguments->any_size ? pst_rewrite_relax (graph, 0, error)
                             : g_steal_pointer (&graph);
}

static gboolean
run (const Arguments *arguments, GError **error)
{
  g_autoptr (GPtrArray) arrays =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pst_array_unref);
  g_autoptr (PstGraph) graph = load (arguments, error);
  g_autoptr (PstPool)  pool = NULL;
  g_autoptr (PstPlan)  plan = NULL;
  g_autoptr (PstRun)   engine = NULL;

  if (! graph || ! load_inputs (arguments, graph, arrays, error))
    return FALSE;
  plan = plan_new (arguments, graph, arrays, error);
  if (! plan)
    return FALSE;
  pool = pst_pool_new (arguments->threads);
  engine = pst_run_new (plan, pool, error);
  if (! engine)
    return FALSE;
  for (guint i = 0; i < arrays->len; i++)
    {
      const PstArray *array = g_ptr_array_index (arrays, i);

      pst_tensor_copy (pst_run_get_input (engine, i), &array->tensor);
    }
  return pst_run_forward (engine, NULL, NULL, NULL, error) &&
         save_outputs (arguments, graph, engine, error);
}

int
main (int argc, char **argv)
{
  Arguments          arguments = { .threads = 2 };
  g_autoptr (GError) error = NULL;
  char             **rest = NULL;
  GOptionEntry       entries[] = {
    { "as-written", 0, 0, G_OPTION_ARG_NONE, &arguments.as_written, "", NULL },
    { "any-size", 0, 0, G_OPTION_ARG_NONE, &arguments.any_size, "", NULL },
    { "leanest", 0, 0, G_OPTION_ARG_NONE, &arguments.leanest, "", NULL },
    { "threads", 0, 0, G_OPTION_ARG_INT, &arguments.threads, "", NULL },
    { "save", 0, 0, G_OPTION_ARG_FILENAME, &arguments.copy, "", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, "", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  gboolean                   done = FALSE;

  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (context, entries, NULL);
  if (g_option_context_parse (context, &argc, &argv, &error))
    {
      if (rest && rest[0] && rest[1])
        {
          arguments.model = rest[0];
          arguments.out = rest[1];
          arguments.in = rest + 2;
          done = run (&arguments, &error);
        }
      else
        g_set_error_literal (&error, PST_ERROR, PST_ERROR_ARGUMENT,
                             "usage: run-onnx [OPTION…] MODEL OUT [IN…]");
    }
  if (! done)
    fprintf (stderr, "run-onnx: %s\n", error->message);
  g_strfreev (rest);
  g_free (arguments.copy);
  return done ? 0 : 1;
}
