/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/plan.h"
#include "core/train/adversarial-step.h"

typedef enum
{
  PST_TERM_CONTENT,
  PST_TERM_STYLE,
  PST_TERM_VARIATION,
  PST_TERM_IDENTITY,
  PST_TERM_ADVERSARIAL,
  PST_N_TERMS,
} PstTermKind;

/* First of the generator graph's inputs that hold moments. */
#define PST_INPUT_MOMENTS 3

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
  int                batch;
  int                crop;
  int                n_styles;
  int               *columns;
  GArray            *terms; /* PstTerm, in the order of g_plan's seeds */
  PstPlan           *g_plan;
  PstRun            *g_run;
  PstPlan           *d_plan;
  PstRun            *d_run;
  gint64            *counts;  /* of numbers in each weight, the larger list */
  const float      **gradients;
  GPtrArray         *scratch; /* (GArray of float): discriminators' */
};

/* adversarial-graph.c */
/* Whether discriminators take part. */
gboolean pst_adversarial_has_judges (const PstAdversarialStep *step);
/* Sets terms and g_plan. */
gboolean pst_adversarial_plan_generator (PstAdversarialStep *step,
                                         PstPool *pool, guint64 budget,
                                         GError **error);
/* Sets d_plan. */
gboolean pst_adversarial_plan_discriminators (PstAdversarialStep *step,
                                              PstPool *pool, guint64 budget,
                                              GError **error);
