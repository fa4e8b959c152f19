/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/kernels/kernels.h"
#include "core/kernels/panel.h"
#include "core/ops/conv.h"

/*
 * Large kernels (the first and the last layer: 9x9) by nested minimal
 * filtering: the kernel is cut into blocks of 3x3, filled up with zeros, and
 * each block is computed by Winograd's F(3x3, 3x3). Since the blocks lie three
 * pixels apart, just as the tiles do, all share one transformed picture:
 *
 *   V [25, t, c]  = B' d B      t tiles of 5 x 5 pixels, 3 apart
 *   U [25, b, c, k] = G g G'    of block b
 *   M [25, t, k]  = sum over b of V [t + b] U [b]
 *   y             = A' M A      3 x 3 pixels
 *
 * With 9 blocks that is 25 products where the definition has 81. The products
 * come in two forms: usually the blocks of a row lie side by side in V, so they
 * are one product; but with three channels out it is the blocks that become
 * columns, P [25, t, b k] = V U, and y is added up from A' P A.
 *
 * A strip of tiles is computed row by row. Of the pixels five rows are kept, of
 * V or of the sums as many as the kernel has rows of blocks. What the next row
 * reads and writes in memory is fetched during the products.
 */

#define POINTS 25
#define TALL 32 /* tiles of a block that computes some twice */
#define LOW 16  /* of one that does not */
#define WIDE 46
#define MAX_BLOCKS 4 /* along an axis */
#define PIXEL 20     /* floats of a pixel's sums, four zeros first */
#define LINE 64      /* bytes */

static gint64
blocks_y (const PstConv *conv)
{
  return (conv->kh + 2) / 3;
}

static gint64
blocks_x (const PstConv *conv)
{
  return (conv->kw + 2) / 3;
}

/* Whether the blocks become columns. */
static gboolean
is_narrow (const PstConv *conv)
{
  return conv->k <= 4;
}

/* With fewer channels conv-rows.c is as fast. */
static gint64
least_depth (const PstConv *conv)
{
  return conv->kh > 6 && conv->kw > 6 ? 8 : 24;
}

static gboolean
nested_fits (const PstConv *conv)
{
  return conv->kh >= 5 && conv->kw >= 5 && conv->kh <= 3 * MAX_BLOCKS &&
         conv->kw <= 3 * MAX_BLOCKS && conv->stride_y == 1 &&
         conv->stride_x == 1 && conv->dilation_y == 1 &&
         conv->dilation_x == 1 && conv->groups == 1 &&
         (is_narrow (conv) ? conv->c % 4 == 0 && conv->c >= least_depth (conv)
                           : conv->k % 4 == 0) &&
         conv->c <= 64;
}

/* Inner size and columns of the products. */
static gint64
depth (const PstConv *conv)
{
  return is_narrow (conv) ? conv->c
                          : blocks_y (conv) * blocks_x (conv) * conv->c;
}

/* Whole vectors, where blocks become columns. */
static gint64
columns (const PstConv *conv)
{
  gint64 all = blocks_y (conv) * blocks_x (conv) * conv->k;

  return is_narrow (conv) ? (all + 7) / 8 * 8 : conv->k;
}

static gsize
point_floats (const PstConv *conv)
{
  return pst_panel_floats (depth (conv), columns (conv));
}

static gsize
nested_weights (const PstConv *conv)
{
  return POINTS * point_floats (conv);
}

/* u [5][5] = G g G' */
static void
transform (const float g[3][3], float *u)
{
  static const float G[5][3] = {
    { 1.0f / 2, 0.0f, 0.0f },
    { -1.0f / 2, -1.0f / 2, -1.0f / 2 },
    { -1.0f / 6, 1.0f / 6, -1.0f / 6 },
    { 1.0f / 6, 1.0f / 3, 2.0f / 3 },
    { 0.0f, 0.0f, 1.0f },
  };

  for (int i = 0; i < 5; i++)
    for (int j = 0; j < 5; j++)
      {
        float sum = 0.0f;

        for (int y = 0; y < 3; y++)
          for (int x = 0; x < 3; x++)
            sum += G[i][y] * g[y][x] * G[j][x];
        u[5 * i + j] = sum;
      }
}

