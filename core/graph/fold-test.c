/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a graph may cost while it is only being planned. */
#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/base/test-run.h"
#include "core/graph/plan.h"
#include "core/graph/test-script.h"

typedef struct
{
  const char *name;
  const char *text; /* one input, x */
  guint64     budget;
  const char *complaint; /* a part of it; NULL: it can be planned */
} Case;

#define MILLION ((guint64) 1000000)
#define CHAIN                                                                 \
  "x 1; a = Expand f[1] i[300,300]; b = Neg a; c = Neg b; d = Neg c;"         \
  "e = ReduceSum d keepdims=0; y = Add x e"

static const Case cases[] = {
  { "one", "x 1; a = Expand f[1] i[1000,1000]; y = Add x a", 3 * MILLION,
    "too large" },
  { "all-fit", CHAIN, 0, NULL },
  { "all", CHAIN, MILLION, "too large" },
  { "enormous", "x 1; a = Expand f[1] i[1000000,1000000]; y = Add x a", 0,
    "too large" },
  { "product", "x 1; a = Expand f[1] i[2000,2000]; b = MatMul a a;"
    "y = Add x b", 0, "too long" },
  { "pool", "x 1; a = Expand f[1] i[1,1,900,900];"
    "b = AveragePool a kernel_shape=[451,451] pads=[225,225,225,225];"
    "y = Add x b", 0, "too long" },
  /* more channels than may be listed, looked at before the size is known */
  { "line", "x 1; e = Expand x i[1,2147483648,64,2]; y = Mul e f[2]",
    1000 * MILLION, "memory" },
  { "batch-norm", "x 1; e = Expand x i[1,1073741824,2,2]; d = Relu e;"
    "y = Affine d alpha=2.0 beta=1.0", 1000 * MILLION, "memory" },
  { "norm", "x 1; e = Expand x i[1,2147483648,2,2];"
    "m = ReduceMean e axes=[2,3]; d = Sub e m; q = Mul d d;"
    "v = ReduceMean q axes=[2,3]; w = Add v f[1]; r = Sqrt w; y = Div d r",
    1000 * MILLION, "memory" },
};

static void
test_case (gconstpointer data)
{
  const Case          *c = data;
  g_autoptr (PstGraph) graph = pst_test_script (c->text, 11);
  g_autoptr (GError)   error = NULL;
  PstShape             shape = PST_SHAPE (1);
  PstPlanOptions options = { .input_shapes = &shape, .n_workers = 1,
                             .budget = c->budget };
  g_autoptr (PstPlan)  plan = pst_plan_new (graph, &options, &error);

  if (! c->complaint)
    {
      g_assert_no_error (error);
      return;
    }
  g_assert_error (error, PST_ERROR, PST_ERROR_MEMORY);
  if (! g_strrstr (error->message, c->complaint))
    g_error ("“%s” does not tell “%s”", error->message, c->complaint);
}

static void
test_cancel (void)
{
  g_autoptr (PstGraph)     graph = pst_test_script (CHAIN, 11);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError)       error = NULL;
  PstShape                 shape = PST_SHAPE (1);
  PstPlanOptions options = { .input_shapes = &shape, .n_workers = 1,
                             .cancellable = cancellable };

  g_cancellable_cancel (cancellable);
  g_assert_null (pst_plan_new (graph, &options, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Each allocation fails once; the rewriting gives up with an error. */
static void
test_no_memory (gconstpointer data)
{
  g_autoptr (PstGraph) graph = pst_test_script (data, 11);
  const PstShape       shape =
      ((PstValue *) pst_graph_get_inputs (graph)->pdata[0])->info.shape;
  PstPlanOptions options = { .input_shapes = &shape, .n_workers = 1 };
  int            n = 0;

  for (gboolean done = FALSE; ! done; n++)
    {
      g_autoptr (GError)  error = NULL;
      g_autoptr (PstPlan) plan = NULL;

      pst_memory_fail_after (n);
      plan = pst_plan_new (graph, &options, &error);
      pst_memory_fail_after (-1);
      g_assert_true ((plan != NULL) == (error == NULL));
      if (error)
        g_assert_error (error, PST_ERROR, PST_ERROR_MEMORY);
      done = plan != NULL;
    }
  g_assert_cmpint (n, >, 1);
}

static const char *const rewritten[] = {
  "x 1,3,8,8; c = Conv x f(4,3,3,3); y = Mul c f(4,1,1)",
  "x 1,3,8,8; s = Sub x f(3,1,1); y = Conv s f(4,3,3,3)",
  "x 1,3,8,8; a = Mul x f(3,1,1); b = Add a f(3,1,1); r = Relu b;"
  "c = Mul r f(3,1,1); y = Add c f(3,1,1)",
  "x 1,3,8,8; n = InstanceNormalization x f(3) f(3); m = Mul n f(3,1,1);"
  "y = Add m f(3,1,1)",
  "x 1,3,8,8; m = ReduceMean x axes=[2,3]; d = Sub x m; q = Mul d d;"
  "v = ReduceMean q axes=[2,3]; w = Add v f[0.1]; r = Sqrt w; y = Div d r",
  "x 1,3,8,8; p = Pad x mode=edge pads=[0,0,1,1,0,0,1,1];"
  "q = Pad p mode=edge pads=[0,0,1,1,0,0,1,1]; y = Relu q",
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/fold/%s", cases[i].name);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/fold/cancel", test_cancel);
  for (gsize i = 0; i < G_N_ELEMENTS (rewritten); i++)
    {
      g_autofree char *path = g_strdup_printf ("/fold/no-memory/%d", (int) i);

      g_test_add_data_func (path, rewritten[i], test_no_memory);
    }
  return test_run ();
}
