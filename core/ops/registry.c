/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/graph/op.h"

#define OP(name) extern const PstOp pst_op_##name;
#include "op-list.h"
#undef OP

static const PstOp *const operators[] = {
#define OP(name) &pst_op_##name,
#include "op-list.h"
#undef OP
};

const PstOp *
pst_op_find (const char *domain, const char *type)
{
  for (gsize i = 0; i < G_N_ELEMENTS (operators); i++)
    if (strcmp (operators[i]->type, type) == 0 &&
        strcmp (operators[i]->domain, domain) == 0)
      return operators[i];
  return NULL;
}
