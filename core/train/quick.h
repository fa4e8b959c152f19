/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/recipe.h"

/* The model that a quick training starts from; see pst_folders_models(). */
#define PST_QUICK_MODEL "brush.onnx"
/* What its thumbnail is made of, and the first row of its sheets. */
#define PST_QUICK_SAMPLE "sample/sample-2.jpg"
/* Minutes that make a style usable on two cores. */
#define PST_QUICK_MINUTES 3

/**
 * PstQuick:
 * @pictures: %NULL-terminated: the style's: files, folders, patterns
 * @title: (nullable): as people see it; made of the first picture's name by
 *   default
 * @credit: (nullable): who painted it
 * @from: (nullable): a style model to start from; that of Pastiche by default
 * @begin: (nullable): id of its style to begin as
 * @photos: (nullable): folder of photos to learn on; by default the user's
 *   pictures or synthetic ones
 * @features: (nullable): feature network; that of Pastiche by default
 * @keep: the styles of @from stay as they are, and only the new one's scales
 *   and shifts are trained
 * @plain: neither a model nor a network is used: pst_recipe_plain()
 *
 * A new style without a recipe.
 */
typedef struct
{
  char      **pictures;
  const char *title;
  const char *credit;
  const char *from;
  const char *begin;
  const char *photos;
  const char *features;
  gboolean    keep;
  gboolean    plain;
} PstQuick;

/**
 * pst_quick_recipe:
 *
 * The recipe of a quick training, for pst_trainer_run() with a time. Its text
 * has the names of files, but not the folders they are in.
 *
 * Returns: (transfer full) (nullable): %NULL with %PST_ERROR_FILE where the
 *   model of Pastiche is missing
 */
PstRecipe *pst_quick_recipe (const PstQuick *quick, GError **error);

/* The id that a style of that title gets; transfer full */
char      *pst_quick_id (const char *title);
/* "my_wheat-field.jpg" -> "My wheat field"; transfer full */
char      *pst_quick_title (const char *picture);
