/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/base/test-run.h"
#include "core/graph/plan.h"

static void
fill (PstTensor *tensor, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

  for (gint64 i = 0; i < pst_tensor_count (tensor); i++)
    pst_tensor_set (tensor, i, g_rand_double_range (rand, -1.0, 1.0));
}

static PstValue *
parameter (PstGraph *graph, const char *name, PstShape shape, guint32 seed)
{
  g_autoptr (PstArray) array = pst_array_new (PST_FLOAT32, &shape, TRUE);

  fill (&array->tensor, seed);
  return pst_graph_add_parameter (graph, name, array);
}

static PstValue *
constant (PstGraph *graph, PstShape shape, float number)
{
  g_autoptr (PstArray) array = pst_array_new (PST_FLOAT32, &shape, TRUE);

  for (gint64 i = 0; i < pst_tensor_count (&array->tensor); i++)
    pst_tensor_set (&array->tensor, i, number);
  return pst_graph_add_parameter (graph, NULL, array);
}

static PstValue *
ints (PstGraph *graph, const gint64 *values, int n)
{
  PstShape shape = PST_SHAPE (n);
  g_autoptr (PstArray) array = pst_array_new_ints (&shape, values);

  return pst_graph_add_parameter (graph, NULL, array);
}

static void
test_tensor_layouts (void)
{
  PstShape  shape = PST_SHAPE (2, 3, 4, 5);
  g_autoptr (PstArray) map = pst_array_new (PST_FLOAT32, &shape, FALSE);
  g_autoptr (PstArray) plain = pst_array_new (PST_FLOAT32, &shape, TRUE);

  g_assert_true (pst_tensor_is_map (&map->tensor));
  g_assert_false (pst_tensor_is_plain (&map->tensor));
  g_assert_true (pst_tensor_is_plain (&plain->tensor));
  for (gint64 i = 0; i < 120; i++)
    ((float *) plain->tensor.data)[i] = (float) i;
  pst_tensor_copy (&map->tensor, &plain->tensor);
  /* n 1, c 2, y 3, x 4 */
  g_assert_cmpfloat (((float *) map->tensor.data)[((1 * 4 + 3) * 5 + 4) * 3 + 2],
                     ==, 119.0f);
  for (gint64 i = 0; i < 120; i++)
    g_assert_cmpfloat (pst_tensor_get (&map->tensor, i), ==, (double) i);
}

static void
test_tensor_copy_reshapes (void)
{
  PstShape  map_shape = PST_SHAPE (1, 3, 2, 2);
  PstShape  flat_shape = PST_SHAPE (12);
  g_autoptr (PstArray) map = pst_array_new (PST_FLOAT32, &map_shape, FALSE);
  g_autoptr (PstArray) flat = pst_array_new (PST_FLOAT32, &flat_shape, TRUE);

  for (gint64 i = 0; i < 12; i++)
    pst_tensor_set (&map->tensor, i, (double) i);
  pst_tensor_copy (&flat->tensor, &map->tensor);
  for (gint64 i = 0; i < 12; i++)
    g_assert_cmpfloat (((float *) flat->tensor.data)[i], ==, (float) i);
}

/* Numbers that do not fit become the nearest that does. */
static void
test_tensor_converts (void)
{
  static const double values[] = { 1e300, -1e300, 3e9, -3e9, NAN, INFINITY };
  static const gint64 whole[] = { G_MAXINT64, G_MININT64, 3000000000,
                                  -3000000000, 0, G_MAXINT64 };
  static const gint32 narrow[] = { G_MAXINT32, G_MININT32, G_MAXINT32,
                                   G_MININT32, 0, G_MAXINT32 };
  PstShape             shape = PST_SHAPE (G_N_ELEMENTS (values));
  g_autoptr (PstArray) wide = pst_array_new (PST_INT64, &shape, TRUE);
  g_autoptr (PstArray) small = pst_array_new (PST_INT32, &shape, TRUE);
  g_autoptr (PstArray) real = pst_array_new (PST_FLOAT32, &shape, TRUE);

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      pst_tensor_set (&wide->tensor, i, values[i]);
      pst_tensor_set (&small->tensor, i, values[i]);
      pst_tensor_set (&real->tensor, i, values[i]);
      g_assert_cmpint (pst_tensor_get_int (&wide->tensor, i), ==, whole[i]);
      g_assert_cmpint (pst_tensor_get_int (&small->tensor, i), ==, narrow[i]);
      if (ABS (values[i]) > 1e10)
        g_assert_cmpint (pst_tensor_get_int (&real->tensor, i), ==, whole[i]);
    }
  pst_tensor_set_int (&small->tensor, 0, ((gint64) 1 << 32) + 7);
  g_assert_cmpint (pst_tensor_get_int (&small->tensor, 0), ==, 7);
}

