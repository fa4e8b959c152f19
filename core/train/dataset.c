/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/dataset-private.h"

#include <glib/gi18n-lib.h>

#include "core/base/error.h"
#include "core/base/memory.h"

#define FEW 4              /* pictures of which pieces are taken */
#define FEW_SIDE 2048      /* at which they are read */
#define SYNTHETIC_SIDE 1024 /* at most */

GPtrArray *
pst_dataset_list (const char *path)
{
  return pst_sources_list (path);
}

static void
group_free (gpointer data)
{
  PstPhotoGroup *group = data;

  for (guint i = 0; group->photos && i < group->n; i++)
    pst_picture_free (group->photos[i].picture);
  g_free (group->photos);
  g_free (group->order);
  g_free (group->name);
  g_clear_pointer (&group->paths, g_ptr_array_unref);
  g_free (group);
}

static PstPhotoGroup *
new_group (PstDataset *dataset, const char *name, double share)
{
  PstPhotoGroup *group = g_new0 (PstPhotoGroup, 1);

  g_ptr_array_add (dataset->groups, group);
  group->name = g_strdup (name);
  group->share = share;
  group->round = G_MAXUINT64;
  dataset->shares += share;
  return group;
}

static void
add_synthetic (PstDataset *dataset, guint n, double share)
{
  PstPhotoGroup *group = new_group (dataset, NULL, share);

  group->n = n;
  if (! dataset->synthetic)
    dataset->synthetic = pst_synthetic_new (dataset->seed);
}

/* The group before, if like this one it is of single files that are to be
 * drawn as often: a list of them is one group. */
static PstPhotoGroup *
joinable (PstDataset *dataset, const PstRecipePhotos *photos,
          const PstRecipePhotos *before)
{
  PstPhotoGroup *last;

  if (! before || before->kind != PST_PHOTOS_FILES ||
      before->share != photos->share ||
      ! g_file_test (before->path, G_FILE_TEST_IS_REGULAR) ||
      ! g_file_test (photos->path, G_FILE_TEST_IS_REGULAR) ||
      g_str_has_suffix (before->path, ".txt") ||
      g_str_has_suffix (photos->path, ".txt"))
    return NULL;
  last = dataset->groups->pdata[dataset->groups->len - 1];
  last->share += photos->share;
  dataset->shares += photos->share;
  return last;
}

static gboolean
add_files (PstDataset *dataset, const PstRecipePhotos *photos,
           const PstRecipePhotos *before, GError **error)
{
  GPtrArray     *paths = pst_sources_list (photos->path);
  PstPhotoGroup *group = joinable (dataset, photos, before);

  if (paths->len == 0)
    {
      g_ptr_array_unref (paths);
      g_set_error (error, PST_ERROR, PST_ERROR_FILE,
                   _ ("There are no photos at %s. Name others under [photos] "
                      "paths, or write “synthetic” there for pictures that "
                      "the program makes up."),
                   photos->path);
      return FALSE;
    }
  if (group)
    g_ptr_array_extend_and_steal (group->paths, paths);
  else
    new_group (dataset, photos->path, photos->share)->paths = paths;
  return TRUE;
}

/* The user's pictures if there are enough, or else synthetic ones. */
static void
add_open (PstDataset *dataset, const PstRecipe *recipe, double share,
          const char *folder)
{
  if (pst_sources_find_pictures (folder, dataset->min_size,
                                 PST_DATASET_ENOUGH, dataset->host))
    {
      pst_dataset_tell (
        dataset, _ ("The recipe names no photos: those in %s are taken."),
        folder);
      new_group (dataset, folder, share)->paths = pst_sources_list (folder);
      return;
    }
  if (folder)
    pst_dataset_tell (
      dataset,
      _ ("The recipe names no photos, and %s has fewer than %d that can "
         "be used: the program makes up pictures instead."),
      folder, PST_DATASET_ENOUGH);
  else
    pst_dataset_tell (
      dataset, _ ("The recipe names no photos: the program makes up "
                  "pictures instead."));
  add_synthetic (dataset, recipe->n_synthetic, share);
}

