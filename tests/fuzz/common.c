/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
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

/* GLib ends the process by a breakpoint, after which libFuzzer does not tell
 * the input. */
static GLogWriterOutput
write_and_end (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
               gpointer data)
{
  g_log_writer_standard_streams (level, fields, n_fields, data);
  if (level & (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING))
    abort ();
  return G_LOG_WRITER_HANDLED;
}

void
fuzz_init (void)
{
  g_log_set_writer_func (write_and_end, NULL, NULL);
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
