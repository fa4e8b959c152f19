/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/kernels/kernels.h"
#include "core/ops/conv.h"

/* Reads padded pixels for the convolutions, all that fusion has put between
 * the picture and the kernel being done on the way: padding and upsampling by
 * the grid, unpacking, scale, shift and ReLU. */

gint64
pst_conv_even (gint64 size, gint64 most, gint64 unit)
{
  gint64 parts = (size + MAX (most, unit) - 1) / MAX (most, unit);
  gint64 length = (size + parts - 1) / parts;

  return (length + unit - 1) / unit * unit;
}

/* Row @i of a table, counted from the source's first; -1 where it has none. */
static inline gint64
look_up (const gint32 *table, gint64 size, gint64 i, gint64 first, gint64 n)
{
  gint64 at = i < size ? table[i] - first : -1;

  return at < n ? MAX (at, -1) : -1;
}

static gint64
row_of (const PstConvGrid *grid, const PstConvSource *source, gint64 y)
{
  return look_up (grid->row, grid->h, y, source->y, source->h);
}

static gint64
col_of (const PstConvGrid *grid, const PstConvSource *source, gint64 x)
{
  return look_up (grid->col, grid->w, x, source->x, source->w);
}

const float *
pst_conv_find (const PstConvGrid *grid, gint64 c, const PstConvSource *source,
               gint64 y, gint64 x, gint64 h, gint64 w)
{
  gint64 row = row_of (grid, source, y), col = col_of (grid, source, x);

  if (source->packed || row < 0 || col < 0 ||
      row_of (grid, source, y + h - 1) - row != h - 1 ||
      col_of (grid, source, x + w - 1) - col != w - 1)
    return NULL;
  return source->data + (row * source->row + col) * c;
}

void
pst_conv_load (const PstConvSource *source, gint64 c, gint64 row, gint64 col,
               gint64 pixels, float *to)
{
  gint64       across = (source->w + PST_CELL_W - 1) / PST_CELL_W;
  gint64       at = (row * source->row + col) * c;
  const float *line;

  if (! source->packed)
    {
      pst_kernels ()->channel_affine (source->data + at, source->scale,
                                      source->shift, source->least, c,
                                      pixels, to);
      return;
    }
  line = source->table + row / PST_CELL_H * across * 2 * c;
  while (pixels > 0)
    {
      gint64 n = MIN (pixels, PST_CELL_W - col % PST_CELL_W);

      pst_kernels ()->unpack_pixels (source->packed + at,
                                     line + col / PST_CELL_W * 2 * c,
                                     source->scale, source->shift,
                                     source->least, c, n, to);
      at += n * c;
      to += n * c;
      col += n;
      pixels -= n;
    }
}

static void
load_row (const PstConvGrid *grid, gint64 c, const PstConvSource *source,
          gint64 row, gint64 x, gint64 w, float *to)
{
  gint64 before = -1;

  for (gint64 j = 0, n; j < w; j += n)
    {
      gint64 col = col_of (grid, source, x + j);

      n = 1;
      if (col < 0)
        memset (to + j * c, 0, sizeof (float) * c);
      else if (col == before)
        memcpy (to + j * c, to + (j - 1) * c, sizeof (float) * c);
      else
        {
          while (j + n < w && col_of (grid, source, x + j + n) == col + n)
            n++;
          pst_conv_load (source, c, row, col, n, to + j * c);
        }
      before = col < 0 ? -1 : col + n - 1;
    }
}

const float *
pst_conv_patch (const PstConvGrid *grid, gint64 c,
                const PstConvSource *source, gint64 y, gint64 x, gint64 h,
                gint64 w, float *room, gint64 *row)
{
  const float *there = pst_conv_find (grid, c, source, y, x, h, w);
  gint64       before = -2;

  if (there && ! source->scale && source->least == -INFINITY)
    {
      *row = source->row * c;
      return there;
    }
  *row = w * c;
  for (gint64 i = 0; i < h; i++)
    {
      gint64 from = row_of (grid, source, y + i);
      float *to = room + i * w * c;

      if (from == before)
        memcpy (to, to - w * c, sizeof (float) * w * c);
      else if (from < 0)
        memset (to, 0, sizeof (float) * w * c);
      else
        load_row (grid, c, source, from, x, w, to);
      before = from;
    }
  return room;
}
