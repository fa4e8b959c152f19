/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/onnx/onnx-private.h"

typedef enum
{
  STATE_NEW,
  STATE_OPEN, /* its inputs are being followed */
  STATE_DONE,
} State;

/* A node whose inputs are being followed. */
typedef struct
{
  guint node;
  gsize next; /* input to look at */
} Step;

typedef struct
{
  const Pst__Onnx__Graph *graph;
  GHashTable             *known;
  GHashTable             *producers; /* name -> node, counted from 1 */
  guint8                 *state;
  Step                   *stack;
  guint                   depth;
  guint                  *order;
  guint                   n_ordered;
} Sort;

static gboolean
find_producers (Sort *sort, GError **error)
{
  for (gsize i = 0; i < sort->graph->n_node; i++)
    {
      const Pst__Onnx__Node *node = sort->graph->node[i];

      for (gsize j = 0; j < node->n_output; j++)
        {
          char *name = node->output[j];

          if (! *name)
            continue;
          if (g_hash_table_contains (sort->known, name) ||
              ! g_hash_table_insert (sort->producers, name,
                                     GSIZE_TO_POINTER (i + 1)))
            return pst_onnx_fail (error, PST_ERROR_FORMAT,
                                  _("is damaged: “%s” is defined twice"),
                                  name);
        }
    }
  return TRUE;
}

static void
open_node (Sort *sort, guint node)
{
  sort->state[node] = STATE_OPEN;
  sort->stack[sort->depth++] = (Step) { .node = node };
}

/* Looks at one input of the innermost node, or closes the node. */
static gboolean
take_step (Sort *sort, GError **error)
{
  Step                  *step = &sort->stack[sort->depth - 1];
  const Pst__Onnx__Node *node = sort->graph->node[step->node];
  const char            *name;
  gsize                  producer;

  if (step->next == node->n_input)
    {
      sort->state[step->node] = STATE_DONE;
      sort->order[sort->n_ordered++] = step->node;
      sort->depth--;
      return TRUE;
    }
  name = node->input[step->next++];
  if (! *name || g_hash_table_contains (sort->known, name))
    return TRUE;
  producer = GPOINTER_TO_SIZE (g_hash_table_lookup (sort->producers, name));
  if (producer == 0)
    return pst_onnx_fail (error, PST_ERROR_FORMAT,
                          _("is damaged: “%s”, which a node of type “%s” "
                            "needs, is defined nowhere"),
                          name, node->op_type ? node->op_type : "");
  if (sort->state[producer - 1] == STATE_OPEN)
    return pst_onnx_fail (error, PST_ERROR_FORMAT,
                          _("is damaged: “%s” depends on itself"), name);
  if (sort->state[producer - 1] == STATE_NEW)
    open_node (sort, (guint) (producer - 1));
  return TRUE;
}

guint *
pst_onnx_sort (const Pst__Onnx__Graph *graph, GHashTable *known,
               GError **error)
{
  g_autoptr (GHashTable) producers =
      g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree guint8 *state = g_new0 (guint8, graph->n_node + 1);
  g_autofree Step   *stack = g_new (Step, graph->n_node + 1);
  g_autofree guint  *order = g_new (guint, graph->n_node + 1);
  Sort               sort = {
                  .graph = graph,
                  .known = known,
                  .producers = producers,
                  .state = state,
                  .stack = stack,
                  .order = order,
  };

  if (! find_producers (&sort, error))
    return NULL;
  for (guint i = 0; i < graph->n_node; i++)
    {
      if (state[i] == STATE_NEW)
        open_node (&sort, i);
      while (sort.depth > 0)
        if (! take_step (&sort, error))
          return NULL;
    }
  return g_steal_pointer (&order);
}
