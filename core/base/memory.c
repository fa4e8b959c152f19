/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/base/memory.h"

#include <unistd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE_BLOCK ((gsize) 4 << 20)
#define HUGE_PAGE ((gsize) 2 << 20)

static _Thread_local int allocations_left = -1;

void
pst_memory_fail_after (int n_allocations)
{
  allocations_left = n_allocations;
}

static gsize
round_large (gsize bytes)
{
  return (bytes + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
}

/* A mapping whose start lies on a huge page: one page more is mapped and the
 * ends are cut off. */
static gpointer
map_large (gsize bytes)
{
  gsize    size = round_large (bytes);
  guint8  *start;
  gsize    head;

  if (size < bytes || size + HUGE_PAGE < size)
    return NULL;
  start = mmap (NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED)
    return NULL;
  head = (HUGE_PAGE - ((gsize) start & (HUGE_PAGE - 1))) & (HUGE_PAGE - 1);
  if (head)
    munmap (start, head);
  if (HUGE_PAGE - head)
    munmap (start + head + size, HUGE_PAGE - head);
  madvise (start + head, size, MADV_HUGEPAGE);
  return start + head;
}

gpointer
pst_memory_try_alloc (gsize bytes)
{
  void *block = NULL;

  g_return_val_if_fail (bytes > 0, NULL);

  if (allocations_left == 0)
    return NULL;
  if (allocations_left > 0)
    allocations_left--;

  if (bytes >= LARGE_BLOCK)
    return map_large (bytes);
  if (posix_memalign (&block, PST_MEMORY_ALIGN, pst_memory_align (bytes)))
    return NULL;
  return block;
}

typedef struct
{
  volatile guint8 *block;
  gsize            bytes;
} Touch;

static void
touch_part (gpointer data, gsize item, guint worker)
{
  const Touch *touch = data;
  gsize        end = MIN (touch->bytes, (item + 1) * HUGE_PAGE);

  for (gsize at = item * HUGE_PAGE; at < end; at += 4096)
    touch->block[at] = 0;
}

void
pst_memory_touch (gpointer block, gsize bytes, PstPool *pool)
{
  Touch touch = { block, bytes };

  pst_pool_run (pool, (bytes + HUGE_PAGE - 1) / HUGE_PAGE, touch_part,
                &touch);
}

void
pst_memory_free (gpointer block, gsize bytes)
{
  if (! block)
    return;
  if (bytes >= LARGE_BLOCK)
    munmap (block, round_large (bytes));
  else
    free (block);
}

static guint64
read_number (const char *path, const char *key, guint64 unit)
{
  g_autofree char *text = NULL;
  const char      *at;

  if (! g_file_get_contents (path, &text, NULL, NULL))
    return G_MAXUINT64;
  at = key ? strstr (text, key) : text;
  if (! at)
    return G_MAXUINT64;
  at += key ? strlen (key) : 0;
  while (*at == ' ' || *at == '\t')
    at++;
  if (! g_ascii_isdigit (*at)) /* "max" */
    return G_MAXUINT64;
  return g_ascii_strtoull (at, NULL, 10) * unit;
}

/* What one control group leaves: its limit less what its members hold, file
 * cache that can go not counted. */
static guint64
group_left (const char *folder)
{
  g_autofree char *limit_path = g_build_filename (folder, "memory.max", NULL);
  g_autofree char *use_path = g_build_filename (folder, "memory.current", NULL);
  g_autofree char *stat_path = g_build_filename (folder, "memory.stat", NULL);
  guint64          limit = read_number (limit_path, NULL, 1);
  guint64          use = read_number (use_path, NULL, 1);
  guint64          cache = read_number (stat_path, "\ninactive_file ", 1);

  if (limit == G_MAXUINT64 || use == G_MAXUINT64)
    return G_MAXUINT64;
  if (cache != G_MAXUINT64)
    use -= MIN (use, cache);
  return limit > use ? limit - use : 0;
}

static guint64
groups_left (void)
{
  g_autofree char *text = NULL;
  g_autofree char *folder = NULL;
  guint64          left = G_MAXUINT64;
  char            *line;

  if (! g_file_get_contents ("/proc/self/cgroup", &text, NULL, NULL))
    return left;
  line = strstr (text, "0::/");
  if (! line)
    return left;
  line += 3;
  line[strcspn (line, "\n")] = '\0';
  folder = g_build_filename ("/sys/fs/cgroup", line, NULL);
  while (g_str_has_prefix (folder, "/sys/fs/cgroup"))
    {
      char *parent;

      left = MIN (left, group_left (folder));
      parent = g_path_get_dirname (folder);
      g_free (folder);
      folder = parent;
    }
  return left;
}

guint64
pst_memory_available (void)
{
  return MIN (read_number ("/proc/meminfo", "MemAvailable:", 1024),
              groups_left ());
}

gsize
pst_memory_cache (void)
{
  static gsize bytes = 0; /* asking is slow on virtual machines */

  if (g_once_init_enter (&bytes))
    {
      long found = 0;

#ifdef _SC_LEVEL2_CACHE_SIZE
      found = sysconf (_SC_LEVEL2_CACHE_SIZE);
#endif
      g_once_init_leave (&bytes, found > 0
                                     ? CLAMP (found, 256 << 10, 2 << 20)
                                     : 1 << 20);
    }
  return bytes;
}
