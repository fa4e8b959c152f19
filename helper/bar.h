/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* Whether standard error is a terminal that a bar can be drawn on. */
gboolean helper_bar_wanted (gboolean quiet);

/* A PstProgressFunc: a bar on one line of standard error. */
void helper_bar_show (double fraction, gpointer unused);
void helper_bar_clear (void);
