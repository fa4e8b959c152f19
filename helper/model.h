/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/pst.h"

/**
 * helper_model_find:
 * @word: a model's file, or the id of an installed style
 * @id: (out) (transfer full) (nullable): the installed style's id; %NULL where
 *   @word is a file
 *
 * Returns: (transfer full) (nullable): the model's file, which need not exist
 */
char *helper_model_find (const char *word, char **id, GError **error);

/**
 * helper_model_load:
 * @word: a model's file, or the id of an installed style
 * @hints: of a foreign model
 * @id: (out) (transfer full) (nullable): the installed style's id; %NULL where
 *   @word is a file
 *
 * Returns: (transfer full) (nullable): the model
 */
PstModel *helper_model_load (const char *word, const PstModelHints *hints,
                             char **id, GError **error);

/**
 * helper_model_style:
 * @id: (nullable): %NULL for the only one
 *
 * Returns: (transfer none) (nullable): one of @model's styles, or %NULL with
 *   an error that names those there are
 */
const PstStyle *helper_model_style (PstModel *model, const char *id,
                                    GError **error);

/**
 * helper_model_mix:
 * @text: "ID" or "ID:PERCENT"
 * @controls: gets the second style and the mix
 *
 * Returns: %FALSE with %PST_ERROR_ARGUMENT, or the error of
 *   helper_model_style()
 */
gboolean helper_model_mix (PstModel *model, const char *text,
                           PstControls *controls, GError **error);
