/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include "core/graph/graph.h"

#include <stdarg.h>
#include <string.h>

#include "core/graph/graph-private.h"
#include "core/graph/op.h"

struct _PstGraph
{
  gint        ref_count;
  gboolean    sealed;
  int         opset;
  guint       serial; /* for made-up names */
  GPtrArray  *values;
  GPtrArray  *nodes;
  GPtrArray  *inputs;
  GPtrArray  *outputs;
  GHashTable *by_name;  /* name of the value -> value */
  GHashTable *by_array; /* PstArray -> value */
  GHashTable *metadata;
  GPtrArray  *metadata_keys;
};

static void
value_free (gpointer data)
{
  PstValue *value = data;

  g_free (value->name);
  pst_array_unref (value->array);
  g_free (value);
}

static void
node_free (gpointer data)
{
  PstNode *node = data;

  for (int i = 0; i < node->n_attrs; i++)
    pst_attr_clear (&node->attrs[i]);
  g_free (node->attrs);
  g_free (node->name);
  g_free (node->in);
  g_free (node->out);
  g_free (node);
}

PstGraph *
pst_graph_new (void)
{
  PstGraph *graph = g_new0 (PstGraph, 1);

  graph->ref_count = 1;
  graph->opset = 17;
  graph->values = g_ptr_array_new_with_free_func (value_free);
  graph->nodes = g_ptr_array_new_with_free_func (node_free);
  graph->inputs = g_ptr_array_new ();
  graph->outputs = g_ptr_array_new ();
  graph->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  graph->by_array = g_hash_table_new (NULL, NULL);
  graph->metadata =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  graph->metadata_keys = g_ptr_array_new ();
  return graph;
}

PstGraph *
pst_graph_ref (PstGraph *graph)
{
  g_atomic_int_inc (&graph->ref_count);
  return graph;
}

void
pst_graph_unref (PstGraph *graph)
{
  if (! graph || ! g_atomic_int_dec_and_test (&graph->ref_count))
    return;
  g_ptr_array_unref (graph->nodes);
  g_ptr_array_unref (graph->inputs);
  g_ptr_array_unref (graph->outputs);
  g_hash_table_unref (graph->by_name);
  g_hash_table_unref (graph->by_array);
  g_ptr_array_unref (graph->values);
  g_ptr_array_unref (graph->metadata_keys);
  g_hash_table_unref (graph->metadata);
  g_free (graph);
}

static char *
free_name (PstGraph *graph, const char *wish)
{
  if (wish && *wish && ! g_hash_table_contains (graph->by_name, wish))
    return g_strdup (wish);
  for (;;)
    {
      char *name = g_strdup_printf ("%s_%u", wish && *wish ? wish : "value",
                                    graph->serial++);

      if (! g_hash_table_contains (graph->by_name, name))
        return name;
      g_free (name);
    }
}

static PstValue *
add_value (PstGraph *graph, const char *name, PstValueKind kind)
{
  PstValue *value = g_new0 (PstValue, 1);

  value->name = free_name (graph, name);
  value->kind = kind;
  value->index = graph->values->len;
  g_ptr_array_add (graph->values, value);
  g_hash_table_insert (graph->by_name, value->name, value);
  return value;
}

PstValue *
pst_graph_add_input (PstGraph *graph, const char *name, PstDtype dtype,
                     const PstShape *shape)
{
  PstValue *value;

  g_return_val_if_fail (! graph->sealed, NULL);
  value = add_value (graph, name, PST_VALUE_INPUT);
  value->info.dtype = dtype;
  value->info.shape.rank = -1;
  if (shape)
    value->info.shape = *shape;
  g_ptr_array_add (graph->inputs, value);
  return value;
}

PstValue *
pst_graph_add_parameter (PstGraph *graph, const char *name, PstArray *array)
{
  PstValue *value;

  g_return_val_if_fail (! graph->sealed, NULL);
  value = add_value (graph, name, PST_VALUE_PARAMETER);
  value->array = pst_array_ref (array);
  value->info = array->tensor;
  value->info.data = NULL;
  g_hash_table_insert (graph->by_array, array, value);
  return value;
}

PstNode *
pst_graph_add_node (PstGraph *graph, const char *domain, const char *type,
                    const char *name, PstValue *const *in, int n_in,
                    const char *const *out_names, int n_out, GError **error)
{
  const PstOp *op = pst_op_find (domain, type);
  PstNode     *node;

  g_return_val_if_fail (! graph->sealed, NULL);
  if (! op)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_UNSUPPORTED,
                   _ ("the operator “%s%s%s” is not supported"), domain,
                   *domain ? "." : "", type);
      return NULL;
    }
  if (n_in > PST_MAX_IO || n_out > PST_MAX_IO || n_in < 0 || n_out < 1)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_UNSUPPORTED,
                   _ ("the operator “%s” has too many inputs or outputs"),
                   type);
      return NULL;
    }

  node = g_new0 (PstNode, 1);
  node->op = op;
  node->n_in = n_in;
  node->n_out = n_out;
  node->in = g_new0 (PstValue *, MAX (1, n_in));
  node->out = g_new0 (PstValue *, n_out);
  for (int i = 0; i < n_in; i++)
    node->in[i] = in[i];
  for (int i = 0; i < n_out; i++)
    {
      const char *wish = out_names ? out_names[i] : type;

      if (i > 0 && ! (wish && *wish))
        continue;
      node->out[i] = add_value (graph, wish, PST_VALUE_COMPUTED);
      node->out[i]->producer = node;
    }
  node->name = g_strdup (name && *name ? name : node->out[0]->name);
  g_ptr_array_add (graph->nodes, node);
  return node;
}

