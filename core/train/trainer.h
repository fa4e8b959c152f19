/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/train/events.h"
#include "core/train/host.h"
#include "core/train/recipe.h"

/**
 * PstTrainer:
 *
 * A training: the networks, what changes them, and where it stands.
 */
typedef struct _PstTrainer PstTrainer;

/**
 * PstTrainerOptions:
 * @out: path of the model to write; the checkpoint is beside it
 * @until: step to stop at; 0 for the recipe's end
 * @cancellable: (nullable): cancelling ends the training after the step that
 *   runs, with a checkpoint
 * @seconds: 0, or what the training may take, all its runs together: in place
 *   of the recipe's steps there are then as many as will do, and sample sheets
 *   15 seconds after pst_trainer_new(), after three times that and so on, and at
 *   the end
 * @command: (nullable): UTF-8: how the training was started, for its report
 * @versions: (nullable): of the host's libraries, for its report
 */
typedef struct
{
  const char   *out;
  gint64        until;
  GCancellable *cancellable;
  double        seconds;
  const char   *command;
  const char   *versions;
} PstTrainerOptions;

/**
 * pst_trainer_new:
 * @recipe: (transfer none): must outlive the trainer
 * @host: reads and writes pictures; must outlive the trainer
 * @n_threads: 0 for one per core
 * @func: (nullable): told of events; only on the first of the host's ranks
 *
 * Builds the networks, looks for the photos, reads the style pictures, plans
 * a step. What can go wrong with files, sizes and memory goes wrong here.
 *
 * Returns: (transfer full) (nullable): the trainer, or %NULL with an error
 */
PstTrainer *pst_trainer_new (PstRecipe *recipe, const PstTrainHost *host,
                             guint n_threads, PstEventFunc func,
                             gpointer data, GError **error);
void        pst_trainer_free (PstTrainer *trainer);

/* Steps made so far. */
gint64 pst_trainer_get_step (const PstTrainer *trainer);

/* "MODEL.onnx" -> "MODEL.checkpoint.onnx"; transfer full */
char *pst_trainer_checkpoint_path (const char *out);

/**
 * pst_trainer_resume:
 * @path: a checkpoint of a training with the same networks and styles
 *
 * Goes on where it was written, exactly: the steps that follow are those that
 * an uninterrupted training would have made, as long as recipe and photos are
 * the same. Rates, losses, batch and so on may have been changed in the
 * recipe.
 */
gboolean pst_trainer_resume (PstTrainer *trainer, const char *path,
                             GError **error);

/* One step. Where the training has diverged or its pictures have gone flat it
 * goes back to an earlier state (%PST_EVENT_ROLLBACK tells of it), so that
 * there are fewer steps than before. %FALSE with %PST_ERROR_DIVERGED where
 * that has not helped, or the errors of reading photos. */
gboolean pst_trainer_step (PstTrainer *trainer, PstLosses *losses,
                           GError **error);

/**
 * pst_trainer_save:
 * @out: path of the model
 *
 * Writes the checkpoint beside it, then the model itself (of the averaged
 * weights where the recipe averages); each whole or not at all. Numbers that
 * are not finite are never written: the training goes back first.
 */
gboolean pst_trainer_save (PstTrainer *trainer, const char *out,
                           GError **error);

/* Writes a sample sheet: photos down, the photo and all styles across, with
 * their titles above where the host can draw text. */
gboolean pst_trainer_save_sheet (PstTrainer *trainer, const char *path,
                                 GError **error);

/**
 * pst_trainer_run:
 *
 * Steps, events, sample sheets, checkpoints and reports (report.h) up to the
 * end, with the model written at the end. A report that cannot be written is
 * told of once and does not end the training.
 *
 * Returns: %TRUE at the end or when it was cancelled (and saved); %FALSE with
 *   %PST_ERROR_DIVERGED (the last checkpoint stays as it was) or another
 *   error
 */
gboolean pst_trainer_run (PstTrainer *trainer,
                          const PstTrainerOptions *options, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstTrainer, pst_trainer_free)
