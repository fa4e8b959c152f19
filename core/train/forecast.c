/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a training will need, before it begins. */
#include "config.h"

#include "core/train/trainer-private.h"

#include <glib/gi18n-lib.h>

#include "core/base/memory.h"

guint64
pst_trainer_budget (const PstTrainer *trainer)
{
  guint64 available = pst_ranks_share (trainer->players.ranks,
                                       pst_memory_available ());
  guint64 photos = pst_dataset_get_room (trainer->dataset);

  return available > photos ? available - photos : 1;
}

static gboolean
forecast_phase (PstTrainer *trainer, const PstSettings *settings,
                guint64 budget, PstForecast *forecast, GError **error)
{
  const PstPlayers *players = &trainer->players;

  if (trainer->recipe->student.stages)
    return pst_distil_step_forecast (trainer->recipe, settings,
                                     players->generator, players->features,
                                     players->ranks, trainer->pool, budget,
                                     forecast, error);
  return pst_adversarial_step_forecast (trainer->recipe, settings, players,
                                        trainer->pool, budget, forecast,
                                        error);
}

gboolean
pst_trainer_forecast (PstTrainer *trainer, gint64 until, double *costs,
                      guint64 *memory, GError **error)
{
  GArray  *phases = trainer->recipe->phases;
  guint64  now = trainer->step
                   ? pst_adversarial_step_get_memory (trainer->step)
                   : pst_distil_step_get_memory (trainer->distil);
  guint64  budget = pst_trainer_budget (trainer);

  /* the step that is planned gives its memory back for another */
  budget = budget <= G_MAXUINT64 - now ? budget + now : G_MAXUINT64;
  *memory = now;
  for (guint i = 0; i < phases->len; i++)
    {
      const PstSettings *settings = &g_array_index (phases, PstSettings, i);
      PstForecast        forecast = { 0, 1 };
      gboolean           past, current = settings == trainer->settings;

      past = settings->from >= until ||
             (i + 1 < phases->len && trainer->n_steps >= settings[1].from);
      if (! past && ! forecast_phase (trainer, settings,
                                      current ? 0 : budget, &forecast, error))
        {
          g_prefix_error (error, _ ("From step %d on: "),
                          (int) settings->from);
          return FALSE;
        }
      costs[i] = forecast.cost;
      *memory = MAX (*memory, forecast.memory);
    }
  return TRUE;
}

char *
pst_trainer_describe_memory (const PstTrainer *trainer)
{
  guint64 photos = pst_dataset_get_memory (trainer->dataset);
  guint64 styles = 0;

  for (guint i = 0; i < trainer->pictures->len; i++)
    {
      GPtrArray *pictures = trainer->pictures->pdata[i];

      for (guint k = 0; k < pictures->len; k++)
        {
          const PstPicture *picture = pictures->pdata[k];

          styles += (guint64) picture->width * picture->height * 3;
        }
    }
  photos = (photos + (1 << 20) - 1) >> 20;
  styles = (styles + (1 << 20) - 1) >> 20;
  if (trainer->recipe->styles->len == 0)
    return g_strdup_printf (_ ("Photos take up to %d MB of memory."),
                            (int) photos);
  return g_strdup_printf (_ ("Photos take up to %d MB of memory, the pictures "
                             "of the styles %d MB."),
                          (int) photos, (int) styles);
}
