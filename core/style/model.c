/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/style/model.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/onnx/onnx.h"
#include "core/style/foreign.h"
#include "core/style/metadata.h"
#include "core/style/model-private.h"

#define CHECK_SIZE 64
#define MAX_KEPT_RUN ((gsize) 768 << 20)

struct _PstModel
{
  gint          ref_count;
  char         *path;
  char         *title;
  gboolean      foreign;
  char         *reason; /* (nullable): for working at one size only */
  PstGraph     *graph;
  GPtrArray    *styles; /* without the identity style */
  PstModelFacts facts;
  GMutex        lock;
  PstBench     *bench; /* (nullable); guarded by lock */
};

void
pst_model_drop_run (PstBench *bench)
{
  g_clear_pointer (&bench->run, pst_run_free);
  bench->run_bytes = 0;
}

static void
bench_free (PstBench *bench)
{
  pst_model_drop_run (bench);
  pst_pool_free (bench->pool);
  g_free (bench);
}

PstBench *
pst_model_take_bench (PstModel *model, guint n_threads)
{
  PstBench *bench;

  g_mutex_lock (&model->lock);
  bench = g_steal_pointer (&model->bench);
  g_mutex_unlock (&model->lock);

  if (bench && n_threads && bench->n_workers != n_threads)
    g_clear_pointer (&bench, bench_free);
  if (! bench)
    {
      bench = g_new0 (PstBench, 1);
      bench->pool = pst_pool_new (n_threads);
      bench->n_workers = pst_pool_get_size (bench->pool);
    }
  return bench;
}

void
pst_model_leave_bench (PstModel *model, PstBench *bench)
{
  if (bench->run_bytes > MAX_KEPT_RUN)
    pst_model_drop_run (bench);
  g_mutex_lock (&model->lock);
  if (! model->bench)
    model->bench = g_steal_pointer (&bench);
  g_mutex_unlock (&model->lock);
  if (bench)
    bench_free (bench);
}

gsize
pst_model_kept_bytes (PstModel *model)
{
  gsize bytes;

  g_mutex_lock (&model->lock);
  bytes = model->bench ? model->bench->run_bytes : 0;
  g_mutex_unlock (&model->lock);
  return bytes;
}

PstGraph *
pst_model_get_graph (PstModel *model)
{
  return model->graph;
}

const PstModelFacts *
pst_model_get_facts (PstModel *model)
{
  return &model->facts;
}

static PstPlan *
plan_graph (PstGraph *graph, const PstModelFacts *facts, int width, int height,
            guint n_workers, guint64 budget, guint64 *smallest, GError **error)
{
  PstShape       shapes[2] = { 0 };
  PstPlanOptions options = { .input_shapes = shapes, .n_workers = n_workers,
                             .budget = budget, .smallest = smallest };

  shapes[facts->image_input] = PST_SHAPE (1, 3, height, width);
  if (facts->style_input >= 0)
    shapes[facts->style_input] = PST_SHAPE (1, facts->n_columns);
  return pst_plan_new (graph, &options, error);
}

PstPlan *
pst_model_plan (PstModel *model, int width, int height, guint n_workers,
                guint64 budget, guint64 *smallest, GError **error)
{
  g_autoptr (PstPlan) plan = NULL;
  const PstValue     *output;
  PstShape            shape = PST_SHAPE (1, 3, height, width);

  plan = plan_graph (model->graph, &model->facts, width, height, n_workers,
                     budget, smallest, error);
  if (! plan)
    {
      if (model->foreign)
        pst_foreign_explain (model->path, error);
      else
        g_prefix_error (error, "%s: ", model->path);
      return NULL;
    }
  output = pst_graph_get_outputs (pst_plan_get_graph (plan))->pdata[0];
  if (output->info.dtype != PST_FLOAT32)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_UNSUPPORTED,
                   _ ("%s makes pictures of %s numbers; only networks that "
                      "make float32 numbers can be used."),
                   model->path, pst_dtype_name (output->info.dtype));
      return NULL;
    }
  if (! pst_shape_equal (&output->info.shape, &shape))
    {
      g_autofree char *text = pst_shape_to_string (&output->info.shape);

      g_set_error (error, PST_ERROR, PST_ERROR_UNSUPPORTED,
                   _ ("%s makes %s of a picture of %d × %d pixels; only "
                      "networks that keep the size can be used."),
                   model->path, text, width, height);
      return NULL;
    }
  return g_steal_pointer (&plan);
}

/* Ours: inputs `image` and perhaps `style`, as the metadata say. */
static gboolean
examine_own (PstModel *model, const PstMetadata *metadata, GError **error)
{
  GPtrArray      *inputs = pst_graph_get_inputs (model->graph);
  PstModelFacts  *facts = &model->facts;
  const PstStyle *first = metadata->styles->pdata[0];

  *facts = (PstModelFacts){ .image_input = -1, .style_input = -1, .high = 1,
                            .step = PST_USUAL_STEP };
  for (guint i = 0; i < inputs->len; i++)
    {
      const PstValue *input = inputs->pdata[i];
      const PstShape *shape = &input->info.shape;

      if (input->info.dtype != PST_FLOAT32)
        continue;
      if (strcmp (input->name, "image") == 0 && shape->rank == 4)
        facts->image_input = i;
      else if (strcmp (input->name, "style") == 0 && shape->rank == 2 &&
               (shape->dim[1] == metadata->styles->len || shape->dim[1] < 0))
        facts->style_input = i;
    }
  facts->n_columns = facts->style_input >= 0 ? metadata->styles->len : 0;
  facts->grain = (float) metadata->grain;
  facts->identity = facts->style_input >= 0 &&
                    strcmp (first->id, PST_STYLE_IDENTITY) == 0;
  if (facts->image_input < 0 ||
      inputs->len != (facts->style_input >= 0 ? 2 : 1) ||
      pst_graph_get_outputs (model->graph)->len < 1 ||
      (facts->style_input < 0 && metadata->styles->len != 1))
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FORMAT,
                   _ ("%s is damaged: its network does not fit its styles."),
                   model->path);
      return FALSE;
    }
  return TRUE;
}

