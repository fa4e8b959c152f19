/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/onnx/onnx-private.h"
#include "tests/fuzz/learn.h"
#include "tests/fuzz/mutate.h"

/* Values of attributes that are texts. */
static const char *const texts[] = {
  "",           "reflect",       "edge",           "constant",
  "wrap",       "nearest",       "linear",         "cubic",
  "asymmetric", "align_corners", "half_pixel",     "pytorch_half_pixel",
  "floor",      "ceil",          "round_prefer_floor",
  "round_prefer_ceil",           "NOTSET",         "SAME_UPPER",
  "SAME_LOWER", "VALID",         "DCR",            "CRD",
  "tanh",       "none",          "relu",           "tf_crop_and_resize",
  "not_larger", "not_smaller",   "stretch",        "add",
  "mul",        "bilinear",      "border",         "zeros",
  "reflection", "bij,bjk->bik",  "ii->i",          "max",
};

char *
fuzz_new_name (Mutation *m)
{
  char *name = fuzz_take (m, 8);

  if (! name)
    return (char *) "";
  for (int i = 0; i < 4; i++)
    name[i] = (char) ('a' + fuzz_below (m, 26));
  return name;
}

char *
fuzz_value_name (Mutation *m)
{
  Graph *graph = m->graph;
  guint  i = fuzz_below (m, graph->n_input + graph->n_initializer +
                                graph->n_node);

  if (i < graph->n_input)
    return graph->input[i]->name;
  i -= graph->n_input;
  if (i < graph->n_initializer)
    return graph->initializer[i]->name;
  i -= graph->n_initializer;
  if (i < graph->n_node && graph->node[i]->n_output > 0)
    return graph->node[i]->output[fuzz_below (m, graph->node[i]->n_output)];
  return NULL;
}

/* A value of the graph, or a new parameter. */
static char *
value_or_new (Mutation *m)
{
  char *name = fuzz_chance (m, 4) ? NULL : fuzz_value_name (m);

  if (name)
    return name;
  name = fuzz_new_name (m);
  fuzz_insert (m, &m->graph->initializer, &m->graph->n_initializer,
               m->graph->n_initializer, fuzz_tensor_new (m, name));
  return name;
}

static const PstOp *
op_of (const Node *node)
{
  const char *domain = pst_onnx_is_standard (node->domain) ? ""
                                                           : node->domain;

  return node->op_type ? pst_op_find (domain, node->op_type) : NULL;
}

static void
set_op (Mutation *m, Node *node, const PstOp *op)
{
  node->op_type = fuzz_text (m, op->type);
  node->domain = *op->domain ? fuzz_text (m, op->domain) : NULL;
}

void
fuzz_node_change (Mutation *m, Node *node)
{
  set_op (m, node, fuzz_op (fuzz_below (m, fuzz_n_ops ())));
  if (fuzz_chance (m, 2))
    fuzz_attribute_change (m, node);
}

/* Attributes */

static void
change_text (Mutation *m, Attribute *attribute)
{
  char *text = fuzz_text (m, texts[fuzz_below (m, G_N_ELEMENTS (texts))]);

  attribute->has_s = TRUE;
  attribute->s.data = (guint8 *) text;
  attribute->s.len = strlen (text);
}

static void
change_ints (Mutation *m, Attribute *attribute)
{
  gsize   n = MIN (attribute->n_ints, 64);
  gint64 *ints = fuzz_take (m, (n + 4) * sizeof (gint64));

  if (! ints)
    return;
  if (n)
    memcpy (ints, attribute->ints, n * sizeof (gint64));
  if (n > 0 && ! fuzz_chance (m, 4))
    ints[fuzz_below (m, n)] = fuzz_int (m);
  else if (n > 0 && fuzz_chance (m, 3))
    n--;
  else
    for (guint i = 1 + fuzz_below (m, 4); i > 0; i--)
      ints[n++] = fuzz_int (m);
  attribute->ints = ints;
  attribute->n_ints = n;
}

static void
change_floats (Mutation *m, Attribute *attribute)
{
  gsize  n = MIN (attribute->n_floats, 64);
  float *floats = fuzz_take (m, (n + 4) * sizeof (float));

  if (! floats)
    return;
  if (n)
    memcpy (floats, attribute->floats, n * sizeof (float));
  if (n > 0 && ! fuzz_chance (m, 4))
    floats[fuzz_below (m, n)] = fuzz_float (m);
  else if (n > 0 && fuzz_chance (m, 3))
    n--;
  else
    for (guint i = 1 + fuzz_below (m, 4); i > 0; i--)
      floats[n++] = fuzz_float (m);
  attribute->floats = floats;
  attribute->n_floats = n;
}

