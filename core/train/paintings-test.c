/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/paintings.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/test-run.h"

#define RECIPE                                                                \
  "[features]\nnetwork=n\ncontent-layers=x\nstyle-layers=x\n[style one]\n"

typedef struct
{
  char        *folder;
  GPtrArray   *notes;
  PstTrainHost host;
} Fixture;

/* "300.jpg" has 300 x 600 pixels; "bad…" cannot be read. */
static PstPicture *
load (const char *path, int side, gpointer data, GError **error)
{
  g_autofree char *name = g_path_get_basename (path);
  int              size = MIN (atoi (name), side);

  if (size > 0)
    return pst_picture_new (size, 2 * size);
  g_set_error (error, PST_ERROR, PST_ERROR_FORMAT, "it is bad");
  return NULL;
}

static void
take_note (const char *text, gpointer data)
{
  g_ptr_array_add (data, g_strdup (text));
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->folder = g_dir_make_tmp ("pastiche-XXXXXX", NULL);
  f->notes = g_ptr_array_new_with_free_func (g_free);
  f->host = (PstTrainHost) { .load = load };
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  GDir       *dir = g_dir_open (f->folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)))
    {
      g_autofree char *path = g_build_filename (f->folder, name, NULL);

      g_remove (path);
    }
  g_dir_close (dir);
  g_remove (f->folder);
  g_free (f->folder);
  g_ptr_array_unref (f->notes);
}

static void
write_file (const Fixture *f, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (f->folder, name, NULL);

  g_file_set_contents (path, text, -1, NULL);
}

static PstRecipe *
settle (Fixture *f, const char *keys, GError **error)
{
  g_autofree char      *text = g_strconcat (RECIPE, keys, "\n", NULL);
  g_autoptr (PstRecipe) recipe = NULL;

  recipe = pst_recipe_parse (text, f->folder, error);
  g_assert_nonnull (recipe);
  g_ptr_array_set_size (f->notes, 0);
  if (! pst_paintings_settle (recipe, &f->host, take_note, f->notes, error))
    return NULL;
  return g_steal_pointer (&recipe);
}

/* The names of the pictures to be used and how many notes there were. */
static void
assert_settled (Fixture *f, const char *keys, const char *names, guint n_notes)
{
  g_autoptr (GError)    error = NULL;
  g_autoptr (PstRecipe) recipe = settle (f, keys, &error);
  g_autoptr (GString)   found = g_string_new (NULL);
  const PstRecipeStyle *style;

  g_assert_no_error (error);
  style = recipe->styles->pdata[0];
  for (int i = 0; style->pictures[i]; i++)
    {
      g_autofree char *name = g_path_get_basename (style->pictures[i]);

      g_string_append_printf (found, "%s%s", i ? " " : "", name);
    }
  g_assert_cmpstr (found->str, ==, names);
  g_assert_cmpuint (f->notes->len, ==, n_notes);
}

static void
test_kinds (Fixture *f, gconstpointer data)
{
  write_file (f, "300.jpg", "a");
  write_file (f, "301.jpg", "b");
  write_file (f, "400.png", "b"); /* the same again */
  write_file (f, "40.jpg", "c");
  write_file (f, "bad.jpg", "d");
  write_file (f, "some.txt", "301.jpg\n300.jpg\n");
  assert_settled (f, "size=300\npictures=300.jpg", "300.jpg", 0);
  assert_settled (f, "size=300\npictures=301.jpg;300.jpg;300.jpg",
                  "301.jpg 300.jpg", 1);
  assert_settled (f, "size=300\npictures=some.txt", "301.jpg 300.jpg", 0);
  assert_settled (f, "size=300\npictures=.", "300.jpg 301.jpg", 3);
  assert_settled (f, "size=300\npictures=?00.*", "300.jpg 400.png", 0);
}

static void
test_soft (Fixture *f, gconstpointer data)
{
  write_file (f, "256.jpg", "a");
  write_file (f, "900.jpg", "b");
  assert_settled (f, "size=512\npictures=.", "256.jpg 900.jpg", 1);
  g_assert_nonnull (strstr (f->notes->pdata[0], "1 of 2"));
  g_assert_nonnull (strstr (f->notes->pdata[0], "size=256"));
  assert_settled (f, "size=256\npictures=.", "256.jpg 900.jpg", 0);
}

static void
test_none (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  write_file (f, "bad.jpg", "a");
  write_file (f, "63.jpg", "b");
  g_assert_null (settle (f, "pictures=.", &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_FILE);
  g_assert_nonnull (strstr (error->message, "[style one]"));
  g_assert_nonnull (strstr (error->message, "none of its 2 pictures"));
  g_clear_error (&error);
  g_assert_null (settle (f, "pictures=gone.jpg", &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_FILE);
  g_assert_nonnull (strstr (error->message, "gone.jpg"));
}

/* 12 of 4096 x 8192 would take 1.2 GB */
static void
test_many (Fixture *f, gconstpointer data)
{
  for (int i = 0; i < 12; i++)
    {
      g_autofree char *name = g_strdup_printf ("%d.jpg", 2100 + i);

      write_file (f, name, name);
    }
  assert_settled (f, "size=4096\npictures=.",
                  "2100.jpg 2102.jpg 2104.jpg 2107.jpg 2109.jpg", 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                       \
  g_test_add ("/paintings/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("kinds", test_kinds);
  ADD ("soft", test_soft);
  ADD ("none", test_none);
  ADD ("many", test_many);
#undef ADD
  return test_run ();
}
