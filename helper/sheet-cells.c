/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>

#include "helper/sheet.h"

#define SHAPE 1.6 /* width by height of a sheet of one photo */

gboolean
sheet_crop_parse (const char *text, SheetCrop *crop, GError **error)
{
  int used = -1, n = 0;

  *crop = (SheetCrop) { 0 };
  if (! text)
    return TRUE;
  n = sscanf (text, "%5dx%5d%n+%6d+%6d%n", &crop->width, &crop->height, &used,
              &crop->x, &crop->y, &used);
  crop->placed = n == 4;
  if ((n == 2 || n == 4) && used >= 0 && ! text[used] && crop->width > 0 &&
      crop->height > 0 && crop->x >= 0 && crop->y >= 0)
    return TRUE;
  g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
               _ ("“%s” is no part of a picture; write its size in pixels, as "
                  "in 512x384, or its size and place, as in 512x384+100+50."),
               text);
  return FALSE;
}

PstPicture *
sheet_crop (const SheetCrop *crop, const PstPicture *picture, const char *path,
            GError **error)
{
  int         width = picture->width, height = picture->height;
  int         x = crop->x, y = crop->y;
  PstPicture *part;

  if (crop->placed &&
      (x + crop->width > width || y + crop->height > height))
    {
      g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                   _ ("%s has %d × %d pixels only; --crop %dx%d+%d+%d lies "
                      "outside."),
                   path, width, height, crop->width, crop->height, x, y);
      return NULL;
    }
  if (crop->width)
    {
      width = MIN (width, crop->width);
      height = MIN (height, crop->height);
    }
  if (! crop->placed)
    {
      x = (picture->width - width) / 2;
      y = (picture->height - height) / 2;
    }
  part = pst_picture_try (width, height, error);
  if (part)
    pst_picture_paste (part, 0, 0, picture, x, y, width, height);
  return part;
}

/* Into how many columns @n cells go that are @shape times as wide as high:
 * near SHAPE in all, with few empty places. */
static int
break_row (int n, double shape)
{
  int    best = 1;
  double least = HUGE_VAL;

  for (int columns = 1; columns <= n; columns++)
    {
      int    rows = (n + columns - 1) / columns;
      double odd = fabs (log (columns * shape / rows / SHAPE)) +
                   3.0 * (rows * columns - n) / n;

      if (odd < least)
        {
          least = odd;
          best = columns;
        }
    }
  return best;
}

static char *
cell_title (const SheetCell *cell, gboolean with_strength)
{
  if (! cell->style)
    return g_strdup (_ ("Photo"));
  if (with_strength)
    return g_strdup_printf (_ ("%s, %g %%"), cell->style->title,
                            cell->strength);
  return g_strdup (cell->style->title);
}

static void
add_cell (SheetLayout *layout, guint photo, const SheetStyle *style,
          double strength)
{
  SheetCell cell = { photo, style, strength, 0, 0 };

  g_array_append_val (layout->cells, cell);
}

/* All cells in order. Returns: how many are in a row */
static int
add_cells (SheetLayout *layout, guint n_photos, const GPtrArray *styles,
           const GArray *strengths)
{
  gboolean down = strengths->len > 1; /* styles go down */

  for (guint i = 0; i < n_photos; i++)
    for (guint k = 0; k < styles->len; k++)
      {
        if (down || k == 0)
          add_cell (layout, i, NULL, 0);
        for (guint s = 0; s < strengths->len; s++)
          add_cell (layout, i, styles->pdata[k],
                    g_array_index (strengths, double, s));
      }
  return 1 + (int) (down ? strengths->len : styles->len);
}

/* The titles of each row. */
static void
add_titles (SheetLayout *layout, gboolean with_strength)
{
  const char *const *last = NULL;

  for (guint row = 0; row < layout->row_photos->len; row++)
    {
      GStrv titles = g_new0 (char *, layout->columns + 1);

      for (int i = 0; i < layout->columns; i++)
        {
          guint at = row * (guint) layout->columns + (guint) i;

          if (at < layout->cells->len)
            titles[i] = cell_title (&g_array_index (layout->cells, SheetCell,
                                                    at), with_strength);
        }
      if (last && g_strv_equal (last, (const char *const *) titles))
        g_clear_pointer (&titles, g_strfreev);
      else
        last = (const char *const *) titles;
      g_ptr_array_add (layout->row_titles, titles);
    }
}

SheetLayout *
sheet_layout (guint n_photos, const GPtrArray *styles, const GArray *strengths,
              int columns, double shape)
{
  SheetLayout *layout = g_new0 (SheetLayout, 1);

  layout->cells = g_array_new (FALSE, TRUE, sizeof (SheetCell));
  layout->row_photos = g_array_new (FALSE, TRUE, sizeof (guint));
  layout->row_titles =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  layout->columns = add_cells (layout, n_photos, styles, strengths);
  if (columns > 0)
    layout->columns = MIN (columns, layout->columns);
  else if (n_photos == 1 && strengths->len == 1)
    layout->columns = break_row (layout->columns, shape);
  for (guint i = 0; i < layout->cells->len; i++)
    {
      SheetCell *cell = &g_array_index (layout->cells, SheetCell, i);

      cell->column = (int) (i % (guint) layout->columns);
      cell->row = i / (guint) layout->columns;
      if (cell->column == 0)
        g_array_append_val (layout->row_photos, cell->photo);
    }
  add_titles (layout, strengths->len > 1);
  return layout;
}

void
sheet_layout_free (SheetLayout *layout)
{
  g_array_unref (layout->cells);
  g_array_unref (layout->row_photos);
  g_ptr_array_unref (layout->row_titles);
  g_free (layout);
}
