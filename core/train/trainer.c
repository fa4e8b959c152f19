/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/trainer-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/onnx/onnx.h"
#include "core/train/start.h"
#include "core/train/student.h"

#define CHECK_SIDE 64

void
pst_trainer_tell (PstTrainer *trainer, PstEventKind kind, const char *text)
{
  PstEvent event = { 0 };

  if (kind == PST_EVENT_ROLLBACK)
    {
      pst_history_cut (trainer->history, trainer->n_steps);
      pst_history_mark (trainer->history, PST_MARK_BACK, trainer->n_steps,
                        text);
    }
  if (! trainer->func)
    return;
  event.kind = kind;
  event.step = trainer->n_steps;
  event.steps = trainer->recipe->steps;
  event.text = (char *) text;
  if (trainer->settings)
    event.rate = trainer->settings->rate * trainer->caution.rate *
                 pst_recipe_factor (trainer->recipe, trainer->n_steps);
  if (kind == PST_EVENT_START)
    {
      event.photos = pst_dataset_get_count (trainer->dataset);
      event.memory = (gint64) trainer->memory;
    }
  trainer->func (&event, trainer->func_data);
}

static void
note (const char *text, gpointer data)
{
  PstTrainer *trainer = data;

  pst_history_mark (trainer->history, PST_MARK_NOTE, trainer->n_steps, text);
  pst_trainer_tell (trainer, PST_EVENT_NOTE, text);
}

/* The pictures of one style, brought to its size. */
static GPtrArray *
load_style (PstTrainer *trainer, const PstRecipeStyle *style, GError **error)
{
  const PstTrainHost   *host = trainer->host;
  g_autoptr (GPtrArray) pictures = NULL;

  pictures =
    g_ptr_array_new_with_free_func ((GDestroyNotify) pst_picture_free);
  for (int i = 0; style->pictures[i]; i++)
    {
      g_autoptr (GPtrArray) paths = pst_dataset_list (style->pictures[i]);

      for (guint k = 0; k < paths->len; k++)
        {
          g_autoptr (PstPicture) picture = NULL;
          PstPicture            *scaled;

          picture = host->load (paths->pdata[k], style->size * 2, host->data,
                                error);
          scaled = picture ? pst_picture_scale (picture, style->size) : NULL;
          if (! scaled)
            {
              g_prefix_error (error, "%s: ", (char *) paths->pdata[k]);
              return NULL;
            }
          g_ptr_array_add (pictures, scaled);
        }
      if (paths->len == 0)
        {
          g_set_error (error, PST_ERROR, PST_ERROR_FILE,
                       _ ("[style %s]: there is no picture at %s"), style->id,
                       style->pictures[i]);
          return NULL;
        }
    }
  return g_steal_pointer (&pictures);
}

static gboolean
load_styles (PstTrainer *trainer, GError **error)
{
  PstRecipe *recipe = trainer->recipe;

  trainer->pictures =
    g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  trainer->players.moments =
    g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  for (guint i = 0; i < recipe->styles->len; i++)
    {
      GPtrArray *pictures, *moments;

      pictures = load_style (trainer, recipe->styles->pdata[i], error);
      if (! pictures)
        return FALSE;
      g_ptr_array_add (trainer->pictures, pictures);
      moments = pst_features_moments (trainer->players.features, pictures,
                                      trainer->pool, error);
      if (! moments)
        return FALSE;
      g_ptr_array_add (trainer->players.moments, moments);
    }
  if (pst_recipe_has_patches (recipe))
    trainer->players.patches =
      pst_patch_source_new (recipe, trainer->pictures, error);
  return trainer->players.patches || ! pst_recipe_has_patches (recipe);
}

static gboolean
load_features (PstTrainer *trainer, GError **error)
{
  gboolean             plain = trainer->recipe->plain;
  g_autofree char     *path = NULL;
  g_autoptr (PstGraph) network = NULL;

  if (! plain)
    path = pst_features_find (trainer->recipe->features, error);
  network = path ? pst_onnx_load (path, error) : NULL;
  if (! network && ! plain)
    return FALSE;
  trainer->players.features = pst_features_new (network, trainer->recipe,
                                                error);
  if (! trainer->players.features && path)
    g_prefix_error (error, "%s: ", path);
  return trainer->players.features != NULL;
}

