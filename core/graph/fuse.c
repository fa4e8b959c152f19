/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/graph/graph-private.h"
#include "core/graph/rewrite.h"

typedef struct
{
  PstGraph   *graph; /* being built */
  GHashTable *map;   /* old value -> new value */
  GHashTable *keep;
  GHashTable *absorbed; /* old nodes that went into another */
  GHashTable *norms;    /* last node of a fused norm -> the norm */
  int        *uses;     /* by index of the old value */
  PstNode   **reader;   /* one of them */
} Fuser;

/* What a convolution takes in from the nodes before it. */
typedef struct
{
  PstValue   *x;
  const char *mode; /* of padding */
  gint64      pads[4]; /* top, left, bottom, right */
  gint64      upsample;
} ConvInput;

static gboolean
is_op (const PstNode *node, const char *type)
{
  return node && ! *node->op->domain && strcmp (node->op->type, type) == 0;
}

static gboolean
used_once (Fuser *f, const PstValue *value)
{
  return f->uses[value->index] == 1;
}

/* The only reader of a value, if it is of this type. */
static PstNode *
next_node (Fuser *f, const PstValue *value, const char *type)
{
  PstNode *node = used_once (f, value) ? f->reader[value->index] : NULL;

  return is_op (node, type) ? node : NULL;
}

static void
count_uses (Fuser *f, PstGraph *graph)
{
  GPtrArray *nodes = pst_graph_get_nodes (graph);
  GPtrArray *outputs = pst_graph_get_outputs (graph);
  guint      n = pst_graph_get_values (graph)->len;

  f->uses = g_new0 (int, n);
  f->reader = g_new0 (PstNode *, n);
  for (guint i = 0; i < nodes->len; i++)
    {
      PstNode *node = nodes->pdata[i];

      for (int k = 0; k < node->n_in; k++)
        if (node->in[k])
          {
            f->uses[node->in[k]->index]++;
            f->reader[node->in[k]->index] = node;
          }
    }
  for (guint i = 0; i < outputs->len; i++)
    f->uses[((PstValue *) outputs->pdata[i])->index] += 2;
}

/* Numbers of a known parameter or attribute, as int64; FALSE if not known or
 * not n of them. */
static gboolean
get_numbers (const PstNode *node, int input, const char *attr, int n,
             gint64 *numbers)
{
  int           count;
  const gint64 *ints = pst_node_get_ints (node, attr, &count);

  if (ints && count == n)
    {
      memcpy (numbers, ints, sizeof (gint64) * n);
      return TRUE;
    }
  if (node->n_in <= input || ! node->in[input] || ! node->in[input]->array ||
      pst_tensor_count (&node->in[input]->array->tensor) != n)
    return FALSE;
  for (int i = 0; i < n; i++)
    numbers[i] = pst_tensor_get_int (&node->in[input]->array->tensor, i);
  return TRUE;
}

static gboolean
absorb_pad (Fuser *f, ConvInput *c)
{
  PstNode    *pad = c->x->producer;
  gint64      p[8];
  const char *mode;

  if (! is_op (pad, "Pad") || ! used_once (f, c->x) ||
      pad->in[0]->info.shape.rank != 4 ||
      pad->in[0]->info.dtype != PST_FLOAT32 || pad->n_in > 3 ||
      ! get_numbers (pad, 1, "pads", 8, p))
    return FALSE;
  mode = pst_node_get_string (pad, "mode", "constant");
  if (strcmp (mode, "constant") == 0 &&
      (pst_node_get_float (pad, "value", 0.0f) != 0.0f ||
       (pad->n_in > 2 && pad->in[2] &&
        (! pad->in[2]->array ||
         pst_tensor_get (&pad->in[2]->array->tensor, 0) != 0.0))))
    return FALSE;
  if (strcmp (mode, "constant") && strcmp (mode, "reflect") &&
      strcmp (mode, "edge"))
    return FALSE;
  if (p[0] || p[1] || p[4] || p[5] || p[2] < 0 || p[3] < 0 || p[6] < 0 ||
      p[7] < 0)
    return FALSE;
  c->mode = mode;
  memcpy (c->pads, (gint64[]) { p[2], p[3], p[6], p[7] }, sizeof c->pads);
  c->x = pad->in[0];
  g_hash_table_add (f->absorbed, pad);
  return TRUE;
}

static gboolean
is_nearest_floor (const PstNode *node)
{
  if (strcmp (pst_node_get_string (node, "mode", "nearest"), "nearest"))
    return FALSE;
  if (is_op (node, "Upsample"))
    return TRUE;
  return is_op (node, "Resize") &&
         strcmp (pst_node_get_string (node, "coordinate_transformation_mode",
                                      "half_pixel"),
                 "asymmetric") == 0 &&
         strcmp (pst_node_get_string (node, "nearest_mode",
                                      "round_prefer_floor"),
                 "floor") == 0;
}

