/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/**
 * test_run:
 *
 * g_test_run() for every test program. Where a path given with -p is that of
 * no test, which g_test_run() takes for success, it says so and runs nothing.
 *
 * Returns: the program's exit status
 */
int test_run (void);
