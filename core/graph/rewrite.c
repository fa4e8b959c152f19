/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include "core/graph/rewrite.h"

#include <string.h>

#include "core/graph/fold.h"
#include "core/graph/graph-private.h"

#define SMALL_PARAMETER 8

typedef struct
{
  PstGraph                *graph; /* being built */
  GHashTable              *map;   /* old value -> new value */
  GHashTable              *fixed; /* new parameters that came from folding */
  GHashTable              *needed; /* old nodes and values */
  const PstRewriteOptions *options;
  PstFoldLimits            limits;
  int                      opset;
} Specializer;

static PstValue *
map_value (Specializer *s, PstValue *value)
{
  PstValue *known = g_hash_table_lookup (s->map, value);

  if (known || value->kind != PST_VALUE_PARAMETER)
    return known;
  known = pst_graph_add_parameter (s->graph, value->name, value->array);
  g_hash_table_insert (s->map, value, known);
  return known;
}

/* Whether the numbers of a value are known for good. */
static gboolean
is_known (Specializer *s, const PstValue *value)
{
  if (value->kind != PST_VALUE_PARAMETER)
    return FALSE;
  return ! s->options->training || value->info.dtype != PST_FLOAT32 ||
         g_hash_table_contains (s->fixed, value) ||
         pst_tensor_count (&value->info) <= SMALL_PARAMETER;
}

static gboolean
can_fold (Specializer *s, const PstNode *node, PstValue *const *in)
{
  if (node->op->flags & PST_OP_FROM_SHAPE)
    return TRUE;
  for (int i = 0; i < node->n_in; i++)
    if (in[i] && ! is_known (s, in[i]))
      return FALSE;
  return TRUE;
}

/* Runs the node now; its outputs become parameters. */
static gboolean
fold_node (Specializer *s, PstNode *node, PstCall *call, GError **error)
{
  PstArray *arrays[PST_MAX_IO];

  if (! pst_fold_node (call, &s->limits, arrays, error))
    return FALSE;
  for (int i = 0; i < node->n_out; i++)
    if (arrays[i])
      {
        PstValue *value = pst_graph_add_parameter (
            s->graph, node->out[i]->name, arrays[i]);

        g_hash_table_add (s->fixed, value);
        g_hash_table_insert (s->map, node->out[i], value);
        pst_array_unref (arrays[i]);
      }
  return TRUE;
}

static void
copy_node (Specializer *s, PstNode *node, PstValue *const *in, PstCall *call)
{
  const char *names[PST_MAX_IO];
  PstNode    *copy;

  for (int i = 0; i < node->n_out; i++)
    names[i] = node->out[i] ? node->out[i]->name : NULL;
  copy = pst_graph_add_node (s->graph, node->op->domain, node->op->type,
                             node->name, in, node->n_in, names, node->n_out,
                             NULL);
  pst_node_copy_attrs (copy, node);
  for (int i = 0; i < node->n_out; i++)
    if (node->out[i])
      {
        copy->out[i]->info = *call->out[i];
        pst_tensor_layout (&copy->out[i]->info);
        g_hash_table_insert (s->map, node->out[i], copy->out[i]);
      }
}

static gboolean
check_outputs (PstCall *call, GError **error)
{
  for (int i = 0; i < call->n_out; i++)
    {
      if (! call->out[i])
        continue;
      if (call->out[i]->dtype == PST_DTYPE_NONE ||
          pst_shape_count (&call->out[i]->shape) < 0)
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("its result has no possible size"));
    }
  return TRUE;
}

/* Its first result is what it is given, and it has no other. */
static gboolean
is_identity (const PstNode *node)
{
  if (*node->op->domain || node->n_out < 1 || ! node->out[0] ||
      (strcmp (node->op->type, "Identity") &&
       strcmp (node->op->type, "Dropout")))
    return FALSE;
  for (int i = 1; i < node->n_out; i++)
    if (node->out[i])
      return FALSE;
  return TRUE;
}

/* BatchNormalization that takes the statistics of what it is given, as old
 * exporters wrote instance normalisation. */
static gboolean
takes_statistics (Specializer *s, const PstNode *node)
{
  if (*node->op->domain || strcmp (node->op->type, "BatchNormalization") ||
      node->n_in < 3)
    return FALSE;
  for (int i = 1; i < node->n_out; i++)
    if (node->out[i] && s->opset < 14)
      return s->opset >= 7;
  return s->opset >= 14  ? pst_node_get_int (node, "training_mode", 0) != 0
         : s->opset >= 7 ? FALSE
                         : pst_node_get_int (node, "is_test", 0) == 0;
}

/* With one sample that is instance normalisation. */
static gboolean
specialize_batch_norm (Specializer *s, PstNode *node, PstValue *const *in)
{
  const PstShape *shape;
  const char     *name = node->out[0]->name;
  PstNode        *norm;

  if (! takes_statistics (s, node) || ! in[0] || ! in[1] || ! in[2])
    return FALSE;
  shape = &in[0]->info.shape;
  if (shape->rank < 3 || shape->dim[0] != 1 ||
      in[0]->info.dtype != PST_FLOAT32)
    return FALSE;
  for (int i = 1; i < 3; i++)
    if (in[i]->info.dtype != PST_FLOAT32 || in[i]->info.shape.rank != 1 ||
        in[i]->info.shape.dim[0] != shape->dim[1])
      return FALSE;
  for (int i = 1; i < node->n_out; i++)
    if (node->out[i] && g_hash_table_contains (s->needed, node->out[i]))
      return FALSE;
  norm = pst_graph_add_node (s->graph, "", "InstanceNormalization",
                             node->name, in, 3, &name, 1, NULL);
  pst_node_set_float (norm, "epsilon",
                      pst_node_get_float (node, "epsilon", 1e-5f));
  norm->out[0]->info = in[0]->info;
  pst_tensor_layout (&norm->out[0]->info);
  g_hash_table_insert (s->map, node->out[0], norm->out[0]);
  return TRUE;
}

