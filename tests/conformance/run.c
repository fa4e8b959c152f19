/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "core/graph/plan.h"
#include "core/onnx/onnx.h"
#include "tests/conformance/case.h"

/* ONNX's own limits of error, and one of ours for all but half precision:
 * of the largest number. */
#define RELATIVE 1e-3
#define ABSOLUTE 1e-7
#define STRICT 1e-5

/* Which inputs are turned into parameters before planning. */
typedef enum
{
  NOTHING_KNOWN,
  WHOLE_VECTORS_KNOWN, /* shapes, axes, repeats, pads */
  VECTORS_KNOWN,       /* also scales and single numbers */
  N_KNOWN,
} Known;

/* DATA/PREFIX_0.pb, DATA/PREFIX_1.pb… */
static GPtrArray *
load_tensors (const char *folder, const char *prefix, GError **error)
{
  g_autoptr (GPtrArray) arrays =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pst_array_unref);

  for (guint i = 0;; i++)
    {
      g_autofree char *path =
          g_strdup_printf ("%s/%s_%u.pb", folder, prefix, i);
      PstArray *array;

      if (! g_file_test (path, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&arrays);
      array = pst_onnx_load_tensor (path, error);
      if (! array)
        return NULL;
      g_ptr_array_add (arrays, array);
    }
}

static gboolean
is_known (const PstArray *array, Known known)
{
  if (known == NOTHING_KNOWN || array->tensor.shape.rank > 1)
    return FALSE;
  return known == VECTORS_KNOWN || array->tensor.dtype == PST_INT64 ||
         array->tensor.dtype == PST_INT32;
}

static gboolean
fail (GError **error, const char *text)
{
  g_set_error_literal (error, PST_ERROR, PST_ERROR_ARGUMENT, text);
  return FALSE;
}

static gboolean
check_inputs (GPtrArray *inputs, GPtrArray *arrays, GError **error)
{
  if (inputs->len > arrays->len)
    return fail (error, "there are fewer inputs than the model takes");
  for (guint i = 0; i < inputs->len; i++)
    {
      const PstValue *value = inputs->pdata[i];
      const PstArray *array = arrays->pdata[i];

      if (value->info.dtype != array->tensor.dtype)
        return fail (error, "an input is of another type than the model's");
    }
  return TRUE;
}

/* The network with some of its inputs as parameters, as a host would do that
 * knows their numbers. @left gets the arrays of the other inputs. */
static PstGraph *
with_known (PstGraph *graph, GPtrArray *arrays, Known known, GPtrArray *left)
{
  PstGraph            *result = pst_graph_new ();
  GPtrArray           *inputs = pst_graph_get_inputs (graph);
  GPtrArray           *names = pst_graph_get_outputs (graph);
  g_autoptr (GPtrArray) values = g_ptr_array_new ();
  g_autoptr (GPtrArray) outputs = NULL;

  pst_graph_set_opset (result, pst_graph_get_opset (graph));
  for (guint i = 0; i < inputs->len; i++)
    {
      const PstValue *input = inputs->pdata[i];
      PstArray       *array = arrays->pdata[i];
      gboolean        fixed = is_known (array, known);

      if (! fixed)
        g_ptr_array_add (left, array);
      g_ptr_array_add (
          values, fixed ? pst_graph_add_parameter (result, input->name, array)
                        : pst_graph_add_input (result, input->name,
                                               input->info.dtype,
                                               &array->tensor.shape));
    }
  outputs = pst_graph_append (result, graph, (PstValue *const *) values->pdata,
                              NULL);
  for (guint i = 0; i < outputs->len; i++)
    {
      const PstValue *old = names->pdata[i];

      pst_graph_add_output (result, outputs->pdata[i], old->name);
    }
  pst_graph_seal (result);
  return result;
}

static PstPlan *
plan_graph (PstGraph *graph, GPtrArray *arrays, gboolean as_written,
            GError **error)
{
  g_autofree PstShape *shapes = g_new0 (PstShape, arrays->len + 1);
  PstPlanOptions       options = { .input_shapes = shapes,
                                   .n_workers = 1,
                                   .no_fusion = as_written };

  for (guint i = 0; i < arrays->len; i++)
    shapes[i] = ((const PstArray *) arrays->pdata[i])->tensor.shape;
  return pst_plan_new (graph, &options, error);
}

/* Plans with as few known inputs as possible; @left as above. */
static PstPlan *
plan_case (PstGraph *graph, GPtrArray *arrays, GPtrArray *left,
           gboolean as_written, gboolean *helped, GError **error)
{
  for (Known known = NOTHING_KNOWN; known < N_KNOWN; known++)
    {
      g_autoptr (PstGraph) some = NULL;
      PstPlan             *plan;

      g_clear_error (error);
      g_ptr_array_set_size (left, 0);
      some = with_known (graph, arrays, known, left);
      plan = plan_graph (some, left, as_written, error);
      if (plan)
        {
          *helped |= known != NOTHING_KNOWN;
          return plan;
        }
    }
  return NULL;
}

static gboolean
is_close (double a, double b, double strict)
{
  if (a == b || (isnan (a) && isnan (b)))
    return TRUE;
  return fabs (a - b) <= ABSOLUTE + RELATIVE * fabs (b) &&
         fabs (a - b) <= strict;
}

