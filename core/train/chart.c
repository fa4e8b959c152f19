/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/chart.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/train/markup.h"

/* In SVG's units. */
#define WIDTH 560
#define HEIGHT 250
#define LEFT 58
#define RIGHT 10
#define TOP 26
#define BOTTOM 34
#define INNER_W (WIDTH - LEFT - RIGHT)
#define INNER_H (HEIGHT - TOP - BOTTOM)

#define COLUMNS 440  /* in which a curve has its least and largest number */
#define TIPS 80      /* places that a pointer finds */
#define OUTLIERS 0.004 /* at either end that may lie outside */
#define WIDE 8.0     /* largest by least number of a logarithmic axis */

/* A picture being drawn. */
typedef struct
{
  const PstHistory *history;
  const PstChart   *chart;
  GString          *svg;
  guint             n;          /* points */
  float            *raw[PST_CHART_CURVES];
  float            *smooth[PST_CHART_CURVES];
  double            last;       /* step at the right edge */
  double            low, high;  /* at the bottom and at the top */
  gboolean          logarithmic;
} Drawing;

static const char *const classes[] = { "a", "b", "c" };

/* A triangular window, gaps left out. */
static void
smooth (const float *from, int n, float *to)
{
  int radius = MAX (n / 30, 1);
  int first = 0, last = n - 1;

  while (first < n && ! isfinite (from[first]))
    first++;
  while (last > first && ! isfinite (from[last]))
    last--;
  for (int i = 0; i < n; i++)
    {
      double sum = 0, weights = 0;

      for (int k = MAX (i - radius, 0); k <= MIN (i + radius, n - 1); k++)
        if (isfinite (from[k]))
          {
            double weight = radius + 1 - abs (k - i);

            sum += weight * from[k];
            weights += weight;
          }
      to[i] = weights > 0 && i >= first && i <= last
                ? (float) (sum / weights)
                : NAN;
    }
}

static int
compare (const void *a, const void *b)
{
  float x = *(const float *) a, y = *(const float *) b;

  return (x > y) - (x < y);
}

/* Between which numbers nearly all of the curves lie. FALSE without any. */
static gboolean
find_range (Drawing *drawing)
{
  g_autofree float *all = g_new (float, drawing->chart->n * drawing->n + 1);
  gsize             n = 0;

  for (guint k = 0; k < drawing->chart->n; k++)
    for (guint i = 0; i < drawing->n; i++)
      if (isfinite (drawing->raw[k][i]))
        all[n++] = drawing->raw[k][i];
  if (n == 0)
    return FALSE;
  qsort (all, n, sizeof *all, compare);
  drawing->low = all[(gsize) (OUTLIERS * (double) (n - 1))];
  drawing->high = all[n - 1 - (gsize) (OUTLIERS * (double) (n - 1))];
  drawing->logarithmic = ! drawing->chart->linear && drawing->low > 0 &&
                         drawing->high > WIDE * drawing->low;
  return TRUE;
}

/* 1, 2 or 5 times a power of ten that divides @span in about five. */
static double
nice_step (double span)
{
  double power = pow (10, floor (log10 (span / 5)));
  double times = span / 5 / power;

  return power * (times > 5 ? 10 : times > 2 ? 5 : times > 1 ? 2 : 1);
}

/* Widens the range to where its axis ends. */
static void
settle_range (Drawing *drawing)
{
  double step;

  if (drawing->logarithmic)
    {
      drawing->low /= 1.15;
      drawing->high *= 1.15;
      return;
    }
  if (drawing->low >= 0 && drawing->low < 0.6 * drawing->high)
    drawing->low = 0;
  if (! (drawing->high - drawing->low > 1e-6 * fabs (drawing->high)))
    {
      double more = MAX (fabs (drawing->high) * 0.5, 1e-9);

      drawing->low = drawing->low == 0 ? 0 : drawing->low - more;
      drawing->high += more;
    }
  step = nice_step (drawing->high - drawing->low);
  drawing->low = floor (drawing->low / step + 1e-9) * step;
  drawing->high = ceil (drawing->high / step - 1e-9) * step;
}

