/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/test-run.h"
#include "core/onnx/onnx.h"
#include "core/onnx/test-wire.h"

typedef struct
{
  char *folder;
  char *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("pastiche-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->folder, "some model.onnx", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_unlink (fixture->path);
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0); /* nothing left over */
  g_free (fixture->folder);
  g_free (fixture->path);
}

static void
write_file (Fixture *fixture, const void *data, gsize size)
{
  g_assert_true (g_file_set_contents (fixture->path, data, size, NULL));
}

static void
assert_unreadable (const char *path, PstError code, const char *message)
{
  g_autoptr (GError)     error = NULL;
  g_autoptr (GError)     other = NULL;
  g_autoptr (PstGraph)   graph = pst_onnx_load (path, &error);
  g_autoptr (GHashTable) metadata = pst_onnx_load_metadata (path, &other);

  g_assert_null (graph);
  g_assert_null (metadata);
  g_assert_error (error, PST_ERROR, (int) code);
  g_assert_error (other, PST_ERROR, (int) code);
  g_assert_cmpstr (error->message, ==, message);
  g_assert_cmpstr (other->message, ==, message);
}

static void
test_not_a_model (Fixture *fixture, gconstpointer data)
{
  static const char *const others[] = {
    "\xff\xd8\xff\xe0JFIF", "\x89PNG\r\n\x1a\n", "RIFF", "PK\003\004",
    "<!DOCTYPE html>", "version https://git-lfs.github.com/spec/v1\n",
    "{ \"model\": 1 }", "\x80\002ccollections", "\n\005input", "text",
    "\x1c\xff\xff\xffTFL3",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    {
      write_file (fixture, others[i], strlen (others[i]));
      assert_unreadable (fixture->path, PST_ERROR_FORMAT,
                         "“some model.onnx” is not an ONNX model");
    }
  write_file (fixture, "\010\010", 2);
  assert_unreadable (fixture->path, PST_ERROR_FORMAT,
                     "“some model.onnx” is not an ONNX model");
  write_file (fixture, "", 0);
  assert_unreadable (fixture->path, PST_ERROR_FORMAT,
                     "“some model.onnx” is empty");
}

static void
test_not_a_file (Fixture *fixture, gconstpointer data)
{
  assert_unreadable (fixture->path, PST_ERROR_FILE,
                     "“some model.onnx” cannot be read: No such file or "
                     "directory");
  assert_unreadable ("/", PST_ERROR_FILE, "“/” is not a file");
  assert_unreadable ("/dev/zero", PST_ERROR_FILE, "“zero” is not a file");
  g_assert_cmpint (mkfifo (fixture->path, 0600), ==, 0);
  assert_unreadable (fixture->path, PST_ERROR_FILE,
                     "“some model.onnx” is not a file");
}

static void
test_too_large (Fixture *fixture, gconstpointer data)
{
  write_file (fixture, "\010\010", 2);
  if (truncate (fixture->path, (off_t) 3 << 30) < 0)
    {
      g_test_skip ("this file system does not take files of 3 GB");
      return;
    }
  assert_unreadable (fixture->path, PST_ERROR_UNSUPPORTED,
                     "“some model.onnx” is too large: Pastiche reads models "
                     "of up to 1024 MB");
}

static PstGraph *
network (void)
{
  g_autoptr (GBytes) bytes = wire_model (wire_graph ());
  PstGraph          *graph = pst_onnx_load_bytes (bytes, "x", NULL);

  g_assert_nonnull (graph);
  return graph;
}

static void
test_metadata (Fixture *fixture, gconstpointer data)
{
  Wire *model = wire_int (wire_new (), 1, 8);
  g_autofree char       *large = g_strnfill (100000, 'x');
  g_autoptr (GHashTable) metadata = NULL;
  g_autoptr (GError)     error = NULL;
  g_autoptr (PstGraph)   graph = NULL;

  wire_put (model, 14, wire_text (wire_text (wire_new (), 1, "title"), 2,
                                  "Straße 画"));
  /* The graph is skipped, whatever is in it. */
  wire_put (model, 7, wire_graph ());
  wire_put (model, 8, wire_opset ("", 17));
  wire_put (model, 14, wire_text (wire_text (wire_new (), 1, "thumb"), 2,
                                  large));
  /* a field that we don't know comes first */
  wire_put (model, 14, wire_text (wire_text (wire_new (), 15, "later"), 1,
                                  "empty"));
  write_file (fixture, model->data, model->len);
  metadata = pst_onnx_load_metadata (fixture->path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_hash_table_size (metadata), ==, 3);
  g_assert_cmpstr (g_hash_table_lookup (metadata, "title"), ==, "Straße 画");
  g_assert_cmpstr (g_hash_table_lookup (metadata, "thumb"), ==, large);
  g_assert_cmpstr (g_hash_table_lookup (metadata, "empty"), ==, "");
  graph = pst_onnx_load (fixture->path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (pst_graph_get_metadata (graph, "thumb"), ==, large);

  wire_put (model, 14, wire_text (wire_text (wire_new (), 1, "bad"), 2,
                                  "\xff"));
  write_file (fixture, model->data, model->len);
  assert_unreadable (fixture->path, PST_ERROR_FORMAT,
                     "“some model.onnx” is damaged: the property “bad” is "
                     "not text");
  write_file (fixture, model->data, model->len - 3);
  assert_unreadable (fixture->path, PST_ERROR_FORMAT,
                     "“some model.onnx” is damaged, or not all of it is "
                     "there");
  g_byte_array_unref (model);
}

static void
test_save (Fixture *fixture, gconstpointer data)
{
  g_autoptr (PstGraph) graph = network ();
  g_autoptr (PstGraph) again = NULL;
  g_autoptr (GError)   error = NULL;
  struct stat          info;
  mode_t               mask = umask (022);

  g_assert_true (pst_onnx_save (graph, fixture->path, &error));
  umask (mask);
  g_assert_cmpint (stat (fixture->path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0644);
  g_assert_true (pst_onnx_save (graph, fixture->path, &error));
  again = pst_onnx_load (fixture->path, &error);
  g_assert_no_error (error);
}

static void
test_no_folder (Fixture *fixture, gconstpointer data)
{
  g_autoptr (PstGraph) graph = network ();
  g_autoptr (GError)   error = NULL;
  g_autofree char     *path =
      g_build_filename (fixture->folder, "none", "model.onnx", NULL);

  g_assert_false (pst_onnx_save (graph, path, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_FILE);
  g_assert_cmpstr (error->message, ==,
                   "“model.onnx” cannot be written: No such file or "
                   "directory");
}

/* No room for the new file: the old one stays, and nothing else. A limit on
 * the size of files stands for the full disk. */
static void
test_disk_full (Fixture *fixture, gconstpointer data)
{
  g_autoptr (PstGraph) graph = network ();
  g_autoptr (GError)   error = NULL;
  g_autofree char     *content = NULL;
  struct rlimit        old, small;
  void (*handler) (int) = signal (SIGXFSZ, SIG_IGN);

  write_file (fixture, "old", 3);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &old), ==, 0);
  small = old;
  small.rlim_cur = 100;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);
  g_assert_false (pst_onnx_save (graph, fixture->path, &error));
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &old), ==, 0);
  signal (SIGXFSZ, handler);
  g_assert_error (error, PST_ERROR, PST_ERROR_FILE);
  g_assert_true (g_str_has_prefix (error->message,
                                   "“some model.onnx” cannot be written: "));
  g_assert_true (g_file_get_contents (fixture->path, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "old");
}

#define ADD(name, func)                                                       \
  g_test_add ("/onnx-file/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_setenv ("LC_ALL", "C", TRUE);
  g_test_init (&argc, &argv, NULL);
  ADD ("not-a-model", test_not_a_model);
  ADD ("not-a-file", test_not_a_file);
  ADD ("too-large", test_too_large);
  ADD ("metadata", test_metadata);
  ADD ("save", test_save);
  ADD ("no-folder", test_no_folder);
  ADD ("disk-full", test_disk_full);
  return test_run ();
}
