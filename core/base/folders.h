/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* Names the folders of models in place of the usual ones, ':' between. */
#define PST_MODELS_VARIABLE "PASTICHE_MODELS"

/**
 * pst_folders_models:
 *
 * Where models are looked for, first come first: in the folders that the
 * environment variable PASTICHE_MODELS names, else in the user's data folder
 * (pastiche/models in it), in `models` beside the running program or beside
 * its parent folder, and in the folder of the installation.
 *
 * Returns: (transfer full) (element-type filename): folders, each once; they
 *   need not exist
 */
GPtrArray *pst_folders_models (void);

/* The feature network that comes with Pastiche. */
#define PST_FEATURES_FILE "features.onnx"

/**
 * pst_folders_find_model:
 * @name: of a file that comes with Pastiche, such as %PST_FEATURES_FILE
 *
 * Returns: (transfer full) (nullable): the path of the first one, or %NULL
 *   with %PST_ERROR_FILE
 */
char *pst_folders_find_model (const char *name, GError **error);

/* All of them in one line, for a message; transfer full */
char *pst_folders_describe (GPtrArray *folders);
