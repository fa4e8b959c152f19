/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/**
 * PstProgressFunc:
 * @fraction: how much is done, 0 to 1, never falling
 * @data: user data
 *
 * Called from the thread that runs the work.
 */
typedef void (*PstProgressFunc) (double fraction, gpointer data);
