/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/dataset.h"

#include <glib/gi18n-lib.h>
#include <glob.h>
#include <string.h>

#include "core/base/error.h"

typedef struct
{
  PstPicture *picture;
  gboolean    bad;
} Photo;

typedef struct
{
  GPtrArray *paths;
  Photo     *photos;
  double     share;
  guint32   *order;
  guint64    round; /* that order is made for; G_MAXUINT64: none */
} Group;

struct _PstDataset
{
  const PstTrainHost *host;
  PstDatasetNote      note;
  gpointer            note_data;
  GPtrArray          *groups; /* Group */
  double              shares; /* their sum */
  guint64             seed;
  int                 side;
  int                 min_size;
  gint64              room; /* bytes that may still be kept */
  PstPicture         *loose; /* the last one that was not kept */
  guint               skipped;
};

static const char *const endings[] = { ".jpg", ".jpeg", ".png", ".webp",
                                       ".tif", ".tiff", NULL };

static gboolean
is_picture (const char *name)
{
  g_autofree char *lower = g_ascii_strdown (name, -1);

  for (int i = 0; endings[i]; i++)
    if (g_str_has_suffix (lower, endings[i]))
      return TRUE;
  return FALSE;
}

static void
find_pictures (const char *folder, GPtrArray *paths, int depth)
{
  GDir       *dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir)))
    {
      char *path = g_build_filename (folder, name, NULL);

      if (depth > 0 && g_file_test (path, G_FILE_TEST_IS_DIR))
        find_pictures (path, paths, depth - 1);
      else if (is_picture (name) && g_file_test (path, G_FILE_TEST_IS_REGULAR))
        {
          g_ptr_array_add (paths, path);
          continue;
        }
      g_free (path);
    }
  if (dir)
    g_dir_close (dir);
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

GPtrArray *
pst_dataset_list (const char *path)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  glob_t     matches;

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    find_pictures (path, paths, 32);
  else if (glob (path, 0, NULL, &matches) == 0)
    {
      for (gsize i = 0; i < matches.gl_pathc; i++)
        g_ptr_array_add (paths, g_strdup (matches.gl_pathv[i]));
      globfree (&matches);
    }
  g_ptr_array_sort (paths, compare_paths);
  return paths;
}

static void
group_free (gpointer data)
{
  Group *group = data;

  for (guint i = 0; group->photos && i < group->paths->len; i++)
    pst_picture_free (group->photos[i].picture);
  g_free (group->photos);
  g_free (group->order);
  g_ptr_array_unref (group->paths);
  g_free (group);
}

static gboolean
add_group (PstDataset *dataset, const PstRecipePhotos *photos, GError **error)
{
  Group *group = g_new0 (Group, 1);

  g_ptr_array_add (dataset->groups, group);
  group->paths = pst_dataset_list (photos->path);
  group->share = photos->share;
  group->round = G_MAXUINT64;
  dataset->shares += photos->share;
  if (group->paths->len == 0)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FILE,
                   _ ("There are no photos at %s"), photos->path);
      return FALSE;
    }
  group->photos = g_new0 (Photo, group->paths->len);
  group->order = g_new (guint32, group->paths->len);
  return TRUE;
}

PstDataset *
pst_dataset_new (const PstRecipe *recipe, int side, const PstTrainHost *host,
                 PstDatasetNote note, gpointer note_data, GError **error)
{
  g_autoptr (PstDataset) dataset = g_new0 (PstDataset, 1);

  dataset->host = host;
  dataset->note = note;
  dataset->note_data = note_data;
  dataset->groups = g_ptr_array_new_with_free_func (group_free);
  dataset->seed = (guint64) recipe->seed;
  dataset->side = side;
  dataset->min_size = recipe->min_size;
  dataset->room = recipe->cache;
  for (guint i = 0; i < recipe->photos->len; i++)
    if (! add_group (dataset, recipe->photos->pdata[i], error))
      return NULL;
  if (! (dataset->shares > 0))
    {
      g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                   _ ("The shares of the photos are all 0"));
      return NULL;
    }
  return g_steal_pointer (&dataset);
}

void
pst_dataset_free (PstDataset *dataset)
{
  if (! dataset)
    return;
  g_ptr_array_unref (dataset->groups);
  pst_picture_free (dataset->loose);
  g_free (dataset);
}

