/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/style/model.h"

/**
 * PstLibrary:
 *
 * The styles found in the model folders. Only metadata are read.
 */
typedef struct _PstLibrary PstLibrary;

/**
 * pst_library_new:
 * @folders: (nullable): folders to look in, first come first; %NULL for those
 *   of pst_folders_models()
 *
 * A file that cannot be read is passed over with a g_message(), one that holds
 * no style (a feature network, a checkpoint) without a word. Of two styles with
 * one id the first found counts.
 *
 * Returns: (transfer full): the library, empty where there is nothing
 */
PstLibrary *pst_library_new (const char *const *folders);
void        pst_library_free (PstLibrary *library);
/* (element-type PstStyle) (transfer none): folder by folder, file by file in
 * the order of their names, and in a file as its maker arranged them */
GPtrArray  *pst_library_get_styles (PstLibrary *library);

/**
 * pst_library_find:
 * @id: a style's id; case does not matter
 *
 * Returns: (transfer none) (nullable): the style, or %NULL with
 *   %PST_ERROR_STYLE and a text that names the closest ids or, when there is
 *   no style at all, the folders looked in
 */
const PstStyle *pst_library_find (PstLibrary *library, const char *id,
                                  GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstLibrary, pst_library_free)
