/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/graph.h"

/*
 * Numbers that never change, each once in a graph: a name that is there
 * already gives the value it has.
 */

PstValue *pst_constant_floats (PstGraph *graph, const char *name,
                               const PstShape *shape, const float *data);
PstValue *pst_constant_ints (PstGraph *graph, const char *name,
                             const PstShape *shape, const gint64 *data);
