/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/host.h"
#include "core/train/recipe.h"
#include "core/train/sources.h"

#define PST_PAINTINGS_LEAST 64 /* pixels of the shorter side */

/**
 * pst_paintings_settle:
 * @recipe: the pictures of each style become the files to be used, each once
 * @host: reads pictures
 * @note: (nullable): told of pictures that are passed over or too small for
 *   their style's size
 *
 * Finds out which pictures of the styles can be used: a style is learned from
 * one painting, from several, or from a folder of them, in which each weighs
 * the same. What is damaged, a copy, or below %PST_PAINTINGS_LEAST is passed
 * over. All of a training's pictures are kept in memory; where they would take
 * more than 512 MB, each style keeps an even selection. To be called before
 * pst_trainer_new().
 *
 * Returns: %FALSE with %PST_ERROR_FILE where a style has no picture that can
 *   be used
 */
gboolean pst_paintings_settle (PstRecipe *recipe, const PstTrainHost *host,
                               PstSourceNote note, gpointer data,
                               GError **error);
