/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/adversarial-step.h"
#include "core/train/dataset.h"
#include "core/train/distil-step.h"
#include "core/train/history.h"
#include "core/train/trainer.h"

typedef struct _PstGuard PstGuard;

/* What past trouble means for the steps to come; goes into checkpoints. */
typedef struct
{
  double    rate;   /* factor of all rates */
  int       n_back; /* times gone back */
  int       n_lost; /* steps left out without a good one since */
  PstArray *flat;   /* [columns]: pictures in a row without contrast */
} PstCaution;

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
  PstAdversarialStep *step;     /* of a style model, or else */
  PstDistilStep      *distil;   /* of a student, which is the generator */
  gint64             *channels; /* of the student's outputs */
  const PstSettings  *settings; /* that step is planned for */
  gint64              n_steps;  /* made */
  gint64              born;     /* monotonic time, us */
  guint64             memory;   /* bytes that steps take at most */
  gboolean            met;      /* the ranks have found that they agree */
  PstCaution          caution;
  PstGuard           *guard;
  PstHistory         *history;
};

/* checkpoint.c */
gboolean pst_checkpoint_save (PstTrainer *trainer, const char *path,
                              GError **error);
gboolean pst_checkpoint_load (PstTrainer *trainer, const char *path,
                              GError **error);

/* Calls @func for every array that training changes, but for the replay pool,
 * always in the same order, until one gives %FALSE. */
typedef gboolean (*PstArrayFunc) (const char *name, PstArray *array,
                                  gpointer data, GError **error);
gboolean pst_checkpoint_visit (PstTrainer *trainer, PstArrayFunc func,
                               gpointer data, GError **error);

/* trainer-ranks.c */
/* Every rank needs a picture of each step. */
gboolean pst_trainer_check_batches (const PstTrainer *trainer, GError **error);
/* Before a step: now and then, whether all ranks are at the same numbers;
 * %PST_ERROR_DIVERGED. */
gboolean pst_trainer_check_ranks (PstTrainer *trainer, GError **error);
/* Where it has gone wrong somewhere (not @good), it has everywhere; and photos
 * that one rank could not read are passed over by all. */
gboolean pst_trainer_meet (PstTrainer *trainer, gboolean good,
                           GError **error);

/* sample.c: sample @i of those that this process takes of the step; all chance
 * comes from its number. FALSE with pst_dataset_get()'s errors. */
gboolean pst_trainer_fill_sample (PstTrainer *trainer, int i, GError **error);

/* guard.c */
PstGuard *pst_guard_new (void);
void      pst_guard_free (PstGuard *guard);
/* Copies the state as it is, where the recipe wants copies. */
void      pst_guard_keep (PstTrainer *trainer);
/* Copies the state where all is well; where a number is not finite, goes back
 * to the last copy. FALSE with %PST_ERROR_DIVERGED where that can't be. */
gboolean  pst_guard_check (PstTrainer *trainer, GError **error);
/* Before a step: the same, where it is the first. */
gboolean  pst_guard_begin (PstTrainer *trainer, GError **error);
/* After a step: the same, as often as the recipe says, and sooner where steps
 * were left out (not @made) or pictures have gone flat. */
gboolean  pst_guard_step (PstTrainer *trainer, gboolean made, GError **error);

/* painter.c: @photo through the averaged network, each side at most a pixel
 * or so off a multiple of 4 is as good as any. */
typedef struct _PstPainter PstPainter;
PstPainter *pst_painter_new (PstTrainer *trainer, int width, int height,
                             GError **error);
void        pst_painter_free (PstPainter *painter);
/* width x height pixels R, G, B, 0 to 1; valid until the next call */
const float *pst_painter_paint (PstPainter *painter, const PstPicture *photo,
                                int column);

/* painter.c: of a sample sheet, as pst_trainer_forecast() has costs */
double pst_painter_cost (PstTrainer *trainer);

/* forecast.c */
/* Bytes that a step may take: what there is, but for what photos will. */
guint64  pst_trainer_budget (const PstTrainer *trainer);
/* Plans the steps from now to @until. @costs: (out): of a step of each phase,
 * @memory: (out): most bytes that one takes. FALSE with the planner's errors
 * where a phase to come won't fit. */
gboolean pst_trainer_forecast (PstTrainer *trainer, gint64 until,
                               double *costs, guint64 *memory,
                               GError **error);
/* A sentence on what pictures take; transfer full */
char    *pst_trainer_describe_memory (const PstTrainer *trainer);

/* export.c */
/* The layers that the student's outputs stand for. */
PstNetwork *pst_trainer_student (const PstTrainer *trainer);
gboolean pst_export_model (PstTrainer *trainer, const char *path,
                           GError **error);

void pst_trainer_tell (PstTrainer *trainer, PstEventKind kind,
                       const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstPainter, pst_painter_free)