static gboolean
add_groups (PstDataset *dataset, const PstRecipe *recipe, const char *pictures,
            GError **error)
{
  const PstRecipePhotos *before = NULL;

  for (guint i = 0; i < recipe->photos->len; i++)
    {
      const PstRecipePhotos *photos = recipe->photos->pdata[i];

      if (photos->kind == PST_PHOTOS_SYNTHETIC)
        add_synthetic (dataset, recipe->n_synthetic, photos->share);
      else if (photos->kind == PST_PHOTOS_AUTO)
        add_open (dataset, recipe, photos->share, pictures);
      else if (! add_files (dataset, photos, before, error))
        return FALSE;
      before = photos;
    }
  if (dataset->shares > 0)
    return TRUE;
  g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
               _ ("The shares of the photos are all 0"));
  return FALSE;
}

/* At what size each group is read, and how much memory that takes at most,
 * with two to one as the shape of a photo. */
static void
settle_groups (PstDataset *dataset, guint64 limit)
{
  guint64 need = 0;

  for (guint i = 0; i < dataset->groups->len; i++)
    {
      PstPhotoGroup *group = dataset->groups->pdata[i];

      if (group->paths)
        {
          dataset->skipped += pst_sources_drop_copies (
            group->paths, dataset->note, dataset->note_data);
          group->n = group->paths->len;
        }
      group->side = group->paths ? dataset->side
                                 : MIN (dataset->side, SYNTHETIC_SIDE);
      if (group->paths && group->n <= FEW)
        group->side = MAX (dataset->side, FEW_SIDE);
      need += (guint64) group->n * group->side * group->side *
              (group->paths ? 6 : 3);
      group->photos = g_new0 (PstPhoto, group->n);
      group->order = g_new (guint32, group->n);
    }
  limit = MIN (limit, pst_ranks_share (dataset->host->ranks,
                                       pst_memory_available () / 4));
  dataset->memory = dataset->room = MIN (limit, need);
}

PstDataset *
pst_dataset_new_at (const PstRecipe *recipe, int side, const char *pictures,
                    const PstTrainHost *host, PstDatasetNote note,
                    gpointer note_data, GError **error)
{
  g_autoptr (PstDataset) dataset = g_new0 (PstDataset, 1);

  dataset->host = host;
  dataset->note = note;
  dataset->note_data = note_data;
  dataset->groups = g_ptr_array_new_with_free_func (group_free);
  dataset->seed = (guint64) recipe->seed;
  dataset->side = side;
  dataset->min_size = recipe->min_size;
  dataset->news = g_string_new (NULL);
  dataset->piece = pst_picture_try (side, side, error);
  dataset->floats = g_new (float, (gsize) side * side * 3);
  if (! dataset->piece || ! add_groups (dataset, recipe, pictures, error))
    return NULL;
  settle_groups (dataset, (guint64) recipe->cache);
  if (! pst_dataset_get (dataset, 0, error))
    return NULL;
  return g_steal_pointer (&dataset);
}

PstDataset *
pst_dataset_new (const PstRecipe *recipe, int side, const PstTrainHost *host,
                 PstDatasetNote note, gpointer note_data, GError **error)
{
  return pst_dataset_new_at (
    recipe, side, g_get_user_special_dir (G_USER_DIRECTORY_PICTURES), host,
    note, note_data, error);
}

void
pst_dataset_free (PstDataset *dataset)
{
  if (! dataset)
    return;
  g_ptr_array_unref (dataset->groups);
  pst_picture_free (dataset->loose);
  pst_picture_free (dataset->piece);
  pst_synthetic_free (dataset->synthetic);
  g_free (dataset->floats);
  g_string_free (dataset->news, TRUE);
  g_free (dataset);
}

guint
pst_dataset_get_count (const PstDataset *dataset)
{
  guint n = 0;

  for (guint i = 0; i < dataset->groups->len; i++)
    n += ((const PstPhotoGroup *) dataset->groups->pdata[i])->n;
  return n;
}

