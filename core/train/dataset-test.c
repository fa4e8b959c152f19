/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the pictures to be painted come from. */
#include "core/train/dataset.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/base/test-run.h"

#define REST                                                                  \
  "[features]\nnetwork=n\ncontent-layers=x\nstyle-layers=x\n"                 \
  "[style one]\npictures=one.jpg\n"

/* A folder of files whose names say what the host makes of them: "50.jpg" is
 * 50 pixels wide and 100 high, each pixel 50; "bad…" cannot be read. A file's
 * content is its name, or what follows "=". */
typedef struct
{
  char        *folder;
  GPtrArray   *notes;
  PstTrainHost host;
  int          n_loads;
  int          n_failures; /* loads that fail for want of memory */
} Fixture;

static PstPicture *
load (const char *path, int side, gpointer data, GError **error)
{
  Fixture         *f = data;
  g_autofree char *name = g_path_get_basename (path);
  int              size = atoi (name);
  PstPicture      *picture;

  f->n_loads++;
  if (f->n_failures > 0)
    {
      f->n_failures--;
      g_set_error (error, PST_ERROR, PST_ERROR_MEMORY, "no memory");
      return NULL;
    }
  if (g_str_has_prefix (name, "bad"))
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FORMAT, "it is bad");
      return NULL;
    }
  picture = pst_picture_new (MIN (size, side), MAX (size / 2, 100));
  for (int i = 0; i < picture->width * picture->height; i++)
    memset (picture->data + 3 * i, size > 255 ? i % 251 : size, 3);
  return picture;
}

static void
take_note (const char *text, gpointer data)
{
  g_ptr_array_add (((Fixture *) data)->notes, g_strdup (text));
}

static int
count_notes (const Fixture *f, const char *word)
{
  int n = 0;

  for (guint i = 0; i < f->notes->len; i++)
    n += strstr (f->notes->pdata[i], word) != NULL;
  return n;
}

static char *
path_of (const Fixture *f, const char *name)
{
  return g_build_filename (f->folder, name, NULL);
}

/* @names: with spaces between */
static void
write_files (const Fixture *f, const char *names)
{
  g_auto (GStrv) all = g_strsplit (names, " ", -1);

  for (int i = 0; all[i]; i++)
    {
      g_auto (GStrv)   parts = g_strsplit (all[i], "=", 2);
      g_autofree char *path = path_of (f, parts[0]);
      g_autofree char *folder = g_path_get_dirname (path);

      g_mkdir_with_parents (folder, 0700);
      g_file_set_contents (path, parts[1] ? parts[1] : all[i], -1, NULL);
    }
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->folder = g_dir_make_tmp ("pastiche-XXXXXX", NULL);
  f->notes = g_ptr_array_new_with_free_func (g_free);
  f->host = (PstTrainHost) { load, NULL, NULL, f };
}

static void
remove_all (const char *path)
{
  GDir       *dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK)
                      ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir)))
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_all (child);
    }
  if (dir)
    g_dir_close (dir);
  g_remove (path);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  remove_all (f->folder);
  g_free (f->folder);
  g_ptr_array_unref (f->notes);
}

/* @photos: keys of the group, or NULL for no such group */
static PstDataset *
make (Fixture *f, const char *photos, const char *pictures, GError **error)
{
  g_autoptr (PstRecipe) recipe = NULL;
  g_autofree char      *text = NULL;
  PstDataset           *dataset;

  text = g_strconcat (photos ? "[photos]\nmin-size=16\n" : "",
                      photos ? photos : "", "\n" REST, NULL);
  recipe = pst_recipe_parse (text, f->folder, error);
  g_assert_nonnull (recipe);
  g_ptr_array_set_size (f->notes, 0);
  dataset = pst_dataset_new_at (recipe, 64, pictures, &f->host, take_note, f,
                                error);
  g_assert_true ((dataset != NULL) == (! error || ! *error));
  return dataset;
}

static PstDataset *
make_good (Fixture *f, const char *photos)
{
  GError     *error = NULL;
  PstDataset *dataset = make (f, photos, NULL, &error);

  g_assert_no_error (error);
  return dataset;
}

