/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tests/conformance/case.h"

/* How the cases ended, by set, operator and reason. */
typedef struct _Report Report;

Report *report_new (void);
void    report_free (Report *report);

/**
 * report_add:
 * @failure: (nullable): what went wrong
 * @reason: (nullable): why that is no failure
 * @known: whether inputs had to be known when planning
 */
void report_add (Report *report, const Case *it, const char *failure,
                 const char *reason, gboolean known);

/* The list in Markdown; transfer full */
char *report_write (Report *report);
