/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/markup.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* g_markup_escape_text() writes control characters, and nothing else, as
 * "&#x1;", which XML 1.0 does not allow. */
static void
drop_controls (char *text)
{
  char *to = text;

  for (const char *from = text; *from;)
    {
      /* g_str_has_prefix() would measure all of the text each time */
      const char *end = strncmp (from, "&#x", 3) == 0 ? strchr (from, ';')
                                                      : NULL;

      if (end)
        from = end + 1;
      else
        *to++ = *from++;
    }
  *to = '\0';
}

void
pst_markup_printf (GString *to, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list          arguments;

  va_start (arguments, format);
  text = g_markup_vprintf_escaped (format, arguments);
  va_end (arguments);
  drop_controls (text);
  g_string_append (to, text);
}

void
pst_markup_number (GString *to, double number, int decimals)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  char format[] = "%.0f";

  format[2] = (char) ('0' + CLAMP (decimals, 0, 9));
  g_string_append (to, g_ascii_formatd (text, sizeof text, format, number));
}

char *
pst_markup_count (gint64 count)
{
  GString *text = g_string_new (NULL);
  gsize    first;

  g_string_printf (text, "%" G_GINT64_FORMAT, count);
  first = count < 0;
  for (gsize i = text->len; i > first + 3; i -= 3)
    g_string_insert_c (text, (gssize) i - 3, ',');
  return g_string_free (text, FALSE);
}

char *
pst_markup_figure (double number)
{
  double   size = fabs (number);
  GString *text;
  int      decimals;
  char     exponent[G_ASCII_DTOSTR_BUF_SIZE];

  if (! isfinite (number))
    return g_strdup ("–");
  if (size >= 1e6 || (size > 0 && size < 1e-4))
    return g_strdup (g_ascii_formatd (exponent, sizeof exponent, "%.2g",
                                      number));
  if (size >= 100)
    return pst_markup_count ((gint64) round (number));
  text = g_string_new (NULL);
  decimals = size > 0 ? 2 - (int) floor (log10 (size)) : 0;
  pst_markup_number (text, number, decimals);
  return g_string_free (text, FALSE);
}

char *
pst_markup_duration (double seconds)
{
  int minutes = (int) round (MIN (seconds, 1e9) / 60);

  if (! isfinite (seconds))
    return g_strdup ("–");
  if (seconds < 100)
    return g_strdup_printf (_ ("%d s"), (int) round (seconds));
  if (minutes < 60)
    return g_strdup_printf (_ ("%d min"), minutes);
  return g_strdup_printf (_ ("%d h %02d min"), minutes / 60, minutes % 60);
}
