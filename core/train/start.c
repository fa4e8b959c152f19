/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/start.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/graph/op.h"
#include "core/onnx/onnx.h"
#include "core/style/metadata.h"

struct _PstStart
{
  PstMetadata *metadata;
  PstNetwork  *network; /* all its columns */
  int          width;
  int          blocks;
  double       epsilon;
  PstSkip      skip;
};

/* Reading it */

/* Side @i of the weight @name; 0 where there is none. */
static int
side_of (PstGraph *graph, const char *name, int i)
{
  const PstValue *value = pst_graph_find (graph, name);

  if (! value || ! value->array || i >= value->array->tensor.shape.rank)
    return 0;
  return (int) MIN (value->array->tensor.shape.dim[i], 1 << 16);
}

static void
measure (PstStart *start, PstGraph *graph)
{
  GPtrArray *nodes = pst_graph_get_nodes (graph);
  int        n = 0;

  for (;; n++)
    {
      g_autofree char *name = g_strdup_printf ("conv%d.weight", n);

      if (side_of (graph, name, 0) == 0)
        break;
    }
  start->width = side_of (graph, "conv0.weight", 0);
  start->blocks = (n - 6) / 2;
  start->skip = pst_graph_find (graph, "gate") ? PST_SKIP_LOGIT
                                               : PST_SKIP_NONE;
  for (guint i = 0; i < nodes->len; i++)
    if (strcmp (((PstNode *) nodes->pdata[i])->op->type,
                "InstanceNormalization") == 0)
      start->epsilon = pst_node_get_float (nodes->pdata[i], "epsilon", 1e-5f);
}

/* Whether the nodes are the same kinds in the same order. */
static gboolean
has_same_nodes (PstGraph *a, PstGraph *b)
{
  GPtrArray *x = pst_graph_get_nodes (a), *y = pst_graph_get_nodes (b);

  if (x->len != y->len)
    return FALSE;
  for (guint i = 0; i < x->len; i++)
    if (((PstNode *) x->pdata[i])->op != ((PstNode *) y->pdata[i])->op)
      return FALSE;
  return TRUE;
}

static gboolean
copy_weights (PstNetwork *to, PstGraph *graph)
{
  for (guint i = 0; i < to->weights->len; i++)
    {
      PstArray       *weight = to->weights->pdata[i];
      const PstValue *from = pst_graph_find (graph, to->names->pdata[i]);

      if (! from || ! from->array ||
          from->array->tensor.dtype != PST_FLOAT32 ||
          ! pst_shape_equal (&from->array->tensor.shape,
                             &weight->tensor.shape))
        return FALSE;
      pst_tensor_copy (&weight->tensor, &from->array->tensor);
    }
  return TRUE;
}

/* FALSE where the network is laid out in another way. */
static gboolean
read_network (PstStart *start, PstGraph *graph)
{
  int n = (int) start->metadata->styles->len;

  measure (start, graph);
  if (n < 2 || start->width < 2 || start->width > 256 || start->blocks < 0 ||
      start->blocks > 32 || ! (start->epsilon > 0) ||
      side_of (graph, "norm0.gamma", 0) != n)
    return FALSE;
  start->network = pst_network_generator (start->width, start->blocks, n,
                                          start->epsilon, start->skip, 0);
  return has_same_nodes (start->network->graph, graph) &&
         copy_weights (start->network, graph);
}

static gboolean
read_graph (PstStart *start, PstGraph *graph, const char *path,
            GError **error)
{
  GError *reason = NULL;

  start->metadata = pst_metadata_parse_graph (graph, path, &reason);
  if (reason)
    {
      g_propagate_error (error, reason);
      return FALSE;
    }
  if (! start->metadata)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_UNSUPPORTED,
                   _ ("%s is no style model of Pastiche's, so a training "
                      "cannot start from it; take one that “pastiche train” "
                      "has made"),
                   path);
      return FALSE;
    }
  if (! read_network (start, graph))
    {
      g_set_error (error, PST_ERROR, PST_ERROR_UNSUPPORTED,
                   _ ("%s has a network that is not laid out as those that "
                      "are trained here, so a training cannot start from it; "
                      "take one that “pastiche train” has made"),
                   path);
      return FALSE;
    }
  return TRUE;
}

PstStart *
pst_start_load (const char *path, GError **error)
{
  g_autoptr (PstStart) start = g_new0 (PstStart, 1);
  g_autoptr (PstGraph) graph = NULL;

  if (! g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FILE,
                   _ ("There is no model to start from at %s"), path);
      return NULL;
    }
  graph = pst_onnx_load (path, error);
  if (! graph || ! read_graph (start, graph, path, error))
    return NULL;
  return g_steal_pointer (&start);
}

void
pst_start_free (PstStart *start)
{
  if (! start)
    return;
  g_clear_pointer (&start->metadata, pst_metadata_free);
  g_clear_pointer (&start->network, pst_network_free);
  g_free (start);
}

/* Into the recipe */

static PstRecipeStyle *
find_style (const PstRecipe *recipe, const char *id)
{
  for (guint i = 0; i < recipe->styles->len; i++)
    {
      PstRecipeStyle *style = recipe->styles->pdata[i];

      if (strcmp (style->id, id) == 0)
        return style;
    }
  return NULL;
}

