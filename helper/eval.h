/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/pst.h"
#include "helper/hints.h"

/* The parts of `pastiche eval`: eval.c reads the arguments and goes through
 * the photos, eval-styles.c finds styles and paintings, eval-rows.c makes what
 * is measured of them, eval-table.c prints. */

typedef struct
{
  char       *model;
  char      **styles;
  char      **style_pictures; /* "FILE" or "ID=FILE" */
  int         style_size;
  char       *data;
  char       *features;
  char       *style_layers; /* "relu1_1,relu2_1" */
  char       *content_layers;
  char      **photos;
  char      **results;
  int         size;
  char       *strengths; /* "25,50" */
  gboolean    cross_fade;
  char      **mixes; /* "A+B" or "A+B:PERCENT" */
  int         ratio; /* on so many photos */
  int         evaluations;
  gint64      seed;
  int         threads;
  gboolean    json;
  gboolean    markdown;
  HelperHints hints;
  char      **words; /* more photos */
} EvalArguments;

/**
 * EvalStyle:
 * @id: its id; of finished pictures "results"
 * @style: (nullable): as the model has it
 * @recipe_style: (nullable): as the model's recipe has it
 * @pictures: (element-type PstPicture): its paintings, perhaps none
 */
typedef struct
{
  char                 *id;
  const PstStyle       *style;
  const PstRecipeStyle *recipe_style;
  GPtrArray            *pictures;
} EvalStyle;

/**
 * EvalFade:
 * @EVAL_FADE_NONE: what the network makes
 * @EVAL_FADE_PHOTO: in place of a strength: pixels between the photo and the
 *   result of 100 percent, as far from the photo as the network's picture
 * @EVAL_FADE_STYLES: in place of a mix: pixels between two results
 */
typedef enum
{
  EVAL_FADE_NONE,
  EVAL_FADE_PHOTO,
  EVAL_FADE_STYLES,
} EvalFade;

/**
 * EvalRow:
 * @name: as it is printed
 * @style: whose paintings the results are compared with
 * @painted: (nullable): the style that paints; %NULL for finished pictures
 * @controls: how it paints
 * @fade: what stands in its place
 *
 * A line of the table.
 */
typedef struct
{
  char           *name;
  EvalStyle      *style;
  const PstStyle *painted;
  PstControls     controls;
  EvalFade        fade;
} EvalRow;

/* eval-rows.c */

/* (transfer full) (nullable) (element-type EvalRow): every style at every
 * strength, then the mixes
 * @model: (nullable): %NULL for finished pictures */
GPtrArray *eval_rows (const EvalArguments *arguments, PstModel *model,
                      GPtrArray *styles, GError **error);

/* (transfer full) (nullable): what a line's style makes of the photo that
 * @eval was given last */
PstPicture *eval_paint (PstModel *model, PstEval *eval, const EvalRow *row,
                        const PstPicture *photo, GError **error);

/* eval-styles.c */

/* (transfer full) (nullable): the recipe that @model says it was trained by */
PstRecipe *eval_recipe (const EvalArguments *arguments, PstModel *model);

/* (transfer full) (nullable) (element-type EvalStyle): those to measure
 * @model: (nullable): %NULL for finished pictures
 * @installed: (nullable): the only one, where none is named */
GPtrArray *eval_styles (const EvalArguments *arguments, PstModel *model,
                        const char *installed, const PstRecipe *recipe,
                        const PstTrainHost *host, GError **error);

/* (transfer full) (nullable) (element-type filename): a result for each
 * photo: the one of the same name, or where names differ the one that is as
 * far down the list */
GPtrArray *eval_pair (GPtrArray *photos, GPtrArray *results, GError **error);

/* eval-table.c */

/* @rows: (element-type EvalRow) */
void eval_print_table (GPtrArray *rows, const PstFigures *figures,
                       gboolean markdown);
void eval_print_start (const char *title, guint n_photos, GPtrArray *rows);
void eval_print_photo (const char *photo, const char *style,
                       const PstFigures *figures);
void eval_print_style (const char *style, guint n_photos, guint n_flat,
                       const PstFigures *figures);
void eval_print_note (gboolean json, const char *text);
void eval_print_end (void);