static char *
compare_numbers (const PstTensor *got, const PstTensor *wanted, gboolean half)
{
  gint64 n = pst_tensor_count (wanted);
  double largest = 0.0;

  for (gint64 i = 0; i < n; i++)
    {
      double b = fabs (pst_tensor_get (wanted, i));

      largest = isfinite (b) ? MAX (largest, b) : largest;
    }
  for (gint64 i = 0; i < n; i++)
    {
      double a = pst_tensor_get (got, i), b = pst_tensor_get (wanted, i);
      gboolean same = got->dtype == PST_FLOAT32
                          ? is_close (a, b, half ? INFINITY : STRICT * largest)
                          : pst_tensor_get_int (got, i) ==
                                pst_tensor_get_int (wanted, i);

      if (! same)
        return g_strdup_printf ("element %" G_GINT64_FORMAT " is %.8g, "
                                "must be %.8g", i, a, b);
    }
  return NULL;
}

static char *
compare (const PstTensor *got, const PstTensor *wanted, guint i, gboolean half)
{
  g_autofree char *text = NULL;

  if (got->dtype != wanted->dtype)
    return g_strdup_printf ("output %u is %s, must be %s", i,
                            pst_dtype_name (got->dtype),
                            pst_dtype_name (wanted->dtype));
  if (! pst_shape_equal (&got->shape, &wanted->shape))
    {
      g_autofree char *a = pst_shape_to_string (&got->shape);
      g_autofree char *b = pst_shape_to_string (&wanted->shape);

      return g_strdup_printf ("output %u is %s, must be %s", i, a, b);
    }
  text = compare_numbers (got, wanted, half);
  return text ? g_strdup_printf ("output %u: %s", i, text) : NULL;
}

static char *
run_plan (const Case *it, PstPlan *plan, GPtrArray *inputs,
          GPtrArray *outputs, GError **error)
{
  g_autoptr (PstRun) run = pst_run_new (plan, NULL, error);
  GPtrArray         *values = pst_graph_get_outputs (pst_plan_get_graph (plan));
  gboolean           half =
      g_ptr_array_find_with_equal_func (it->types, "float16", g_str_equal,
                                        NULL) ||
      g_ptr_array_find_with_equal_func (it->types, "bfloat16", g_str_equal,
                                        NULL);

  if (! run)
    return NULL;
  for (guint i = 0; i < inputs->len; i++)
    pst_tensor_copy (pst_run_get_input (run, i),
                     &((const PstArray *) inputs->pdata[i])->tensor);
  if (! pst_run_forward (run, NULL, NULL, NULL, error))
    return NULL;
  if (values->len != outputs->len)
    return g_strdup_printf ("there are %u outputs, must be %u", values->len,
                            outputs->len);
  for (guint i = 0; i < outputs->len; i++)
    {
      const PstArray *wanted = outputs->pdata[i];
      char           *text =
          compare (pst_run_get_output (run, i), &wanted->tensor, i, half);

      if (text)
        return text;
    }
  return NULL;
}

static char *
run_once (const Case *it, PstGraph *graph, GPtrArray *inputs,
          GPtrArray *outputs, gboolean as_written, gboolean *known)
{
  g_autoptr (GError)    error = NULL;
  g_autoptr (GPtrArray) left = g_ptr_array_new ();
  g_autoptr (PstPlan)   plan = NULL;
  char                 *text = NULL;

  plan = plan_case (graph, inputs, left, as_written, known, &error);
  if (plan)
    text = run_plan (it, plan, left, outputs, &error);
  return error ? g_strdup (error->message) : text;
}

/* Our own writing of the network, read again. */
static PstGraph *
write_and_read (PstGraph *graph, GError **error)
{
  g_autoptr (GBytes) bytes = pst_onnx_save_bytes (graph, error);

  return bytes ? pst_onnx_load_bytes (bytes, "copy", error) : NULL;
}

/* With all that the planner makes simpler; and as it is written, from a copy
 * of the file that our writer made. */
static char *
run_set (const Case *it, PstGraph *graph, const char *folder, gboolean *known)
{
  g_autoptr (GError)    error = NULL;
  g_autoptr (GPtrArray) inputs = load_tensors (folder, "input", &error);
  g_autoptr (GPtrArray) outputs =
      inputs ? load_tensors (folder, "output", &error) : NULL;
  g_autoptr (PstGraph)  copy = NULL;
  g_autofree char      *text = NULL;

  if (! outputs ||
      ! check_inputs (pst_graph_get_inputs (graph), inputs, &error))
    return g_strdup (error->message);
  text = run_once (it, graph, inputs, outputs, FALSE, known);
  if (text)
    return g_steal_pointer (&text);
  copy = write_and_read (graph, &error);
  if (! copy)
    return g_strdup_printf ("written by us: %s", error->message);
  text = run_once (it, copy, inputs, outputs, TRUE, known);
  return text ? g_strdup_printf ("written by us: %s", text) : NULL;
}

char *
case_run (const Case *it, gboolean *known)
{
  g_autofree char     *file = g_build_filename (it->path, "model.onnx", NULL);
  g_autoptr (GError)   error = NULL;
  g_autoptr (PstGraph) graph = pst_onnx_load (file, &error);

  *known = FALSE;
  if (! graph)
    return g_strdup (error->message);
  for (guint i = 0;; i++)
    {
      g_autofree char *folder =
          g_strdup_printf ("%s/test_data_set_%u", it->path, i);
      char *text;

      if (! g_file_test (folder, G_FILE_TEST_IS_DIR))
        return i > 0 ? NULL : g_strdup ("there is nothing to compare with");
      text = run_set (it, graph, folder, known);
      if (text)
        return text;
    }
}
