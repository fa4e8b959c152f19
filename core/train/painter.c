/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/trainer-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/graph/plan.h"
#include "core/train/sheet.h"

struct _PstPainter
{
  PstTrainer *trainer;
  PstPlan    *plan;
  PstRun     *run;
};

PstPainter *
pst_painter_new (PstTrainer *trainer, int width, int height, GError **error)
{
  g_autoptr (PstPainter) painter = g_new0 (PstPainter, 1);
  PstPlanOptions         options = { 0 };
  PstShape               shapes[2];

  shapes[0] = PST_SHAPE (1, 3, height, width);
  shapes[1] = PST_SHAPE (1, trainer->recipe->styles->len + 1);
  options.input_shapes = shapes;
  options.n_workers = pst_pool_get_size (trainer->pool);
  options.budget = pst_memory_available ();
  painter->trainer = trainer;
  painter->plan = pst_plan_new (trainer->average->graph, &options, error);
  if (painter->plan)
    painter->run = pst_run_new (painter->plan, trainer->pool, error);
  if (! painter->run)
    return NULL;
  return g_steal_pointer (&painter);
}

void
pst_painter_free (PstPainter *painter)
{
  if (! painter)
    return;
  g_clear_pointer (&painter->run, pst_run_free);
  g_clear_pointer (&painter->plan, pst_plan_unref);
  g_free (painter);
}

const float *
pst_painter_paint (PstPainter *painter, const PstPicture *photo, int column)
{
  guint  n = painter->trainer->recipe->styles->len + 1;
  float *row = pst_run_get_input (painter->run, 1)->data;

  pst_picture_to_floats (photo, pst_run_get_input (painter->run, 0)->data);
  memset (row, 0, sizeof (float) * n);
  row[column] = 1;
  pst_run_forward (painter->run, NULL, NULL, NULL, NULL);
  return pst_run_get_output (painter->run, 0)->data;
}

#define TILE 256
#define SHEET_PHOTOS 5

/* Rows of a sheet. */
static guint
count_tiles (const PstTrainer *trainer)
{
  guint n = trainer->recipe->sheet->len;

  return n ? n : MIN (pst_dataset_get_count (trainer->dataset), SHEET_PHOTOS);
}

#define PASSES 3.0 /* a step goes through its graph about so many times */

double
pst_painter_cost (PstTrainer *trainer)
{
  guint               columns = trainer->recipe->styles->len + 1;
  PstShape            shapes[2] = { PST_SHAPE (1, 3, TILE, TILE),
                                    PST_SHAPE (1, columns) };
  PstPlanOptions      options = { .input_shapes = shapes, .n_workers = 1,
                                  .no_fusion = TRUE };
  g_autoptr (PstPlan) plan = NULL;

  if (trainer->distil)
    return 0;
  plan = pst_plan_new (trainer->average->graph, &options, NULL);
  return plan ? pst_plan_get_cost (plan) * columns * count_tiles (trainer) /
                  PASSES
              : 0;
}

/* The middle square of @photo, TILE pixels wide. */
static PstPicture *
cut_tile (const PstPicture *photo, GError **error)
{
  PstPicture *tile;
  PstWindow   window = { 0 };
  float      *floats;

  window.side = MIN (photo->width, photo->height);
  window.x = (photo->width - window.side) / 2;
  window.y = (photo->height - window.side) / 2;
  tile = pst_picture_try (TILE, TILE, error);
  if (! tile)
    return NULL;
  floats = g_new (float, TILE * TILE * 3);
  pst_picture_sample (photo, &window, TILE, floats);
  pst_picture_put (tile, 0, 0, floats, TILE, TILE);
  g_free (floats);
  return tile;
}

static PstPicture *
load_tile (PstTrainer *trainer, const char *path, GError **error)
{
  const PstTrainHost    *host = trainer->host;
  g_autoptr (PstPicture) photo = NULL;

  photo = host->load (path, TILE, host->data, error);
  return photo ? cut_tile (photo, error) : NULL;
}

