/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/eval/viewer.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/graph/plan.h"
#include "core/train/losses.h"

struct _PstViewer
{
  PstGraph *graph; /* outputs: content maps, then covariance and mean of each
                      style layer */
  int       n_content;
  int       n_style;
  PstPool  *pool;
  PstRun   *run; /* for pictures of the last size */
  int       width;
  int       height;
};

static int
take_names (const char *const *names, PstLayer *to)
{
  int n = 0;

  for (; names && names[n] && n < PST_MAX_LAYERS; n++)
    to[n] = (PstLayer) { (char *) names[n], 1 };
  return n;
}

static PstGraph *
make_graph (PstFeatures *features)
{
  PstGraph             *graph = pst_graph_new ();
  g_autoptr (GPtrArray) maps = NULL;
  PstShape              shape = PST_SHAPE (-1, 3, -1, -1);
  PstValue             *picture;

  picture = pst_graph_add_input (graph, "picture", PST_FLOAT32, &shape);
  maps = pst_graph_append (graph, features->graph, &picture, NULL);
  for (int i = 0; i < features->n_content; i++)
    pst_graph_add_output (graph, maps->pdata[i], "content");
  for (int i = 0; i < features->n_style; i++)
    {
      PstValue *second, *first;

      second = pst_style_moments (graph, PST_STYLE_COVARIANCE,
                                  maps->pdata[features->n_content + i],
                                  &first);
      pst_graph_add_output (graph, second, "second");
      pst_graph_add_output (graph, first, "first");
    }
  pst_graph_seal (graph);
  return graph;
}

PstViewer *
pst_viewer_new (PstGraph *network, const char *const *content,
                const char *const *style, PstPool *pool, GError **error)
{
  PstRecipe               layers = { 0 };
  g_autoptr (PstFeatures) features = NULL;
  PstViewer              *viewer;

  layers.n_content = take_names (content, layers.content);
  layers.n_style = take_names (style, layers.style);
  layers.style_form = PST_STYLE_COVARIANCE;
  features = pst_features_new (network, &layers, error);
  if (! features)
    return NULL;
  viewer = g_new0 (PstViewer, 1);
  viewer->n_content = layers.n_content;
  viewer->n_style = layers.n_style;
  viewer->pool = pool;
  viewer->graph = make_graph (features);
  return viewer;
}

void
pst_viewer_free (PstViewer *viewer)
{
  if (! viewer)
    return;
  g_clear_pointer (&viewer->run, pst_run_free);
  pst_graph_unref (viewer->graph);
  g_free (viewer);
}

static gboolean
settle (PstViewer *viewer, int width, int height, GError **error)
{
  PstPlanOptions      options = { 0 };
  g_autoptr (PstPlan) plan = NULL;
  PstShape            shape = PST_SHAPE (1, 3, height, width);

  if (viewer->run && viewer->width == width && viewer->height == height)
    return TRUE;
  g_clear_pointer (&viewer->run, pst_run_free);
  options.input_shapes = &shape;
  options.n_workers = viewer->pool ? pst_pool_get_size (viewer->pool) : 1;
  options.budget = pst_memory_available ();
  plan = pst_plan_new (viewer->graph, &options, error);
  viewer->run = plan ? pst_run_new (plan, viewer->pool, error) : NULL;
  viewer->width = width;
  viewer->height = height;
  return viewer->run != NULL;
}

static double *
copy (const PstTensor *tensor)
{
  gint64  n = pst_tensor_count (tensor);
  double *numbers = g_new (double, n);

  for (gint64 i = 0; i < n; i++)
    numbers[i] = pst_tensor_get (tensor, i);
  return numbers;
}

static gboolean
take_content (PstViewer *viewer, PstView *view, GError **error)
{
  for (int i = 0; i < viewer->n_content; i++)
    {
      const PstTensor *map = pst_run_get_output (viewer->run, i);
      PstArray        *array = pst_array_new (PST_FLOAT32, &map->shape, FALSE);

      if (! array)
        {
          g_set_error_literal (error, PST_ERROR, PST_ERROR_MEMORY,
                               _ ("There is no memory for this picture"));
          return FALSE;
        }
      pst_tensor_copy (&array->tensor, map);
      g_ptr_array_add (view->content, array);
    }
  return TRUE;
}

