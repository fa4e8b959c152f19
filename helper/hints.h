/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/pst.h"

/**
 * HelperHints:
 *
 * What a person says of a foreign model, as typed.
 */
typedef struct
{
  char *range;
  char *channels;
} HelperHints;

/* The two options, for a table of GOptionEntry. */
#define HELPER_HINT_ENTRIES(hints)                                            \
  { "range", 0, 0, G_OPTION_ARG_STRING, &(hints).range,                       \
    N_ ("Of a foreign model's pictures: 1, 255 or signed (-1 to 1)"),         \
    N_ ("RANGE") },                                                           \
  { "channels", 0, 0, G_OPTION_ARG_STRING, &(hints).channels,                 \
    N_ ("Order of a foreign model's channels: rgb or bgr"), N_ ("ORDER") }

gboolean helper_hints_parse (const HelperHints *hints, PstModelHints *parsed,
                             GError **error);
void     helper_hints_clear (HelperHints *hints);
