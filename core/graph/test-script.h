/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/graph.h"

/**
 * pst_test_script:
 * @text: a network as text
 *
 * For tests: a graph of one statement a line (or before a semicolon), such as
 * `y = Conv x f(8,3,3,3) pads=[1,1,1,1]`. The first line names the input:
 * `x 1,3,-1,-1`. Operands are names, `_` for one left out, `f(8,3)` for random
 * numbers of this shape, `f(8,3)=0.5` for one number everywhere, `f[1,2]` and
 * `i[1,8,-1]` for these float or int64 numbers. Attributes are whole numbers, numbers with a point,
 * lists of either in brackets, or words. `a,b = Type …` has two outputs. The
 * last result is the output.
 *
 * Returns: (transfer full): the graph, not sealed; mistakes end the test
 */
PstGraph *pst_test_script (const char *text, int opset);

/* Runs the graph on random numbers from -1 to 2, always the same for a shape.
 * Returns: (transfer full): its first output */
PstArray *pst_test_paint (PstGraph *graph, const PstShape *shape,
                          gboolean no_fusion);
