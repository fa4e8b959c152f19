/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/dataset.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/train/synthetic.h"

#define FEW 4              /* pictures of which pieces are taken */
#define FEW_SIDE 2048      /* at which they are read */
#define SYNTHETIC_SIDE 1024 /* at most */

typedef struct
{
  PstPicture *picture;
  gboolean    bad;
} Photo;

typedef struct
{
  GPtrArray *paths; /* (nullable): synthetic */
  char      *name;  /* (nullable): where they come from */
  guint      n;
  Photo     *photos;
  double     share;
  int        side;
  gboolean   dead;  /* none can be used */
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
  guint64             memory;
  guint64             room;   /* bytes that may still be kept */
  PstPicture         *loose;  /* the last one that was not kept */
  PstPicture         *piece;
  float              *floats; /* of the piece */
  PstSynthetic       *synthetic;
  guint               skipped;
  double              n_reads;
  double              seconds; /* that they took */
  GString            *news;   /* "INDEX TEXT", a line each, of what was passed
                                 over and not shared */
  guint               n_news;
};

static void tell (PstDataset *dataset, const char *format, ...)
  G_GNUC_PRINTF (2, 3);

static void
tell (PstDataset *dataset, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list          arguments;

  if (! dataset->note)
    return;
  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  dataset->note (text, dataset->note_data);
}

GPtrArray *
pst_dataset_list (const char *path)
{
  return pst_sources_list (path);
}

static void
group_free (gpointer data)
{
  Group *group = data;

  for (guint i = 0; group->photos && i < group->n; i++)
    pst_picture_free (group->photos[i].picture);
  g_free (group->photos);
  g_free (group->order);
  g_free (group->name);
  g_clear_pointer (&group->paths, g_ptr_array_unref);
  g_free (group);
}

static Group *
new_group (PstDataset *dataset, const char *name, double share)
{
  Group *group = g_new0 (Group, 1);

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
  Group *group = new_group (dataset, NULL, share);

  group->n = n;
  if (! dataset->synthetic)
    dataset->synthetic = pst_synthetic_new (dataset->seed);
}

/* The group before, if like this one it is of single files that are to be
 * drawn as often: a list of them is one group. */
