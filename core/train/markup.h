/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* Writing HTML that is XML as well. */

/* As g_string_append_printf(), with what the arguments say escaped. Their
 * characters that XML cannot hold are left out; they must be UTF-8. */
void pst_markup_printf (GString *to, const char *format, ...)
  G_GNUC_PRINTF (2, 3);

/* @number with @decimals digits after a point, whatever the locale. */
void  pst_markup_number (GString *to, double number, int decimals);
/* Three digits that count, such as "0.0123", "4.56", "78,900"; transfer full */
char *pst_markup_figure (double number);
/* "1,234,567"; transfer full */
char *pst_markup_count (gint64 count);
/* "53 s", "12 min", "1 h 07 min"; transfer full */
char *pst_markup_duration (double seconds);
