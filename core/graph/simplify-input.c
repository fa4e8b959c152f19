/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done to a picture's colours before the first convolution goes into
 * the weights of that. */
#include "core/graph/simplify.h"

#include <string.h>

/* Whether a convolution puts zeros around its input, or may. */
static gboolean
adds_zeros (const PstNode *conv)
{
  const char   *mode = pst_node_get_string (conv, "auto_pad", "NOTSET");
  int           n;
  const gint64 *pads = pst_node_get_ints (conv, "pads", &n);

  if (strcmp (mode, "VALID") == 0)
    return FALSE;
  for (int i = 0; i < n; i++)
    if (pads[i])
      return TRUE;
  return strcmp (mode, "NOTSET") != 0;
}

static gboolean
is_zero (const PstLine *line)
{
  for (gint64 c = 0; c < line->n; c++)
    if (line->summand[c])
      return FALSE;
  return TRUE;
}

/* The padding before a convolution that repeats what it finds. */
static PstNode *
pad_before (PstSimplifier *s, const PstValue *x)
{
  PstNode    *pad = pst_simplify_from (x, "Pad");
  const char *mode = pad ? pst_node_get_string (pad, "mode", "constant") : "";
  gint64      pads[8];

  if (! pad || ! pst_simplify_is_private (s, x) ||
      (strcmp (mode, "reflect") && strcmp (mode, "edge")) ||
      pst_simplify_in (s, pad, 3) ||
      pst_simplify_get_ints (s, pad, 1, "pads", 8, pads) != 8 || pads[0] ||
      pads[1] || pads[4] || pads[5])
    return NULL;
  return pad;
}

/* Weights and bias as they are for what comes before the line. */
static gboolean
take_line (PstSimplifier *s, const PstNode *conv, const PstLine *line,
           PstValue **weights, PstValue **bias)
{
  const PstTensor *w = &(*weights)->array->tensor;
  const gint64    *d = w->shape.dim;
  const PstShape   shape = PST_SHAPE (d[0]);
  gint64           groups = pst_node_get_int (conv, "group", 1);
  gint64           inner = d[2] * d[3], at = 0;
  g_autofree float *numbers = g_try_new (float, d[0] * d[1] * inner);
  g_autofree float *sums = g_new (float, MAX (1, d[0]));

  if (! numbers)
    return FALSE;
  for (gint64 m = 0; m < d[0]; m++)
    {
      double sum = *bias ? pst_tensor_get (&(*bias)->array->tensor, m) : 0;

      for (gint64 i = 0; i < d[1]; i++)
        for (gint64 k = 0; k < inner; k++, at++)
          {
            gint64 c = m / (d[0] / groups) * d[1] + i;
            double number = pst_tensor_get (w, at);

            numbers[at] = (float) (number * line->factor[c]);
            sum += number * line->summand[c];
          }
      sums[m] = (float) sum;
    }
  *weights = pst_simplify_floats (s, (*weights)->name, &w->shape, numbers);
  *bias = pst_simplify_floats (s, *bias ? (*bias)->name : NULL, &shape, sums);
  return TRUE;
}

static PstValue *
pad_again (PstSimplifier *s, const PstNode *pad, PstValue *x)
{
  PstValue *in[3] = { x };
  PstNode  *node;

  for (int i = 1; i < pad->n_in && i < 3; i++)
    in[i] = pst_simplify_in (s, pad, i);
  node = pst_simplify_add (s, pad, "Pad", in, MIN (pad->n_in, 3));
  pst_simplify_copy_attrs (node, pad);
  return pst_simplify_settle (s, node);
}

/* Puts a convolution of what @first reads in the place of @conv. */
static void
replace (PstSimplifier *s, PstNode *conv, const PstNode *pad, PstValue *x,
         const PstLine *line)
{
  PstValue *in[3] = { x, pst_simplify_in (s, conv, 1),
                      pst_simplify_in (s, conv, 2) };
  PstNode  *node;

  if (! take_line (s, conv, line, &in[1], &in[2]))
    return;
  if (pad)
    in[0] = pad_again (s, pad, x);
  if (! in[0])
    return;
  node = pst_simplify_add (s, conv, "Conv", in, 3);
  pst_simplify_copy_attrs (node, conv);
  pst_simplify_replace (s, conv->out[0], pst_simplify_settle (s, node));
}

void
pst_simplify_input (PstSimplifier *s, PstNode *conv)
{
  PstValue *x = pst_simplify_in (s, conv, 0);
  PstValue *weights, *bias;
  PstNode  *pad, *node;

  if (! pst_simplify_is (conv, "Conv") || x->info.shape.rank != 4)
    return;
  weights = pst_simplify_in (s, conv, 1);
  bias = pst_simplify_in (s, conv, 2);
  pad = pad_before (s, x);
  x = pad ? pst_simplify_in (s, pad, 0) : x;
  node = x->producer;
  if (! node || ! pst_simplify_is_private (s, x) || ! weights->array ||
      (bias && ! bias->array))
    return;
  for (int i = 0; i < MIN (node->n_in, 2); i++)
    {
      PstValue        *from = pst_simplify_in (s, node, i);
      g_auto (PstLine) line = { 0 };

      if (! from || from->array ||
          ! pst_shape_equal (&from->info.shape, &x->info.shape) ||
          ! pst_line_read (s, node, from, &x->info.shape, &line))
        continue;
      if (! adds_zeros (conv) || is_zero (&line))
        replace (s, conv, pad, from, &line);
      return;
    }
}
