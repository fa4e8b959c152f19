/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/distil-step.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/graph/plan.h"
#include "core/train/losses.h"
#include "core/train/sums.h"

#define PROBE 64 /* pixels, to look for the channels at */

struct _PstDistilStep
{
  const PstRecipe *recipe;
  PstSettings      settings;
  PstAdam         *adam;
  const PstRanks  *ranks;
  PstPool         *pool;
  int              mine;  /* samples taken here */
  int              batch; /* those that are in the graph at a time */
  float           *images; /* [mine,crop,crop,3] */
  PstSums         *sums;
  int              n_layers;
  PstPlan         *plan;
  PstRun          *run;
};

/* A layer's two losses become outputs and seeds. */
static void
add_losses (PstGraph *graph, GPtrArray *seeds, PstValue *map,
            PstValue *wanted)
{
  PstValue *losses[2], *second, *first;

  second = pst_style_moments (graph, PST_STYLE_COVARIANCE, wanted, &first);
  losses[0] = pst_loss_content (graph, PST_CONTENT_SQUARED, map, wanted);
  losses[1] = pst_loss_style (graph, PST_STYLE_COVARIANCE, map, second, first);
  for (int i = 0; i < 2; i++)
    {
      pst_graph_add_output (graph, losses[i], i ? "style" : "content");
      g_ptr_array_add (seeds, losses[i]);
    }
}

/* Input picture; for each layer two losses, [N]. */
static PstGraph *
make_graph (PstDistilStep *step, PstNetwork *student, PstFeatures *teacher,
            GPtrArray *seeds, GPtrArray *values)
{
  PstGraph             *graph = pst_graph_new ();
  g_autoptr (GPtrArray) maps = NULL, wanted = NULL;
  PstShape              shape = PST_SHAPE (-1, 3, -1, -1);
  PstValue             *picture;

  picture = pst_graph_add_input (graph, "picture", PST_FLOAT32, &shape);
  maps = pst_graph_append (graph, student->graph, &picture, "student/");
  wanted = pst_graph_append (graph, teacher->graph, &picture, "teacher/");
  for (int i = 0; i < step->n_layers; i++)
    add_losses (graph, seeds, maps->pdata[i],
                wanted->pdata[teacher->n_content + i]);
  pst_network_find_weights (student, graph, values);
  pst_graph_seal (graph);
  return graph;
}

static PstPlan *
make_plan (PstDistilStep *step, PstNetwork *student, PstFeatures *teacher,
           PstPool *pool, guint64 budget, GError **error)
{
  g_autoptr (GPtrArray) seeds = g_ptr_array_new ();
  g_autoptr (GPtrArray) values = g_ptr_array_new ();
  g_autoptr (PstGraph)  graph = NULL;
  PstPlanOptions        options = { 0 };
  PstShape              shape;

  graph = make_graph (step, student, teacher, seeds, values);
  shape = PST_SHAPE (step->batch, 3, step->settings.crop,
                     step->settings.crop);
  options.input_shapes = &shape;
  options.n_workers = pst_pool_get_size (pool);
  options.budget = budget;
  options.gradients = values;
  options.seeds = seeds;
  return pst_plan_new (graph, &options, error);
}

/* What each loss of each sample weighs. */
static void
fill_seeds (PstDistilStep *step)
{
  const PstSettings *settings = &step->settings;

  for (int k = 0; k < 2 * step->n_layers; k++)
    {
      float *seed = pst_run_get_seed (step->run, k)->data;
      double weight = step->recipe->style[k / 2].weight *
                      (k % 2 ? settings->style : settings->content);

      for (int i = 0; i < step->batch; i++)
        seed[i] = (float) (weight / settings->batch);
    }
}

/* Floats of a picture. */
static gsize
picture_size (const PstDistilStep *step)
{
  return (gsize) step->settings.crop * step->settings.crop * 3;
}

PstDistilStep *
pst_distil_step_new (const PstRecipe *recipe, const PstSettings *settings,
                     PstNetwork *student, PstAdam *adam, PstFeatures *teacher,
                     const PstRanks *ranks, PstPool *pool, guint64 budget,
                     GError **error)
{
  g_autoptr (PstDistilStep) step = g_new0 (PstDistilStep, 1);

  step->recipe = recipe;
  step->settings = *settings;
  step->adam = adam;
  step->ranks = ranks;
  step->pool = pool;
  step->mine = pst_ranks_count (ranks, settings->batch);
  step->batch = recipe->one_by_one ? 1 : step->mine;
  step->n_layers = teacher->n_style;
  step->plan = make_plan (step, student, teacher, pool, budget, error);
  step->run = step->plan ? pst_run_new (step->plan, pool, error) : NULL;
  if (! step->run)
    return NULL;
  step->images = g_new0 (float, picture_size (step) * step->mine);
  step->sums = pst_sums_new (pst_adam_count (adam), 2);
  fill_seeds (step);
  return g_steal_pointer (&step);
}