static int
width_of (PstDataset *dataset, guint64 sample)
{
  const PstPicture *picture = pst_dataset_get (dataset, sample, NULL);

  return picture ? picture->width : 0;
}

static void
test_order (Fixture *f, gconstpointer data)
{
  g_autoptr (PstDataset) kept = NULL, loose = NULL;
  int                    seen[101] = { 0 };

  write_files (f, "p/20.jpg p/30.jpg p/40.png p/50.jpg p/5.jpg p/bad.jpg "
                  "p/x.txt");
  kept = make_good (f, "paths=p");
  loose = make_good (f, "paths=p\ncache-megabytes=0");
  g_assert_cmpuint (pst_dataset_get_memory (loose), ==, 0);
  f->n_loads = 0;
  g_assert_cmpuint (pst_dataset_get_count (kept), ==, 6);
  for (int i = 0; i < 60; i++)
    {
      int size = width_of (kept, i);

      g_assert_cmpint (size, >=, 20);
      seen[size]++;
    }
  g_assert_cmpint (f->n_loads, <=, 5); /* each once, one when it was made */
  g_assert_cmpuint (pst_dataset_get_skipped (kept), ==, 2);
  for (int size = 20; size <= 50; size += 10)
    g_assert_cmpint (seen[size], >=, 10); /* once a round, or more */
  for (int i = 59; i >= 0; i--) /* in any order, with and without memory */
    g_assert_cmpint (width_of (loose, i), ==, width_of (kept, i));
  g_assert_cmpint (count_notes (f, "bad.jpg is passed over: it is bad"), >=,
                   1);
  g_assert_cmpint (count_notes (f, "16 pixels at least"), >=, 1);
}

static void
test_empty (Fixture *f, gconstpointer data)
{
  static const char *const keys[] = { "paths=nothing", "paths=p",
                                      "paths=p/*.png", "paths=gone.jpg",
                                      "paths=gone.txt" };

  write_files (f, "p/readme p/.hidden.jpg");
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (make (f, keys[i], NULL, &error));
      g_assert_error (error, PST_ERROR, PST_ERROR_FILE);
      g_assert_nonnull (strstr (error->message, "synthetic"));
    }
}

