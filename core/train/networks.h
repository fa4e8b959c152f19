/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/graph.h"
#include "core/train/random.h"
#include "core/train/recipe.h"

/* A shape for one call. */
#define PST_SHAPE_OF(...) ((const PstShape[]) { PST_SHAPE (__VA_ARGS__) })

/**
 * PstNetwork:
 * @graph: sealed
 * @weights: (element-type PstArray): what training changes; the same arrays
 *   that are the graph's parameters
 * @names: (element-type utf8): of @weights, as in @graph
 *
 * A network in training: its graph shares the arrays with every other graph
 * it is appended to, so that changing them changes all.
 */
typedef struct
{
  PstGraph  *graph;
  GPtrArray *weights;
  GPtrArray *names;
} PstNetwork;

/**
 * pst_network_generator:
 * @width: channels of the first layer (a)
 * @blocks: residual blocks
 * @n_styles: columns of `style`, the identity among them
 * @epsilon: of the instance norms
 * @skip: with %PST_SKIP_LOGIT the photo's logits, clipped to 0.02 … 0.98,
 *   are added before the sigmoid in the share of column 0: instance norms
 *   lose a photo's mean colour and contrast, so the identity could not be
 *   learnt otherwise
 * @seed: of the first weights
 *
 * The transform network: conv 7x7 a, 3x3 /2 2a, 3x3 /2 4a, residual blocks,
 * twice nearest upsampling x2 + conv 3x3, conv 7x7 to RGB, sigmoid; reflect
 * padding throughout (Johnson et al., "Perceptual losses", 2016,
 * supplementary; Odena et al., "Deconvolution and checkerboard artifacts",
 * 2016), with conditional instance normalisation (Dumoulin et al., "A learned
 * representation for artistic style", 2017, eq. 5).
 *
 * Inputs `image` [N,3,H,W] and `style` [N,S], output `pastiche` [N,3,H,W].
 * Weights are drawn as in PyTorch's Conv2d: uniform within
 * 1/sqrt (inputs of one output).
 *
 * Returns: (transfer full): the network
 */
PstNetwork *pst_network_generator (int width, int blocks, int n_styles,
                                   double epsilon, PstSkip skip,
                                   guint64 seed);

/**
 * pst_network_encoder:
 * @generator: what pst_network_generator() made of the other arguments
 *
 * The generator's layers before its residual blocks, with the very weights.
 * Inputs `image` [N,3,H,W] and `style` [N,S], output `encoder` [N,4a,H/4,W/4].
 *
 * Returns: (transfer full): a network that shares @generator's arrays
 */
PstNetwork *pst_network_encoder (const PstNetwork *generator, int width,
                                 int n_styles, double epsilon);

/**
 * pst_network_discriminator:
 * @shape: layers
 * @n_styles: outputs, one for each column
 *
 * A patch discriminator (Isola et al., "Image-to-image translation", 2017,
 * section 3.2.2) of 4x4 convolutions without padding and leaky ReLU 0.2, with
 * an output for each style. Input `picture` [N,3,H,W], 0 to 1, output
 * `logits` [N,S,h,w]. The input is brought to -1 … 1 and the output
 * multiplied by the shape's gain: under spectral normalisation the network
 * could not tell enough otherwise. Pooling is left to the caller.
 */
PstNetwork *pst_network_discriminator (const PstRecipeDiscriminator *shape,
                                       int n_styles, guint64 seed,
                                       guint64 index);

/* The smallest side of a picture that gives one logit. */
int pst_network_patch (const PstRecipeDiscriminator *shape);

/* Whether weight @i is a table of scales or shifts: a row for each style. */
gboolean pst_network_is_table (const PstNetwork *network, guint i);
/* Whether @train has weight @i trained. */
gboolean pst_network_trains (const PstNetwork *network, guint i,
                             PstTrain train);

void pst_network_free (PstNetwork *network);

/* Adds the values of @graph that hold the weights to @values, in their
 * order. */
void pst_network_find_weights (const PstNetwork *network, PstGraph *graph,
                               GPtrArray *values);

/* Copies the numbers of all weights from a network of the same layout. */
void pst_network_copy (PstNetwork *to, const PstNetwork *from);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstNetwork, pst_network_free)
