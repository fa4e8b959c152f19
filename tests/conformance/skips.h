/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tests/conformance/case.h"

/* Reads the list: "[reason]" lines, below each "op", "type" or "case" and
 * what it is for; op and type are names, cases may have * and ?. */
typedef struct _Skips Skips;

Skips *skips_new (const char *path);
void   skips_free (Skips *skips);

/* How many cases the list was made for. */
guint       skips_get_n_cases (Skips *skips);
/* Returns: (nullable): why @it need not pass; the first reason that fits */
const char *skips_find (Skips *skips, const Case *it);
/* The next entry from @at on that fitted no case, or NULL. */
const char *skips_next_unused (Skips *skips, guint *at);
