/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/kernels/kernels.h"
#include "core/ops/conv.h"

/*
 * Runs one convolution, or several without keeping what lies between them.
 * The output is cut into regions; a few hundred groups of them are the items
 * of the parallel loop. For each region the stages before the last compute,
 * into the worker's room, just what the next one reads of them.
 *
 * Mean and variance are summed in single precision over one row of a region
 * (or of tiles, where the algorithm does it), about the group's first pixel,
 * in double precision over the group, and the groups are put together in order
 * after Chan, Golub and LeVeque (1983).
 */

#define MAX_GROUPS 1024 /* of a sample */

/* Regions where several stages work at once are larger, so that little is
 * computed twice. */
#define CHAIN_H 64
#define CHAIN_W 128
#define PAST_FLOATS (8 << 20) /* 32 MB */
#define PART_UNIT 4 /* what regions are divided by */

typedef struct
{
  const PstConvJob *job;
  gint64            h, w; /* of a region */
  gint64            block_h[PST_CONV_STAGES]; /* what each algorithm likes */
  gint64            block_w[PST_CONV_STAGES];
  gint64            across;
  gint64            n_regions; /* of a sample */
  gint64            n_groups;  /* of a sample */
  gint64            per_group;
  gsize             between[PST_CONV_STAGES]; /* floats after each stage */
  gsize             algorithm; /* floats */
  gsize             out;       /* floats */
  double           *sums;      /* [n, n_groups, 3, k]: base, sum, squares */
  gboolean          packed;    /* the result */
  guint8           *workers;
  gsize             worker_bytes;
} Work;

static const PstConv *
last_conv (const PstConvJob *job)
{
  return &job->stage[job->n_stages - 1].conv;
}

static gsize
aligned (gsize floats)
{
  return pst_memory_align (floats * sizeof (float)) / sizeof (float);
}

/* The most pixels along one axis that @n outputs can read. */
static gint64
reach (gint64 n, gint64 stride, gint64 kernel, gint64 dilation,
       gint64 upsample, gint64 size)
{
  gint64 span = (n - 1) * stride + (kernel - 1) * dilation + 1;

  return MIN (size, (span + upsample - 1) / upsample + 1);
}

static void
size_between (Work *work)
{
  const PstConvJob *job = work->job;
  gint64            h = work->h, w = work->w;

  for (int s = job->n_stages - 1; s > 0; s--)
    {
      const PstConv *conv = &job->stage[s].conv;

      h = reach (h, conv->stride_y, conv->kh, conv->dilation_y,
                 conv->upsample, conv->h);
      w = reach (w, conv->stride_x, conv->kw, conv->dilation_x,
                 conv->upsample, conv->w);
      work->between[s - 1] = aligned (h * w * conv->c);
    }
}

static void
plan_work (const PstConvJob *job, Work *work)
{
  const PstConvStage *last = &job->stage[job->n_stages - 1];
  const PstConv      *conv = &last->conv;
  int                 n = job->n_stages;

  memset (work, 0, sizeof *work);
  work->job = job;
  for (int s = 0; s < n; s++)
    job->stage[s].forward->block (&job->stage[s].conv, &work->block_h[s],
                                  &work->block_w[s]);
  work->h = work->block_h[n - 1];
  work->w = work->block_w[n - 1];
  if (n > 1)
    {
      work->h *= MAX (1, CHAIN_H / work->h);
      work->w *= MAX (1, CHAIN_W / work->w);
    }
  work->packed = job->y && job->y->dtype == PST_PACKED16;
  if (work->packed) /* whole cells */
    {
      work->h = (work->h + PST_CELL_H - 1) / PST_CELL_H * PST_CELL_H;
      work->w = (work->w + PST_CELL_W - 1) / PST_CELL_W * PST_CELL_W;
    }
  work->across = (conv->ow + work->w - 1) / work->w;
  work->n_regions = (conv->oh + work->h - 1) / work->h * work->across;
  work->per_group = (work->n_regions + MAX_GROUPS - 1) / MAX_GROUPS;
  work->n_groups =
      (work->n_regions + work->per_group - 1) / work->per_group;
  size_between (work);
  for (int s = 0; s < job->n_stages; s++)
    work->algorithm =
        MAX (work->algorithm,
             aligned (job->stage[s].forward->room (&job->stage[s].conv)));
  if (! job->y || work->packed)
    work->out = aligned (work->h * work->w * conv->k);
}