/* The weights of one block between two channels. */
static void
pack_block (const PstConv *conv, gint64 block, gint64 c, gint64 k,
            float *packed)
{
  const PstTensor *w = conv->weight;
  const float     *from =
      (const float *) w->data + k * w->stride[0] + c * w->stride[1];
  gint64 top = block / blocks_x (conv) * 3, left = block % blocks_x (conv) * 3;
  gint64 row = is_narrow (conv) ? c : block * conv->c + c;
  gint64 column = is_narrow (conv)
                      ? (left / 3 * blocks_y (conv) + top / 3) * conv->k + k
                      : k;
  gsize  at = pst_panel_index (depth (conv), row, column);
  float  g[3][3], u[POINTS];

  for (int y = 0; y < 3; y++)
    for (int x = 0; x < 3; x++)
      g[y][x] = top + y < conv->kh && left + x < conv->kw
                    ? from[(top + y) * w->stride[2] +
                           (left + x) * w->stride[3]]
                    : 0.0f;
  transform ((const float (*)[3]) g, u);
  for (int i = 0; i < POINTS; i++)
    packed[i * point_floats (conv) + at] = u[i];
}

static void
nested_pack (const PstConv *conv, PstPool *pool, float *packed)
{
  memset (packed, 0, sizeof (float) * nested_weights (conv));
  for (gint64 block = 0; block < blocks_y (conv) * blocks_x (conv); block++)
    for (gint64 c = 0; c < conv->c; c++)
      for (gint64 k = 0; k < conv->k; k++)
        pack_block (conv, block, c, k, packed);
}

static void
nested_block (const PstConv *conv, gint64 *h, gint64 *w)
{
  *h = pst_conv_even (conv->oh, 3 * (is_narrow (conv) ? TALL : LOW), 3);
  *w = pst_conv_even (conv->ow, 3 * WIDE, 3);
}

/* Tiles from @first to before @last of each row. */
typedef struct
{
  gint64       first, last;
  gboolean     there; /* their pixels are read where they lie */
  const float *d[5];  /* the rows' pixels */
} Strip;

typedef struct
{
  const PstConv       *conv;
  const PstConvSource *source;
  const PstConvRegion *region;
  const float         *packed;
  gint64               down, across; /* tiles */
  gint64               wide;         /* tiles of a row of V */
  gint64               v_row;   /* floats of V for one point and row */
  gint64               p_row;   /* floats of M or P for the same */
  gint64               d_row;   /* floats of a row of pixels */
  gint64               s_row;   /* floats of a row of sums */
  PstNestedSums        narrow;
  Strip                strip[3];
  float               *v;       /* rows, where they are kept: [blocks][25] */
  float               *p;       /* [25] */
  float               *d;       /* five rows of pixels */
  float               *sums;    /* three rows */
} Work;

/* What to fetch: runs of bytes. */
typedef struct
{
  int         n;
  const char *from[6];
  gint64      bytes[6];
} Next;

/* An odd number of cache lines, and room to write beyond the end. */
static gint64
spaced (gint64 n)
{
  return ((n + 4 + 15) / 16 | 1) * 16;
}

static void
plan_work (const PstConv *conv, gint64 h, gint64 w, Work *work)
{
  gint64 group = blocks_y (conv) * conv->k;

  *work = (Work) { .conv = conv };
  work->down = (h + 2) / 3;
  work->across = (w + 2) / 3;
  work->wide = work->across + blocks_x (conv) - 1;
  work->v_row = spaced (work->wide * conv->c);
  work->d_row = spaced ((3 * work->wide + 2) * conv->c);
  if (is_narrow (conv))
    {
      work->narrow = (PstNestedSums) { columns (conv), blocks_x (conv), group,
                                       conv->k, PIXEL };
      work->p_row = spaced (work->wide * columns (conv));
      work->s_row = 3 * work->across * work->narrow.pixel;
    }
  else
    work->p_row = spaced (work->across * conv->k);
}

static gsize
v_floats (const Work *work)
{
  return work->v_row * POINTS *
         (is_narrow (work->conv) ? 1 : blocks_y (work->conv));
}

static gsize
nested_room (const PstConv *conv)
{
  Work   work;
  gint64 h, w;

  nested_block (conv, &h, &w);
  plan_work (conv, h, w, &work);
  return v_floats (&work) + POINTS * work.p_row + 5 * work.d_row +
         3 * work.s_row + 16;
}

/* Where padded row @i of the region and its columns lie in the source; -1
 * where not there. */
static gint64
row_at (const Work *work, gint64 i)
{
  const PstConvSource *source = work->source;
  gint64 last = work->region->h + work->conv->kh - 2; /* that counts */
  gint64 at = work->conv->grid.row[work->region->y + MIN (i, last)];

  return at >= source->y && at < source->y + source->h ? at - source->y : -1;
}

