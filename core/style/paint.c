/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/style/paint.h"

#include "core/style/convert.h"
#include "core/style/fill.h"

typedef struct
{
  PstNet            *net;
  const PstPlanning *plan;
  const PstPixels   *pixels;
  PstPool           *pool;
  GCancellable      *cancellable;
  PstProgressFunc    progress;
  gpointer           data;
  int                step; /* the one at work */
} Job;

/* Planning */

static gsize
rgb_bytes (const PstSteps *steps, int i)
{
  return pst_image_bytes (steps->width[i], steps->height[i], 3);
}

/* Pictures that step @i holds while its network runs or, where that is more,
 * while they are made. */
static gsize
step_bytes (const PstSteps *steps, int i, int width, int height,
            gsize net_bytes, gboolean tiled)
{
  gsize here = rgb_bytes (steps, i);
  gsize before = i ? 2 * rgb_bytes (steps, i - 1) : 0;
  gboolean last = i > 0 && i == steps->n - 1;
  /* the photo (not at the last step) and what the network reads */
  gsize paint = before + (last ? 1 : 2) * here + (tiled ? here : 0) + net_bytes;
  /* the photo with alpha, and the halved ones that fill it up */
  gsize make = before + (last ? here : here + here * 4 / 3 * 4 / 3);

  return MAX (paint, make);
}

gboolean
pst_paint_plan (PstModel *model, const PstControls *controls, int width,
                int height, guint n_workers, guint64 budget, PstPlanning *plan,
                GError **error)
{
  PstSteps *steps = &plan->steps;
  gsize     scratch;

  pst_controls_steps (controls, pst_model_get_facts (model), width, height,
                      steps);
  scratch = pst_resample_scratch (width, height, steps->width[0],
                                  steps->height[0], 4, n_workers);
  plan->bytes = 0;
  for (int i = 0; i < steps->n; i++)
    {
      PstTiles *tiles = &plan->tiles[i];
      gsize     w = steps->width[i];
      gsize     h = steps->height[i];
      gsize     rest = step_bytes (steps, i, width, height, 0, i > 0) + scratch;
      gboolean  tiled;

      if (! pst_tiles_choose (model, w, h, n_workers,
                              i == 0       ? G_MAXUINT64
                              : budget > rest ? budget - rest
                                              : 0,
                              tiles, error))
        return FALSE;
      tiled = tiles->n_x * tiles->n_y > 1;
      plan->bytes = MAX (plan->bytes, step_bytes (steps, i, width, height,
                                                  tiles->bytes, tiled)
                                          + scratch);
      plan->cost[i] = (double) tiles->n_x * tiles->n_y * tiles->width
                      * tiles->height;
    }
  if (steps->n == 1) /* the result in the picture's size */
    plan->bytes = MAX (plan->bytes, rgb_bytes (steps, 0) + scratch
                                        + pst_image_bytes (width, height, 3));
  return TRUE;
}

/* Painting */

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
new_step_image (const Job *job, int channels, GError **error)
{
  return pst_image_new (job->plan->steps.width[job->step],
                        job->plan->steps.height[job->step], channels, error);
}

static gboolean
resample (const Job *job, const PstImage *from, PstImage *to, float keep,
          float gain, GError **error)
{
  PstRows rows = pst_rows_image (from);

  return pst_resample (&rows, to, keep, gain, job->pool, job->cancellable,
                       error);
}

/* The photo in the size of this step, hidden parts filled up. */
static PstImage *
scale_photo (const Job *job, GError **error)
{
  PstRows              rows = pst_convert_rows (job->pixels);
  g_autoptr (PstImage) alpha = new_step_image (job, 4, error);
  g_autoptr (PstImage) photo = NULL;

  if (! alpha || ! pst_resample (&rows, alpha, 0, 1, job->pool,
                                 job->cancellable, error))
    return NULL;
  photo = new_step_image (job, 3, error);
  if (! photo || ! pst_fill_hidden (alpha, photo, error))
    return NULL;
  return g_steal_pointer (&photo);
}

/* The same for the last step, which has the picture's own size: hidden parts
 * come from the step before. */
