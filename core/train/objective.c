/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/objective.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/graph/plan.h"
#include "core/train/losses.h"

#define MEMORY 10        /* pairs that L-BFGS keeps */
#define FIRST_STEP 0.02  /* root mean square over the picture's numbers */

struct _PstObjective
{
  gsize      n; /* numbers of a picture */
  int        n_content;
  int        n_terms;
  double     weights[2 * PST_MAX_LAYERS]; /* of the layers, content first */
  double     content;
  double     style;
  GPtrArray *targets; /* PstArray: the photo's content maps */
  PstRun    *run;
};

static PstRun *
make_run (PstGraph *graph, const PstShape *shapes, GPtrArray *gradients,
          GPtrArray *seeds, PstPool *pool, GError **error)
{
  PstPlanOptions      options = { 0 };
  g_autoptr (PstPlan) plan = NULL;

  options.input_shapes = shapes;
  options.n_workers = pool ? pst_pool_get_size (pool) : 1;
  options.budget = pst_memory_available ();
  options.gradients = gradients;
  options.seeds = seeds;
  plan = pst_plan_new (graph, &options, error);
  return plan ? pst_run_new (plan, pool, error) : NULL;
}

/* The photo's maps at the content layers. */
static GPtrArray *
find_targets (PstFeatures *features, const PstPicture *photo, PstPool *pool,
              GError **error)
{
  PstShape              shape = PST_SHAPE (1, 3, photo->height, photo->width);
  g_autoptr (PstRun)    run = NULL;
  g_autoptr (GPtrArray) targets = NULL;

  run = make_run (features->graph, &shape, NULL, NULL, pool, error);
  if (! run)
    return NULL;
  pst_picture_to_floats (photo, pst_run_get_input (run, 0)->data);
  if (! pst_run_forward (run, NULL, NULL, NULL, error))
    return NULL;
  targets = g_ptr_array_new_with_free_func ((GDestroyNotify) pst_array_unref);
  for (int i = 0; i < features->n_content; i++)
    {
      const PstTensor *map = pst_run_get_output (run, i);
      PstArray        *copy = pst_array_new (PST_FLOAT32, &map->shape, FALSE);

      if (! copy)
        {
          g_set_error_literal (error, PST_ERROR, PST_ERROR_MEMORY,
                               _ ("There is no memory for this picture"));
          return NULL;
        }
      pst_tensor_copy (&copy->tensor, map);
      g_ptr_array_add (targets, copy);
    }
  return g_steal_pointer (&targets);
}

/* A moment with the axis of samples that losses want. */
static PstValue *
add_moment (PstGraph *graph, const PstArray *moment)
{
  const PstShape      *shape = &moment->tensor.shape;
  PstShape             one;
  g_autoptr (PstArray) array = NULL;

  one = pst_shape (shape->rank + 1, (gint64[]) {
    1, shape->dim[0], shape->rank > 1 ? shape->dim[1] : 0 });
  array = pst_array_new_floats (&one, moment->tensor.data);
  return pst_graph_add_parameter (graph, "moment", array);
}

static void
add_term (PstObjective *objective, PstGraph *graph, GPtrArray *seeds,
          double weight, PstValue *value)
{
  pst_graph_add_output (graph, value, "loss");
  g_ptr_array_add (seeds, value);
  objective->weights[objective->n_terms++] = weight;
}

/* Inputs: the picture and the content maps; a loss for each layer. */
static PstGraph *
make_graph (PstObjective *objective, const PstObjectiveSpec *spec,
            GPtrArray *seeds, PstValue **picture)
{
  const PstRecipe      *recipe = spec->recipe;
  PstFeatures          *features = spec->features;
  PstGraph             *graph = pst_graph_new ();
  g_autoptr (GPtrArray) maps = NULL;
  PstShape              any = PST_SHAPE (-1, 3, -1, -1);
  guint                 k = 0;

  *picture = pst_graph_add_input (graph, "picture", PST_FLOAT32, &any);
  maps = pst_graph_append (graph, features->graph, picture, "features/");
  for (int i = 0; i < features->n_content; i++)
    {
      const PstArray *target = objective->targets->pdata[i];
      PstValue       *input;

      input = pst_graph_add_input (graph, "target", PST_FLOAT32,
                                   &target->tensor.shape);
      add_term (objective, graph, seeds, recipe->content[i].weight,
                pst_loss_content (graph, pst_recipe_content_form (recipe, i),
                                  maps->pdata[i], input));
    }
  for (int i = 0; i < features->n_style; i++)
    {
      PstValue *second = add_moment (graph, spec->moments->pdata[k++]);
      PstValue *first = NULL;

      if (features->form == PST_STYLE_COVARIANCE)
        first = add_moment (graph, spec->moments->pdata[k++]);
      add_term (objective, graph, seeds, recipe->style[i].weight,
                pst_loss_style (graph, features->form,
                                maps->pdata[features->n_content + i], second,
                                first));
    }
  pst_graph_seal (graph);
  return graph;
}

