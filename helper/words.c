/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "helper/words.h"

#include <glib/gi18n.h>
#include <string.h>

static gboolean
parse_memory (const char *text, guint64 *bytes)
{
  char  *end;
  double value = g_ascii_strtod (text, &end);
  double unit = 1;

  if (*end == 'k' || *end == 'K')
    unit = 1e3;
  else if (*end == 'M')
    unit = 1e6;
  else if (*end == 'G')
    unit = 1e9;
  if (unit != 1)
    end++;
  if (end == text || (*end && strcmp (end, "B") != 0))
    return FALSE;
  if (! (value * unit >= 1 && value * unit < 1e18))
    return FALSE;
  *bytes = value * unit;
  return TRUE;
}

gboolean
helper_usual_check (const HelperUsual *usual, PstControls *controls,
                    GError **error)
{
  const char *text = NULL;

  if (usual->threads < 0)
    text = _ ("The number of threads cannot be negative.");
  else if (usual->quality < 1 || usual->quality > 100)
    text = _ ("The quality must be between 1 and 100.");
  else if (usual->memory && ! parse_memory (usual->memory, &controls->memory))
    text = _ ("The memory must be a number with M or G, such as 800M.");
  if (text)
    g_set_error_literal (error, PST_ERROR, PST_ERROR_ARGUMENT, text);
  controls->n_threads = (guint) MAX (usual->threads, 0);
  return ! text;
}

GArray *
helper_words_strengths (const char *text, GError **error)
{
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (double));
  g_auto (GStrv)     words = g_strsplit (text ? text : "100", ",", -1);

  for (char **word = words; *word; word++)
    {
      char  *end;
      double value = g_ascii_strtod (*word, &end);

      if (end == *word || *end ||
          ! (value >= PST_STRENGTH_MIN && value <= PST_STRENGTH_MAX))
        {
          g_set_error_literal (error, PST_ERROR, PST_ERROR_ARGUMENT,
                               _ ("Strengths are numbers between 0 and 200 "
                                  "percent, with commas between them."));
          return NULL;
        }
      g_array_append_val (list, value);
    }
  return g_steal_pointer (&list);
}
