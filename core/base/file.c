/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* One write call moves at most this much. */
#define STEP ((gsize) 64 << 20)

#define MOST_WRITERS 16 /* in one folder at a time */

static gboolean
write_all (int fd, const guint8 *data, gsize size)
{
  while (size > 0)
    {
      gssize n = write (fd, data, MIN (size, STEP));

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      data += n;
      size -= n;
    }
  return TRUE;
}

/* Whether @fd is still the file at @path, and nobody else's: between opening
 * and locking, its writer may have renamed it. */
static gboolean
is_own (int fd, const char *path)
{
  struct stat held, named;

  return fstat (fd, &held) == 0 && lstat (path, &named) == 0 &&
         held.st_dev == named.st_dev && held.st_ino == named.st_ino &&
         S_ISREG (held.st_mode) && held.st_nlink == 1 &&
         held.st_uid == geteuid ();
}

/* Open, empty and locked; -1 where it is somebody else's. */
static int
open_part (const char *path)
{
  int fd = g_open (path,
                   O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                   0666);

  if (fd < 0)
    return -1;
  if (flock (fd, LOCK_EX | LOCK_NB) == 0)
    {
      if (is_own (fd, path) && ftruncate (fd, 0) == 0)
        return fd;
    }
  else if (errno != EWOULDBLOCK) /* this file system has no locks */
    g_unlink (path);
  close (fd);
  return -1;
}

/* A file to write to, and its @path: (out). Where none can be locked it has a
 * name by chance, which stays if this process is killed. */
static int
make_part (const char *folder, char **path)
{
  for (int i = 0; i < MOST_WRITERS; i++)
    {
      g_autofree char *name = g_strdup_printf (".pastiche-%d.part", i);
      g_autofree char *other = g_build_filename (folder, name, NULL);
      int              fd = open_part (other);

      if (fd < 0)
        continue;
      *path = g_steal_pointer (&other);
      return fd;
    }
  *path = g_build_filename (folder, ".pastiche-XXXXXX", NULL);
  return g_mkstemp_full (*path, O_RDWR | O_CLOEXEC, 0666);
}

/* So that the new name, too, outlives a power cut; where the file system
 * cannot do it, nothing is lost but that. */
static void
flush_folder (const char *folder)
{
  int fd = g_open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

  if (fd < 0)
    return;
  (void) fsync (fd);
  close (fd);
}

int
pst_file_replace (const char *path, const void *data, gsize size)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *part = NULL;
  int              fd = make_part (folder, &part);
  int              problem = 0;

  if (fd < 0)
    return errno;
  /* The lock goes with the descriptor, so the name goes first. */
  if (! write_all (fd, data, size) || fsync (fd) != 0 ||
      g_rename (part, path) != 0)
    {
      problem = errno;
      g_unlink (part);
    }
  close (fd);
  if (problem == 0)
    flush_folder (folder);
  return problem;
}
