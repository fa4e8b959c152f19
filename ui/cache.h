/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/pst.h"

/**
 * PstCache:
 *
 * The models loaded so far, by file: turning a knob must not read a network
 * again. May be shared by threads.
 */
typedef struct _PstCache PstCache;

PstCache *pst_cache_new (void);
PstCache *pst_cache_ref (PstCache *cache);
void      pst_cache_unref (PstCache *cache);

/**
 * pst_cache_load:
 * @path: a model's file
 *
 * Returns: (transfer full) (nullable): the model, read now where it was not
 *   before, or %NULL with the errors of pst_model_load()
 */
PstModel *pst_cache_load (PstCache *cache, const char *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstCache, pst_cache_unref)