PstValue *
pst_graph_op (PstGraph *graph, const char *type, int n_in, ...)
{
  PstValue          *in[PST_MAX_IO];
  g_autoptr (GError) error = NULL;
  const char        *domain = "";
  PstNode           *node;
  va_list            args;

  if (g_str_has_prefix (type, "pastiche."))
    {
      domain = "pastiche";
      type += strlen ("pastiche.");
    }
  va_start (args, n_in);
  for (int i = 0; i < n_in; i++)
    in[i] = va_arg (args, PstValue *);
  va_end (args);
  node = pst_graph_add_node (graph, domain, type, NULL, in, n_in, NULL, 1,
                             &error);
  if (! node)
    g_error ("%s", error->message); /* a programmer's mistake */
  return node->out[0];
}

void
pst_graph_rename (PstGraph *graph, PstValue *value, const char *name)
{
  if (strcmp (value->name, name) == 0 ||
      g_hash_table_contains (graph->by_name, name))
    return;
  g_hash_table_remove (graph->by_name, value->name);
  g_free (value->name);
  value->name = g_strdup (name);
  g_hash_table_insert (graph->by_name, value->name, value);
}

void
pst_graph_add_output (PstGraph *graph, PstValue *value, const char *name)
{
  g_return_if_fail (! graph->sealed);
  if (name && *name && value->kind == PST_VALUE_COMPUTED)
    pst_graph_rename (graph, value, name);
  g_ptr_array_add (graph->outputs, value);
}

GPtrArray *
pst_graph_get_values (PstGraph *graph)
{
  return graph->values;
}

GPtrArray *
pst_graph_get_nodes (PstGraph *graph)
{
  return graph->nodes;
}

GPtrArray *
pst_graph_get_inputs (PstGraph *graph)
{
  return graph->inputs;
}

GPtrArray *
pst_graph_get_outputs (PstGraph *graph)
{
  return graph->outputs;
}

PstValue *
pst_graph_find (PstGraph *graph, const char *name)
{
  return g_hash_table_lookup (graph->by_name, name);
}

void
pst_graph_set_metadata (PstGraph *graph, const char *key, const char *value)
{
  if (! g_hash_table_contains (graph->metadata, key))
    {
      char *copy = g_strdup (key);

      g_hash_table_insert (graph->metadata, copy, g_strdup (value));
      g_ptr_array_add (graph->metadata_keys, copy);
      return;
    }
  g_hash_table_insert (graph->metadata, g_strdup (key), g_strdup (value));
}

const char *
pst_graph_get_metadata (PstGraph *graph, const char *key)
{
  return g_hash_table_lookup (graph->metadata, key);
}

GPtrArray *
pst_graph_get_metadata_keys (PstGraph *graph)
{
  return graph->metadata_keys;
}

void
pst_graph_set_opset (PstGraph *graph, int opset)
{
  graph->opset = opset;
}

int
pst_graph_get_opset (PstGraph *graph)
{
  return graph->opset;
}

void
pst_graph_seal (PstGraph *graph)
{
  graph->sealed = TRUE;
}

gboolean
pst_graph_is_sealed (PstGraph *graph)
{
  return graph->sealed;
}

/* The value of @graph that stands for @value of another graph. */
static PstValue *
append_value (PstGraph *graph, GHashTable *map, PstValue *value,
              const char *prefix)
{
  PstValue *known = g_hash_table_lookup (map, value);
  PstValue *copy;

  if (known)
    return known;
  g_return_val_if_fail (value->kind == PST_VALUE_PARAMETER, NULL);
  copy = g_hash_table_lookup (graph->by_array, value->array);
  if (! copy)
    {
      g_autofree char *name =
          g_strconcat (prefix ? prefix : "", value->name, NULL);

      copy = pst_graph_add_parameter (graph, name, value->array);
    }
  g_hash_table_insert (map, value, copy);
  return copy;
}

static void
append_node (PstGraph *graph, GHashTable *map, PstNode *node,
             const char *prefix)
{
  PstValue  *in[PST_MAX_IO];
  char      *names[PST_MAX_IO];
  PstNode   *copy;
  g_autofree char *name = g_strconcat (prefix ? prefix : "", node->name, NULL);

  for (int i = 0; i < node->n_in; i++)
    in[i] = node->in[i] ? append_value (graph, map, node->in[i], prefix)
                        : NULL;
  for (int i = 0; i < node->n_out; i++)
    names[i] = node->out[i] ? g_strconcat (prefix ? prefix : "",
                                           node->out[i]->name, NULL)
                            : NULL;
  copy = pst_graph_add_node (graph, node->op->domain, node->op->type, name, in,
                             node->n_in, (const char *const *) names,
                             node->n_out, NULL);
  pst_node_copy_attrs (copy, node);
  for (int i = 0; i < node->n_out; i++)
    {
      if (node->out[i])
        g_hash_table_insert (map, node->out[i], copy->out[i]);
      g_free (names[i]);
    }
}

GPtrArray *
pst_graph_append (PstGraph *graph, PstGraph *other, PstValue *const *inputs,
                  const char *prefix)
{
  g_autoptr (GHashTable) map = g_hash_table_new (NULL, NULL);
  GPtrArray *outputs = g_ptr_array_new ();

  for (guint i = 0; i < other->inputs->len; i++)
    g_hash_table_insert (map, other->inputs->pdata[i], inputs[i]);
  for (guint i = 0; i < other->nodes->len; i++)
    append_node (graph, map, other->nodes->pdata[i], prefix);
  for (guint i = 0; i < other->outputs->len; i++)
    g_ptr_array_add (outputs, append_value (graph, map,
                                            other->outputs->pdata[i], prefix));
  return outputs;
}
