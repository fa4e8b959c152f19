/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Instance normalisation that an exporter has spelt out,
 *
 *   (x - mean) / sqrt (mean ((x - mean)^2) + epsilon)
 *
 * or x k + (beta - mean k) with k = gamma / sqrt (…), becomes
 * InstanceNormalization. Between the steps the map may be cut into other
 * dimensions, as long as a mean is one over a whole channel. */
#include "core/graph/simplify.h"

#include <math.h>
#include <string.h>

/* What has been recognised: all parts must be of one map. */
typedef struct
{
  PstSimplifier *s;
  PstValue      *x;       /* [N, C, H, W]; NULL until it is met */
  double         epsilon; /* added to the variance … */
  double         factor;  /* … which is this many times the population's */
  PstValue      *gamma;   /* of x k + (beta - mean k); may be NULL */
  PstValue      *beta;
} Norm;

static gint64
channels_of (const Norm *n)
{
  return n->x->info.shape.dim[0] * n->x->info.shape.dim[1];
}

static gint64
inner_of (const Norm *n)
{
  return n->x->info.shape.dim[2] * n->x->info.shape.dim[3];
}

static PstNode *
node_of (Norm *n, PstValue *value)
{
  while (value && pst_simplify_is_reshape (value->producer))
    value = pst_simplify_in (n->s, value->producer, 0);
  return value ? value->producer : NULL;
}

/* Whether a value is the map under some shape. The first map met is the
 * one: the last with four dimensions before it was cut otherwise. */
static gboolean
is_map (Norm *n, PstValue *value)
{
  PstValue *x = NULL;

  for (;; value = pst_simplify_in (n->s, value->producer, 0))
    {
      if (! value || value == n->x)
        return value != NULL;
      if (value->info.shape.rank == 4 && value->info.dtype == PST_FLOAT32 &&
          value->kind != PST_VALUE_PARAMETER)
        x = value;
      if (! pst_simplify_is_reshape (value->producer))
        break;
    }
  if (n->x || ! x)
    return FALSE;
  n->x = x;
  return channels_of (n) > 0 && inner_of (n) > 1 &&
         x->info.shape.dim[1] <= PST_SIMPLIFY_MAX_CHANNELS;
}

/* Whether broadcasting gives every number of a map the one of its sample and
 * channel. */
static gboolean
fits (Norm *n, const PstValue *map, const PstValue *stat)
{
  const PstShape *a = &map->info.shape, *b = &stat->info.shape;
  gint64          step = 1;
  PstShape        both;

  if (! n->x || pst_shape_count (b) != channels_of (n) ||
      pst_shape_count (a) != channels_of (n) * inner_of (n) ||
      ! pst_shape_broadcast (a, b, &both) || ! pst_shape_equal (&both, a))
    return FALSE;
  for (int i = a->rank - 1; i >= 0; step *= a->dim[i--])
    {
      int k = i - a->rank + b->rank;

      if (k >= 0 && b->dim[k] > 1 && step % inner_of (n))
        return FALSE;
    }
  return TRUE;
}

/* Whether a node takes one sum or mean over each channel of the map that
 * @value is. */
static gboolean
reduces_channels (Norm *n, const PstNode *node, const PstValue *value)
{
  const PstShape *shape = &value->info.shape;
  gint64          axes[PST_MAX_RANK], reduced = 1;
  gboolean        global = pst_simplify_is (node, "GlobalAveragePool");
  gboolean        taken[PST_MAX_RANK] = { FALSE }, over = FALSE;
  int n_axes = pst_simplify_get_ints (n->s, node, 1, "axes", PST_MAX_RANK,
                                      axes);

  if (! global && n_axes < 1)
    return FALSE;
  for (int i = 0; i < n_axes; i++)
    taken[(axes[i] + shape->rank) % shape->rank] = TRUE;
  for (int i = shape->rank - 1; i >= 0; i--)
    {
      if (global ? i >= 2 : taken[i])
        {
          if (over && shape->dim[i] > 1)
            return FALSE;
          reduced *= shape->dim[i];
        }
      else
        over |= shape->dim[i] > 1;
    }
  return n->x && reduced == inner_of (n) &&
         pst_shape_count (shape) == channels_of (n) * inner_of (n);
}

