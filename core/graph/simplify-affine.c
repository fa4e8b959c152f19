/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A factor and a summand for each channel, in whatever form, go into the
 * normalisation or convolution before them, or into each other. */
#include "core/graph/simplify.h"

/* @old (zeros where NULL), each number multiplied and added to. */
static PstValue *
new_vector (PstSimplifier *s, const PstValue *old, const PstLine *line,
            gboolean add)
{
  const PstShape    shape = PST_SHAPE (line->n);
  g_autofree float *numbers = g_new (float, MAX (1, line->n));

  for (gint64 c = 0; c < line->n; c++)
    {
      double number = old ? pst_tensor_get (&old->array->tensor, c) : 0;

      numbers[c] = (float) (number * line->factor[c] +
                            (add ? line->summand[c] : 0));
    }
  return pst_simplify_floats (s, old ? old->name : NULL, &shape, numbers);
}

/* Weights of a convolution with each result channel multiplied. Those of
 * ConvTranspose are of [C, n / groups, kh, kw]. */
static PstValue *
new_weights (PstSimplifier *s, const PstNode *conv, const PstValue *old,
             const PstLine *line)
{
  const gint64 *d = old->info.shape.dim;
  gboolean      transposed = pst_simplify_is (conv, "ConvTranspose");
  gint64        groups = pst_node_get_int (conv, "group", 1);
  gint64        inner = d[2] * d[3], at = 0;
  g_autofree float *numbers = NULL;

  numbers = g_try_new (float, d[0] * d[1] * inner);
  if (! numbers)
    return NULL;
  for (gint64 i = 0; i < d[0]; i++)
    for (gint64 j = 0; j < d[1]; j++)
      for (gint64 k = 0; k < inner; k++, at++)
        {
          gint64 c = transposed ? i / (d[0] / groups) * d[1] + j : i;

          numbers[at] = (float) (line->factor[c] *
                                 pst_tensor_get (&old->array->tensor, at));
        }
  return pst_simplify_floats (s, old->name, &old->info.shape, numbers);
}

static gboolean
multiplies (const PstLine *line)
{
  for (gint64 c = 0; c < line->n; c++)
    if (line->factor[c] != 1)
      return TRUE;
  return FALSE;
}

static gboolean
takes_lines (PstSimplifier *s, const PstNode *base)
{
  gboolean norm = pst_simplify_is (base, "InstanceNormalization");

  if ((! norm && ! pst_simplify_is (base, "Conv") &&
       ! pst_simplify_is (base, "ConvTranspose")) ||
      base->out[0]->info.shape.rank != 4)
    return FALSE;
  for (int i = 1; i < base->n_in; i++)
    {
      const PstValue *in = pst_simplify_in (s, base, i);

      if (in && ! in->array)
        return FALSE;
    }
  return TRUE;
}

static PstValue *
with_line (PstSimplifier *s, PstNode *base, const PstLine *line)
{
  PstValue *in[3] = { NULL };
  PstNode  *node;

  for (int i = 0; i < base->n_in && i < 3; i++)
    in[i] = pst_simplify_in (s, base, i);
  if (pst_simplify_is (base, "InstanceNormalization"))
    in[1] = new_vector (s, in[1], line, FALSE);
  else if (multiplies (line))
    in[1] = new_weights (s, base, in[1], line);
  if (! in[1])
    return NULL;
  in[2] = new_vector (s, in[2], line, TRUE);
  node = pst_simplify_add (s, base, base->op->type, in, 3);
  pst_simplify_copy_attrs (node, base);
  return pst_simplify_settle (s, node);
}

/* The node before @node of which it computes a line, behind Reshapes that
 * only it reads; its input is @x. NULL where there is none. */
static PstNode *
base_of (PstSimplifier *s, PstValue *x)
{
  while (x && pst_simplify_is_reshape (x->producer) &&
         pst_simplify_is_private (s, x))
    x = pst_simplify_in (s, x->producer, 0);
  return x ? x->producer : NULL;
}

/* Two lines in a row are one: a BatchNormalization with mean 0 and variance
 * 1. */
static PstValue *
join_lines (PstSimplifier *s, PstNode *first, const PstLine *outer)
{
  const PstShape  shape = PST_SHAPE (outer->n);
  g_auto (PstLine) inner = { 0 };
  g_autofree float *numbers = g_new (float, 4 * MAX (1, outer->n));
  PstValue *in[5] = { NULL };
  PstNode  *node;

  for (int i = 0; i < MIN (first->n_in, 2) && ! in[0]; i++)
    {
      PstValue *x = pst_simplify_in (s, first, i);

      pst_line_clear (&inner);
      inner = (PstLine) { 0 };
      if (x && ! x->array &&
          pst_shape_equal (&x->info.shape, &first->out[0]->info.shape) &&
          pst_line_read (s, first, x, &x->info.shape, &inner))
        in[0] = x;
    }
  if (! in[0])
    return NULL;
  for (gint64 c = 0; c < outer->n; c++)
    {
      double factor = outer->factor[c];

      numbers[c] = (float) (factor * inner.factor[c]);
      numbers[outer->n + c] =
          (float) (factor * inner.summand[c] + outer->summand[c]);
      numbers[2 * outer->n + c] = 0;
      numbers[3 * outer->n + c] = 1;
    }
  for (int i = 1; i < 5; i++)
    in[i] = pst_simplify_floats (s, NULL, &shape,
                                 numbers + (i - 1) * outer->n);
  node = pst_simplify_add (s, first, "BatchNormalization", in, 5);
  pst_node_set_float (node, "epsilon", 0);
  return pst_simplify_settle (s, node);
}

void
pst_simplify_affine (PstSimplifier *s, PstNode *node)
{
  for (int i = 0; i < MIN (node->n_in, 2); i++)
    {
      PstValue        *x = pst_simplify_in (s, node, i);
      PstNode         *base = base_of (s, x);
      PstValue        *y = base ? base->out[0] : NULL;
      g_auto (PstLine) line = { 0 };

      if (! y || y->info.shape.rank != 4 || ! pst_simplify_is_private (s, y) ||
          ! pst_line_read (s, node, x, &y->info.shape, &line))
        continue;
      y = takes_lines (s, base) ? with_line (s, base, &line)
          : y == x              ? join_lines (s, base, &line)
                                : NULL;
      pst_simplify_replace (
          s, node->out[0],
          pst_simplify_reshape (s, node, y, &node->out[0]->info.shape));
      return;
    }
}
