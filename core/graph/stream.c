/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/graph/graph-private.h"
#include "core/graph/rebuild.h"
#include "core/graph/rewrite.h"

/* As PST_CONV_STAGES in core/ops/conv.h. */
#define MAX_STAGES 3

/*
 * Between a convolution and whoever reads its normalised result there is no
 * pass over the map: the value exists only as the convolution's raw result
 * together with a scale and shift for each channel (`Virtual`). Readers that
 * can apply these while reading get them as further inputs; for the others the
 * value is written out by ScaleAdd. Where not even the raw result is kept, the
 * Virtual holds the convolutions that make it, and the reader takes them in.
 */
typedef struct
{
  PstNode  *conv;  /* old */
  PstValue *scale; /* new: of what it reads; may be NULL */
  gboolean  relu;  /* on what it reads */
} Stage;

typedef struct
{
  PstValue *raw;   /* new; NULL where it is not kept */
  PstValue *scale; /* new: [N, 2, C] */
  gboolean  relu;
  PstValue *x;     /* new: what the first stage reads */
  Stage     stage[MAX_STAGES];
  int       n_stages;
} Virtual;

typedef struct
{
  PstRebuild              rebuild;
  const PstStreamOptions *options;
  GHashTable             *virtuals; /* old value -> Virtual */
  GHashTable             *stats;    /* old conv result -> new statistics */
  GHashTable             *absorbed; /* old nodes */
  gsize                   largest;
} Streamer;

static gboolean
is_map (const PstValue *value)
{
  return value && value->kind != PST_VALUE_PARAMETER &&
         value->info.shape.rank == 4 && value->info.dtype == PST_FLOAT32;
}

static gboolean
is_internal (const PstNode *node, const char *type)
{
  return node && strcmp (node->op->domain, "pastiche") == 0 &&
         strcmp (node->op->type, type) == 0;
}

/* A convolution of a map by constant weights. */
static gboolean
is_conv (const PstNode *node)
{
  return (pst_rebuild_is (node, "Conv") || is_internal (node, "FusedConv")) &&
         is_map (node->in[0]) && node->in[1]->array &&
         node->in[1]->info.shape.rank == 4 &&
         (node->n_in < 3 || ! node->in[2] || node->in[2]->array);
}

static gboolean
is_norm (const PstNode *node)
{
  return pst_rebuild_is (node, "InstanceNormalization") ||
         is_internal (node, "FusedInstanceNorm");
}

/* The norm that alone reads a convolution's result. */
static PstNode *
norm_after (Streamer *s, const PstNode *conv)
{
  const PstValue *y = conv->out[0];
  PstNode        *norm =
      s->rebuild.uses[y->index] == 1 ? s->rebuild.reader[y->index] : NULL;

  return norm && is_norm (norm) && norm->in[0] == y ? norm : NULL;
}

static gboolean
is_streamed_norm (Streamer *s, const PstNode *node)
{
  return node && is_norm (node) && is_map (node->in[0]) &&
         is_conv (node->in[0]->producer) &&
         norm_after (s, node->in[0]->producer) == node;
}

/* A sum of two maps of which one at least is a Virtual. */
static gboolean
is_sum (Streamer *s, const PstNode *node)
{
  return pst_rebuild_is (node, "Add") && is_map (node->in[0]) &&
         is_map (node->in[1]) && node->in[0] != node->in[1] &&
         pst_shape_equal (&node->in[0]->info.shape,
                          &node->in[1]->info.shape) &&
         (is_streamed_norm (s, node->in[0]->producer) ||
          is_streamed_norm (s, node->in[1]->producer));
}

/* Sixteen bits are for maps that only convolutions and sums read. */
static gboolean
may_be_packed (Streamer *s, GPtrArray *nodes, const PstValue *value)
{
  int n = 0;

  for (guint i = 0; i < nodes->len; i++)
    {
      const PstNode *node = nodes->pdata[i];

      for (int k = 0; k < node->n_in; k++)
        if (node->in[k] == value)
          {
            n++;
            if (! (k == 0 && is_conv (node)) && ! is_sum (s, node))
              return FALSE;
          }
    }
  return n == s->rebuild.uses[value->index];
}

static void
store_packed (Streamer *s, PstValue *value)
{
  gsize bytes = pst_tensor_bytes (&value->info);

  s->largest = MAX (s->largest, bytes);
  if (bytes < s->options->packed)
    return;
  value->info.dtype = PST_PACKED16;
  pst_tensor_layout (&value->info);
}

/* The value as numbers in memory. */
static PstValue *
value_of (Streamer *s, PstValue *old)
{
  PstValue      *known = pst_rebuild_value (&s->rebuild, old);
  const Virtual *v = old ? g_hash_table_lookup (s->virtuals, old) : NULL;
  PstNode       *node;

  if (known || ! v)
    return known;
  node = pst_rebuild_emit (&s->rebuild, "pastiche", "ScaleAdd",
                           old->producer,
                           (PstValue *[]) { v->raw, v->scale }, 2, old);
  pst_node_set_int (node, "relu_a", v->relu);
  return node->out[0];
}

