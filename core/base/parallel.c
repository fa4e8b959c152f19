/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/base/parallel.h"

#define MAX_WORKERS 256

struct _PstPool
{
  guint        n_workers;
  GThread    **threads; /* n_workers - 1 of them */
  GMutex       lock;
  GCond        start;
  GCond        finish;
  guint        generation; /* counts the loops; guarded by lock */
  guint        n_busy;     /* helpers still in the loop; guarded by lock */
  gboolean     quit;       /* guarded by lock */
  PstPoolFunc  func;
  gpointer     data;
  gsize         n_items;
  gsize         next; /* atomic */
  GCancellable *cancellable;
};

typedef struct
{
  PstPool *pool;
  guint    worker;
} Helper;

static void
work (PstPool *pool, guint worker)
{
  gsize item;

  while ((item = __atomic_fetch_add (&pool->next, 1, __ATOMIC_RELAXED)) <
         pool->n_items)
    {
      if (g_cancellable_is_cancelled (pool->cancellable))
        continue;
      pool->func (pool->data, item, worker);
    }
}

static gpointer
helper_main (gpointer data)
{
  Helper  *helper = data;
  PstPool *pool = helper->pool;
  guint    worker = helper->worker;
  guint    seen = 0;

  g_free (helper);
  g_mutex_lock (&pool->lock);
  for (;;)
    {
      while (pool->generation == seen && ! pool->quit)
        g_cond_wait (&pool->start, &pool->lock);
      if (pool->quit)
        break;
      seen = pool->generation;
      g_mutex_unlock (&pool->lock);
      work (pool, worker);
      g_mutex_lock (&pool->lock);
      if (--pool->n_busy == 0)
        g_cond_signal (&pool->finish);
    }
  g_mutex_unlock (&pool->lock);
  return NULL;
}

PstPool *
pst_pool_new (guint n_workers)
{
  PstPool *pool = g_new0 (PstPool, 1);

  if (n_workers == 0)
    n_workers = g_get_num_processors ();
  pool->n_workers = CLAMP (n_workers, 1, MAX_WORKERS);
  g_mutex_init (&pool->lock);
  g_cond_init (&pool->start);
  g_cond_init (&pool->finish);
  pool->threads = g_new0 (GThread *, pool->n_workers);
  for (guint i = 1; i < pool->n_workers; i++)
    {
      Helper *helper = g_new (Helper, 1);

      helper->pool = pool;
      helper->worker = i;
      pool->threads[i - 1] = g_thread_try_new ("pastiche", helper_main, helper,
                                               NULL);
      if (! pool->threads[i - 1]) /* fewer threads, the same result */
        {
          g_free (helper);
          pool->n_workers = i;
          break;
        }
    }
  return pool;
}

void
pst_pool_free (PstPool *pool)
{
  if (! pool)
    return;
  g_mutex_lock (&pool->lock);
  pool->quit = TRUE;
  g_cond_broadcast (&pool->start);
  g_mutex_unlock (&pool->lock);
  for (guint i = 1; i < pool->n_workers; i++)
    g_thread_join (pool->threads[i - 1]);
  g_free (pool->threads);
  g_mutex_clear (&pool->lock);
  g_cond_clear (&pool->start);
  g_cond_clear (&pool->finish);
  g_free (pool);
}

guint
pst_pool_get_size (const PstPool *pool)
{
  return pool ? pool->n_workers : 1;
}

void
pst_pool_set_cancellable (PstPool *pool, GCancellable *cancellable)
{
  if (pool)
    pool->cancellable = cancellable;
}

void
pst_pool_run (PstPool *pool, gsize n_items, PstPoolFunc func, gpointer data)
{
  if (! pool || pool->n_workers == 1 || n_items < 2)
    {
      GCancellable *cancellable = pool ? pool->cancellable : NULL;

      for (gsize i = 0; i < n_items; i++)
        if (! g_cancellable_is_cancelled (cancellable))
          func (data, i, 0);
      return;
    }

  g_mutex_lock (&pool->lock);
  pool->func = func;
  pool->data = data;
  pool->n_items = n_items;
  pool->next = 0;
  pool->n_busy = pool->n_workers - 1;
  pool->generation++;
  g_cond_broadcast (&pool->start);
  g_mutex_unlock (&pool->lock);

  work (pool, 0);

  g_mutex_lock (&pool->lock);
  while (pool->n_busy)
    g_cond_wait (&pool->finish, &pool->lock);
  g_mutex_unlock (&pool->lock);
}