void
pst_conv_job_room (const PstConvJob *job, gsize *shared, gsize *per_worker)
{
  const PstConv *conv = last_conv (job);
  Work           work;

  plan_work (job, &work);
  *shared = job->wants_stats
                ? sizeof (double) * conv->n * work.n_groups * 3 * conv->k
                : 0;
  *per_worker = sizeof (float) * (work.algorithm + work.out +
                                  aligned (3 * conv->k));
  for (int s = 0; s + 1 < job->n_stages; s++)
    *per_worker += sizeof (float) * work.between[s];
}

/* The pixels that a region of a convolution's output reads. */
static PstConvRegion
input_region (const PstConv *conv, const PstConvRegion *out)
{
  gint64 y0 = conv->h, y1 = 0, x0 = conv->w, x1 = 0;
  gint64 y = out->y * conv->stride_y, x = out->x * conv->stride_x;
  gint64 h = (out->h - 1) * conv->stride_y + (conv->kh - 1) * conv->dilation_y;
  gint64 w = (out->w - 1) * conv->stride_x + (conv->kw - 1) * conv->dilation_x;

  for (gint64 i = y; i <= y + h; i++)
    if (conv->grid.row[i] >= 0)
      {
        y0 = MIN (y0, conv->grid.row[i]);
        y1 = MAX (y1, conv->grid.row[i] + 1);
      }
  for (gint64 i = x; i <= x + w; i++)
    if (conv->grid.col[i] >= 0)
      {
        x0 = MIN (x0, conv->grid.col[i]);
        x1 = MAX (x1, conv->grid.col[i] + 1);
      }
  return (PstConvRegion) { y0, x0, MAX (0, y1 - y0), MAX (0, x1 - x0), NULL,
                           FALSE };
}

static PstConvSource
source_of (const PstConvStage *stage, gint64 n)
{
  gint64        c = stage->conv.c;
  PstConvSource source = { .least = stage->least };

  if (stage->scale)
    {
      source.scale = stage->scale + n * 2 * c;
      source.shift = source.scale + c;
    }
  return source;
}

/* Where a region is larger than a block, its parts are about equal. */
static gint64
part_of (gint64 size, gint64 block)
{
  return MIN (block, pst_conv_even (size, block, PART_UNIT));
}

/* A region of what stage @s puts out, into @to; @room as in the work. */
static void
compute (const Work *work, gint64 n, int s, const PstConvRegion *region,
         float *room, float *to, gint64 row)
{
  const PstConvJob   *job = work->job;
  const PstConvStage *stage = &job->stage[s];
  const PstConv      *conv = &stage->conv;
  PstConvSource       source = source_of (stage, n);
  gint64              h = part_of (region->h, work->block_h[s]);
  gint64              w = part_of (region->w, work->block_w[s]);

  if (s == 0)
    {
      if (job->x->dtype == PST_PACKED16)
        source.packed =
            pst_tensor_cells (job->x, n, (float **) &source.table);
      else
        source.data = (const float *) job->x->data +
                      n * conv->h * conv->w * conv->c;
      source.h = conv->h;
      source.w = source.row = conv->w;
    }
  else
    {
      PstConvRegion in = input_region (conv, region);
      float        *buffer = room + work->algorithm;

      for (int i = 0; i < s - 1; i++)
        buffer += work->between[i];
      source.data = buffer;
      source.y = in.y;
      source.x = in.x;
      source.h = in.h;
      source.w = source.row = in.w;
      if (in.h && in.w)
        compute (work, n, s - 1, &in, room, buffer, in.w * conv->c);
    }
  for (gint64 y = 0; y < region->h; y += h)
    for (gint64 x = 0; x < region->w; x += w)
      {
        PstConvRegion part = { region->y + y, region->x + x,
                               MIN (h, region->h - y),
                               MIN (w, region->w - x), region->sums,
                               region->past };

        stage->forward->region (conv, &source, &part, stage->packed, room,
                                to + y * row + x * conv->k, row);
      }
}