static void
test_none_usable (Fixture *f, gconstpointer data)
{
  g_autoptr (PstDataset) dataset = NULL;
  g_autoptr (GError)     error = NULL;

  write_files (f, "p/bad.jpg p/bad2.jpg p/3.jpg q/30.jpg q/40.jpg");
  g_assert_null (make (f, "paths=p", NULL, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_FILE);
  g_assert_nonnull (strstr (error->message, "None of the 3 photos"));
  dataset = make_good (f, "paths=p:0.9;q:0.1"); /* the others do */
  for (int i = 0; i < 20; i++)
    g_assert_cmpint (width_of (dataset, i), >=, 30);
  g_assert_cmpuint (pst_dataset_get_skipped (dataset), ==, 3);
}

static void
test_copies (Fixture *f, gconstpointer data)
{
  g_autofree char       *from = path_of (f, "p/20.jpg");
  g_autofree char       *link_to = path_of (f, "p/22.jpg");
  g_autofree char       *loop = path_of (f, "p/loop");
  g_autofree char       *list = path_of (f, "list.txt");
  g_autoptr (PstDataset) folder = NULL, twice = NULL;

  /* 30 and 31 are the same; 32 is as long; both empty ones stay */
  write_files (f, "p/20.jpg p/30.jpg=same p/31.jpg=same p/32.jpg=else "
                  "p/33.jpg= p/34.jpg= p/35.jpg=same");
  g_assert_cmpint (symlink (from, link_to), ==, 0);
  g_assert_cmpint (symlink ("..", loop), ==, 0);
  folder = make_good (f, "paths=p");
  g_assert_cmpuint (pst_dataset_get_count (folder), ==, 5);
  g_assert_cmpuint (pst_dataset_get_skipped (folder), ==, 3);
  g_assert_cmpint (count_notes (f, "same picture as"), ==, 3);
  g_file_set_contents (list, "# mine\np/20.jpg\n\n  p/../p/20.jpg \np/32.jpg\n",
                       -1, NULL);
  twice = make_good (f, "paths=list.txt");
  g_assert_cmpuint (pst_dataset_get_count (twice), ==, 2);
  g_assert_cmpint (count_notes (f, "same picture as"), ==, 1);
}

/* The shares of a mixture, over many samples. */
static void
test_mixture (Fixture *f, gconstpointer data)
{
  g_autoptr (PstDataset) dataset = NULL;
  int                    photos = 0;

  write_files (f, "p/20.jpg p/21.jpg p/22.jpg p/23.jpg p/24.jpg p/25.jpg");
  dataset = make_good (f, "paths=p:0.7;synthetic:0.3\nsynthetic-pictures=9");
  g_assert_cmpuint (pst_dataset_get_count (dataset), ==, 15);
  for (int i = 0; i < 1000; i++)
    photos += width_of (dataset, i) < 64;
  g_assert_cmpint (photos, >, 650);
  g_assert_cmpint (photos, <, 750);
}

static void
test_synthetic (Fixture *f, gconstpointer data)
{
  g_autoptr (PstDataset) kept = NULL, loose = NULL;
  g_autoptr (PstPicture) tile = NULL;

  kept = make_good (f, "paths=synthetic\nsynthetic-pictures=7");
  loose = make_good (f, "paths=synthetic\nsynthetic-pictures=7\n"
                        "cache-megabytes=0");
  g_assert_cmpuint (pst_dataset_get_memory (kept), ==, 7 * 64 * 64 * 3);
  for (int i = 20; i >= 0; i--)
    {
      const PstPicture *a = pst_dataset_get (kept, i, NULL);
      const PstPicture *b = pst_dataset_get (loose, i, NULL);

      g_assert_cmpint (a->width, ==, 64);
      g_assert_cmpmem (a->data, 64 * 64 * 3, b->data, 64 * 64 * 3);
    }
  tile = pst_dataset_load (kept, 6, 96);
  g_assert_cmpint (tile->height, ==, 96);
  g_assert_null (pst_dataset_load (kept, 7, 96));
  g_assert_cmpint (f->n_loads, ==, 0);
}

/* Without photos in the recipe: the user's pictures, or else synthetic. */
static void
test_open (Fixture *f, gconstpointer data)
{
  g_autofree char   *pictures = path_of (f, "Pictures");
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 4; i++)
    {
      g_autoptr (PstDataset) dataset = NULL;

      if (i == 1)
        for (int k = 0; k < PST_DATASET_ENOUGH; k++)
          {
            g_autofree char *name = NULL;

            name = g_strdup_printf ("Pictures/%d/%d.jpg", k % 5, 100 + k);
            write_files (f, name);
          }
      else if (i == 2)
        write_files (f, "Pictures/12.jpg Pictures/0/bad.jpg");
      dataset = make (f, i % 2 ? NULL : "paths=auto",
                      i == 3 ? NULL : pictures, &error);
      g_assert_no_error (error);
      g_assert_cmpint (count_notes (f, "makes up pictures"), ==,
                       i == 0 || i == 3);
      g_assert_cmpint (count_notes (f, "are taken"), ==, i == 1 || i == 2);
      g_assert_cmpuint (pst_dataset_get_count (dataset), ==,
                        i == 0 || i == 3 ? 1000 : i == 1 ? 50 : 52);
    }
  g_assert_null (strstr (f->notes->pdata[0], "(null)"));
}

/* One large picture is seen in pieces of many sizes, none of them the same
 * for two samples, all of them again for a training that goes on. */