static PstImage *
take_photo (const Job *job, const PstImage *photo_before, GError **error)
{
  g_autoptr (PstImage) photo = new_step_image (job, 3, error);

  if (! photo || ! resample (job, photo_before, photo, 0, 1, error))
    return NULL;
  pst_convert_overlay (job->pixels, photo, job->pool);
  return g_steal_pointer (&photo);
}

/* Runs the network on @image, which it takes. */
static PstImage *
run_net (const Job *job, PstImage *image, GError **error)
{
  g_autoptr (PstImage) from = image;
  g_autoptr (PstImage) to = NULL;
  const PstTiles      *tiles = &job->plan->tiles[job->step];

  if (tiles->n_x * tiles->n_y > 1)
    to = new_step_image (job, 3, error);
  else
    to = g_steal_pointer (&from);
  if (! to || ! pst_tiles_paint (job->net, tiles, from ? from : to, to,
                                 job->cancellable, step_progress, (Job *) job,
                                 error))
    return NULL;
  return g_steal_pointer (&to);
}

static PstImage *
copy_image (const Job *job, const PstImage *image, GError **error)
{
  g_autoptr (PstImage) copy = new_step_image (job, 3, error);

  if (! copy || ! resample (job, image, copy, 0, 1, error))
    return NULL;
  return g_steal_pointer (&copy);
}

/* painted = up (before) + painted - up (down (painted)): of what the network
 * made, only what the step before could not hold. */
static gboolean
join (const Job *job, const PstImage *before, PstImage *painted,
      GError **error)
{
  g_autoptr (PstImage) low = NULL;

  low = pst_image_new (before->width, before->height, 3, error);
  return low && resample (job, painted, low, 0, 1, error)
         && resample (job, low, painted, 1, -1, error)
         && resample (job, before, painted, 1, 1, error);
}

/* One step further: @photo and @painted are those of the step before and
 * become those of this one (the photo %NULL at the last step). */
static gboolean
add_detail (const Job *job, PstImage **photo, PstImage **painted,
            GError **error)
{
  gboolean             last = job->step == job->plan->steps.n - 1;
  g_autoptr (PstImage) here = NULL;
  g_autoptr (PstImage) work = NULL;

  pst_model_drop_run (job->net->bench);
  here = last ? take_photo (job, *photo, error) : scale_photo (job, error);
  if (! here)
    return FALSE;
  work = last ? g_steal_pointer (&here) : copy_image (job, here, error);
  if (! work || ! resample (job, *photo, work, 1, -1, error) ||
      ! resample (job, *painted, work, 1, 1, error))
    return FALSE;
  g_clear_pointer (photo, pst_image_free);
  *photo = g_steal_pointer (&here);
  work = run_net (job, g_steal_pointer (&work), error);
  if (! work || ! join (job, *painted, work, error))
    return FALSE;
  pst_image_free (*painted);
  *painted = g_steal_pointer (&work);
  return TRUE;
}

static PstImage *
paint_base (const Job *job, PstImage **photo, GError **error)
{
  PstImage *copy;

  *photo = scale_photo (job, error);
  if (! *photo)
    return NULL;
  if (job->plan->steps.n == 1)
    return run_net (job, g_steal_pointer (photo), error);
  copy = copy_image (job, *photo, error);
  return copy ? run_net (job, copy, error) : NULL;
}

PstImage *
pst_paint (PstNet *net, const PstPlanning *plan, const PstPixels *pixels,
           GCancellable *cancellable, PstProgressFunc progress, gpointer data,
           GError **error)
{
  Job                  job = { net,         plan,     pixels, net->bench->pool,
                               cancellable, progress, data };
  g_autoptr (PstImage) photo = NULL;
  g_autoptr (PstImage) painted = paint_base (&job, &photo, error);
  g_autoptr (PstImage) result = NULL;

  if (! painted)
    return NULL;
  for (job.step = 1; job.step < plan->steps.n; job.step++)
    if (! add_detail (&job, &photo, &painted, error))
      return NULL;
  if (painted->width == pixels->width && painted->height == pixels->height)
    return g_steal_pointer (&painted);
  result = pst_image_new (pixels->width, pixels->height, 3, error);
  if (! result || ! resample (&job, painted, result, 0, 1, error))
    return NULL;
  return g_steal_pointer (&result);
}