void
pst_conv_sums_begin (PstConvSums *sums, gint64 k, gint64 first, gint64 n,
                     const float *pixel)
{
  double *to = sums->sums + first;

  for (gint64 i = 0; i < n; i++)
    {
      sums->base[first + i] = pixel[i];
      to[i] = pixel[i];
      to[k + i] = to[2 * k + i] = 0.0;
    }
}

void
pst_conv_sums_add (PstConvSums *sums, gint64 k, gint64 first, gint64 n)
{
  double *to = sums->sums + k + first;

  for (gint64 i = 0; i < n; i++)
    {
      to[i] += sums->line[i];
      to[k + i] += sums->line[n + i];
    }
}

/* Where the algorithm has not done it */
static void
add_sums (gint64 k, const PstConvRegion *region, const float *from, gint64 row,
          PstConvSums *sums)
{
  if (sums->fresh)
    pst_conv_sums_begin (sums, k, 0, k, from);
  for (gint64 y = 0; y < region->h; y++)
    {
      pst_kernels ()->channel_sums (from + y * row, sums->base, k, region->w,
                                    sums->line, sums->line + k);
      pst_conv_sums_add (sums, k, 0, k);
    }
}

/* Packs a region, which begins where a cell does. */
static void
pack (const Work *work, gint64 n, const PstConvRegion *region,
      const float *from, gint64 row)
{
  const PstConv *conv = last_conv (work->job);
  gint64         k = conv->k;
  gint64         across = (conv->ow + PST_CELL_W - 1) / PST_CELL_W;
  float         *table;
  guint16       *q = pst_tensor_cells (work->job->y, n, &table);

  for (gint64 y = 0; y < region->h; y += PST_CELL_H)
    for (gint64 x = 0; x < region->w; x += PST_CELL_W)
      {
        gint64 top = region->y + y, left = region->x + x;
        gint64 cell = top / PST_CELL_H * across + left / PST_CELL_W;

        pst_kernels ()->pack_cell (from + y * row + x * k, row, k,
                                   MIN (PST_CELL_H, region->h - y),
                                   MIN (PST_CELL_W, region->w - x),
                                   q + (top * conv->ow + left) * k,
                                   conv->ow * k, table + cell * 2 * k);
      }
}

static gboolean
has_limit (const PstConvJob *job)
{
  return job->bias || job->least > -INFINITY;
}

/* Bias and limit, in place. */
static void
limit (const Work *work, const PstConvRegion *region, float *from, gint64 row)
{
  const PstConvJob *job = work->job;

  for (gint64 i = 0; i < region->h; i++)
    pst_kernels ()->channel_affine (from + i * row, NULL, job->bias,
                                    job->least, last_conv (job)->k,
                                    region->w, from + i * row);
}

/* Maps larger than caches are, unless they are read here once more */
static gboolean
goes_past (const Work *work)
{
  const PstConv *conv = last_conv (work->job);

  return work->job->y && ! work->packed && ! has_limit (work->job) &&
         conv->oh * conv->ow * conv->k > PAST_FLOATS;
}

static PstConvRegion
region_at (const Work *work, gint64 i)
{
  const PstConv *conv = last_conv (work->job);
  gint64         y = i / work->across * work->h;
  gint64         x = i % work->across * work->w;

  return (PstConvRegion) { y, x, MIN (work->h, conv->oh - y),
                           MIN (work->w, conv->ow - x), NULL, FALSE };
}

