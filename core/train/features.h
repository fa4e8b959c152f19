/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/base/parallel.h"
#include "core/graph/graph.h"
#include "core/train/picture.h"
#include "core/train/recipe.h"

/**
 * PstFeatures:
 * @graph: sealed; input a picture [N,3,H,W], RGB 0 to 1; its outputs are the
 *   wanted layers in the order they were asked for, content before style
 * @n_content: layers of the content loss
 * @n_style: layers of the style loss
 *
 * A network whose maps the losses compare, read from an ONNX file and cut
 * down to the layers in use.
 */
typedef struct
{
  PstGraph *graph;
  int       n_content;
  int       n_style;
  PstStyleForm form;
} PstFeatures;

/**
 * pst_features_find:
 * @path: (nullable): of a feature network; %NULL for the one that comes with
 *   Pastiche
 *
 * Returns: (transfer full) (nullable): the path of the file, or %NULL with
 *   %PST_ERROR_FILE where it is missing
 */
char *pst_features_find (const char *path, GError **error);

/**
 * pst_features_new:
 * @network: (nullable): a network with one input, a picture; %NULL for the
 *   layers of pst_picture_layer() alone
 * @recipe: names the layers: the network's outputs or inner values, or those
 *   of pst_picture_layer()
 *
 * Returns: (transfer full) (nullable): %NULL with %PST_ERROR_ARGUMENT where a
 *   layer does not exist (the text lists the network's outputs)
 */
PstFeatures *pst_features_new (PstGraph *network, const PstRecipe *recipe,
                               GError **error);
void         pst_features_free (PstFeatures *features);

/**
 * pst_features_moments:
 * @pictures: (element-type PstPicture): pictures of one style
 *
 * Returns: (transfer full) (nullable) (element-type PstArray): for each style
 *   layer what pst_style_moments() gives, the mean over the pictures: [C,C],
 *   and after it [C] where the form has means
 */
GPtrArray *pst_features_moments (PstFeatures *features, GPtrArray *pictures,
                                 PstPool *pool, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstFeatures, pst_features_free)