static gint64
column_at (const Work *work, gint64 i)
{
  const PstConvSource *source = work->source;
  gint64 x = work->region->x + i;
  gint64 at = x < work->conv->grid.w ? work->conv->grid.col[x] : -1;

  return at >= source->x && at < source->x + source->w ? at - source->x : -1;
}

/* Which tiles' pixels can be read where they lie. */
static gboolean
find_there (const Work *work, gint64 *first, gint64 *last)
{
  const PstConvSource *source = work->source;
  gint64 w = 3 * work->wide + 2, from = w / 2, to = w / 2 + 1;

  if (source->packed || column_at (work, from) < 0 ||
      (source->scale ? work->conv->c % 16 != 0 : source->least > -INFINITY))
    return FALSE;
  for (gint64 i = 0; i < work->region->h + work->conv->kh - 1; i++)
    if (row_at (work, i) < 0)
      return FALSE;
  while (from > 0 && column_at (work, from) > 0 &&
         column_at (work, from - 1) == column_at (work, from) - 1)
    from--;
  while (to < w && column_at (work, to) == column_at (work, to - 1) + 1)
    to++;
  *first = (from + 2) / 3;
  *last = (to - 2) / 3;
  return *first < *last;
}

static void
plan_strips (Work *work)
{
  gint64 first, last;

  if (! find_there (work, &first, &last))
    first = last = work->wide;
  work->strip[0] = (Strip) { .last = first };
  work->strip[1] = (Strip) { .first = first, .last = last, .there = TRUE };
  work->strip[2] = (Strip) { .first = last, .last = work->wide };
}

/* Row @i of a strip's pixels. */
static const float *
read_row (const Work *work, const Strip *strip, gint64 i)
{
  const PstConv       *conv = work->conv;
  const PstConvSource *source = work->source;
  gint64 x = 3 * strip->first, ignored;

  if (strip->there)
    return source->data +
           (row_at (work, i) * source->row + column_at (work, x)) * conv->c;
  return pst_conv_patch (&conv->grid, conv->c, source, work->region->y + i,
                         work->region->x + x, 1,
                         3 * (strip->last - strip->first) + 2,
                         work->d + i % 5 * work->d_row + x * conv->c,
                         &ignored);
}

/* Row @r of V; two rows of pixels are the row's before. */
static void
transform_row (Work *work, gint64 r, float *v)
{
  const PstConvSource *source = work->source;
  gint64 c = work->conv->c;

  for (Strip *strip = work->strip; strip < work->strip + 3; strip++)
    {
      if (strip->first == strip->last)
        continue;
      strip->d[0] = strip->d[3];
      strip->d[1] = strip->d[4];
      for (gint64 i = r ? 2 : 0; i < 5; i++)
        strip->d[i] = read_row (work, strip, 3 * r + i);
      pst_kernels ()->nested_in (strip->d,
                                 strip->there ? source->scale : NULL,
                                 source->shift, source->least, c,
                                 strip->last - strip->first,
                                 v + strip->first * c, work->v_row);
    }
}

/* What row @r of tiles reads anew. */
static void
find_next (const Work *work, gint64 r, Next *next)
{
  const PstConv       *conv = work->conv;
  const PstConvSource *source = work->source;
  gint64 from = MAX (0, work->region->x - conv->pads[1] - source->x);
  gint64 n = MIN (3 * work->wide + 2, source->w - from);

  next->n = 0;
  if (conv->upsample > 1 || n <= 0)
    return;
  for (gint64 i = 2; i < 5; i++)
    {
      gint64 row = row_at (work, 3 * r + i);
      gint64 at = (row * source->row + from) * conv->c;

      if (row < 0)
        continue;
      next->from[next->n] = source->packed
                                ? (const char *) (source->packed + at)
                                : (const char *) (source->data + at);
      next->bytes[next->n++] =
          n * conv->c * (source->packed ? sizeof (guint16) : sizeof (float));
    }
}

/* What a row of tiles writes. */
static void
find_output (gint64 h, gint64 bytes, const float *to, gint64 row, Next *next)
{
  for (gint64 i = 0; i < MIN (h, 3); i++)
    {
      next->from[next->n] = (const char *) (to + i * row);
      next->bytes[next->n++] = bytes;
    }
}

/* One part of it for each point. */
static void
fetch (const Next *next, gint64 point)
{
  for (int i = 0; i < next->n; i++)
    {
      gint64 first = next->bytes[i] * point / POINTS;
      gint64 last = next->bytes[i] * (point + 1) / POINTS;

      for (gint64 at = first; at < last; at += LINE)
        __builtin_prefetch (next->from[i] + at, 0, 2);
    }
}