gboolean
pst_dataset_get_group (const PstDataset *dataset, guint i,
                       PstDatasetGroup *group)
{
  const PstPhotoGroup *from = NULL;

  if (i < dataset->groups->len)
    from = dataset->groups->pdata[i];
  if (! from)
    return FALSE;
  group->path = from->name;
  group->n = from->n;
  group->share = from->share / dataset->shares;
  return TRUE;
}

guint
pst_dataset_get_skipped (const PstDataset *dataset)
{
  return dataset->skipped;
}

guint64
pst_dataset_get_memory (const PstDataset *dataset)
{
  return dataset->memory;
}

guint64
pst_dataset_get_room (const PstDataset *dataset)
{
  return dataset->room;
}

void
pst_dataset_get_reading (const PstDataset *dataset, double *n,
                         double *seconds)
{
  *n = dataset->n_reads;
  *seconds = dataset->seconds;
}

/* Fisher and Yates, as in Knuth, TAOCP 3.4.2, algorithm P */
static void
shuffle (const PstDataset *dataset, PstPhotoGroup *group, guint64 round)
{
  PstRandom random;

  if (group->round == round)
    return;
  group->round = round;
  pst_random_init (&random, dataset->seed, PST_STREAM_ORDER, round);
  for (guint i = 0; i < group->n; i++)
    group->order[i] = i;
  for (guint i = group->n - 1; i > 0; i--)
    {
      guint   k = pst_random_below (&random, i + 1);
      guint32 swap = group->order[i];

      group->order[i] = group->order[k];
      group->order[k] = swap;
    }
}

/* The group that this sample's number draws, by the shares. */
static guint
choose_group (PstDataset *dataset, PstRandom *random)
{
  double at = pst_random_double (random) * dataset->shares;
  guint  last = dataset->groups->len - 1;

  for (guint i = 0; i < last; i++)
    {
      const PstPhotoGroup *group = dataset->groups->pdata[i];

      if (at < group->share)
        return i;
      at -= group->share;
    }
  return last;
}

/* A square of @picture for this sample; see PstDataset. */
static const PstPicture *
take_piece (PstDataset *dataset, const PstPicture *picture, guint64 sample)
{
  int       most = MIN (picture->width, picture->height);
  int       side = dataset->side;
  PstRandom random;
  PstWindow window;

  if (most <= side)
    return picture;
  pst_random_init (&random, dataset->seed, PST_STREAM_PIECE, sample);
  window = pst_picture_window (picture, &random, side, 1,
                               (double) most / side);
  window.flip = FALSE;
  pst_picture_sample (picture, &window, side, dataset->floats);
  pst_picture_put (dataset->piece, 0, 0, dataset->floats, side, side);
  return dataset->piece;
}

static const PstPicture *
get_from (PstDataset *dataset, PstPhotoGroup *group, guint64 sample)
{
  guint at = (guint) (sample % group->n);

  shuffle (dataset, group, sample / group->n);
  for (guint i = 0; i < group->n && ! group->dead; i++)
    {
      const PstPicture *picture;

      picture = pst_dataset_photo (dataset, group,
                                   group->order[(at + i) % group->n]);
      if (picture)
        return group->paths && group->n <= FEW
                 ? take_piece (dataset, picture, sample)
                 : picture;
    }
  group->dead = TRUE;
  return NULL;
}

const PstPicture *
pst_dataset_get (PstDataset *dataset, guint64 sample, GError **error)
{
  PstRandom random;
  guint     first, n = dataset->groups->len;

  pst_random_init (&random, dataset->seed, PST_STREAM_ORDER,
                   G_MAXUINT64 - sample);
  first = choose_group (dataset, &random);
  for (guint i = 0; i < n; i++)
    {
      PstPhotoGroup    *group = dataset->groups->pdata[(first + i) % n];
      const PstPicture *picture = group->share > 0
                                    ? get_from (dataset, group, sample)
                                    : NULL;

      if (picture)
        return picture;
    }
  g_set_error (error, PST_ERROR, PST_ERROR_FILE,
               _ ("None of the %u photos can be used. Name others under "
                  "[photos] paths, or write “synthetic” there for pictures "
                  "that the program makes up."),
               pst_dataset_get_count (dataset));
  return NULL;
}