/* Where a convolution reads from: the stages before it, and its own. */
static Virtual
stages_for (Streamer *s, PstNode *conv)
{
  const Virtual *before = g_hash_table_lookup (s->virtuals, conv->in[0]);
  Virtual        all = { 0 };
  Stage          own = { .conv = conv };

  if (g_hash_table_lookup (s->rebuild.map, conv->in[0]))
    before = NULL; /* it has been written out anyway */
  if (before)
    {
      all = *before;
      own.scale = before->scale;
      own.relu = before->relu;
      if (before->raw)
        {
          all.n_stages = 0;
          all.x = before->raw;
        }
    }
  else
    all.x = value_of (s, conv->in[0]);
  all.stage[all.n_stages++] = own;
  all.raw = all.scale = NULL;
  all.relu = FALSE;
  return all;
}

static void
set_stage (PstNode *node, int i, const Stage *stage)
{
  static const char *const names[] = { "strides", "dilations", "pads",
                                       "auto_pad", "group", "pad_mode",
                                       "upsample" };
  /* the last two mean nothing in a file's Conv */
  gsize n = G_N_ELEMENTS (names) - (*stage->conv->op->domain ? 0 : 2);

  for (gsize k = 0; k < n; k++)
    {
      const PstAttr   *attr = pst_node_attr (stage->conv, names[k]);
      g_autofree char *name =
          i ? g_strdup_printf ("%s%d", names[k], i) : g_strdup (names[k]);

      if (! attr)
        continue;
      if (attr->type == PST_ATTR_INT)
        pst_node_set_int (node, name, attr->i);
      else if (attr->type == PST_ATTR_STRING)
        pst_node_set_string (node, name, attr->s);
      else if (attr->type == PST_ATTR_INTS)
        pst_node_set_ints (node, name, attr->ints, attr->n);
    }
}

/* Adds the node for @v's stages. */
static PstNode *
emit_stages (Streamer *s, const char *type, const Virtual *v, int n_out)
{
  const Stage *last = &v->stage[v->n_stages - 1];
  PstValue    *in[1 + 3 * MAX_STAGES] = { v->x };
  gint64       relu[MAX_STAGES];
  PstNode     *node;

  for (int i = 0; i < v->n_stages; i++)
    {
      const PstNode *conv = v->stage[i].conv;

      in[1 + 3 * i] = pst_rebuild_value (&s->rebuild, conv->in[1]);
      in[3 + 3 * i] = v->stage[i].scale;
      relu[i] = v->stage[i].relu;
    }
  if (! norm_after (s, last->conv) && last->conv->n_in > 2)
    in[3 * v->n_stages - 1] =
        pst_rebuild_value (&s->rebuild, last->conv->in[2]);
  node = pst_graph_add_node (s->rebuild.graph, "pastiche", type,
                             last->conv->name, in, 1 + 3 * v->n_stages, NULL,
                             n_out, NULL);
  for (int i = 0; i < v->n_stages; i++)
    set_stage (node, i, &v->stage[i]);
  pst_node_set_ints (node, "relu_in", relu, v->n_stages);
  return node;
}

static void
set_stats_info (PstValue *stats, const PstValue *y)
{
  stats->info.dtype = PST_FLOAT32;
  stats->info.shape =
      PST_SHAPE (y->info.shape.dim[0], 2, y->info.shape.dim[1]);
  pst_tensor_layout (&stats->info);
}

/* Whether the raw result of a convolution is not to be kept: it is large and
 * only one convolution reads it, behind the norm. */
static gboolean
is_chained (Streamer *s, const PstNode *norm, const Virtual *v)
{
  const PstValue *z = norm->out[0];
  const PstNode  *reader = s->rebuild.reader[z->index];

  return v->n_stages < MAX_STAGES && s->rebuild.uses[z->index] == 1 &&
         is_conv (reader) && reader->in[0] == z &&
         pst_tensor_bytes (&norm->in[0]->info) >= s->options->chain;
}

static void
emit_normed (Streamer *s, PstNode *conv, PstNode *norm, Virtual *v)
{
  PstValue *y = conv->out[0];
  PstNode  *node;
  PstValue *stats;

  if (is_chained (s, norm, v))
    {
      s->largest = MAX (s->largest, pst_tensor_bytes (&y->info));
      node = emit_stages (s, "StreamStats", v, 1);
      stats = node->out[0];
    }
  else
    {
      node = emit_stages (s, "StreamConv", v, 2);
      v->raw = node->out[0];
      v->raw->info = y->info;
      store_packed (s, v->raw);
      stats = node->out[1];
    }
  set_stats_info (stats, y);
  g_hash_table_insert (s->stats, y, stats);
  g_hash_table_insert (s->virtuals, norm->out[0],
                       g_memdup2 (v, sizeof *v));
}

