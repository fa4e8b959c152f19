/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/graph/rebuild.h"

#include <string.h>

#include "core/graph/graph-private.h"

gboolean
pst_rebuild_is (const PstNode *node, const char *type)
{
  return node && ! *node->op->domain && strcmp (node->op->type, type) == 0;
}

PstNode *
pst_rebuild_next (PstRebuild *rebuild, const PstValue *value,
                  const char *type)
{
  PstNode *node = rebuild->uses[value->index] == 1
                      ? rebuild->reader[value->index]
                      : NULL;

  return pst_rebuild_is (node, type) ? node : NULL;
}

static void
count_uses (PstRebuild *rebuild, PstGraph *old)
{
  GPtrArray *nodes = pst_graph_get_nodes (old);
  GPtrArray *outputs = pst_graph_get_outputs (old);
  guint      n = pst_graph_get_values (old)->len;

  rebuild->uses = g_new0 (int, n);
  rebuild->reader = g_new0 (PstNode *, n);
  for (guint i = 0; i < nodes->len; i++)
    {
      PstNode *node = nodes->pdata[i];

      for (int k = 0; k < node->n_in; k++)
        if (node->in[k])
          {
            rebuild->uses[node->in[k]->index]++;
            rebuild->reader[node->in[k]->index] = node;
          }
    }
  for (guint i = 0; i < outputs->len; i++)
    rebuild->uses[((PstValue *) outputs->pdata[i])->index] += 2;
}

void
pst_rebuild_init (PstRebuild *rebuild, PstGraph *old)
{
  GPtrArray *inputs = pst_graph_get_inputs (old);

  rebuild->graph = pst_graph_new ();
  rebuild->map = g_hash_table_new (NULL, NULL);
  count_uses (rebuild, old);
  pst_graph_set_opset (rebuild->graph, pst_graph_get_opset (old));
  for (guint i = 0; i < inputs->len; i++)
    {
      PstValue *input = inputs->pdata[i];
      PstValue *copy = pst_graph_add_input (rebuild->graph, input->name,
                                            input->info.dtype,
                                            &input->info.shape);

      copy->info = input->info;
      g_hash_table_insert (rebuild->map, input, copy);
    }
}

PstGraph *
pst_rebuild_finish (PstRebuild *rebuild, GHashTable **map)
{
  g_free (rebuild->uses);
  g_free (rebuild->reader);
  if (map)
    *map = rebuild->map;
  else
    g_hash_table_unref (rebuild->map);
  return rebuild->graph;
}

PstValue *
pst_rebuild_value (PstRebuild *rebuild, PstValue *value)
{
  PstValue *known;

  if (! value)
    return NULL;
  known = g_hash_table_lookup (rebuild->map, value);
  if (known || value->kind != PST_VALUE_PARAMETER)
    return known;
  known = pst_graph_add_parameter (rebuild->graph, value->name, value->array);
  g_hash_table_insert (rebuild->map, value, known);
  return known;
}

PstNode *
pst_rebuild_emit (PstRebuild *rebuild, const char *domain, const char *type,
                  const PstNode *like, PstValue *const *in, int n_in,
                  PstValue *result)
{
  const char *name = result->name;
  PstNode    *node = pst_graph_add_node (rebuild->graph, domain, type,
                                         like->name, in, n_in, &name, 1,
                                         NULL);

  node->out[0]->info = result->info;
  g_hash_table_insert (rebuild->map, result, node->out[0]);
  return node;
}

PstNode *
pst_rebuild_copy (PstRebuild *rebuild, PstNode *node, PstValue *const *in)
{
  const char *names[PST_MAX_IO];
  PstNode    *copy;

  for (int i = 0; i < node->n_out; i++)
    names[i] = node->out[i] ? node->out[i]->name : NULL;
  copy = pst_graph_add_node (rebuild->graph, node->op->domain,
                             node->op->type, node->name, in, node->n_in,
                             names, node->n_out, NULL);
  pst_node_copy_attrs (copy, node);
  for (int i = 0; i < node->n_out; i++)
    if (node->out[i])
      {
        copy->out[i]->info = node->out[i]->info;
        g_hash_table_insert (rebuild->map, node->out[i], copy->out[i]);
      }
  return copy;
}
