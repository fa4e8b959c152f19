/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trainings that start from a model. */
#include <glib/gstdio.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/folders.h"
#include "core/base/test-run.h"
#include "core/graph/plan.h"
#include "core/onnx/onnx.h"
#include "core/style/metadata.h"
#include "core/train/start.h"
#include "core/train/test-network.h"
#include "core/train/trainer-fixture.h"

#define LAYOUT "width=4\nblocks=1\nidentity-skip=logit\n"
#define OTHERS                                                                \
  "[style one]\npictures=one.jpg\nsize=64\ncredit=Nobody\n"                   \
  "[style two]\npictures=two.jpg\nsize=64\n"
#define NEW "[style new]\npictures=two.jpg\nsize=64\n"
#define TABLES "[training]\ntrain=tables\n"
#define LATE "[phase late]\nfrom=4\ntrain=all\n"

/* FIXTURE_RECIPE with @from for its layout and @styles for its styles. */
static PstRecipe *
parse (Fixture *f, const char *from, const char *styles, GError **error)
{
  g_autoptr (GString) text = g_string_new (FIXTURE_RECIPE);

  g_assert_cmpuint (g_string_replace (text, LAYOUT, from, 1), ==, 1);
  g_assert_cmpuint (g_string_replace (text, OTHERS, styles, 1), ==, 1);
  return pst_recipe_parse (text->str, f->folder, error);
}

/* Trains and writes base.onnx; the recipe is then one that starts from it. */
static void
set_up (Fixture *f, gconstpointer styles)
{
  g_autoptr (PstTrainer) trainer = NULL;
  g_autofree char       *path = NULL;
  GError                *error = NULL;

  fixture_set_up (f, "[model]\ngrain=0.03\nepsilon=0.001\n");
  trainer = fixture_make (f, 1, NULL, NULL);
  fixture_steps (trainer, 3);
  path = g_build_filename (f->folder, "base.onnx", NULL);
  pst_export_model (trainer, path, &error);
  g_assert_no_error (error);
  pst_recipe_free (f->recipe);
  f->recipe = parse (f, "from=base.onnx\n", styles, &error);
  g_assert_no_error (error);
}

static PstGraph *
load (Fixture *f, const char *name)
{
  g_autofree char *path = g_build_filename (f->folder, name, NULL);
  GError          *error = NULL;
  PstGraph        *graph = pst_onnx_load (path, &error);

  g_assert_no_error (error);
  return graph;
}

static const float *
weight_of (PstGraph *graph, const char *name, gint64 *n)
{
  const PstValue *value = pst_graph_find (graph, name);

  g_assert_nonnull (value);
  *n = pst_tensor_count (&value->array->tensor);
  return value->array->tensor.data;
}

static gint64
n_rows (PstGraph *graph)
{
  const PstValue *value = pst_graph_find (graph, "norm0.gamma");

  return value->array->tensor.shape.dim[0];
}

static void
assert_row (PstGraph *a, gint64 row, PstGraph *b, gint64 other,
            const char *name, gboolean same)
{
  gint64       n, m;
  const float *x = weight_of (a, name, &n), *y = weight_of (b, name, &m);

  n /= n_rows (a);
  g_assert_cmpint (n, ==, m / n_rows (b));
  g_assert_true ((memcmp (x + row * n, y + other * n, sizeof (float) * n) ==
                  0) == same);
}

/* What @graph makes of a ramp in the style @column. */
static PstArray *
paint (PstGraph *graph, int column)
{
  g_autoptr (PstPlan) plan = NULL;
  g_autoptr (PstRun)  run = NULL;
  PstShape            shapes[] = { PST_SHAPE (1, 3, 24, 36),
                                   PST_SHAPE (1, n_rows (graph)) };
  PstPlanOptions      options = { .input_shapes = shapes, .n_workers = 1 };
  GError             *error = NULL;
  PstArray           *result;

  plan = pst_plan_new (graph, &options, &error);
  g_assert_no_error (error);
  run = pst_run_new (plan, NULL, &error);
  for (int i = 0; i < 24 * 36 * 3; i++)
    ((float *) pst_run_get_input (run, 0)->data)[i] = (float) (i % 100) / 100;
  for (int i = 0; i < n_rows (graph); i++)
    pst_tensor_set (pst_run_get_input (run, 1), i, i == column);
  g_assert_true (pst_run_forward (run, NULL, NULL, NULL, &error));
  result = pst_array_new (PST_FLOAT32, &shapes[0], TRUE);
  pst_tensor_copy (&result->tensor, pst_run_get_output (run, 0));
  return result;
}