/* Where a worker's sums and its region of the output lie. */
static float *
output_room (const Work *work, float *room, float **sums)
{
  room += work->algorithm;
  for (int s = 0; s + 1 < work->job->n_stages; s++)
    room += work->between[s];
  *sums = room;
  return room + aligned (3 * last_conv (work->job)->k);
}

static void
run_group (gpointer data, gsize item, guint worker)
{
  const Work       *work = data;
  const PstConvJob *job = work->job;
  const PstConv    *conv = last_conv (job);
  gint64            n = item / work->n_groups;
  gint64            first = item % work->n_groups * work->per_group;
  gint64            last = MIN (work->n_regions, first + work->per_group);
  float            *room =
      (float *) (work->workers + worker * work->worker_bytes);
  PstConvSums       sums = { work->sums + item * 3 * conv->k, NULL, NULL,
                             TRUE, FALSE };
  float            *out = output_room (work, room, &sums.base);

  sums.line = sums.base + conv->k;
  for (gint64 i = first; i < last; i++)
    {
      PstConvRegion region = region_at (work, i);
      gint64        row = region.w * conv->k;
      float        *to = out;

      if (job->y && ! work->packed)
        {
          row = conv->ow * conv->k;
          to = (float *) job->y->data +
               ((n * conv->oh + region.y) * conv->ow + region.x) * conv->k;
        }
      if (job->wants_stats && ! has_limit (job))
        region.sums = &sums;
      region.past = goes_past (work);
      compute (work, n, job->n_stages - 1, &region, room, to, row);
      if (has_limit (job))
        limit (work, &region, to, row);
      if (work->packed)
        pack (work, n, &region, to, row);
      if (job->wants_stats && ! sums.taken)
        add_sums (conv->k, &region, to, row, &sums);
      sums.fresh = FALSE;
    }
}

/* Pixels of group @g. */
static double
group_pixels (const Work *work, gint64 g)
{
  double pixels = 0.0;

  for (gint64 i = g * work->per_group;
       i < MIN (work->n_regions, (g + 1) * work->per_group); i++)
    {
      PstConvRegion region = region_at (work, i);

      pixels += (double) region.h * region.w;
    }
  return pixels;
}

/* Mean and variance of sample n out of the groups' sums. */
static void
find_stats (gpointer data, gsize n, guint worker)
{
  const Work    *work = data;
  const PstConv *conv = last_conv (work->job);
  gint64         k = conv->k;
  float         *mean = work->job->stats + n * 2 * k;
  double         all = 0.0;
  double        *total = work->sums + n * work->n_groups * 3 * k;

  /* the first group's sums become count-weighted mean and squares */
  for (gint64 g = 0; g < work->n_groups; g++)
    {
      double  m = group_pixels (work, g);
      double *sums = total + g * 3 * k;

      for (gint64 i = 0; i < k; i++)
        {
          double average = sums[i] + sums[k + i] / m;
          double squares = sums[2 * k + i] - sums[k + i] * sums[k + i] / m;
          double d = average - total[i];

          if (g == 0)
            {
              total[i] = average;
              total[2 * k + i] = squares;
              continue;
            }
          total[i] += d * m / (all + m);
          total[2 * k + i] += squares + d * d * all * m / (all + m);
        }
      all += m;
    }
  for (gint64 i = 0; i < k; i++)
    {
      mean[i] = (float) total[i];
      mean[k + i] = (float) MAX (total[2 * k + i] / all, 0.0);
    }
}

void
pst_conv_job_run (const PstConvJob *job, PstPool *pool, guint8 *shared,
                  guint8 *workers, gsize worker_bytes)
{
  const PstConv *conv = last_conv (job);
  Work           work;

  plan_work (job, &work);
  work.sums = (double *) shared;
  work.workers = workers;
  work.worker_bytes = worker_bytes;
  pst_pool_run (pool, conv->n * work.n_groups, run_group, &work);
  if (job->wants_stats)
    pst_pool_run (pool, conv->n, find_stats, &work);
}
