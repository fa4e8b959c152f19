/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The streamed graph, in every way that a budget can choose, against the graph
 * as it is written, on awkward sizes. */
#include <math.h>

#include "core/base/test-run.h"
#include "core/graph/plan.h"

typedef struct
{
  const char *name;
  int         channels; /* of the first layer */
  const char *padding;
  const char *ending; /* the last operator */
  gboolean    residual;
  gboolean    conditional; /* scale and shift are inputs */
  gint64      n, h, w;
} Case;

static const Case cases[] = {
  { "classical", 16, "reflect", NULL, TRUE, FALSE, 1, 68, 92 },
  { "classical-large", 16, "reflect", NULL, TRUE, FALSE, 1, 204, 332 },
  { "conditional", 16, "reflect", "Sigmoid", TRUE, TRUE, 2, 61, 47 },
  { "zero-padding", 32, "constant", "Tanh", TRUE, FALSE, 2, 44, 39 },
  { "edge-padding", 8, "edge", NULL, FALSE, FALSE, 1, 57, 130 },
  { "odd-channels", 13, "reflect", NULL, TRUE, FALSE, 1, 40, 52 },
  { "tiny", 16, "reflect", NULL, TRUE, FALSE, 1, 20, 17 },
};

typedef struct
{
  PstGraph   *graph;
  const Case *given;
  GRand      *rand;
  PstValue   *scale, *shift;
} Builder;

static PstValue *
weights (Builder *b, PstShape shape, double least, double most)
{
  g_autoptr (PstArray) array = pst_array_new (PST_FLOAT32, &shape, TRUE);

  for (gint64 i = 0; i < pst_tensor_count (&array->tensor); i++)
    pst_tensor_set (&array->tensor, i,
                    g_rand_double_range (b->rand, least, most));
  return pst_graph_add_parameter (b->graph, NULL, array);
}

static PstValue *
numbers (Builder *b, PstDtype dtype, int n, const gint64 *values)
{
  PstShape shape = PST_SHAPE (n);
  g_autoptr (PstArray) array = pst_array_new (dtype, &shape, TRUE);

  for (int i = 0; i < n; i++)
    pst_tensor_set (&array->tensor, i, (double) values[i]);
  return pst_graph_add_parameter (b->graph, NULL, array);
}

static PstValue *
conv (Builder *b, PstValue *x, int in, int out, int kernel, int stride)
{
  gint64 p = kernel / 2;
  double bound = sqrt (3.0 / (in * kernel * kernel));

  x = pst_graph_op (b->graph, "Pad", 2, x,
                    numbers (b, PST_INT64, 8,
                             (gint64[]) { 0, 0, p, p, 0, 0, p, p }));
  pst_node_set_string (x->producer, "mode", b->given->padding);
  x = pst_graph_op (b->graph, "Conv", 3, x,
                    weights (b, PST_SHAPE (out, in, kernel, kernel), -bound,
                             bound),
                    weights (b, PST_SHAPE (out), 1.0, 5.0));
  pst_node_set_ints (x->producer, "strides", PST_INTS (stride, stride));
  return x;
}

static PstValue *
norm (Builder *b, PstValue *x, int channels, gboolean relu)
{
  gboolean  conditional = b->given->conditional;
  PstShape  shape = PST_SHAPE (channels);
  PstValue *one = conditional ? weights (b, shape, 1.0, 1.0)
                              : weights (b, shape, 0.5, 1.5);
  PstValue *zero = conditional ? weights (b, shape, 0.0, 0.0)
                               : weights (b, shape, -0.5, 0.5);

  x = pst_graph_op (b->graph, "InstanceNormalization", 3, x, one, zero);
  if (conditional && channels == b->given->channels)
    {
      x = pst_graph_op (b->graph, "Mul", 2, x, b->scale);
      x = pst_graph_op (b->graph, "Add", 2, x, b->shift);
    }
  return relu ? pst_graph_op (b->graph, "Relu", 1, x) : x;
}

static PstValue *
enlarge (Builder *b, PstValue *x)
{
  x = pst_graph_op (b->graph, "Upsample", 2, x,
                    numbers (b, PST_FLOAT32, 4, (gint64[]) { 1, 1, 2, 2 }));
  pst_node_set_string (x->producer, "mode", "nearest");
  return x;
}

static PstGraph *
build (const Case *given)
{
  Builder   b = { .graph = pst_graph_new (), .given = given,
                  .rand = g_rand_new_with_seed (5) };
  int       c = given->channels;
  PstShape  any = PST_SHAPE (-1, 3, -1, -1), each = PST_SHAPE (-1, c, 1, 1);
  PstValue *x = pst_graph_add_input (b.graph, "image", PST_FLOAT32, &any);

  pst_graph_set_opset (b.graph, 9);
  b.scale = pst_graph_add_input (b.graph, "scale", PST_FLOAT32, &each);
  b.shift = pst_graph_add_input (b.graph, "shift", PST_FLOAT32, &each);
  x = norm (&b, conv (&b, x, 3, c, 9, 1), c, TRUE);
  x = norm (&b, conv (&b, x, c, 2 * c, 3, 2), 2 * c, TRUE);
  for (int i = 0; i < 2 && given->residual; i++)
    {
      PstValue *skip = x;

      x = norm (&b, conv (&b, x, 2 * c, 2 * c, 3, 1), 2 * c, TRUE);
      x = norm (&b, conv (&b, x, 2 * c, 2 * c, 3, 1), 2 * c, FALSE);
      x = pst_graph_op (b.graph, "Add", 2, x, skip);
    }
  /* a convolution without a norm behind it, then one with */
  x = pst_graph_op (b.graph, "Relu", 1, conv (&b, x, 2 * c, 2 * c, 3, 1));
  x = norm (&b, conv (&b, enlarge (&b, x), 2 * c, c, 3, 1), c, TRUE);
  x = conv (&b, x, c, 3, 9, 1);
  if (given->ending)
    x = pst_graph_op (b.graph, given->ending, 1, x);
  pst_graph_add_output (b.graph, x, "pastiche");
  pst_graph_seal (b.graph);
  g_rand_free (b.rand);
  return b.graph;
}