static void
take_styles (PstModel *model, const PstMetadata *metadata)
{
  for (guint k = 0; k < metadata->styles->len; k++)
    {
      const PstStyle *style = metadata->styles->pdata[k];
      PstStyle       *copy;

      if (model->facts.identity && k == 0)
        continue;
      copy = pst_style_copy (style);
      copy->column = model->facts.style_input >= 0 ? (int) k : -1;
      g_ptr_array_add (model->styles, copy);
    }
}

/* A foreign model has one style, named after its file. */
static void
make_style (PstModel *model)
{
  g_autofree char *name = g_path_get_basename (model->path);
  char            *dot = strrchr (name, '.');
  PstStyle         style = { .id = (char *) "style", .column = -1 };
  const char      *author = pst_graph_get_metadata (model->graph, "author");
  const char      *licence = pst_graph_get_metadata (model->graph, "license");

  if (dot && dot > name)
    *dot = '\0';
  style.title = name;
  style.credit = (char *) (author ? author : "");
  style.licence = (char *) (licence ? licence : "");
  style.path = model->path;
  model->title = g_strdup (name);
  g_ptr_array_add (model->styles, pst_style_copy (&style));
}

/* Whether it can be planned at all. */
static gboolean
check_plan (PstModel *model, GError **error)
{
  int width = model->facts.width ? model->facts.width : CHECK_SIZE;
  int height = model->facts.height ? model->facts.height : CHECK_SIZE;
  g_autoptr (PstPlan) plan = NULL;

  plan = pst_model_plan (model, width, height, 1, 0, NULL, error);
  return plan != NULL;
}

static gboolean
examine_foreign (PstModel *model, const PstModelHints *hints, GError **error)
{
  g_autoptr (PstGraph) written = g_steal_pointer (&model->graph);

  model->foreign = TRUE;
  model->graph = pst_foreign_take (written, model->path, &model->facts,
                                   &model->reason, error);
  if (! model->graph || ! check_plan (model, error) ||
      ! pst_foreign_examine (written, model->graph, hints, model->path,
                             &model->facts, error))
    return FALSE;
  make_style (model);
  return TRUE;
}

static gboolean
examine (PstModel *model, const PstModelHints *hints, GError **error)
{
  g_autoptr (PstMetadata) metadata = NULL;
  g_autoptr (GError)      broken = NULL;

  metadata = pst_metadata_parse_graph (model->graph, model->path, &broken);
  if (broken)
    {
      g_propagate_error (error, g_steal_pointer (&broken));
      return FALSE;
    }
  if (! metadata)
    return examine_foreign (model, hints, error);
  if (! examine_own (model, metadata, error))
    return FALSE;
  model->title = g_strdup (metadata->title);
  take_styles (model, metadata);
  return check_plan (model, error);
}

PstModel *
pst_model_load_with (const char *path, const PstModelHints *hints,
                     GError **error)
{
  static const PstModelHints none = { 0 };
  g_autoptr (PstModel)       model = g_new0 (PstModel, 1);

  g_mutex_init (&model->lock);
  model->ref_count = 1;
  model->path = g_strdup (path);
  model->styles =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pst_style_free);
  model->graph = pst_onnx_load (path, error);
  if (! model->graph || ! examine (model, hints ? hints : &none, error))
    return NULL;
  return g_steal_pointer (&model);
}

PstModel *
pst_model_load (const char *path, GError **error)
{
  return pst_model_load_with (path, NULL, error);
}

PstModel *
pst_model_ref (PstModel *model)
{
  g_atomic_int_inc (&model->ref_count);
  return model;
}

void
pst_model_unref (PstModel *model)
{
  if (! model || ! g_atomic_int_dec_and_test (&model->ref_count))
    return;
  g_clear_pointer (&model->bench, bench_free);
  g_clear_pointer (&model->graph, pst_graph_unref);
  g_ptr_array_unref (model->styles);
  g_free (model->reason);
  g_free (model->title);
  g_free (model->path);
  g_mutex_clear (&model->lock);
  g_free (model);
}

const char *
pst_model_get_title (PstModel *model)
{
  return model->title;
}

const char *
pst_model_get_path (PstModel *model)
{
  return model->path;
}

gboolean
pst_model_is_foreign (PstModel *model)
{
  return model->foreign;
}

char *
pst_model_describe (PstModel *model)
{
  const PstModelFacts *facts = &model->facts;
  g_autofree char     *size = NULL;

  if (facts->width || facts->height)
    size = g_strdup_printf (_ (", %d × %d pixels only (%s)"), facts->width,
                            facts->height, model->reason);
  return g_strdup_printf (_ ("%s, %g to %g%s"), facts->bgr ? "BGR" : "RGB",
                          facts->low, facts->high, size ? size : "");
}

GPtrArray *
pst_model_get_styles (PstModel *model)
{
  return model->styles;
}

const PstStyle *
pst_model_find_style (PstModel *model, const char *id)
{
  for (guint i = 0; id && i < model->styles->len; i++)
    {
      const PstStyle *style = model->styles->pdata[i];

      if (g_ascii_strcasecmp (style->id, id) == 0)
        return style;
    }
  return NULL;
}

const char *
pst_model_get_metadata (PstModel *model, const char *key)
{
  return pst_graph_get_metadata (model->graph, key);
}