static Group *
joinable (PstDataset *dataset, const PstRecipePhotos *photos,
          const PstRecipePhotos *before)
{
  Group *last;

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
  GPtrArray *paths = pst_sources_list (photos->path);
  Group     *group = joinable (dataset, photos, before);

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
      tell (dataset, _ ("The recipe names no photos: those in %s are taken."),
            folder);
      new_group (dataset, folder, share)->paths = pst_sources_list (folder);
      return;
    }
  if (folder)
    tell (dataset,
          _ ("The recipe names no photos, and %s has fewer than %d that can "
             "be used: the program makes up pictures instead."),
          folder, PST_DATASET_ENOUGH);
  else
    tell (dataset, _ ("The recipe names no photos: the program makes up "
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
      Group *group = dataset->groups->pdata[i];

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
      group->photos = g_new0 (Photo, group->n);
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
  dataset->piece = pst_picture_new (side, side);
  dataset->floats = g_new (float, (gsize) side * side * 3);
  if (! dataset->piece)
    {
      g_set_error_literal (error, PST_ERROR, PST_ERROR_MEMORY,
                           _ ("There is no memory for this picture"));
      return NULL;
    }
  if (! add_groups (dataset, recipe, pictures, error))
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
    n += ((const Group *) dataset->groups->pdata[i])->n;
  return n;
}

gboolean
pst_dataset_get_group (const PstDataset *dataset, guint i,
                       PstDatasetGroup *group)
{
  const Group *from = i < dataset->groups->len ? dataset->groups->pdata[i]
                                               : NULL;

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

/* Pictures of @group that are not in memory. */
static guint
count_unread (const Group *group)
{
  guint n = 0;

  for (guint i = 0; i < group->n; i++)
    n += ! group->photos[i].picture && ! group->photos[i].bad;
  return n;
}

double
pst_dataset_expect (const PstDataset *dataset, double samples)
{
  double bytes = 4.0 * dataset->side * dataset->side; /* of one, a guess */
  double unread = 0, all = 0, reads = 0, part;

  for (guint i = 0; i < dataset->groups->len; i++)
    {
      const Group *group = dataset->groups->pdata[i];

      unread += count_unread (group);
      all += group->n;
    }
  if (unread == 0)
    return 0;
  if (dataset->memory > dataset->room)
    bytes = (double) (dataset->memory - dataset->room) / (all - unread);
  /* the part of them that will be kept */
  part = MIN ((double) dataset->room / (unread * bytes), 1);
  for (guint i = 0; i < dataset->groups->len; i++)
    {
      const Group *group = dataset->groups->pdata[i];
      double       here = samples * group->share / dataset->shares;
      double       mine = count_unread (group);

      reads += MIN (part * mine, here) + here * (1 - part) * mine / group->n;
    }
  return reads;
}

/* Gives back all that is kept, but for the picture in use. */
static void
forget (PstDataset *dataset)
{
  for (guint i = 0; i < dataset->groups->len; i++)
    {
      Group *group = dataset->groups->pdata[i];

      for (guint k = 0; k < group->n; k++)
        g_clear_pointer (&group->photos[k].picture, pst_picture_free);
    }
  g_clear_pointer (&dataset->loose, pst_picture_free);
  dataset->room = dataset->memory;
}

static PstPicture *
read_once (PstDataset *dataset, const Group *group, guint i, int side,
           GError **error)
{
  PstPicture *picture;

  if (group->paths)
    return dataset->host->load (group->paths->pdata[i], side,
                                dataset->host->data, error);
  picture = pst_synthetic_picture (dataset->synthetic, i, side, side);
  if (! picture)
    g_set_error_literal (error, PST_ERROR, PST_ERROR_MEMORY,
                         _ ("There is no memory for this picture"));
  return picture;
}

/* Where there is no memory, a second time without what is kept. */
static PstPicture *
read_picture (PstDataset *dataset, const Group *group, guint i, int side,
              GError **error)
{
  g_autoptr (PstPicture) picture = NULL;
  GError                *reason = NULL;

  picture = read_once (dataset, group, i, side, &reason);
  if (g_error_matches (reason, PST_ERROR, PST_ERROR_MEMORY))
    {
      g_clear_error (&reason);
      forget (dataset);
      picture = read_once (dataset, group, i, side, &reason);
    }
  if (reason)
    g_propagate_error (error, reason);
  if (! picture || (group->paths && ! pst_sources_check_size (
                                      picture, dataset->min_size, error)))
    return NULL;
  return g_steal_pointer (&picture);
}

/* The group that @i, counted over all, is in. */
static Group *
find_group (const PstDataset *dataset, guint *i)
{
  for (guint g = 0; g < dataset->groups->len; g++)
    {
      Group *group = dataset->groups->pdata[g];

      if (*i < group->n)
        return group;
      *i -= group->n;
    }
  return NULL;
}

PstPicture *
pst_dataset_load (PstDataset *dataset, guint i, int side)
{
  const Group *group = find_group (dataset, &i);

  return group && ! group->photos[i].bad
           ? read_picture (dataset, group, i, side, NULL)
           : NULL;
}

/* Fisher and Yates, as in Knuth, TAOCP 3.4.2, algorithm P */
static void
shuffle (const PstDataset *dataset, Group *group, guint64 round)
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

static void
skip (PstDataset *dataset, Group *group, guint i, const char *text)
{
  group->photos[i].bad = TRUE;
  dataset->skipped++;
  tell (dataset, "%s", text);
}

/* What the other processes shall hear of it. */
static void
note_news (PstDataset *dataset, const Group *group, guint i, const char *text)
{
  g_autofree char *line = g_strdelimit (g_strdup (text), "\n", ' ');

  for (guint g = 0; dataset->groups->pdata[g] != group; g++)
    i += ((const Group *) dataset->groups->pdata[g])->n;
  g_string_append_printf (dataset->news, "%u %s\n", i, line);
  dataset->n_news++;
}

guint
pst_dataset_get_news (const PstDataset *dataset)
{
  return dataset->n_news;
}

void
pst_dataset_share (PstDataset *dataset)
{
  g_autoptr (GBytes) mine = g_bytes_new (dataset->news->str,
                                         dataset->news->len);
  g_autoptr (GBytes) all = pst_ranks_gather (dataset->host->ranks, mine);
  g_autofree char   *text = NULL;
  g_auto (GStrv)     lines = NULL;

  text = g_strndup (g_bytes_get_data (all, NULL), g_bytes_get_size (all));
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line; line++)
    {
      char  *end;
      guint  i = (guint) g_ascii_strtoull (*line, &end, 10);
      Group *group = end > *line ? find_group (dataset, &i) : NULL;

      if (group && ! group->photos[i].bad)
        skip (dataset, group, i, end + 1);
    }
  g_string_truncate (dataset->news, 0);
  dataset->n_news = 0;
}

static const PstPicture *
keep (PstDataset *dataset, Photo *photo, PstPicture *picture)
{
  guint64 bytes = (guint64) picture->width * picture->height * 3;

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
  Photo             *photo = &group->photos[i];
  PstPicture        *picture;
  gint64             begin;
  g_autoptr (GError) reason = NULL;
  g_autofree char   *text = NULL;

  if (photo->bad || photo->picture)
    return photo->picture;
  begin = g_get_monotonic_time ();
  picture = read_picture (dataset, group, i, group->side, &reason);
  dataset->seconds += (double) (g_get_monotonic_time () - begin) / 1e6;
  dataset->n_reads++;
  if (picture)
    return keep (dataset, photo, picture);
  text = g_strdup_printf (_ ("%s is passed over: %s"),
                          group->paths ? (char *) group->paths->pdata[i] : "",
                          reason ? reason->message : _ ("it cannot be read"));
  skip (dataset, group, i, text);
  note_news (dataset, group, i, text);
  return NULL;
}

/* The group that this sample's number draws, by the shares. */
static guint
choose_group (PstDataset *dataset, PstRandom *random)
{
  double at = pst_random_double (random) * dataset->shares;
  guint  last = dataset->groups->len - 1;

  for (guint i = 0; i < last; i++)
    {
      const Group *group = dataset->groups->pdata[i];

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
get_from (PstDataset *dataset, Group *group, guint64 sample)
{
  guint at = (guint) (sample % group->n);

  shuffle (dataset, group, sample / group->n);
  for (guint i = 0; i < group->n && ! group->dead; i++)
    {
      const PstPicture *picture;

      picture = load (dataset, group, group->order[(at + i) % group->n]);
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
      Group            *group = dataset->groups->pdata[(first + i) % n];
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
