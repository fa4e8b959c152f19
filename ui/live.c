/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/live.h"

#include <glib/gi18n-lib.h>

#include "ui/job.h"

/* A slider that is being dragged shall not start a job at every step. */
#define DEBOUNCE_MS 150

struct _PstLive
{
  PstPreview     *preview;
  PstCache       *cache;
  PstCanvas     *canvas;
  const PstStyle *style; /* what is wanted; %NULL before any request */
  PstControls     controls;
  PstJob         *job;   /* the job that makes it, or an older one */
  gboolean        stale; /* the job's result is not wanted any more */
  guint           timeout;
};

static void start (PstLive *live);

PstLive *
pst_live_new (PstPreview *preview, PstCache *cache, PstCanvas *canvas)
{
  PstLive *live = g_new0 (PstLive, 1);

  live->preview = preview;
  live->cache = pst_cache_ref (cache);
  live->canvas = canvas;
  pst_preview_set_original (preview, &canvas->pixels);
  return live;
}

void
pst_live_free (PstLive *live)
{
  pst_live_stop (live);
  pst_cache_unref (live->cache);
  pst_canvas_free (live->canvas);
  g_free (live);
}

static void
show_result (PstLive *live, const PstPixels *piece)
{
  PstPixels whole = pst_canvas_paste (live->canvas, piece);

  if (whole.data != NULL)
    pst_preview_set_result (live->preview, &whole);
  g_free (whole.data);
}

static void
on_job_tick (PstJob *job, gpointer data)
{
  PstLive        *live = data;
  g_autoptr (GError) error = NULL;
  PstPixels          piece = { 0 };

  if (!pst_job_is_done (job))
    {
      if (!live->stale)
        pst_preview_set_busy (live->preview, pst_job_get_fraction (job));
      return;
    }

  live->job = NULL;
  if (pst_job_finish (job, &piece, &error))
    {
      if (!live->stale)
        show_result (live, &piece);
      g_free (piece.data);
    }
  if (live->stale)
    {
      live->stale = FALSE;
      if (live->timeout == 0)
        start (live);
      return;
    }
  pst_preview_set_idle (live->preview);
  if (error != NULL)
    pst_preview_set_message (live->preview, error->message);
}

static void
start (PstLive *live)
{
  PstControls controls = live->controls;
  PstPixels   piece = pst_canvas_cut (live->canvas);
  PstPixels  *whole = &live->canvas->pixels;

  if (piece.data == NULL)
    {
      pst_preview_set_idle (live->preview);
      pst_preview_set_message (live->preview,
                               _("Not enough memory for a preview."));
      return;
    }
  controls.picture_area = (double) whole->width * whole->height;
  live->job = pst_job_start (live->cache, live->style, &controls,
                                piece, on_job_tick, live);
}

static gboolean
on_timeout (gpointer data)
{
  PstLive *live = data;

  live->timeout = 0;
  if (live->job == NULL)
    start (live); /* else when the old job has ended */
  return G_SOURCE_REMOVE;
}

static gboolean
same_controls (const PstControls *a, const PstControls *b)
{
  return a->strength == b->strength && a->brush_size == b->brush_size &&
         a->n_threads == b->n_threads && a->memory == b->memory &&
         a->second == b->second && a->mix == b->mix;
}

void
pst_live_request (PstLive *live, const PstStyle *style,
                     const PstControls *controls)
{
  if (live->style == style && same_controls (&live->controls, controls))
    return;
  live->style = style;
  live->controls = *controls;

  if (live->job != NULL)
    {
      live->stale = TRUE;
      pst_job_cancel (live->job);
    }
  g_clear_handle_id (&live->timeout, g_source_remove);
  live->timeout = g_timeout_add (DEBOUNCE_MS, on_timeout, live);
  pst_preview_set_message (live->preview, NULL);
  pst_preview_set_busy (live->preview, 0.0);
}

void
pst_live_stop (PstLive *live)
{
  g_clear_handle_id (&live->timeout, g_source_remove);
  if (live->job != NULL)
    pst_job_free (g_steal_pointer (&live->job));
  live->stale = FALSE;
  live->style = NULL;
  pst_preview_set_idle (live->preview);
}
