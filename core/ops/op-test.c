/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ops/op-test.h"

#include <math.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/base/test-run.h"

#define SAMPLES 48 /* elements of a gradient that are checked */

typedef struct
{
  const PstOpCase *row;
  PstOpReference   reference;
} Job;

/* Building graphs */

typedef struct
{
  PstGraph  *graph;
  GPtrArray *inputs; /* values that are not constant, as graph inputs */
  GPtrArray *floats; /* those of them that can have a gradient */
  GPtrArray *seeds;  /* outputs of all copies */
  PstNode   *node;
} Built;

static void
fill_tensor (PstTensor *to, const PstTestTensor *from)
{
  for (gint64 i = 0; i < from->count; i++)
    pst_tensor_set (to, i, from->v[i]);
}

static PstValue *
add_value (Built *built, const PstTestTensor *x)
{
  PstValue            *value;
  g_autoptr (PstArray) array = NULL;

  if (x->constant)
    {
      array = pst_array_new (x->dtype, &x->shape, TRUE);
      g_assert_nonnull (array);
      fill_tensor (&array->tensor, x);
      return pst_graph_add_parameter (built->graph, NULL, array);
    }
  value = pst_graph_add_input (built->graph, NULL, x->dtype, &x->shape);
  g_ptr_array_add (built->inputs, value);
  if (x->dtype == PST_FLOAT32)
    g_ptr_array_add (built->floats, value);
  return value;
}

/* Declares output @i of copy @copy. For gradients a Neg stands between: it
 * reads nothing backward and works in place, so that the output's numbers are
 * gone unless they are kept. */
static void
add_output (Built *built, const PstOpTest *t, gboolean hide, int copy, int i)
{
  g_autofree char *name = g_strdup_printf ("out%d_%d", copy, i);
  PstValue        *out = built->node->out[i];

  if (hide && t->out[i].dtype == PST_FLOAT32)
    out = pst_graph_op (built->graph, "Neg", 1, out);
  pst_graph_add_output (built->graph, out, name);
  g_ptr_array_add (built->seeds, out);
}

/* The operator once, or twice on the same inputs for @training. */
static void
build (Built *built, const PstOpTest *t, const PstOpCase *row,
       gboolean training)
{
  PstValue        *in[PST_TEST_INPUTS] = { NULL };
  const char      *dot = strchr (row->op, '.');
  g_autofree char *domain = dot ? g_strndup (row->op, dot - row->op)
                                : g_strdup ("");

  built->graph = pst_graph_new ();
  built->inputs = g_ptr_array_new ();
  built->floats = g_ptr_array_new ();
  built->seeds = g_ptr_array_new ();
  pst_graph_set_opset (built->graph, t->opset);
  for (int i = 0; i < t->n_in; i++)
    if (row->in[i] && strcmp (row->in[i], "-") != 0)
      in[i] = add_value (built, &t->in[i]);
  for (int k = 0; k <= training; k++)
    {
      g_autoptr (GError) error = NULL;

      built->node = pst_graph_add_node (built->graph, domain,
                                        dot ? dot + 1 : row->op, "it", in,
                                        t->n_in, NULL, t->n_out, &error);
      g_assert_no_error (error);
      pst_op_case_set_attributes (built->node, row->attrs);
      for (int i = 0; i < t->n_out; i++)
        add_output (built, t, training, k, i);
    }
  pst_graph_seal (built->graph);
}

static void
built_clear (Built *built)
{
  g_ptr_array_unref (built->inputs);
  g_ptr_array_unref (built->floats);
  g_ptr_array_unref (built->seeds);
  pst_graph_unref (built->graph);
}

static PstPlan *
plan_of (const Built *built, const PstOpTest *t, guint n_workers,
         gboolean training, GError **error)
{
  PstShape       shapes[PST_TEST_INPUTS];
  PstPlanOptions options = { .input_shapes = shapes,
                             .n_workers = n_workers,
                             .no_fusion = TRUE };
  int            n = 0;

  for (int i = 0; i < t->n_in; i++)
    if (t->in[i].v && ! t->in[i].constant)
      shapes[n++] = t->in[i].shape;
  if (training)
    {
      options.gradients = built->floats;
      options.seeds = built->seeds;
    }
  return pst_plan_new (built->graph, &options, error);
}

