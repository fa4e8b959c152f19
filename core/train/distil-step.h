/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/adversarial-step.h"

/**
 * PstDistilStep:
 *
 * One step of teaching a small feature network (student.h) what a larger one
 * sees (Hinton et al., "Distilling the knowledge in a neural network", 2015;
 * Romero et al., "FitNets", 2015, eq. 3). For each layer the loss is
 *
 *   content × pst_loss_content (student's map, teacher's map) +
 *   style   × pst_loss_style (student's moments, teacher's moments)
 *
 * times the layer's weight: the second term since a style is told by moments,
 * which small errors of all places may shift together.
 */
typedef struct _PstDistilStep PstDistilStep;

/**
 * pst_distil_step_new:
 * @recipe: its student's layers are the style layers of the teacher
 * @settings: batch, crop, rate, clip, content, style
 * @student: to be trained
 * @adam: of its weights
 * @teacher: cut down to the layers
 * @ranks: (nullable): the processes that each take a part of the step
 * @budget: most bytes; 0 for no limit
 *
 * All but @settings must outlive the step.
 *
 * Returns: (transfer full) (nullable): %NULL with the errors of
 *   pst_plan_new() and pst_run_new()
 */
PstDistilStep *pst_distil_step_new (const PstRecipe *recipe,
                                    const PstSettings *settings,
                                    PstNetwork *student, PstAdam *adam,
                                    PstFeatures *teacher,
                                    const PstRanks *ranks, PstPool *pool,
                                    guint64 budget, GError **error);
void           pst_distil_step_free (PstDistilStep *step);

/* As pst_adversarial_step_forecast() */
gboolean pst_distil_step_forecast (const PstRecipe *recipe,
                                   const PstSettings *settings,
                                   PstNetwork *student, PstFeatures *teacher,
                                   const PstRanks *ranks, PstPool *pool,
                                   guint64 budget, PstForecast *forecast,
                                   GError **error);

guint64 pst_distil_step_get_memory (const PstDistilStep *step);
/* Where sample @i goes, of those that this process takes: crop x crop pixels R, G, B, 0 to 1. */
float  *pst_distil_step_image (PstDistilStep *step, int i);

/**
 * pst_distil_step_run:
 * @factor: of the rate
 * @losses: (out): content, style and norm; the others NaN
 *
 * Returns: %FALSE where a gradient was not finite; nothing has changed then
 */
gboolean pst_distil_step_run (PstDistilStep *step, double factor,
                              PstLosses *losses);

/* Channels of the teacher's layers; NULL with an error where there are not as
 * many as the student has stages. Transfer full. */
gint64 *pst_distil_channels (const PstRecipe *recipe, PstFeatures *teacher,
                             GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstDistilStep, pst_distil_step_free)
