/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/style/paint.h"

#include <string.h>

#include "core/style/convert.h"
#include "core/style/fill.h"

typedef struct
{
  PstNet            *net;
  const PstPlanning *plan;
  PstPixels         *pixels;
  float              mix;
  float              keep;
  PstPool           *pool;
  GCancellable      *cancellable;
  PstProgressFunc    progress;
  gpointer           data;
  int                step;    /* the one at work */
  PstScale          *up;      /* from the step before to this one */
  PstImage          *photo;   /* of the step before */
  PstImage          *painted; /* of the step before */
  PstImage          *photo_here;
  PstImage          *painted_here;
} Job;

static void
job_clear (Job *job)
{
  pst_scale_free (job->up);
  pst_image_free (job->photo);
  pst_image_free (job->painted);
  pst_image_free (job->photo_here);
  pst_image_free (job->painted_here);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

static gboolean
is_last (const Job *job)
{
  return job->step == job->plan->steps.n - 1;
}

static void
step_progress (double fraction, gpointer data)
{
  const Job *job = data;
  double     done = 0;
  double     total = 0;

  for (int i = 0; i < job->plan->steps.n; i++)
    {
      done += i < job->step ? job->plan->cost[i] : 0;
      total += job->plan->cost[i];
    }
  if (job->progress)
    job->progress ((done + fraction * job->plan->cost[job->step]) / total,
                   job->data);
}

static PstImage *
new_image (const Job *job, GError **error)
{
  return pst_image_new (job->plan->steps.width[job->step],
                        job->plan->steps.height[job->step], 3, error);
}

static void
store (PstImage *image, int y, const float *row)
{
  memcpy (pst_image_row (image, y), row,
          (gsize) image->width * 3 * sizeof (float));
}

/* The difference of two images of one size, row by row. */
static void
load_difference (gconstpointer data, int y, float *row)
{
  const PstImage *const *pair = data;
  const float           *a = pst_image_row (pair[0], y);
  const float           *b = pst_image_row (pair[1], y);

  for (int i = 0; i < 3 * pair[0]->width; i++)
    row[i] = a[i] - b[i];
}

/* painted - photo, of the step before; where what the network made is in
 * photo's place, painted - that */
static gboolean
scale_difference (const Job *job, PstRowFunc func, GCancellable *cancellable,
                  GError **error)
{
  const PstImage *pair[2] = { job->painted, job->photo };
  PstRows         rows = { job->photo->width, job->photo->height, 3,
                           load_difference, pair };

  return pst_scale_rows (job->up, &rows, func, (gpointer) job, job->pool,
                         cancellable, error);
}

/* The photo in the size of this step, hidden parts filled up */

typedef struct
{
  const Job  *job;
  PstFill    *fill; /* (nullable) */
  PstRowFunc  func;
  gint        gaps; /* set where one would have been needed */
} Photo;

static void
look_row (gpointer data, int y, float *row)
{
  const Photo *photo = data;

  pst_fill_look (photo->fill, y, row);
}

static void
photo_row (gpointer data, int y, float *row)
{
  Photo *photo = data;
  int    width = photo->job->plan->steps.width[photo->job->step];

  if (! pst_fill_row (photo->fill, width, y, row))
    g_atomic_int_set (&photo->gaps, 1);
  photo->func ((gpointer) photo->job, y, row);
}

static gboolean
scale_photo (const Job *job, PstRowFunc func, GError **error)
{
  int                  width = job->plan->steps.width[job->step];
  int                  height = job->plan->steps.height[job->step];
  PstRows              rows = pst_convert_rows (job->pixels);
  Photo                photo = { job, NULL, func, 0 };
  g_autoptr (PstFill)  fill = NULL;
  g_autoptr (PstScale) scale = NULL;

  scale = pst_scale_new (rows.width, rows.height, width, height);
  if (! pst_scale_rows (scale, &rows, photo_row, &photo, job->pool,
                        job->cancellable, error))
    return FALSE;
  if (! photo.gaps)
    return TRUE;
  photo.fill = fill = pst_fill_new (width, height, error);
  return fill && pst_scale_rows (scale, &rows, look_row, &photo, job->pool,
                                 job->cancellable, error) &&
         pst_fill_settle (fill, error) &&
         pst_scale_rows (scale, &rows, photo_row, &photo, job->pool,
                         job->cancellable, error);
}

static void
put_row (gpointer data, int y, float *row)
{
  const Job *job = data;

  pst_net_put (job->net, y, row);
}

static void
keep_photo_row (gpointer data, int y, float *row)
{
  const Job *job = data;

  store (job->photo_here, y, row);
}

static gboolean
keep_photo (Job *job, GError **error)
{
  job->photo_here = new_image (job, error);
  return job->photo_here && scale_photo (job, keep_photo_row, error);
}

static gboolean
put_photo (const Job *job, GError **error)
{
  PstRows              rows = pst_rows_image (job->photo_here);
  g_autoptr (PstScale) copy = NULL;

  copy = pst_scale_new (rows.width, rows.height, rows.width, rows.height);
  return pst_scale_rows (copy, &rows, put_row, (gpointer) job, job->pool,
                         job->cancellable, error);
}

/* What the network reads: photo + up (painted - photo of the step before) */

static void
put_detail_row (gpointer data, int y, float *row)
{
  const Job   *job = data;
  const float *photo = pst_image_row (job->photo_here, y);

  for (int i = 0; i < 3 * job->photo_here->width; i++)
    row[i] += photo[i];
  pst_net_put (job->net, y, row);
}

/* At the last step the photo is the caller's; what is hidden in it comes from
 * the step before: there it is up (painted). */
static void
add_photo (const Job *job, int y, float *row)
{
  const float *p = job->pixels->data + (gsize) y * job->pixels->width * 4;

  if (pst_convert_add (job->pixels, y, row))
    return;
  for (int x = 0; x < job->pixels->width; x++)
    if (! (p[4 * x + 3] > 0))
      pst_scale_pixel (job->up, job->painted, x, y, row + 3 * x);
}

static void
put_last_row (gpointer data, int y, float *row)
{
  const Job *job = data;

  add_photo (job, y, row);
  pst_net_put (job->net, y, row);
}

static gboolean
run_net (Job *job, GError **error)
{
  return pst_net_forward (job->net, job->cancellable, step_progress, job,
                          error);
}

static gboolean
open_net (Job *job, GError **error)
{
  const PstSteps *steps = &job->plan->steps;

  return pst_net_open (job->net, job->plan->plans[job->step],
                       steps->width[job->step], steps->height[job->step],
                       error);
}

/* The result */

static void
merge_row (gpointer data, int y, float *row)
{
  const Job *job = data;

  pst_convert_merge (job->pixels, y, row, job->mix, job->keep);
}

static void
merge_photo_row (gpointer data, int y, float *row)
{
  add_photo (data, y, row);
  merge_row (data, y, row);
}

static void
join_last_row (gpointer data, int y, float *row)
{
  const Job *job = data;

  pst_net_add (job->net, y, row);
  merge_row (data, y, row);
}

static void
join_row (gpointer data, int y, float *row)
{
  const Job *job = data;

  pst_net_add (job->net, y, row);
  store (job->painted_here, y, row);
}

/* What the network made, as the next step's painting. */
static gboolean
keep_painted (Job *job, GError **error)
{
  PstRows rows = pst_net_rows (job->net);

  job->painted_here = new_image (job, error);
  return job->painted_here && pst_resample (&rows, job->painted_here,
                                            job->pool, job->cancellable,
                                            error);
}

static gboolean
merge_painted (const Job *job, GError **error)
{
  PstRows              rows = pst_net_rows (job->net);
  g_autoptr (PstScale) scale = NULL;

  scale = pst_scale_new (rows.width, rows.height, job->pixels->width,
                         job->pixels->height);
  return pst_scale_rows (scale, &rows, merge_row, (gpointer) job, job->pool,
                         NULL, error);
}

/* What the network made = painted; the result is painted + up (painted of the
 * step before - down (painted)): of what it made, only what the step before
 * could not hold. */
static gboolean
join (Job *job, GError **error)
{
  PstRows rows = pst_net_rows (job->net);

  if (! pst_resample (&rows, job->photo, job->pool, job->cancellable, error))
    return FALSE;
  if (is_last (job))
    return scale_difference (job, join_last_row, NULL, error);
  job->painted_here = new_image (job, error);
  return job->painted_here &&
         scale_difference (job, join_row, job->cancellable, error);
}

static gboolean
paint_base (Job *job, gboolean only, GError **error)
{
  if (only)
    return open_net (job, error) && scale_photo (job, put_row, error) &&
           run_net (job, error) && merge_painted (job, error);
  return keep_photo (job, error) && open_net (job, error) &&
         put_photo (job, error) && run_net (job, error) &&
         keep_painted (job, error);
}

static gboolean
add_detail (Job *job, GError **error)
{
  gboolean last = is_last (job);

  if ((! last && ! keep_photo (job, error)) || ! open_net (job, error))
    return FALSE;
  return scale_difference (job, last ? put_last_row : put_detail_row,
                           job->cancellable, error) &&
         run_net (job, error) && join (job, error);
}

/* Goes on to the next size: what is of this step is of the step before. */
static void
advance (Job *job, int width, int height)
{
  pst_model_drop_run (job->net->bench);
  pst_image_free (job->photo);
  pst_image_free (job->painted);
  job->photo = g_steal_pointer (&job->photo_here);
  job->painted = g_steal_pointer (&job->painted_here);
  pst_scale_free (job->up);
  job->up = pst_scale_new (job->photo->width, job->photo->height, width,
                           height);
}

gboolean
pst_paint (PstNet *net, const PstPlanning *plan, PstPixels *pixels, float mix,
           float keep, GCancellable *cancellable, PstProgressFunc progress,
           gpointer data, GError **error)
{
  const PstSteps *steps = &plan->steps;
  gboolean        enlarge = pst_steps_enlarge (steps, pixels->width,
                                              pixels->height);
  g_auto (Job)    job = { .net = net, .plan = plan, .pixels = pixels,
                          .mix = mix, .keep = keep, .pool = net->bench->pool,
                          .cancellable = cancellable, .progress = progress,
                          .data = data };

  pst_net_settle (net, plan->plans[0]);
  if (! paint_base (&job, steps->n == 1 && ! enlarge, error))
    return FALSE;
  for (job.step = 1; job.step < steps->n; job.step++)
    {
      advance (&job, steps->width[job.step], steps->height[job.step]);
      if (! add_detail (&job, error))
        return FALSE;
    }
  if (! enlarge)
    return TRUE;
  advance (&job, pixels->width, pixels->height);
  return scale_difference (&job, merge_photo_row, NULL, error);
}
