/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/style/model-private.h"

/**
 * pst_foreign_examine:
 * @graph: a network without our metadata
 * @hints: what is known already
 * @path: for messages
 * @facts: (out): what was found
 * @reason: (out) (transfer full) (nullable): why it works at one size only
 *
 * Works out what a foreign network takes, as pst_model_load_with() describes.
 * May run it once on a small test picture.
 *
 * Returns: (transfer full) (nullable): the network as it is to be used: of
 *   pictures of [1, 3, H, W], of any size where possible
 */
PstGraph *pst_foreign_examine (PstGraph *graph, const PstModelHints *hints,
                               const char *path, PstModelFacts *facts,
                               char **reason, GError **error);
