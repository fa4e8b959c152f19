/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/ranks.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/base/error.h"

gboolean
pst_ranks_is_first (const PstRanks *ranks)
{
  return ! ranks || ranks->rank == 0;
}

int
pst_ranks_begin (const PstRanks *ranks, int rank, int batch)
{
  return ranks ? (int) ((gint64) batch * rank / ranks->n_ranks) : batch * rank;
}

int
pst_ranks_first (const PstRanks *ranks, int batch)
{
  return ranks ? pst_ranks_begin (ranks, ranks->rank, batch) : 0;
}

int
pst_ranks_count (const PstRanks *ranks, int batch)
{
  return ranks ? pst_ranks_begin (ranks, ranks->rank + 1, batch) -
                   pst_ranks_begin (ranks, ranks->rank, batch)
               : batch;
}

guint64
pst_ranks_share (const PstRanks *ranks, guint64 bytes)
{
  return ranks ? bytes / (guint64) MAX (ranks->n_here, 1) : bytes;
}

void
pst_ranks_sum (const PstRanks *ranks, float *values, gsize n)
{
  if (ranks)
    ranks->sum (values, n, ranks->data);
}

void
pst_ranks_add (const PstRanks *ranks, double *values, gsize n)
{
  if (ranks)
    ranks->add (values, n, ranks->data);
}

double
pst_ranks_ask_first (const PstRanks *ranks, double value)
{
  if (! pst_ranks_is_first (ranks))
    value = 0;
  pst_ranks_add (ranks, &value, 1);
  return value;
}

/* The first process for which @mine is not 0, or -1. */
static int
find_first (const PstRanks *ranks, double mine)
{
  g_autofree double *all = g_new0 (double, ranks->n_ranks);

  all[ranks->rank] = mine;
  pst_ranks_add (ranks, all, (gsize) ranks->n_ranks);
  for (int i = 0; i < ranks->n_ranks; i++)
    if (all[i] != 0)
      return i;
  return -1;
}

/* Sends text and kind of process @from's error to those that have none. */
static void
spread_error (const PstRanks *ranks, int from, GError **error)
{
  const GError    *mine = error ? *error : NULL;
  g_autofree char *text = NULL;
  struct
  {
    int code; /* of PST_ERROR; -1: another */
    int length;
  } head = { -1, 0 };

  if (ranks->rank == from && mine)
    {
      head.code = mine->domain == PST_ERROR ? mine->code : -1;
      head.length = (int) strlen (mine->message);
    }
  ranks->send (&head, sizeof head, from, ranks->data);
  text = g_malloc0 ((gsize) head.length + 1);
  if (ranks->rank == from && mine)
    memcpy (text, mine->message, (gsize) head.length);
  ranks->send (text, (gsize) head.length + 1, from, ranks->data);
  if (mine)
    return;
  g_set_error (error, head.code < 0 ? G_IO_ERROR : PST_ERROR,
               head.code < 0 ? G_IO_ERROR_FAILED : head.code,
               _ ("In process %d of %d: %s"), from + 1, ranks->n_ranks, text);
}

gboolean
pst_ranks_agree (const PstRanks *ranks, gboolean good, GError **error)
{
  int from;

  if (! ranks)
    return good;
  from = find_first (ranks, ! good);
  if (from >= 0)
    spread_error (ranks, from, error);
  return from < 0;
}

GBytes *
pst_ranks_gather (const PstRanks *ranks, GBytes *mine)
{
  g_autofree double *sizes = NULL;
  GByteArray        *all;

  if (! ranks)
    return g_bytes_ref (mine);
  all = g_byte_array_new ();
  sizes = g_new0 (double, ranks->n_ranks);
  sizes[ranks->rank] = (double) g_bytes_get_size (mine);
  pst_ranks_add (ranks, sizes, (gsize) ranks->n_ranks);
  for (int i = 0; i < ranks->n_ranks; i++)
    {
      guint at = all->len, size = (guint) sizes[i];

      g_byte_array_set_size (all, at + size);
      if (size == 0)
        continue;
      if (i == ranks->rank)
        memcpy (all->data + at, g_bytes_get_data (mine, NULL), size);
      ranks->send (all->data + at, size, i, ranks->data);
    }
  return g_byte_array_free_to_bytes (all);
}

gboolean
pst_ranks_equal (const PstRanks *ranks, guint64 number)
{
  guint64 first = number;

  if (! ranks)
    return TRUE;
  ranks->send (&first, sizeof first, 0, ranks->data);
  return find_first (ranks, first != number) < 0;
}