static void
emit_conv (Streamer *s, GPtrArray *nodes, PstNode *conv)
{
  PstNode *norm = norm_after (s, conv);
  Virtual  v = stages_for (s, conv);
  PstNode *relu = NULL, *node;
  PstValue *y = conv->out[0];

  if (norm)
    {
      emit_normed (s, conv, norm, &v);
      return;
    }
  relu = pst_rebuild_next (&s->rebuild, y, "Relu");
  if (relu)
    {
      g_hash_table_add (s->absorbed, relu);
      y = relu->out[0];
    }
  node = emit_stages (s, "StreamConv", &v, 1);
  pst_node_set_int (node, "relu", relu != NULL);
  node->out[0]->info = y->info;
  g_hash_table_insert (s->rebuild.map, y, node->out[0]);
  if (may_be_packed (s, nodes, y))
    store_packed (s, node->out[0]);
}

/* The norm itself: statistics, scale and shift become one scale and shift. */
static void
emit_norm (Streamer *s, PstNode *norm)
{
  PstValue *in[3] = { g_hash_table_lookup (s->stats, norm->in[0]),
                      value_of (s, norm->in[1]), value_of (s, norm->in[2]) };
  Virtual  *v = g_hash_table_lookup (s->virtuals, norm->out[0]);
  PstNode  *node = pst_graph_add_node (s->rebuild.graph, "pastiche",
                                       "NormScale", norm->name, in, 3, NULL,
                                       1, NULL);

  node->out[0]->info = in[0]->info;
  pst_node_set_float (node, "epsilon",
                      pst_node_get_float (norm, "epsilon", 1e-5f));
  v->scale = node->out[0];
  v->relu = *norm->op->domain && pst_node_get_int (norm, "relu", 0) != 0;
}

static void
emit_sum (Streamer *s, GPtrArray *nodes, PstNode *add)
{
  PstNode  *relu = pst_rebuild_next (&s->rebuild, add->out[0], "Relu");
  PstValue *result = relu ? relu->out[0] : add->out[0];
  PstValue *in[4] = { NULL };
  gint64    relus[2] = { 0, 0 };
  PstNode  *node;

  for (int i = 0; i < 2; i++)
    {
      const Virtual *v = g_hash_table_lookup (s->virtuals, add->in[i]);

      if (v && v->raw && ! g_hash_table_lookup (s->rebuild.map, add->in[i]))
        {
          in[2 * i] = v->raw;
          in[2 * i + 1] = v->scale;
          relus[i] = v->relu;
        }
      else
        in[2 * i] = value_of (s, add->in[i]);
    }
  node = pst_rebuild_emit (&s->rebuild, "pastiche", "ScaleAdd", add, in, 4,
                           result);
  pst_node_set_int (node, "relu_a", relus[0]);
  pst_node_set_int (node, "relu_b", relus[1]);
  pst_node_set_int (node, "relu", relu != NULL);
  if (relu)
    g_hash_table_add (s->absorbed, relu);
  if (may_be_packed (s, nodes, result) && s->options->packed_sums)
    store_packed (s, node->out[0]);
}

static void
copy_node (Streamer *s, PstNode *node)
{
  PstValue *in[PST_MAX_IO];

  for (int i = 0; i < node->n_in; i++)
    in[i] = value_of (s, node->in[i]);
  pst_rebuild_copy (&s->rebuild, node, in);
}

PstGraph *
pst_rewrite_stream (PstGraph *graph, const PstStreamOptions *options,
                    gsize *largest)
{
  Streamer   s = { .options = options };
  GPtrArray *nodes = pst_graph_get_nodes (graph);
  GPtrArray *outputs = pst_graph_get_outputs (graph);

  pst_rebuild_init (&s.rebuild, graph);
  s.virtuals = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  s.stats = g_hash_table_new (NULL, NULL);
  s.absorbed = g_hash_table_new (NULL, NULL);
  for (guint i = 0; i < nodes->len; i++)
    {
      PstNode *node = nodes->pdata[i];

      if (g_hash_table_contains (s.absorbed, node))
        continue;
      if (is_conv (node))
        emit_conv (&s, nodes, node);
      else if (is_streamed_norm (&s, node))
        emit_norm (&s, node);
      else if (is_sum (&s, node))
        emit_sum (&s, nodes, node);
      else
        copy_node (&s, node);
    }
  for (guint i = 0; i < outputs->len; i++)
    pst_graph_add_output (s.rebuild.graph, value_of (&s, outputs->pdata[i]),
                          ((PstValue *) outputs->pdata[i])->name);
  g_hash_table_unref (s.virtuals);
  g_hash_table_unref (s.stats);
  g_hash_table_unref (s.absorbed);
  if (largest)
    *largest = s.largest;
  return pst_rebuild_finish (&s.rebuild, NULL);
}
