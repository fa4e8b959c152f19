/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "helper/hints.h"

#include <glib/gi18n.h>
#include <string.h>

static PstRange
parse_range (const char *text)
{
  return strcmp (text, "1") == 0        ? PST_RANGE_1
         : strcmp (text, "255") == 0    ? PST_RANGE_255
         : strcmp (text, "signed") == 0 ? PST_RANGE_SIGNED
                                        : PST_RANGE_UNKNOWN;
}

static PstOrder
parse_order (const char *text)
{
  return g_ascii_strcasecmp (text, "rgb") == 0   ? PST_ORDER_RGB
         : g_ascii_strcasecmp (text, "bgr") == 0 ? PST_ORDER_BGR
                                                 : PST_ORDER_UNKNOWN;
}

gboolean
helper_hints_parse (const HelperHints *hints, PstModelHints *parsed,
                    GError **error)
{
  *parsed = (PstModelHints){ PST_RANGE_UNKNOWN, PST_ORDER_UNKNOWN };
  if (hints->range)
    parsed->range = parse_range (hints->range);
  if (hints->channels)
    parsed->order = parse_order (hints->channels);
  if ((! hints->range || parsed->range != PST_RANGE_UNKNOWN) &&
      (! hints->channels || parsed->order != PST_ORDER_UNKNOWN))
    return TRUE;
  g_set_error_literal (error, PST_ERROR, PST_ERROR_ARGUMENT,
                       _ ("The range must be 1, 255 or signed, the channels "
                          "rgb or bgr."));
  return FALSE;
}

void
helper_hints_clear (HelperHints *hints)
{
  g_free (hints->range);
  g_free (hints->channels);
}
