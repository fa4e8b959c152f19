/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/plan.h"
#include "core/train/adversarial-step.h"
#include "core/train/sums.h"

typedef enum
{
  PST_TERM_CONTENT,
  PST_TERM_STYLE,
  PST_TERM_VARIATION,
  PST_TERM_IDENTITY,
  PST_TERM_ADVERSARIAL,
  PST_TERM_PATCHES,
  PST_TERM_SATURATION,
  PST_N_TERMS,
} PstTermKind;

/* Inputs of the generator's graph: then as many as there are moments. */
typedef enum
{
  PST_INPUT_IMAGE,  /* [N,3,crop,crop]: what is painted */
  PST_INPUT_MIX,    /* [N,n_styles]: how much of each style */
  PST_INPUT_PHOTO,  /* [N,3,crop,crop]: what it is compared with */
  PST_INPUT_JUDGED, /* [N,n_styles]: as which style it is judged */
  PST_INPUT_PART,   /* [N]: the photo's share in the moments that are aimed
                       at */
  PST_INPUT_MOMENTS,
} PstGeneratorInput;

/* A sample's styles: @part of the second column, the rest of the first. */
typedef struct
{
  int    column;
  int    second;
  double part;
} PstBlend;

/* Inputs of the generator graph that patches need, after the moments; the last
 * for each scale. */
typedef enum
{
  PST_INPUT_DIRECTIONS,
  PST_INPUT_ORIGIN,
  PST_INPUT_GROUPS,
  PST_INPUT_WISHED,
  PST_MAX_PATCH_INPUTS = PST_INPUT_WISHED + PST_MAX_PATCH_SCALES,
} PstPatchInput;

/* Inputs of the discriminators' graph; the last two only where there is a
 * gradient penalty. */
typedef enum
{
  PST_INPUT_PICTURE, /* [2N,3,crop,crop]: real ones, then generated ones */
  PST_INPUT_STYLE,
  PST_INPUT_SIGN,
  PST_INPUT_BETWEEN, /* [N,3,crop,crop] */
  PST_INPUT_BETWEEN_STYLE,
  PST_N_JUDGE_INPUTS,
} PstJudgeInput;

/* A loss of the generator: output and seed of its graph. */
typedef struct
{
  PstTermKind kind;
  double      weight; /* of the layer */
} PstTerm;

struct _PstAdversarialStep
{
  const PstRecipe   *recipe;
  const PstSettings *settings;
  const PstPlayers  *players;
  PstPool           *pool;
  int                whole;   /* samples of the step */
  int                mine;    /* those taken here */
  int                batch;   /* those that are in the graphs at a time */
  int                crop;
  int                n_styles;
  PstBlend          *all_blends; /* of the samples taken here */
  int               *all_columns;
  guint64           *all_numbers;
  float             *images;  /* [mine,crop,crop,3] each */
  float             *photos;
  float             *reals;
  float             *made;    /* by the generator */
  float             *fakes;   /* those, or earlier ones in their place */
  PstBlend          *blends;  /* of the samples in the graphs */
  int               *columns; /* 0 where no discriminator learns from it: of
                                 the identity and of what is between styles */
  guint64           *numbers; /* of the samples */
  gint64             index;   /* of the step */
  guint              patches; /* first of the inputs that patches need */
  GArray            *terms; /* PstTerm, in the order of g_plan's seeds */
  PstPlan           *g_plan;
  PstRun            *g_run;
  PstPlan           *d_plan;
  PstRun            *d_run;
  gint64            *counts;  /* of numbers in each weight, the larger list */
  const float      **gradients;
  PstSums           *g_sums;
  PstSums           *d_sums;
  GPtrArray         *logits;  /* (element-type PstArray): [2 mine,h,w], by
                                 discriminator */
};

/* adversarial-graph.c */
/* Whether discriminators take part. */
gboolean pst_adversarial_has_judges (const PstAdversarialStep *step);
/* Whether they have a gradient penalty. */
gboolean pst_adversarial_has_penalty (const PstAdversarialStep *step);
/* Adds a loss, an output [N], to the generator's graph. */
void pst_adversarial_add_term (PstAdversarialStep *step, PstGraph *graph,
                               GPtrArray *seeds, PstTermKind kind,
                               double weight, PstValue *value);
/* Sets terms and g_plan. */
gboolean pst_adversarial_plan_generator (PstAdversarialStep *step,
                                         PstPool *pool, guint64 budget,
                                         GError **error);
/* Sets d_plan. */
gboolean pst_adversarial_plan_discriminators (PstAdversarialStep *step,
                                              PstPool *pool, guint64 budget,
                                              GError **error);

/* adversarial-patches.c */
/* Whether patches are compared. */
gboolean pst_adversarial_has_patches (const PstAdversarialStep *step);
/* Whether a crop has one at every scale. */
gboolean pst_adversarial_check_patches (const PstAdversarialStep *step,
                                        GError **error);
/* Adds their inputs and losses, the first input being @step->patches. */
void pst_adversarial_add_patches (PstAdversarialStep *step, PstGraph *graph,
                                  GPtrArray *seeds, PstValue *pastiche);
/* The shapes of those inputs; how many there are. */
guint pst_adversarial_patch_shapes (const PstAdversarialStep *step,
                                    PstShape *shapes);
/* Draws what goes into them. */
void pst_adversarial_fill_patches (PstAdversarialStep *step);

/* adversarial-step.c: the samples from @first on go into the graphs, but for
 * their pictures */
void   pst_adversarial_enter (PstAdversarialStep *step, int first);
/* Floats of @n pictures. */
gsize  pst_adversarial_size (const PstAdversarialStep *step, int n);
/* Sample @i of a run's input, which lies channels-last */
float *pst_adversarial_picture (PstAdversarialStep *step, PstRun *run,
                                guint input, int i);

/* adversarial-judge.c: the discriminators' step; real and generated pictures
 * are in their run's input */
void pst_adversarial_judge (PstAdversarialStep *step, double factor,
                            PstLosses *losses);
