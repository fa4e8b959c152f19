/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/losses.h"

#include "core/train/constants.h"

#define SATURATED 4 /* a logit; 0.982 */

static PstValue *
number (PstGraph *graph, const char *name, float value)
{
  PstShape one = PST_SHAPE (1);

  return pst_constant_floats (graph, name, &one, &value);
}

static PstValue *
whole (PstGraph *graph, const char *name, const gint64 *values, gint64 n)
{
  PstShape shape = PST_SHAPE (n);

  return pst_constant_ints (graph, name, &shape, values);
}

/* Mean of each sample: [N,…] of @rank -> [N] */
static PstValue *
mean (PstGraph *graph, PstValue *x, int rank)
{
  static const gint64 axes[] = { 1, 2, 3 };

  x = pst_graph_op (graph, "ReduceMean", 1, x);
  pst_node_set_ints (x->producer, "axes", axes, rank - 1);
  pst_node_set_int (x->producer, "keepdims", 0);
  return x;
}

/* Sum of each sample: [N,…] of @rank -> [N] */
static PstValue *
sum (PstGraph *graph, PstValue *x, int rank)
{
  x = pst_graph_op (graph, "ReduceSum", 2, x,
                    rank == 2
                      ? whole (graph, "loss.axis1", PST_INTS (1))
                      : whole (graph, "loss.axes12", PST_INTS (1, 2)));
  pst_node_set_int (x->producer, "keepdims", 0);
  return x;
}

static PstValue *
square (PstGraph *graph, PstValue *x)
{
  return pst_graph_op (graph, "Mul", 2, x, x);
}

/* x / (y + 1e-6) */
static PstValue *
against (PstGraph *graph, PstValue *x, PstValue *y)
{
  y = pst_graph_op (graph, "Add", 2, y, number (graph, "loss.tiny", 1e-6f));
  return pst_graph_op (graph, "Div", 2, x, y);
}

PstValue *
pst_loss_content (PstGraph *graph, PstContentForm form, PstValue *map,
                  PstValue *target)
{
  PstValue *error = pst_graph_op (graph, "Sub", 2, map, target);

  if (form == PST_CONTENT_DRAWING)
    return pst_graph_op (graph, "Mul", 2, mean (graph, square (graph, error), 4),
                         number (graph, "loss.half", 0.5f));
  if (form == PST_CONTENT_ABSOLUTE)
    {
      error = pst_graph_op (graph, "Abs", 1, error);
      target = pst_graph_op (graph, "Abs", 1, target);
    }
  else
    {
      error = square (graph, error);
      target = square (graph, target);
    }
  return against (graph, mean (graph, error, 4), mean (graph, target, 4));
}

PstValue *
pst_style_moments (PstGraph *graph, PstStyleForm form, PstValue *map,
                   PstValue **mean_out)
{
  PstValue *gram = pst_graph_op (graph, "pastiche.Gram", 1, map);
  PstValue *m, *rows, *columns;

  *mean_out = NULL;
  if (form == PST_STYLE_GRAM)
    return gram;
  m = pst_graph_op (graph, "ReduceMean", 1, map);
  pst_node_set_ints (m->producer, "axes", PST_INTS (2, 3));
  pst_node_set_int (m->producer, "keepdims", 0);
  rows = pst_graph_op (graph, "Unsqueeze", 2, m,
                       whole (graph, "loss.axis2", PST_INTS (2)));
  columns = pst_graph_op (graph, "Unsqueeze", 2, m,
                          whole (graph, "loss.axis1", PST_INTS (1)));
  *mean_out = m;
  return pst_graph_op (graph, "Sub", 2, gram,
                       pst_graph_op (graph, "Mul", 2, rows, columns));
}

/* |x - y|² / |y|² of each sample */
static PstValue *
distance (PstGraph *graph, PstValue *x, PstValue *y, int rank)
{
  PstValue *error = pst_graph_op (graph, "Sub", 2, x, y);

  return pst_graph_op (graph, "Div", 2,
                       sum (graph, square (graph, error), rank),
                       sum (graph, square (graph, y), rank));
}

PstValue *
pst_loss_style (PstGraph *graph, PstStyleForm form, PstValue *map,
                PstValue *target, PstValue *target_mean)
{
  PstValue *second, *first, *loss;

  second = pst_style_moments (graph, form, map, &first);
  loss = distance (graph, second, target, 3);
  if (form == PST_STYLE_GRAM)
    return loss;
  loss = pst_graph_op (graph, "Add", 2, loss,
                       distance (graph, first, target_mean, 2));
  return pst_graph_op (graph, "Mul", 2, loss,
                       number (graph, "loss.half", 0.5f));
}

PstValue *
pst_loss_variation (PstGraph *graph, PstValue *picture)
{
  return pst_graph_op (graph, "pastiche.TotalVariation", 1, picture);
}

PstValue *
pst_loss_saturation (PstGraph *graph, PstValue *logits)
{
  PstValue *x = pst_graph_op (graph, "Abs", 1, logits);

  x = pst_graph_op (graph, "Sub", 2, x,
                    number (graph, "loss.saturated", SATURATED));
  return mean (graph, square (graph, pst_graph_op (graph, "Relu", 1, x)), 4);
}

