/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nodes that compute y = factor x + summand, with numbers of their own for
 * each channel. */
#include "core/graph/simplify.h"

#include <math.h>

void
pst_line_clear (PstLine *line)
{
  g_free (line->factor);
  g_free (line->summand);
}

/* y = factor x + sign numbers, or without a factor y = numbers x */
static void
line_set (PstLine *line, const double *numbers, double factor, double sign)
{
  for (gint64 c = 0; c < line->n; c++)
    {
      line->factor[c] = factor ? factor : numbers[c];
      line->summand[c] = sign ? sign * numbers[c] : 0;
    }
}

/* Arithmetic with a known operand; @x is the other one. */
static gboolean
read_arithmetic (PstSimplifier *s, const PstNode *node, const PstValue *x,
                 PstLine *line)
{
  PstValue *a = pst_simplify_in (s, node, 0);
  PstValue *b = pst_simplify_in (s, node, 1);
  PstValue *known = a == x ? b : a;
  g_autofree double *numbers = NULL;

  if (! known || ! known->array || (a != x && b != x))
    return FALSE;
  numbers = pst_simplify_channels (known, &x->info.shape, line->n,
                                   line->inner);
  if (! numbers)
    return FALSE;
  if (pst_simplify_is (node, "Mul"))
    line_set (line, numbers, 0, 0);
  else if (pst_simplify_is (node, "Add"))
    line_set (line, numbers, 1, 1);
  else if (pst_simplify_is (node, "Sub"))
    line_set (line, numbers, known == b ? 1 : -1, known == b ? -1 : 1);
  else if (pst_simplify_is (node, "Div") && known == b)
    {
      for (gint64 c = 0; c < line->n; c++)
        numbers[c] = 1 / numbers[c];
      line_set (line, numbers, 0, 0);
    }
  else
    return FALSE;
  return TRUE;
}

/* BatchNormalization as it is used after training. */
static gboolean
read_batch_norm (PstSimplifier *s, const PstNode *node, PstLine *line)
{
  const PstTensor *p[5] = { NULL };
  double epsilon = pst_node_get_float (node, "epsilon", 1e-5f);

  if (pst_node_get_int (node, "training_mode", 0))
    return FALSE;
  for (int i = 1; i < node->n_out; i++)
    if (node->out[i])
      return FALSE;
  for (int i = 1; i < 5; i++)
    {
      const PstValue *value = pst_simplify_in (s, node, i);

      if (! value || ! value->array ||
          pst_tensor_count (&value->info) != line->n)
        return FALSE;
      p[i] = &value->array->tensor;
    }
  for (gint64 c = 0; c < line->n; c++)
    {
      double factor = pst_tensor_get (p[1], c) /
                      sqrt (pst_tensor_get (p[4], c) + epsilon);

      line->factor[c] = factor;
      line->summand[c] =
          pst_tensor_get (p[2], c) - factor * pst_tensor_get (p[3], c);
    }
  return TRUE;
}

static gboolean
read_attributes (const PstNode *node, PstLine *line)
{
  gboolean     scaler = pst_simplify_is (node, "ImageScaler");
  int          n = 0;
  const float *bias = pst_node_get_floats (node, "bias", &n);

  if (scaler && bias && n != line->n)
    return FALSE;
  for (gint64 c = 0; c < line->n; c++)
    {
      line->factor[c] =
          pst_node_get_float (node, scaler ? "scale" : "alpha", 1.0f);
      line->summand[c] = ! scaler ? pst_node_get_float (node, "beta", 0.0f)
                         : bias   ? bias[c]
                                  : 0;
    }
  return TRUE;
}

gboolean
pst_line_read (PstSimplifier *s, const PstNode *node, const PstValue *x,
               const PstShape *map, PstLine *line)
{
  static const char *const types[] = { "Mul", "Add", "Sub", "Div", "Affine",
                                       "BatchNormalization", "ImageScaler" };
  gboolean good = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    good |= pst_simplify_is (node, types[i]);
  if (! good || map->dim[1] > PST_SIMPLIFY_MAX_CHANNELS)
    return FALSE;

  line->n = map->dim[1];
  line->inner = map->dim[2] * map->dim[3];
  line->factor = g_new (double, MAX (1, line->n));
  line->summand = g_new (double, MAX (1, line->n));
  if (pst_simplify_is (node, "BatchNormalization"))
    good = x->info.shape.rank == 4 && read_batch_norm (s, node, line);
  else if (pst_simplify_is (node, "Affine") ||
           (pst_simplify_is (node, "ImageScaler") && x->info.shape.rank == 4))
    good = read_attributes (node, line);
  else
    good = node->n_in == 2 && read_arithmetic (s, node, x, line);
  for (gint64 c = 0; c < line->n && good; c++)
    good = isfinite (line->factor[c]) && isfinite (line->summand[c]);
  return good;
}
