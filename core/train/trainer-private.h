/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/adversarial-step.h"
#include "core/train/dataset.h"
#include "core/train/trainer.h"

struct _PstTrainer
{
  PstRecipe          *recipe;
  const PstTrainHost *host;
  PstEventFunc        func;
  gpointer            func_data;
  PstPool            *pool;
  PstPlayers          players;
  PstNetwork         *average; /* what is shown and saved */
  GPtrArray          *pictures; /* (GPtrArray of PstPicture) by column - 1 */
  PstDataset         *dataset;
  PstAdversarialStep *step;
  const PstSettings  *settings; /* that step is planned for */
  gint64              n_steps;  /* made */
  int                 n_lost;   /* steps left out without a good one since */
};

/* checkpoint.c */
gboolean pst_checkpoint_save (PstTrainer *trainer, const char *path,
                              GError **error);
gboolean pst_checkpoint_load (PstTrainer *trainer, const char *path,
                              GError **error);

/* painter.c: @photo through the averaged network, each side at most a pixel
 * or so off a multiple of 4 is as good as any. */
typedef struct _PstPainter PstPainter;
PstPainter *pst_painter_new (PstTrainer *trainer, int width, int height,
                             GError **error);
void        pst_painter_free (PstPainter *painter);
/* width x height pixels R, G, B, 0 to 1; valid until the next call */
const float *pst_painter_paint (PstPainter *painter, const PstPicture *photo,
                                int column);

/* export.c */
gboolean pst_export_model (PstTrainer *trainer, const char *path,
                           GError **error);

/* A black picture */
PstPicture *pst_trainer_picture (int width, int height, GError **error);

void pst_trainer_tell (PstTrainer *trainer, PstEventKind kind,
                       const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstPainter, pst_painter_free)
