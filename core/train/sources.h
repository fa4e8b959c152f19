/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/host.h"

/* Which files a recipe's paths stand for. */

/* Told in a sentence of what a person should know, such as a file that is
 * passed over. */
typedef void (*PstSourceNote) (const char *text, gpointer data);

/**
 * pst_sources_list:
 * @path: a folder (searched to any depth, without hidden files), a pattern
 *   such as "holiday/\*.jpg", a picture, or a list: a file that ends in ".txt"
 *   with a path a line, relative to the list's own folder; empty lines and
 *   those that begin with "#" don't count
 *
 * None of the pictures is opened. In folders and patterns, names are sorted.
 *
 * Returns: (element-type filename) (transfer full): the picture files
 */
GPtrArray *pst_sources_list (const char *path);

/**
 * pst_sources_drop_copies:
 * @paths: (element-type filename): the first of equal ones stays
 *
 * Takes out files that are there twice: by name, by link, or as copies with
 * the same content (read only where the sizes are the same).
 *
 * Returns: how many were taken out
 */
guint pst_sources_drop_copies (GPtrArray *paths, PstSourceNote note,
                               gpointer data);

/**
 * pst_sources_find_pictures:
 * @folder: (nullable): the user's folder of pictures
 * @side: smallest usable shorter side in pixels
 * @enough: how many usable pictures make a training
 *
 * Tries pictures spread over the folder until enough are found to be usable
 * or four times as many have been tried. The home folder itself is never
 * searched.
 *
 * Returns: whether there are enough
 */
gboolean pst_sources_find_pictures (const char *folder, int side, guint enough,
                                    const PstTrainHost *host);

/* Fails with %PST_ERROR_FORMAT and a reason that names both sizes where the
 * shorter side is less than @least. */
gboolean pst_sources_check_size (const PstPicture *picture, int least,
                                 GError **error);
