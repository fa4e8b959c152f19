/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A checkpoint is an ONNX file like any other network: the discriminators
 * with their normalised weights (input `picture`, one output for each), and
 * beside them, as initializers that no node reads,
 *
 *   generator/NAME             the generator's weights
 *   average/NAME               their average
 *   generator.first/NAME       Adam's moments
 *   generator.second/NAME
 *   discriminatorK.raw/NAME    weights before spectral normalisation
 *   discriminatorK.left/NAME   u and
 *   discriminatorK.right/NAME  v
 *   discriminatorK.first/NAME  Adam's moments
 *   discriminatorK.second/NAME
 *   balance/success            running averages of pst_balance_success()
 *   guard/flat                 flat pictures in a row, by column
 *   replay/COLUMN              pictures of the replay pool, [size,side,side,3]
 *   history/points             the losses so far: history.c
 *
 * and as metadata the step, what Adam has counted, how full the pool is, what
 * the guard has made of the rates, the history, and the recipe. There is no random state: see core/train/random.h.
 */
#include "config.h"

#include "core/train/trainer-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/onnx/onnx.h"

#define KEY_STEP "pastiche.training.step"
#define KEY_COUNTS "pastiche.training.counts"
#define KEY_GUARD "pastiche.training.guard"
#define KEY_REPLAY "pastiche.training.replay"
#define KEY_RECIPE "pastiche.recipe"

