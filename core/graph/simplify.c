/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frame of the simplifications: rules are shown every node, add what
 * stands for it, and at last what nothing needs any more falls away. */
#include "config.h"

#include "core/graph/simplify.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/graph/graph-private.h"
#include "core/graph/rewrite.h"

#define MAX_ROUNDS 8
#define MAX_NUMBERS 65536 /* that are looked at to see whether they are one */

static const PstSimplifyRule rules[] = {
  pst_simplify_shapes, pst_simplify_upsampling, pst_simplify_transposed,
  pst_simplify_norm,   pst_simplify_affine,     pst_simplify_padding,
  pst_simplify_input,
};

static int *
uses_of (PstSimplifier *s, const PstValue *value)
{
  return &g_array_index (s->uses, int, value->index);
}

static PstValue *
resolve (PstSimplifier *s, PstValue *value)
{
  while (value && s->to->pdata[value->index])
    value = s->to->pdata[value->index];
  return value;
}

/* Makes the tables as long as the lists of values and nodes. */
static void
extend (PstSimplifier *s)
{
  guint n_values = pst_graph_get_values (s->graph)->len;
  guint n_nodes = pst_graph_get_nodes (s->graph)->len;

  g_ptr_array_set_size (s->to, n_values);
  g_array_set_size (s->uses, n_values);
  while (s->order->len < n_nodes)
    g_array_append_val (s->order, s->place);
}

gboolean
pst_simplify_is (const PstNode *node, const char *type)
{
  return node && ! *node->op->domain && strcmp (node->op->type, type) == 0;
}

PstValue *
pst_simplify_in (PstSimplifier *s, const PstNode *node, int i)
{
  return i < node->n_in ? resolve (s, node->in[i]) : NULL;
}

PstNode *
pst_simplify_from (const PstValue *value, const char *type)
{
  PstNode *node = value ? value->producer : NULL;

  return ! type || pst_simplify_is (node, type) ? node : NULL;
}

int
pst_simplify_uses (PstSimplifier *s, const PstValue *value)
{
  return *uses_of (s, value);
}

gboolean
pst_simplify_is_private (PstSimplifier *s, const PstValue *value)
{
  return *uses_of (s, value) <= 1;
}

PstNode *
pst_simplify_add (PstSimplifier *s, const PstNode *like, const char *type,
                  PstValue *const *in, int n_in)
{
  const char *name = like->out[0]->name;
  PstNode    *node = pst_graph_add_node (s->graph, "", type, like->name, in,
                                         n_in, &name, 1, NULL);

  extend (s);
  return node;
}

void
pst_simplify_copy_attrs (PstNode *to, const PstNode *from)
{
  pst_node_copy_attrs (to, from);
}

PstValue *
pst_simplify_settle (PstSimplifier *s, PstNode *node)
{
  PstTensor  in_info[PST_MAX_IO], out_info = { 0 };
  PstTensor *in[PST_MAX_IO], *out[] = { &out_info };
  PstCall    call = { .node = node, .n_in = node->n_in, .n_out = 1, .in = in,
                      .out = out, .opset = pst_graph_get_opset (s->graph),
                      .n_workers = 1 };

  if (s->failed)
    return NULL;
  for (int i = 0; i < node->n_in; i++)
    {
      PstValue *value = node->in[i];

      in[i] = value ? &in_info[i] : NULL;
      if (! value)
        continue;
      in_info[i] = value->info;
      if (value->array)
        in_info[i] = value->array->tensor;
      ++*uses_of (s, value);
    }
  if (! node->op->infer (&call, NULL) || pst_shape_count (&out_info.shape) < 0)
    return NULL;
  node->out[0]->info = out_info;
  pst_tensor_layout (&node->out[0]->info);
  return node->out[0];
}

static PstValue *
add_array (PstSimplifier *s, const char *name, PstDtype dtype,
           const PstShape *shape, gconstpointer numbers)
{
  g_autoptr (PstArray) array = pst_array_new (dtype, shape, TRUE);
  PstValue            *value;

  if (! array)
    {
      s->failed = TRUE;
      return NULL;
    }
  if (pst_tensor_bytes (&array->tensor) > 0)
    memcpy (array->tensor.data, numbers, pst_tensor_bytes (&array->tensor));
  value = pst_graph_add_parameter (s->graph, name, array);
  extend (s);
  return value;
}

PstValue *
pst_simplify_floats (PstSimplifier *s, const char *name, const PstShape *shape,
                     const float *numbers)
{
  return add_array (s, name, PST_FLOAT32, shape, numbers);
}

PstValue *
pst_simplify_ints (PstSimplifier *s, const char *name, int n,
                   const gint64 *numbers)
{
  const PstShape shape = PST_SHAPE (n);

  return add_array (s, name, PST_INT64, &shape, numbers);
}

gboolean
pst_simplify_replace (PstSimplifier *s, PstValue *old, PstValue *new)
{
  new = resolve (s, new);
  if (! new || new == old || new->info.dtype != old->info.dtype ||
      ! pst_shape_equal (&new->info.shape, &old->info.shape))
    return FALSE;
  s->to->pdata[old->index] = new;
  *uses_of (s, new) += *uses_of (s, old);
  s->changed = TRUE;
  return TRUE;
}

