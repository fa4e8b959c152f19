/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/host.h"
#include "core/train/recipe.h"

/**
 * PstDataset:
 *
 * The photos of a training. Which photo a sample takes depends on the seed
 * and the sample's number alone: each group of photos is drawn with its
 * share, and looked up in an order of its own shuffled anew for each round.
 * Decoded photos are kept in memory up to a limit.
 */
typedef struct _PstDataset PstDataset;

/* Returns: (element-type filename) (transfer full): the picture files that a
 * folder (searched to any depth), a pattern or a name stands for, sorted */
GPtrArray *pst_dataset_list (const char *path);

/* Told once for each file that is passed over. */
typedef void (*PstDatasetNote) (const char *text, gpointer data);

/**
 * pst_dataset_new:
 * @recipe: its photos, seed, smallest size and memory
 * @side: photos are shrunk to this shorter side when they are read
 * @host: reads pictures; must outlive the dataset
 *
 * Lists the files (folders are searched to any depth, patterns such as
 * "holiday/\*.jpg" expanded); none is opened yet.
 *
 * Returns: (transfer full) (nullable): %NULL with %PST_ERROR_FILE where a
 *   path leads to no picture
 */
PstDataset *pst_dataset_new (const PstRecipe *recipe, int side,
                             const PstTrainHost *host, PstDatasetNote note,
                             gpointer note_data, GError **error);
void        pst_dataset_free (PstDataset *dataset);
guint       pst_dataset_get_count (const PstDataset *dataset);
guint       pst_dataset_get_skipped (const PstDataset *dataset);

/**
 * pst_dataset_get:
 * @sample: the sample's number, from 0 over the whole training
 *
 * A file that cannot be used is passed over for the next one.
 *
 * Returns: (transfer none) (nullable): the photo, valid until the next call;
 *   %NULL with %PST_ERROR_FILE when no file of the group can be used
 */
const PstPicture *pst_dataset_get (PstDataset *dataset, guint64 sample,
                                   GError **error);

/* The @i-th photo of all in the order of their names, for sample sheets. */
const char *pst_dataset_get_path (const PstDataset *dataset, guint i);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstDataset, pst_dataset_free)
