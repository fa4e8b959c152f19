/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/style/resample.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/kernels/kernels.h"

#define SLACK 16 /* floats that kernels may touch beyond a row */

/* For each new sample: its first old one and the weights from there. */
typedef struct
{
  int    n_from;
  int    n_to;
  int    n_taps;
  int   *first;  /* never falls */
  float *weight; /* n_taps for each new sample; zeros fill up */
} Axis;

struct _PstScale
{
  Axis x;
  Axis y;
};

typedef struct
{
  const PstScale   *scale;
  const PstRows    *from;
  const PstKernels *kernels;
  PstRowFunc        func;
  gpointer          data;
  int               band;    /* new rows of one item */
  const float     **rows;    /* n_taps for each worker */
  float            *scratch; /* see worker_floats() */
  gsize             scratch_floats;
  GCancellable     *cancellable;
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
  return MIN ((int) ceil (2 * axis_support (n_from, n_to)), n_from);
}

/* Weights of one new sample; they sum to 1. */
static void
axis_fill (Axis *axis, int i)
{
  double ratio = (double) axis->n_from / axis->n_to;
  double support = axis_support (axis->n_from, axis->n_to);
  double center = (i + 0.5) * ratio;
  double sum = 0;
  float *weight = axis->weight + (gsize) i * axis->n_taps;
  int    first = (int) ceil (center - support - 0.5);

  first = CLAMP (first, 0, axis->n_from - axis->n_taps);
  axis->first[i] = first;
  for (int t = 0; t < axis->n_taps; t++)
    {
      double x = first + t + 0.5 - center;
      double w = ratio > 1   ? hamming_sinc (x / ratio)
                 : ratio < 1 ? catmull_rom (x)
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
  axis->n_from = n_from;
  axis->n_to = n_to;
  axis->n_taps = axis_taps (n_from, n_to);
  axis->first = g_new (int, n_to);
  axis->weight = g_new (float, (gsize) n_to * axis->n_taps);
  for (int i = 0; i < n_to; i++)
    axis_fill (axis, i);
}

static void
axis_clear (Axis *axis)
{
  g_free (axis->first);
  g_free (axis->weight);
}

PstScale *
pst_scale_new (int from_width, int from_height, int to_width, int to_height)
{
  PstScale *scale = g_new (PstScale, 1);

  axis_init (&scale->x, from_width, to_width);
  axis_init (&scale->y, from_height, to_height);
  return scale;
}

void
pst_scale_free (PstScale *scale)
{
  if (! scale)
    return;
  axis_clear (&scale->x);
  axis_clear (&scale->y);
  g_free (scale);
}

static gsize
row_floats (int width, int channels)
{
  return (gsize) width * channels + SLACK;
}

/* An old row, a new one, and as many scaled in x as one of the new needs. */
static gsize
worker_floats (int from_width, int to_width, int n_taps, int channels)
{
  return row_floats (from_width, channels)
         + (1 + (gsize) n_taps) * row_floats (to_width, channels);
}

gsize
pst_scale_scratch (int from_width, int from_height, int to_width,
                   int to_height, int channels, guint n_workers)
{
  gsize x_taps = axis_taps (from_width, to_width);
  gsize y_taps = axis_taps (from_height, to_height);

  return (worker_floats (from_width, to_width, y_taps, channels) * n_workers
          + (x_taps + 1) * to_width + (y_taps + 1) * to_height)
         * sizeof (float);
}

static gboolean
is_copy (const PstScale *scale)
{
  return scale->x.n_from == scale->x.n_to && scale->y.n_from == scale->y.n_to;
}

static void
copy_band (gpointer data, gsize item, guint worker)
{
  const Job *job = data;
  float     *row = job->scratch + worker * job->scratch_floats;
  int        y0 = item * job->band;
  int        y1 = MIN (y0 + job->band, job->from->height);

  for (int y = y0; y < y1 && ! g_cancellable_is_cancelled (job->cancellable);
       y++)
    {
      job->from->load (job->from->data, y, row);
      job->func (job->data, y, row);
    }
}

/* Rows scaled in x wait in a ring; each old row is read once for a band. */
static void
scale_band (gpointer data, gsize item, guint worker)
{
  const Job     *job = data;
  const PstRows *from = job->from;
  const Axis    *ax = &job->scale->x;
  const Axis    *ay = &job->scale->y;
  int            y0 = item * job->band;
  int            y1 = MIN (y0 + job->band, ay->n_to);
  int            next = ay->first[y0];
  gsize          step = row_floats (ax->n_to, from->channels);
  float         *old = job->scratch + worker * job->scratch_floats;
  float         *row = old + row_floats (from->width, from->channels);
  float         *ring = row + step;
  const float  **rows = job->rows + (gsize) worker * ay->n_taps;

  for (int y = y0; y < y1 && ! g_cancellable_is_cancelled (job->cancellable);
       y++)
    {
      int end = ay->first[y] + ay->n_taps;

      for (next = MAX (next, ay->first[y]); next < end; next++)
        {
          from->load (from->data, next, old);
          job->kernels->scale_row (ax->first, ax->weight, ax->n_taps, old,
                                   from->channels, ax->n_to,
                                   ring + next % ay->n_taps * step);
        }
      for (int t = 0; t < ay->n_taps; t++)
        rows[t] = ring + (ay->first[y] + t) % ay->n_taps * step;
      job->kernels->mix_rows (rows, ay->weight + (gsize) y * ay->n_taps,
                              ay->n_taps, (gint64) ax->n_to * from->channels,
                              row);
      job->func (job->data, y, row);
    }
}

/* Rows of a band: even, and enough that few old rows are scaled twice. */
static int
band_height (int n_to)
{
  return CLAMP (n_to / 16, 8, 64) & ~1;
}

gboolean
pst_scale_rows (const PstScale *scale, const PstRows *from, PstRowFunc func,
                gpointer data, PstPool *pool, GCancellable *cancellable,
                GError **error)
{
  int      height = scale->y.n_to;
  guint    n_workers = pst_pool_get_size (pool);
  gboolean copies = is_copy (scale);
  gsize    floats = worker_floats (from->width, scale->x.n_to,
                                   scale->y.n_taps, from->channels);
  gsize    bytes = floats * n_workers * sizeof (float);
  Job      job = {
    .scale = scale, .from = from, .kernels = pst_kernels (), .func = func,
    .data = data, .band = band_height (height), .scratch_floats = floats,
    .cancellable = cancellable,
  };

  g_return_val_if_fail (from->width == scale->x.n_from &&
                            from->height == scale->y.n_from,
                        FALSE);
  job.scratch = pst_memory_try_alloc (bytes);
  if (! job.scratch)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_MEMORY,
                   _ ("There is no memory to scale a picture (%.0f MB)."),
                   bytes / 1e6);
      return FALSE;
    }
  job.rows = g_new (const float *, (gsize) n_workers * scale->y.n_taps);
  pst_pool_run (pool, (height + job.band - 1) / job.band,
                copies ? copy_band : scale_band, &job);
  g_free (job.rows);
  pst_memory_free (job.scratch, bytes);
  return ! g_cancellable_set_error_if_cancelled (cancellable, error);
}

