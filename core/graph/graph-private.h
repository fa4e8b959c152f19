/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/graph.h"

/* Within core/graph only. */
void pst_attr_clear (PstAttr *attr);
void pst_node_copy_attrs (PstNode *to, const PstNode *from);
void pst_graph_rename (PstGraph *graph, PstValue *value, const char *name);
