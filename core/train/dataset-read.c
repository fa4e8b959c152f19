/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/dataset-private.h"

#include <glib/gi18n-lib.h>

#include "core/base/error.h"

void
pst_dataset_tell (PstDataset *dataset, const char *format, ...)
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

/* Pictures of @group that are not in memory. */
static guint
count_unread (const PstPhotoGroup *group)
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
      const PstPhotoGroup *group = dataset->groups->pdata[i];

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
      const PstPhotoGroup *group = dataset->groups->pdata[i];
      double               here = samples * group->share / dataset->shares;
      double               mine = count_unread (group);

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
      PstPhotoGroup *group = dataset->groups->pdata[i];

      for (guint k = 0; k < group->n; k++)
        g_clear_pointer (&group->photos[k].picture, pst_picture_free);
    }
  g_clear_pointer (&dataset->loose, pst_picture_free);
  dataset->room = dataset->memory;
}

static PstPicture *
read_once (PstDataset *dataset, const PstPhotoGroup *group, guint i, int side,
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
read_picture (PstDataset *dataset, const PstPhotoGroup *group, guint i,
              int side, GError **error)
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
static PstPhotoGroup *
find_group (const PstDataset *dataset, guint *i)
{
  for (guint g = 0; g < dataset->groups->len; g++)
    {
      PstPhotoGroup *group = dataset->groups->pdata[g];

      if (*i < group->n)
        return group;
      *i -= group->n;
    }
  return NULL;
}

PstPicture *
pst_dataset_load (PstDataset *dataset, guint i, int side)
{
  const PstPhotoGroup *group = find_group (dataset, &i);

  return group && ! group->photos[i].bad
           ? read_picture (dataset, group, i, side, NULL)
           : NULL;
}

static void
skip (PstDataset *dataset, PstPhotoGroup *group, guint i, const char *text)
{
  group->photos[i].bad = TRUE;
  dataset->skipped++;
  pst_dataset_tell (dataset, "%s", text);
}

/* What the other processes shall hear of it. */
static void
note_news (PstDataset *dataset, const PstPhotoGroup *group, guint i,
           const char *text)
{
  g_autofree char *line = g_strdelimit (g_strdup (text), "\n", ' ');

  for (guint g = 0; dataset->groups->pdata[g] != group; g++)
    i += ((const PstPhotoGroup *) dataset->groups->pdata[g])->n;
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
      char          *end;
      guint          i = (guint) g_ascii_strtoull (*line, &end, 10);
      PstPhotoGroup *group = end > *line ? find_group (dataset, &i) : NULL;

      if (group && ! group->photos[i].bad)
        skip (dataset, group, i, end + 1);
    }
  g_string_truncate (dataset->news, 0);
  dataset->n_news = 0;
}

static const PstPicture *
keep (PstDataset *dataset, PstPhoto *photo, PstPicture *picture)
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

const PstPicture *
pst_dataset_photo (PstDataset *dataset, PstPhotoGroup *group, guint i)
{
  PstPhoto          *photo = &group->photos[i];
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
