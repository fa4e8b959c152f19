/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/networks.h"
#include "core/train/recipe.h"
#include "core/train/sources.h"

/**
 * PstStart:
 *
 * A style model that a training starts from instead of from chance.
 */
typedef struct _PstStart PstStart;

/**
 * pst_start_load:
 * @path: a model that pst_export_model() wrote, with a `style` input
 *
 * Returns: (transfer full) (nullable): %NULL with %PST_ERROR_FILE or
 *   %PST_ERROR_FORMAT; %PST_ERROR_UNSUPPORTED where the file is another
 *   program's or its network is not laid out as pst_network_generator()'s
 */
PstStart *pst_start_load (const char *path, GError **error);
void      pst_start_free (PstStart *start);

/**
 * pst_start_settle:
 * @recipe: gets what the model at its `from` brings
 * @note: (nullable): told of styles that are left out
 *
 * Does nothing where the recipe has no `from` or was settled before.
 *
 * The recipe takes over the network's layout, and the grain and licence where
 * it has none. A style begins as the one that its `begin` names, or whose id it
 * has. The model's other styles are kept as they are, after the recipe's own, where
 * `keep-styles` wants them and no phase trains all weights, which would change
 * what they look like.
 *
 * Returns: %FALSE with the errors of pst_start_load()
 */
gboolean pst_start_settle (PstRecipe *recipe, PstSourceNote note,
                           gpointer data, GError **error);

/**
 * pst_start_fill:
 * @recipe: settled
 * @generator: of its layout and styles
 *
 * Sets all weights: those of the model, the identity's and the kept styles'
 * rows bit for bit as they are there; a new style begins as the mean of the
 * model's styles, the identity left out.
 */
void pst_start_fill (const PstRecipe *recipe, PstNetwork *generator);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstStart, pst_start_free)
