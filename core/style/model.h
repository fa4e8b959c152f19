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

PstStyle *pst_style_copy (const PstStyle *style);
void      pst_style_free (PstStyle *style);

typedef enum
{
  PST_RANGE_UNKNOWN,
  PST_RANGE_1,      /* black is 0, white is 1 */
  PST_RANGE_255,    /* black is 0, white is 255 */
  PST_RANGE_SIGNED, /* black is -1, white is 1 */
} PstRange;

typedef enum
{
  PST_ORDER_UNKNOWN,
  PST_ORDER_RGB,
  PST_ORDER_BGR,
} PstOrder;

/**
 * PstModelHints:
 * @range: the numbers that a foreign network's pictures are made of
 * @order: the order of its channels
 *
 * What a person knows of a foreign model. What is known here is not worked
 * out.
 */
typedef struct
{
  PstRange range;
  PstOrder order;
} PstModelHints;

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
/**
 * pst_model_load_with:
 * @hints: (nullable): for a foreign model
 *
 * As pst_model_load(). A foreign model, one without our metadata, must have
 * one input that takes a picture ([N, 3, H, W], or [N, H, W, 3]) and one
 * output of the same size. What else has to be known is worked out:
 *
 * - Fixed sizes: as the input declares them, where the network cannot be made
 *   to work at others; see pst_rewrite_relax().
 * - Channel order: from the metadata property Image.BitmapPixelFormat, or the
 *   order in which the means of ImageNet's channels are subtracted first.
 * - Range: from the size of those means where there are any, else from the
 *   numbers that the network makes of a test picture: a style network gives
 *   back the range that it takes.
 *
 * Nothing is assumed: where it cannot be known the error says so, and what to
 * state.
 */
PstModel  *pst_model_load_with (const char *path, const PstModelHints *hints,
                                GError **error);
/* %TRUE for a model without our metadata; it has one style with the id
 * "style", named after the file. */
gboolean   pst_model_is_foreign (PstModel *model);
/* Transfer full: what the network takes, in one line, such as "RGB, 0 to 255"
 * or "RGB, 0 to 255, 256 × 256 pixels only (why)"; for people. */
char      *pst_model_describe (PstModel *model);
PstModel  *pst_model_ref (PstModel *model);
void       pst_model_unref (PstModel *model);
const char *pst_model_get_title (PstModel *model);
const char *pst_model_get_path (PstModel *model);
/* (element-type PstStyle) (transfer none): without the identity style */
GPtrArray *pst_model_get_styles (PstModel *model);
/* (nullable) (transfer none): by id */
const PstStyle *pst_model_find_style (PstModel *model, const char *id);
/* (nullable): any metadata text by its key, such as "pastiche.recipe" (the
 * keys are in core/style/metadata.h) */
const char *pst_model_get_metadata (PstModel *model, const char *key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstStyle, pst_style_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstModel, pst_model_unref)
