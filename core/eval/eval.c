/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/eval/eval.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "core/base/error.h"
#include "core/eval/grid.h"
#include "core/eval/luminance.h"
#include "core/eval/patches.h"
#include "core/eval/viewer.h"
#include "core/onnx/onnx.h"
#include "core/train/objective.h"

#define PATCHES 8192 /* of each scale, over all pictures of a set */

typedef struct
{
  PstView    *painted; /* (nullable): the paintings */
  PstPatches *wanted;  /* (nullable): of the paintings */
  PstPatches *found;   /* of the results */
  PstGrid    *grid;
  GPtrArray  *moments; /* (nullable): for the objective */
  double      content; /* weights of the objective */
  double      style;
  double      sums[PST_N_FIGURES];
  guint       counts[PST_N_FIGURES];
} Style;

struct _PstEval
{
  PstPool     *pool;
  PstViewer   *viewer; /* (nullable) */
  PstRecipe    usual;  /* the objective without a recipe */
  const PstRecipe *recipe;
  PstFeatures *features; /* (nullable): the objective's */
  GPtrArray   *styles;
  guint        n_photos;
  guint        at; /* number of the photo, from 1 */
  int          evaluations;
  guint64      seed;
  PstPicture  *photo;
  PstView     *seen; /* (nullable): the photo */
};

static const char *const usual_content[] = { "relu4_1", NULL };
static const char *const usual_style[] = { "relu1_1", "relu2_1", "relu3_1",
                                           "relu4_1", NULL };

static void
style_free (gpointer data)
{
  Style *style = data;

  pst_view_free (style->painted);
  pst_patches_free (style->wanted);
  pst_patches_free (style->found);
  pst_grid_free (style->grid);
  g_clear_pointer (&style->moments, g_ptr_array_unref);
  g_free (style);
}

static int
copy_layers (const char *const *names, PstLayer *to)
{
  int n = 0;

  for (; names[n] && n < PST_MAX_LAYERS; n++)
    to[n] = (PstLayer) { g_strdup (names[n]), 1 };
  return n;
}

static gboolean
set_features (PstEval *eval, const PstEvalOptions *options, GError **error)
{
  const char *const   *content = options->content_layers;
  const char *const   *style = options->style_layers;
  g_autoptr (PstGraph) network = pst_onnx_load (options->features, error);

  if (! network)
    return FALSE;
  content = content ? content : usual_content;
  style = style ? style : usual_style;
  eval->viewer = pst_viewer_new (network, content, style, eval->pool, error);
  if (! eval->viewer)
    {
      g_prefix_error (error, "%s: ", options->features);
      return FALSE;
    }
  eval->usual.n_content = copy_layers (content, eval->usual.content);
  eval->usual.n_style = copy_layers (style, eval->usual.style);
  eval->recipe = options->recipe ? options->recipe : &eval->usual;
  eval->features = pst_features_new (network, eval->recipe, error);
  if (! eval->features)
    g_prefix_error (error, "%s: ", options->features);
  return eval->features != NULL;
}

PstEval *
pst_eval_new (const PstEvalOptions *options, GError **error)
{
  g_autoptr (PstEval) eval = g_new0 (PstEval, 1);

  eval->styles = g_ptr_array_new_with_free_func (style_free);
  eval->pool = pst_pool_new (options->n_threads);
  eval->n_photos = MAX (options->n_photos, 1);
  eval->evaluations = options->evaluations;
  eval->seed = options->seed;
  if (options->features && ! set_features (eval, options, error))
    return NULL;
  return g_steal_pointer (&eval);
}

void
pst_eval_free (PstEval *eval)
{
  if (! eval)
    return;
  g_clear_pointer (&eval->styles, g_ptr_array_unref);
  g_clear_pointer (&eval->viewer, pst_viewer_free);
  g_clear_pointer (&eval->features, pst_features_free);
  g_clear_pointer (&eval->photo, pst_picture_free);
  g_clear_pointer (&eval->seen, pst_view_free);
  for (int i = 0; i < PST_MAX_LAYERS; i++)
    {
      g_free (eval->usual.content[i].name);
      g_free (eval->usual.style[i].name);
    }
  pst_pool_free (eval->pool);
  g_free (eval);
}

static gboolean
check_size (const PstPicture *picture, GError **error)
{
  if (MIN (picture->width, picture->height) >= PST_EVAL_LEAST)
    return TRUE;
  g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
               _ ("A picture of %d × %d pixels is too small to be measured; "
                  "both sides must have at least %d"),
               picture->width, picture->height, PST_EVAL_LEAST);
  return FALSE;
}

/* As many patches of each of @n pictures as make a set. */
static guint
share (guint n)
{
  return (PATCHES + n - 1) / n;
}

static gboolean
look_at_paintings (PstEval *eval, Style *style, GPtrArray *pictures,
                   GError **error)
{
  style->wanted = pst_patches_new ();
  for (guint i = 0; i < pictures->len; i++)
    {
      if (! check_size (pictures->pdata[i], error))
        return FALSE;
      pst_patches_add (style->wanted, pictures->pdata[i],
                       share (pictures->len), eval->seed - 1 - i);
    }
  if (! eval->viewer)
    return TRUE;
  style->painted = pst_viewer_look_at_all (eval->viewer, pictures, error);
  if (style->painted)
    style->moments = pst_features_moments (eval->features, pictures,
                                           eval->pool, error);
  return style->moments != NULL;
}