guint
pst_dataset_get_count (const PstDataset *dataset)
{
  guint n = 0;

  for (guint i = 0; i < dataset->groups->len; i++)
    n += ((const Group *) dataset->groups->pdata[i])->paths->len;
  return n;
}

guint
pst_dataset_get_skipped (const PstDataset *dataset)
{
  return dataset->skipped;
}

const char *
pst_dataset_get_path (const PstDataset *dataset, guint i)
{
  for (guint g = 0; g < dataset->groups->len; g++)
    {
      const Group *group = dataset->groups->pdata[g];

      if (i < group->paths->len)
        return group->paths->pdata[i];
      i -= group->paths->len;
    }
  return NULL;
}

/* Fisher and Yates, as in Knuth, TAOCP 3.4.2, algorithm P */
static void
shuffle (const PstDataset *dataset, Group *group, guint64 round)
{
  guint     n = group->paths->len;
  PstRandom random;

  if (group->round == round)
    return;
  group->round = round;
  pst_random_init (&random, dataset->seed, PST_STREAM_ORDER, round);
  for (guint i = 0; i < n; i++)
    group->order[i] = i;
  for (guint i = n - 1; i > 0; i--)
    {
      guint   k = pst_random_below (&random, i + 1);
      guint32 swap = group->order[i];

      group->order[i] = group->order[k];
      group->order[k] = swap;
    }
}

static void
skip (PstDataset *dataset, Group *group, guint i, const char *reason)
{
  g_autofree char *text = NULL;

  group->photos[i].bad = TRUE;
  dataset->skipped++;
  text = g_strdup_printf (_ ("%s is passed over: %s"),
                          (char *) group->paths->pdata[i], reason);
  if (dataset->note)
    dataset->note (text, dataset->note_data);
}

static const PstPicture *
keep (PstDataset *dataset, Photo *photo, PstPicture *picture)
{
  gint64 bytes = (gint64) picture->width * picture->height * 3;

  if (bytes <= dataset->room)
    {
      dataset->room -= bytes;
      return photo->picture = picture;
    }
  pst_picture_free (dataset->loose);
  return dataset->loose = picture;
}

/* Photo @i of @group, or NULL where it cannot be used. */
static const PstPicture *
load (PstDataset *dataset, Group *group, guint i)
{
  Photo      *photo = &group->photos[i];
  PstPicture *picture;
  GError     *reason = NULL;

  if (photo->bad || photo->picture)
    return photo->picture;
  picture = dataset->host->load (group->paths->pdata[i], dataset->side,
                                 dataset->host->data, &reason);
  if (! picture)
    {
      skip (dataset, group, i,
            reason ? reason->message : _ ("it cannot be read"));
      g_clear_error (&reason);
      return NULL;
    }
  if (MIN (picture->width, picture->height) < dataset->min_size)
    {
      skip (dataset, group, i, _ ("it is too small"));
      pst_picture_free (picture);
      return NULL;
    }
  return keep (dataset, photo, picture);
}

/* The group that this sample's number draws, by the shares. */
static Group *
choose_group (PstDataset *dataset, PstRandom *random)
{
  double at = pst_random_double (random) * dataset->shares;
  guint  last = dataset->groups->len - 1;

  for (guint i = 0; i < last; i++)
    {
      Group *group = dataset->groups->pdata[i];

      if (at < group->share)
        return group;
      at -= group->share;
    }
  return dataset->groups->pdata[last];
}

const PstPicture *
pst_dataset_get (PstDataset *dataset, guint64 sample, GError **error)
{
  PstRandom random;
  Group    *group;
  guint     n, at;

  pst_random_init (&random, dataset->seed, PST_STREAM_ORDER,
                   G_MAXUINT64 - sample);
  group = choose_group (dataset, &random);
  n = group->paths->len;
  shuffle (dataset, group, sample / n);
  at = (guint) (sample % n);
  for (guint i = 0; i < n; i++)
    {
      const PstPicture *picture;

      picture = load (dataset, group, group->order[(at + i) % n]);
      if (picture)
        return picture;
    }
  g_set_error (error, PST_ERROR, PST_ERROR_FILE,
               _ ("None of the %u photos beside %s can be used"), n,
               (char *) group->paths->pdata[0]);
  return NULL;
}
