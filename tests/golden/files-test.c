/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models of others, where the folder with them is there: files-test FOLDER
 * (the variable PASTICHE_SHARED names another one). */
#include "core/base/test-run.h"
#include "core/onnx/onnx.h"

static void
check_metadata (const char *path, PstGraph *graph)
{
  g_autoptr (GError)     error = NULL;
  g_autoptr (GHashTable) metadata = pst_onnx_load_metadata (path, &error);
  GPtrArray             *keys = pst_graph_get_metadata_keys (graph);

  g_assert_no_error (error);
  g_assert_cmpuint (g_hash_table_size (metadata), ==, keys->len);
  for (guint i = 0; i < keys->len; i++)
    g_assert_cmpstr (g_hash_table_lookup (metadata, keys->pdata[i]), ==,
                     pst_graph_get_metadata (graph, keys->pdata[i]));
}

/* Read, written, read and written: the two written files are the same. */
static void
test_file (gconstpointer data)
{
  const char          *path = data;
  g_autoptr (GError)   error = NULL;
  g_autoptr (PstGraph) graph = pst_onnx_load (path, &error);
  g_autoptr (PstGraph) again = NULL;
  g_autoptr (GBytes)   first = NULL;
  g_autoptr (GBytes)   second = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (pst_graph_get_inputs (graph)->len, ==, 1);
  check_metadata (path, graph);
  first = pst_onnx_save_bytes (graph, &error);
  g_assert_no_error (error);
  again = pst_onnx_load_bytes (first, path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (pst_graph_get_nodes (again)->len, ==,
                    pst_graph_get_nodes (graph)->len);
  g_assert_cmpuint (pst_graph_get_values (again)->len, ==,
                    pst_graph_get_values (graph)->len);
  second = pst_onnx_save_bytes (again, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (first, second));
}

/* All .onnx files below a folder; only regular folders are entered. */
static void
add_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char      *entry;

  while (dir && (entry = g_dir_read_name (dir)))
    {
      char *path = g_build_filename (folder, entry, NULL);

      if (g_str_has_suffix (entry, ".onnx"))
        {
          g_autofree char *name = g_strconcat ("/onnx-files/", entry, NULL);

          g_test_add_data_func_full (name, g_steal_pointer (&path), test_file,
                                     g_free);
        }
      else if (g_file_test (path, G_FILE_TEST_IS_DIR))
        add_folder (path);
      g_free (path);
    }
}

static void
test_absent (void)
{
  g_test_skip ("there is no folder with models of others");
}

int
main (int argc, char **argv)
{
  static const char *const parts[] = { "style-models", "feature-nets" };
  const char              *shared = g_getenv ("PASTICHE_SHARED");

  g_test_init (&argc, &argv, NULL);
  if (! shared && argc > 1)
    shared = argv[1];
  for (gsize i = 0; shared && i < G_N_ELEMENTS (parts); i++)
    {
      g_autofree char *folder =
          g_build_filename (shared, "data", parts[i], NULL);

      g_autofree char *absent =
          g_strconcat ("/onnx-files/absent/", parts[i], NULL);

      if (g_file_test (folder, G_FILE_TEST_IS_DIR))
        add_folder (folder);
      else
        g_test_add_func (absent, test_absent);
    }
  return test_run ();
}
