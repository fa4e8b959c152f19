/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks that declare one size are made to work at any. */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/graph/op.h"
#include "core/graph/rewrite.h"

#define USUAL_SIZE 256

/* Heights and widths that are tried; all are multiples of 32. */
static const gint64 trials[][2] = { { 160, 224 }, { 288, 192 } };

/* @graph with another declared shape of its picture. */
static PstGraph *
with_shape (PstGraph *graph, PstGraph *like, guint input,
            const PstShape *shape)
{
  PstGraph  *copy = pst_graph_new ();
  GPtrArray *inputs = pst_graph_get_inputs (graph);
  GPtrArray *outputs = pst_graph_get_outputs (graph);
  GPtrArray *keys = pst_graph_get_metadata_keys (like);
  g_autoptr (GPtrArray) values = g_ptr_array_new ();
  g_autoptr (GPtrArray) results = NULL;

  pst_graph_set_opset (copy, pst_graph_get_opset (graph));
  for (guint i = 0; i < inputs->len; i++)
    {
      PstValue *old = inputs->pdata[i];
      PstValue *declared = pst_graph_get_inputs (like)->pdata[i];

      g_ptr_array_add (values, pst_graph_add_input (
                                   copy, old->name, old->info.dtype,
                                   i == input ? shape
                                              : &declared->info.shape));
    }
  results = pst_graph_append (copy, graph, (PstValue *const *) values->pdata,
                              NULL);
  for (guint i = 0; i < outputs->len; i++)
    pst_graph_add_output (copy, results->pdata[i],
                          ((PstValue *) outputs->pdata[i])->name);
  for (guint i = 0; i < keys->len; i++)
    pst_graph_set_metadata (copy, keys->pdata[i],
                            pst_graph_get_metadata (like, keys->pdata[i]));
  pst_graph_seal (copy);
  return copy;
}

/* The graph worked out for one size of its picture. */
static PstGraph *
specialize (PstGraph *graph, guint input, gint64 height, gint64 width,
            GError **error)
{
  GPtrArray           *inputs = pst_graph_get_inputs (graph);
  g_autofree PstShape *shapes = g_new0 (PstShape, inputs->len);
  PstRewriteOptions    options = { shapes, FALSE };
  g_autoptr (GHashTable) map = NULL;

  for (guint i = 0; i < inputs->len; i++)
    {
      shapes[i] = ((PstValue *) inputs->pdata[i])->info.shape;
      for (int k = 0; k < shapes[i].rank; k++)
        if (shapes[i].dim[k] < 0)
          shapes[i].dim[k] = 1;
    }
  shapes[input].dim[2] = height;
  shapes[input].dim[3] = width;
  return pst_rewrite_specialize (graph, &options, &map, error);
}

static gint64
shrinkage (const PstNode *node)
{
  gint64 in = pst_tensor_count (&node->in[0]->info);
  gint64 out = pst_tensor_count (&node->out[0]->info);

  return out > 0 ? in / out : 0;
}

/* A sum over the picture is followed by a number that is right for one size
 * only, as a rule. */
static gboolean
is_sum (const PstNode *node)
{
  return g_str_has_prefix (node->op->type, "Reduce") &&
         ! g_str_has_suffix (node->op->type, "Mean") &&
         ! g_str_has_suffix (node->op->type, "Max") &&
         ! g_str_has_suffix (node->op->type, "Min");
}

static void
blame (const PstNode *node, GError **error)
{
  g_autofree char *who = pst_node_describe (node);
  g_autofree char *shape = pst_shape_to_string (&node->out[0]->info.shape);

  if (is_sum (node))
    g_set_error (error, PST_ERROR, PST_ERROR_UNSUPPORTED,
                 _ ("%s: it sums over the whole picture"), who);
  else
    g_set_error (error, PST_ERROR, PST_ERROR_UNSUPPORTED,
                 _ ("%s: its result has the size %s, whatever the picture's"),
                 who, shape);
}

/* The node that keeps a network from following the size of its picture: @a
 * and @b are the same graph at two sizes. */