static void
change_content (Mutation *m, Attribute *attribute)
{
  switch (attribute->type)
    {
    case PST_ATTR_FLOAT:
      attribute->has_f = TRUE;
      attribute->f = fuzz_float (m);
      break;
    case PST_ATTR_INT:
      attribute->has_i = TRUE;
      attribute->i = fuzz_int (m);
      break;
    case PST_ATTR_STRING:
      change_text (m, attribute);
      break;
    case PST_ATTR_TENSOR:
      if (attribute->t)
        fuzz_tensor_change (m, attribute->t);
      else
        attribute->t = fuzz_tensor_new (m, "");
      break;
    case PST_ATTR_FLOATS:
      change_floats (m, attribute);
      break;
    default:
      attribute->type = PST_ATTR_INTS;
      change_ints (m, attribute);
    }
}

static Attribute *
attribute_new (Mutation *m, const char *name, int type)
{
  Attribute *attribute = fuzz_take (m, sizeof *attribute);

  if (! attribute)
    return NULL;
  pst__onnx__attribute__init (attribute);
  attribute->name = fuzz_text (m, name);
  attribute->has_type = TRUE;
  attribute->type = type;
  change_content (m, attribute);
  return attribute;
}

/* One that the operator has asked for, mostly. */
static void
attribute_add (Mutation *m, Node *node)
{
  const PstOp         *op = fuzz_chance (m, 16) ? NULL : op_of (node);
  const FuzzAttribute *known = fuzz_attribute (op, fuzz_random (m));
  Attribute           *attribute;

  if (! known && op && strstr (op->type, "Constant"))
    attribute = attribute_new (m, "value", PST_ATTR_TENSOR);
  else if (known)
    attribute = attribute_new (m, known->name, known->type);
  else
    return;
  for (gsize i = node->n_attribute; attribute && i-- > 0;)
    if (g_strcmp0 (node->attribute[i]->name, attribute->name) == 0)
      fuzz_remove (&node->attribute, &node->n_attribute, i);
  fuzz_insert (m, &node->attribute, &node->n_attribute, node->n_attribute,
               attribute);
}

void
fuzz_attribute_change (Mutation *m, Node *node)
{
  gsize i = fuzz_below (m, node->n_attribute);

  if (node->n_attribute == 0 || fuzz_chance (m, 4))
    attribute_add (m, node);
  else if (fuzz_chance (m, 6))
    fuzz_remove (&node->attribute, &node->n_attribute, i);
  else
    {
      Attribute *copy = fuzz_take (m, sizeof *copy);

      if (! copy)
        return;
      *copy = *node->attribute[i]; /* another node may have it, too */
      if (fuzz_chance (m, 40))
        copy->type = 1 + fuzz_below (m, 8);
      change_content (m, copy);
      node->attribute[i] = copy;
    }
}

/* Edges */

void
fuzz_edge_change (Mutation *m, Node *node)
{
  gsize i = fuzz_below (m, node->n_input);
  char *name = fuzz_value_name (m);

  switch (fuzz_below (m, 8))
    {
    case 0: /* one input less */
      fuzz_remove (&node->input, &node->n_input, i);
      break;
    case 1: /* one more */
      fuzz_insert (m, &node->input, &node->n_input,
                   fuzz_below (m, node->n_input + 1), value_or_new (m));
      break;
    case 2: /* left out */
      if (node->n_input)
        node->input[i] = fuzz_text (m, "");
      break;
    case 3: /* an output more, or left out */
      if (fuzz_chance (m, 2) || node->n_output < 2)
        fuzz_insert (m, &node->output, &node->n_output, node->n_output,
                     fuzz_new_name (m));
      else
        node->output[fuzz_below (m, node->n_output)] = fuzz_text (m, "");
      break;
    case 4: /* a parameter of its own */
      name = value_or_new (m);
      /* fall through */
    default:
      if (node->n_input && name)
        node->input[i] = name;
    }
}

static void
replace_uses (Graph *graph, const char *from, char *to, const Node *but)
{
  for (gsize i = 0; i < graph->n_node; i++)
    for (gsize k = 0; k < graph->node[i]->n_input && graph->node[i] != but;
         k++)
      if (strcmp (graph->node[i]->input[k], from) == 0)
        graph->node[i]->input[k] = to;
}

static void
add_output (Mutation *m, const char *name)
{
  fuzz_insert (m, &m->graph->output, &m->graph->n_output,
               m->graph->n_output, fuzz_info_new (m, name));
}