static void
fill_inputs (PstRun *run, const PstOpTest *t)
{
  guint n = 0;

  for (int i = 0; i < t->n_in; i++)
    if (t->in[i].v && ! t->in[i].constant)
      fill_tensor (pst_run_get_input (run, n++), &t->in[i]);
}

/* Checks */

static void
check_failure (const PstOpTest *t, const PstOpCase *row)
{
  Built              built;
  g_autoptr (GError) error = NULL;
  g_autoptr (PstPlan) plan = NULL;

  build (&built, t, row, FALSE);
  plan = plan_of (&built, t, 1, FALSE, &error);
  g_assert_null (plan);
  g_assert_nonnull (error);
  if (! strstr (error->message, row->fails))
    g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, row->fails));
  built_clear (&built);
}

static gint64
worst_of (const PstTestTensor *wanted, const PstTensor *got, double tolerance)
{
  double scale = 1.0;

  for (gint64 i = 0; i < wanted->count; i++)
    if (isfinite (wanted->v[i]))
      scale = MAX (scale, fabs (wanted->v[i]));
  for (gint64 i = 0; i < wanted->count; i++)
    {
      double a = wanted->v[i], b = pst_tensor_get (got, i);

      if (! (fabs (a - b) <= tolerance * scale) && a != b &&
          ! (isnan (a) && isnan (b)))
        {
          g_test_message ("element %" G_GINT64_FORMAT ": %.9g, must be %.9g",
                          i, b, a);
          return i;
        }
    }
  return -1;
}

static void
check_shape (const PstTestTensor *wanted, const PstTensor *got, int i)
{
  g_autofree char *a = pst_shape_to_string (&wanted->shape);
  g_autofree char *b = pst_shape_to_string (&got->shape);

  if (strcmp (a, b) != 0)
    g_test_message ("output %d is %s, must be %s", i, b, a);
  g_assert_cmpstr (b, ==, a);
}

/* One forward pass with so many threads; the results' bytes are appended to
 * @bits. */
static void
check_forward (PstOpTest *t, const PstOpCase *row, guint n_workers,
               GByteArray *bits)
{
  Built               built;
  g_autoptr (GError)  error = NULL;
  g_autoptr (PstPlan) plan = NULL;
  g_autoptr (PstRun)  run = NULL;
  g_autoptr (PstPool) pool = pst_pool_new (n_workers);

  build (&built, t, row, FALSE);
  plan = plan_of (&built, t, n_workers, FALSE, &error);
  g_assert_no_error (error);
  run = pst_run_new (plan, pool, &error);
  g_assert_no_error (error);
  for (int pass = 0; pass < 2; pass++) /* nothing is left behind */
    {
      fill_inputs (run, t);
      g_assert_true (pst_run_forward (run, NULL, NULL, NULL, &error));
    }
  for (int i = 0; i < t->n_out; i++)
    {
      const PstTensor *out = pst_run_get_output (run, i);

      check_shape (&t->out[i], out, i);
      t->out[i].dtype = out->dtype;
      g_assert_cmpint (worst_of (&t->out[i], out,
                                 row->tolerance ? row->tolerance : 2e-6),
                       ==, -1);
      if (pst_tensor_bytes (out))
        g_byte_array_append (bits, out->data, pst_tensor_bytes (out));
    }
  pst_run_free (g_steal_pointer (&run));
  built_clear (&built);
}

/* The seeds' projections of copy @copy: any numbers, the same each time. */
static double
seed_at (int copy, int output, gint64 i)
{
  return sin (1.0 + (double) i * 1.7 + copy * 0.9 + output * 2.3);
}

/* The negated seeds of both copies of each output: made once, since sines
 * take longer than most operators. */
typedef struct
{
  double *of[PST_TEST_OUTPUTS];
} Weights;

static void
weights_init (Weights *weights, const PstOpTest *t)
{
  *weights = (Weights) { 0 };
  for (int o = 0; o < t->n_out; o++)
    if (t->out[o].dtype == PST_FLOAT32)
      {
        weights->of[o] = g_new (double, MAX (1, t->out[o].count));
        for (gint64 i = 0; i < t->out[o].count; i++)
          weights->of[o][i] = -seed_at (0, o, i) - seed_at (1, o, i);
      }
}

