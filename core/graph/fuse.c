/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/graph/graph-private.h"
#include "core/graph/rebuild.h"
#include "core/graph/rewrite.h"

typedef struct
{
  PstRebuild  rebuild;
  GHashTable *keep;
  GHashTable *absorbed; /* old nodes that went into another */
  GHashTable *norms;    /* last node of a fused norm -> the norm */
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
used_once (Fuser *f, const PstValue *value)
{
  return f->rebuild.uses[value->index] == 1;
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

  if (! pst_rebuild_is (pad, "Pad") || ! used_once (f, c->x) ||
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
  if (pst_rebuild_is (node, "Upsample"))
    return TRUE;
  return pst_rebuild_is (node, "Resize") &&
         strcmp (pst_node_get_string (node, "coordinate_transformation_mode",
                                      "half_pixel"),
                 "asymmetric") == 0 &&
         strcmp (pst_node_get_string (node, "nearest_mode",
                                      "round_prefer_floor"),
                 "floor") == 0;
}

/* Whether the scales that are stated are 1 or @scale: 2.3 makes 6 of 3, too,
 * but takes other numbers. */
static gboolean
has_scale (const PstNode *node, gint64 scale)
{
  int             input = node->n_in > 2 ? 2 : 1, n;
  const float    *attr = pst_node_get_floats (node, "scales", &n);
  const PstValue *in = node->n_in > input ? node->in[input] : NULL;

  for (int i = 0; i < n; i++)
    if (attr[i] != 1 && attr[i] != (float) scale)
      return FALSE;
  if (in && (! in->array || in->info.dtype != PST_FLOAT32))
    return FALSE;
  for (gint64 i = 0; in && i < pst_tensor_count (&in->info); i++)
    {
      double number = pst_tensor_get (&in->array->tensor, i);

      if (number != 1 && number != (double) scale)
        return FALSE;
    }
  return TRUE;
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
      from->dim[3] * scale != to->dim[3] || ! has_scale (node, scale))
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

static gboolean
fuse_conv (Fuser *f, PstNode *conv)
{
  ConvInput c = { .x = conv->in[0], .mode = "constant", .upsample = 1 };
  PstValue *in[3];
  PstNode  *node;
  gboolean  padded;

  if (! pst_rebuild_is (conv, "Conv") || conv->in[0]->info.shape.rank != 4 ||
      has_padding (conv))
    return FALSE;
  padded = absorb_pad (f, &c);
  absorb_upsample (f, &c);
  if (! padded && c.upsample == 1)
    return FALSE;
  in[0] = pst_rebuild_value (&f->rebuild, c.x);
  for (int i = 1; i < conv->n_in; i++)
    in[i] = pst_rebuild_value (&f->rebuild, conv->in[i]);
  node = pst_rebuild_emit (&f->rebuild, "pastiche", "FusedConv", conv, in, conv->n_in,
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
  PstNode   *mul = pst_rebuild_next (&f->rebuild, result, "Mul");
  PstNode   *add = mul ? pst_rebuild_next (&f->rebuild, mul->out[0], "Add") : NULL;

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
  n.relu = pst_rebuild_next (&f->rebuild, result, "Relu");
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

  if (! pst_rebuild_is (norm, "InstanceNormalization") ||
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
  PstValue  *in[3] = { pst_rebuild_value (&f->rebuild, norm->in[0]), pst_rebuild_value (&f->rebuild, n.scale),
                       pst_rebuild_value (&f->rebuild, n.shift) };
  PstNode   *node = pst_rebuild_emit (&f->rebuild, "pastiche", "FusedInstanceNorm", norm, in, 3,
                          n.last->out[0]);

  pst_node_copy_attrs (node, norm);
  pst_node_set_int (node, "relu", n.relu != NULL);
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

      if (! pst_rebuild_is (conv, "Conv") || c.x->info.shape.rank != 4 ||
          has_padding (conv))
        continue;
      absorb_pad (f, &c);
      absorb_upsample (f, &c);
    }
}

static void
copy_node (Fuser *f, PstNode *node)
{
  PstValue *in[PST_MAX_IO];

  for (int i = 0; i < node->n_in; i++)
    in[i] = pst_rebuild_value (&f->rebuild, node->in[i]);
  pst_rebuild_copy (&f->rebuild, node, in);
}

PstGraph *
pst_rewrite_fuse (PstGraph *graph, GHashTable *keep, GHashTable **map)
{
  Fuser      f = { .keep = keep };
  GPtrArray *nodes = pst_graph_get_nodes (graph);
  GPtrArray *outputs = pst_graph_get_outputs (graph);

  pst_rebuild_init (&f.rebuild, graph);
  f.absorbed = g_hash_table_new (NULL, NULL);
  f.norms = g_hash_table_new (NULL, NULL);
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
    pst_graph_add_output (f.rebuild.graph,
                          pst_rebuild_value (&f.rebuild, outputs->pdata[i]),
                          NULL);
  g_hash_table_unref (f.absorbed);
  g_hash_table_unref (f.norms);
  return pst_rebuild_finish (&f.rebuild, map);
}
