/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/style/resample.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/memory.h"

/* For each new sample: its first old one and the weights from there. */
typedef struct
{
  int    n_taps;
  int   *first;
  float *weight; /* n_taps for each new sample; zeros fill up */
} Axis;

typedef struct
{
  const PstRows *from;
  PstImage      *to;
  float          keep;
  float          gain;
  Axis           x;
  Axis           y;
  int            band;      /* new rows of one item */
  int            band_rows; /* most old rows that one item reads */
  float         *scratch;   /* per worker: one old row, then band_rows */
  gsize          scratch_floats; /* of one worker */
  GCancellable  *cancellable;
} Job;

/* Kernels, by distance in samples (in new samples when reducing). */

static double
catmull_rom (double x)
{
  x = fabs (x);
  if (x < 1)
    return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2)
    return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

static double
hamming_sinc (double x)
{
  x = fabs (x);
  if (x < 1e-9)
    return 1;
  if (x >= 1)
    return 0;
  x *= G_PI;
  return sin (x) / x * (0.54 + 0.46 * cos (x));
}

/* How far a kernel reaches to one side, in old samples. */
static double
axis_support (int n_from, int n_to)
{
  return n_from > n_to ? (double) n_from / n_to : n_from < n_to ? 2 : 0.5;
}

static int
axis_taps (int n_from, int n_to)
{
  return MIN ((int) ceil (2 * axis_support (n_from, n_to)) + 1, n_from);
}

/* Weights of one new sample; they sum to 1. */
static void
axis_fill (Axis *axis, int i, int n_from, int n_to)
{
  double ratio = (double) n_from / n_to;
  double support = axis_support (n_from, n_to);
  double center = (i + 0.5) * ratio;
  double sum = 0;
  float *weight = axis->weight + (gsize) i * axis->n_taps;
  int    first = (int) floor (center - support);

  first = CLAMP (first, 0, n_from - axis->n_taps);
  axis->first[i] = first;
  for (int t = 0; t < axis->n_taps; t++)
    {
      double x = first + t + 0.5 - center;
      double w = n_from > n_to   ? hamming_sinc (x / ratio)
                 : n_from < n_to ? catmull_rom (x)
                                 : fabs (x) < 0.25;

      weight[t] = w;
      sum += w;
    }
  for (int t = 0; t < axis->n_taps; t++)
    weight[t] /= sum;
}

static void
axis_init (Axis *axis, int n_from, int n_to)
{
  axis->n_taps = axis_taps (n_from, n_to);
  axis->first = g_new (int, n_to);
  axis->weight = g_new (float, (gsize) n_to * axis->n_taps);
  for (int i = 0; i < n_to; i++)
    axis_fill (axis, i, n_from, n_to);
}

static void
axis_clear (Axis *axis)
{
  g_free (axis->first);
  g_free (axis->weight);
}

/* One old row (from_width × 3 or 4) to one of the new width. */
static void
scale_row_3 (const Axis *axis, const float *from, float *to, int width)
{
  for (int i = 0; i < width; i++)
    {
      const float *w = axis->weight + (gsize) i * axis->n_taps;
      const float *p = from + (gsize) axis->first[i] * 3;
      float        r = 0, g = 0, b = 0;

      for (int t = 0; t < axis->n_taps; t++, p += 3)
        {
          r += w[t] * p[0];
          g += w[t] * p[1];
          b += w[t] * p[2];
        }
      to[3 * i] = r;
      to[3 * i + 1] = g;
      to[3 * i + 2] = b;
    }
}

static void
scale_row_4 (const Axis *axis, const float *from, float *to, int width)
{
  for (int i = 0; i < width; i++)
    {
      const float *w = axis->weight + (gsize) i * axis->n_taps;
      const float *p = from + (gsize) axis->first[i] * 4;
      float        sum[4] = { 0 };

      for (int t = 0; t < axis->n_taps; t++, p += 4)
        for (int c = 0; c < 4; c++)
          sum[c] += w[t] * p[c];
      memcpy (to + 4 * i, sum, sizeof sum);
    }
}