static gboolean
is_square (Norm *n, PstValue *value, gboolean centred, double *more);

typedef enum
{
  OF_MAP,
  OF_SQUARED_MAP,
  OF_SQUARED_DIFFERENCE,
} Term;

/* Whether a value holds @factor times the means of @term. */
static gboolean
is_mean (Norm *n, PstValue *value, Term term, double *factor, double *more)
{
  PstNode  *node = node_of (n, value);
  PstValue *in = node ? pst_simplify_in (n->s, node, 0) : NULL;
  double    number;
  gboolean  sum;

  *factor = 1;
  for (int i = 0; i < 2; i++)
    {
      if ((! pst_simplify_is (node, "Mul") && ! pst_simplify_is (node, "Div")) ||
          ! pst_simplify_get_number (pst_simplify_in (n->s, node, 1), &number))
        break;
      *factor *= pst_simplify_is (node, "Mul") ? number : 1 / number;
      node = node_of (n, in);
      in = node ? pst_simplify_in (n->s, node, 0) : NULL;
    }
  sum = pst_simplify_is (node, "ReduceSum");
  if (! sum && ! pst_simplify_is (node, "ReduceMean") &&
      ! pst_simplify_is (node, "GlobalAveragePool"))
    return FALSE;
  if (term == OF_MAP
          ? ! is_map (n, in)
          : ! is_square (n, in, term == OF_SQUARED_DIFFERENCE, more))
    return FALSE;
  if (! reduces_channels (n, node, in))
    return FALSE;
  *factor *= sum ? (double) inner_of (n) : 1;
  return *factor > 0 && isfinite (*factor);
}

static gboolean
is_map_mean (Norm *n, PstValue *value)
{
  double factor, more;

  return is_mean (n, value, OF_MAP, &factor, &more) &&
         fabs (factor - 1) < 1e-6;
}

/* x - mean, and perhaps a number that keeps exporters' roots from 0. */
static gboolean
is_difference (Norm *n, PstValue *value, double *more)
{
  PstNode  *node = node_of (n, value);
  PstValue *a, *b;

  *more = 0;
  if (pst_simplify_is (node, "Add") &&
      pst_simplify_get_number (pst_simplify_in (n->s, node, 1), more))
    node = node_of (n, pst_simplify_in (n->s, node, 0));
  if (! pst_simplify_is (node, "Sub"))
    return FALSE;
  a = pst_simplify_in (n->s, node, 0);
  b = pst_simplify_in (n->s, node, 1);
  return is_map (n, a) && is_map_mean (n, b) && fits (n, a, b);
}

static gboolean
is_centred (Norm *n, PstValue *value)
{
  double more;

  return is_difference (n, value, &more) && more == 0;
}

/* Squares of the map or of its difference from the mean; (d + a) (d + b) has
 * the mean d^2 + a b, since d's own is 0. */
static gboolean
is_square (Norm *n, PstValue *value, gboolean centred, double *more)
{
  PstNode  *node = node_of (n, value);
  PstValue *a, *b;
  double    first = 0, second = 0;

  if (! pst_simplify_is (node, "Mul") && ! pst_simplify_is (node, "Pow"))
    return FALSE;
  a = b = pst_simplify_in (n->s, node, 0);
  if (pst_simplify_is (node, "Mul"))
    b = pst_simplify_in (n->s, node, 1);
  else if (! pst_simplify_get_number (pst_simplify_in (n->s, node, 1),
                                      &second) ||
           second != 2)
    return FALSE;
  if (centred ? ! is_difference (n, a, &first) ||
                    ! is_difference (n, b, &second)
              : ! is_map (n, a) || ! is_map (n, b))
    return FALSE;
  *more = centred ? first * second : 0;
  return TRUE;
}

