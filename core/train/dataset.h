/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/host.h"
#include "core/train/recipe.h"
#include "core/train/sources.h"

/**
 * PstDataset:
 *
 * The photos of a training, and pictures made up for it. Which one a sample
 * takes depends on the seed and the sample's number alone: each group (those
 * of one path) is drawn with its share, and looked up in an order of its own
 * shuffled anew for each round. So there is nothing to save: a training that
 * goes on gets what it would have got.
 *
 * A group of four pictures or fewer is read at up to 2048 pixels, and a sample
 * gets a square piece of one, its side log-uniform from what the training asks
 * for to the whole height: a single open picture is seen from near and far.
 *
 * Decoded pictures are kept up to a limit: the recipe's, but at most a quarter
 * of the memory that is available, and never more than the pictures need. What
 * is not kept is read, or made up, again.
 */
typedef struct _PstDataset PstDataset;

typedef PstSourceNote PstDatasetNote;

/* As pst_sources_list() */
GPtrArray *pst_dataset_list (const char *path);

/**
 * pst_dataset_new:
 * @recipe: its photos, seed, smallest size and memory
 * @side: photos are shrunk to this shorter side when they are read
 * @host: reads pictures; must outlive the dataset
 * @note: (nullable): told of files that are passed over, and of what is taken
 *   where the recipe leaves it open
 *
 * Lists the files and drops copies within a group. Where the recipe leaves it
 * open, the user's folder of pictures is taken if it has %PST_DATASET_ENOUGH
 * usable ones, or else synthetic ones. Files are tried until one is found that
 * can be used.
 *
 * Returns: (transfer full) (nullable): %NULL with %PST_ERROR_FILE where a
 *   path leads to no picture or none can be used, %PST_ERROR_MEMORY
 */
PstDataset *pst_dataset_new (const PstRecipe *recipe, int side,
                             const PstTrainHost *host, PstDatasetNote note,
                             gpointer note_data, GError **error);
#define PST_DATASET_ENOUGH 50

/* As pst_dataset_new(), with another folder than the user's. */
PstDataset *pst_dataset_new_at (const PstRecipe *recipe, int side,
                                const char *pictures, const PstTrainHost *host,
                                PstDatasetNote note, gpointer note_data,
                                GError **error);
void        pst_dataset_free (PstDataset *dataset);
/* Pictures, synthetic ones included, copies not. */
guint       pst_dataset_get_count (const PstDataset *dataset);
/**
 * PstDatasetGroup:
 * @path: (nullable): what the recipe names, of single files the first; %NULL
 *   where they are made up
 * @n: pictures
 * @share: of all samples, 0 to 1
 */
typedef struct
{
  const char *path;
  guint       n;
  double      share;
} PstDatasetGroup;

/* FALSE where there is no group @i. */
gboolean    pst_dataset_get_group (const PstDataset *dataset, guint i,
                                   PstDatasetGroup *group);
/* Passed over so far, copies included. */
guint       pst_dataset_get_skipped (const PstDataset *dataset);
/* Most bytes of decoded pictures that are kept at a time. */
guint64     pst_dataset_get_memory (const PstDataset *dataset);
/* How many of those bytes are not in use yet. */
guint64     pst_dataset_get_room (const PstDataset *dataset);
/* Pictures read, or made up, so far for pst_dataset_get(), and the seconds
 * that took. */
void        pst_dataset_get_reading (const PstDataset *dataset, double *n,
                                     double *seconds);
/* Roughly how many will be for @samples more. */
double      pst_dataset_expect (const PstDataset *dataset, double samples);

/**
 * pst_dataset_get:
 * @sample: the sample's number, from 0 over the whole training
 *
 * A file that cannot be used is passed over for the next one, and a group
 * without a usable file for the next group.
 *
 * Returns: (transfer none) (nullable): the photo, valid until the next call;
 *   %NULL with %PST_ERROR_FILE when no file can be used (any more)
 */
const PstPicture *pst_dataset_get (PstDataset *dataset, guint64 sample,
                                   GError **error);

/**
 * pst_dataset_get_news:
 *
 * Returns: how many files have been passed over by pst_dataset_get() since
 *   the last call of pst_dataset_share()
 */
guint pst_dataset_get_news (const PstDataset *dataset);

/**
 * pst_dataset_share:
 *
 * What one of the host's processes has passed over, the others pass over too,
 * each telling of it. All of them call this at the same time.
 */
void pst_dataset_share (PstDataset *dataset);

/**
 * pst_dataset_load:
 * @i: which of all pictures, in the order of their groups and names
 * @side: their shorter side
 *
 * For sample sheets.
 *
 * Returns: (transfer full) (nullable): %NULL where it cannot be used
 */
PstPicture *pst_dataset_load (PstDataset *dataset, guint i, int side);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstDataset, pst_dataset_free)
