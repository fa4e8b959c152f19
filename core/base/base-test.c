/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>

#include "core/base/error.h"
#include "core/base/folders.h"
#include "core/base/memory.h"
#include "core/base/parallel.h"
#include "core/base/test-run.h"

typedef struct
{
  gint  seen[1000];
  guint n_workers;
  gint  wrong_worker;
} Loop;

static void
mark (gpointer data, gsize item, guint worker)
{
  Loop *loop = data;

  g_atomic_int_inc (&loop->seen[item]);
  if (worker >= loop->n_workers)
    g_atomic_int_set (&loop->wrong_worker, 1);
}

static void
test_pool_each_item_once (gconstpointer data)
{
  guint    n = GPOINTER_TO_UINT (data);
  PstPool *pool = n ? pst_pool_new (n) : NULL;

  for (int round = 0; round < 200; round++)
    {
      Loop  loop = { .n_workers = MAX (1, n) };
      gsize n_items = round * 5;

      pst_pool_run (pool, n_items, mark, &loop);
      for (gsize i = 0; i < 1000; i++)
        g_assert_cmpint (loop.seen[i], ==, i < n_items ? 1 : 0);
      g_assert_false (loop.wrong_worker);
    }
  pst_pool_free (pool);
}

static void
cancel_at_ten (gpointer data, gsize item, guint worker)
{
  gpointer *pair = data;

  g_atomic_int_inc ((gint *) pair[0]);
  if (item == 10)
    g_cancellable_cancel (pair[1]);
}

static void
test_pool_cancel (void)
{
  g_autoptr (PstPool) pool = pst_pool_new (2);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  gint     count = 0;
  gpointer pair[2] = { &count, cancellable };

  pst_pool_set_cancellable (pool, cancellable);
  pst_pool_run (pool, 1000000, cancel_at_ten, pair);
  g_assert_cmpint (count, >=, 11);
  g_assert_cmpint (count, <, 1000000);
}

static void
test_memory_blocks (void)
{
  const gsize sizes[] = { 1, 63, 4096, ((gsize) 4 << 20) - 1,
                          (gsize) 4 << 20, ((gsize) 9 << 20) + 5 };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      guint8 *block = pst_memory_try_alloc (sizes[i]);

      g_assert_nonnull (block);
      g_assert_cmpuint ((gsize) block % PST_MEMORY_ALIGN, ==, 0);
      memset (block, 1, sizes[i]);
      pst_memory_free (block, sizes[i]);
    }
  g_assert_null (pst_memory_try_alloc (G_MAXSIZE / 2));
}

static void
test_memory_fails_when_told (void)
{
  gpointer block;

  pst_memory_fail_after (1);
  block = pst_memory_try_alloc (10);
  g_assert_nonnull (block);
  g_assert_null (pst_memory_try_alloc (10));
  pst_memory_fail_after (-1);
  pst_memory_free (block, 10);
}

static void
test_memory_available (void)
{
  guint64 bytes = pst_memory_available ();

  g_assert_cmpuint (bytes, >, 1 << 20);
}

static void
test_folders (void)
{
  g_autofree char      *before = g_strdup (g_getenv (PST_MODELS_VARIABLE));
  g_autofree char      *folder = g_dir_make_tmp ("pastiche-XXXXXX", NULL);
  g_autofree char      *path = g_build_filename (folder, "a.onnx", NULL);
  g_autofree char      *names = g_strconcat ("/nowhere::", folder, ":/nowhere",
                                             NULL);
  g_autofree char      *found = NULL, *all = NULL;
  g_autoptr (GPtrArray) folders = NULL, usual = NULL;
  g_autoptr (GError)    error = NULL;

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  g_setenv (PST_MODELS_VARIABLE, names, TRUE);
  folders = pst_folders_models ();
  g_assert_cmpuint (folders->len, ==, 2);
  g_assert_cmpstr (folders->pdata[1], ==, folder);
  all = pst_folders_describe (folders);
  g_assert_true (g_str_has_prefix (all, "/nowhere, /"));
  found = pst_folders_find_model ("a.onnx", NULL);
  g_assert_cmpstr (found, ==, path);
  g_assert_null (pst_folders_find_model ("b.onnx", &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_FILE);
  g_assert_nonnull (strstr (error->message, "b.onnx"));
  g_setenv (PST_MODELS_VARIABLE, "", TRUE);
  usual = pst_folders_models ();
  g_assert_cmpuint (usual->len, >=, 3);
  if (before)
    g_setenv (PST_MODELS_VARIABLE, before, TRUE);
  else
    g_unsetenv (PST_MODELS_VARIABLE);
  g_unlink (path);
  g_rmdir (folder);
}

/* Runs this program with @words. -1 where it can't be run; what it says on
 * standard error in @said: (out). */
static int
run_self (const char *words, char **said)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *out = NULL;
  g_auto (GStrv)   all = g_strsplit (words, " ", -1);
  int              status;

  g_free (all[0]);
  all[0] = g_steal_pointer (&program);
  if (! all[0] || ! g_spawn_sync (NULL, all, NULL, G_SPAWN_DEFAULT, NULL, NULL,
                                  &out, said, &status, NULL))
    return -1;
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

/* A path that names no test is no success. */
static void
test_paths (void)
{
  static const struct
  {
    const char *words, *wrong;
  } cases[] = {
    { "self -p /base/folders", NULL },
    { "self --tap -p=/base/memory -p /base/folders", NULL },
    { "self -p /base/folder", "/base/folder;" },
    { "self -p=/nothing", "/nothing;" },
    { "self -p /base/folders -p /base/none", "/base/none;" },
    { "self -l -p /nothing", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *said = NULL;
      int              status = run_self (cases[i].words, &said);

      if (status < 0)
        {
          g_test_skip ("this program can't be run by itself");
          return;
        }
      g_assert_cmpint (status, ==, cases[i].wrong ? 1 : 0);
      if (cases[i].wrong)
        g_assert_nonnull (strstr (said, cases[i].wrong));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/base/pool/none", GUINT_TO_POINTER (0),
                        test_pool_each_item_once);
  g_test_add_data_func ("/base/pool/one", GUINT_TO_POINTER (1),
                        test_pool_each_item_once);
  g_test_add_data_func ("/base/pool/five", GUINT_TO_POINTER (5),
                        test_pool_each_item_once);
  g_test_add_func ("/base/pool/cancel", test_pool_cancel);
  g_test_add_func ("/base/memory/blocks", test_memory_blocks);
  g_test_add_func ("/base/memory/fail-after", test_memory_fails_when_told);
  g_test_add_func ("/base/memory/available", test_memory_available);
  g_test_add_func ("/base/folders", test_folders);
  g_test_add_func ("/base/paths", test_paths);
  return test_run ();
}
