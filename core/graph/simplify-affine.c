/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A factor and a summand for each channel, in whatever form, go into the
 * normalisation or convolution before them. */
#include "core/graph/simplify.h"

#include <math.h>

/* y = factor x + summand for each of n channels of a map of [N, n, inner] */
typedef struct
{
  gint64  n;
  gint64  inner;
  double *factor;
  double *summand;
} Line;

static void
line_clear (Line *line)
{
  g_free (line->factor);
  g_free (line->summand);
}

/* y = factor x + sign numbers, or without a factor y = numbers x */
static void
line_set (Line *line, const double *numbers, double factor, double sign)
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
                 Line *line)
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
read_batch_norm (PstSimplifier *s, const PstNode *node, Line *line)
{
  const PstTensor *p[5] = { NULL };
  double epsilon = pst_node_get_float (node, "epsilon", 1e-5f);

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
read_attributes (const PstNode *node, Line *line)
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

/* What @node makes of @x, with as many channels as @map has. */
static gboolean
read_line (PstSimplifier *s, const PstNode *node, const PstValue *x,
           const PstShape *map, Line *line)
{
  gboolean good;

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

/* @old (zeros where NULL), each number multiplied and added to. */
static PstValue *
new_vector (PstSimplifier *s, const PstValue *old, const Line *line,
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
             const Line *line)
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
multiplies (const Line *line)
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
      base->out[0]->info.shape.rank != 4 ||
      ! pst_simplify_is_private (s, base->out[0]))
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
with_line (PstSimplifier *s, PstNode *base, const Line *line)
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

void
pst_simplify_affine (PstSimplifier *s, PstNode *node)
{
  static const char *const types[] = { "Mul", "Add", "Sub", "Div", "Affine",
                                       "BatchNormalization", "ImageScaler" };
  gboolean  known = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    known |= pst_simplify_is (node, types[i]);
  for (int i = 0; known && i < MIN (node->n_in, 2); i++)
    {
      PstValue *x = pst_simplify_in (s, node, i);
      PstValue *base = x;
      Line      line = { 0 };

      while (base && pst_simplify_is_reshape (base->producer) &&
             pst_simplify_is_private (s, base))
        base = pst_simplify_in (s, base->producer, 0);
      if (! base || ! base->producer || ! takes_lines (s, base->producer))
        continue;
      if (read_line (s, node, x, &base->info.shape, &line))
        pst_simplify_replace (
            s, node->out[0],
            pst_simplify_reshape (s, node,
                                  with_line (s, base->producer, &line),
                                  &node->out[0]->info.shape));
      line_clear (&line);
      return;
    }
}
