/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

/**
 * PstPool:
 *
 * A set of threads that share the items of one loop at a time. The caller of
 * pst_pool_run() works along as worker 0. Within this program it is the only
 * place that starts computing threads; OpenBLAS is held at one.
 *
 * A pool serves one loop at a time; loops are not nested.
 */
typedef struct _PstPool PstPool;

/**
 * PstPoolFunc:
 * @data: what was given to pst_pool_run()
 * @item: which item, from 0
 * @worker: which worker, from 0 to pst_pool_get_size() - 1; scratch space is
 *   kept per worker
 */
typedef void (*PstPoolFunc) (gpointer data, gsize item, guint worker);

/**
 * pst_pool_new:
 * @n_workers: 1 to 256, or 0 for one per core this process may use
 *
 * Returns: (transfer full): a pool; free with pst_pool_free()
 */
PstPool *pst_pool_new (guint n_workers);
void     pst_pool_free (PstPool *pool);
guint    pst_pool_get_size (const PstPool *pool);

/**
 * pst_pool_run:
 * @pool: (nullable): a pool; %NULL runs all items here, in order
 * @n_items: number of items
 * @func: called once for each item, in any order and from any worker
 * @data: passed to @func
 *
 * Returns when all items are done. What @func computes must not depend on
 * the worker, so that results are the same for any number of threads.
 */
void pst_pool_run (PstPool *pool, gsize n_items, PstPoolFunc func,
                   gpointer data);

/**
 * pst_pool_set_cancellable:
 * @cancellable: (nullable): not owned; must outlive its use here
 *
 * Once @cancellable is cancelled, items not yet begun are left out: what a
 * loop was to compute is then undefined, and whoever runs it gives up.
 */
void pst_pool_set_cancellable (PstPool *pool, GCancellable *cancellable);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstPool, pst_pool_free)
