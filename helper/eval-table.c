/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "helper/eval.h"

typedef struct
{
  const char *title;
  const char *format;
} Column;

static const Column columns[PST_N_FIGURES] = {
  [PST_FIGURE_GRAM] = { N_ ("Gram"), "%.3g" },
  [PST_FIGURE_MOMENTS] = { N_ ("moments"), "%.3f" },
  [PST_FIGURE_PATCHES_1] = { N_ ("patches"), "%.3f" },
  [PST_FIGURE_PATCHES_2] = { N_ ("at 1/2"), "%.3f" },
  [PST_FIGURE_PATCHES_4] = { N_ ("at 1/4"), "%.3f" },
  [PST_FIGURE_LUMINANCE] = { N_ ("luminance"), "%.3f" },
  [PST_FIGURE_FEATURES] = { N_ ("features"), "%.3f" },
  [PST_FIGURE_GRID_2] = { N_ ("grid 2"), "%.2f" },
  [PST_FIGURE_GRID_4] = { N_ ("grid 4"), "%.2f" },
  [PST_FIGURE_GRID_8] = { N_ ("grid 8"), "%.2f" },
  [PST_FIGURE_RATIO] = { N_ ("ratio"), "%.2f" },
  [PST_FIGURE_SIMILARITY] = { N_ ("similarity"), "%.2f" },
  [PST_FIGURE_PRESERVATION] = { N_ ("preservation"), "%.2f" },
};

/* Cells of a column: its title, then one for each style. */
static char **
make_column (int figure, const PstFigures *figures, guint n)
{
  char   **cells = g_new0 (char *, n + 2);
  gboolean any = FALSE;

  cells[0] = g_strdup (_ (columns[figure].title));
  for (guint i = 0; i < n; i++)
    {
      double value = figures[i].value[figure];
      char   number[G_ASCII_DTOSTR_BUF_SIZE];

      any = any || isfinite (value);
      if (isfinite (value))
        g_ascii_formatd (number, sizeof number, columns[figure].format,
                         value);
      cells[i + 1] = g_strdup (isfinite (value) ? number : "–");
    }
  if (any)
    return cells;
  g_strfreev (cells);
  return NULL;
}

static char **
make_names (GPtrArray *rows)
{
  char **cells = g_new0 (char *, rows->len + 2);

  cells[0] = g_strdup (_ ("style"));
  for (guint i = 0; i < rows->len; i++)
    cells[i + 1] = g_strdup (((EvalRow *) rows->pdata[i])->name);
  return cells;
}

static int
width_of (const char *text)
{
  int n = 0;

  for (; *text; text = g_utf8_next_char (text))
    n += g_unichar_iswide (g_utf8_get_char (text)) ? 2 : 1;
  return n;
}

/* @left: names are, numbers are not */
static void
append_cell (GString *line, char **column, const char *text, gboolean left)
{
  int width = 0, room;

  for (char **cell = column; *cell; cell++)
    width = MAX (width, width_of (*cell));
  room = width - width_of (text);
  g_string_append_printf (line, "%*s%s%*s", left ? 0 : room, "", text,
                          left ? room : 0, "");
}

void
eval_print_table (GPtrArray *rows, const PstFigures *figures,
                  gboolean markdown)
{
  g_autoptr (GPtrArray) table = NULL;

  table = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  g_ptr_array_add (table, make_names (rows));
  for (int i = 0; i < PST_N_FIGURES; i++)
    {
      char **column = make_column (i, figures, rows->len);

      if (column)
        g_ptr_array_add (table, column);
    }
  for (guint row = 0; row <= rows->len; row++)
    {
      g_autoptr (GString) line = g_string_new (markdown ? "| " : "");

      for (guint i = 0; i < table->len; i++)
        {
          char **column = table->pdata[i];

          if (i > 0)
            g_string_append (line, markdown ? " | " : "  ");
          append_cell (line, column, column[row], i == 0);
        }
      g_print ("%s%s\n", line->str, markdown ? " |" : "");
      if (markdown && row == 0)
        {
          g_print ("|---|");
          for (guint i = 1; i < table->len; i++)
            g_print ("--:|");
          g_print ("\n");
        }
    }
}

static GString *
begin (const char *event)
{
  GString *json = g_string_new ("{\"event\":");

  pst_json_append_text (json, event);
  return json;
}

static void
append_text (GString *json, const char *name, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  g_string_append_printf (json, ",\"%s\":", name);
  pst_json_append_text (json, valid);
}

static void
finish (GString *json)
{
  g_print ("%s}\n", json->str);
  g_string_free (json, TRUE);
}

void
eval_print_start (const char *title, guint n_photos, GPtrArray *rows)
{
  GString *json = begin ("start");

  append_text (json, "model", title);
  g_string_append_printf (json, ",\"photos\":%u,\"styles\":[", n_photos);
  for (guint i = 0; i < rows->len; i++)
    {
      g_string_append (json, i ? "," : "");
      pst_json_append_text (json, ((EvalRow *) rows->pdata[i])->name);
    }
  g_string_append_c (json, ']');
  finish (json);
}

void
eval_print_photo (const char *photo, const char *style,
                  const PstFigures *figures)
{
  GString *json = begin ("photo");

  append_text (json, "photo", photo);
  append_text (json, "style", style);
  pst_figures_append_json (figures, json);
  finish (json);
}

void
eval_print_style (const char *style, guint n_photos, guint n_flat,
                  const PstFigures *figures)
{
  GString *json = begin ("style");

  append_text (json, "style", style);
  g_string_append_printf (json, ",\"photos\":%u,\"flat_tiles\":%u", n_photos,
                          n_flat);
  pst_figures_append_json (figures, json);
  finish (json);
}

void
eval_print_note (gboolean json, const char *text)
{
  GString *line;

  if (! json)
    {
      g_printerr ("pastiche: %s\n", text);
      return;
    }
  line = begin ("note");
  append_text (line, "text", text);
  finish (line);
}

void
eval_print_end (void)
{
  finish (begin ("end"));
}