static const PstNode *
find_culprit (PstGraph *a, PstGraph *b)
{
  GPtrArray *first = pst_graph_get_nodes (a);
  GPtrArray *second = pst_graph_get_nodes (b);

  for (guint i = 0; i < first->len && i < second->len; i++)
    {
      const PstNode *x = first->pdata[i], *y = second->pdata[i];
      gboolean       moves = FALSE;

      if (x->op != y->op || x->n_in != y->n_in)
        return NULL;
      for (int k = 0; k < x->n_in; k++)
        moves |= x->in[k] && y->in[k] &&
                 ! pst_shape_equal (&x->in[k]->info.shape,
                                    &y->in[k]->info.shape);
      if (! moves)
        continue;
      if (is_sum (x) ? shrinkage (x) != shrinkage (y)
                     : pst_shape_equal (&x->out[0]->info.shape,
                                        &y->out[0]->info.shape) &&
                           x->out[0]->info.shape.rank == 4 &&
                           x->out[0]->info.shape.dim[2] > 1)
        return x;
    }
  return NULL;
}

static gboolean
keeps_size (PstGraph *graph, const gint64 size[2])
{
  const PstValue *out = pst_graph_get_outputs (graph)->pdata[0];
  const PstShape *shape = &out->info.shape;

  return shape->rank == 4 && shape->dim[2] == size[0] &&
         shape->dim[3] == size[1];
}

int
pst_rewrite_find_step (PstGraph *graph, guint input)
{
  for (int step = 4; step <= 32; step *= 2)
    {
      gint64 size[2] = { trials[0][0] + step, trials[0][1] + step };
      g_autoptr (PstGraph) at = specialize (graph, input, size[0], size[1],
                                            NULL);

      if (at && keeps_size (at, size))
        return step;
    }
  return 0;
}

static gboolean
follows_size (PstGraph *graph, guint input, GError **error)
{
  g_autoptr (PstGraph) a = NULL;
  g_autoptr (PstGraph) b = NULL;
  const PstNode       *culprit;

  a = specialize (graph, input, trials[0][0], trials[0][1], error);
  b = a ? specialize (graph, input, trials[1][0], trials[1][1], error) : NULL;
  if (! b)
    return FALSE;
  culprit = find_culprit (a, b);
  if (culprit && (is_sum (culprit) || ! keeps_size (a, trials[0])))
    blame (culprit, error);
  else if (! keeps_size (a, trials[0]) || ! keeps_size (b, trials[1]))
    g_set_error (error, PST_ERROR, PST_ERROR_UNSUPPORTED,
                 _ ("its result does not follow the picture's size"));
  else
    return TRUE;
  return FALSE;
}

PstGraph *
pst_rewrite_relax (PstGraph *graph, guint input, GError **error)
{
  const PstValue *value = pst_graph_get_inputs (graph)->pdata[input];
  PstShape        shape = value->info.shape;
  gint64          height = shape.rank == 4 ? shape.dim[2] : 0;
  gint64          width = shape.rank == 4 ? shape.dim[3] : 0;
  g_autoptr (PstGraph) simple = NULL;
  g_autoptr (PstGraph) relaxed = NULL;

  g_return_val_if_fail (shape.rank == 4, NULL);
  height = height > 0 ? height : width > 0 ? width : USUAL_SIZE;
  width = width > 0 ? width : height;
  shape.dim[0] = 1;
  shape.dim[2] = shape.dim[3] = -1;

  /* what is spelt out with numbers of one size is recognised at that size */
  simple = specialize (graph, input, height, width, error);
  if (! simple)
    return NULL;
  simple = pst_rewrite_simplify (g_steal_pointer (&simple), error);
  if (! simple)
    return NULL;
  relaxed = with_shape (simple, graph, input, &shape);
  if (follows_size (relaxed, input, error))
    return g_steal_pointer (&relaxed);

  /* what is computed from the size at run time is kept as it is written */
  pst_graph_unref (relaxed);
  relaxed = with_shape (graph, graph, input, &shape);
  if (! follows_size (relaxed, input, NULL))
    return NULL;
  g_clear_error (error);
  return g_steal_pointer (&relaxed);
}
