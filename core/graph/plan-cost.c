/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/graph/plan-private.h"

/* Numbers of which each number of the result is made: those under a pool's
 * kernel, those of a product's row. */
static double
breadth_of (const PstNode *node)
{
  int             n = 0;
  const gint64   *kernel = pst_node_get_ints (node, "kernel_shape", &n);
  const PstShape *x = node->n_in && node->in[0] ? &node->in[0]->info.shape
                                                : NULL;
  double          breadth = 1.0;

  if (x && x->rank > 0 && (strcmp (node->op->type, "MatMul") == 0 ||
                           strcmp (node->op->type, "Gemm") == 0))
    return (double) MAX (1, x->dim[x->rank - 1]);
  for (int i = 0; i < n; i++)
    breadth *= (double) MAX (1, kernel[i]);
  return breadth;
}

double
pst_plan_cost (const PstNode *node)
{
  const PstShape *x = node->n_in && node->in[0] ? &node->in[0]->info.shape
                                                : NULL;
  double cost = 0.0;

  for (int i = 0; i < node->n_out; i++)
    if (node->out[i])
      cost += (double) pst_tensor_count (&node->out[i]->info);
  if (g_str_has_prefix (node->op->type, "Stream") && x)
    cost = (double) x->dim[2] * x->dim[3]; /* whatever the stages do to it */
  if (node->n_in > 1 && node->in[1] &&
      (g_strrstr (node->op->type, "Conv") ||
       g_str_has_prefix (node->op->type, "Stream")))
    cost *= 8.0 + (double) pst_tensor_count (&node->in[1]->info) /
                      MAX (1, node->in[1]->info.shape.dim[0]);
  else
    cost *= breadth_of (node);
  return cost;
}