static void
test_shape_overflow (void)
{
  PstShape huge = PST_SHAPE ((gint64) 1 << 40, (gint64) 1 << 40);

  g_assert_cmpint (pst_shape_count (&huge), ==, -1);
}

/* conv - norm - mul - add - relu - resize - pad - conv, as the transform
 * network has it, with the scale made after the norm. */
static PstGraph *
make_network (GPtrArray *gradients)
{
  PstGraph *graph = pst_graph_new ();
  PstShape  any = { .rank = 4, .dim = { -1, 3, -1, -1 } };
  PstValue *x = pst_graph_add_input (graph, "image", PST_FLOAT32, &any);
  PstValue *style = pst_graph_add_input (graph, "style", PST_FLOAT32, NULL);
  PstValue *w1 = parameter (graph, "w1", PST_SHAPE (8, 3, 3, 3), 1);
  PstValue *w2 = parameter (graph, "w2", PST_SHAPE (4, 8, 3, 3), 2);
  PstValue *b2 = parameter (graph, "b2", PST_SHAPE (4), 3);
  PstValue *g = parameter (graph, "g", PST_SHAPE (2, 8), 4);
  PstValue *b = parameter (graph, "b", PST_SHAPE (2, 8), 5);
  PstValue *one = constant (graph, PST_SHAPE (8), 1.0f);
  PstValue *zero = constant (graph, PST_SHAPE (8), 0.0f);
  PstValue *to = ints (graph, PST_INTS (-1, 8, 1, 1));
  PstShape  four = PST_SHAPE (4);
  g_autoptr (PstArray) scales =
      pst_array_new_floats (&four, (float[]) { 1, 1, 2, 2 });
  PstValue *pads = ints (graph, PST_INTS (0, 0, 1, 1, 0, 0, 1, 1));
  PstValue *v;

  v = pst_graph_op (graph, "Pad", 2, x, pads);
  pst_node_set_string (v->producer, "mode", "reflect");
  v = pst_graph_op (graph, "Conv", 2, v, w1);
  v = pst_graph_op (graph, "InstanceNormalization", 3, v, one, zero);
  v = pst_graph_op (graph, "Mul", 2, v,
                    pst_graph_op (graph, "Reshape", 2,
                                  pst_graph_op (graph, "MatMul", 2, style, g),
                                  to));
  v = pst_graph_op (graph, "Add", 2, v,
                    pst_graph_op (graph, "Reshape", 2,
                                  pst_graph_op (graph, "MatMul", 2, style, b),
                                  to));
  v = pst_graph_op (graph, "Relu", 1, v);
  v = pst_graph_op (graph, "Resize", 3, v, NULL,
                    pst_graph_add_parameter (graph, "scales", scales));
  pst_node_set_string (v->producer, "mode", "nearest");
  pst_node_set_string (v->producer, "coordinate_transformation_mode",
                       "asymmetric");
  pst_node_set_string (v->producer, "nearest_mode", "floor");
  v = pst_graph_op (graph, "Pad", 2, v, pads);
  pst_node_set_string (v->producer, "mode", "reflect");
  v = pst_graph_op (graph, "Conv", 3, v, w2, b2);
  pst_graph_add_output (graph, v, "y");
  for (int i = 0; gradients && i < 7; i++)
    g_ptr_array_add (gradients, ((PstValue *[]) { x, style, w1, w2, b2, g,
                                                  b })[i]);
  pst_graph_seal (graph);
  return graph;
}

typedef struct
{
  PstArray *output;
  PstArray *gradients[7];
  guint     n_nodes;
  gsize     memory;
} Result;

static PstArray *
copy_of (const PstTensor *tensor)
{
  PstArray *copy = pst_array_new (tensor->dtype, &tensor->shape, TRUE);

  pst_tensor_copy (&copy->tensor, tensor);
  return copy;
}

