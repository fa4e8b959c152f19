/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/test-run.h"

typedef struct
{
  char *folder;
  char *path;
  char *parts[3];
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->folder = g_dir_make_tmp ("pastiche-XXXXXX", NULL);
  f->path = g_build_filename (f->folder, "file", NULL);
  for (int i = 0; i < 3; i++)
    {
      g_autofree char *name = g_strdup_printf (".pastiche-%d.part", i);

      f->parts[i] = g_build_filename (f->folder, name, NULL);
    }
}

/* Nothing but the file is left. */
static void
tear_down (Fixture *f, gconstpointer data)
{
  g_unlink (f->path);
  g_assert_cmpint (g_rmdir (f->folder), ==, 0);
  g_free (f->folder);
  g_free (f->path);
  for (int i = 0; i < 3; i++)
    g_free (f->parts[i]);
}

static void
assert_file (const char *path, const char *text)
{
  g_autofree char *found = NULL;

  g_assert_true (g_file_get_contents (path, &found, NULL, NULL));
  g_assert_cmpstr (found, ==, text);
}

static void
put (const char *path, const char *text)
{
  g_assert_cmpint (pst_file_replace (path, text, strlen (text)), ==, 0);
  assert_file (path, text);
}

static void
test_new (Fixture *f, gconstpointer data)
{
  mode_t      mask = umask (022);
  struct stat info;

  put (f->path, "first, and longer");
  put (f->path, "second");
  put (f->path, "");
  umask (mask);
  g_assert_cmpint (stat (f->path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0644);
}

/* What a killed process has left is used up. */
static void
test_left_over (Fixture *f, gconstpointer data)
{
  g_file_set_contents (f->parts[0], "half of something long", -1, NULL);
  put (f->path, "short");
}

/* The file that another process writes to stays as it is. */
static void
test_locked (Fixture *f, gconstpointer data)
{
  int fd = g_open (f->parts[0], O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  g_assert_cmpint (flock (fd, LOCK_EX), ==, 0);
  g_assert_cmpint (write (fd, "other", 5), ==, 5);
  put (f->path, "mine");
  assert_file (f->parts[0], "other");
  g_assert_false (g_file_test (f->parts[1], G_FILE_TEST_EXISTS));
  g_unlink (f->parts[0]);
  close (fd);
}

/* Nothing is written through a link, nor into a pipe. */
static void
test_traps (Fixture *f, gconstpointer data)
{
  g_autofree char *other = g_build_filename (f->folder, "other", NULL);

  put (other, "somebody's");
  g_assert_cmpint (symlink (other, f->parts[0]), ==, 0);
  g_assert_cmpint (link (other, f->parts[1]), ==, 0);
  put (f->path, "mine");
  assert_file (other, "somebody's");
  g_unlink (f->parts[0]);
  g_unlink (f->parts[1]);
  g_assert_cmpint (mkfifo (f->parts[0], 0600), ==, 0);
  put (f->path, "mine");
  g_unlink (f->parts[0]);
  g_unlink (other);
}

static void
test_errors (Fixture *f, gconstpointer data)
{
  g_autofree char *lost = g_build_filename (f->path, "none", NULL);

  g_assert_cmpint (pst_file_replace (lost, "x", 1), ==, ENOENT);
  g_assert_cmpint (g_mkdir (f->path, 0700), ==, 0);
  g_assert_cmpint (pst_file_replace (f->path, "x", 1), ==, EISDIR);
  g_assert_cmpint (g_rmdir (f->path), ==, 0);
}

/* A limit on the size of files stands for a full disk. */
static void
test_full (Fixture *f, gconstpointer data)
{
  struct rlimit old, small;
  char          bytes[200] = { 0 };
  void (*handler) (int) = signal (SIGXFSZ, SIG_IGN);

  put (f->path, "old");
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &old), ==, 0);
  small = old;
  small.rlim_cur = 100;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);
  g_assert_cmpint (pst_file_replace (f->path, bytes, sizeof bytes), ==, EFBIG);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &old), ==, 0);
  signal (SIGXFSZ, handler);
  assert_file (f->path, "old");
}

/* The same letter 5000 times, again and again */
static void
write_for_ever (const char *path, int letter)
{
  char text[5000];

  memset (text, letter, sizeof text);
  while (pst_file_replace (path, text, sizeof text) == 0)
    continue;
  _exit (1);
}

static void
assert_whole (const char *path)
{
  g_autofree char *text = NULL;
  gsize            size = 0;

  if (! g_file_get_contents (path, &text, &size, NULL))
    return;
  g_assert_cmpuint (size, ==, 5000);
  for (gsize i = 1; i < size; i++)
    g_assert_cmpint (text[i], ==, text[0]);
}

/* Three write the same file and are killed: it is whole at any time. */
static void
test_killed (Fixture *f, gconstpointer data)
{
  for (int round = 0; round < 8; round++)
    {
      GPid children[3];

      for (int i = 0; i < 3; i++)
        {
          children[i] = fork ();
          if (children[i] == 0)
            write_for_ever (f->path, 'a' + i);
        }
      for (int i = 0; i < 20; i++)
        {
          g_usleep (g_test_rand_int_range (100, 2000));
          assert_whole (f->path);
        }
      for (int i = 0; i < 3; i++)
        {
          int status;

          kill (children[i], SIGKILL);
          waitpid (children[i], &status, 0);
          g_assert_true (WIFSIGNALED (status));
        }
      assert_whole (f->path);
    }
  for (int i = 0; i < 3; i++) /* at most one of each writer */
    g_unlink (f->parts[i]);
}

#define ADD(name, func)                                                       \
  g_test_add ("/file/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("new", test_new);
  ADD ("left-over", test_left_over);
  ADD ("locked", test_locked);
  ADD ("traps", test_traps);
  ADD ("errors", test_errors);
  ADD ("full", test_full);
  ADD ("killed", test_killed);
  return test_run ();
}