static double
x_of (const Drawing *drawing, double step)
{
  return INNER_W * step / drawing->last;
}

/* From the top; numbers far outside stay near. */
static double
y_of (const Drawing *drawing, double value)
{
  double low = drawing->low, high = drawing->high, part;

  if (drawing->logarithmic)
    part = value > 0 ? log (value / low) / log (high / low) : -1;
  else
    part = (value - low) / (high - low);
  return INNER_H * (1 - CLAMP (part, -1, 2));
}

static void
append_line (GString *svg, const char *class, double x1, double y1, double x2,
             double y2)
{
  const double at[] = { x1, y1, x2, y2 };
  const char  *names[] = { "x1", "y1", "x2", "y2" };

  g_string_append_printf (svg, "<line class=\"%s\"", class);
  for (int i = 0; i < 4; i++)
    {
      g_string_append_printf (svg, " %s=\"", names[i]);
      pst_markup_number (svg, at[i], 1);
      g_string_append_c (svg, '"');
    }
  g_string_append (svg, "/>\n");
}

static void
append_text (GString *svg, const char *anchor, double x, double y,
             const char *text)
{
  g_string_append (svg, "<text x=\"");
  pst_markup_number (svg, x, 1);
  g_string_append (svg, "\" y=\"");
  pst_markup_number (svg, y, 1);
  pst_markup_printf (svg, "\" text-anchor=\"%s\">%s</text>\n", anchor, text);
}

static void
append_tick (Drawing *drawing, double value, double step)
{
  double           y = y_of (drawing, value);
  g_autofree char *text = NULL;

  if (step > 0 && step >= 1)
    text = pst_markup_count ((gint64) round (value));
  else if (step >= 1e-4)
    {
      GString *number = g_string_new (NULL);

      pst_markup_number (number, value,
                         (int) ceil (-log10 (step) - 1e-9));
      text = g_string_free (number, FALSE);
    }
  else
    {
      char buffer[G_ASCII_DTOSTR_BUF_SIZE];

      text = g_strdup (g_ascii_formatd (buffer, sizeof buffer, "%.3g",
                                        value));
    }
  append_line (drawing->svg, "grid", 0, y, INNER_W, y);
  append_text (drawing->svg, "end", -6, y + 3.5, text);
}

static void
append_y_axis (Drawing *drawing)
{
  double low = drawing->low, high = drawing->high;
  double step = nice_step (high - low);
  /* on a logarithmic axis 1, 2 and 5 of each power, or 1 alone */
  gboolean dense = log10 (high / low) < 3.2;

  if (! drawing->logarithmic)
    {
      for (double i = round (low / step); i * step <= high + step / 9; i++)
        append_tick (drawing, i * step, step);
      return;
    }
  for (double power = pow (10, floor (log10 (low))); power <= high;
       power *= 10)
    for (int times = 1; times <= (dense ? 5 : 1); times += times == 2 ? 3 : 1)
      if (times * power >= low && times * power <= high)
        append_tick (drawing, times * power, power);
}

static void
append_x_axis (Drawing *drawing)
{
  double step = MAX (nice_step (drawing->last), 1);

  for (double at = 0; at <= drawing->last; at += step)
    {
      g_autofree char *text = pst_markup_count ((gint64) at);
      double           x = x_of (drawing, at);

      append_line (drawing->svg, "tick", x, INNER_H, x, INNER_H + 4);
      if (x < INNER_W - 40) /* the axis' name is there */
        append_text (drawing->svg, "middle", x, INNER_H + 18, text);
    }
  append_line (drawing->svg, "axis", 0, INNER_H, INNER_W, INNER_H);
  append_text (drawing->svg, "end", INNER_W, INNER_H + 18, _ ("steps"));
}

/* A word above a line across the picture. */
static void
append_mark (Drawing *drawing, const char *class, double step,
             const char *label, const char *text)
{
  double x = x_of (drawing, step);

  pst_markup_printf (drawing->svg, "<g class=\"%s\"><title>%s</title>", class,
                     text);
  append_line (drawing->svg, class, x, -6, x, INNER_H);
  append_text (drawing->svg, x > INNER_W - 60 ? "end" : "start",
               x > INNER_W - 60 ? x - 3 : x + 3, -2, label);
  g_string_append (drawing->svg, "</g>\n");
}

