/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/base/parallel.h"

/* Every block starts on a cache line and may be read as full vectors. */
#define PST_MEMORY_ALIGN 64

/**
 * pst_memory_align:
 * @bytes: a size
 *
 * Returns: @bytes rounded up to a multiple of %PST_MEMORY_ALIGN
 */
static inline gsize
pst_memory_align (gsize bytes)
{
  return (bytes + PST_MEMORY_ALIGN - 1) & ~(gsize) (PST_MEMORY_ALIGN - 1);
}

/**
 * pst_memory_try_alloc:
 * @bytes: how many, not 0
 *
 * Allocates without ending the process when there is no memory. Large blocks
 * come from the system in huge pages where it grants them and go back to it
 * when freed. The content is undefined.
 *
 * Returns: (nullable) (transfer full): the block, or %NULL; free it with
 *   pst_memory_free() and the same size
 */
gpointer pst_memory_try_alloc (gsize bytes);
void     pst_memory_free (gpointer block, gsize bytes);

/* Touches every page of a fresh block, so that the system has to grant it now;
 * large blocks with the help of @pool (nullable). The content stays undefined.
 */
void pst_memory_touch (gpointer block, gsize bytes, PstPool *pool);

/**
 * pst_memory_available:
 *
 * Memory that the process can take now without swapping: the kernel's
 * MemAvailable, lowered to what the control groups above the process leave.
 *
 * Returns: bytes; %G_MAXUINT64 where the system does not tell
 */
guint64 pst_memory_available (void);

/* Bytes of the processor's second-level cache, one core's part; a middling
 * guess where the system does not tell. */
gsize pst_memory_cache (void);

/**
 * pst_memory_fail_after:
 * @n_allocations: how many more pst_memory_try_alloc() succeed in this
 *   thread, or -1 for no limit
 *
 * For tests: the sweep that lets every allocation fail once.
 */
void pst_memory_fail_after (int n_allocations);