/* mean (x^2) - mean (x)^2 */
static gboolean
is_difference_of_means (Norm *n, PstValue *value)
{
  PstNode  *node = node_of (n, value);
  PstNode  *square;
  PstValue *a, *b;
  double    factor, more, two = 2;

  if (! pst_simplify_is (node, "Sub"))
    return FALSE;
  a = pst_simplify_in (n->s, node, 0);
  b = pst_simplify_in (n->s, node, 1);
  square = node_of (n, b);
  if (! is_mean (n, a, OF_SQUARED_MAP, &factor, &more) ||
      fabs (factor - 1) > 1e-6 ||
      pst_shape_count (&b->info.shape) != channels_of (n) ||
      pst_shape_count (&node->out[0]->info.shape) != channels_of (n))
    return FALSE;
  if (pst_simplify_is (square, "Pow"))
    return pst_simplify_get_number (pst_simplify_in (n->s, square, 1), &two) &&
           two == 2 && is_map_mean (n, pst_simplify_in (n->s, square, 0));
  return pst_simplify_is (square, "Mul") &&
         is_map_mean (n, pst_simplify_in (n->s, square, 0)) &&
         is_map_mean (n, pst_simplify_in (n->s, square, 1));
}

/* The variance and what is added to it. */
static gboolean
is_variance (Norm *n, PstValue *value)
{
  PstNode *node = node_of (n, value);
  double   more = 0;

  n->epsilon = 0;
  if (pst_simplify_is (node, "Add"))
    for (int i = 0; i < 2; i++)
      if (pst_simplify_get_number (pst_simplify_in (n->s, node, i),
                                   &n->epsilon))
        {
          value = pst_simplify_in (n->s, node, 1 - i);
          break;
        }
  if (is_mean (n, value, OF_SQUARED_DIFFERENCE, &n->factor, &more))
    {
      n->epsilon = n->epsilon / n->factor + more;
      return TRUE;
    }
  n->factor = 1;
  return is_difference_of_means (n, value);
}

static gboolean
is_power_of_variance (Norm *n, PstValue *value, double wanted)
{
  PstNode *node = node_of (n, value);
  double   power = 0.5;

  if (pst_simplify_is (node, "Pow")
          ? ! pst_simplify_get_number (pst_simplify_in (n->s, node, 1),
                                       &power)
          : ! pst_simplify_is (node, "Sqrt"))
    return FALSE;
  return power == wanted && is_variance (n, pst_simplify_in (n->s, node, 0));
}

/* 1 / deviation */
static gboolean
is_inverse (Norm *n, PstValue *value)
{
  PstNode *node = node_of (n, value);
  double   one;

  if (pst_simplify_is (node, "Reciprocal"))
    return is_power_of_variance (n, pst_simplify_in (n->s, node, 0), 0.5);
  if (pst_simplify_is (node, "Div"))
    return pst_simplify_get_number (pst_simplify_in (n->s, node, 0), &one) &&
           one == 1 &&
           is_power_of_variance (n, pst_simplify_in (n->s, node, 1), 0.5);
  return is_power_of_variance (n, value, -0.5);
}

/* gamma / deviation; @gamma is NULL where there is none */
static gboolean
is_slope (Norm *n, PstValue *value, PstValue **gamma)
{
  PstNode *node = node_of (n, value);
  gboolean found = FALSE;

  *gamma = NULL;
  if (is_inverse (n, value))
    return TRUE;
  for (int i = 0; pst_simplify_is (node, "Mul") && i < 2 && ! found; i++)
    {
      *gamma = pst_simplify_in (n->s, node, 1 - i);
      found = is_inverse (n, pst_simplify_in (n->s, node, i));
    }
  if (pst_simplify_is (node, "Div"))
    {
      *gamma = pst_simplify_in (n->s, node, 0);
      found = is_power_of_variance (n, pst_simplify_in (n->s, node, 1), 0.5);
    }
  return found &&
         pst_shape_equal (&value->info.shape, &node->out[0]->info.shape);
}

/* x - mean, or that times gamma */
static gboolean
is_numerator (Norm *n, PstValue *value, PstValue **gamma)
{
  PstNode *node = value ? value->producer : NULL;

  *gamma = NULL;
  if (is_centred (n, value))
    return TRUE;
  for (int i = 0; pst_simplify_is (node, "Mul") && i < 2; i++)
    {
      PstValue *map = pst_simplify_in (n->s, node, i);

      n->x = NULL;
      *gamma = pst_simplify_in (n->s, node, 1 - i);
      if (is_centred (n, map) &&
          pst_shape_equal (&map->info.shape, &value->info.shape))
        return TRUE;
    }
  return FALSE;
}

