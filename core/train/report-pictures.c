/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pictures of a report, as data URIs of bounded size. */
#include "core/train/report-private.h"

#include <math.h>

#define THUMBNAIL 200      /* shorter side, pixels */
#define THUMBNAILS 3       /* of a style */
#define LARGE 3.2e6        /* pixels of the newest sheet */
#define SMALL 0.35e6       /* of the others */
#define MOST_SIDE 4096     /* at which a sheet is read */

static char *
to_uri (PstTrainer *trainer, const PstPicture *picture)
{
  const PstTrainHost *host = trainer->host;
  g_autoptr (GBytes)  bytes = NULL;
  g_autofree char    *text = NULL;
  gsize               size;
  const guint8       *data;

  bytes = host->encode ? host->encode (picture, host->data, NULL) : NULL;
  if (! bytes)
    return NULL;
  data = g_bytes_get_data (bytes, &size);
  text = g_base64_encode (data, size);
  return g_strconcat ("data:image/jpeg;base64,", text, NULL);
}

/* @picture with at most @pixels pixels. */
static char *
shrink (PstTrainer *trainer, const PstPicture *picture, double pixels)
{
  double                 have = (double) picture->width * picture->height;
  double                 side = MIN (picture->width, picture->height);
  g_autoptr (PstPicture) small = NULL;

  if (have <= pixels)
    return to_uri (trainer, picture);
  small = pst_picture_scale (picture,
                             MAX ((int) (side * sqrt (pixels / have)), 1));
  return small ? to_uri (trainer, small) : NULL;
}

GPtrArray *
pst_report_thumbnails (PstTrainer *trainer)
{
  GPtrArray *all;

  all = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  for (guint i = 0; i < trainer->pictures->len; i++)
    {
      const GPtrArray *pictures = trainer->pictures->pdata[i];
      GPtrArray       *some = g_ptr_array_new_with_free_func (g_free);

      for (guint k = 0; k < MIN (pictures->len, THUMBNAILS); k++)
        {
          g_autoptr (PstPicture) small = NULL;
          char                  *uri;

          small = pst_picture_scale (
            pictures->pdata[k * pictures->len / MIN (pictures->len,
                                                     THUMBNAILS)],
            THUMBNAIL);
          uri = small ? to_uri (trainer, small) : NULL;
          if (uri)
            g_ptr_array_add (some, uri);
        }
      g_ptr_array_add (all, some);
    }
  return all;
}

char *
pst_report_sheet_path (const char *out, gint64 step)
{
  g_autofree char *stem = g_strdup (out);

  if (g_str_has_suffix (stem, ".onnx"))
    stem[strlen (stem) - strlen (".onnx")] = '\0';
  return g_strdup_printf ("%s.step-%06" G_GINT64_FORMAT ".png", stem, step);
}

/* A sheet that lies beside the model; NULL where it is there no longer. */
static char *
load_sheet (PstReport *report, gint64 step, double pixels)
{
  const PstTrainHost    *host = report->trainer->host;
  g_autofree char       *path = NULL;
  g_autoptr (PstPicture) sheet = NULL;

  path = pst_report_sheet_path (report->options->out, step);
  sheet = host->load (path, MOST_SIDE, host->data, NULL);
  return sheet ? shrink (report->trainer, sheet, pixels) : NULL;
}

static char *
small_sheet (PstReport *report, gint64 step)
{
  char *uri = g_hash_table_lookup (report->sheets, &step);

  if (! uri)
    {
      uri = load_sheet (report, step, SMALL);
      if (uri)
        g_hash_table_insert (report->sheets,
                             g_memdup2 (&step, sizeof step), uri);
    }
  return g_strdup (uri);
}

guint
pst_report_choose (const gint64 *steps, guint n, guint *chosen, guint most)
{
  guint count = 0;

  for (guint i = 0; i < most && n > 0; i++)
    {
      double wanted = (double) steps[0] *
                      pow ((double) steps[n - 1] / (double) steps[0],
                           most > 1 ? i / (most - 1.0) : 1);
      guint  at = count ? chosen[count - 1] : 0;

      while (at + 1 < n && fabs (log ((double) steps[at + 1] / wanted)) <=
                             fabs (log ((double) steps[at] / wanted)))
        at++;
      if (count == 0 || at != chosen[count - 1])
        chosen[count++] = at;
    }
  return count;
}

static void
sheet_free (gpointer data)
{
  PstSheet *sheet = data;

  g_free (sheet->uri);
  g_free (sheet);
}

/* Of those that were made and are still there, from the first step on. */
static GArray *
list_sheets (PstReport *report)
{
  GPtrArray *marks = pst_history_get_marks (report->trainer->history);
  GArray    *steps = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < marks->len; i++)
    {
      const PstMark   *mark = marks->pdata[i];
      gint64           last = 0;
      g_autofree char *path = NULL;

      if (mark->kind != PST_MARK_SHEET)
        continue;
      if (steps->len > 0)
        last = g_array_index (steps, gint64, steps->len - 1);
      path = pst_report_sheet_path (report->options->out, mark->step);
      if (mark->step > last && mark->step <= report->trainer->n_steps &&
          g_file_test (path, G_FILE_TEST_EXISTS))
        g_array_append_val (steps, mark->step);
    }
  return steps;
}

GPtrArray *
pst_report_sheets (PstReport *report)
{
  g_autoptr (GArray) steps = list_sheets (report);
  GPtrArray         *sheets = g_ptr_array_new_with_free_func (sheet_free);
  guint              chosen[PST_REPORT_SHEETS];
  guint              n;

  n = pst_report_choose ((const gint64 *) (gpointer) steps->data, steps->len,
                         chosen, PST_REPORT_SHEETS);
  for (guint i = 0; i < n; i++)
    {
      gint64    step = g_array_index (steps, gint64, chosen[i]);
      char     *uri = i + 1 < n ? small_sheet (report, step)
                                : load_sheet (report, step, LARGE);
      PstSheet *sheet;

      if (! uri)
        continue;
      sheet = g_new0 (PstSheet, 1);
      sheet->step = step;
      sheet->uri = uri;
      g_ptr_array_add (sheets, sheet);
    }
  return sheets;
}