/* Row @r of tiles, from V's rows up to that one, to pixels. */
static void
multiply_wide (const Work *work, gint64 r, const Next *next, gint64 h,
               float *to, gint64 row)
{
  const PstConv *conv = work->conv;
  gint64         n = blocks_y (conv);
  const float   *a[MAX_BLOCKS];

  for (gint64 i = 0; i < POINTS; i++)
    {
      fetch (next, i);
      for (gint64 b = 0; b < n; b++)
        a[b] = work->v + ((r + b) % n * POINTS + i) * work->v_row;
      pst_panel_product (a, n, conv->c, work->across,
                         blocks_x (conv) * conv->c,
                         work->packed + i * point_floats (conv), conv->k,
                         work->p + i * work->p_row, conv->k);
    }
  pst_kernels ()->nested_out (work->p, work->p_row, conv->k, work->across, h,
                              work->region->w, to, row, conv->k);
}

/* V to the sums. */
static void
multiply_narrow (const Work *work, const Next *next)
{
  const PstConv *conv = work->conv;

  for (gint64 i = 0; i < POINTS; i++)
    {
      const float *v = work->v + i * work->v_row;

      fetch (next, i);
      pst_panel_product (&v, 1, conv->c, work->wide, conv->c,
                         work->packed + i * point_floats (conv),
                         columns (conv), work->p + i * work->p_row,
                         columns (conv));
    }
  pst_kernels ()->nested_add_up (work->p, work->p_row, &work->narrow,
                                 work->wide, work->sums + 4);
}

/* The last sums are complete. */
static void
take_sums (const Work *work, gint64 h, float *to, gint64 row)
{
  const PstConv *conv = work->conv;
  gint64         k = conv->k;

  for (gint64 y = 0; y < MIN (h, 3); y++)
    {
      const float *from = work->sums + y * work->s_row + 4 +
                          (blocks_y (conv) - 1) * k;
      float       *at = to + y * row;
      gint64       left = work->region->w * k;

      /* the next pixel covers what is written too much */
      for (; left >= 4; left -= k, at += k, from += work->narrow.pixel)
        memcpy (at, from, 4 * sizeof (float));
      for (; left > 0; left -= k, at += k, from += work->narrow.pixel)
        memcpy (at, from, k * sizeof (float));
    }
}

/* Adds three rows of pixels to the statistics' sums. */
static void
add_sums (const PstConv *conv, const PstConvRegion *region, gint64 h,
          const float *from, gint64 row)
{
  PstConvSums *sums = region->sums;
  gint64       k = conv->k;

  if (! sums)
    return;
  if (sums->fresh)
    pst_conv_sums_begin (sums, k, 0, k, from);
  sums->fresh = FALSE;
  sums->taken = TRUE;
  for (gint64 y = 0; y < MIN (h, 3); y++)
    {
      pst_kernels ()->channel_sums (from + y * row, sums->base, k, region->w,
                                    sums->line, sums->line + k);
      pst_conv_sums_add (sums, k, 0, k);
    }
}

static void
nested_region (const PstConv *conv, const PstConvSource *source,
               const PstConvRegion *region, const float *packed, float *room,
               float *to, gint64 row)
{
  Work         work;
  Next         next;
  gint64       n = blocks_y (conv);
  gboolean     narrow = is_narrow (conv);

  plan_work (conv, region->h, region->w, &work);
  work.source = source;
  work.region = region;
  work.packed = packed;
  work.v = room;
  work.p = work.v + v_floats (&work);
  work.d = work.p + POINTS * work.p_row;
  work.sums = work.d + 5 * work.d_row;
  plan_strips (&work);
  memset (work.sums, 0, sizeof (float) * 3 * work.s_row);
  for (gint64 r = 0; r < work.down + n - 1; r++)
    {
      gint64 out = r - n + 1; /* the row of tiles that is complete */
      gint64 h = region->h - 3 * out;
      float *at = to + 3 * out * row;

      find_next (&work, r + 1, &next);
      transform_row (&work, r,
                     work.v + (narrow ? 0 : r % n) * POINTS * work.v_row);
      if (narrow)
        {
          multiply_narrow (&work, &next);
          if (out >= 0)
            take_sums (&work, h, at, row);
        }
      else if (out >= 0)
        {
          find_output (h, region->w * conv->k * sizeof (float), at, row,
                       &next);
          multiply_wide (&work, out, &next, h, at, row);
          add_sums (conv, region, h, at, row);
        }
    }
}

const PstConvForward pst_conv_nested = {
  "nested",     nested_fits, nested_weights, nested_pack,
  nested_block, nested_room, nested_region,
};
