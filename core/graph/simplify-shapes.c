/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nodes that change nothing fall away; Reshapes and Transposes in a row become
 * one. */
#include "core/graph/simplify.h"

/* Whether a known operand is this number everywhere. */
static gboolean
is_number (PstSimplifier *s, const PstNode *node, int input, double number)
{
  double found;

  return pst_simplify_get_number (pst_simplify_in (s, node, input), &found) &&
         found == number;
}

/* The operand that comes out of arithmetic unchanged, or NULL. */
static PstValue *
neutral_arithmetic (PstSimplifier *s, const PstNode *node)
{
  static const struct
  {
    const char *type;
    double      number;
    gboolean    either; /* operands may change places */
  } table[] = {
    { "Mul", 1, TRUE },  { "Div", 1, FALSE }, { "Add", 0, TRUE },
    { "Sub", 0, FALSE }, { "Pow", 1, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      if (! pst_simplify_is (node, table[i].type) || node->n_in != 2)
        continue;
      if (is_number (s, node, 1, table[i].number))
        return pst_simplify_in (s, node, 0);
      if (table[i].either && is_number (s, node, 0, table[i].number))
        return pst_simplify_in (s, node, 1);
    }
  return NULL;
}

static gboolean
is_neutral_affine (const PstNode *node)
{
  int          n;
  const float *bias;

  if (pst_simplify_is (node, "Affine"))
    return pst_node_get_float (node, "alpha", 1.0f) == 1.0f &&
           pst_node_get_float (node, "beta", 0.0f) == 0.0f;
  if (! pst_simplify_is (node, "ImageScaler") ||
      pst_node_get_float (node, "scale", 1.0f) != 1.0f)
    return FALSE;
  bias = pst_node_get_floats (node, "bias", &n);
  for (int i = 0; i < n; i++)
    if (bias[i] != 0.0f)
      return FALSE;
  return TRUE;
}

/* Whether a node that gives back the shape of its input gives back its
 * numbers, too. */
static gboolean
is_neutral (PstSimplifier *s, const PstNode *node)
{
  gint64 numbers[2 * PST_MAX_RANK];
  int    n;

  if (pst_simplify_is_reshape (node) || pst_simplify_is (node, "Expand") ||
      pst_simplify_is (node, "Crop") || pst_simplify_is (node, "Cast") ||
      pst_simplify_is (node, "Tile"))
    return TRUE;
  if ((pst_simplify_is (node, "Concat") || pst_simplify_is (node, "Sum") ||
       pst_simplify_is (node, "Mean") || pst_simplify_is (node, "Max") ||
       pst_simplify_is (node, "Min")) &&
      node->n_in == 1)
    return TRUE;
  if (pst_simplify_is (node, "Slice"))
    {
      n = pst_simplify_get_ints (s, node, 4, "steps", PST_MAX_RANK, numbers);
      for (int i = 0; i < n; i++)
        if (numbers[i] < 1)
          return FALSE;
      return n >= 0 || node->n_in < 5 || ! node->in[4];
    }
  if (pst_simplify_is (node, "Pad"))
    {
      n = pst_simplify_get_ints (s, node, 1, "pads", 2 * PST_MAX_RANK,
                                 numbers);
      for (int i = 0; i < n; i++)
        if (numbers[i])
          return FALSE;
      return n > 0;
    }
  return is_neutral_affine (node);
}

/* The order of axes; FALSE where it is not understood. */
static gboolean
get_order (const PstNode *node, int rank, gint64 *order)
{
  int           n;
  const gint64 *perm = pst_node_get_ints (node, "perm", &n);

  if (perm && n != rank)
    return FALSE;
  for (int i = 0; i < rank; i++)
    {
      order[i] = perm ? perm[i] : rank - 1 - i;
      if (order[i] < 0 || order[i] >= rank)
        return FALSE;
    }
  return TRUE;
}

static void
join_transposes (PstSimplifier *s, PstNode *node)
{
  PstValue *x = pst_simplify_in (s, node, 0);
  PstNode  *before = pst_simplify_from (x, "Transpose");
  int       rank = x->info.shape.rank;
  gint64    outer[PST_MAX_RANK], inner[PST_MAX_RANK], both[PST_MAX_RANK];
  gboolean  same = TRUE;
  PstNode  *joined;

  if (! get_order (node, rank, outer))
    return;
  for (int i = 0; i < rank; i++)
    both[i] = outer[i];
  if (before)
    {
      if (! get_order (before, rank, inner))
        return;
      for (int i = 0; i < rank; i++)
        both[i] = inner[outer[i]];
      x = pst_simplify_in (s, before, 0);
    }
  for (int i = 0; i < rank; i++)
    same &= both[i] == i;
  if (same)
    {
      pst_simplify_replace (s, node->out[0], x);
      return;
    }
  if (! before)
    return;
  joined = pst_simplify_add (s, node, "Transpose", &x, 1);
  pst_node_set_ints (joined, "perm", both, rank);
  pst_simplify_replace (s, node->out[0], pst_simplify_settle (s, joined));
}

/* The shape input of a Reshape where it tells the shape without looking at
 * its input's. */
static PstValue *
free_shape (PstSimplifier *s, const PstNode *node)
{
  PstValue *shape = pst_simplify_in (s, node, 1);
  gint64    numbers[PST_MAX_RANK];
  int       n;

  if (! pst_simplify_is (node, "Reshape") || ! shape ||
      pst_node_get_int (node, "allowzero", 0))
    return NULL;
  n = pst_simplify_get_ints (s, node, 1, NULL, PST_MAX_RANK, numbers);
  for (int i = 0; i < n; i++)
    if (numbers[i] == 0)
      return NULL;
  return n >= 0 ? shape : NULL;
}

static void
join_reshapes (PstSimplifier *s, PstNode *node)
{
  PstValue *x = pst_simplify_in (s, node, 0);
  PstValue *in[2];
  PstValue *shape = free_shape (s, node);

  if (! x || ! pst_simplify_is_reshape (pst_simplify_from (x, NULL)))
    return;
  x = pst_simplify_in (s, x->producer, 0);
  if (! shape || pst_shape_equal (&x->info.shape, &node->out[0]->info.shape))
    {
      pst_simplify_replace (s, node->out[0],
                            pst_simplify_reshape (s, node, x,
                                                  &node->out[0]->info.shape));
      return;
    }
  in[0] = x;
  in[1] = shape;
  pst_simplify_replace (
      s, node->out[0],
      pst_simplify_settle (s, pst_simplify_add (s, node, "Reshape", in, 2)));
}

void
pst_simplify_shapes (PstSimplifier *s, PstNode *node)
{
  PstValue *x = pst_simplify_in (s, node, 0);
  PstValue *same = neutral_arithmetic (s, node);

  if (same && pst_simplify_replace (s, node->out[0], same))
    return;
  if (! x)
    return;
  if (pst_shape_equal (&x->info.shape, &node->out[0]->info.shape) &&
      is_neutral (s, node) && pst_simplify_replace (s, node->out[0], x))
    return;
  if (pst_simplify_is (node, "Transpose"))
    join_transposes (s, node);
  else if (pst_simplify_is_reshape (node))
    join_reshapes (s, node);
}