static void
assert_same_weights (PstGraph *a, PstGraph *b, gboolean same)
{
  const char *names[] = { "conv0.weight", "conv1.weight", "conv3.weight",
                          "conv7.weight", "conv7.bias" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      gint64       n, m;
      const float *x = weight_of (a, names[i], &n);
      const float *y = weight_of (b, names[i], &m);

      g_assert_true ((memcmp (x, y, sizeof (float) * n) == 0) == same);
    }
}

/* Nothing but the new style's rows changes; the others look as they did. */
static void
test_tables (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, NULL, NULL);
  g_autoptr (PstGraph)   base = load (f, "base.onnx"), model = NULL;

  g_assert_cmpuint (f->recipe->styles->len, ==, 3);
  g_assert_cmpfloat (f->recipe->grain, ==, 0.03);
  g_assert_cmpfloat_with_epsilon (f->recipe->epsilon, 0.001, 1e-9);
  g_assert_cmpstr (f->recipe->licence, ==, "CC0");
  fixture_steps (trainer, 6);
  g_assert_true (pst_trainer_save (trainer, f->out, NULL));
  model = load (f, "tiny.onnx");
  assert_same_weights (base, model, TRUE);
  g_assert_cmpint (n_rows (model), ==, 4);
  assert_row (base, 0, model, 0, "norm0.gamma", TRUE);
  assert_row (base, 0, model, 0, "norm4.beta", TRUE);
  assert_row (base, 1, model, 1, "norm2.beta", FALSE);
  for (int i = 1; i <= 2; i++)
    {
      g_autoptr (PstArray) a = paint (base, i), b = paint (model, i + 1);

      g_assert_cmpmem (a->tensor.data, pst_tensor_bytes (&a->tensor),
                       b->tensor.data, pst_tensor_bytes (&b->tensor));
    }
  g_assert_cmpstr (pst_graph_get_metadata (model, "pastiche.style.1.id"), ==,
                   "new");
  g_assert_cmpstr (pst_graph_get_metadata (model, "pastiche.style.2.id"), ==,
                   "one");
  g_assert_cmpstr (pst_graph_get_metadata (model, "pastiche.style.2.credit"),
                   ==, "Nobody");
}

/* With tables alone a step needs less: no gradients of convolutions. */
static void
test_plan (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) tables = fixture_make (f, 1, NULL, NULL);
  g_autoptr (PstTrainer) all = NULL;
  const PstAdam         *adam = tables->players.generator_adam;
  guint                  n_frozen = 0;

  for (guint i = 0; i < adam->weights->len; i++)
    n_frozen += adam->frozen[i];
  g_assert_cmpuint (n_frozen, ==, 9); /* eight convolutions, one bias */
  g_array_index (f->recipe->phases, PstSettings, 0).train = PST_TRAIN_ALL;
  all = fixture_make (f, 1, NULL, NULL);
  g_assert_false (all->players.generator_adam->frozen[0]);
  g_assert_cmpuint (pst_adversarial_step_get_memory (tables->step), <,
                    pst_adversarial_step_get_memory (all->step));
}

static void
test_mean (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, NULL, NULL);
  g_autoptr (PstGraph)   base = load (f, "base.onnx");
  gint64                 n;
  const float           *from = weight_of (base, "norm1.gamma", &n);
  const float           *rows = NULL;

  for (guint i = 0; i < trainer->players.generator->names->len; i++)
    if (g_str_equal (trainer->players.generator->names->pdata[i],
                     "norm1.gamma"))
      rows = ((PstArray *) trainer->average->weights->pdata[i])->tensor.data;
  n /= 3;
  for (gint64 k = 0; k < n; k++)
    {
      g_assert_cmpfloat (rows[k], ==, from[k]);
      g_assert_cmpfloat_with_epsilon (rows[n + k],
                                      (from[n + k] + from[2 * n + k]) / 2,
                                      1e-7);
      g_assert_cmpfloat (rows[2 * n + k], ==, from[n + k]);
    }
}