static Result
run_network (gboolean no_fusion, guint n_workers)
{
  g_autoptr (GPtrArray) gradients = g_ptr_array_new ();
  g_autoptr (GPtrArray) seeds = g_ptr_array_new ();
  g_autoptr (PstGraph) graph = make_network (gradients);
  g_autoptr (PstPool) pool = pst_pool_new (n_workers);
  g_autoptr (GError) error = NULL;
  PstShape       shapes[] = { PST_SHAPE (3, 3, 11, 9), PST_SHAPE (3, 2) };
  PstPlanOptions options = { .input_shapes = shapes, .n_workers = n_workers,
                             .no_fusion = no_fusion, .gradients = gradients,
                             .seeds = seeds };
  g_autoptr (PstPlan) plan = NULL;
  g_autoptr (PstRun) run = NULL;
  Result result = { 0 };

  g_ptr_array_add (seeds, pst_graph_get_outputs (graph)->pdata[0]);
  plan = pst_plan_new (graph, &options, &error);
  g_assert_no_error (error);
  run = pst_run_new (plan, pool, &error);
  g_assert_no_error (error);
  pst_run_set_poison (run, TRUE);
  for (int round = 0; round < 2; round++) /* nothing may stay behind */
    {
      fill (pst_run_get_input (run, 0), 10);
      fill (pst_run_get_input (run, 1), 11);
      fill (pst_run_get_seed (run, 0), 12);
      g_assert_true (pst_run_forward (run, NULL, NULL, NULL, &error));
      pst_run_backward (run);
    }
  result.output = copy_of (pst_run_get_output (run, 0));
  for (guint i = 0; i < 7; i++)
    result.gradients[i] = copy_of (pst_run_get_gradient (run, i));
  result.n_nodes = pst_graph_get_nodes (pst_plan_get_graph (plan))->len;
  result.memory = pst_plan_get_memory (plan);
  return result;
}

static void
result_clear (Result *result)
{
  pst_array_unref (result->output);
  for (int i = 0; i < 7; i++)
    pst_array_unref (result->gradients[i]);
}

static void
assert_close (PstArray *a, PstArray *b, double tolerance)
{
  double range = 0.0, worst = 0.0;

  g_assert_true (pst_shape_equal (&a->tensor.shape, &b->tensor.shape));
  for (gint64 i = 0; i < pst_tensor_count (&a->tensor); i++)
    {
      double x = pst_tensor_get (&a->tensor, i);
      double y = pst_tensor_get (&b->tensor, i);

      g_assert_true (isfinite (x) && isfinite (y));
      range = MAX (range, fabs (x));
      worst = MAX (worst, fabs (x - y));
    }
  g_assert_cmpfloat (range, >, 0.0);
  g_assert_cmpfloat (worst, <=, tolerance * range);
}

static void
test_fusion_changes_nothing (void)
{
  Result plain = run_network (TRUE, 1);
  Result fused = run_network (FALSE, 1);

  assert_close (plain.output, fused.output, 1e-5);
  for (int i = 0; i < 7; i++)
    assert_close (plain.gradients[i], fused.gradients[i], 1e-4);
  /* 2 convolutions, norm, and the two ways from style to its scale */
  g_assert_cmpuint (fused.n_nodes, ==, 7);
  g_assert_cmpuint (plain.n_nodes, ==, 13);
  g_assert_cmpuint (fused.memory, <, plain.memory);
  result_clear (&plain);
  result_clear (&fused);
}

static void
test_threads_change_nothing (void)
{
  Result one = run_network (FALSE, 1);
  Result three = run_network (FALSE, 3);

  assert_close (one.output, three.output, 0.0);
  for (int i = 0; i < 7; i++)
    assert_close (one.gradients[i], three.gradients[i], 0.0);
  result_clear (&one);
  result_clear (&three);
}