static void
append_marks (Drawing *drawing, const PstRecipe *recipe)
{
  GPtrArray *marks = pst_history_get_marks (drawing->history);

  for (guint i = 1; i < recipe->phases->len; i++)
    {
      const PstSettings *phase = &g_array_index (recipe->phases, PstSettings,
                                                 i);
      g_autofree char   *label = NULL, *text = NULL, *from = NULL;

      if ((double) phase->from >= drawing->last)
        continue;
      from = pst_markup_count (phase->from);
      label = g_strdup_printf ("%d × %d px", phase->batch, phase->crop);
      text = g_strdup_printf (_ ("From step %s on: crops of %d pixels, "
                                 "batches of %d"),
                              from, phase->crop, phase->batch);
      append_mark (drawing, "phase", (double) phase->from, label, text);
    }
  for (guint i = 0; i < marks->len; i++)
    {
      const PstMark *mark = marks->pdata[i];

      if (mark->kind == PST_MARK_BACK && (double) mark->step <= drawing->last)
        append_mark (drawing, "back", (double) mark->step, "↶",
                     mark->text ? mark->text : "");
    }
}

static void
append_point (Drawing *drawing, gboolean *open, double step, float value)
{
  g_string_append_c (drawing->svg, *open ? 'L' : 'M');
  *open = TRUE;
  pst_markup_number (drawing->svg, x_of (drawing, step), 1);
  g_string_append_c (drawing->svg, ' ');
  pst_markup_number (drawing->svg, y_of (drawing, value), 1);
}

/* Where there are more points than columns, the least and the largest of each
 * column. */
static void
append_curve (Drawing *drawing, const float *values, const char *class)
{
  guint    width = MAX ((drawing->n + COLUMNS - 1) / COLUMNS, 1);
  gboolean open = FALSE;

  g_string_append_printf (drawing->svg, "<path class=\"%s\" d=\"", class);
  for (guint i = 0; i < drawing->n; i += width)
    {
      float  least = INFINITY, most = -INFINITY;
      guint  end = MIN (i + width, drawing->n);
      double step = (pst_history_get_step (drawing->history, i) +
                     pst_history_get_step (drawing->history, end - 1)) / 2;

      for (guint k = i; k < end; k++)
        if (isfinite (values[k]))
          {
            least = MIN (least, values[k]);
            most = MAX (most, values[k]);
          }
      if (! isfinite (least))
        continue;
      append_point (drawing, &open, step, i / width % 2 ? most : least);
      if (most > least)
        append_point (drawing, &open, step, i / width % 2 ? least : most);
    }
  g_string_append (drawing->svg, "\"/>\n");
}

static void
append_tip (Drawing *drawing, guint from, guint to)
{
  const PstChart  *chart = drawing->chart;
  guint            at = (from + to) / 2;
  double           step = pst_history_get_step (drawing->history, at);
  double           left = INNER_W * (double) from / drawing->n;
  double           right = INNER_W * (double) to / drawing->n;
  g_autofree char *count = pst_markup_count ((gint64) step);
  g_autofree char *name = g_strdup_printf (_ ("Step %s"), count);

  g_string_append (drawing->svg, "<rect class=\"tip\" y=\"0\" x=\"");
  pst_markup_number (drawing->svg, left, 1);
  g_string_append (drawing->svg, "\" width=\"");
  pst_markup_number (drawing->svg, right - left, 1);
  pst_markup_printf (drawing->svg, "\" height=\"%d\"><title>%s", INNER_H,
                     name);
  for (guint k = 0; k < chart->n; k++)
    {
      g_autofree char *raw = pst_markup_figure (drawing->raw[k][at]);
      g_autofree char *mean = pst_markup_figure (drawing->smooth[k][at]);
      g_autofree char *both = g_strdup_printf (_ ("%s (smoothed %s)"), raw,
                                               mean);

      pst_markup_printf (drawing->svg, "\n%s: %s",
                         chart->n > 1 ? chart->labels[k] : chart->title,
                         both);
    }
  g_string_append (drawing->svg, "</title></rect>\n");
}