static void
absorb_upsample (Fuser *f, ConvInput *c)
{
  PstNode         *node = c->x->producer;
  const PstShape  *from, *to;
  gint64           scale;

  if (! node || ! is_nearest_floor (node) || ! used_once (f, c->x))
    return;
  from = &node->in[0]->info.shape;
  to = &c->x->info.shape;
  if (from->rank != 4 || from->dim[0] != to->dim[0] ||
      from->dim[1] != to->dim[1] || from->dim[2] < 1 || from->dim[3] < 1)
    return;
  scale = to->dim[2] / from->dim[2];
  if (scale < 1 || scale > 16 || from->dim[2] * scale != to->dim[2] ||
      from->dim[3] * scale != to->dim[3])
    return;
  c->upsample = scale;
  c->x = node->in[0];
  g_hash_table_add (f->absorbed, node);
}

static gboolean
has_padding (const PstNode *conv)
{
  int           n;
  const gint64 *pads = pst_node_get_ints (conv, "pads", &n);
  const char   *automatic = pst_node_get_string (conv, "auto_pad", "NOTSET");

  if (strcmp (automatic, "NOTSET") && strcmp (automatic, "VALID"))
    return TRUE;
  for (int i = 0; i < n; i++)
    if (pads[i])
      return TRUE;
  return FALSE;
}

static PstValue *
map_value (Fuser *f, PstValue *value)
{
  PstValue *known;

  if (! value)
    return NULL;
  known = g_hash_table_lookup (f->map, value);
  if (known || value->kind != PST_VALUE_PARAMETER)
    return known;
  known = pst_graph_add_parameter (f->graph, value->name, value->array);
  g_hash_table_insert (f->map, value, known);
  return known;
}

/* Adds a node that computes what @result was. */
static PstNode *
emit (Fuser *f, const char *domain, const char *type, const PstNode *like,
      PstValue *const *in, int n_in, PstValue *result)
{
  const char *name = result->name;
  PstNode    *node = pst_graph_add_node (f->graph, domain, type, like->name,
                                         in, n_in, &name, 1, NULL);

  node->out[0]->info = result->info;
  g_hash_table_insert (f->map, result, node->out[0]);
  return node;
}

static gboolean
fuse_conv (Fuser *f, PstNode *conv)
{
  ConvInput c = { .x = conv->in[0], .mode = "constant", .upsample = 1 };
  PstValue *in[3];
  PstNode  *node;
  gboolean  padded;

  if (! is_op (conv, "Conv") || conv->in[0]->info.shape.rank != 4 ||
      has_padding (conv))
    return FALSE;
  padded = absorb_pad (f, &c);
  absorb_upsample (f, &c);
  if (! padded && c.upsample == 1)
    return FALSE;
  in[0] = map_value (f, c.x);
  for (int i = 1; i < conv->n_in; i++)
    in[i] = map_value (f, conv->in[i]);
  node = emit (f, "pastiche", "FusedConv", conv, in, conv->n_in,
               conv->out[0]);
  pst_node_copy_attrs (node, conv);
  pst_node_set_string (node, "pad_mode", c.mode);
  pst_node_set_ints (node, "pads", c.pads, 4);
  pst_node_set_int (node, "upsample", c.upsample);
  return TRUE;
}

static gboolean
all_equal (Fuser *f, const PstValue *value, double number)
{
  if (! value->array || g_hash_table_contains (f->keep, value))
    return FALSE;
  for (gint64 i = 0; i < pst_tensor_count (&value->array->tensor); i++)
    if (pst_tensor_get (&value->array->tensor, i) != number)
      return FALSE;
  return TRUE;
}

/* The other operand of Mul or Add, if it holds one number per sample and
 * channel of @x. */
static PstValue *
channel_operand (const PstNode *node, const PstValue *x)
{
  PstValue       *other = node->in[0] == x ? node->in[1] : node->in[0];
  const PstShape *s = &other->info.shape;
  const PstShape *m = &x->info.shape;

  if (other == x || s->rank != 4 || s->dim[2] != 1 || s->dim[3] != 1 ||
      s->dim[1] != m->dim[1] || (s->dim[0] != 1 && s->dim[0] != m->dim[0]))
    return NULL;
  return other;
}

/* What an instance normalisation takes in from the nodes after it. */
typedef struct
{
  PstValue *scale;
  PstValue *shift;
  PstNode  *mul; /* NULL where scale and shift are the norm's own */
  PstNode  *add;
  PstNode  *relu;
  PstNode  *last; /* of these; NULL where there is nothing to fuse */
} NormOutput;

static NormOutput
examine_norm (Fuser *f, PstNode *norm)
{
  NormOutput n = { .scale = norm->in[1], .shift = norm->in[2] };
  PstValue  *result = norm->out[0];
  PstNode   *mul = next_node (f, result, "Mul");
  PstNode   *add = mul ? next_node (f, mul->out[0], "Add") : NULL;

  if (add && all_equal (f, norm->in[1], 1.0) &&
      all_equal (f, norm->in[2], 0.0))
    {
      PstValue *scale = channel_operand (mul, result);
      PstValue *shift = channel_operand (add, mul->out[0]);

      if (scale && shift)
        {
          n.scale = scale;
          n.shift = shift;
          n.mul = mul;
          n.add = n.last = add;
          result = add->out[0];
        }
    }
  n.relu = next_node (f, result, "Relu");
  if (n.relu)
    n.last = n.relu;
  return n;
}