PstNetwork *
pst_trainer_student (const PstTrainer *trainer)
{
  const PstRecipe *recipe = trainer->recipe;
  const char      *names[PST_MAX_STAGES];

  for (int i = 0; i < recipe->student.stages; i++)
    names[i] = recipe->style[i].name;
  return pst_network_student (&recipe->student, names, trainer->channels,
                              (guint64) recipe->seed);
}

static PstNetwork *
new_generator (const PstTrainer *trainer)
{
  const PstRecipe *recipe = trainer->recipe;

  if (recipe->student.stages)
    return pst_trainer_student (trainer);
  return pst_network_generator (recipe->width, recipe->blocks,
                                (int) recipe->styles->len + 1,
                                recipe->epsilon, recipe->skip,
                                (guint64) recipe->seed);
}

/* Scales and shifts have a rate of their own: each style's are trained by its
 * own samples only. */
static void
set_rates (PstAdam *adam, const PstNetwork *network, double factor)
{
  for (guint i = 0; i < network->names->len; i++)
    if (pst_network_is_table (network, i))
      adam->rates[i] = factor;
}

/* Discriminators begin as guessers. */
static PstArray *
new_success (int n)
{
  PstArray *success = pst_array_new (PST_FLOAT32, PST_SHAPE_OF (n), TRUE);

  for (int i = 0; i < n; i++)
    ((float *) success->tensor.data)[i] = 0.5f;
  return success;
}

static void
build_players (PstTrainer *trainer)
{
  PstPlayers      *players = &trainer->players;
  const PstRecipe *recipe = trainer->recipe;
  guint64          seed = (guint64) recipe->seed;

  players->generator = new_generator (trainer);
  trainer->average = new_generator (trainer);
  if (recipe->start)
    {
      pst_start_fill (recipe, players->generator);
      pst_network_copy (trainer->average, players->generator);
    }
  if (recipe->encoder > 0)
    players->encoder = pst_network_encoder (trainer->average, recipe->width,
                                            (int) recipe->styles->len + 1,
                                            recipe->epsilon);
  players->generator_adam = pst_adam_new (players->generator->weights,
                                          recipe->beta1, recipe->beta2);
  set_rates (players->generator_adam, players->generator, recipe->table_rate);
  players->discriminators =
    g_ptr_array_new_with_free_func ((GDestroyNotify) pst_spectral_free);
  players->discriminator_adams =
    g_ptr_array_new_with_free_func ((GDestroyNotify) pst_adam_free);
  players->success = new_success ((int) recipe->discriminators->len);
  players->replay = pst_replay_new ((int) recipe->styles->len,
                                    recipe->replay);
  for (guint i = 0; i < recipe->discriminators->len; i++)
    {
      PstNetwork  *network;
      PstSpectral *spectral;

      network = pst_network_discriminator (recipe->discriminators->pdata[i],
                                           (int) recipe->styles->len + 1,
                                           seed, i);
      spectral = pst_spectral_new (network, pst_recipe_is_spectral (recipe),
                                   seed, i);
      g_ptr_array_add (players->discriminators, spectral);
      g_ptr_array_add (players->discriminator_adams,
                       pst_adam_new (spectral->raw, recipe->beta1,
                                     recipe->beta2));
    }
}

/* The shorter side that photos are worth reading at. */
static int
photo_side (const PstRecipe *recipe)
{
  double side = 0;

  for (guint i = 0; i < recipe->phases->len; i++)
    {
      const PstSettings *phase = &g_array_index (recipe->phases, PstSettings,
                                                 i);

      side = MAX (side, phase->crop * MAX (phase->scale[1], 1));
    }
  return (int) ceil (side);
}

/* Plans the step anew where the phase has changed. */
static gboolean
plan_step (PstTrainer *trainer, GError **error)
{
  const PstSettings *settings;
  PstPlayers        *players = &trainer->players;

  settings = pst_recipe_settings (trainer->recipe, trainer->n_steps);
  if ((trainer->step || trainer->distil) && settings == trainer->settings)
    return TRUE;
  for (guint i = 0; i < players->generator->weights->len; i++)
    players->generator_adam->frozen[i] =
      ! trainer->channels &&
      ! pst_network_trains (players->generator, i, settings->train);
  g_clear_pointer (&trainer->step, pst_adversarial_step_free);
  g_clear_pointer (&trainer->distil, pst_distil_step_free);
  trainer->settings = settings;
  if (trainer->recipe->student.stages)
    {
      trainer->distil = pst_distil_step_new (
        trainer->recipe, settings, players->generator,
        players->generator_adam, players->features, players->ranks,
        trainer->pool, pst_trainer_budget (trainer), error);
      return trainer->distil != NULL;
    }
  trainer->step = pst_adversarial_step_new (
    trainer->recipe, settings, players, trainer->pool,
    pst_trainer_budget (trainer), error);
  return trainer->step != NULL;
}