/* (x - mean) / deviation or (x - mean) (gamma / deviation) */
static gboolean
is_quotient (Norm *n, PstNode *node)
{
  PstValue *a = pst_simplify_in (n->s, node, 0);
  PstValue *b = pst_simplify_in (n->s, node, 1);
  PstValue *gamma;

  if (pst_simplify_is (node, "Div"))
    return is_numerator (n, a, &n->gamma) &&
           is_power_of_variance (n, b, 0.5) && fits (n, a, b);
  for (int i = 0; pst_simplify_is (node, "Mul") && i < 2; i++)
    {
      n->x = NULL;
      a = pst_simplify_in (n->s, node, i);
      b = pst_simplify_in (n->s, node, 1 - i);
      if (! is_numerator (n, a, &gamma) || ! is_slope (n, b, &n->gamma) ||
          ! fits (n, a, b) || (gamma && n->gamma))
        continue;
      n->gamma = gamma ? gamma : n->gamma;
      return TRUE;
    }
  return FALSE;
}

/* x k + (beta - mean k); @k is known */
static gboolean
is_offset (Norm *n, PstValue *value, PstValue *k)
{
  PstNode  *node = node_of (n, value);
  PstNode  *product;
  PstValue *gamma;

  if (! pst_simplify_is (node, "Sub") ||
      ! pst_shape_equal (&value->info.shape, &node->out[0]->info.shape))
    return FALSE;
  product = node_of (n, pst_simplify_in (n->s, node, 1));
  if (! pst_simplify_is (product, "Mul"))
    return FALSE;
  for (int i = 0; i < 2; i++)
    if (is_map_mean (n, pst_simplify_in (n->s, product, i)) &&
        is_slope (n, pst_simplify_in (n->s, product, 1 - i), &gamma) &&
        gamma == n->gamma &&
        pst_shape_equal (&k->info.shape, &product->out[0]->info.shape))
      {
        n->beta = pst_simplify_in (n->s, node, 0);
        return TRUE;
      }
  return FALSE;
}

static gboolean
is_line (Norm *n, PstNode *node)
{
  for (int i = 0; pst_simplify_is (node, "Add") && i < 2; i++)
    {
      PstValue *offset = pst_simplify_in (n->s, node, 1 - i);
      PstNode  *product = node_of (n, pst_simplify_in (n->s, node, i));

      for (int k = 0; pst_simplify_is (product, "Mul") && k < 2; k++)
        {
          PstValue *map = pst_simplify_in (n->s, product, k);
          PstValue *slope = pst_simplify_in (n->s, product, 1 - k);

          n->x = NULL;
          if (is_map (n, map) && is_slope (n, slope, &n->gamma) &&
              fits (n, map, slope) && is_offset (n, offset, slope) &&
              fits (n, map, offset))
            return TRUE;
        }
    }
  return FALSE;
}

/* Whether nothing but the pattern reads the values between the map and
 * @end. */
static gboolean
is_closed (const Norm *n, PstNode *end)
{
  g_autoptr (GHashTable) reads = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) stack = g_ptr_array_new ();
  GHashTableIter        iter;
  gpointer              value, count;

  g_ptr_array_add (stack, end);
  while (stack->len)
    {
      PstNode *node = g_ptr_array_steal_index_fast (stack, stack->len - 1);

      for (int i = 0; i < node->n_in; i++)
        {
          PstValue *in = pst_simplify_in (n->s, node, i);
          int       times;

          if (! in || ! in->producer || in == n->x || in == n->gamma ||
              in == n->beta)
            continue;
          times = GPOINTER_TO_INT (g_hash_table_lookup (reads, in));
          g_hash_table_insert (reads, in, GINT_TO_POINTER (times + 1));
          if (times == 0)
            g_ptr_array_add (stack, in->producer);
        }
    }
  g_hash_table_iter_init (&iter, reads);
  while (g_hash_table_iter_next (&iter, &value, &count))
    if (pst_simplify_uses (n->s, value) != GPOINTER_TO_INT (count))
      return FALSE;
  return TRUE;
}

static PstValue *
vector (Norm *n, float number)
{
  const PstShape    shape = PST_SHAPE (n->x->info.shape.dim[1]);
  g_autofree float *numbers = g_new (float, shape.dim[0]);

  for (gint64 i = 0; i < shape.dim[0]; i++)
    numbers[i] = number;
  return pst_simplify_floats (n->s, NULL, &shape, numbers);
}