static gboolean
specialize_node (Specializer *s, PstNode *node, GError **error)
{
  PstValue  *in[PST_MAX_IO];
  PstTensor  in_info[PST_MAX_IO];
  PstTensor  out_info[PST_MAX_IO];
  PstTensor *in_at[PST_MAX_IO];
  PstTensor *out_at[PST_MAX_IO];
  PstCall    call = { .node = node, .n_in = node->n_in, .n_out = node->n_out,
                      .in = in_at, .out = out_at, .opset = s->opset,
                      .n_workers = 1 };

  for (int i = 0; i < node->n_in; i++)
    {
      in[i] = node->in[i] ? map_value (s, node->in[i]) : NULL;
      in_at[i] = in[i] ? &in_info[i] : NULL;
      if (! in[i])
        continue;
      in_info[i] = in[i]->info;
      if (is_known (s, in[i]))
        in_info[i].data = in[i]->array->tensor.data;
    }
  for (int i = 0; i < node->n_out; i++)
    {
      memset (&out_info[i], 0, sizeof out_info[i]);
      out_at[i] = node->out[i] ? &out_info[i] : NULL;
    }

  if (is_identity (node) && node->n_in > 0 && in[0])
    {
      g_hash_table_insert (s->map, node->out[0], in[0]);
      return TRUE;
    }
  if (specialize_batch_norm (s, node, in))
    return TRUE;
  if (! node->op->infer (&call, error) || ! check_outputs (&call, error))
    return FALSE;
  if (can_fold (s, node, in))
    return fold_node (s, node, &call, error);
  copy_node (s, node, in, &call);
  return TRUE;
}

/* Nodes that an output depends on. */
static GHashTable *
find_needed (PstGraph *graph)
{
  GHashTable *needed = g_hash_table_new (NULL, NULL);
  GPtrArray  *nodes = pst_graph_get_nodes (graph);
  GPtrArray  *outputs = pst_graph_get_outputs (graph);

  for (guint i = 0; i < outputs->len; i++)
    g_hash_table_add (needed, outputs->pdata[i]);
  for (guint i = nodes->len; i-- > 0;)
    {
      PstNode *node = nodes->pdata[i];
      gboolean used = FALSE;

      for (int k = 0; k < node->n_out; k++)
        used |= node->out[k] && g_hash_table_contains (needed, node->out[k]);
      if (! used)
        continue;
      g_hash_table_add (needed, node);
      for (int k = 0; k < node->n_in; k++)
        if (node->in[k])
          g_hash_table_add (needed, node->in[k]);
    }
  return needed;
}

static gboolean
add_inputs (Specializer *s, PstGraph *graph, GError **error)
{
  GPtrArray *inputs = pst_graph_get_inputs (graph);

  for (guint i = 0; i < inputs->len; i++)
    {
      PstValue       *input = inputs->pdata[i];
      const PstShape *given = &s->options->input_shapes[i];
      const PstShape *declared = &input->info.shape;
      PstValue       *value;
      gboolean        fits = pst_shape_count (given) >= 0;

      fits &= declared->rank < 0 || declared->rank == given->rank;
      for (int k = 0; k < given->rank && fits && declared->rank >= 0; k++)
        fits = declared->dim[k] < 0 || declared->dim[k] == given->dim[k];
      if (! fits)
        {
          g_autofree char *a = pst_shape_to_string (given);
          g_autofree char *b = declared->rank < 0
                                   ? g_strdup ("?")
                                   : pst_shape_to_string (declared);

          g_set_error (error, PST_ERROR, PST_ERROR_SHAPE,
                       _ ("the input “%s” must be %s, not %s"), input->name, b,
                       a);
          return FALSE;
        }
      value = pst_graph_add_input (s->graph, input->name, input->info.dtype,
                                   given);
      pst_tensor_layout (&value->info);
      g_hash_table_insert (s->map, input, value);
    }
  return TRUE;
}

PstGraph *
pst_rewrite_specialize (PstGraph *graph, const PstRewriteOptions *options,
                        GHashTable **map, GError **error)
{
  g_autoptr (GHashTable) needed = find_needed (graph);
  g_autoptr (GHashTable) fixed = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) values = g_hash_table_new (NULL, NULL);
  g_autoptr (PstGraph) result = pst_graph_new ();
  GPtrArray  *nodes = pst_graph_get_nodes (graph);
  GPtrArray  *outputs = pst_graph_get_outputs (graph);
  Specializer s = { result, values, fixed, needed, options,
                    pst_fold_limits (graph, options->input_shapes,
                                     options->budget),
                    pst_graph_get_opset (graph) };

  pst_graph_set_opset (result, s.opset);
  if (! add_inputs (&s, graph, error))
    return NULL;
  for (guint i = 0; i < nodes->len; i++)
    if (g_hash_table_contains (needed, nodes->pdata[i]) &&
        (g_cancellable_set_error_if_cancelled (options->cancellable, error) ||
         ! specialize_node (&s, nodes->pdata[i], error)))
      return NULL;
  for (guint i = 0; i < outputs->len; i++)
    {
      PstValue *old = outputs->pdata[i];

      pst_graph_add_output (result, map_value (&s, old), old->name);
    }
  *map = g_steal_pointer (&values);
  return g_steal_pointer (&result);
}