/* Marks the nodes that go into the norm; it is computed where the last of
 * them stood, since scale and shift may come after the norm itself. */
static gboolean
begin_norm (Fuser *f, PstNode *norm)
{
  NormOutput n;

  if (! is_op (norm, "InstanceNormalization") ||
      norm->in[0]->info.shape.rank != 4)
    return FALSE;
  n = examine_norm (f, norm);
  if (! n.last)
    return FALSE;
  if (n.mul)
    {
      g_hash_table_add (f->absorbed, n.mul);
      g_hash_table_add (f->absorbed, n.add);
    }
  if (n.relu)
    g_hash_table_add (f->absorbed, n.relu);
  g_hash_table_insert (f->norms, n.last, norm);
  return TRUE;
}

static void
finish_norm (Fuser *f, PstNode *norm)
{
  NormOutput n = examine_norm (f, norm);
  PstValue  *in[3] = { map_value (f, norm->in[0]), map_value (f, n.scale),
                       map_value (f, n.shift) };
  PstNode   *node = emit (f, "pastiche", "FusedInstanceNorm", norm, in, 3,
                          n.last->out[0]);

  pst_node_copy_attrs (node, norm);
  pst_node_set_int (node, "relu", n.relu != NULL);
}

static void
copy_node (Fuser *f, PstNode *node)
{
  PstValue   *in[PST_MAX_IO];
  const char *names[PST_MAX_IO];
  PstNode    *copy;

  for (int i = 0; i < node->n_in; i++)
    in[i] = map_value (f, node->in[i]);
  for (int i = 0; i < node->n_out; i++)
    names[i] = node->out[i] ? node->out[i]->name : NULL;
  copy = pst_graph_add_node (f->graph, node->op->domain, node->op->type,
                             node->name, in, node->n_in, names, node->n_out,
                             NULL);
  pst_node_copy_attrs (copy, node);
  for (int i = 0; i < node->n_out; i++)
    if (node->out[i])
      {
        copy->out[i]->info = node->out[i]->info;
        g_hash_table_insert (f->map, node->out[i], copy->out[i]);
      }
}

/* Pads and upsamplings are decided on when their convolution is met, which
 * comes later: a first pass over the convolutions marks them. */
static void
mark_absorbed (Fuser *f, GPtrArray *nodes)
{
  for (guint i = 0; i < nodes->len; i++)
    {
      PstNode  *conv = nodes->pdata[i];
      ConvInput c = { .x = conv->n_in ? conv->in[0] : NULL };

      if (! is_op (conv, "Conv") || c.x->info.shape.rank != 4 ||
          has_padding (conv))
        continue;
      absorb_pad (f, &c);
      absorb_upsample (f, &c);
    }
}

PstGraph *
pst_rewrite_fuse (PstGraph *graph, GHashTable *keep, GHashTable **map)
{
  Fuser      f = { .graph = pst_graph_new (), .keep = keep };
  GPtrArray *nodes = pst_graph_get_nodes (graph);
  GPtrArray *inputs = pst_graph_get_inputs (graph);
  GPtrArray *outputs = pst_graph_get_outputs (graph);

  f.map = g_hash_table_new (NULL, NULL);
  f.absorbed = g_hash_table_new (NULL, NULL);
  f.norms = g_hash_table_new (NULL, NULL);
  count_uses (&f, graph);
  pst_graph_set_opset (f.graph, pst_graph_get_opset (graph));
  for (guint i = 0; i < inputs->len; i++)
    {
      PstValue *input = inputs->pdata[i];
      PstValue *copy = pst_graph_add_input (f.graph, input->name,
                                            input->info.dtype,
                                            &input->info.shape);

      copy->info = input->info;
      g_hash_table_insert (f.map, input, copy);
    }
  mark_absorbed (&f, nodes);
  for (guint i = 0; i < nodes->len; i++)
    {
      PstNode *node = nodes->pdata[i];

      PstNode *norm = g_hash_table_lookup (f.norms, node);

      if (norm)
        finish_norm (&f, norm);
      else if (! g_hash_table_contains (f.absorbed, node) &&
               ! fuse_conv (&f, node) && ! begin_norm (&f, node))
        copy_node (&f, node);
    }
  for (guint i = 0; i < outputs->len; i++)
    pst_graph_add_output (f.graph, map_value (&f, outputs->pdata[i]), NULL);
  g_hash_table_unref (f.absorbed);
  g_hash_table_unref (f.norms);
  g_free (f.uses);
  g_free (f.reader);
  *map = f.map;
  return f.graph;
}
