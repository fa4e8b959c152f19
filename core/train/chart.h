/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/history.h"
#include "core/train/recipe.h"

#define PST_CHART_CURVES 3

/**
 * PstChart:
 * @title: what is drawn
 * @text: what it tells, a sentence
 * @unit: of the upright axis
 * @factor: what the history's numbers are multiplied with
 * @linear: %TRUE to keep the axis linear; otherwise it becomes logarithmic
 *   where the numbers span much
 * @n: how many curves
 * @columns: their names in the history
 * @labels: (array): for people; with a single curve none
 */
typedef struct
{
  const char *title;
  const char *text;
  const char *unit;
  double      factor;
  gboolean    linear;
  guint       n;
  const char *columns[PST_CHART_CURVES];
  const char *labels[PST_CHART_CURVES];
} PstChart;

/**
 * pst_chart_append:
 *
 * Writes a figure with curves over the steps as SVG, each as it is (thin) and
 * smoothed (a mean over a thirtieth of the steps to either side, the near ones
 * weighing more), with the recipe's phases and the places that the training
 * went back to, and with texts that show under a pointer. Classes: "a", "b"
 * and "c" for the curves, see report-style.h.
 *
 * Returns: %FALSE where there is nothing to draw
 */
gboolean pst_chart_append (GString *html, const PstHistory *history,
                           const PstRecipe *recipe, const PstChart *chart);
