/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/style/model-private.h"

/**
 * pst_foreign_take:
 * @graph: a network without our metadata
 * @path: for messages
 * @facts: (out): inputs, sizes and step of it
 * @reason: (out) (transfer full) (nullable): why it works at one size only
 *
 * Returns: (transfer full) (nullable): the network as it is to be used: of
 *   pictures of [1, 3, H, W], of any size where possible
 */
PstGraph *pst_foreign_take (PstGraph *graph, const char *path,
                            PstModelFacts *facts, char **reason,
                            GError **error);

/**
 * pst_foreign_examine:
 * @graph: the network as it is in its file
 * @usable: what pst_foreign_take() made of it
 * @hints: what is known already
 * @path: for messages
 * @facts: (inout): gets range and order of colours
 *
 * Works out what a foreign network takes, as pst_model_load_with() describes.
 * May run it once on a small test picture.
 */
gboolean  pst_foreign_examine (PstGraph *graph, PstGraph *usable,
                               const PstModelHints *hints, const char *path,
                               PstModelFacts *facts, GError **error);

/* Makes a sentence for people of an error that a foreign network's plan
 * gave: with the file, and what to do. */
void      pst_foreign_explain (const char *path, GError **error);
