/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/onnx/onnx-private.h"

/* One read call moves at most this much. */
#define STEP ((gsize) 64 << 20)

void
pst_onnx_file_prefix (const char *path, GError **error)
{
  g_autofree char *name = g_filename_display_basename (path);

  /* Translators: a file's name before what is wrong with it, as in
   * “candy.onnx” is damaged. */
  g_prefix_error (error, _("“%s” "), name);
}

int
pst_onnx_file_open (const char *path, gsize *size, GError **error)
{
  struct stat info;
  /* Opening a pipe must not wait for somebody to write into it. */
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);

  if (fd < 0 || fstat (fd, &info) < 0)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FILE, _("cannot be read: %s"),
                   g_strerror (errno));
      if (fd >= 0)
        close (fd);
      return -1;
    }
  if (! S_ISREG (info.st_mode))
    g_set_error_literal (error, PST_ERROR, PST_ERROR_FILE,
                         _("is not a file"));
  else if (info.st_size == 0)
    g_set_error_literal (error, PST_ERROR, PST_ERROR_FORMAT, _("is empty"));
  else if ((guint64) info.st_size > PST_ONNX_MAX_BYTES)
    g_set_error (error, PST_ERROR, PST_ERROR_UNSUPPORTED,
                 _("is too large: Pastiche reads models of up to %u MB"),
                 (guint) (PST_ONNX_MAX_BYTES >> 20));
  else
    {
      *size = info.st_size;
      return fd;
    }
  close (fd);
  return -1;
}

gssize
pst_onnx_file_read (int fd, guint8 *to, gsize size, gsize offset,
                    GError **error)
{
  gsize done = 0;

  while (done < size)
    {
      gssize n = pread (fd, to + done, MIN (size - done, STEP),
                        (off_t) (offset + done));

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          g_set_error (error, PST_ERROR, PST_ERROR_FILE,
                       _("cannot be read: %s"), g_strerror (errno));
          return -1;
        }
      if (n == 0)
        break;
      done += n;
    }
  return done;
}

GBytes *
pst_onnx_file_load (const char *path, GError **error)
{
  gsize   size;
  gssize  done;
  guint8 *data;
  int     fd = pst_onnx_file_open (path, &size, error);

  if (fd < 0)
    return NULL;
  data = size < pst_memory_available () / 4 ? malloc (size) : NULL;
  if (! data)
    {
      g_set_error_literal (error, PST_ERROR, PST_ERROR_MEMORY,
                           _("needs more memory than there is for it"));
      close (fd);
      return NULL;
    }
  done = pst_onnx_file_read (fd, data, size, 0, error);
  close (fd);
  if (done < 0)
    {
      free (data);
      return NULL;
    }
  return g_bytes_new_with_free_func (data, done, free, data);
}

gboolean
pst_onnx_file_save (const char *path, const guint8 *data, gsize size,
                    GError **error)
{
  int problem = pst_file_replace (path, data, size);

  if (problem != 0)
    g_set_error (error, PST_ERROR, PST_ERROR_FILE,
                 _("cannot be written: %s"), g_strerror (problem));
  return problem == 0;
}
