/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/replay.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/base/error.h"

PstReplay *
pst_replay_new (int n_styles, int size)
{
  PstReplay *replay = g_new0 (PstReplay, 1);

  replay->size = size;
  replay->n_styles = n_styles;
  replay->counts = g_new0 (int, MAX (n_styles, 1));
  replay->pictures =
    g_ptr_array_new_with_free_func ((GDestroyNotify) pst_array_unref);
  return replay;
}

void
pst_replay_free (PstReplay *replay)
{
  if (! replay)
    return;
  g_ptr_array_unref (replay->pictures);
  g_free (replay->counts);
  g_free (replay);
}

void
pst_replay_clear (PstReplay *replay)
{
  memset (replay->counts, 0, sizeof (int) * replay->n_styles);
}

gboolean
pst_replay_reserve (PstReplay *replay, int side, GError **error)
{
  PstShape shape = PST_SHAPE (replay->size, side, side, 3);

  if (replay->size == 0 || replay->side == side)
    return TRUE;
  pst_replay_clear (replay);
  g_ptr_array_set_size (replay->pictures, 0);
  replay->side = 0;
  for (int i = 0; i < replay->n_styles; i++)
    {
      PstArray *array = pst_array_new (PST_FLOAT32, &shape, TRUE);

      if (! array)
        {
          g_set_error (error, PST_ERROR, PST_ERROR_MEMORY,
                       _ ("There is no memory to keep %d pictures of each "
                          "style; a smaller “replay” needs less"),
                       replay->size);
          g_ptr_array_set_size (replay->pictures, 0);
          return FALSE;
        }
      g_ptr_array_add (replay->pictures, array);
    }
  replay->side = side;
  return TRUE;
}

gsize
pst_replay_get_memory (const PstReplay *replay)
{
  gsize bytes = 0;

  for (guint i = 0; i < replay->pictures->len; i++)
    bytes += pst_tensor_bytes (
      &((PstArray *) replay->pictures->pdata[i])->tensor);
  return bytes;
}

static void
exchange (float *a, float *b, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      float kept = a[i];

      a[i] = b[i];
      b[i] = kept;
    }
}

void
pst_replay_swap (PstReplay *replay, int column, PstRandom *random,
                 float *picture)
{
  gsize  n = (gsize) replay->side * replay->side * 3;
  float *pictures;
  int   *count;

  g_return_if_fail (column >= 1 && column <= replay->n_styles);

  if (replay->size == 0)
    return;
  g_return_if_fail (replay->side > 0);
  pictures = ((PstArray *) replay->pictures->pdata[column - 1])->tensor.data;
  count = &replay->counts[column - 1];
  if (*count < replay->size)
    memcpy (pictures + (*count)++ * n, picture, sizeof (float) * n);
  else if (pst_random_double (random) < 0.5)
    exchange (pictures +
                pst_random_below (random, (guint) replay->size) * n,
              picture, n);
}

gboolean
pst_replay_read (PstReplay *replay, int column, const PstArray *from,
                 gint64 count, GError **error)
{
  const gint64 *dim = from->tensor.shape.dim;
  PstTensor     to, part;

  g_return_val_if_fail (column >= 1 && column <= replay->n_styles, FALSE);

  if (from->tensor.shape.rank != 4 || from->tensor.dtype != PST_FLOAT32 ||
      dim[1] < 1 || dim[1] > 4096 || dim[1] != dim[2] || dim[3] != 3 ||
      count < 0 || count > dim[0])
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FORMAT,
                   _ ("Its replay pool makes no sense"));
      return FALSE;
    }
  count = MIN (count, replay->size);
  if (count == 0)
    return TRUE;
  if (! pst_replay_reserve (replay, (int) dim[1], error))
    return FALSE;
  to = ((PstArray *) replay->pictures->pdata[column - 1])->tensor;
  part = from->tensor;
  to.shape.dim[0] = part.shape.dim[0] = count;
  pst_tensor_copy (&to, &part);
  replay->counts[column - 1] = (int) count;
  return TRUE;
}
