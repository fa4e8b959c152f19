/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/learn.h"

#include <string.h>

#define OP(name) extern const PstOp pst_op_##name;
#include "op-list.h"
#undef OP

static const PstOp *const operators[] = {
#define OP(name) &pst_op_##name,
#include "op-list.h"
#undef OP
};

#define MAX_ATTRIBUTES 24

typedef struct
{
  FuzzAttribute attributes[MAX_ATTRIBUTES];
  guint         n;
} Known;

/* What is known of each operator; the last one is for all together. */
static Known known[G_N_ELEMENTS (operators) + 1];

guint
fuzz_n_ops (void)
{
  return G_N_ELEMENTS (operators);
}

const PstOp *
fuzz_op (guint i)
{
  return operators[i];
}

static guint
index_of (const PstOp *op)
{
  guint i = 0;

  while (i < G_N_ELEMENTS (operators) && operators[i] != op)
    i++;
  return i;
}

const FuzzAttribute *
fuzz_attribute (const PstOp *op, guint random)
{
  const Known *of = &known[index_of (op)];

  return of->n ? &of->attributes[random % of->n] : NULL;
}

static void
note (Known *of, const char *name, PstAttrType type)
{
  for (guint i = 0; i < of->n; i++)
    if (of->attributes[i].type == type &&
        strcmp (of->attributes[i].name, name) == 0)
      return;
  if (of->n < MAX_ATTRIBUTES)
    of->attributes[of->n++] =
        (FuzzAttribute) { g_intern_string (name), type };
}

static void
learn (const PstNode *node, const char *name, PstAttrType type)
{
  note (&known[index_of (node->op)], name, type);
  note (&known[G_N_ELEMENTS (operators)], name, type);
}

#define LEARN(type, function, ...)                                            \
  learn (node, name, type);                                                   \
  return __real_##function (node, name, __VA_ARGS__)

gint64 __real_pst_node_get_int (const PstNode *node, const char *name,
                                gint64 fallback);
gint64 __wrap_pst_node_get_int (const PstNode *node, const char *name,
                                gint64 fallback);
float  __real_pst_node_get_float (const PstNode *node, const char *name,
                                  float fallback);
float  __wrap_pst_node_get_float (const PstNode *node, const char *name,
                                  float fallback);
const char   *__real_pst_node_get_string (const PstNode *node,
                                          const char    *name,
                                          const char    *fallback);
const char   *__wrap_pst_node_get_string (const PstNode *node,
                                          const char    *name,
                                          const char    *fallback);
const gint64 *__real_pst_node_get_ints (const PstNode *node, const char *name,
                                        int *n);
const gint64 *__wrap_pst_node_get_ints (const PstNode *node, const char *name,
                                        int *n);
const float  *__real_pst_node_get_floats (const PstNode *node,
                                          const char *name, int *n);
const float  *__wrap_pst_node_get_floats (const PstNode *node,
                                          const char *name, int *n);

gint64
__wrap_pst_node_get_int (const PstNode *node, const char *name,
                         gint64 fallback)
{
  LEARN (PST_ATTR_INT, pst_node_get_int, fallback);
}

float
__wrap_pst_node_get_float (const PstNode *node, const char *name,
                           float fallback)
{
  LEARN (PST_ATTR_FLOAT, pst_node_get_float, fallback);
}

const char *
__wrap_pst_node_get_string (const PstNode *node, const char *name,
                            const char *fallback)
{
  LEARN (PST_ATTR_STRING, pst_node_get_string, fallback);
}

const gint64 *
__wrap_pst_node_get_ints (const PstNode *node, const char *name, int *n)
{
  LEARN (PST_ATTR_INTS, pst_node_get_ints, n);
}

const float *
__wrap_pst_node_get_floats (const PstNode *node, const char *name, int *n)
{
  LEARN (PST_ATTR_FLOATS, pst_node_get_floats, n);
}
