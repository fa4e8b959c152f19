/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/pst.h"

/* The words of `pastiche train --style`. */
typedef struct
{
  char   **pictures;
  char    *title;
  char    *credit;
  char    *from;
  char    *features;
  gboolean keep;
} QuickWords;

void quick_words_clear (QuickWords *words);

/* Whether any of them was given. */
gboolean quick_words_any (const QuickWords *words);

/* The recipe that they stand for. @more: (nullable): further pictures;
 * @photos: (nullable): a folder; @plain: without networks */
PstRecipe *quick_words_recipe (const QuickWords *words, char **more,
                               const char *photos, gboolean plain,
                               GError **error);

/* Where a finished model has to be for GIMP to list it. */
void quick_tell_folder (const char *out);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuickWords, quick_words_clear)
