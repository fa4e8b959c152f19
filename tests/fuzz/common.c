/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "core/base/memory.h"

/* The linker puts this in the place of pst_memory_available() (--wrap): the
 * same answer everywhere, and no five files of /proc for each input. */
guint64 __wrap_pst_memory_available (void);

guint64
__wrap_pst_memory_available (void)
{
  return FUZZ_MEMORY;
}

void
fuzz_init (void)
{
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL |
                          G_LOG_LEVEL_WARNING);
}

const char *
fuzz_file (const guint8 *data, gsize size)
{
  static int   fd = -1;
  static char *path;

  if (fd < 0)
    {
      fd = memfd_create ("fuzz", MFD_CLOEXEC);
      g_assert_cmpint (fd, >=, 0);
      path = g_strdup_printf ("/proc/self/fd/%d", fd);
    }
  g_assert_cmpint (ftruncate (fd, 0), ==, 0);
  g_assert_cmpint (pwrite (fd, data, size, 0), ==, (gssize) size);
  return path;
}
