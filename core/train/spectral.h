/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/networks.h"

/**
 * PstSpectral:
 * @raw: (element-type PstArray): what the optimiser changes, in the order of
 *   the network's weights; the network's own arrays where @left is %NULL
 * @names: (element-type utf8): of @raw
 * @left: (element-type PstArray): u [O] of each weight; %NULL for biases and
 *   where nothing is normalised
 * @right: (element-type PstArray): v [I k k]
 * @sigma: the largest singular value, as far as known
 *
 * Spectral normalisation (Miyato et al., "Spectral normalization for GANs",
 * 2018): the network runs with W / sigma (W), sigma = u^T W v, W taken as a
 * matrix [O, I k k], and u, v followed by one power iteration a step
 * (algorithm 1). As the normalised weights change only between steps they
 * are worked out there and not in the graph, which sees plain weights; the
 * gradient through sigma has a closed form.
 */
typedef struct
{
  PstNetwork *network;
  GPtrArray  *raw;
  GPtrArray  *names;
  GPtrArray  *left;
  GPtrArray  *right;
  double     *sigma;
} PstSpectral;

/* Takes over @network; its weights become W, and it runs with W / sigma, or,
 * where not @normalise, with W as they are. */
PstSpectral *pst_spectral_new (PstNetwork *network, gboolean normalise,
                               guint64 seed, guint64 index);
void         pst_spectral_free (PstSpectral *spectral);

/**
 * pst_spectral_gradient:
 * @i: which weight
 * @gradient: in: by the normalised weight; out: by the raw one; C order
 *
 * With G the first and <,> the sum of products,
 * dW = (G - <G, W / sigma> u v^T) / sigma (Miyato et al., eq. 12). Biases
 * stay as they are.
 */
void pst_spectral_gradient (const PstSpectral *spectral, guint i,
                            float *gradient);

/* After a change of the raw weights: one power iteration, then W / sigma. */
void pst_spectral_update (PstSpectral *spectral);
/* W / sigma with the vectors as they are (after reading them). */
void pst_spectral_apply (PstSpectral *spectral);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstSpectral, pst_spectral_free)