void
pst_scale_pixel (const PstScale *scale, const PstImage *from, int x, int y,
                 float *to)
{
  const Axis  *ax = &scale->x;
  const Axis  *ay = &scale->y;
  const float *wx = ax->weight + (gsize) x * ax->n_taps;
  const float *wy = ay->weight + (gsize) y * ay->n_taps;

  to[0] = to[1] = to[2] = 0;
  for (int v = 0; v < ay->n_taps; v++)
    {
      const float *p = pst_image_row (from, ay->first[y] + v);

      p += 3 * (gsize) ax->first[x];
      for (int u = 0; u < ax->n_taps; u++, p += 3)
        for (int c = 0; c < 3; c++)
          to[c] += wy[v] * wx[u] * p[c];
    }
}

static void
store_row (gpointer data, int y, float *row)
{
  PstImage *image = data;

  memcpy (pst_image_row (image, y), row,
          (gsize) image->width * image->channels * sizeof (float));
}

gboolean
pst_resample (const PstRows *from, PstImage *to, PstPool *pool,
              GCancellable *cancellable, GError **error)
{
  g_autoptr (PstScale) scale = NULL;

  g_return_val_if_fail (from->channels == to->channels, FALSE);

  scale = pst_scale_new (from->width, from->height, to->width, to->height);
  return pst_scale_rows (scale, from, store_row, to, pool, cancellable, error);
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
