/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/op.h"

/* Within core/graph only: what the rules of pst_rewrite_simplify() share. */

/* Maps of more are left alone; what a map may take is not yet known here. */
#define PST_SIMPLIFY_MAX_CHANNELS ((gint64) 1 << 20)

/**
 * PstSimplifier:
 * @graph: a specialised graph; nodes are added to its end
 * @to: by index of a value: what stands for it now, or %NULL
 * @uses: by index of a value: how many inputs of nodes and outputs of the
 *   graph read it; never less than the truth
 * @order: by index of a node: where it belongs; new nodes take the place of
 *   the one that they stand for
 * @place: of the node that a rule looks at
 * @changed: whether a rule has changed anything
 * @failed: there was no memory for a parameter; no rule changes anything any
 *   more
 */
typedef struct
{
  PstGraph  *graph;
  GPtrArray *to;
  GArray    *uses;
  GArray    *order;
  guint      place;
  gboolean   changed;
  gboolean   failed;
} PstSimplifier;

/* Looks at a node; where it is the end of a pattern, adds what is to take its
 * place and calls pst_simplify_replace(). */
typedef void (*PstSimplifyRule) (PstSimplifier *s, PstNode *node);

void pst_simplify_shapes (PstSimplifier *s, PstNode *node);
void pst_simplify_upsampling (PstSimplifier *s, PstNode *node);
void pst_simplify_transposed (PstSimplifier *s, PstNode *node);
void pst_simplify_norm (PstSimplifier *s, PstNode *node);
void pst_simplify_affine (PstSimplifier *s, PstNode *node);
void pst_simplify_padding (PstSimplifier *s, PstNode *node);
void pst_simplify_input (PstSimplifier *s, PstNode *node);

/* One of ONNX's own operators of this type. */
gboolean  pst_simplify_is (const PstNode *node, const char *type);
/* Input @i as it stands now, or %NULL. */
PstValue *pst_simplify_in (PstSimplifier *s, const PstNode *node, int i);
/* The node that makes @value, if it is of @type (%NULL: any). */
PstNode  *pst_simplify_from (const PstValue *value, const char *type);
/* Whether only one input of one node reads it. */
gboolean  pst_simplify_is_private (PstSimplifier *s, const PstValue *value);
/* How many inputs and outputs read it. */
int       pst_simplify_uses (PstSimplifier *s, const PstValue *value);

/* Adds a node in the place of @like, to be followed by attributes and
 * pst_simplify_settle(). */
PstNode  *pst_simplify_add (PstSimplifier *s, const PstNode *like,
                            const char *type, PstValue *const *in, int n_in);
void      pst_simplify_copy_attrs (PstNode *to, const PstNode *from);
/* Works out the new node's result; %NULL where its operator refuses. */
PstValue *pst_simplify_settle (PstSimplifier *s, PstNode *node);
/* New parameters; %NULL, and @failed is set, where there is no memory. A node
 * that misses one may be added: it does not settle. */
PstValue *pst_simplify_floats (PstSimplifier *s, const char *name,
                               const PstShape *shape, const float *numbers);
PstValue *pst_simplify_ints (PstSimplifier *s, const char *name, int n,
                             const gint64 *numbers);
/* @new, of the same shape, takes the place of @old; %FALSE where @new is
 * %NULL or of another shape. */
gboolean  pst_simplify_replace (PstSimplifier *s, PstValue *old,
                                PstValue *new);
/* @x under another shape: itself, or a new Reshape. */
PstValue *pst_simplify_reshape (PstSimplifier *s, const PstNode *like,
                                PstValue *x, const PstShape *shape);

/* Whether a value is known and made of one number everywhere. */
gboolean pst_simplify_get_number (const PstValue *value, double *number);
/* Up to @max whole numbers from a known input or an attribute; how many, or
 * -1. */
int      pst_simplify_get_ints (PstSimplifier *s, const PstNode *node,
                                int input, const char *name, int max,
                                gint64 *numbers);

/* Reshape, Squeeze, Unsqueeze, Flatten */
gboolean pst_simplify_is_reshape (const PstNode *node);

/**
 * pst_simplify_channels:
 * @value: a known operand
 * @map: shape of the other operand
 * @n: how many channels
 * @inner: how many numbers of @map share a channel's number
 *
 * One number for each channel, if that is what broadcasting @value to @map
 * means, where @map is of [N, C, inner], however its dimensions are cut.
 *
 * Returns: (transfer full) (nullable): @n numbers
 */
double *pst_simplify_channels (const PstValue *value, const PstShape *map,
                               gint64 n, gint64 inner);

/**
 * PstLine:
 * @n: channels
 * @inner: numbers of each channel of a sample
 * @factor: @n numbers
 * @summand: @n numbers
 *
 * y = factor x + summand for each channel of a map of [N, n, inner].
 */
typedef struct
{
  gint64  n;
  gint64  inner;
  double *factor;
  double *summand;
} PstLine;

/**
 * pst_line_read:
 * @node: any node
 * @x: the input that is not known beforehand
 * @map: [N, C, H, W], of which @x is a map under some shape
 * @line: (out): to be cleared in any case
 *
 * Returns: whether @node computes a line of @x
 */
gboolean pst_line_read (PstSimplifier *s, const PstNode *node,
                        const PstValue *x, const PstShape *map, PstLine *line);
void     pst_line_clear (PstLine *line);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PstLine, pst_line_clear)
