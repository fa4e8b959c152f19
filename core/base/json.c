/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/base/json.h"

#include <math.h>

void
pst_json_append_text (GString *json, const char *text)
{
  g_string_append_c (json, '"');
  for (; *text; text++)
    if (*text == '"' || *text == '\\')
      g_string_append_printf (json, "\\%c", *text);
    else if ((guchar) *text < 0x20)
      g_string_append_printf (json, "\\u%04x", (guchar) *text);
    else
      g_string_append_c (json, *text);
  g_string_append_c (json, '"');
}

void
pst_json_append_number (GString *json, double number)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  if (isfinite (number))
    g_string_append (json,
                     g_ascii_formatd (digits, sizeof digits, "%.9g", number));
  else
    g_string_append (json, "null");
}