static void
test_plan_refuses (void)
{
  g_autoptr (PstGraph) graph = make_network (NULL);
  g_autoptr (GError) error = NULL;
  PstShape       shapes[] = { PST_SHAPE (1, 3, 64, 64), PST_SHAPE (1, 2) };
  PstPlanOptions options = { .input_shapes = shapes, .n_workers = 1,
                             .budget = 10000 };

  g_assert_null (pst_plan_new (graph, &options, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_MEMORY);
  g_clear_error (&error);
  options.budget = 0;
  shapes[0].dim[1] = 4;
  g_assert_null (pst_plan_new (graph, &options, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_SHAPE);
  g_clear_error (&error);
  shapes[0].dim[1] = 3;
  shapes[1] = PST_SHAPE (1, 5);
  g_assert_null (pst_plan_new (graph, &options, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_SHAPE);
}

/* What vanishes or turns into something else is looked at before. */
static void
test_plan_refuses_nothing (void)
{
  static const char *const types[] = { "Identity", "BatchNormalization" };
  PstPlanOptions           options = { .n_workers = 1 };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    for (int n_in = 0; n_in < 4; n_in += 3)
      {
        g_autoptr (PstGraph) graph = pst_graph_new ();
        g_autoptr (GError) error = NULL;
        PstValue *y = pst_graph_op (graph, types[i], n_in, NULL, NULL, NULL);

        pst_node_set_int (y->producer, "training_mode", 1);
        pst_graph_add_output (graph, y, "y");
        pst_graph_seal (graph);
        g_assert_null (pst_plan_new (graph, &options, &error));
        g_assert_error (error, PST_ERROR, PST_ERROR_SHAPE);
      }
}

/* Where a gradient is wanted through an operator that has none, this is said;
 * beside the way to a seed it does no harm. */
static void
test_plan_refuses_stops (void)
{
  const gint64 kernel[] = { 2, 2 };

  for (int aside = 0; aside < 2; aside++)
    {
      g_autoptr (PstGraph) graph = pst_graph_new ();
      g_autoptr (GPtrArray) wanted = g_ptr_array_new ();
      g_autoptr (GPtrArray) seeds = g_ptr_array_new ();
      g_autoptr (PstPlan) plan = NULL;
      g_autoptr (GError) error = NULL;
      PstShape       shape = PST_SHAPE (1, 3, 8, 8);
      PstPlanOptions options = { .input_shapes = &shape, .n_workers = 1,
                                 .gradients = wanted, .seeds = seeds };
      PstValue *x = pst_graph_add_input (graph, "x", PST_FLOAT32, &shape);
      PstValue *y = pst_graph_op (graph, "Relu", 1, x);
      PstValue *z = pst_graph_op (graph, "LpPool", 1, y);

      pst_node_set_ints (z->producer, "kernel_shape", kernel, 2);
      pst_graph_add_output (graph, y, "y");
      pst_graph_add_output (graph, z, "z");
      pst_graph_seal (graph);
      g_ptr_array_add (wanted, x);
      g_ptr_array_add (seeds, aside ? y : z);
      plan = pst_plan_new (graph, &options, &error);
      g_assert_true (aside == (plan != NULL));
      if (aside)
        continue;
      g_assert_error (error, PST_ERROR, PST_ERROR_UNSUPPORTED);
      g_assert_nonnull (strstr (error->message, "LpPool"));
      g_assert_nonnull (strstr (error->message, "no gradient"));
    }
}

static void
test_cancel (void)
{
  g_autoptr (PstGraph) graph = make_network (NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  PstShape       shapes[] = { PST_SHAPE (1, 3, 64, 64), PST_SHAPE (1, 2) };
  PstPlanOptions options = { .input_shapes = shapes, .n_workers = 1 };
  g_autoptr (PstPlan) plan = pst_plan_new (graph, &options, &error);
  g_autoptr (PstRun) run = pst_run_new (plan, NULL, &error);

  g_assert_no_error (error);
  g_cancellable_cancel (cancellable);
  g_assert_false (pst_run_forward (run, cancellable, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_append_shares_parameters (void)
{
  g_autoptr (PstGraph) network = make_network (NULL);
  g_autoptr (PstGraph) graph = pst_graph_new ();
  PstValue *inputs[2];
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;
  guint n_values;

  inputs[0] = pst_graph_add_input (graph, "a", PST_FLOAT32, NULL);
  inputs[1] = pst_graph_add_input (graph, "s", PST_FLOAT32, NULL);
  first = pst_graph_append (graph, network, inputs, "one.");
  g_assert_nonnull (pst_graph_find (graph, "one.w1"));
  n_values = pst_graph_get_values (graph)->len;
  second = pst_graph_append (graph, network, inputs, "two.");
  g_assert_null (pst_graph_find (graph, "two.w1"));
  /* computed values only */
  g_assert_cmpuint (pst_graph_get_values (graph)->len - n_values, ==, 13);
  g_assert_true (first->pdata[0] != second->pdata[0]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/graph/tensor/layouts", test_tensor_layouts);
  g_test_add_func ("/graph/tensor/copy-reshapes", test_tensor_copy_reshapes);
  g_test_add_func ("/graph/tensor/converts", test_tensor_converts);
  g_test_add_func ("/graph/tensor/overflow", test_shape_overflow);
  g_test_add_func ("/graph/fusion", test_fusion_changes_nothing);
  g_test_add_func ("/graph/threads", test_threads_change_nothing);
  g_test_add_func ("/graph/refuses", test_plan_refuses);
  g_test_add_func ("/graph/refuses-nothing", test_plan_refuses_nothing);
  g_test_add_func ("/graph/refuses-stops", test_plan_refuses_stops);
  g_test_add_func ("/graph/cancel", test_cancel);
  g_test_add_func ("/graph/append", test_append_shares_parameters);
  return test_run ();
}