/* The last smoothed number that there is. */
static double
last_of (const Drawing *drawing, guint k)
{
  for (guint i = drawing->n; i > 0; i--)
    if (isfinite (drawing->smooth[k][i - 1]))
      return drawing->smooth[k][i - 1];
  return NAN;
}

static void
append_caption (Drawing *drawing)
{
  const PstChart *chart = drawing->chart;

  pst_markup_printf (drawing->svg, "<figcaption><h3>%s</h3> ", chart->title);
  for (guint k = 0; k < chart->n; k++)
    {
      g_autofree char *now = pst_markup_figure (last_of (drawing, k));

      if (chart->n > 1)
        pst_markup_printf (drawing->svg, "<span class=\"key %s\">%s ",
                           classes[k], chart->labels[k]);
      pst_markup_printf (drawing->svg, "<b>%s%s</b>", now,
                         strcmp (chart->unit, "%") == 0 ? " %" : "");
      g_string_append (drawing->svg, chart->n > 1 ? "</span> " : " ");
    }
  pst_markup_printf (drawing->svg, "<p>%s</p></figcaption>\n", chart->text);
}

static void
append_picture (Drawing *drawing, const PstRecipe *recipe)
{
  const PstChart *chart = drawing->chart;
  guint           tips = MIN (drawing->n, TIPS);

  pst_markup_printf (drawing->svg,
                     "<svg viewBox=\"0 0 %d %d\" role=\"img\" "
                     "xmlns=\"http://www.w3.org/2000/svg\">"
                     "<title>%s</title>\n<g transform=\"translate(%d %d)\">\n",
                     WIDTH, HEIGHT, chart->title, LEFT, TOP);
  append_text (drawing->svg, "start", 6 - LEFT, -14, chart->unit);
  append_y_axis (drawing);
  append_x_axis (drawing);
  append_marks (drawing, recipe);
  g_string_append_printf (drawing->svg,
                          "<svg width=\"%d\" height=\"%d\" "
                          "overflow=\"hidden\">\n",
                          INNER_W, INNER_H);
  for (guint k = 0; k < chart->n; k++)
    {
      g_autofree char *raw = g_strconcat ("raw ", classes[k], NULL);

      append_curve (drawing, drawing->raw[k], raw);
    }
  for (guint k = 0; k < chart->n; k++)
    append_curve (drawing, drawing->smooth[k], classes[k]);
  for (guint i = 0; i < tips; i++)
    append_tip (drawing, drawing->n * i / tips, drawing->n * (i + 1) / tips);
  g_string_append (drawing->svg, "</svg></g></svg>\n");
}

static void
read_curves (Drawing *drawing)
{
  const PstChart *chart = drawing->chart;

  for (guint k = 0; k < chart->n; k++)
    {
      drawing->raw[k] = g_new (float, drawing->n + 1);
      drawing->smooth[k] = g_new (float, drawing->n + 1);
      for (guint i = 0; i < drawing->n; i++)
        drawing->raw[k][i] =
          (float) (chart->factor *
                   pst_history_get (drawing->history, chart->columns[k], i));
      smooth (drawing->raw[k], (int) drawing->n, drawing->smooth[k]);
    }
}

gboolean
pst_chart_append (GString *html, const PstHistory *history,
                  const PstRecipe *recipe, const PstChart *chart)
{
  Drawing  drawing = { history, chart, html };
  gboolean some;

  drawing.n = pst_history_get_count (history);
  if (drawing.n == 0)
    return FALSE;
  drawing.last = pst_history_get_step (history, drawing.n - 1) +
                 (double) pst_history_get_stride (history) / 2;
  read_curves (&drawing);
  some = find_range (&drawing);
  if (some)
    {
      settle_range (&drawing);
      g_string_append (html, "<figure class=\"chart\">\n");
      append_caption (&drawing);
      append_picture (&drawing, recipe);
      g_string_append (html, "</figure>\n");
    }
  for (guint k = 0; k < chart->n; k++)
    {
      g_free (drawing.raw[k]);
      g_free (drawing.smooth[k]);
    }
  return some;
}