static void
fill_input (PstTensor *tensor, double least, double most)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (11);

  for (gint64 i = 0; i < pst_tensor_count (tensor); i++)
    pst_tensor_set (tensor, i, g_rand_double_range (rand, least, most));
}

/* The output, in logical order. */
static float *
paint (PstPlan *plan, guint n_threads, gsize *n)
{
  g_autoptr (PstPool) pool = pst_pool_new (n_threads);
  g_autoptr (GError) error = NULL;
  g_autoptr (PstRun) run = pst_run_new (plan, pool, &error);
  const PstTensor *out;
  float           *numbers_out;

  g_assert_no_error (error);
  fill_input (pst_run_get_input (run, 0), 0.0, 1.0);
  fill_input (pst_run_get_input (run, 1), 0.5, 1.5);
  fill_input (pst_run_get_input (run, 2), -0.5, 0.5);
  pst_run_forward (run, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  out = pst_run_get_output (run, 0);
  *n = pst_tensor_count (out);
  numbers_out = g_new (float, *n);
  for (gsize i = 0; i < *n; i++)
    numbers_out[i] = (float) pst_tensor_get (out, i);
  return numbers_out;
}

static double
largest_difference (const float *a, const float *b, gsize n)
{
  double largest = 0.0;

  for (gsize i = 0; i < n; i++)
    {
      g_assert_true (isfinite (a[i]));
      largest = MAX (largest, fabs (a[i] - b[i]));
    }
  return largest;
}

static double
range (const float *a, gsize n)
{
  double least = a[0], most = a[0];

  for (gsize i = 0; i < n; i++)
    {
      least = MIN (least, a[i]);
      most = MAX (most, a[i]);
    }
  return most - least;
}

static gboolean
keeps_packed (PstPlan *plan)
{
  GPtrArray *values = pst_graph_get_values (pst_plan_get_graph (plan));

  for (guint i = 0; i < values->len; i++)
    if (((PstValue *) values->pdata[i])->info.dtype == PST_PACKED16)
      return TRUE;
  return FALSE;
}

static PstPlanOptions
options_for (const Case *given, PstShape *shapes)
{
  shapes[0] = PST_SHAPE (given->n, 3, given->h, given->w);
  shapes[1] = shapes[2] = PST_SHAPE (given->n, given->channels, 1, 1);
  return (PstPlanOptions) { .input_shapes = shapes, .n_workers = 3 };
}

static void
test_ways (gconstpointer data)
{
  const Case *given = data;
  g_autoptr (PstGraph) graph = build (given);
  PstShape       shapes[3];
  PstPlanOptions options = options_for (given, shapes);
  g_autoptr (GError) error = NULL;
  g_autoptr (PstPlan) plain = NULL;
  gsize               n;
  g_autofree float   *expected = NULL;

  options.no_fusion = TRUE;
  plain = pst_plan_new (graph, &options, &error);
  g_assert_no_error (error);
  expected = paint (plain, 1, &n);
  options.no_fusion = FALSE;
  for (options.way = 0; options.way < PST_PLAN_WAYS; options.way++)
    {
      g_autoptr (PstPlan) plan = pst_plan_new (graph, &options, &error);
      g_autofree float   *one = NULL, *three = NULL;

      g_assert_no_error (error);
      one = paint (plan, 1, &n);
      three = paint (plan, 3, &n);
      g_assert_cmpmem (one, n * sizeof (float), three, n * sizeof (float));
      g_test_message ("way %d: difference %g of %g", options.way,
                      largest_difference (one, expected, n),
                      range (expected, n));
      g_assert_cmpint (keeps_packed (plan), ==, options.way >= 1);
      g_assert_cmpfloat (largest_difference (one, expected, n), <,
                         (options.way >= 1 ? 5e-4 : 1e-5) *
                             MAX (1.0, range (expected, n)));
    }
}

/* Smaller and smaller budgets are kept to, until one is too small. */
static void
test_budget (void)
{
  const Case given = { "", 16, "reflect", NULL, TRUE, FALSE, 1, 512, 768 };
  g_autoptr (PstGraph) graph = build (&given);
  PstShape       shapes[3];
  PstPlanOptions options = options_for (&given, shapes);
  guint64        smallest = 0;
  int            n = 0;
  g_autoptr (GError) error = NULL;

  options.smallest = &smallest;
  for (;; n++)
    {
      g_autoptr (PstPlan) plan = pst_plan_new (graph, &options, &error);

      if (! plan)
        break;
      g_assert_true (! options.budget ||
                     pst_plan_get_memory (plan) <= options.budget);
      options.budget = pst_plan_get_memory (plan) - 1;
    }
  g_assert_error (error, PST_ERROR, PST_ERROR_MEMORY);
  g_assert_cmpuint (smallest, ==, options.budget + 1);
  g_assert_cmpint (n, >=, 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path =
          g_strdup_printf ("/graph/stream/%s", cases[i].name);

      g_test_add_data_func (path, &cases[i], test_ways);
    }
  g_test_add_func ("/graph/budget", test_budget);
  return test_run ();
}
