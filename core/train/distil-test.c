/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small feature network learns from a larger one. */
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/test-run.h"
#include "core/graph/plan.h"
#include "core/onnx/onnx.h"
#include "core/train/student.h"
#include "core/train/trainer-fixture.h"

#define STUDENT                                                               \
  "[model]\ntitle=Student\nlicence=CC0\n"                                     \
  "[photos]\npaths=photos\nmin-size=16\n"                                     \
  "[student]\nwidths=4;6\ndepths=2;1\n"                                       \
  "[features]\nnetwork=net.onnx\nstyle-layers=shallow;deep:2\n"               \
  "[losses]\nstyle=0.5\n"                                                     \
  "[training]\nsteps=1000\nbatch=2\ncrop=32\nrate=3e-3\nwarm-up=0\n"          \
  "average=0.9\n"

static void
set_up (Fixture *f, gconstpointer data)
{
  GError *error = NULL;

  fixture_set_up (f, NULL);
  pst_recipe_free (f->recipe);
  f->recipe = pst_recipe_parse (STUDENT, f->folder, &error);
  g_assert_no_error (error);
}

static void
test_falls (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) trainer = fixture_make (f, 1, NULL, NULL);
  PstLosses              first = fixture_steps (trainer, 1);
  PstLosses              last = fixture_steps (trainer, 250);

  g_test_message ("maps %g -> %g, moments %g -> %g", first.content,
                  last.content, first.style, last.style);
  g_assert_cmpfloat (last.content, <, 0.3 * first.content);
  g_assert_cmpfloat (last.style, <, 0.3 * first.style);
  g_assert_true (isnan (last.real) && isnan (last.identity));
}

static void
test_resume (Fixture *f, gconstpointer data)
{
  PstLosses a, b;

  fixture_assert_resumes (f, 3, &a, &b);
  g_assert_true (a.style == b.style);
}

/* What was made stands in for the network that it learnt from. */
static void
test_stands_in (Fixture *f, gconstpointer data)
{
  g_autoptr (PstTrainer) teacher = fixture_make (f, 1, NULL, NULL);
  g_autoptr (PstTrainer) painter = NULL;
  g_autoptr (PstGraph)   graph = NULL;
  g_auto (GStrv)         parts = g_strsplit (FIXTURE_RECIPE, "net.onnx", 2);
  g_autofree char       *text = g_strjoinv ("tiny.onnx", parts);
  GError                *error = NULL;

  fixture_steps (teacher, 2);
  pst_trainer_save (teacher, f->out, &error);
  g_assert_no_error (error);
  graph = pst_onnx_load (f->out, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (
      ((PstValue *) pst_graph_get_outputs (graph)->pdata[1])->name, ==,
      "deep");
  pst_recipe_free (f->recipe);
  f->recipe = pst_recipe_parse (text, f->folder, &error);
  g_assert_no_error (error);
  painter = fixture_make (f, 1, NULL, NULL);
  g_assert_true (isfinite (fixture_steps (painter, 1).norm));
}

/* Halves round down, and the channels are those that were asked for. */
static void
test_shapes (void)
{
  const PstRecipeStudent shape = { 3, { 4, 5, 6 }, { 2, 1, 1 } };
  const char *const      names[] = { "a", "b", "c" };
  const gint64           channels[] = { 3, 7, 2 };
  PstNetwork            *network = pst_network_student (&shape, names,
                                                        channels, 1);
  PstShape               in = PST_SHAPE (2, 3, 22, 13);
  PstPlanOptions         options = { .input_shapes = &in, .n_workers = 1 };
  g_autoptr (PstPlan)    plan = pst_plan_new (network->graph, &options, NULL);
  GPtrArray             *out;

  g_assert_nonnull (plan);
  out = pst_graph_get_outputs (pst_plan_get_graph (plan));
  for (int i = 0; i < 3; i++)
    {
      PstShape wanted = PST_SHAPE (2, channels[i], 22 >> i, 13 >> i);
      PstValue *value = out->pdata[i];

      g_assert_true (pst_shape_equal (&value->info.shape, &wanted));
    }
  g_assert_cmpuint (network->weights->len, ==, 2 * (2 + 1 + 1 + 3));
  pst_network_free (network);
}

static void
test_refused (Fixture *f, gconstpointer data)
{
  static const char *const cases[][3] = {
    { "depths=2;1", "depths=2", "as many depths as widths (2)" },
    { "[losses]", "[discriminator x]\n[losses]", "no discriminators" },
    { "shallow;deep:2", "deep", "2 stages, but 1 style layers" },
    { "shallow;deep:2", "deep;none", "has no layer “none”" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (GStrv)         parts = g_strsplit (STUDENT, cases[i][0], 2);
      g_autofree char       *text = g_strjoinv (cases[i][1], parts);
      g_autoptr (PstRecipe)  recipe = NULL;
      g_autoptr (PstTrainer) trainer = NULL;
      g_autoptr (GError)     error = NULL;

      recipe = pst_recipe_parse (text, f->folder, &error);
      if (recipe)
        trainer = pst_trainer_new (recipe, &f->host, 1, NULL, NULL, &error);
      g_assert_null (trainer);
      g_assert_nonnull (error);
      if (! strstr (error->message, cases[i][2]))
        g_error ("“%s” does not name “%s”", error->message, cases[i][2]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                       \
  g_test_add ("/distil/" name, Fixture, NULL, set_up, func, fixture_tear_down)
  ADD ("falls", test_falls);
  ADD ("resume", test_resume);
  ADD ("stands-in", test_stands_in);
  ADD ("refused", test_refused);
#undef ADD
  g_test_add_func ("/distil/shapes", test_shapes);
  return test_run ();
}
