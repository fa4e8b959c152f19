/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/history.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

typedef struct
{
  const char *name;
  gsize       offset; /* in PstLosses */
} Column;

#define LOSS(name) { #name, offsetof (PstLosses, name) }
#define JUDGED(k)                                                             \
  { "adversarial/" #k, offsetof (PstLosses, judged[k].adversarial) },         \
    { "real/" #k, offsetof (PstLosses, judged[k].real) },                     \
    { "fake/" #k, offsetof (PstLosses, judged[k].fake) }

static const Column columns[] = {
  LOSS (content), LOSS (style),   LOSS (variation), LOSS (identity),
  LOSS (adversarial), LOSS (real), LOSS (fake),     LOSS (penalty),
  LOSS (success), LOSS (balance), LOSS (norm),      LOSS (patches),
  JUDGED (0),     JUDGED (1),     JUDGED (2),       JUDGED (3),
};
G_STATIC_ASSERT (PST_MAX_DISCRIMINATORS == 4);

#define RATE G_N_ELEMENTS (columns) /* the last column */
#define N_COLUMNS (RATE + 1)

typedef struct
{
  float values[N_COLUMNS];
} Point;

struct _PstHistory
{
  GArray    *points; /* Point, of stride steps each */
  gint64     stride;
  gint64     n;      /* steps since the last point */
  double     sums[N_COLUMNS];
  gint64     counts[N_COLUMNS];
  GPtrArray *marks;
  double     seconds;
};

static void
mark_free (gpointer data)
{
  PstMark *mark = data;

  g_free (mark->text);
  g_free (mark);
}

PstHistory *
pst_history_new (void)
{
  PstHistory *history = g_new0 (PstHistory, 1);

  history->points = g_array_new (FALSE, FALSE, sizeof (Point));
  history->stride = 1;
  history->marks = g_ptr_array_new_with_free_func (mark_free);
  return history;
}

void
pst_history_free (PstHistory *history)
{
  if (! history)
    return;
  g_array_unref (history->points);
  g_ptr_array_unref (history->marks);
  g_free (history);
}

static void
clear_sums (PstHistory *history)
{
  history->n = 0;
  memset (history->sums, 0, sizeof history->sums);
  memset (history->counts, 0, sizeof history->counts);
}

/* The mean of the steps since the last point. */
static Point
open_point (const PstHistory *history)
{
  Point point;

  for (gsize i = 0; i < N_COLUMNS; i++)
    point.values[i] = history->counts[i]
                        ? (float) (history->sums[i] / history->counts[i])
                        : NAN;
  return point;
}

/* @point as the mean of @n steps, to be gone on with. */
static void
reopen (PstHistory *history, const Point *point, gint64 n)
{
  clear_sums (history);
  history->n = n;
  for (gsize i = 0; i < N_COLUMNS; i++)
    if (isfinite (point->values[i]))
      {
        history->sums[i] = point->values[i] * (double) n;
        history->counts[i] = n;
      }
}

/* Makes one point of every two. */
static void
join (PstHistory *history)
{
  Point *points = (Point *) (gpointer) history->points->data;
  guint  half = history->points->len / 2;

  for (guint i = 0; i < half; i++)
    for (gsize k = 0; k < N_COLUMNS; k++)
      {
        float a = points[2 * i].values[k], b = points[2 * i + 1].values[k];

        points[i].values[k] = isnan (a) ? b : isnan (b) ? a : (a + b) / 2;
      }
  g_array_set_size (history->points, half);
  history->stride *= 2;
}

static void
close_point (PstHistory *history)
{
  Point point = open_point (history);

  g_array_append_val (history->points, point);
  clear_sums (history);
  if (history->points->len >= PST_HISTORY_POINTS)
    join (history);
}

static gint64
next_step (const PstHistory *history)
{
  return history->points->len * history->stride + history->n;
}

void
pst_history_cut (PstHistory *history, gint64 step)
{
  gint64 at = step / history->stride;
  gint64 rest = step % history->stride;

  if (step >= next_step (history))
    return;
  if (at == history->points->len)
    {
      Point point = open_point (history);

      reopen (history, &point, rest);
      return;
    }
  clear_sums (history);
  if (rest > 0)
    reopen (history, &g_array_index (history->points, Point, at), rest);
  g_array_set_size (history->points, (guint) at);
}

/* Nothing is known of the steps before @step that are missing. */
static void
skip_to (PstHistory *history, gint64 step)
{
  while (next_step (history) < step)
    {
      gint64 n = MIN (step - next_step (history), history->stride - history->n);

      history->n += n;
      if (history->n == history->stride)
        close_point (history);
    }
}

void
pst_history_add (PstHistory *history, gint64 step, const PstLosses *losses,
                 double rate)
{
  pst_history_cut (history, step);
  skip_to (history, step);
  for (gsize i = 0; i < N_COLUMNS; i++)
    {
      double value = rate;

      if (i < RATE)
        value = *(const double *) (const void *) ((const char *) losses +
                                                  columns[i].offset);
      if (! isfinite (value))
        continue;
      history->sums[i] += value;
      history->counts[i]++;
    }
  if (++history->n == history->stride)
    close_point (history);
}

/* Takes every second sheet out. */
static void
thin_sheets (PstHistory *history)
{
  guint n = 0;

  for (guint i = 0; i < history->marks->len;)
    {
      PstMark *mark = history->marks->pdata[i];

      if (mark->kind == PST_MARK_SHEET && n++ % 2 == 1)
        g_ptr_array_remove_index (history->marks, i);
      else
        i++;
    }
}

void
pst_history_mark (PstHistory *history, PstMarkKind kind, gint64 step,
                  const char *text)
{
  PstMark *mark;
  guint    n = 0;

  for (guint i = 0; i < history->marks->len; i++)
    {
      const PstMark *other = history->marks->pdata[i];

      n += other->kind == kind;
      if (other->kind == kind && g_strcmp0 (other->text, text) == 0 &&
          (kind == PST_MARK_NOTE || other->step == step))
        return;
    }
  if (n >= PST_HISTORY_MARKS && kind != PST_MARK_SHEET)
    return;
  if (n >= PST_HISTORY_MARKS)
    thin_sheets (history);
  mark = g_new0 (PstMark, 1);
  mark->kind = kind;
  mark->step = step;
  mark->text = g_strdup (text);
  g_ptr_array_add (history->marks, mark);
}

void
pst_history_add_seconds (PstHistory *history, double seconds)
{
  history->seconds += seconds;
}

guint
pst_history_get_count (const PstHistory *history)
{
  return history->points->len + (history->n > 0);
}

double
pst_history_get_step (const PstHistory *history, guint i)
{
  gint64 n = i < history->points->len ? history->stride : history->n;

  return (double) (i * history->stride) + (n + 1) / 2.0;
}

gint64
pst_history_get_stride (const PstHistory *history)
{
  return history->stride;
}

static gsize
find_column (const char *name)
{
  for (gsize k = 0; k < RATE; k++)
    if (strcmp (name, columns[k].name) == 0)
      return k;
  return RATE;
}

float
pst_history_get (const PstHistory *history, const char *name, guint i)
{
  gsize column = find_column (name);

  if (i < history->points->len)
    return g_array_index (history->points, Point, i).values[column];
  return open_point (history).values[column];
}

GPtrArray *
pst_history_get_marks (const PstHistory *history)
{
  return history->marks;
}

double
pst_history_get_seconds (const PstHistory *history)
{
  return history->seconds;
}

/* In a checkpoint: an array [points, columns], the open point last, and a key
 * file that names the columns. */
#define KEY "pastiche.training.history"
#define ARRAY "history/points"
#define CURVES "curves"

static PstArray *
points_to_array (const PstHistory *history)
{
  guint     n = history->points->len;
  Point     last = open_point (history);
  PstArray *array;
  float    *to;

  array = pst_array_new (PST_FLOAT32,
                         PST_SHAPE_OF (pst_history_get_count (history),
                                       (gint64) N_COLUMNS),
                         TRUE);
  to = array->tensor.data;
  if (n > 0)
    memcpy (to, history->points->data, sizeof (Point) * n);
  if (history->n > 0)
    memcpy (to + n * N_COLUMNS, &last, sizeof last);
  return array;
}

static void
write_marks (const PstHistory *history, GKeyFile *file)
{
  for (guint i = 0; i < history->marks->len; i++)
    {
      const PstMark   *mark = history->marks->pdata[i];
      g_autofree char *group = g_strdup_printf ("mark %u", i);

      g_key_file_set_integer (file, group, "kind", (int) mark->kind);
      g_key_file_set_int64 (file, group, "step", mark->step);
      if (mark->text)
        g_key_file_set_string (file, group, "text", mark->text);
    }
}

void
pst_history_write (const PstHistory *history, PstGraph *graph)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char     *text = NULL;
  const char          *names[N_COLUMNS];

  for (gsize i = 0; i < RATE; i++)
    names[i] = columns[i].name;
  names[RATE] = "rate";
  g_key_file_set_string_list (file, CURVES, "columns", names, N_COLUMNS);
  g_key_file_set_int64 (file, CURVES, "stride", history->stride);
  g_key_file_set_int64 (file, CURVES, "open", history->n);
  g_key_file_set_double (file, CURVES, "seconds", history->seconds);
  write_marks (history, file);
  text = g_key_file_to_data (file, NULL, NULL);
  pst_graph_set_metadata (graph, KEY, text);
  if (pst_history_get_count (history) > 0)
    {
      PstArray *array = points_to_array (history);

      pst_graph_add_parameter (graph, ARRAY, array);
      pst_array_unref (array);
    }
}

static void
read_marks (PstHistory *history, GKeyFile *file)
{
  for (guint i = 0;; i++)
    {
      g_autofree char *group = g_strdup_printf ("mark %u", i);
      g_autofree char *text = NULL;
      int              kind;

      if (! g_key_file_has_group (file, group))
        return;
      kind = g_key_file_get_integer (file, group, "kind", NULL);
      text = g_key_file_get_string (file, group, "text", NULL);
      if (kind >= PST_MARK_START && kind <= PST_MARK_NOTE)
        pst_history_mark (history, (PstMarkKind) kind,
                          g_key_file_get_int64 (file, group, "step", NULL),
                          text);
    }
}

/* The columns of @tensor that are known, by @names. */
static void
read_points (PstHistory *history, const PstTensor *tensor, char **names,
             gint64 n_open)
{
  gint64       width = tensor->shape.dim[1];
  const float *from = tensor->data;

  for (gint64 i = 0; i < tensor->shape.dim[0]; i++)
    {
      Point point;

      for (gsize k = 0; k < N_COLUMNS; k++)
        point.values[k] = NAN;
      for (gint64 k = 0; k < width; k++)
        {
          gsize column = find_column (names[k]);

          if (column < RATE || strcmp (names[k], "rate") == 0)
            point.values[column] = from[i * width + k];
        }
      if (n_open > 0 && i == tensor->shape.dim[0] - 1)
        reopen (history, &point, n_open);
      else
        g_array_append_val (history->points, point);
    }
}

static gboolean
is_sound (const PstValue *value, gsize n_names, gint64 stride, gint64 n_open)
{
  const PstTensor *tensor;

  if (! value || ! value->array || stride < 1 || n_open < 0 ||
      n_open >= MAX (stride, 1) || stride > G_MAXINT64 / PST_HISTORY_POINTS)
    return FALSE;
  tensor = &value->array->tensor;
  return tensor->dtype == PST_FLOAT32 && tensor->shape.rank == 2 &&
         tensor->shape.dim[0] <= PST_HISTORY_POINTS &&
         tensor->shape.dim[1] == (gint64) n_names;
}

void
pst_history_read (PstHistory *history, PstGraph *graph, gint64 step)
{
  const char          *text = pst_graph_get_metadata (graph, KEY);
  const PstValue      *value = pst_graph_find (graph, ARRAY);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_auto (GStrv)       names = NULL;
  gsize                n_names = 0;
  gint64               stride, n_open;

  g_array_set_size (history->points, 0);
  g_ptr_array_set_size (history->marks, 0);
  clear_sums (history);
  history->stride = 1;
  history->seconds = 0;
  if (text && g_key_file_load_from_data (file, text, strlen (text), 0, NULL))
    {
      names = g_key_file_get_string_list (file, CURVES, "columns", &n_names,
                                          NULL);
      stride = g_key_file_get_int64 (file, CURVES, "stride", NULL);
      n_open = g_key_file_get_int64 (file, CURVES, "open", NULL);
      history->seconds = g_key_file_get_double (file, CURVES, "seconds", NULL);
      read_marks (history, file);
      if (is_sound (value, n_names, stride, n_open))
        {
          history->stride = stride;
          read_points (history, &value->array->tensor, names, n_open);
        }
    }
  pst_history_cut (history, step);
  skip_to (history, step);
}