static void
weights_clear (Weights *weights)
{
  for (int o = 0; o < PST_TEST_OUTPUTS; o++)
    g_free (weights->of[o]);
}

/* The sum of all negated outputs times their seeds, in double precision. */
static double
projection (PstOpTest *t, PstOpReference reference, const Weights *weights)
{
  double sum = 0.0;

  reference (t);
  for (int o = 0; o < t->n_out; o++)
    for (gint64 i = 0; weights->of[o] && i < t->out[o].count; i++)
      sum += t->out[o].v[i] * weights->of[o][i];
  return sum;
}

static void
check_gradient (PstOpTest *t, PstOpReference reference, int in,
                const PstTensor *got, const Weights *weights)
{
  PstTestTensor *x = &t->in[in];
  gint64         step = MAX (1, x->count / SAMPLES);
  double         eps = 1e-6;
  double         largest = 1.0;

  for (gint64 i = 0; i < x->count; i++)
    largest = MAX (largest, fabs (pst_tensor_get (got, i)));
  for (gint64 i = 0; i < x->count; i += step)
    {
      double at = x->v[i], up, down, wanted, is = pst_tensor_get (got, i);

      x->v[i] = at + eps;
      up = projection (t, reference, weights);
      x->v[i] = at - eps;
      down = projection (t, reference, weights);
      x->v[i] = at;
      wanted = (up - down) / (2.0 * eps);
      if (! (fabs (wanted - is) <= 1e-4 * fabs (wanted) + 2e-5 * largest))
        g_test_message ("gradient of input %d at %" G_GINT64_FORMAT
                        ": %.9g, must be %.9g",
                        in, i, is, wanted);
      g_assert_true (fabs (wanted - is) <=
                     1e-4 * fabs (wanted) + 2e-5 * largest);
    }
}

/* All wanted gradients of a run against differences. */
static void
check_gradients (PstOpTest *t, PstOpReference reference, PstRun *run)
{
  Weights weights;
  guint   at = 0;

  weights_init (&weights, t);
  for (int i = 0; i < t->n_in; i++)
    if (t->in[i].v && ! t->in[i].constant && t->in[i].dtype == PST_FLOAT32)
      check_gradient (t, reference, i, pst_run_get_gradient (run, at++),
                      &weights);
  weights_clear (&weights);
}

/* Backward with so many threads; compared with differences once. */
static void
check_backward (PstOpTest *t, const Job *job, guint n_workers,
                gboolean compare, GByteArray *bits)
{
  Built               built;
  g_autoptr (GError)  error = NULL;
  g_autoptr (PstPlan) plan = NULL;
  g_autoptr (PstRun)  run = NULL;
  g_autoptr (PstPool) pool = pst_pool_new (n_workers);
  guint               at = 0;

  build (&built, t, job->row, TRUE);
  plan = plan_of (&built, t, n_workers, TRUE, &error);
  g_assert_no_error (error);
  run = pst_run_new (plan, pool, &error);
  g_assert_no_error (error);
  pst_run_set_poison (run, TRUE);
  for (guint s = 0; s < built.seeds->len; s++)
    {
      PstTensor *seed = pst_run_get_seed (run, s);
      int        copy = (int) s / t->n_out, output = (int) s % t->n_out;

      if (seed->dtype == PST_FLOAT32)
        for (gint64 i = 0; i < pst_tensor_count (seed); i++)
          pst_tensor_set (seed, i, seed_at (copy, output, i));
    }
  for (int pass = 0; pass < 2; pass++)
    {
      fill_inputs (run, t);
      g_assert_true (pst_run_forward (run, NULL, NULL, NULL, &error));
      pst_run_backward (run);
    }
  for (int i = 0; i < t->n_in; i++)
    if (t->in[i].v && ! t->in[i].constant && t->in[i].dtype == PST_FLOAT32)
      {
        const PstTensor *got = pst_run_get_gradient (run, at++);

        g_assert_true (pst_shape_equal (&got->shape, &t->in[i].shape));
        g_byte_array_append (bits, got->data, pst_tensor_bytes (got));
      }
  if (compare)
    check_gradients (t, job->reference, run);
  pst_run_free (g_steal_pointer (&run));
  built_clear (&built);
}

