/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/tensor.h"
#include "core/train/random.h"

/**
 * PstReplay:
 * @size: pictures kept of each style
 * @side: of the pictures, in pixels; 0 before pst_replay_reserve()
 * @pictures: (element-type PstArray): by column - 1: [@size,@side,@side,3]
 * @counts: how many of them there are yet
 *
 * Generated pictures of earlier steps, which the discriminators are shown
 * again so that they don't forget what the generator has given up (Shrivastava
 * et al., "Learning from simulated and unsupervised images", 2017, section
 * 2.3), one at a time as in Zhu et al., "Unpaired image-to-image translation",
 * 2017, section 4.
 */
typedef struct
{
  int        size;
  int        n_styles;
  int        side;
  GPtrArray *pictures;
  int       *counts;
} PstReplay;

PstReplay *pst_replay_new (int n_styles, int size);
void       pst_replay_free (PstReplay *replay);

/**
 * pst_replay_reserve:
 * @side: of the pictures to come
 *
 * Takes the memory. A pool of pictures of another size is emptied.
 *
 * Returns: %FALSE with %PST_ERROR_MEMORY
 */
gboolean pst_replay_reserve (PstReplay *replay, int side, GError **error);
gsize    pst_replay_get_memory (const PstReplay *replay);
void     pst_replay_clear (PstReplay *replay);

/**
 * pst_replay_swap:
 * @column: the style's, from 1
 * @picture: side x side pixels R, G, B
 *
 * While the style's pool is filling up, a copy of @picture is put in. From
 * then on, in every second case by chance, @picture and one of the pool
 * change places.
 */
void pst_replay_swap (PstReplay *replay, int column, PstRandom *random,
                      float *picture);

/**
 * pst_replay_read:
 * @from: [size,side,side,3] of a pool that was written
 * @count: how many of them there were
 *
 * Takes over pictures of a style, as many as there is room for.
 *
 * Returns: %FALSE with %PST_ERROR_FORMAT or %PST_ERROR_MEMORY
 */
gboolean pst_replay_read (PstReplay *replay, int column, const PstArray *from,
                          gint64 count, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstReplay, pst_replay_free)
