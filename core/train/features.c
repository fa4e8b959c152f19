/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/features.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/folders.h"
#include "core/base/memory.h"
#include "core/graph/plan.h"
#include "core/train/losses.h"
#include "core/train/picture-layers.h"

char *
pst_features_find (const char *path, GError **error)
{
  if (! path)
    return pst_folders_find_model (PST_FEATURES_FILE, error);
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return g_strdup (path);
  g_set_error (error, PST_ERROR, PST_ERROR_FILE,
               _ ("There is no feature network at %s"), path);
  return NULL;
}

/* Where layers are looked for. */
typedef struct
{
  PstGraph  *to;
  PstGraph  *network; /* (nullable) */
  GPtrArray *outputs; /* (nullable): of the network, in @to */
  PstValue  *picture;
  guint64    seed;
} Source;

/* @network: (nullable) */
static gboolean
unknown_layer (PstGraph *network, const char *name, GError **error)
{
  g_autoptr (GString)   known = g_string_new (NULL);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  GPtrArray *outputs = network ? pst_graph_get_outputs (network) : none;

  if (! network)
    g_string_append (known, "luminance1 … luminance32, correlation1 … "
                            "correlation8, random3 … random64");
  for (guint i = 0; i < outputs->len; i++)
    g_string_append_printf (known, "%s%s", i ? ", " : "",
                            ((PstValue *) outputs->pdata[i])->name);
  g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
               _ ("The feature network has no layer “%s”; its outputs are %s"),
               name, known->str);
  return FALSE;
}

/* An output or an inner value of the network, or else a layer of the picture
 * itself. */
static PstValue *
find_layer (const Source *from, const char *name)
{
  GPtrArray       *known = NULL;
  PstValue        *value;
  g_autofree char *inner = g_strconcat ("features/", name, NULL);

  if (from->network)
    known = pst_graph_get_outputs (from->network);
  for (guint k = 0; known && k < known->len; k++)
    if (strcmp (((PstValue *) known->pdata[k])->name, name) == 0)
      return from->outputs->pdata[k];
  value = pst_graph_find (from->to, inner);
  if (value && value->kind == PST_VALUE_COMPUTED)
    return value;
  return pst_picture_layer (from->to, from->picture, name, from->seed);
}

static gboolean
add_layers (const Source *from, const PstLayer *layers, int n,
            const char *kind, GError **error)
{
  PstGraph *to = from->to;

  for (int i = 0; i < n; i++)
    {
      PstValue        *value = find_layer (from, layers[i].name);
      g_autofree char *name = NULL;

      if (! value)
        return unknown_layer (from->network, layers[i].name, error);
      /* one layer may serve both losses */
      value = pst_graph_op (to, "Identity", 1, value);
      name = g_strdup_printf ("%s.%s", kind, layers[i].name);
      pst_graph_add_output (to, value, name);
    }
  return TRUE;
}

static gboolean
check_network (PstGraph *network, GError **error)
{
  if (pst_graph_get_inputs (network)->len != 1)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                   _ ("A feature network takes one picture; this one has %u "
                   "inputs"),
                   pst_graph_get_inputs (network)->len);
      return FALSE;
    }
  if (pst_graph_get_opset (network) < 13 || pst_graph_get_opset (network) > 17)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_UNSUPPORTED,
                   _ ("The feature network has opset %d; 13 to 17 can be trained "
                   "with"),
                   pst_graph_get_opset (network));
      return FALSE;
    }
  return TRUE;
}

