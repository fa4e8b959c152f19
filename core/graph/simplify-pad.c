/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paddings in a row become one; zeros around a map go into the convolution
 * that pads with zeros itself, and out of one that could take in the
 * enlargement before it. */
#include "core/graph/simplify.h"

#include <string.h>

typedef struct
{
  const char *mode;
  double      value;
  gint64      pads[8]; /* begins of N, C, H, W; ends */
} Padding;

/* FALSE where it is not known or not one of a map. */
static gboolean
read_padding (PstSimplifier *s, const PstNode *node, Padding *padding)
{
  const PstValue *value = pst_simplify_in (s, node, 2);

  if (! pst_simplify_is (node, "Pad") || pst_simplify_in (s, node, 3) ||
      node->out[0]->info.shape.rank != 4 ||
      pst_simplify_get_ints (s, node, 1, "pads", 8, padding->pads) != 8)
    return FALSE;
  padding->mode = pst_node_get_string (node, "mode", "constant");
  padding->value = pst_node_get_float (node, "value", 0.0f);
  if (value && ! pst_simplify_get_number (value, &padding->value))
    return FALSE;
  for (int i = 0; i < 8; i++)
    if (padding->pads[i] < 0 || padding->pads[i] > G_MAXINT32)
      return FALSE;
  return TRUE;
}

static PstValue *
add_pad (PstSimplifier *s, const PstNode *like, PstValue *x,
         const Padding *padding)
{
  const PstShape one = PST_SHAPE (1);
  const float    value = (float) padding->value;
  PstValue      *in[3] = { x };
  PstNode       *node;

  in[1] = pst_simplify_ints (s, NULL, 8, padding->pads);
  in[2] = pst_simplify_floats (s, NULL, &one, &value);
  node = pst_simplify_add (s, like, "Pad", in, value ? 3 : 2);
  pst_node_set_string (node, "mode", padding->mode);
  return pst_simplify_settle (s, node);
}

static void
join_pads (PstSimplifier *s, PstNode *node)
{
  PstValue *x = pst_simplify_in (s, node, 0);
  Padding   outer, inner;

  if (! pst_simplify_is_private (s, x) || ! x->producer ||
      ! read_padding (s, node, &outer) ||
      ! read_padding (s, x->producer, &inner) ||
      strcmp (outer.mode, inner.mode))
    return;
  if (strcmp (outer.mode, "edge") &&
      (strcmp (outer.mode, "constant") || outer.value != inner.value))
    return;
  for (int i = 0; i < 8; i++)
    outer.pads[i] += inner.pads[i];
  pst_simplify_replace (s, node->out[0],
                        add_pad (s, node,
                                 pst_simplify_in (s, x->producer, 0),
                                 &outer));
}

/* The paddings of a convolution that states them. */
static gboolean
get_own (const PstNode *conv, gint64 own[4])
{
  const char   *mode = pst_node_get_string (conv, "auto_pad", "NOTSET");
  int           n;
  const gint64 *pads = pst_node_get_ints (conv, "pads", &n);

  memset (own, 0, 4 * sizeof (gint64));
  if (strcmp (mode, "VALID") == 0)
    return TRUE;
  if (strcmp (mode, "NOTSET") || (pads && n != 4))
    return FALSE;
  if (pads)
    memcpy (own, pads, 4 * sizeof (gint64));
  return TRUE;
}

static PstValue *
with_own (PstSimplifier *s, PstNode *conv, PstValue *x, const gint64 own[4])
{
  PstValue *in[3] = { x };
  PstNode  *node;

  if (! x)
    return NULL;
  for (int i = 1; i < conv->n_in && i < 3; i++)
    in[i] = pst_simplify_in (s, conv, i);
  node = pst_simplify_add (s, conv, "Conv", in, MIN (conv->n_in, 3));
  pst_simplify_copy_attrs (node, conv);
  pst_node_set_string (node, "auto_pad", "NOTSET");
  pst_node_set_ints (node, "pads", own, 4);
  return pst_simplify_settle (s, node);
}

static void
move_pads (PstSimplifier *s, PstNode *conv)
{
  PstValue *x = pst_simplify_in (s, conv, 0);
  PstNode  *before = x->producer;
  gint64    own[4];
  Padding   padding = { "constant" };
  gboolean  padded;

  if (conv->out[0]->info.shape.rank != 4 || ! before ||
      ! pst_simplify_is_private (s, x) || ! get_own (conv, own))
    return;
  padded = own[0] || own[1] || own[2] || own[3];
  if (padded && read_padding (s, before, &padding))
    {
      const gint64 *p = padding.pads;

      if (strcmp (padding.mode, "constant") || padding.value != 0 || p[0] ||
          p[1] || p[4] || p[5])
        return;
      for (int i = 0; i < 4; i++)
        own[i] += p[i < 2 ? 2 + i : 4 + i];
      pst_simplify_replace (s, conv->out[0],
                            with_own (s, conv, pst_simplify_in (s, before, 0),
                                      own));
    }
  else if (padded && pst_simplify_is (before, "Upsample"))
    {
      static const gint64 none[4] = { 0 };

      memcpy (padding.pads + 2, own, 2 * sizeof (gint64));
      memcpy (padding.pads + 6, own + 2, 2 * sizeof (gint64));
      pst_simplify_replace (s, conv->out[0],
                            with_own (s, conv, add_pad (s, conv, x, &padding),
                                      none));
    }
}

void
pst_simplify_padding (PstSimplifier *s, PstNode *node)
{
  if (pst_simplify_is (node, "Pad"))
    join_pads (s, node);
  else if (pst_simplify_is (node, "Conv"))
    move_pads (s, node);
}