static gboolean
visit_list (const char *room, GPtrArray *names, GPtrArray *arrays,
            PstArrayFunc func, gpointer data, GError **error)
{
  for (guint i = 0; i < arrays->len; i++)
    {
      g_autofree char *name = NULL;

      if (! arrays->pdata[i])
        continue;
      name = g_strdup_printf ("%s/%s", room, (char *) names->pdata[i]);
      if (! func (name, arrays->pdata[i], data, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
visit_discriminator (PstTrainer *trainer, guint i, PstArrayFunc func,
                     gpointer data, GError **error)
{
  PstSpectral *s = trainer->players.discriminators->pdata[i];
  PstAdam     *adam = trainer->players.discriminator_adams->pdata[i];
  const struct
  {
    const char *room;
    GPtrArray  *arrays;
  } lists[] = {
    { "raw", s->raw },       { "left", s->left },     { "right", s->right },
    { "first", adam->first }, { "second", adam->second },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (lists); k++)
    {
      g_autofree char *room = NULL;

      room = g_strdup_printf ("discriminator%u.%s", i, lists[k].room);
      if (! visit_list (room, s->names, lists[k].arrays, func, data, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
pst_checkpoint_visit (PstTrainer *trainer, PstArrayFunc func, gpointer data,
                      GError **error)
{
  PstPlayers *players = &trainer->players;
  PstAdam    *adam = players->generator_adam;
  GPtrArray  *names = players->generator->names;

  if (! visit_list ("generator", names, players->generator->weights, func,
                    data, error) ||
      ! visit_list ("average", names, trainer->average->weights, func, data,
                    error) ||
      ! visit_list ("generator.first", names, adam->first, func, data,
                    error) ||
      ! visit_list ("generator.second", names, adam->second, func, data,
                    error))
    return FALSE;
  for (guint i = 0; i < players->discriminators->len; i++)
    if (! visit_discriminator (trainer, i, func, data, error))
      return FALSE;
  if (players->discriminators->len > 0 &&
      ! func ("balance/success", players->success, data, error))
    return FALSE;
  return func ("guard/flat", trainer->caution.flat, data, error);
}

static gboolean
add_array (const char *name, PstArray *array, gpointer data, GError **error)
{
  pst_graph_add_parameter (data, name, array);
  return TRUE;
}

static void
add_networks (PstTrainer *trainer, PstGraph *graph)
{
  GPtrArray *all = trainer->players.discriminators;
  PstShape   shape = PST_SHAPE (-1, 3, -1, -1);
  PstShape   row = PST_SHAPE (-1, trainer->recipe->styles->len + 1);
  PstValue  *in[2];

  in[0] = pst_graph_add_input (graph, "picture", PST_FLOAT32, &shape);
  for (guint i = 0; i < all->len; i++)
    {
      PstSpectral          *spectral = all->pdata[i];
      g_autofree char      *prefix = g_strdup_printf ("discriminator%u/", i);
      g_autofree char      *name = g_strdup_printf ("logits%u", i);
      g_autoptr (GPtrArray) out = NULL;

      out = pst_graph_append (graph, spectral->network->graph, in, prefix);
      pst_graph_add_output (graph, out->pdata[0], name);
    }
  if (all->len == 0) /* a network needs an output: the generator's */
    {
      g_autoptr (GPtrArray) out = NULL;

      if (! trainer->channels)
        in[1] = pst_graph_add_input (graph, "style", PST_FLOAT32, &row);
      out = pst_graph_append (graph, trainer->average->graph, in, "show/");
      pst_graph_add_output (graph, out->pdata[0], "pastiche");
    }
}

static char *
counts_to_text (PstTrainer *trainer)
{
  GString   *text = g_string_new (NULL);
  GPtrArray *adams = trainer->players.discriminator_adams;

  g_string_append_printf (text, "%" G_GINT64_FORMAT,
                          trainer->players.generator_adam->t);
  for (guint i = 0; i < adams->len; i++)
    g_string_append_printf (text, " %" G_GINT64_FORMAT,
                            ((PstAdam *) adams->pdata[i])->t);
  return g_string_free (text, FALSE);
}

static void
add_replay (PstTrainer *trainer, PstGraph *graph)
{
  const PstReplay    *replay = trainer->players.replay;
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < replay->pictures->len; i++)
    {
      g_autofree char *name = g_strdup_printf ("replay/%u", i + 1);

      pst_graph_add_parameter (graph, name, replay->pictures->pdata[i]);
      g_string_append_printf (text, "%s%d", i ? " " : "", replay->counts[i]);
    }
  pst_graph_set_metadata (graph, KEY_REPLAY, text->str);
}

/* The pool as it was; empty where the file has none. What another size of it
 * has no room for is left out. */
static gboolean
read_replay (PstTrainer *trainer, PstGraph *graph, GError **error)
{
  PstReplay  *replay = trainer->players.replay;
  const char *text = pst_graph_get_metadata (graph, KEY_REPLAY);
  char       *end = (char *) text;

  pst_replay_clear (replay);
  for (int i = 0; text && i < replay->n_styles; i++)
    {
      g_autofree char *name = g_strdup_printf ("replay/%d", i + 1);
      const PstValue  *value = pst_graph_find (graph, name);
      gint64           count = g_ascii_strtoll (end, &end, 10);

      if (value && value->array &&
          ! pst_replay_read (replay, i + 1, value->array, count, error))
        return FALSE;
    }
  return TRUE;
}

/* "RATE BACK LOST" */
static char *
caution_to_text (const PstCaution *caution)
{
  char rate[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_dtostr (rate, sizeof rate, caution->rate);
  return g_strdup_printf ("%s %d %d", rate, caution->n_back, caution->n_lost);
}

/* A changed recipe gets a new chance. */
static void
read_caution (PstTrainer *trainer, PstGraph *graph)
{
  const char *text = pst_graph_get_metadata (graph, KEY_GUARD);
  const char *recipe = pst_graph_get_metadata (graph, KEY_RECIPE);
  PstCaution *caution = &trainer->caution;
  char       *end = NULL;

  caution->rate = 1;
  caution->n_back = caution->n_lost = 0;
  if (! text || g_strcmp0 (recipe, trainer->recipe->text) != 0)
    return;
  caution->rate = g_ascii_strtod (text, &end);
  caution->n_back = (int) g_ascii_strtoll (end, &end, 10);
  caution->n_lost = (int) g_ascii_strtoll (end, &end, 10);
  if (! (caution->rate > 0 && caution->rate <= 1))
    caution->rate = 1;
}

gboolean
pst_checkpoint_save (PstTrainer *trainer, const char *path, GError **error)
{
  g_autoptr (PstGraph) graph = pst_graph_new ();
  g_autofree char     *counts = counts_to_text (trainer);
  g_autofree char     *guard = caution_to_text (&trainer->caution);
  char                 step[32];

  pst_checkpoint_visit (trainer, add_array, graph, NULL);
  add_networks (trainer, graph);
  add_replay (trainer, graph);
  pst_history_write (trainer->history, graph);
  g_snprintf (step, sizeof step, "%" G_GINT64_FORMAT, trainer->n_steps);
  pst_graph_set_metadata (graph, KEY_STEP, step);
  pst_graph_set_metadata (graph, KEY_COUNTS, counts);
  pst_graph_set_metadata (graph, KEY_GUARD, guard);
  pst_graph_set_metadata (graph, KEY_RECIPE, trainer->recipe->text);
  pst_graph_seal (graph);
  return pst_onnx_save (graph, path, error);
}

/* What a training can go on without: older files have none of it. */
static gboolean
is_optional (const char *name)
{
  return g_str_has_prefix (name, "balance/") ||
         g_str_has_prefix (name, "guard/");
}

static gboolean
check_array (const char *name, PstArray *array, gpointer data, GError **error)
{
  PstValue *found = pst_graph_find (data, name);

  if (found && found->array && found->array->tensor.dtype == PST_FLOAT32 &&
      pst_shape_equal (&found->array->tensor.shape, &array->tensor.shape))
    return TRUE;
  if (! found && is_optional (name))
    return TRUE;
  g_set_error (error, PST_ERROR, PST_ERROR_FORMAT,
               found ? _ ("It has another size for “%s”: it belongs to a "
                          "training with other networks or styles")
                     : _ ("It lacks “%s”: it belongs to a training with "
                          "other networks or styles"),
               name);
  return FALSE;
}

static gboolean
read_array (const char *name, PstArray *array, gpointer data, GError **error)
{
  const PstValue *from = pst_graph_find (data, name);

  if (from)
    pst_tensor_copy (&array->tensor, &from->array->tensor);
  return TRUE;
}

static void
read_counts (PstTrainer *trainer, const char *text)
{
  GPtrArray *adams = trainer->players.discriminator_adams;
  char      *end = NULL;

  trainer->players.generator_adam->t = g_ascii_strtoll (text, &end, 10);
  for (guint i = 0; i < adams->len; i++)
    ((PstAdam *) adams->pdata[i])->t = g_ascii_strtoll (end, &end, 10);
}

/* Changes nothing where it fails. */
static gboolean
read_all (PstTrainer *trainer, PstGraph *graph, GError **error)
{
  GPtrArray  *discriminators = trainer->players.discriminators;
  const char *step = pst_graph_get_metadata (graph, KEY_STEP);
  const char *counts = pst_graph_get_metadata (graph, KEY_COUNTS);

  if (! step || ! counts)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FORMAT,
                   _ ("This is no checkpoint of a training"));
      return FALSE;
    }
  if (! pst_checkpoint_visit (trainer, check_array, graph, error) ||
      ! read_replay (trainer, graph, error))
    return FALSE;
  pst_checkpoint_visit (trainer, read_array, graph, NULL);
  for (guint i = 0; i < discriminators->len; i++)
    pst_spectral_apply (discriminators->pdata[i]);
  read_counts (trainer, counts);
  read_caution (trainer, graph);
  trainer->n_steps = MAX (g_ascii_strtoll (step, NULL, 10), 0);
  pst_history_read (trainer->history, graph, trainer->n_steps);
  pst_guard_keep (trainer);
  return TRUE;
}

gboolean
pst_checkpoint_load (PstTrainer *trainer, const char *path, GError **error)
{
  g_autoptr (PstGraph) graph = pst_onnx_load (path, error);

  if (! graph)
    return FALSE;
  if (read_all (trainer, graph, error))
    return TRUE;
  g_prefix_error (error, "%s: ", path);
  return FALSE;
}
