/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* Writing JSON: @text in quotes, UTF-8. */
void pst_json_append_text (GString *json, const char *text);
/* Nine digits; null where @number is not finite. */
void pst_json_append_number (GString *json, double number);
