/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/cache.h"

struct _PstCache
{
  gatomicrefcount ref_count;
  GMutex          mutex;
  GHashTable     *models; /* path: PstModel */
};

PstCache *
pst_cache_new (void)
{
  PstCache *cache = g_new0 (PstCache, 1);

  g_atomic_ref_count_init (&cache->ref_count);
  g_mutex_init (&cache->mutex);
  cache->models = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                         (GDestroyNotify) pst_model_unref);
  return cache;
}

PstCache *
pst_cache_ref (PstCache *cache)
{
  g_atomic_ref_count_inc (&cache->ref_count);
  return cache;
}

void
pst_cache_unref (PstCache *cache)
{
  if (!g_atomic_ref_count_dec (&cache->ref_count))
    return;
  g_hash_table_unref (cache->models);
  g_mutex_clear (&cache->mutex);
  g_free (cache);
}

PstModel *
pst_cache_load (PstCache *cache, const char *path, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&cache->mutex);
  PstModel *model = g_hash_table_lookup (cache->models, path);

  if (model == NULL)
    {
      model = pst_model_load (path, error);
      if (model == NULL)
        return NULL;
      g_hash_table_insert (cache->models, g_strdup (path), model);
    }
  return pst_model_ref (model);
}
