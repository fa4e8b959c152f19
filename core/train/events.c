/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/events.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"

static const char *const kinds[] = { "start", "step", "sample", "checkpoint",
                                     "report", "rollback", "note", "end" };

typedef struct
{
  const char *name;
  gsize       offset;
  gboolean    whole; /* gint64, else double */
  guint       kinds; /* in which it is written */
} Member;

#define IN(kind) (1u << PST_EVENT_##kind)
#define LOSS(name)                                                            \
  { #name, offsetof (PstEvent, losses.name), FALSE, IN (STEP) }

static const Member members[] = {
  { "step", offsetof (PstEvent, step), TRUE, ~IN (NOTE) },
  { "steps", offsetof (PstEvent, steps), TRUE, IN (START) | IN (STEP) },
  { "photos", offsetof (PstEvent, photos), TRUE, IN (START) },
  { "memory", offsetof (PstEvent, memory), TRUE, IN (START) },
  { "rate", offsetof (PstEvent, rate), FALSE, IN (STEP) | IN (ROLLBACK) },
  { "speed", offsetof (PstEvent, speed), FALSE, IN (STEP) },
  { "left", offsetof (PstEvent, left), FALSE, IN (STEP) },
  LOSS (content),
  LOSS (style),
  LOSS (variation),
  LOSS (identity),
  LOSS (adversarial),
  LOSS (patches),
  LOSS (real),
  LOSS (fake),
  LOSS (penalty),
  LOSS (success),
  LOSS (balance),
  LOSS (norm),
};

char *
pst_event_to_json (const PstEvent *event)
{
  GString *json = g_string_new ("{\"event\":");

  pst_json_append_text (json, kinds[event->kind]);
  for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
    {
      const Member *member = &members[i];
      const char   *at = (const char *) event + member->offset;

      if (! (member->kinds & (1u << event->kind)))
        continue;
      g_string_append_printf (json, ",\"%s\":", member->name);
      if (member->whole)
        g_string_append_printf (json, "%" G_GINT64_FORMAT,
                                *(const gint64 *) at);
      else
        pst_json_append_number (json, *(const double *) at);
    }
  if (event->text)
    {
      g_string_append (json, ",\"text\":");
      pst_json_append_text (json, event->text);
    }
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}

static void
skip_space (const char **p)
{
  while (g_ascii_isspace (**p))
    (*p)++;
}

/* A JSON string at *p; NULL where there is none. */
static char *
parse_string (const char **p)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (*(*p)++ != '"')
    return NULL;
  for (; **p && **p != '"'; (*p)++)
    {
      if (**p != '\\')
        {
          g_string_append_c (text, **p);
          continue;
        }
      (*p)++;
      if (**p == 'u' && strlen (*p) >= 5)
        {
          g_autofree char *digits = g_strndup (*p + 1, 4);

          g_string_append_unichar (text, (gunichar) g_ascii_strtoull (
                                           digits, NULL, 16));
          *p += 4;
        }
      else if (**p == 'n' || **p == 't')
        g_string_append_c (text, **p == 'n' ? '\n' : '\t');
      else if (**p)
        g_string_append_c (text, **p);
      else
        return NULL;
    }
  if (*(*p)++ != '"')
    return NULL;
  return g_strdup (text->str);
}

static void
take_number (PstEvent *event, const char *name, double number)
{
  for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
    {
      char *at = (char *) event + members[i].offset;

      if (strcmp (members[i].name, name) != 0)
        continue;
      if (! members[i].whole)
        *(double *) at = number;
      else if (fabs (number) < 9e18)
        *(gint64 *) at = (gint64) number;
    }
}

static gboolean
take_text (PstEvent *event, const char *name, const char *text)
{
  if (strcmp (name, "text") == 0)
    {
      g_free (event->text);
      event->text = g_strdup (text);
    }
  if (strcmp (name, "event") != 0)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i], text) == 0)
      {
        event->kind = (PstEventKind) i;
        return TRUE;
      }
  return FALSE;
}

/* One "name": value; FALSE where it is no such thing. */
static gboolean
parse_member (const char **p, PstEvent *event, gboolean *known)
{
  g_autofree char *name = NULL, *text = NULL;
  char            *end = NULL;
  double           number = NAN;

  skip_space (p);
  name = parse_string (p);
  skip_space (p);
  if (! name || *(*p)++ != ':')
    return FALSE;
  skip_space (p);
  if (**p == '"')
    {
      text = parse_string (p);
      if (text && take_text (event, name, text))
        *known = TRUE;
      return text != NULL;
    }
  if (g_str_has_prefix (*p, "null"))
    *p += 4;
  else
    {
      number = g_ascii_strtod (*p, &end);
      if (end == *p)
        return FALSE;
      *p = end;
    }
  take_number (event, name, number);
  return TRUE;
}

gboolean
pst_event_parse (const char *line, PstEvent *event, GError **error)
{
  const char *p = line;
  gboolean    known = FALSE, good;

  memset (event, 0, sizeof *event);
  skip_space (&p);
  good = *p == '{';
  while (good && *p && *p != '}')
    {
      p++;
      good = parse_member (&p, event, &known);
      skip_space (&p);
      good = good && (*p == ',' || *p == '}');
    }
  if (good && known)
    return TRUE;
  pst_event_clear (event);
  g_set_error (error, PST_ERROR, PST_ERROR_FORMAT,
               _ ("This is no event of a training: %s"), line);
  return FALSE;
}

void
pst_event_clear (PstEvent *event)
{
  g_clear_pointer (&event->text, g_free);
}
