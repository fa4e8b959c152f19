/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/sheet.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/memory.h"

#define GAP 6
#define GROUND 34
#define TITLE_HEIGHT 38 /* at most: two lines */
#define MOST_SIDE 65500 /* what JPEG can have */

typedef struct
{
  int        above; /* the top of the titles */
  int        top;   /* of the cells */
  int        height;
  GPtrArray *titles; /* PstPicture or NULL */
} Row;

struct _PstSheet
{
  PstPicture *picture;
  int         width;
  Row        *rows;
  guint       n_rows;
};

static void
title_free (gpointer title)
{
  pst_picture_free (title);
}

/* Draws a row's titles. Returns: the tallest one's height */
static int
draw_titles (Row *row, const char *const *titles, int columns, int width,
             const PstTrainHost *host)
{
  int height = 0;

  for (int i = 0; titles && host->label && i < columns; i++)
    {
      PstPicture *title = NULL;

      if (titles[i] && *titles[i])
        title = host->label (titles[i], width, TITLE_HEIGHT, host->data);
      if (title)
        height = MAX (height, title->height);
      g_ptr_array_add (row->titles, title);
    }
  return height;
}

static void
put_titles (PstSheet *sheet, const Row *row)
{
  PstPicture *picture = sheet->picture;

  for (guint i = 0; i < row->titles->len; i++)
    {
      const PstPicture *title = row->titles->pdata[i];
      int               x, y;

      if (! title)
        continue;
      x = GAP + (int) i * (sheet->width + GAP) +
          (sheet->width - title->width) / 2;
      y = row->above;
      for (int j = 0; j < title->height; j++)
        {
          guint8       *to = picture->data +
                             ((gsize) (y + j) * picture->width + x) * 3;
          const guint8 *from = title->data + (gsize) j * title->width * 3;

          for (int k = 0; k < title->width * 3; k++)
            to[k] = (guint8) (GROUND + from[k] * (255 - GROUND) / 255);
        }
    }
}

static gboolean
make_picture (PstSheet *sheet, gint64 width, gint64 height, guint64 budget,
              GError **error)
{
  guint64 bytes = (guint64) width * (guint64) height * 3;

  if (budget == 0)
    budget = pst_memory_available () / 2;
  if (width > MOST_SIDE || height > MOST_SIDE || bytes > budget)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_MEMORY,
                   _ ("A sheet of %.0f × %.0f pixels is too large: there may "
                      "be %d on each side, and %.0f MB in all. Smaller or "
                      "fewer cells help."),
                   (double) width, (double) height, MOST_SIDE, budget / 1e6);
      return FALSE;
    }
  sheet->picture = pst_picture_try ((int) width, (int) height, error);
  if (sheet->picture)
    memset (sheet->picture->data, GROUND, bytes);
  return sheet->picture != NULL;
}

PstSheet *
pst_sheet_new (int columns, int width, const PstSheetRow *rows, guint n_rows,
               const PstTrainHost *host, guint64 budget, GError **error)
{
  g_autoptr (PstSheet) sheet = g_new0 (PstSheet, 1);
  gint64               y = GAP;

  g_return_val_if_fail (columns > 0 && width > 0 && n_rows > 0, NULL);

  sheet->width = width;
  sheet->n_rows = n_rows;
  sheet->rows = g_new0 (Row, n_rows);
  for (guint i = 0; i < n_rows; i++)
    {
      Row *row = &sheet->rows[i];
      int  above;

      row->titles = g_ptr_array_new_with_free_func (title_free);
      above = draw_titles (row, rows[i].titles, columns, width, host);
      if (above > 0 && i > 0)
        y += GAP;
      row->above = (int) MIN (y, G_MAXINT);
      if (above > 0)
        y += above + GAP;
      row->top = (int) MIN (y, G_MAXINT);
      row->height = rows[i].height;
      y += row->height + GAP;
    }
  if (! make_picture (sheet, (gint64) columns * (width + GAP) + GAP, y, budget,
                      error))
    return NULL;
  for (guint i = 0; i < n_rows; i++)
    put_titles (sheet, &sheet->rows[i]);
  return g_steal_pointer (&sheet);
}

void
pst_sheet_free (PstSheet *sheet)
{
  if (! sheet)
    return;
  for (guint i = 0; sheet->rows && i < sheet->n_rows; i++)
    g_clear_pointer (&sheet->rows[i].titles, g_ptr_array_unref);
  g_free (sheet->rows);
  pst_picture_free (sheet->picture);
  g_free (sheet);
}

void
pst_sheet_put (PstSheet *sheet, int column, guint row,
               const PstPicture *picture)
{
  const Row *to = &sheet->rows[row];

  g_return_if_fail (picture->width <= sheet->width &&
                    picture->height <= to->height);

  pst_picture_paste (sheet->picture,
                     GAP + column * (sheet->width + GAP) +
                       (sheet->width - picture->width) / 2,
                     to->top + (to->height - picture->height) / 2, picture, 0,
                     0, picture->width, picture->height);
}

const PstPicture *
pst_sheet_get_picture (const PstSheet *sheet)
{
  return sheet->picture;
}
