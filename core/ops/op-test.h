/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/plan.h"

#define PST_TEST_INPUTS 8
#define PST_TEST_OUTPUTS 4

/**
 * PstOpCase:
 * @name: what the case is about; ends the test's path
 * @op: type, "pastiche.Gram" for one of ours
 * @opset: 17 where 0
 * @attrs: "name=value" separated by blanks. A value with a point is a float,
 *   one in brackets a list, other numbers are ints, the rest are strings:
 *   "mode=reflect pads=[0,0,1,1] alpha=0.5"
 * @in: inputs, NULL or "-" where one is left out:
 *   "float 2x3x5x7", "float 2x3 in 0.5..2", "const int64 2 = 5 7",
 *   "int64 scalar = 3", "const float 3". "const" makes a parameter. Without
 *   numbers they are random, from -1 to 1 unless a range is given.
 * @out: shapes of the outputs
 * @fails: part of the message with which planning must fail, else NULL
 * @flat: no check of gradients
 * @tolerance: largest error over the largest number (of 1 at least); 0: 2e-6
 *
 * One row of an operator's table.
 */
typedef struct
{
  const char *name;
  const char *op;
  int         opset;
  const char *attrs;
  const char *in[PST_TEST_INPUTS];
  const char *out[PST_TEST_OUTPUTS];
  const char *fails;
  gboolean    flat;
  double      tolerance;
} PstOpCase;

/* A tensor of the reference: numbers in logical (C) order. */
typedef struct
{
  PstDtype dtype;
  PstShape shape;
  gboolean constant;
  gint64   count; /* 0 where it is left out */
  double  *v;
} PstTestTensor;

typedef struct
{
  const PstNode *node; /* for attributes */
  int            opset;
  int            n_in;
  PstTestTensor  in[PST_TEST_INPUTS];
  int            n_out;
  PstTestTensor  out[PST_TEST_OUTPUTS];
} PstOpTest;

/* Writes t->out[]->v from t->in[]->v by the operator's formula, naively. */
typedef void (*PstOpReference) (PstOpTest *t);

/**
 * pst_op_test_add:
 * @cases: a table that stays
 *
 * Registers one test a row: shapes; numbers against @reference; the same bits
 * with two threads; gradients against central differences of @reference, with
 * everything that backward may not read set to NaN and with two nodes that
 * add to the same gradient; every allocation failing once.
 */
void pst_op_test_add (const char *path, const PstOpCase *cases, guint n,
                      PstOpReference reference);

/* Sets up the tensors of a row, attributes on a node; frees the tensors. */
void pst_op_case_read (PstOpTest *t, const PstOpCase *row);
void pst_op_case_set_attributes (PstNode *node, const char *text);
void pst_op_case_clear (PstOpTest *t);

/* One element by its place in up to four dimensions. */
static inline double *
pst_test_at (PstTestTensor *x, gint64 a, gint64 b, gint64 c, gint64 d)
{
  const gint64 *dim = x->shape.dim;

  return &x->v[((a * dim[1] + b) * dim[2] + c) * dim[3] + d];
}

/* Place of element @index of @shape in a tensor broadcast to it. */
gint64 pst_test_broadcast (const PstTestTensor *x, const PstShape *shape,
                           gint64 index);

/* Register the tables of each -test.c file. */
void pst_test_activation (void);
void pst_test_arg_max (void);
void pst_test_layer_norm (void);
void pst_test_unary (void);
void pst_test_binary (void);
void pst_test_pad (void);
void pst_test_resize (void);
void pst_test_pool (void);
void pst_test_reduce (void);
void pst_test_product (void);
void pst_test_reshape (void);
void pst_test_arrange (void);
void pst_test_loss (void);
void pst_test_match (void);
void pst_test_compare (void);
void pst_test_channel (void);
void pst_test_conv_transpose (void);
void pst_test_conv (void);
void pst_test_conv_gradient (void);
void pst_test_instance_norm (void);