/* Lets one allocation after the other fail: each time it must be said. */
static void
check_allocations (const PstOpTest *t, const PstOpCase *row,
                   gboolean training)
{
  Built    built;
  gboolean done = FALSE;

  build (&built, t, row, training);
  for (int n = 0; ! done; n++)
    {
      g_autoptr (GError)  error = NULL;
      g_autoptr (PstPlan) plan = NULL;
      g_autoptr (PstRun)  run = NULL;

      g_assert_cmpint (n, <, 1000);
      pst_memory_fail_after (n);
      plan = plan_of (&built, t, 1, training, &error);
      if (plan)
        run = pst_run_new (plan, NULL, &error);
      pst_memory_fail_after (-1);
      done = run != NULL;
      g_assert_true (done == (error == NULL));
      if (! done)
        g_assert_error (error, PST_ERROR, PST_ERROR_MEMORY);
    }
  built_clear (&built);
}

static gboolean
can_differentiate (const PstOpTest *t, const Job *job, const PstOp *op)
{
  gboolean wanted = FALSE;

  for (int i = 0; i < t->n_in; i++)
    wanted = wanted || (t->in[i].v && ! t->in[i].constant &&
                        t->in[i].dtype == PST_FLOAT32);
  return wanted && op->backward && ! job->row->flat;
}

static void
same_bits (GByteArray *a, GByteArray *b)
{
  g_assert_cmpmem (a->data, a->len, b->data, b->len);
}

static void
run_case (gconstpointer data)
{
  const Job *job = data;
  PstOpTest  t;
  Built      built;
  gboolean   gradient;

  pst_op_case_read (&t, job->row);
  if (job->row->fails)
    {
      check_failure (&t, job->row);
      pst_op_case_clear (&t);
      return;
    }
  build (&built, &t, job->row, FALSE);
  t.node = built.node;
  gradient = can_differentiate (&t, job, built.node->op);
  job->reference (&t);
  for (int back = 0; back <= gradient; back++)
    {
      g_autoptr (GByteArray) one = g_byte_array_new ();
      g_autoptr (GByteArray) two = g_byte_array_new ();

      if (back)
        {
          check_backward (&t, job, 1, TRUE, one);
          check_backward (&t, job, 2, FALSE, two);
        }
      else
        {
          check_forward (&t, job->row, 1, one);
          check_forward (&t, job->row, 2, two);
        }
      same_bits (one, two);
      check_allocations (&t, job->row, back);
    }
  built_clear (&built);
  pst_op_case_clear (&t);
}

void
pst_op_test_add (const char *path, const PstOpCase *cases, guint n,
                 PstOpReference reference)
{
  for (guint i = 0; i < n; i++)
    {
      Job             *job = g_new (Job, 1);
      g_autofree char *name = g_strdup_printf ("/ops/%s/%s/%s", path,
                                               cases[i].op, cases[i].name);

      job->row = &cases[i];
      job->reference = reference;
      g_test_add_data_func_full (name, job, run_case, g_free);
    }
}

gint64
pst_test_broadcast (const PstTestTensor *x, const PstShape *shape,
                    gint64 index)
{
  gint64 at = 0, step = 1;

  for (int i = 1; i <= shape->rank; i++)
    {
      gint64 size = shape->dim[shape->rank - i];

      if (i <= x->shape.rank)
        {
          gint64 own = x->shape.dim[x->shape.rank - i];

          at += own == 1 ? 0 : index % size * step;
          step *= own;
        }
      index /= size;
    }
  return at;
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_set_nonfatal_assertions ();
  pst_test_activation ();
  pst_test_arg_max ();
  pst_test_layer_norm ();
  pst_test_unary ();
  pst_test_binary ();
  pst_test_pad ();
  pst_test_resize ();
  pst_test_pool ();
  pst_test_reduce ();
  pst_test_product ();
  pst_test_reshape ();
  pst_test_arrange ();
  pst_test_loss ();
  pst_test_match ();
  pst_test_compare ();
  pst_test_channel ();
  pst_test_conv ();
  pst_test_conv_gradient ();
  pst_test_instance_norm ();
  pst_test_conv_transpose ();
  return test_run ();
}
