/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stands for libFuzzer where there is none: runs the target on the files and
 * folders named, each file as it is and a few times changed. A test with
 * --tap. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/test-run.h"
#include "tests/fuzz/fuzz.h"

#define MAX_SIZE ((gsize) 64 << 10)

/* What is being run, for the last words. */
static const char *current = "";

static guint n_changes;

/* From the sanitizers' runtime, where there is one. */
void __sanitizer_set_death_callback (void (*callback) (void))
    __attribute__ ((weak));

static void
last_words (void)
{
  fprintf (stderr, "\nWhile running %s\n", current);
}

static void
on_abort (int number)
{
  last_words ();
  signal (number, SIG_DFL);
  raise (number);
}

size_t
LLVMFuzzerMutate (guint8 *data, size_t size, size_t max_size)
{
  if (size < max_size && g_random_boolean ())
    data[size++] = (guint8) g_random_int ();
  if (size > 0)
    data[g_random_int_range (0, (gint32) size)] ^=
        (guint8) (1 << g_random_int_range (0, 8));
  return size;
}

static void
run_bytes (const char *bytes, gsize size)
{
  guint8 *exact = g_memdup2 (bytes, size); /* so that its end is watched */

  LLVMFuzzerTestOneInput (exact, size);
  g_free (exact);
}

static void
run_file (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *bytes = NULL;
  g_autofree guint8 *changed = g_malloc (MAX_SIZE);
  gsize              size;

  current = path;
  if (! g_file_get_contents (path, &bytes, &size, &error))
    g_error ("%s", error->message);
  run_bytes (bytes, size);
  for (guint i = 0; i < n_changes && size <= MAX_SIZE; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s, change %u", path, i);
      gsize            n;

      current = name;
      memcpy (changed, bytes, size);
      n = LLVMFuzzerCustomMutator (changed, size, MAX_SIZE, i + 1);
      run_bytes ((const char *) changed, n);
    }
  current = "";
}

static void
run_folder (gconstpointer data)
{
  const char           *path = data;
  GDir                 *folder = g_dir_open (path, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char           *name;

  if (! folder)
    {
      run_file (path);
      return;
    }
  while ((name = g_dir_read_name (folder)))
    g_ptr_array_add (names, g_build_filename (path, name, NULL));
  g_dir_close (folder);
  g_ptr_array_sort_values (names, (GCompareFunc) strcmp);
  for (guint i = 0; i < names->len; i++)
    run_file (names->pdata[i]);
  g_test_message ("%u files, each changed %u times", names->len, n_changes);
  g_assert_cmpuint (names->len, >, 0);
}

int
main (int argc, char **argv)
{
  const char *changes = g_getenv ("PST_FUZZ_CHANGES");

  g_test_init (&argc, &argv, NULL);
  LLVMFuzzerInitialize (&argc, &argv);
  n_changes = changes ? (guint) atoi (changes) : 0;
  if (__sanitizer_set_death_callback)
    __sanitizer_set_death_callback (last_words);
  signal (SIGABRT, on_abort);
  g_random_set_seed (1);
  for (int i = 1; i < argc; i++)
    {
      g_autofree char *base = g_path_get_basename (argv[i]);
      g_autofree char *path = g_strdup_printf ("/fuzz/%s", base);

      g_test_add_data_func (path, argv[i], run_folder);
    }
  return test_run ();
}