PstValue *
pst_simplify_reshape (PstSimplifier *s, const PstNode *like, PstValue *x,
                      const PstShape *shape)
{
  PstValue *in[2] = { x };

  if (! x || pst_shape_equal (&x->info.shape, shape))
    return x;
  in[1] = pst_simplify_ints (s, NULL, shape->rank, shape->dim);
  return pst_simplify_settle (s,
                              pst_simplify_add (s, like, "Reshape", in, 2));
}

gboolean
pst_simplify_get_number (const PstValue *value, double *number)
{
  const PstTensor *tensor = value && value->array ? &value->array->tensor
                                                  : NULL;
  gint64           n = tensor ? pst_tensor_count (tensor) : 0;

  if (n < 1 || n > MAX_NUMBERS || tensor->dtype == PST_BOOL)
    return FALSE;
  *number = pst_tensor_get (tensor, 0);
  for (gint64 i = 1; i < n; i++)
    if (pst_tensor_get (tensor, i) != *number)
      return FALSE;
  return TRUE;
}

int
pst_simplify_get_ints (PstSimplifier *s, const PstNode *node, int input,
                       const char *name, int max, gint64 *numbers)
{
  const PstValue *value = input < 0 ? NULL : pst_simplify_in (s, node, input);
  int             n = 0;
  const gint64   *ints = name ? pst_node_get_ints (node, name, &n) : NULL;

  if (value && value->array && value->info.dtype != PST_FLOAT32)
    {
      if (pst_tensor_count (&value->info) > max)
        return -1;
      n = (int) pst_tensor_count (&value->info);
      for (int i = 0; i < n; i++)
        numbers[i] = pst_tensor_get_int (&value->array->tensor, i);
      return n;
    }
  if (value || ! ints || n > max)
    return -1;
  memcpy (numbers, ints, sizeof (gint64) * n);
  return n;
}

gboolean
pst_simplify_is_reshape (const PstNode *node)
{
  return pst_simplify_is (node, "Reshape") ||
         pst_simplify_is (node, "Squeeze") ||
         pst_simplify_is (node, "Unsqueeze") ||
         pst_simplify_is (node, "Flatten");
}

double *
pst_simplify_channels (const PstValue *value, const PstShape *map, gint64 n,
                       gint64 inner)
{
  const PstShape *own = &value->info.shape;
  g_autofree double *numbers = NULL;
  gint64          total = pst_shape_count (map), step = 1;
  PstShape        whole;

  if (! value->array || value->info.dtype != PST_FLOAT32 || n < 1 ||
      n > PST_SIMPLIFY_MAX_CHANNELS || total < 1 || pst_shape_count (own) < 1 || total % (n * inner) ||
      ! pst_shape_broadcast (own, map, &whole) ||
      ! pst_shape_equal (&whole, map))
    return NULL;
  /* every axis of the operand must be 1 where the map's numbers belong to one
   * channel, and outside of the channels */
  for (int i = map->rank - 1; i >= 0; step *= map->dim[i--])
    {
      int    k = i - map->rank + own->rank;
      gint64 size = k >= 0 ? own->dim[k] : 1;

      if (size > 1 && (step % inner || step * map->dim[i] > inner * n))
        return NULL;
    }
  numbers = g_new (double, n);
  for (gint64 c = 0; c < n; c++)
    {
      gint64 offset = 0, rest = c * inner, pace = total;
      gint64 place = pst_shape_count (own);

      /* the index of number c * inner of the map, within the operand */
      for (int i = 0; i < map->rank; i++)
        {
          int    k = i - map->rank + own->rank;
          gint64 index;

          pace /= map->dim[i];
          index = rest / pace;
          rest %= pace;
          if (k < 0)
            continue;
          place /= own->dim[k];
          offset += own->dim[k] > 1 ? index * place : 0;
        }
      numbers[c] = pst_tensor_get (&value->array->tensor, offset);
    }
  return g_steal_pointer (&numbers);
}

/* Marks what outputs depend on and counts who reads what. */
static gboolean *
count_uses (PstSimplifier *s)
{
  GPtrArray *outputs = pst_graph_get_outputs (s->graph);
  g_autoptr (GPtrArray) stack = g_ptr_array_new ();
  gboolean  *live = g_new0 (gboolean, s->uses->len);

  memset (s->uses->data, 0, sizeof (int) * s->uses->len);
  for (guint i = 0; i < outputs->len; i++)
    {
      PstValue *value = resolve (s, outputs->pdata[i]);

      *uses_of (s, value) += 2; /* never private */
      g_ptr_array_add (stack, value);
    }
  while (stack->len)
    {
      PstValue *value = g_ptr_array_steal_index_fast (stack, stack->len - 1);
      PstNode  *node = value->producer;

      if (! node || live[node->out[0]->index])
        continue;
      live[node->out[0]->index] = TRUE;
      for (int i = 0; i < node->n_in; i++)
        {
          PstValue *in = pst_simplify_in (s, node, i);

          if (! in)
            continue;
          ++*uses_of (s, in);
          g_ptr_array_add (stack, in);
        }
    }
  return live;
}