PstValue *
pst_loss_between (PstGraph *graph, PstValue *moment, PstValue *photo,
                  PstValue *part, int rank)
{
  part = pst_graph_op (graph, "Unsqueeze", 2, part,
                       rank == 2
                         ? whole (graph, "loss.axis1", PST_INTS (1))
                         : whole (graph, "loss.axes12", PST_INTS (1, 2)));
  return pst_graph_op (graph, "Add", 2, moment,
                       pst_graph_op (graph, "Mul", 2, photo, part));
}

PstValue *
pst_loss_difference (PstGraph *graph, PstValue *a, PstValue *b)
{
  PstValue *x = pst_graph_op (graph, "Sub", 2, a, b);

  return mean (graph, pst_graph_op (graph, "Abs", 1, x), 4);
}

PstValue *
pst_loss_pick (PstGraph *graph, PstValue *logits, PstValue *style)
{
  PstValue *mask, *x;

  mask = pst_graph_op (graph, "Unsqueeze", 2, style,
                       whole (graph, "loss.axes23", PST_INTS (2, 3)));
  x = pst_graph_op (graph, "ReduceSum", 2,
                    pst_graph_op (graph, "Mul", 2, logits, mask),
                    whole (graph, "loss.axis1", PST_INTS (1)));
  pst_node_set_int (x->producer, "keepdims", 0);
  return x;
}

PstValue *
pst_loss_adversarial (PstGraph *graph, PstAdversarialForm form,
                      PstValue *d, PstValue *sign)
{
  PstValue *one = number (graph, "loss.one", 1);

  switch (form)
    {
    case PST_ADVERSARIAL_LSGAN:
      if (sign)
        {
          sign = pst_graph_op (graph, "Add", 2, sign, one);
          one = pst_graph_op (graph, "Mul", 2, sign,
                              number (graph, "loss.half", 0.5f));
        }
      d = square (graph, pst_graph_op (graph, "Sub", 2, d, one));
      break;
    case PST_ADVERSARIAL_BCE:
      if (sign)
        d = pst_graph_op (graph, "Mul", 2, d, sign);
      d = pst_graph_op (graph, "Softplus", 1,
                        pst_graph_op (graph, "Neg", 1, d));
      break;
    case PST_ADVERSARIAL_WGAN_GP:
      if (sign)
        d = pst_graph_op (graph, "Mul", 2, d, sign);
      d = pst_graph_op (graph, "Neg", 1, d);
      break;
    case PST_ADVERSARIAL_HINGE:
      if (! sign)
        {
          d = pst_graph_op (graph, "Neg", 1, d);
          break;
        }
      d = pst_graph_op (graph, "Sub", 2, one,
                        pst_graph_op (graph, "Mul", 2, d, sign));
      d = pst_graph_op (graph, "Relu", 1, d);
      break;
    }
  return mean (graph, d, 3);
}

PstValue *
pst_loss_pool (PstGraph *graph, PstValue *picture, int pool)
{
  PstValue *x;

  if (pool == 1)
    return picture;
  x = pst_graph_op (graph, "AveragePool", 1, picture);
  pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (pool, pool));
  pst_node_set_ints (x->producer, "strides", PST_INTS (pool, pool));
  return x;
}

/* Mean over the last two of three axes: [N,K,P] -> [N] */
static PstValue *
mean_of_lists (PstGraph *graph, PstValue *x)
{
  x = pst_graph_op (graph, "ReduceMean", 1, x);
  pst_node_set_ints (x->producer, "axes", PST_INTS (1, 2));
  pst_node_set_int (x->producer, "keepdims", 0);
  return x;
}

/* Mean variance of lists, and a little: [N,K,M] -> [N] */
static PstValue *
spread (PstGraph *graph, PstValue *x)
{
  PstValue *m = pst_graph_op (graph, "ReduceMean", 1, x);

  pst_node_set_ints (m->producer, "axes", PST_INTS (2));
  x = pst_graph_op (graph, "Sub", 2, x, m);
  return pst_graph_op (graph, "Add", 2,
                       mean_of_lists (graph, square (graph, x)),
                       number (graph, "loss.quiet", 1e-4f));
}

PstValue *
pst_loss_patches (PstGraph *graph, const PstRecipePatches *recipe,
                  PstValue *picture, PstValue *directions, PstValue *origin,
                  PstValue *wished, PstValue *groups, int stride)
{
  PstValue *have, *lists, *matched, *error, *size;

  have = pst_graph_op (graph, "pastiche.Project", 3, picture, directions,
                       origin);
  pst_node_set_int (have->producer, "size", recipe->size);
  pst_node_set_int (have->producer, "stride", stride);
  lists = pst_graph_op (graph, "MatMul", 2, directions, wished);
  matched = pst_graph_op (graph, "pastiche.Match", 3, have, lists, groups);
  error = pst_graph_op (graph, "Sub", 2, have, matched);
  size = spread (graph, lists);
  if (recipe->form == PST_PATCHES_ABSOLUTE)
    {
      error = pst_graph_op (graph, "Abs", 1, error);
      size = pst_graph_op (graph, "Sqrt", 1, size);
    }
  else
    error = square (graph, error);
  return pst_graph_op (graph, "Div", 2, mean_of_lists (graph, error), size);
}
