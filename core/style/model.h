/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/**
 * PstStyle:
 * @id: "starry-night"; lower-case ASCII, unique in a model
 * @title: "The Starry Night"
 * @credit: "Vincent van Gogh, 1889"
 * @licence: "CC BY 4.0"
 * @column: which column of the model's `style` input; -1 where the model has
 *   one style and no such input
 * @thumbnail: (nullable): a small JPEG or PNG picture
 * @path: the model's file
 *
 * One style as it is written in a model's metadata.
 */
typedef struct
{
  char   *id;
  char   *title;
  char   *credit;
  char   *licence;
  int     column;
  GBytes *thumbnail;
  char   *path;
} PstStyle;

/**
 * PstModel:
 *
 * A loaded, sealed network with its styles. May be shared by threads.
 */
typedef struct _PstModel PstModel;

/**
 * pst_model_load:
 * @path: an ONNX file: ours, or a foreign one whose input and output are
 *   pictures
 *
 * Returns: (transfer full) (nullable): the model, or %NULL with an error that
 *   says what is wrong with the file
 */
PstModel  *pst_model_load (const char *path, GError **error);
PstModel  *pst_model_ref (PstModel *model);
void       pst_model_unref (PstModel *model);
const char *pst_model_get_title (PstModel *model);
const char *pst_model_get_path (PstModel *model);
/* (element-type PstStyle) (transfer none): without the identity style */
GPtrArray *pst_model_get_styles (PstModel *model);
/* (nullable) (transfer none): by id */
const PstStyle *pst_model_find_style (PstModel *model, const char *id);
/* (nullable): any metadata text, such as "recipe" */
const char *pst_model_get_metadata (PstModel *model, const char *key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstModel, pst_model_unref)
