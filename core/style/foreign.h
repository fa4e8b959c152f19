/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/style/model-private.h"

/**
 * pst_foreign_examine:
 * @graph: a network without our metadata
 * @hints: what is known already
 * @path: for messages
 * @facts: (out): what was found
 * @free: (out) (transfer full) (nullable): the network made to work at any
 *   size, where it declares one and can do without
 * @reason: (out) (transfer full) (nullable): why it works at its size only
 *
 * Works out what a foreign network takes, as pst_model_load_with() describes.
 * May run it once on a small test picture.
 */
gboolean pst_foreign_examine (PstGraph *graph, const PstModelHints *hints,
                              const char *path, PstModelFacts *facts,
                              PstGraph **free, char **reason, GError **error);
