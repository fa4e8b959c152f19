/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a model's file, read as a host reads it: the list of styles by
 * the metadata alone, the whole network, and back to a file. */
#include "tests/fuzz/fuzz.h"

#include <glib/gstdio.h>

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/onnx/onnx.h"
#include "core/style/metadata.h"
#include "tests/fuzz/mutate.h"

const guint fuzz_raw_percent = 80;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_init ();
  return 0;
}

/* Words for people, in one of our own errors. */
static void
check_error (const GError *error)
{
  g_assert_nonnull (error);
  g_assert_true (error->domain == PST_ERROR);
  g_assert_true (*error->message != '\0');
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

/* %NULL or styles whose texts can be shown. */
static void
check_styles (PstMetadata *metadata, const GError *error)
{
  if (! metadata)
    {
      if (error)
        check_error (error);
      return;
    }
  g_assert_null (error);
  for (guint i = 0; i < metadata->styles->len; i++)
    {
      const PstStyle *style = metadata->styles->pdata[i];

      g_assert_true (g_utf8_validate (style->title, -1, NULL));
      g_assert_true (g_utf8_validate (style->credit, -1, NULL));
      g_assert_true (g_utf8_validate (style->licence, -1, NULL));
    }
}

static void
read_metadata (const char *path, PstGraph *graph)
{
  g_autoptr (GError)      error = NULL;
  g_autoptr (GError)      problem = NULL;
  g_autoptr (GHashTable)  table = pst_onnx_load_metadata (path, &error);
  g_autoptr (PstMetadata) metadata = NULL;
  g_autoptr (PstMetadata) again = NULL;

  if (! table)
    {
      check_error (error);
      g_assert_null (graph); /* who reads all of it reads a part */
      return;
    }
  g_assert_null (error);
  metadata = pst_metadata_parse_table (table, path, &error);
  check_styles (metadata, error);
  if (! graph)
    return;
  again = pst_metadata_parse_graph (graph, path, &problem);
  check_styles (again, problem);
  g_assert_true ((metadata != NULL) == (again != NULL));
  g_assert_cmpuint (g_hash_table_size (table), ==,
                    pst_graph_get_metadata_keys (graph)->len);
}

/* Written and read again it is the same network. One file of four will do,
 * since it takes three times as long as the reading. */
static void
check_stable (PstGraph *graph, gsize size)
{
  g_autoptr (GError)   error = NULL;
  g_autoptr (PstGraph) again = NULL;
  g_autoptr (GBytes)   first = NULL;
  g_autoptr (GBytes)   second = NULL;

  if (size % 4)
    return;
  first = pst_onnx_save_bytes (graph, &error);
  g_assert_no_error (error);
  again = pst_onnx_load_bytes (first, "again", &error);
  g_assert_no_error (error);
  second = pst_onnx_save_bytes (again, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (first, second));
}

/* One file of 128, since writing waits for the disk. */
static gboolean
is_written (gsize size)
{
  return size % 128 == 5;
}

/* Writes @graph, or else @array, where there is a folder and where not. */
static void
save (PstGraph *graph, PstArray *array)
{
  g_autofree char *folder = g_dir_make_tmp ("fuzz-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "model.onnx", NULL);
  const char      *paths[] = { path, "/proc/model.onnx" };

  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean           saved;

      saved = graph ? pst_onnx_save (graph, paths[i], &error)
                    : pst_onnx_save_tensor (array, "t", paths[i], &error);
      g_assert_true (saved == (i == 0));
      if (! saved)
        check_error (error);
    }
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
read_tensor (const char *path, gsize size)
{
  g_autoptr (GError)   error = NULL;
  g_autoptr (PstArray) array = pst_onnx_load_tensor (path, &error);

  pst_memory_fail_after (-1);
  if (! array)
    check_error (error);
  else if (is_written (size))
    save (NULL, array);
}

/* What is no file at all. */
static void
read_folder (void)
{
  static const char *const paths[] = { "/", "/proc/none" };

  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GError) other = NULL;

      g_assert_null (pst_onnx_load (paths[i], &error));
      check_error (error);
      g_assert_null (pst_onnx_load_metadata (paths[i], &other));
      check_error (other);
    }
}

/* In one file of sixteen an allocation fails; the last byte says which. */
static void
fail_allocations (guint8 last)
{
  if (last >= 0xf0)
    pst_memory_fail_after (last & 15);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  const char          *path = fuzz_file (data, size);
  guint8               last = size > 0 ? data[size - 1] : 0;
  g_autoptr (GError)   error = NULL;
  g_autoptr (PstGraph) graph = NULL;

  if (size == 0)
    read_folder ();
  fail_allocations (last);
  graph = pst_onnx_load (path, &error);
  pst_memory_fail_after (-1);
  if (graph)
    {
      check_stable (graph, size);
      if (is_written (size))
        save (graph, NULL);
    }
  else
    check_error (error);
  read_metadata (path, graph);
  fail_allocations (last);
  read_tensor (path, size);
  return 0;
}