static gboolean
plan (PstObjective *objective, const PstObjectiveSpec *spec,
      const PstPicture *photo, PstPool *pool, GError **error)
{
  g_autoptr (GPtrArray) seeds = g_ptr_array_new ();
  g_autoptr (GPtrArray) gradients = g_ptr_array_new ();
  g_autoptr (PstGraph)  graph = NULL;
  PstShape              shapes[1 + PST_MAX_LAYERS];
  PstValue             *picture;

  graph = make_graph (objective, spec, seeds, &picture);
  g_ptr_array_add (gradients, picture);
  shapes[0] = PST_SHAPE (1, 3, photo->height, photo->width);
  for (int i = 0; i < objective->n_content; i++)
    shapes[1 + i] =
        ((PstArray *) objective->targets->pdata[i])->tensor.shape;
  objective->run = make_run (graph, shapes, gradients, seeds, pool, error);
  if (! objective->run)
    return FALSE;
  for (int i = 0; i < objective->n_terms; i++)
    {
      float *seed = pst_run_get_seed (objective->run, i)->data;

      *seed = (float) (objective->weights[i] *
                       (i < objective->n_content ? objective->content
                                                 : objective->style));
    }
  return TRUE;
}

PstObjective *
pst_objective_new (const PstObjectiveSpec *spec, const PstPicture *photo,
                   PstPool *pool, GError **error)
{
  g_autoptr (PstObjective) objective = g_new0 (PstObjective, 1);

  objective->n = (gsize) photo->width * photo->height * 3;
  objective->n_content = spec->features->n_content;
  objective->content = spec->content;
  objective->style = spec->style;
  objective->targets = find_targets (spec->features, photo, pool, error);
  if (! objective->targets || ! plan (objective, spec, photo, pool, error))
    return NULL;
  return g_steal_pointer (&objective);
}

void
pst_objective_free (PstObjective *objective)
{
  if (! objective)
    return;
  g_clear_pointer (&objective->targets, g_ptr_array_unref);
  g_clear_pointer (&objective->run, pst_run_free);
  g_free (objective);
}

void
pst_objective_look (PstObjective *objective, const float *pixels,
                    float *gradient, PstObjectiveTerms *terms)
{
  PstRun *run = objective->run;

  memcpy (pst_run_get_input (run, 0)->data, pixels,
          sizeof (float) * objective->n);
  for (int i = 0; i < objective->n_content; i++)
    {
      const PstArray *target = objective->targets->pdata[i];

      memcpy (pst_run_get_input (run, 1 + i)->data, target->tensor.data,
              pst_tensor_bytes (&target->tensor));
    }
  pst_run_forward (run, NULL, NULL, NULL, NULL);
  memset (terms, 0, sizeof *terms);
  for (int i = 0; i < objective->n_terms; i++)
    {
      const float *loss = pst_run_get_output (run, i)->data;

      *(i < objective->n_content ? &terms->content : &terms->style) +=
          objective->weights[i] * *loss;
    }
  terms->value = objective->content * terms->content +
                 objective->style * terms->style;
  if (! gradient)
    return;
  pst_run_backward (run);
  memcpy (gradient, pst_run_get_gradient (run, 0)->data,
          sizeof (float) * objective->n);
}

static double
evaluate (const float *x, float *gradient, gpointer data)
{
  PstObjectiveTerms terms;

  pst_objective_look (data, x, gradient, &terms);
  return terms.value;
}

gboolean
pst_objective_optimise (PstObjective *objective, float *pixels,
                        int evaluations, PstLbfgsResult *result,
                        GError **error)
{
  PstLbfgsOptions options = { MEMORY, evaluations,
                              FIRST_STEP * sqrt ((double) objective->n), 0 };

  return pst_lbfgs (objective->n, pixels, evaluate, objective, &options,
                    result, error);
}