static gboolean
check_photo (PstTrainer *trainer, const char *path, GError **error)
{
  g_autoptr (PstPicture) photo = NULL;

  photo = trainer->host->load (path, CHECK_SIDE, trainer->host->data, error);
  if (! photo)
    g_prefix_error (error, "%s: ", path);
  return photo != NULL;
}

/* What is needed only hours later must be there now. */
static gboolean
check_photos (PstTrainer *trainer, GError **error)
{
  const PstRecipe *recipe = trainer->recipe;

  if (recipe->thumbnail && ! check_photo (trainer, recipe->thumbnail, error))
    return FALSE;
  for (guint i = 0; i < recipe->sheet->len; i++)
    if (! check_photo (trainer, recipe->sheet->pdata[i], error))
      return FALSE;
  return TRUE;
}

PstTrainer *
pst_trainer_new (PstRecipe *recipe, const PstTrainHost *host, guint n_threads,
                 PstEventFunc func, gpointer data, GError **error)
{
  g_autoptr (PstTrainer) trainer = g_new0 (PstTrainer, 1);

  trainer->born = g_get_monotonic_time ();
  trainer->recipe = recipe;
  trainer->host = host;
  trainer->func = pst_ranks_is_first (host->ranks) ? func : NULL;
  trainer->func_data = data;
  trainer->players.ranks = host->ranks;
  trainer->pool = pst_pool_new (n_threads);
  trainer->guard = pst_guard_new ();
  trainer->history = pst_history_new ();
  trainer->caution.rate = 1;
  if (! pst_start_settle (recipe, note, trainer, error) ||
      ! pst_trainer_check_batches (trainer, error))
    return NULL;
  trainer->dataset = pst_dataset_new (recipe, photo_side (recipe), host, note,
                                      trainer, error);
  trainer->caution.flat =
    pst_array_new (PST_FLOAT32, PST_SHAPE_OF (recipe->styles->len + 1), TRUE);
  if (! trainer->dataset || ! check_photos (trainer, error) ||
      ! load_features (trainer, error))
    return NULL;
  if (recipe->student.stages)
    {
      trainer->channels = pst_distil_channels (recipe,
                                               trainer->players.features,
                                               error);
      if (! trainer->channels)
        return NULL;
    }
  build_players (trainer);
  if (! load_styles (trainer, error) || ! plan_step (trainer, error))
    return NULL;
  return g_steal_pointer (&trainer);
}

void
pst_trainer_free (PstTrainer *trainer)
{
  if (! trainer)
    return;
  g_clear_pointer (&trainer->step, pst_adversarial_step_free);
  g_clear_pointer (&trainer->distil, pst_distil_step_free);
  g_clear_pointer (&trainer->channels, g_free);
  g_clear_pointer (&trainer->guard, pst_guard_free);
  g_clear_pointer (&trainer->history, pst_history_free);
  g_clear_pointer (&trainer->caution.flat, pst_array_unref);
  g_clear_pointer (&trainer->dataset, pst_dataset_free);
  g_clear_pointer (&trainer->players.patches, pst_patch_source_free);
  g_clear_pointer (&trainer->pictures, g_ptr_array_unref);
  g_clear_pointer (&trainer->players.encoder, pst_network_free);
  g_clear_pointer (&trainer->average, pst_network_free);
  g_clear_pointer (&trainer->players.generator, pst_network_free);
  g_clear_pointer (&trainer->players.generator_adam, pst_adam_free);
  g_clear_pointer (&trainer->players.discriminators, g_ptr_array_unref);
  g_clear_pointer (&trainer->players.discriminator_adams, g_ptr_array_unref);
  g_clear_pointer (&trainer->players.success, pst_array_unref);
  g_clear_pointer (&trainer->players.replay, pst_replay_free);
  g_clear_pointer (&trainer->players.features, pst_features_free);
  g_clear_pointer (&trainer->players.moments, g_ptr_array_unref);
  pst_pool_free (trainer->pool);
  g_free (trainer);
}