static gboolean
trains_all (const PstRecipe *recipe)
{
  for (guint i = 0; i < recipe->phases->len; i++)
    if (g_array_index (recipe->phases, PstSettings, i).train == PST_TRAIN_ALL)
      return TRUE;
  return FALSE;
}

static void
keep_style (PstRecipe *recipe, const PstStyle *from)
{
  PstRecipeStyle *style = pst_recipe_add_style (recipe, from->id);

  style->title = g_strdup (from->title);
  g_free (style->credit);
  style->credit = g_strdup (from->credit);
  g_free (style->licence);
  style->licence = g_strdup (from->licence);
  style->thumbnail = from->thumbnail ? g_bytes_ref (from->thumbnail) : NULL;
  style->pictures = g_new0 (char *, 1);
  style->share = 0;
  style->kept = TRUE;
  style->column = from->column;
}

static void
tell_left_out (const PstRecipe *recipe, GPtrArray *ids, PstSourceNote note,
               gpointer data)
{
  g_autofree char *list = NULL;
  g_autofree char *text = NULL;

  if (ids->len == 0 || ! note)
    return;
  g_ptr_array_add (ids, NULL);
  list = g_strjoinv (", ", (char **) ids->pdata);
  text = g_strdup_printf (
    _ ("Styles of %s that are left out, since training all weights changes "
       "what they look like: %s. With train=tables they are kept; with groups "
       "and pictures of their own in the recipe they are trained along."),
    recipe->from, list);
  note (text, data);
}

/* Where the recipe's own styles begin. */
static gboolean
find_beginnings (PstRecipe *recipe, GError **error)
{
  GPtrArray *known = recipe->start->metadata->styles;

  for (guint i = 0; i < recipe->styles->len; i++)
    {
      PstRecipeStyle      *own = recipe->styles->pdata[i];
      g_autoptr (GString)  list = g_string_new (NULL);

      for (guint k = 1; k < known->len; k++)
        {
          const PstStyle *style = known->pdata[k];

          if (strcmp (style->id, own->begin ? own->begin : own->id) == 0)
            own->column = (int) k;
          g_string_append_printf (list, "%s%s", k > 1 ? ", " : "", style->id);
        }
      if (own->begin && own->column == 0)
        {
          g_set_error (error, PST_ERROR, PST_ERROR_STYLE,
                       _ ("[style %s] begin: %s has no style “%s”; it has: "
                          "%s."),
                       own->id, recipe->from, own->begin, list->str);
          return FALSE;
        }
    }
  return TRUE;
}

static void
settle_styles (PstRecipe *recipe, PstSourceNote note, gpointer data)
{
  GPtrArray            *styles = recipe->start->metadata->styles;
  gboolean              all = trains_all (recipe);
  g_autoptr (GPtrArray) left_out = g_ptr_array_new ();

  for (guint i = 1; i < styles->len; i++)
    {
      const PstStyle *from = styles->pdata[i];

      if (! recipe->keep || find_style (recipe, from->id))
        continue;
      if (all)
        g_ptr_array_add (left_out, from->id);
      else
        keep_style (recipe, from);
    }
  tell_left_out (recipe, left_out, note, data);
}

gboolean
pst_start_settle (PstRecipe *recipe, PstSourceNote note, gpointer data,
                  GError **error)
{
  PstStart *start;

  if (! recipe->from || recipe->start)
    return TRUE;
  start = recipe->start = pst_start_load (recipe->from, error);
  if (! start)
    g_prefix_error (error, "[model] from: ");
  if (! start || ! find_beginnings (recipe, error))
    {
      g_clear_pointer (&recipe->start, pst_start_free);
      return FALSE;
    }
  recipe->width = start->width;
  recipe->blocks = start->blocks;
  recipe->epsilon = start->epsilon;
  recipe->skip = start->skip;
  if (recipe->grain < 0)
    recipe->grain = start->metadata->grain;
  if (! *recipe->licence && start->metadata->licence)
    {
      g_free (recipe->licence);
      recipe->licence = g_strdup (start->metadata->licence);
    }
  settle_styles (recipe, note, data);
  return TRUE;
}

/* Into the network */

static void
mean_row (const float *rows, gint64 n_rows, gint64 n, float *to)
{
  for (gint64 k = 0; k < n; k++)
    {
      double sum = 0;

      for (gint64 i = 1; i < n_rows; i++)
        sum += rows[i * n + k];
      to[k] = (float) (sum / (double) (n_rows - 1));
    }
}

void
pst_start_fill (const PstRecipe *recipe, PstNetwork *generator)
{
  const PstNetwork *from = recipe->start->network;

  for (guint i = 0; i < from->weights->len; i++)
    {
      const PstTensor *a = &((PstArray *) from->weights->pdata[i])->tensor;
      const PstTensor *b = &((PstArray *) generator->weights->pdata[i])->tensor;
      gint64           n = pst_tensor_count (a) / a->shape.dim[0];
      float           *to = b->data;
      const float     *rows = a->data;

      if (! pst_network_is_table (from, i))
        {
          memcpy (to, rows, pst_tensor_bytes (a));
          continue;
        }
      memcpy (to, rows, sizeof (float) * n);
      for (guint k = 0; k < recipe->styles->len; k++)
        {
          const PstRecipeStyle *style = recipe->styles->pdata[k];

          to += n;
          if (style->column > 0)
            memcpy (to, rows + style->column * n, sizeof (float) * n);
          else
            mean_row (rows, a->shape.dim[0], n, to);
        }
    }
}