static void
test_pieces (Fixture *f, gconstpointer data)
{
  g_autoptr (PstDataset) one = NULL, again = NULL;
  g_autofree guint8     *before = g_malloc0 (64 * 64 * 3);
  int                    spread = 0;

  write_files (f, "1200.jpg 50.jpg");
  one = make_good (f, "paths=1200.jpg");
  again = make_good (f, "paths=1200.jpg");
  for (int i = 0; i < 12; i++)
    {
      const PstPicture *piece = pst_dataset_get (one, i, NULL);
      const PstPicture *same = pst_dataset_get (again, i, NULL);

      g_assert_cmpint (piece->width, ==, 64);
      g_assert_cmpint (piece->height, ==, 64);
      g_assert_cmpmem (piece->data, 64 * 64 * 3, same->data, 64 * 64 * 3);
      spread += memcmp (before, piece->data, 64 * 64 * 3) != 0;
      memcpy (before, piece->data, 64 * 64 * 3);
    }
  g_assert_cmpint (spread, ==, 12);
  g_clear_pointer (&one, pst_dataset_free);
  one = make_good (f, "paths=50.jpg"); /* nothing to take a piece of */
  g_assert_cmpint (width_of (one, 3), ==, 50);
}

/* Files named one by one are one group: each comes once a round. */
static void
test_named (Fixture *f, gconstpointer data)
{
  g_autoptr (PstDataset) dataset = NULL;
  int                    seen[64] = { 0 };

  write_files (f, "20.jpg 21.jpg 22.jpg 23.jpg 24.jpg a[1].jpg");
  dataset = make_good (f, "paths=20.jpg;21.jpg;22.jpg;23.jpg;24.jpg");
  for (int i = 0; i < 20; i++)
    seen[width_of (dataset, i)]++;
  for (int size = 20; size < 25; size++)
    g_assert_cmpint (seen[size], ==, 4);
  g_clear_pointer (&dataset, pst_dataset_free);
  dataset = make_good (f, "paths=20.jpg:0.9;21.jpg:0.1;2?.jpg:0");
  g_assert_cmpuint (pst_dataset_get_count (dataset), ==, 7);
}

/* Without memory, what is kept is given back first. */
static void
test_memory (Fixture *f, gconstpointer data)
{
  g_autoptr (PstDataset) dataset = NULL;

  write_files (f, "p/20.jpg p/21.jpg p/22.jpg p/23.jpg p/24.jpg p/25.jpg");
  dataset = make_good (f, "paths=p");
  for (int i = 0; i < 6; i++)
    {
      f->n_failures = i & 1;
      g_assert_cmpint (width_of (dataset, i), >=, 20);
    }
  g_assert_cmpuint (pst_dataset_get_skipped (dataset), ==, 0);
}

/* Pictures that are kept are read once, others again and again. */
static void
test_expect (Fixture *f, gconstpointer data)
{
  g_autoptr (PstDataset) kept = NULL, loose = NULL;
  double                 n, seconds;

  write_files (f, "p/20.jpg p/21.jpg p/22.jpg p/23.jpg p/24.jpg p/25.jpg");
  kept = make_good (f, "paths=p");
  g_assert_cmpfloat (pst_dataset_expect (kept, 1000), ==, 5);
  g_assert_cmpfloat (pst_dataset_expect (kept, 2), ==, 2);
  for (int i = 0; i < 60; i++)
    width_of (kept, i);
  g_assert_cmpfloat (pst_dataset_expect (kept, 1000), ==, 0);
  pst_dataset_get_reading (kept, &n, &seconds);
  g_assert_cmpfloat (n, ==, 6);
  loose = make_good (f, "paths=p\ncache-megabytes=0");
  for (int i = 0; i < 60; i++)
    width_of (loose, i);
  g_assert_cmpfloat (pst_dataset_expect (loose, 1000), ==, 1000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                       \
  g_test_add ("/dataset/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("order", test_order);
  ADD ("empty", test_empty);
  ADD ("none-usable", test_none_usable);
  ADD ("copies", test_copies);
  ADD ("mixture", test_mixture);
  ADD ("synthetic", test_synthetic);
  ADD ("open", test_open);
  ADD ("pieces", test_pieces);
  ADD ("named", test_named);
  ADD ("memory", test_memory);
  ADD ("expect", test_expect);
#undef ADD
  return test_run ();
}
