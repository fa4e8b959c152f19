/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/cache.h"

/**
 * PstJob:
 *
 * One pst_stylize() on a thread of its own. Everything here is called from
 * the thread of the main loop.
 */
typedef struct _PstJob PstJob;

/* Called from the main loop several times a second while the job runs, and
 * once when it has ended (pst_job_is_done()); it may free the job then. */
typedef void (*PstJobFunc) (PstJob *job, gpointer data);

/**
 * pst_job_start:
 * @cache: where models come from
 * @style: a style that outlives the job
 * @controls: copied
 * @pixels: (transfer full): the picture; its data are the job's from now on
 * @tick: told how it goes
 *
 * Returns: (transfer full): the running job; end it with pst_job_finish() or
 *   pst_job_free()
 */
PstJob *pst_job_start (PstCache *cache, const PstStyle *style,
                       const PstControls *controls, PstPixels pixels,
                       PstJobFunc tick, gpointer data);

double   pst_job_get_fraction (PstJob *job);
gboolean pst_job_is_done (PstJob *job);
/* Asks the job to end soon; it ends with %G_IO_ERROR_CANCELLED. */
void     pst_job_cancel (PstJob *job);

/**
 * pst_job_finish:
 * @job: (transfer full): a job, waited for where it still runs
 * @pixels: (out): the result, whose data the caller frees with g_free()
 *
 * Returns: %TRUE, or %FALSE with an error and nothing in @pixels
 */
gboolean pst_job_finish (PstJob *job, PstPixels *pixels, GError **error);
/* Cancels, waits for the thread and forgets the result. */
void     pst_job_free (PstJob *job);
