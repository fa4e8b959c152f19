/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ConvTranspose with a crop behind it gets the crop as padding, and one
 * that tells the size of its result tells its padding instead, which is right
 * at any size. */
#include "core/graph/simplify.h"

#include <string.h>

/* What a node cuts off a map: top, left. The rest follows from the shapes. */
static gboolean
get_crop (PstSimplifier *s, const PstNode *node, gint64 start[2])
{
  const PstValue *x = pst_simplify_in (s, node, 0);
  gint64          numbers[2 * PST_MAX_RANK], axes[PST_MAX_RANK];
  int             n, n_axes;

  start[0] = start[1] = 0;
  if (pst_simplify_is (node, "Crop"))
    {
      n = pst_simplify_get_ints (s, node, -1, "border", 4, numbers);
      start[0] = n == 4 ? numbers[1] : -1;
      start[1] = n == 4 ? numbers[0] : -1;
      return n == 4;
    }
  if (pst_simplify_is (node, "Pad"))
    {
      n = pst_simplify_get_ints (s, node, 1, "pads", 8, numbers);
      if (n != 8 || node->n_in > 3)
        return FALSE;
      for (int i = 0; i < 8; i++)
        if (numbers[i] > 0 || (i % 4 < 2 && numbers[i]))
          return FALSE;
      start[0] = -numbers[2];
      start[1] = -numbers[3];
      return TRUE;
    }
  if (! pst_simplify_is (node, "Slice"))
    return FALSE;
  n = pst_simplify_get_ints (s, node, 4, "steps", 4, numbers);
  if (n < 0 && node->n_in > 4 && node->in[4])
    return FALSE;
  for (int i = 0; i < n; i++)
    if (numbers[i] != 1)
      return FALSE;
  n = pst_simplify_get_ints (s, node, 1, "starts", 4, numbers);
  n_axes = pst_simplify_get_ints (s, node, 3, "axes", 4, axes);
  if (n < 1 || (n_axes >= 0 && n_axes != n) ||
      (n_axes < 0 && node->n_in > 3 && node->in[3]))
    return FALSE;
  for (int i = 0; i < n; i++)
    {
      gint64 axis = n_axes < 0 ? i : (axes[i] + 4) % 4;
      gint64 size = x->info.shape.dim[axis];
      gint64 first = numbers[i] < 0 ? numbers[i] + size : numbers[i];

      if (axis >= 2)
        start[axis - 2] = CLAMP (first, 0, size);
      else if (node->out[0]->info.shape.dim[axis] != size)
        return FALSE;
    }
  return TRUE;
}

static void
get_pair (const PstNode *node, const char *name, gint64 pair[2])
{
  int           n;
  const gint64 *ints = pst_node_get_ints (node, name, &n);

  if (ints && n >= 2)
    memcpy (pair, ints, 2 * sizeof (gint64));
}

/* What the node takes off its result's begin, as its operator does. */
static void
get_begin (const PstNode *conv, const gint64 full[2], gint64 begin[2])
{
  const gint64 *out = conv->out[0]->info.shape.dim + 2;
  const char   *mode = pst_node_get_string (conv, "auto_pad", "NOTSET");
  gint64        more[2] = { 0 };

  begin[0] = begin[1] = 0;
  get_pair (conv, "output_padding", more);
  if (pst_node_attr (conv, "output_shape") || g_str_has_prefix (mode, "SAME_"))
    for (int i = 0; i < 2; i++)
      {
        gint64 all = MAX (0, full[i] + more[i] - out[i]);

        begin[i] = strcmp (mode, "SAME_UPPER") == 0 ? all / 2 : all - all / 2;
      }
  else if (strcmp (mode, "VALID"))
    get_pair (conv, "pads", begin);
}

/* @conv with its result cut to what @like gives, from @start on. */
static PstValue *
with_crop (PstSimplifier *s, const PstNode *like, const PstNode *conv,
           const gint64 start[2])
{
  const gint64 *in = pst_simplify_in (s, conv, 0)->info.shape.dim + 2;
  const gint64 *kernel = pst_simplify_in (s, conv, 1)->info.shape.dim + 2;
  const gint64 *out = like->out[0]->info.shape.dim + 2;
  gint64        stride[2] = { 1, 1 }, dilation[2] = { 1, 1 };
  gint64        full[2], begin[2], pads[4], more[2];
  PstValue     *inputs[3];
  PstNode      *node;

  get_pair (conv, "strides", stride);
  get_pair (conv, "dilations", dilation);
  for (int i = 0; i < 2; i++)
    full[i] = (in[i] - 1) * stride[i] + (kernel[i] - 1) * dilation[i] + 1;
  get_begin (conv, full, begin);
  for (int i = 0; i < 2; i++)
    {
      gint64 end = full[i] - begin[i] - start[i] - out[i];

      pads[i] = begin[i] + start[i];
      pads[2 + i] = MAX (end, 0);
      more[i] = MAX (-end, 0);
    }
  for (int i = 0; i < conv->n_in && i < 3; i++)
    inputs[i] = pst_simplify_in (s, conv, i);
  node = pst_simplify_add (s, conv, "ConvTranspose", inputs,
                           MIN (conv->n_in, 3));
  pst_node_set_ints (node, "kernel_shape", kernel, 2);
  pst_node_set_ints (node, "strides", stride, 2);
  pst_node_set_ints (node, "dilations", dilation, 2);
  pst_node_set_ints (node, "pads", pads, 4);
  pst_node_set_ints (node, "output_padding", more, 2);
  pst_node_set_int (node, "group", pst_node_get_int (conv, "group", 1));
  return pst_simplify_settle (s, node);
}

static gboolean
is_transposed (const PstNode *node)
{
  return pst_simplify_is (node, "ConvTranspose") &&
         node->out[0]->info.shape.rank == 4;
}

void
pst_simplify_transposed (PstSimplifier *s, PstNode *node)
{
  static const gint64 nothing[2] = { 0 };
  PstValue           *x = pst_simplify_in (s, node, 0);
  gint64              start[2];

  if (is_transposed (node))
    {
      if (pst_node_attr (node, "output_shape") ||
          strcmp (pst_node_get_string (node, "auto_pad", "NOTSET"), "NOTSET"))
        pst_simplify_replace (s, node->out[0],
                              with_crop (s, node, node, nothing));
      return;
    }
  if (x && is_transposed (x->producer) && pst_simplify_is_private (s, x) &&
      get_crop (s, node, start))
    pst_simplify_replace (s, node->out[0],
                          with_crop (s, node, x->producer, start));
}