gboolean
pst_eval_add_style (PstEval *eval, GPtrArray *pictures,
                    const PstRecipeStyle *recipe_style, GError **error)
{
  Style *style = g_new0 (Style, 1);

  g_ptr_array_add (eval->styles, style);
  style->found = pst_patches_new ();
  style->grid = pst_grid_new ();
  style->content = style->style = 1;
  if (eval->features && eval->recipe != &eval->usual)
    {
      const PstSettings *last;

      last = pst_recipe_settings (eval->recipe, G_MAXINT64);
      style->content = last->content;
      style->style = last->style;
    }
  if (recipe_style)
    {
      style->content *= recipe_style->content;
      style->style *= recipe_style->style;
    }
  return ! pictures || pictures->len == 0 ||
         look_at_paintings (eval, style, pictures, error);
}

gboolean
pst_eval_set_photo (PstEval *eval, PstPicture *photo, GError **error)
{
  g_clear_pointer (&eval->photo, pst_picture_free);
  g_clear_pointer (&eval->seen, pst_view_free);
  eval->photo = photo;
  eval->at++;
  if (! check_size (photo, error))
    return FALSE;
  if (eval->viewer)
    eval->seen = pst_viewer_look (eval->viewer, photo, error);
  return ! eval->viewer || eval->seen;
}

gboolean
pst_eval_content (PstEval *eval, const PstPicture *result, double *distance,
                  GError **error)
{
  g_autoptr (PstView) view = NULL;
  PstLikeness         likeness;

  if (! eval->viewer)
    {
      pst_luminance_compare (eval->photo, result, &likeness);
      *distance = likeness.distance;
      return TRUE;
    }
  view = pst_viewer_look (eval->viewer, result, error);
  if (view)
    *distance = pst_view_content_distance (view, eval->seen);
  return view != NULL;
}

static gboolean
measure_features (PstEval *eval, Style *style, const PstPicture *result,
                  double *value, GError **error)
{
  g_autoptr (PstView) view = pst_viewer_look (eval->viewer, result, error);
  double              way;

  if (! view)
    return FALSE;
  value[PST_FIGURE_FEATURES] = pst_view_content_distance (view, eval->seen);
  if (! style->painted)
    return TRUE;
  value[PST_FIGURE_GRAM] = pst_view_gram_distance (view, style->painted);
  value[PST_FIGURE_MOMENTS] = pst_view_moments_distance (view,
                                                         style->painted);
  way = pst_view_moments_distance (eval->seen, style->painted);
  way = way > 0 ? 1 - sqrt (value[PST_FIGURE_MOMENTS] / way) : NAN;
  value[PST_FIGURE_SIMILARITY] = way < 0 ? 0 : way;
  return TRUE;
}

static gboolean
measure_ratio (PstEval *eval, Style *style, const PstPicture *result,
               double *ratio, GError **error)
{
  PstObjectiveSpec  spec = { eval->recipe, eval->features, style->moments,
                             style->content, style->style };
  gsize             n = (gsize) result->width * result->height * 3;
  g_autofree float *pixels = g_new (float, n);
  g_autoptr (PstObjective) objective = NULL;
  PstObjectiveTerms        terms;
  PstLbfgsResult           best;

  objective = pst_objective_new (&spec, eval->photo, eval->pool, error);
  if (! objective)
    return FALSE;
  pst_picture_to_floats (result, pixels);
  pst_objective_look (objective, pixels, NULL, &terms);
  pst_picture_to_floats (eval->photo, pixels);
  if (! pst_objective_optimise (objective, pixels, eval->evaluations, &best,
                                error))
    return FALSE;
  *ratio = best.value > 0 ? terms.value / best.value : NAN;
  return TRUE;
}

gboolean
pst_eval_measure (PstEval *eval, guint number, const PstPicture *result,
                  gboolean optimise, PstFigures *figures, GError **error)
{
  Style      *style = eval->styles->pdata[number];
  double     *value = figures->value;
  PstLikeness likeness;

  pst_figures_clear (figures);
  if (result->width != eval->photo->width ||
      result->height != eval->photo->height)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                   _ ("The photo has %d × %d pixels, the result %d × %d; they "
                      "must have the same size"),
                   eval->photo->width, eval->photo->height, result->width,
                   result->height);
      return FALSE;
    }
  pst_luminance_compare (eval->photo, result, &likeness);
  value[PST_FIGURE_LUMINANCE] = likeness.distance;
  value[PST_FIGURE_PRESERVATION] = likeness.correlation;
  if (eval->viewer &&
      ! measure_features (eval, style, result, value, error))
    return FALSE;
  if (optimise && style->moments &&
      ! measure_ratio (eval, style, result, &value[PST_FIGURE_RATIO], error))
    return FALSE;
  pst_grid_add (style->grid, eval->photo, result);
  if (style->wanted)
    pst_patches_add (style->found, result, share (eval->n_photos),
                     eval->seed + eval->at);
  for (int i = 0; i < PST_N_FIGURES; i++)
    if (isfinite (value[i]))
      {
        style->sums[i] += value[i];
        style->counts[i]++;
      }
  return TRUE;
}

void
pst_eval_summarise (PstEval *eval, guint number, PstFigures *figures,
                    guint *n_flat)
{
  Style *style = eval->styles->pdata[number];

  pst_figures_clear (figures);
  for (int i = 0; i < PST_N_FIGURES; i++)
    if (style->counts[i])
      figures->value[i] = style->sums[i] / style->counts[i];
  if (style->wanted && pst_patches_get_count (style->found))
    pst_patches_distance (style->found, style->wanted, eval->seed,
                          &figures->value[PST_FIGURE_PATCHES_1]);
  pst_grid_measure (style->grid, &figures->value[PST_FIGURE_GRID_2]);
  *n_flat = pst_grid_get_count (style->grid);
}
