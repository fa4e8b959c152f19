/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/op.h"

/* The registry, and what each operator asks its nodes for. The calls of
 * pst_node_get_int() and so on go through learn.c (--wrap), so attributes of
 * new operators are known as soon as one of them has run. */

guint        fuzz_n_ops (void);
const PstOp *fuzz_op (guint i);

typedef struct
{
  const char *name;
  PstAttrType type;
} FuzzAttribute;

/* Returns: (nullable): one of the attributes that @op has asked for so far;
 *   of any operator where @op is %NULL */
const FuzzAttribute *fuzz_attribute (const PstOp *op, guint random);
