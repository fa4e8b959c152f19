/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/base/parallel.h"
#include "core/graph/graph.h"
#include "core/train/features.h"

/**
 * PstViewer:
 *
 * A feature network to look at pictures with.
 */
typedef struct _PstViewer PstViewer;

/**
 * PstView:
 * @n_layers: of the style
 * @channels: of each
 * @gram: [C,C] of each: Gram matrices, means over the places
 * @covariance: [C,C] of each
 * @mean: [C] of each
 * @content: (element-type PstArray): maps of the content layers
 *
 * What a feature network sees in a picture, or, without content, in several.
 */
typedef struct
{
  int        n_layers;
  int        channels[PST_MAX_LAYERS];
  double    *gram[PST_MAX_LAYERS];
  double    *covariance[PST_MAX_LAYERS];
  double    *mean[PST_MAX_LAYERS];
  GPtrArray *content;
} PstView;

/**
 * pst_viewer_new:
 * @network: as for pst_features_new()
 * @content: (nullable): %NULL-terminated names of content layers
 * @style: %NULL-terminated names of style layers
 * @pool: (nullable): must outlive the viewer
 *
 * Returns: (transfer full) (nullable): %NULL with the errors of
 *   pst_features_new()
 */
PstViewer *pst_viewer_new (PstGraph *network, const char *const *content,
                           const char *const *style, PstPool *pool,
                           GError **error);
void       pst_viewer_free (PstViewer *viewer);

/* Returns: (transfer full) (nullable): %NULL with the planner's errors */
PstView *pst_viewer_look (PstViewer *viewer, const PstPicture *picture,
                          GError **error);
/* The means over @pictures (element-type PstPicture), without content. */
PstView *pst_viewer_look_at_all (PstViewer *viewer, GPtrArray *pictures,
                                 GError **error);
void     pst_view_free (PstView *view);

/**
 * pst_view_gram_distance:
 *
 * Gatys et al., "Image style transfer using convolutional neural networks",
 * 2016, eq. 4 and 5 with equal weights, the matrices being means over the
 * places, so that pictures may differ in size: the mean over the layers of
 * |G - A|² / (4 C²). It depends on how large the network's numbers are.
 */
double pst_view_gram_distance (const PstView *view, const PstView *style);

/**
 * pst_view_moments_distance:
 *
 * The mean over the layers of what pst_loss_style() gives with covariances:
 * half of |C - T|² / |T|² + |m - t|² / |t|². Relative, so that styles and
 * networks can be compared.
 */
double pst_view_moments_distance (const PstView *view, const PstView *style);

/* The mean over the content layers of pst_loss_content(), squared. */
double pst_view_content_distance (const PstView *view, const PstView *photo);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstViewer, pst_viewer_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstView, pst_view_free)