gboolean
pst_distil_step_forecast (const PstRecipe *recipe, const PstSettings *settings,
                          PstNetwork *student, PstFeatures *teacher,
                          const PstRanks *ranks, PstPool *pool,
                          guint64 budget, PstForecast *forecast,
                          GError **error)
{
  PstDistilStep       step = { .recipe = recipe, .settings = *settings };
  g_autoptr (PstPlan) plan = NULL;

  step.mine = pst_ranks_count (ranks, settings->batch);
  step.batch = recipe->one_by_one ? 1 : step.mine;
  step.n_layers = teacher->n_style;
  plan = make_plan (&step, student, teacher, pool, budget, error);
  if (! plan)
    return FALSE;
  forecast->memory = pst_plan_get_memory (plan);
  forecast->cost = pst_plan_get_cost (plan) * (step.mine / step.batch);
  return TRUE;
}

void
pst_distil_step_free (PstDistilStep *step)
{
  if (! step)
    return;
  g_clear_pointer (&step->run, pst_run_free);
  g_clear_pointer (&step->plan, pst_plan_unref);
  g_clear_pointer (&step->sums, pst_sums_free);
  g_free (step->images);
  g_free (step);
}

guint64
pst_distil_step_get_memory (const PstDistilStep *step)
{
  return pst_plan_get_memory (step->plan);
}

float *
pst_distil_step_image (PstDistilStep *step, int i)
{
  return step->images + picture_size (step) * i;
}

/* The samples from @first on through the graph; their losses, layers weighed,
 * and their gradients are added. */
static void
pass (PstDistilStep *step, int first)
{
  double *losses = step->sums->numbers + step->sums->n;

  memcpy (pst_run_get_input (step->run, 0)->data,
          pst_distil_step_image (step, first),
          picture_size (step) * step->batch * sizeof (float));
  pst_run_forward (step->run, NULL, NULL, NULL, NULL);
  for (int k = 0; k < 2 * step->n_layers; k++)
    {
      const float *loss = pst_run_get_output (step->run, k)->data;

      for (int i = 0; i < step->batch; i++)
        losses[k % 2] += step->recipe->style[k / 2].weight * loss[i];
    }
  pst_run_backward (step->run);
  pst_sums_add (step->sums, step->run, step->pool);
}

gboolean
pst_distil_step_run (PstDistilStep *step, double factor, PstLosses *losses)
{
  const PstSettings *settings = &step->settings;
  const double      *sums = step->sums->numbers + step->sums->n;
  double             none[sizeof (PstLosses) / sizeof (double)];

  for (gsize i = 0; i < G_N_ELEMENTS (none); i++)
    none[i] = NAN;
  memcpy (losses, none, sizeof none);
  pst_sums_clear (step->sums);
  for (int i = 0; i < step->mine; i += step->batch)
    pass (step, i);
  pst_sums_finish (step->sums, step->ranks, step->pool);
  losses->content = sums[0] / settings->batch;
  losses->style = sums[1] / settings->batch;
  losses->norm = pst_adam_descend (step->adam, step->sums->gradients,
                                   settings->clip, settings->rate * factor);
  return isfinite (losses->norm);
}

gint64 *
pst_distil_channels (const PstRecipe *recipe, PstFeatures *teacher,
                     GError **error)
{
  PstShape            shape = PST_SHAPE (1, 3, PROBE, PROBE);
  PstPlanOptions      options = { .input_shapes = &shape, .n_workers = 1 };
  g_autoptr (PstPlan) plan = NULL;
  GPtrArray          *outputs;
  gint64             *channels;

  if (teacher->n_style != recipe->student.stages)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                   _ ("The student has %d stages, but %d style layers are "
                      "to be learnt: it needs one for each"),
                   recipe->student.stages, teacher->n_style);
      return NULL;
    }
  plan = pst_plan_new (teacher->graph, &options, error);
  if (! plan)
    return NULL;
  outputs = pst_graph_get_outputs (pst_plan_get_graph (plan));
  channels = g_new0 (gint64, teacher->n_style);
  for (int i = 0; i < teacher->n_style; i++)
    {
      const PstValue *value = outputs->pdata[teacher->n_content + i];

      channels[i] = value->info.shape.dim[1];
    }
  return channels;
}
