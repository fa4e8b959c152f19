/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "helper/sheet.h"

#include <math.h>

#include "helper/bar.h"
#include "helper/photo.h"

#define CELL 320      /* longer side, pixels */
#define FINE 4        /* times the cell, from which it is averaged */
#define WHOLE 300000  /* side that no photo exceeds */
#define MEGAPIXEL 1e6 /* at which brush size 100 paints */

static PstPicture *
load (const SheetWork *work, const char *path, int side, GError **error)
{
  PstPicture *photo = work->host.load (path, side, work->host.data, error);

  if (! photo)
    g_prefix_error (error, "%s: ", path);
  return photo;
}

/* @picture, made smaller by @factor where that is less than 1. */
static PstPicture *
shrink (PstPicture *picture, double factor, GError **error)
{
  g_autoptr (PstPicture) from = picture;

  if (factor >= 1)
    return g_steal_pointer (&from);
  return pst_picture_resize (from,
                             MAX ((int) round (from->width * factor), 1),
                             MAX ((int) round (from->height * factor), 1),
                             error);
}

/* A photo as it stands in the sheet. */
static PstPicture *
load_cell (const SheetWork *work, const char *path, GError **error)
{
  int                    width = work->arguments->width;
  g_autoptr (PstPicture) photo = NULL;
  int                    longer;

  width = width ? width : CELL;
  photo = load (work, path, work->crop.width ? WHOLE : FINE * width, error);
  if (! photo || work->crop.width)
    return photo ? sheet_crop (&work->crop, photo, path, error) : NULL;
  longer = MAX (photo->width, photo->height);
  return shrink (g_steal_pointer (&photo), (double) width / longer, error);
}

gboolean
sheet_load (SheetWork *work, GError **error)
{
  work->paths = helper_photo_list (work->arguments->words, error);
  work->photos =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pst_picture_free);
  for (guint i = 0; work->paths && i < work->paths->len; i++)
    {
      PstPicture *photo = load_cell (work, work->paths->pdata[i], error);

      if (! photo)
        return FALSE;
      g_ptr_array_add (work->photos, photo);
    }
  return work->paths != NULL;
}

/* A photo in the size to paint at: its own for a part of it, else that of the
 * base run, where the sheet does not show more. */
static PstPicture *
load_photo (const SheetWork *work, guint number, GError **error)
{
  const PstPicture *cell = work->photos->pdata[number];
  double            area = MEGAPIXEL;
  PstPicture       *photo;
  int               side = WHOLE;

  if (! work->crop.width)
    {
      area *= 1e4 / pow (work->arguments->controls.brush_size, 2);
      area = MAX (area, (double) cell->width * cell->height);
      side = (int) ceil (sqrt (area));
    }
  photo = load (work, work->paths->pdata[number], side, error);
  if (! photo || work->crop.width)
    return photo;
  return shrink (photo, sqrt (area / photo->width / photo->height), error);
}

static void
show_progress (double fraction, gpointer data)
{
  const SheetWork *work = data;

  if (work->bar)
    helper_bar_show ((work->done + fraction) / work->todo, NULL);
}

static gboolean
paint_cell (SheetWork *work, const SheetCell *cell, const PstPicture *photo,
            GError **error)
{
  const PstPicture      *like = work->photos->pdata[cell->photo];
  const char            *path = work->paths->pdata[cell->photo];
  PstControls            controls = work->arguments->controls;
  g_autoptr (PstPicture) painted = NULL, part = NULL;

  controls.strength = cell->strength;
  painted = helper_photo_paint (cell->style->model, cell->style->style,
                                &controls, photo, show_progress, work, error);
  if (! painted)
    {
      g_prefix_error (error, "%s: ", path);
      return FALSE;
    }
  if (work->crop.width)
    part = sheet_crop (&work->crop, painted, path, error);
  else
    part = pst_picture_resize (painted, like->width, like->height, error);
  if (part)
    pst_sheet_put (work->sheet, cell->column, cell->row, part);
  return part != NULL;
}

static gboolean
paint_model (SheetWork *work, const PstModel *model, GError **error)
{
  const SheetLayout     *layout = work->layout;
  g_autoptr (PstPicture) photo = NULL;
  guint                  number = G_MAXUINT;

  for (guint i = 0; i < layout->cells->len; i++)
    {
      const SheetCell *cell = &g_array_index (layout->cells, SheetCell, i);

      if (! cell->style || cell->style->model != model)
        continue;
      if (cell->photo != number)
        {
          g_clear_pointer (&photo, pst_picture_free);
          number = cell->photo;
          photo = load_photo (work, number, error);
        }
      if (! photo || ! paint_cell (work, cell, photo, error))
        return FALSE;
      work->done++;
    }
  return TRUE;
}

gboolean
sheet_paint (SheetWork *work, GError **error)
{
  const SheetLayout *layout = work->layout;

  work->done = work->todo = 0;
  for (guint i = 0; i < layout->cells->len; i++)
    {
      const SheetCell *cell = &g_array_index (layout->cells, SheetCell, i);

      if (cell->style)
        work->todo++;
      else
        pst_sheet_put (work->sheet, cell->column, cell->row,
                       work->photos->pdata[cell->photo]);
    }
  for (guint i = 0; i < work->styles->len; i++)
    {
      const PstModel *model = ((SheetStyle *) work->styles->pdata[i])->model;

      if (! model) /* done with */
        continue;
      if (! paint_model (work, model, error))
        return FALSE;
      for (guint k = i; k < work->styles->len; k++)
        {
          SheetStyle *one = work->styles->pdata[k];

          if (one->model == model)
            g_clear_pointer (&one->model, pst_model_unref);
        }
    }
  return TRUE;
}
