/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/tensor.h"
#include "core/train/ranks.h"
#include "core/train/recipe.h"

/**
 * pst_balance_success:
 * @judged: logits of the pictures' own styles, [2N,h,w]: real pictures
 *   first, then generated ones
 * @columns: of the N pairs; those of column 0 don't count
 * @ranks: (nullable): their pairs are counted together
 *
 * How well a discriminator tells the two apart: the share of its patches,
 * half of them of either kind, that it is right about. It takes for real what
 * lies above 0 with hinge and BCE, above 1/2 with LSGAN; a WGAN critic knows
 * no such line, so that the middle between the means of both kinds is taken.
 *
 * Returns: 0 to 1, 0.5 for guessing; NaN where no pair counts
 */
double pst_balance_success (PstAdversarialForm form, const PstTensor *judged,
                            const int *columns, const PstRanks *ranks);

/**
 * pst_balance_factor:
 * @success: a running average
 *
 * The factor of a discriminator's rate: with %PST_BALANCE_SKIP 0 where it is
 * more often right than `balance-target` (Sanakoyeu et al., "A style-aware
 * content loss", 2018, train it by such an average), with %PST_BALANCE_SCALE
 * falling from 1 there to 0 for one that is always right.
 */
double pst_balance_factor (const PstRecipe *recipe, double success);