typedef struct
{
  guint    place;
  guint    index;
  PstNode *node;
} Placed;

static int
compare_placed (gconstpointer a, gconstpointer b)
{
  const Placed *x = a, *y = b;

  if (x->place != y->place)
    return x->place < y->place ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

/* The nodes that outputs depend on, in order. */
static GArray *
list_nodes (PstSimplifier *s)
{
  GPtrArray           *nodes = pst_graph_get_nodes (s->graph);
  g_autofree gboolean *live = count_uses (s);
  GArray              *list = g_array_new (FALSE, FALSE, sizeof (Placed));

  for (guint i = 0; i < nodes->len; i++)
    {
      Placed placed = { g_array_index (s->order, guint, i), i,
                        nodes->pdata[i] };

      if (live[placed.node->out[0]->index])
        g_array_append_val (list, placed);
    }
  g_array_sort (list, compare_placed);
  return list;
}

static void
apply (PstSimplifier *s, PstSimplifyRule rule)
{
  g_autoptr (GArray) list = list_nodes (s);

  for (guint i = 0; i < list->len && ! s->failed; i++)
    {
      const Placed *placed = &g_array_index (list, Placed, i);

      s->place = placed->place;
      if (! s->to->pdata[placed->node->out[0]->index])
        rule (s, placed->node);
    }
}

static PstValue *
copy_value (PstGraph *graph, GHashTable *map, PstValue *value)
{
  PstValue *copy;

  if (! value)
    return NULL;
  copy = g_hash_table_lookup (map, value);
  if (copy || ! value->array)
    return copy;
  copy = pst_graph_add_parameter (graph, value->name, value->array);
  g_hash_table_insert (map, value, copy);
  return copy;
}

static void
copy_node (PstSimplifier *s, PstGraph *graph, GHashTable *map, PstNode *node)
{
  PstValue   *in[PST_MAX_IO];
  const char *names[PST_MAX_IO];
  PstNode    *copy;

  for (int i = 0; i < node->n_in; i++)
    in[i] = copy_value (graph, map, pst_simplify_in (s, node, i));
  for (int i = 0; i < node->n_out; i++)
    names[i] = node->out[i] ? node->out[i]->name : NULL;
  copy = pst_graph_add_node (graph, node->op->domain, node->op->type,
                             node->name, in, node->n_in, names, node->n_out,
                             NULL);
  pst_node_copy_attrs (copy, node);
  for (int i = 0; i < node->n_out; i++)
    if (node->out[i])
      {
        copy->out[i]->info = node->out[i]->info;
        g_hash_table_insert (map, node->out[i], copy->out[i]);
      }
}

static PstGraph *
rebuild (PstSimplifier *s)
{
  PstGraph *graph = pst_graph_new ();
  g_autoptr (GHashTable) map = g_hash_table_new (NULL, NULL);
  g_autoptr (GArray) list = list_nodes (s);
  GPtrArray *inputs = pst_graph_get_inputs (s->graph);
  GPtrArray *outputs = pst_graph_get_outputs (s->graph);

  pst_graph_set_opset (graph, pst_graph_get_opset (s->graph));
  for (guint i = 0; i < inputs->len; i++)
    {
      PstValue *input = inputs->pdata[i];
      PstValue *copy = pst_graph_add_input (graph, input->name,
                                            input->info.dtype,
                                            &input->info.shape);

      copy->info = input->info;
      g_hash_table_insert (map, input, copy);
    }
  for (guint i = 0; i < list->len; i++)
    copy_node (s, graph, map, g_array_index (list, Placed, i).node);
  for (guint i = 0; i < outputs->len; i++)
    {
      PstValue *old = outputs->pdata[i];

      pst_graph_add_output (graph, copy_value (graph, map, resolve (s, old)),
                            old->name);
    }
  return graph;
}

PstGraph *
pst_rewrite_simplify (PstGraph *graph, GError **error)
{
  PstSimplifier s = { .graph = graph };
  guint         n_nodes = pst_graph_get_nodes (graph)->len;
  PstGraph     *result = NULL;

  s.to = g_ptr_array_new ();
  s.uses = g_array_new (FALSE, TRUE, sizeof (int));
  s.order = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < n_nodes; i++)
    g_array_append_val (s.order, i);
  extend (&s);
  for (int round = 0; round < MAX_ROUNDS; round++)
    {
      s.changed = FALSE;
      for (gsize i = 0; i < G_N_ELEMENTS (rules); i++)
        apply (&s, rules[i]);
      if (! s.changed || s.failed)
        break;
    }
  if (s.failed)
    g_set_error (error, PST_ERROR, PST_ERROR_MEMORY,
                 _ ("there is not enough memory to prepare it"));
  else
    result = rebuild (&s);
  g_ptr_array_unref (s.to);
  g_array_unref (s.uses);
  g_array_unref (s.order);
  pst_graph_unref (graph);
  return result;
}