/* A new node behind some value, in place of it or beside. */
void
fuzz_node_insert (Mutation *m)
{
  Node *node = fuzz_take (m, sizeof *node);
  char *from = fuzz_value_name (m);
  char *to = fuzz_new_name (m);

  if (! node)
    return;
  pst__onnx__node__init (node);
  set_op (m, node, fuzz_op (fuzz_below (m, fuzz_n_ops ())));
  fuzz_insert (m, &node->input, &node->n_input, 0,
               from ? from : value_or_new (m));
  for (guint i = fuzz_below (m, 4); i > 0; i--)
    fuzz_insert (m, &node->input, &node->n_input, 1, value_or_new (m));
  fuzz_insert (m, &node->output, &node->n_output, 0, to);
  while (fuzz_chance (m, 2) && node->n_attribute < 8)
    fuzz_attribute_change (m, node);
  if (from && ! fuzz_chance (m, 3))
    replace_uses (m->graph, from, to, node);
  fuzz_insert (m, &m->graph->node, &m->graph->n_node, m->graph->n_node,
               node);
  if (m->graph->n_output == 0 || fuzz_chance (m, 2))
    add_output (m, to);
}

void
fuzz_node_remove (Mutation *m)
{
  gsize i = fuzz_below (m, m->graph->n_node);
  Node *node = m->graph->node[i];

  if (node->n_input > 0 && node->n_output > 0 && *node->input[0])
    {
      replace_uses (m->graph, node->output[0], node->input[0], node);
      for (gsize k = 0; k < m->graph->n_output; k++)
        if (g_strcmp0 (m->graph->output[k]->name, node->output[0]) == 0)
          m->graph->output[k]->name = node->input[0];
    }
  fuzz_remove (&m->graph->node, &m->graph->n_node, i);
}

/* One more node like @node, perhaps of another graph, put behind its
 * output. */
void
fuzz_node_copy (Mutation *m, const Node *node)
{
  Node *copy = fuzz_take (m, sizeof *copy);

  if (! copy || node->n_output == 0)
    return;
  *copy = *node;
  copy->input = NULL;
  copy->output = NULL;
  copy->n_input = copy->n_output = 0;
  copy->name = NULL;
  for (gsize i = 0; i < node->n_input; i++)
    fuzz_insert (m, &copy->input, &copy->n_input, i,
                 i > 0 && fuzz_chance (m, 2) ? node->input[i]
                                             : value_or_new (m));
  for (gsize i = 0; i < node->n_output; i++)
    fuzz_insert (m, &copy->output, &copy->n_output, i, fuzz_new_name (m));
  fuzz_insert (m, &m->graph->node, &m->graph->n_node, m->graph->n_node,
               copy);
  if (copy->n_output > 0)
    add_output (m, copy->output[0]);
}

void
fuzz_outputs_change (Mutation *m)
{
  char *name = fuzz_value_name (m);

  if (m->graph->n_output > 1 && fuzz_chance (m, 2))
    fuzz_remove (&m->graph->output, &m->graph->n_output,
                 fuzz_below (m, m->graph->n_output));
  else if (name)
    add_output (m, name);
}

/* Joining graphs */

/* The prefix makes a new name of an old one; "" stays. */
static char *
rename_one (Mutation *m, const char *prefix, const char *name)
{
  char *longer = fuzz_take (m, strlen (prefix) + strlen (name) + 1);

  if (! longer || ! *name)
    return (char *) "";
  return strcat (strcpy (longer, prefix), name);
}

Graph *
fuzz_rename (Mutation *m, Graph *graph)
{
  char prefix[2] = { (char) ('A' + fuzz_below (m, 26)), 0 };

  for (gsize i = 0; i < graph->n_node; i++)
    {
      Node *node = graph->node[i];

      for (gsize k = 0; k < node->n_input; k++)
        node->input[k] = rename_one (m, prefix, node->input[k]);
      for (gsize k = 0; k < node->n_output; k++)
        node->output[k] = rename_one (m, prefix, node->output[k]);
    }
  for (gsize i = 0; i < graph->n_initializer; i++)
    if (graph->initializer[i]->name)
      graph->initializer[i]->name =
          rename_one (m, prefix, graph->initializer[i]->name);
  for (gsize i = 0; i < graph->n_output; i++)
    if (graph->output[i]->name)
      graph->output[i]->name = rename_one (m, prefix, graph->output[i]->name);
  for (gsize i = graph->n_input; i-- > 0;)
    {
      ValueInfo *info = graph->input[i];
      char      *ours = fuzz_value_name (m);

      if (info->name)
        info->name = rename_one (m, prefix, info->name);
      if (! info->name || ! ours || fuzz_chance (m, 3))
        continue;
      replace_uses (graph, info->name, ours, NULL);
      fuzz_remove (&graph->input, &graph->n_input, i);
    }
  return graph;
}