static PstValue *
combine (Norm *n, const PstNode *like, const char *type, PstValue *x,
         PstValue *operand)
{
  PstValue *in[] = { x, operand };

  if (! x || ! operand)
    return x;
  return pst_simplify_settle (n->s,
                              pst_simplify_add (n->s, like, type, in, 2));
}

static void
emit (Norm *n, PstNode *node)
{
  PstValue *in[3] = { n->x };
  PstNode  *norm;
  PstValue *y;

  if (! isfinite (n->epsilon) || n->epsilon < 0)
    return;
  in[1] = vector (n, (float) (1 / sqrt (n->factor)));
  in[2] = vector (n, 0);
  norm = pst_simplify_add (n->s, node, "InstanceNormalization", in, 3);
  pst_node_set_float (norm, "epsilon", (float) n->epsilon);
  y = pst_simplify_settle (n->s, norm);
  y = pst_simplify_reshape (n->s, node, y, &node->out[0]->info.shape);
  y = combine (n, node, "Mul", y, n->gamma);
  y = combine (n, node, "Add", y, n->beta);
  pst_simplify_replace (n->s, node->out[0], y);
}

/* The first @n of a vector's numbers where they are the same again and again;
 * NULL otherwise. */
static PstValue *
first_of (PstSimplifier *s, PstValue *vector, gint64 n)
{
  const PstTensor  *all = vector->array ? &vector->array->tensor : NULL;
  const PstShape    shape = PST_SHAPE (n);
  g_autofree float *numbers = NULL;

  if (pst_tensor_count (&vector->info) == n)
    return vector;
  if (! all || n < 1)
    return NULL;
  numbers = g_new (float, n);
  for (gint64 i = 0; i < pst_tensor_count (all); i++)
    {
      float number = (float) pst_tensor_get (all, i);

      if (i < n)
        numbers[i] = number;
      else if (number != numbers[i % n])
        return NULL;
    }
  return pst_simplify_floats (s, vector->name, &shape, numbers);
}

/* InstanceNormalization of [N, C, H W] or [1, N C, ...] instead of
 * [N, C, H, W] */
static void
widen (PstSimplifier *s, PstNode *node)
{
  PstValue *in[3];
  PstShape *shape = &node->out[0]->info.shape;
  Norm      n = { .s = s };
  PstNode  *norm;

  for (int i = 0; i < 3; i++)
    in[i] = pst_simplify_in (s, node, i);
  if (! is_map (&n, in[0]) || n.x == in[0] ||
      shape->dim[0] * shape->dim[1] != channels_of (&n) ||
      shape->dim[1] % n.x->info.shape.dim[1])
    return;
  for (int i = 1; i < 3; i++)
    if (! (in[i] = first_of (s, in[i], n.x->info.shape.dim[1])))
      return;
  in[0] = n.x;
  norm = pst_simplify_add (s, node, "InstanceNormalization", in, 3);
  pst_node_set_float (norm, "epsilon",
                      pst_node_get_float (node, "epsilon", 1e-5f));
  pst_simplify_replace (
      s, node->out[0],
      pst_simplify_reshape (s, node, pst_simplify_settle (s, norm), shape));
}

/* GroupNormalization with a group for each channel */
static void
ungroup (PstSimplifier *s, PstNode *node)
{
  const gint64 channels = node->out[0]->info.shape.dim[1];
  PstValue    *in[3];
  PstNode     *norm;

  for (int i = 0; i < 3; i++)
    in[i] = pst_simplify_in (s, node, i);
  if (pst_node_get_int (node, "num_groups", 0) != channels)
    return;
  norm = pst_simplify_add (s, node, "InstanceNormalization", in, 3);
  pst_node_set_float (norm, "epsilon",
                      pst_node_get_float (node, "epsilon", 1e-5f));
  pst_simplify_replace (s, node->out[0], pst_simplify_settle (s, norm));
}

void
pst_simplify_norm (PstSimplifier *s, PstNode *node)
{
  Norm n = { .s = s };

  if (pst_simplify_is (node, "InstanceNormalization"))
    widen (s, node);
  else if (pst_simplify_is (node, "GroupNormalization"))
    ungroup (s, node);
  else if ((is_quotient (&n, node) || is_line (&n, node)) &&
           is_closed (&n, node))
    emit (&n, node);
}