PstFeatures *
pst_features_new (PstGraph *network, const PstRecipe *recipe, GError **error)
{
  g_autoptr (PstFeatures) features = g_new0 (PstFeatures, 1);
  g_autoptr (GPtrArray)   outputs = NULL;
  Source                  from = { 0 };

  if (network && ! check_network (network, error))
    return NULL;
  features->graph = pst_graph_new ();
  from.to = features->graph;
  from.network = network;
  from.seed = (guint64) recipe->seed;
  from.picture = pst_graph_add_input (features->graph, "picture", PST_FLOAT32,
                                      (const PstShape[]) {
                                        PST_SHAPE (-1, 3, -1, -1) });
  if (network)
    outputs = from.outputs = pst_graph_append (features->graph, network,
                                               &from.picture, "features/");
  features->n_content = recipe->n_content;
  features->n_style = recipe->n_style;
  features->form = recipe->style_form;
  if (! add_layers (&from, recipe->content, recipe->n_content, "content",
                    error) ||
      ! add_layers (&from, recipe->style, recipe->n_style, "style", error))
    return NULL;
  pst_graph_seal (features->graph);
  return g_steal_pointer (&features);
}

void
pst_features_free (PstFeatures *features)
{
  if (! features)
    return;
  pst_graph_unref (features->graph);
  g_free (features);
}

/* picture [1,3,H,W] -> the moments of the style layers */
static PstGraph *
moments_graph (PstFeatures *features)
{
  PstGraph             *graph = pst_graph_new ();
  g_autoptr (GPtrArray) maps = NULL;
  PstValue             *picture;

  picture = pst_graph_add_input (graph, "picture", PST_FLOAT32,
                                 (const PstShape[]) {
                                   PST_SHAPE (-1, 3, -1, -1) });
  maps = pst_graph_append (graph, features->graph, &picture, NULL);
  for (int i = 0; i < features->n_style; i++)
    {
      PstValue *map = maps->pdata[features->n_content + i];
      PstValue *second, *first;

      second = pst_style_moments (graph, features->form, map, &first);
      pst_graph_add_output (graph, second, "second");
      if (first)
        pst_graph_add_output (graph, first, "first");
    }
  pst_graph_seal (graph);
  return graph;
}

static PstRun *
moments_run (PstGraph *graph, const PstPicture *picture, PstPool *pool,
          GError **error)
{
  PstShape          shape = PST_SHAPE (1, 3, picture->height, picture->width);
  PstPlanOptions    options = { 0 };
  g_autoptr (PstPlan) plan = NULL;
  g_autoptr (PstRun)  run = NULL;

  options.input_shapes = &shape;
  options.n_workers = pst_pool_get_size (pool);
  options.budget = pst_memory_available ();
  plan = pst_plan_new (graph, &options, error);
  run = plan ? pst_run_new (plan, pool, error) : NULL;
  if (! run)
    return NULL;
  pst_picture_to_floats (picture, pst_run_get_input (run, 0)->data);
  if (! pst_run_forward (run, NULL, NULL, NULL, error))
    return NULL;
  return g_steal_pointer (&run);
}

/* sums += factor * the run's outputs; makes them at the first call */
static void
add_moments (PstRun *run, guint n, float factor, GPtrArray *sums)
{
  for (guint i = 0; i < n; i++)
    {
      const PstTensor *moment = pst_run_get_output (run, i);
      PstShape         shape;
      gint64           count = pst_tensor_count (moment);
      float           *to;

      shape = pst_shape (moment->shape.rank - 1, moment->shape.dim + 1);
      if (i == sums->len)
        g_ptr_array_add (sums, pst_array_new (PST_FLOAT32, &shape, TRUE));
      to = ((PstArray *) sums->pdata[i])->tensor.data;
      for (gint64 k = 0; k < count; k++)
        to[k] += factor * (float) pst_tensor_get (moment, k);
    }
}

GPtrArray *
pst_features_moments (PstFeatures *features, GPtrArray *pictures,
                      PstPool *pool, GError **error)
{
  g_autoptr (PstGraph)  graph = moments_graph (features);
  g_autoptr (GPtrArray) sums = NULL;

  sums = g_ptr_array_new_with_free_func ((GDestroyNotify) pst_array_unref);
  for (guint i = 0; i < pictures->len; i++)
    {
      g_autoptr (PstRun) run = NULL;

      run = moments_run (graph, pictures->pdata[i], pool, error);
      if (! run)
        return NULL;
      add_moments (run, pst_graph_get_outputs (graph)->len,
                   1.0f / pictures->len, sums);
    }
  return g_steal_pointer (&sums);
}
