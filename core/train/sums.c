/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/sums.h"

#include <string.h>

#define BLOCK 16384 /* numbers that a worker takes at a time */

PstSums *
pst_sums_new (gsize n, gsize n_more)
{
  PstSums *sums = g_new0 (PstSums, 1);

  sums->n = n;
  sums->n_more = n_more;
  sums->numbers = g_new0 (double, n + n_more);
  sums->gradients = g_new0 (float, n);
  return sums;
}

void
pst_sums_free (PstSums *sums)
{
  if (! sums)
    return;
  g_free (sums->numbers);
  g_free (sums->gradients);
  g_free (sums);
}

guint64
pst_sums_memory (gsize n)
{
  return n * (sizeof (double) + sizeof (float));
}

void
pst_sums_clear (PstSums *sums)
{
  sums->begun = FALSE;
  memset (sums->numbers + sums->n, 0, sizeof (double) * sums->n_more);
}

typedef struct
{
  gboolean     begun;
  gsize        n;
  const float *from;
  double      *to;
} Part;

static void
add_block (gpointer data, gsize item, guint worker)
{
  const Part  *part = data;
  gsize        begin = item * BLOCK, n = MIN (part->n - begin, BLOCK);
  const float *from = part->from + begin;
  double      *to = part->to + begin;

  if (part->begun)
    for (gsize i = 0; i < n; i++)
      to[i] += from[i];
  else
    for (gsize i = 0; i < n; i++)
      to[i] = from[i];
}

void
pst_sums_add (PstSums *sums, PstRun *run, PstPool *pool)
{
  gsize at = 0;

  for (guint i = 0; at < sums->n; i++)
    {
      const PstTensor *gradient = pst_run_get_gradient (run, i);
      Part             part = { sums->begun,
                                (gsize) pst_tensor_count (gradient),
                                gradient->data, sums->numbers + at };

      pst_pool_run (pool, (part.n + BLOCK - 1) / BLOCK, add_block, &part);
      at += part.n;
    }
  sums->begun = TRUE;
}

static void
round_block (gpointer data, gsize item, guint worker)
{
  PstSums *sums = data;
  gsize    begin = item * BLOCK, end = MIN (sums->n, begin + BLOCK);

  for (gsize i = begin; i < end; i++)
    sums->gradients[i] = (float) sums->numbers[i];
}

void
pst_sums_finish (PstSums *sums, const PstRanks *ranks, PstPool *pool)
{
  if (! sums->begun)
    memset (sums->numbers, 0, sizeof (double) * sums->n);
  pst_ranks_add (ranks, sums->numbers, sums->n + sums->n_more);
  pst_pool_run (pool, (sums->n + BLOCK - 1) / BLOCK, round_block, sums);
}
