/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the ranks of a training have to agree about. */
#include "config.h"

#include "core/train/trainer-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/base/error.h"

#define MEET_EVERY 100 /* steps between looks whether ranks are the same */

gboolean
pst_trainer_check_batches (const PstTrainer *trainer, GError **error)
{
  const PstRanks *ranks = trainer->players.ranks;
  GArray         *phases = trainer->recipe->phases;

  for (guint i = 0; i < phases->len && ranks; i++)
    {
      const PstSettings *phase = &g_array_index (phases, PstSettings, i);

      if (phase->batch < ranks->n_ranks)
        {
          g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                       _ ("A batch of %d pictures cannot be shared by %d "
                          "processes: start at most as many processes as "
                          "“batch” in the recipe says"),
                       phase->batch, ranks->n_ranks);
          return FALSE;
        }
    }
  return TRUE;
}

static guint64
hash_bytes (guint64 hash, gconstpointer bytes, gsize n)
{
  const guint8 *b = bytes;

  for (gsize i = 0; i < n; i++) /* Fowler, Noll and Vo's */
    hash = (hash ^ b[i]) * G_GUINT64_CONSTANT (0x100000001b3);
  return hash;
}

static gboolean
hash_array (const char *name, PstArray *array, gpointer data, GError **error)
{
  guint64 *hash = data;

  *hash = hash_bytes (*hash, array->tensor.data,
                      pst_tensor_bytes (&array->tensor));
  return TRUE;
}

/* Of what must be the same on all ranks. */
static guint64
hash_trainer (PstTrainer *trainer)
{
  const char *text = trainer->recipe->text;
  guint64     hash = G_GUINT64_CONSTANT (0xcbf29ce484222325);

  hash = hash_bytes (hash, text, strlen (text));
  hash = hash_bytes (hash, &trainer->n_steps, sizeof trainer->n_steps);
  pst_checkpoint_visit (trainer, hash_array, &hash, NULL);
  return hash;
}

gboolean
pst_trainer_check_ranks (PstTrainer *trainer, GError **error)
{
  const PstRanks *ranks = trainer->players.ranks;

  if (! ranks || (trainer->met && trainer->n_steps % MEET_EVERY != 0))
    return TRUE;
  trainer->met = TRUE;
  if (pst_ranks_equal (ranks, hash_trainer (trainer)))
    return TRUE;
  g_set_error (error, PST_ERROR, PST_ERROR_DIVERGED,
               _ ("Step %d: the processes no longer have the same weights. "
                  "All need the same program, recipe, pictures and "
                  "checkpoint, and the same kind of processor (or "
                  "PASTICHE_ISA=avx2 for all of them)."),
               (int) trainer->n_steps);
  return FALSE;
}

gboolean
pst_trainer_meet (PstTrainer *trainer, gboolean good, GError **error)
{
  const PstRanks *ranks = trainer->players.ranks;
  double          news[2];

  if (! ranks)
    return good;
  news[0] = ! good;
  news[1] = pst_dataset_get_news (trainer->dataset);
  pst_ranks_add (ranks, news, G_N_ELEMENTS (news));
  if (news[1] > 0)
    pst_dataset_share (trainer->dataset);
  return news[0] == 0 || pst_ranks_agree (ranks, good, error);
}