/* The first of the @most photos from @at on that can be used, or NULL. */
static PstPicture *
load_any (PstTrainer *trainer, guint at, guint most)
{
  PstPicture *tile = NULL;

  for (guint i = 0; i < most && ! tile; i++)
    {
      g_autoptr (PstPicture) photo = NULL;

      photo = pst_dataset_load (trainer->dataset, at + i, TILE);
      tile = photo ? cut_tile (photo, NULL) : NULL;
    }
  return tile;
}

/* Photos of the sheet: those of the recipe, else some of the dataset. */
static GPtrArray *
load_tiles (PstTrainer *trainer, GError **error)
{
  g_autoptr (GPtrArray) tiles = NULL;
  GPtrArray            *given = trainer->recipe->sheet;
  guint                 n = pst_dataset_get_count (trainer->dataset);
  guint                 rows = MIN (n, SHEET_PHOTOS);
  gboolean              more = given->len == 0 || trainer->recipe->fill_sheet;

  tiles = g_ptr_array_new_with_free_func ((GDestroyNotify) pst_picture_free);
  for (guint i = 0; i < given->len; i++)
    {
      PstPicture *tile = load_tile (trainer, given->pdata[i], error);

      if (! tile)
        {
          g_prefix_error (error, "%s: ", (char *) given->pdata[i]);
          return NULL;
        }
      g_ptr_array_add (tiles, tile);
    }
  rows -= MIN (rows, given->len);
  for (guint i = 0; more && i < rows; i++)
    {
      guint       at = (2 * i + 1) * n / (2 * rows);
      guint       end = i + 1 < rows ? (2 * i + 3) * n / (2 * rows) : n;
      PstPicture *tile = load_any (trainer, at, end - at);

      if (tile)
        g_ptr_array_add (tiles, tile);
    }
  return g_steal_pointer (&tiles);
}

static void
paint_row (PstPainter *painter, const PstPicture *tile, int columns,
           PstPicture *painted, PstSheet *sheet, guint row)
{
  pst_sheet_put (sheet, 0, row, tile);
  for (int k = 0; k < columns; k++) /* the identity last */
    {
      pst_picture_put (painted, 0, 0,
                       pst_painter_paint (painter, tile, (k + 1) % columns),
                       TILE, TILE);
      pst_sheet_put (sheet, k + 1, row, painted);
    }
}

/* Column @i of a sheet: the photo, the styles, and what is painted without
 * one. */
static const char *
column_title (const PstTrainer *trainer, int i, int columns)
{
  if (i == 0)
    return _ ("Photo");
  if (i == columns)
    return _ ("without a style");
  return ((PstRecipeStyle *) trainer->recipe->styles->pdata[i - 1])->title;
}

/* Titles stand above the first of @n rows. */
static PstSheet *
new_sheet (const PstTrainer *trainer, int columns, guint n, GError **error)
{
  g_autofree const char **titles = g_new0 (const char *, columns + 1);
  g_autofree PstSheetRow *rows = g_new0 (PstSheetRow, n);

  for (int i = 0; i <= columns; i++)
    titles[i] = column_title (trainer, i, columns);
  for (guint i = 0; i < n; i++)
    rows[i].height = TILE;
  rows[0].titles = titles;
  return pst_sheet_new (columns + 1, TILE, rows, n, trainer->host, 0, error);
}

gboolean
pst_trainer_save_sheet (PstTrainer *trainer, const char *path, GError **error)
{
  int                    columns = (int) pst_recipe_count_own (trainer->recipe) + 1;
  g_autoptr (GPtrArray)  tiles = load_tiles (trainer, error);
  g_autoptr (PstPainter) painter = NULL;
  g_autoptr (PstPicture) painted = NULL;
  g_autoptr (PstSheet)   sheet = NULL;

  painter = tiles ? pst_painter_new (trainer, TILE, TILE, error) : NULL;
  if (painter)
    sheet = new_sheet (trainer, columns, MAX (tiles->len, 1), error);
  painted = sheet ? pst_picture_try (TILE, TILE, error) : NULL;
  if (! painted)
    return FALSE;
  for (guint i = 0; i < tiles->len; i++)
    paint_row (painter, tiles->pdata[i], columns, painted, sheet, i);
  return trainer->host->save (pst_sheet_get_picture (sheet), path,
                              trainer->host->data, error);
}