static void
listen (const PstEvent *event, gpointer data)
{
  if (event->kind == PST_EVENT_NOTE)
    g_string_append (data, event->text);
}

/* Styles that nothing trains along don't survive a training of all weights. */
static void
test_all (Fixture *f, gconstpointer data)
{
  g_autoptr (GString)    notes = g_string_new (NULL);
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, listen, notes);
  g_autoptr (PstGraph)   base = load (f, "base.onnx"), model = NULL;

  g_assert_nonnull (strstr (notes->str, "one, two. With train=tables"));
  fixture_steps (trainer, 3);
  g_assert_true (pst_trainer_save (trainer, f->out, NULL));
  model = load (f, "tiny.onnx");
  assert_same_weights (base, model, FALSE);
  g_assert_cmpint (n_rows (model), ==, 2);
}

/* A style that is in the model begins as it is there. */
static void
test_own (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, NULL, NULL);
  g_autoptr (PstGraph)   base = load (f, "base.onnx"), model = NULL;

  g_assert_true (pst_trainer_save (trainer, f->out, NULL));
  model = load (f, "tiny.onnx");
  assert_row (base, 2, model, 1, "norm1.gamma", TRUE);
  assert_row (base, 1, model, 2, "norm1.gamma", TRUE);
}

static void
test_alone (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = NULL;
  g_autoptr (PstGraph)   model = NULL;

  f->recipe->keep = 0;
  trainer = fixture_make (f, 1, NULL, NULL);
  g_assert_true (pst_trainer_save (trainer, f->out, NULL));
  model = load (f, "tiny.onnx");
  g_assert_cmpint (n_rows (model), ==, 2);
}

/* Wherever it is broken off, before, at and after the change of phase. */
static void
test_resume (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) straight = fixture_make (f, 1, NULL, NULL);
  g_autofree char       *path = pst_trainer_checkpoint_path (f->out);
  GError                *error = NULL;

  fixture_steps (straight, 8);
  g_assert_cmpint (straight->players.generator_adam->t, ==, 4);
  for (int at = 2; at <= 6; at += 2)
    {
      g_autoptr (PstTrainer) first = fixture_make (f, 1, NULL, NULL);
      g_autoptr (PstTrainer) second = fixture_make (f, 1, NULL, NULL);

      fixture_steps (first, at);
      pst_trainer_save (first, f->out, &error);
      g_assert_no_error (error);
      pst_trainer_resume (second, path, &error);
      g_assert_no_error (error);
      fixture_steps (second, 8 - at);
      fixture_assert_same (straight, second);
    }
}

static void
write_other (Fixture *f, const char *name, gboolean ours)
{
  g_autoptr (PstGraph)    graph = pst_graph_new (), net = NULL;
  g_autoptr (PstMetadata) metadata = pst_metadata_new ("Other");
  g_autofree char        *path = g_build_filename (f->folder, name, NULL);
  PstShape                shape = PST_SHAPE (-1, 3, -1, -1);
  PstShape                row = PST_SHAPE (-1, 2);
  PstValue               *image;
  g_autoptr (GPtrArray)   out = NULL;

  image = pst_graph_add_input (graph, "image", PST_FLOAT32, &shape);
  pst_graph_add_input (graph, "style", PST_FLOAT32, &row);
  net = test_network_make ("Relu", "MaxPool", 4, 3, 0.4f);
  out = pst_graph_append (graph, net, &image, NULL);
  pst_graph_add_output (graph, out->pdata[1], "pastiche");
  pst_metadata_add_style (metadata, "identity", NULL, NULL, NULL, NULL);
  pst_metadata_add_style (metadata, "other", NULL, NULL, NULL, NULL);
  if (ours)
    pst_metadata_pack (metadata, graph);
  pst_graph_seal (graph);
  g_assert_true (pst_onnx_save (graph, path, NULL));
}