static void
take_style (PstViewer *viewer, PstView *view)
{
  view->n_layers = viewer->n_style;
  for (int i = 0; i < viewer->n_style; i++)
    {
      int              at = viewer->n_content + 2 * i;
      const PstTensor *second = pst_run_get_output (viewer->run, at);
      int              c = (int) second->shape.dim[1];

      view->channels[i] = c;
      view->covariance[i] = copy (second);
      view->mean[i] = copy (pst_run_get_output (viewer->run, at + 1));
      view->gram[i] = g_new (double, c * c);
      for (int k = 0; k < c * c; k++)
        view->gram[i][k] = view->covariance[i][k] +
                           view->mean[i][k / c] * view->mean[i][k % c];
    }
}

PstView *
pst_viewer_look (PstViewer *viewer, const PstPicture *picture, GError **error)
{
  g_autoptr (PstView) view = g_new0 (PstView, 1);

  view->content =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pst_array_unref);
  if (! settle (viewer, picture->width, picture->height, error))
    return NULL;
  pst_picture_to_floats (picture, pst_run_get_input (viewer->run, 0)->data);
  if (! pst_run_forward (viewer->run, NULL, NULL, NULL, error) ||
      ! take_content (viewer, view, error))
    return NULL;
  take_style (viewer, view);
  return g_steal_pointer (&view);
}

/* to = (1 - part) to + part from */
static void
mix (double *to, const double *from, int n, double part)
{
  for (int i = 0; i < n; i++)
    to[i] += part * (from[i] - to[i]);
}

PstView *
pst_viewer_look_at_all (PstViewer *viewer, GPtrArray *pictures,
                        GError **error)
{
  g_autoptr (PstView) sum = NULL;

  g_return_val_if_fail (pictures->len > 0, NULL);

  for (guint i = 0; i < pictures->len; i++)
    {
      g_autoptr (PstView) view = NULL;

      view = pst_viewer_look (viewer, pictures->pdata[i], error);
      if (! view)
        return NULL;
      g_ptr_array_set_size (view->content, 0);
      if (! sum)
        {
          sum = g_steal_pointer (&view);
          continue;
        }
      for (int k = 0; k < sum->n_layers; k++)
        {
          int c = sum->channels[k];

          mix (sum->gram[k], view->gram[k], c * c, 1.0 / (i + 1));
          mix (sum->covariance[k], view->covariance[k], c * c, 1.0 / (i + 1));
          mix (sum->mean[k], view->mean[k], c, 1.0 / (i + 1));
        }
    }
  return g_steal_pointer (&sum);
}

void
pst_view_free (PstView *view)
{
  if (! view)
    return;
  for (int i = 0; i < view->n_layers; i++)
    {
      g_free (view->gram[i]);
      g_free (view->covariance[i]);
      g_free (view->mean[i]);
    }
  g_clear_pointer (&view->content, g_ptr_array_unref);
  g_free (view);
}

static double
squared_error (const double *a, const double *b, int n)
{
  double sum = 0;

  for (int i = 0; i < n; i++)
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

static double
squares (const double *a, int n)
{
  double sum = 0;

  for (int i = 0; i < n; i++)
    sum += a[i] * a[i];
  return sum;
}

double
pst_view_gram_distance (const PstView *view, const PstView *style)
{
  double sum = 0;

  for (int i = 0; i < view->n_layers; i++)
    {
      int n = view->channels[i] * view->channels[i];

      sum += squared_error (view->gram[i], style->gram[i], n) / (4.0 * n);
    }
  return sum / view->n_layers;
}

double
pst_view_moments_distance (const PstView *view, const PstView *style)
{
  double sum = 0;

  for (int i = 0; i < view->n_layers; i++)
    {
      int           c = view->channels[i];
      const double *second = style->covariance[i], *first = style->mean[i];

      sum += 0.5 * squared_error (view->covariance[i], second, c * c) /
             squares (second, c * c);
      sum += 0.5 * squared_error (view->mean[i], first, c) /
             squares (first, c);
    }
  return sum / view->n_layers;
}

double
pst_view_content_distance (const PstView *view, const PstView *photo)
{
  double sum = 0;

  for (guint i = 0; i < view->content->len; i++)
    {
      const PstTensor *a = &((PstArray *) view->content->pdata[i])->tensor;
      const PstTensor *b = &((PstArray *) photo->content->pdata[i])->tensor;
      const float     *x = a->data, *y = b->data;
      gint64           n = pst_tensor_count (a);
      double           error = 0, size = 0;

      for (gint64 k = 0; k < n; k++)
        {
          error += ((double) x[k] - y[k]) * ((double) x[k] - y[k]);
          size += (double) y[k] * y[k];
        }
      sum += error / n / (size / n + 1e-6);
    }
  return sum / view->content->len;
}
