/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/base/parallel.h"
#include "core/train/adam.h"
#include "core/train/features.h"
#include "core/train/networks.h"
#include "core/train/patch-source.h"
#include "core/train/ranks.h"
#include "core/train/recipe.h"
#include "core/train/replay.h"
#include "core/train/spectral.h"

/**
 * PstPlayers:
 * @generator: the transform network
 * @generator_adam: its optimiser
 * @discriminators: (element-type PstSpectral): in the recipe's order
 * @discriminator_adams: (element-type PstAdam): of their raw weights
 * @success: (nullable): [number of discriminators]: running averages of
 *   pst_balance_success(); without them nothing is balanced
 * @replay: (nullable): generated pictures of earlier steps
 * @features: the loss network, frozen
 * @moments: (element-type GPtrArray): by column - 1: what
 *   pst_features_moments() gives for the style
 * @ranks: (nullable): the processes that each take a part of the step
 * @encoder: (nullable): what pst_network_encoder() makes of the averaged
 *   generator; needed where the recipe's `encoder` is not 0
 * @patches: (nullable): the paintings' patches; without them none are compared
 *
 * All that a step works with; owned by the trainer.
 */
typedef struct
{
  PstNetwork  *generator;
  PstAdam     *generator_adam;
  GPtrArray   *discriminators;
  GPtrArray   *discriminator_adams;
  PstArray    *success;
  PstReplay   *replay;
  PstFeatures *features;
  GPtrArray   *moments;
  const PstRanks *ranks;
  PstNetwork  *encoder;
  PstPatchSource *patches;
} PstPlayers;

/* What one discriminator makes of a step; NaN where it has no part in it. */
typedef struct
{
  double adversarial; /* the generator's loss */
  double real;        /* its own, of the painter's pictures */
  double fake;        /* and of generated ones */
} PstJudged;

/**
 * PstLosses:
 *
 * Means over those samples that each concerns, before weighing; NaN where
 * none did. @adversarial, @real, @fake and @penalty are sums over the
 * discriminators, @success and @balance means. Nothing but doubles.
 */
typedef struct
{
  double content;
  double style;
  double variation;
  double identity;
  double adversarial;
  double patches;
  double real;
  double fake;
  double penalty; /* with WGAN-GP */
  double success; /* running average of how often discriminators are right */
  double balance; /* factor of their rates on account of that */
  double norm; /* of the generator's gradient, before clipping; not finite
                  where the step was left out */
  PstJudged judged[PST_MAX_DISCRIMINATORS]; /* in the recipe's order */
} PstLosses;

/**
 * PstAdversarialStep:
 *
 * One step of training at a fixed batch and crop: the two graphs (generator
 * with all its losses; discriminators), planned once.
 */
typedef struct _PstAdversarialStep PstAdversarialStep;

/**
 * pst_adversarial_step_new:
 * @budget: most bytes for both; 0 for no limit
 *
 * Returns: (transfer full) (nullable): %NULL with the planner's errors
 */
PstAdversarialStep *pst_adversarial_step_new (const PstRecipe *recipe,
                                              const PstSettings *settings,
                                              const PstPlayers *players,
                                              PstPool *pool, guint64 budget,
                                              GError **error);
void   pst_adversarial_step_free (PstAdversarialStep *step);

/**
 * PstForecast:
 * @memory: bytes that a step takes
 * @cost: roughly how much work it is; for comparing steps of one training
 */
typedef struct
{
  guint64 memory;
  double  cost;
} PstForecast;

/* What pst_adversarial_step_new() would come to, and its errors, without
 * taking memory. */
gboolean pst_adversarial_step_forecast (const PstRecipe *recipe,
                                        const PstSettings *settings,
                                        const PstPlayers *players,
                                        PstPool *pool, guint64 budget,
                                        PstForecast *forecast,
                                        GError **error);
guint64 pst_adversarial_step_get_memory (const PstAdversarialStep *step);

/* What sample @i is made of, of those that this process takes; all before
 * every step. @column 0 trains the
 * identity. The pointers are to crop x crop pixels R, G, B, 0 to 1: what the
 * generator sees, and the photo that the losses compare with. */
void   pst_adversarial_step_set_column (PstAdversarialStep *step, int i,
                                        int column);
/* Or one between two styles, @second being 0 for the photo: @part of it. The
 * discriminators do not learn from it, and it has no part in the losses that
 * are told. */
void   pst_adversarial_step_set_blend (PstAdversarialStep *step, int i,
                                       int column, int second, double part);
float *pst_adversarial_step_image (PstAdversarialStep *step, int i);
float *pst_adversarial_step_photo (PstAdversarialStep *step, int i);
/* A crop of the style's picture; %NULL where nothing is adversarial. */
float *pst_adversarial_step_real (PstAdversarialStep *step, int i);
/* The sample's number, by which chance in the step is drawn: from
 * PST_STREAM_JUDGE first the share of the real picture in the one whose
 * gradient is penalised, then what pst_replay_swap() needs. */
void   pst_adversarial_step_set_number (PstAdversarialStep *step, int i,
                                        guint64 number);

/* The step's number, by which the directions are drawn that patches are
 * projected on. A sample's number draws the painting's patches. */
void   pst_adversarial_step_set_index (PstAdversarialStep *step, gint64 index);

/* 0 for the identity and for what is between two styles. */
int    pst_adversarial_step_get_column (const PstAdversarialStep *step, int i);
/* After a step: crop x crop pixels R, G, B of what was made of sample @i. */
const float *pst_adversarial_step_pastiche (const PstAdversarialStep *step,
                                            int i);

/**
 * pst_adversarial_step_run:
 * @factor: of both learning rates (the schedule)
 * @losses: (out): what came out
 *
 * The generator's step against the discriminators as they are, then theirs
 * on the pictures it made.
 *
 * A network whose losses or gradient are not finite is left as it was.
 *
 * Returns: %FALSE where the generator was
 */
gboolean pst_adversarial_step_run (PstAdversarialStep *step, double factor,
                                   PstLosses *losses);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstAdversarialStep, pst_adversarial_step_free)