/* New row @y from the scaled rows, of which the first is old row @first. */
static void
scale_column (const Job *job, const float *rows, int first, int y)
{
  gsize        n = (gsize) job->to->width * job->to->channels;
  const float *w = job->y.weight + (gsize) y * job->y.n_taps;
  float       *out = pst_image_row (job->to, y);

  if (job->keep == 0)
    memset (out, 0, n * sizeof (float));
  rows += (job->y.first[y] - first) * n;
  for (int t = 0; t < job->y.n_taps; t++, rows += n)
    {
      float weight = w[t] * job->gain;

      if (weight != 0)
        for (gsize i = 0; i < n; i++)
          out[i] += weight * rows[i];
    }
}

static void
resample_band (gpointer data, gsize item, guint worker)
{
  const Job     *job = data;
  const PstRows *from = job->from;
  int            y0 = item * job->band;
  int            y1 = MIN (y0 + job->band, job->to->height);
  int            first = job->y.first[y0];
  int            end = job->y.first[y1 - 1] + job->y.n_taps;
  gsize          n = (gsize) job->to->width * from->channels;
  float         *row = job->scratch + worker * job->scratch_floats;
  float         *rows = row + (gsize) from->width * from->channels;

  if (g_cancellable_is_cancelled (job->cancellable))
    return;
  for (int y = first; y < end; y++)
    {
      from->load (from->data, y, row);
      if (from->channels == 3)
        scale_row_3 (&job->x, row, rows + (y - first) * n, job->to->width);
      else
        scale_row_4 (&job->x, row, rows + (y - first) * n, job->to->width);
    }
  for (int y = y0; y < y1; y++)
    scale_column (job, rows, first, y);
}

/* Rows of a band: enough that few old rows are scaled twice. */
static int
band_height (int n_from, int n_to)
{
  return n_from > n_to ? CLAMP (64 * (gint64) n_to / n_from, 4, 32) : 32;
}

static int
band_old_rows (int n_from, int n_to)
{
  double ratio = (double) n_from / n_to;

  return MIN ((int) ceil (band_height (n_from, n_to) * ratio)
                  + axis_taps (n_from, n_to) + 1,
              n_from);
}

static gsize
worker_floats (int from_width, int from_height, int to_width, int to_height,
               int channels)
{
  return ((gsize) from_width
          + (gsize) band_old_rows (from_height, to_height) * to_width)
             * channels
         + 16;
}

gsize
pst_resample_scratch (int from_width, int from_height, int to_width,
                      int to_height, int channels, guint n_workers)
{
  return worker_floats (from_width, from_height, to_width, to_height, channels)
         * n_workers * sizeof (float);
}

gboolean
pst_resample (const PstRows *from, PstImage *to, float keep, float gain,
              PstPool *pool, GCancellable *cancellable, GError **error)
{
  guint n_workers = pool ? pst_pool_get_size (pool) : 1;
  gsize bytes = pst_resample_scratch (from->width, from->height, to->width,
                                      to->height, to->channels, n_workers);
  Job   job = {
    .from = from, .to = to, .keep = keep, .gain = gain,
    .band = band_height (from->height, to->height),
    .band_rows = band_old_rows (from->height, to->height),
    .scratch = pst_memory_try_alloc (bytes),
    .scratch_floats = worker_floats (from->width, from->height, to->width,
                                     to->height, to->channels),
    .cancellable = cancellable,
  };

  g_return_val_if_fail (from->channels == to->channels, FALSE);
  if (! job.scratch)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_MEMORY,
                   _ ("There is no memory to scale a picture (%.0f MB)."),
                   bytes / 1e6);
      return FALSE;
    }
  axis_init (&job.x, from->width, to->width);
  axis_init (&job.y, from->height, to->height);
  pst_pool_run (pool, (to->height + job.band - 1) / job.band, resample_band,
                &job);
  axis_clear (&job.x);
  axis_clear (&job.y);
  pst_memory_free (job.scratch, bytes);
  return ! g_cancellable_set_error_if_cancelled (cancellable, error);
}

static void
load_image_row (gconstpointer data, int y, float *row)
{
  const PstImage *image = data;

  memcpy (row, pst_image_row (image, y),
          (gsize) image->width * image->channels * sizeof (float));
}

PstRows
pst_rows_image (const PstImage *image)
{
  return (PstRows){ image->width, image->height, image->channels,
                    load_image_row, image };
}