static void
test_refused (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *from;
    const char *words; /* of the message */
    int         code;
  } cases[] = {
    { "from=gone.onnx\n", "no model to start from at", PST_ERROR_FILE },
    { "from=foreign.onnx\n", "no style model of Pastiche's",
      PST_ERROR_UNSUPPORTED },
    { "from=other.onnx\n", "not laid out as", PST_ERROR_UNSUPPORTED },
    { "from=one.jpg\n", "one.jpg", -1 },
    { "from=base.onnx\nwidth=8\n", "[model] width", PST_ERROR_ARGUMENT },
    { "from=base.onnx\nblocks=1\n", "beside “from”", PST_ERROR_ARGUMENT },
  };

  write_other (f, "foreign.onnx", FALSE);
  write_other (f, "other.onnx", TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError)     error = NULL;
      g_autoptr (PstRecipe)  recipe = NULL;
      g_autoptr (PstTrainer) trainer = NULL;

      recipe = parse (f, cases[i].from, NEW, &error);
      if (recipe)
        trainer = pst_trainer_new (recipe, &f->host, 1, NULL, NULL, &error);
      g_assert_null (trainer);
      g_assert_nonnull (error);
      if (! strstr (error->message, cases[i].words))
        g_error ("“%s” lacks “%s”", error->message, cases[i].words);
      if (cases[i].code >= 0)
        g_assert_error (error, PST_ERROR, cases[i].code);
    }
}

/* So many seconds of all runs together, in place of the recipe's steps. */
static void
test_seconds (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, NULL, NULL);
  g_autoptr (PstTrainer) next = fixture_make (f, 1, NULL, NULL);
  g_autofree char       *path = pst_trainer_checkpoint_path (f->out);
  PstTrainerOptions      options = { .out = f->out, .seconds = 0.4 };
  GError                *error = NULL;
  gint64                 first;

  g_assert_true (pst_trainer_run (trainer, &options, &error));
  first = pst_trainer_get_step (trainer);
  g_assert_cmpint (first, >, 0);
  g_assert_cmpint (f->recipe->steps, ==, first);
  g_assert_true (pst_trainer_resume (next, path, &error));
  g_assert_true (pst_trainer_run (next, &options, &error));
  g_assert_cmpint (pst_trainer_get_step (next), <=, first + 2);
  options.seconds = 60;
  options.until = first + 5;
  g_assert_true (pst_trainer_run (next, &options, &error));
  g_assert_no_error (error);
  g_assert_cmpint (pst_trainer_get_step (next), ==, options.until);
}

/* A recipe that names no feature network takes the one beside the models. */
static void
test_features (Fixture *f, gconstpointer data)
{
  g_autofree char       *before = g_strdup (g_getenv (PST_MODELS_VARIABLE));
  g_autofree char       *net = g_build_filename (f->folder, "net.onnx", NULL);
  g_autofree char       *own = NULL, *path = NULL;
  g_autoptr (PstTrainer) trainer = NULL;
  g_autoptr (GError)     error = NULL;

  g_clear_pointer (&f->recipe->features, g_free);
  g_setenv (PST_MODELS_VARIABLE, f->folder, TRUE);
  trainer = pst_trainer_new (f->recipe, &f->host, 1, NULL, NULL, &error);
  g_assert_null (trainer);
  g_assert_error (error, PST_ERROR, PST_ERROR_FILE);
  g_assert_nonnull (strstr (error->message, f->folder));
  g_clear_error (&error);
  own = g_build_filename (f->folder, PST_FEATURES_FILE, NULL);
  g_assert_cmpint (g_rename (net, own), ==, 0);
  trainer = fixture_make (f, 1, NULL, NULL);
  path = pst_features_find (NULL, &error);
  g_assert_cmpstr (path, ==, own);
  if (before)
    g_setenv (PST_MODELS_VARIABLE, before, TRUE);
  else
    g_unsetenv (PST_MODELS_VARIABLE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, styles, func)                                               \
  g_test_add ("/start/" name, Fixture, styles, set_up, func,                  \
              fixture_tear_down)
  ADD ("tables", NEW TABLES, test_tables);
  ADD ("blends", NEW TABLES "blend-share=1\n", test_tables);
  ADD ("plan", NEW TABLES, test_plan);
  ADD ("mean", NEW TABLES, test_mean);
  ADD ("all", NEW, test_all);
  ADD ("own", "[style two]\npictures=two.jpg\nsize=64\n" TABLES, test_own);
  ADD ("alone", NEW TABLES, test_alone);
  ADD ("resume", NEW TABLES LATE, test_resume);
  ADD ("refused", NEW, test_refused);
  ADD ("features", NEW, test_features);
  ADD ("seconds", NEW, test_seconds);
#undef ADD
  return test_run ();
}
