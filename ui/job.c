/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/job.h"

#define TICK_MS 60

struct _PstJob
{
  /* set before the thread starts, then only read */
  PstCache       *cache;
  const PstStyle *style;
  PstControls     controls;
  GCancellable   *cancellable;
  PstJobFunc      tick;
  gpointer        data;

  /* the thread's until `done` */
  PstPixels       pixels;
  GError         *error;

  /* shared */
  gint            permille;
  gint            done;

  /* the main loop's */
  GThread        *thread;
  guint           source;
};

static void
on_progress (double fraction, gpointer data)
{
  PstJob *job = data;

  g_atomic_int_set (&job->permille, (int) (fraction * 1000.0));
}

static gboolean
stylize (PstJob *job, GError **error)
{
  g_autoptr (PstModel) model = pst_cache_load (job->cache, job->style->path,
                                               error);
  const PstStyle *style;

  if (model == NULL ||
      g_cancellable_set_error_if_cancelled (job->cancellable, error))
    return FALSE;
  /* The library knows the style from metadata; the model has its own. */
  style = pst_model_find_style (model, job->style->id);
  return pst_stylize (model, style != NULL ? style : job->style,
                      &job->controls, &job->pixels, job->cancellable,
                      on_progress, job, error);
}

static gpointer
thread_main (gpointer data)
{
  PstJob *job = data;

  stylize (job, &job->error);
  g_atomic_int_set (&job->done, TRUE);
  return NULL;
}

static gboolean
on_tick (gpointer data)
{
  PstJob  *job = data;
  gboolean done = pst_job_is_done (job);

  if (done)
    job->source = 0;
  job->tick (job, job->data); /* may free the job when it is done */
  return done ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

PstJob *
pst_job_start (PstCache *cache, const PstStyle *style,
               const PstControls *controls, PstPixels pixels, PstJobFunc tick,
               gpointer data)
{
  PstJob *job = g_new0 (PstJob, 1);

  job->cache = pst_cache_ref (cache);
  job->style = style;
  job->controls = *controls;
  job->pixels = pixels;
  job->cancellable = g_cancellable_new ();
  job->tick = tick;
  job->data = data;
  job->source = g_timeout_add (TICK_MS, on_tick, job);
  job->thread = g_thread_new ("stylize", thread_main, job);
  return job;
}

double
pst_job_get_fraction (PstJob *job)
{
  return g_atomic_int_get (&job->permille) / 1000.0;
}

gboolean
pst_job_is_done (PstJob *job)
{
  return g_atomic_int_get (&job->done);
}

void
pst_job_cancel (PstJob *job)
{
  g_cancellable_cancel (job->cancellable);
}

gboolean
pst_job_finish (PstJob *job, PstPixels *pixels, GError **error)
{
  gboolean ok;

  g_thread_join (job->thread);
  g_clear_handle_id (&job->source, g_source_remove);
  ok = job->error == NULL;
  if (ok)
    *pixels = job->pixels;
  else
    {
      g_propagate_error (error, job->error);
      g_free (job->pixels.data);
    }
  g_object_unref (job->cancellable);
  pst_cache_unref (job->cache);
  g_free (job);
  return ok;
}

void
pst_job_free (PstJob *job)
{
  PstPixels pixels = { 0 };

  pst_job_cancel (job);
  if (pst_job_finish (job, &pixels, NULL))
    g_free (pixels.data);
}
