/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/painter.h"

#include <glib/gi18n-lib.h>

#include "ui/job.h"

/* A slider that is being dragged shall not start a job at every step. */
#define DEBOUNCE_MS 150

struct _PstPainter
{
  PstPreview     *preview;
  PstCache       *cache;
  PstPicture     *picture;
  const PstStyle *style; /* what is wanted; %NULL before any request */
  PstControls     controls;
  PstJob         *job;   /* the job that makes it, or an older one */
  gboolean        stale; /* the job's result is not wanted any more */
  guint           timeout;
};

static void start (PstPainter *painter);

PstPainter *
pst_painter_new (PstPreview *preview, PstCache *cache, PstPicture *picture)
{
  PstPainter *painter = g_new0 (PstPainter, 1);

  painter->preview = preview;
  painter->cache = pst_cache_ref (cache);
  painter->picture = picture;
  pst_preview_set_original (preview, &picture->pixels);
  return painter;
}

void
pst_painter_free (PstPainter *painter)
{
  pst_painter_stop (painter);
  pst_cache_unref (painter->cache);
  pst_picture_free (painter->picture);
  g_free (painter);
}

static void
show_result (PstPainter *painter, const PstPixels *piece)
{
  PstPixels whole = pst_picture_paste (painter->picture, piece);

  if (whole.data != NULL)
    pst_preview_set_result (painter->preview, &whole);
  g_free (whole.data);
}

static void
on_job_tick (PstJob *job, gpointer data)
{
  PstPainter        *painter = data;
  g_autoptr (GError) error = NULL;
  PstPixels          piece = { 0 };

  if (!pst_job_is_done (job))
    {
      if (!painter->stale)
        pst_preview_set_busy (painter->preview, pst_job_get_fraction (job));
      return;
    }

  painter->job = NULL;
  if (pst_job_finish (job, &piece, &error))
    {
      if (!painter->stale)
        show_result (painter, &piece);
      g_free (piece.data);
    }
  if (painter->stale)
    {
      painter->stale = FALSE;
      if (painter->timeout == 0)
        start (painter);
      return;
    }
  pst_preview_set_idle (painter->preview);
  if (error != NULL)
    pst_preview_set_message (painter->preview, error->message);
}

static void
start (PstPainter *painter)
{
  PstControls controls = painter->controls;
  PstPixels   piece = pst_picture_cut (painter->picture);
  PstPixels  *whole = &painter->picture->pixels;

  if (piece.data == NULL)
    {
      pst_preview_set_idle (painter->preview);
      pst_preview_set_message (painter->preview,
                               _("Not enough memory for a preview."));
      return;
    }
  controls.picture_area = (double) whole->width * whole->height;
  painter->job = pst_job_start (painter->cache, painter->style, &controls,
                                piece, on_job_tick, painter);
}

static gboolean
on_timeout (gpointer data)
{
  PstPainter *painter = data;

  painter->timeout = 0;
  if (painter->job == NULL)
    start (painter); /* else when the old job has ended */
  return G_SOURCE_REMOVE;
}

static gboolean
same_controls (const PstControls *a, const PstControls *b)
{
  return a->strength == b->strength && a->brush_size == b->brush_size &&
         a->n_threads == b->n_threads && a->memory == b->memory;
}

void
pst_painter_request (PstPainter *painter, const PstStyle *style,
                     const PstControls *controls)
{
  if (painter->style == style && same_controls (&painter->controls, controls))
    return;
  painter->style = style;
  painter->controls = *controls;

  if (painter->job != NULL)
    {
      painter->stale = TRUE;
      pst_job_cancel (painter->job);
    }
  g_clear_handle_id (&painter->timeout, g_source_remove);
  painter->timeout = g_timeout_add (DEBOUNCE_MS, on_timeout, painter);
  pst_preview_set_message (painter->preview, NULL);
  pst_preview_set_busy (painter->preview, 0.0);
}

void
pst_painter_stop (PstPainter *painter)
{
  g_clear_handle_id (&painter->timeout, g_source_remove);
  if (painter->job != NULL)
    pst_job_free (g_steal_pointer (&painter->job));
  painter->stale = FALSE;
  painter->style = NULL;
  pst_preview_set_idle (painter->preview);
}