gint64
pst_trainer_get_step (const PstTrainer *trainer)
{
  return trainer->n_steps;
}

gboolean
pst_trainer_resume (PstTrainer *trainer, const char *path, GError **error)
{
  return pst_checkpoint_load (trainer, path, error) &&
         plan_step (trainer, error);
}

/* Polyak and Juditsky's averaging with exponential weights, short at the
 * beginning: average += (1 - decay) (weight - average). */
static void
update_average (PstTrainer *trainer)
{
  double     t = (double) trainer->n_steps;
  double     decay = MIN (trainer->settings->average, (1 + t) / (10 + t));
  float      part = (float) (1 - decay);
  GPtrArray *from = trainer->players.generator->weights;
  GPtrArray *to = trainer->average->weights;

  for (guint i = 0; i < from->len; i++)
    {
      const PstArray *a = from->pdata[i];
      PstArray       *b = to->pdata[i];
      const float    *w = a->tensor.data;
      float          *mean = b->tensor.data;
      gint64          n = pst_tensor_count (&a->tensor);

      if (trainer->settings->average > 0)
        for (gint64 k = 0; k < n; k++)
          mean[k] += part * (w[k] - mean[k]);
      else
        memcpy (mean, w, sizeof (float) * n);
    }
}

/* A phase that trains other weights than the one before has moments of its
 * own. */
static void
begin_phase (PstTrainer *trainer)
{
  const PstRecipe   *recipe = trainer->recipe;
  gint64             step = trainer->n_steps;
  const PstSettings *settings = pst_recipe_settings (recipe, step);

  if (step > 0 && step == settings->from &&
      pst_recipe_settings (recipe, step - 1)->train != settings->train)
    pst_adam_reset (trainer->players.generator_adam);
}

static gboolean
fill_step (PstTrainer *trainer, GError **error)
{
  int n;

  if (! plan_step (trainer, error) || ! pst_guard_begin (trainer, error))
    return FALSE;
  if (trainer->step)
    pst_adversarial_step_set_index (trainer->step, trainer->n_steps);
  n = pst_ranks_count (trainer->players.ranks, trainer->settings->batch);
  for (int i = 0; i < n; i++)
    if (! pst_trainer_fill_sample (trainer, i, error))
      return FALSE;
  return TRUE;
}

gboolean
pst_trainer_step (PstTrainer *trainer, PstLosses *losses, GError **error)
{
  double   factor;
  gboolean made;

  begin_phase (trainer);
  if (! pst_trainer_check_ranks (trainer, error) ||
      ! pst_trainer_meet (trainer, fill_step (trainer, error), error))
    return FALSE;
  factor = trainer->caution.rate *
           pst_recipe_factor (trainer->recipe, trainer->n_steps);
  made = trainer->step
           ? pst_adversarial_step_run (trainer->step, factor, losses)
           : pst_distil_step_run (trainer->distil, factor, losses);
  trainer->n_steps++;
  update_average (trainer);
  return pst_guard_step (trainer, made, error);
}

char *
pst_trainer_checkpoint_path (const char *out)
{
  g_autofree char *stem = g_strdup (out);

  if (g_str_has_suffix (stem, ".onnx"))
    stem[strlen (stem) - strlen (".onnx")] = '\0';
  return g_strconcat (stem, ".checkpoint.onnx", NULL);
}

gboolean
pst_trainer_save (PstTrainer *trainer, const char *out, GError **error)
{
  g_autofree char *path = pst_trainer_checkpoint_path (out);
  const PstRanks  *ranks = trainer->players.ranks;
  gboolean         good = TRUE;

  if (! pst_guard_check (trainer, error))
    return FALSE;
  if (pst_ranks_is_first (ranks))
    good = pst_checkpoint_save (trainer, path, error) &&
           pst_export_model (trainer, out, error);
  if (! pst_ranks_agree (ranks, good, error))
    return FALSE;
  pst_trainer_tell (trainer, PST_EVENT_CHECKPOINT, path);
  return TRUE;
}
