/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/report-private.h"

#include <glib/gi18n-lib.h>

#include "core/train/chart.h"
#include "core/train/markup.h"

#define ONE(title, text, unit, column)                                        \
  { title, text, unit, 1, FALSE, 1, { column }, { NULL } }

static const PstChart style_charts[] = {
  ONE (N_ ("Style"),
       N_ ("How far the painted pictures are from the paintings, as the "
           "feature network sees it. Lower is closer."),
       N_ ("difference"), "style"),
  ONE (N_ ("Content"),
       N_ ("How far the painted pictures are from the photos, as the feature "
           "network sees it. A bold style costs more of it."),
       N_ ("difference"), "content"),
  ONE (N_ ("Patches"),
       N_ ("How far small pieces of the painted pictures are from pieces of "
           "the paintings. Lower is closer."),
       N_ ("difference"), "patches"),
  ONE (N_ ("Identity"),
       N_ ("How far the pictures painted without a style are from the photos. "
           "A step of 8 bits is 0.004."),
       N_ ("mean difference of 0 to 1"), "identity"),
  ONE (N_ ("Variation"),
       N_ ("How much neighbouring pixels differ: the roughness of what is "
           "painted."),
       N_ ("mean difference"), "variation"),
};

static const PstChart student_charts[] = {
  ONE (N_ ("Maps"),
       N_ ("How far the small network's maps are from the large one's. Lower "
           "is closer."),
       N_ ("difference"), "content"),
  ONE (N_ ("Means and covariances"),
       N_ ("The same for what tells a style."), N_ ("difference"), "style"),
};

static const PstChart common_charts[] = {
  { N_ ("How often they are right"),
    N_ ("Of the patches that the discriminators judge; half is guessing. "
        "Balance is what is left of their rate."),
    "%", 100, TRUE, 2, { "success", "balance" },
    { N_ ("right"), N_ ("balance") } },
  ONE (N_ ("Gradient penalty"),
       N_ ("How far the discriminators' slopes are from 1."),
       N_ ("squared difference"), "penalty"),
  ONE (N_ ("Rate"),
       N_ ("Adam's, of the network that paints: how large its steps are."),
       N_ ("rate"), "rate"),
  ONE (N_ ("Gradient"),
       N_ ("The norm of its gradient, before clipping."), N_ ("norm"),
       "norm"),
};

/* With all texts in the user's language. */
static void
append (GString *html, const PstTrainer *trainer, const PstChart *chart)
{
  PstChart local = *chart;

  local.title = _ (chart->title);
  local.text = _ (chart->text);
  local.unit = _ (chart->unit);
  for (guint k = 0; chart->n > 1 && k < chart->n; k++)
    local.labels[k] = _ (chart->labels[k]);
  pst_chart_append (html, trainer->history, trainer->recipe, &local);
}

static void
append_discriminator (GString *html, const PstTrainer *trainer, guint i)
{
  static const char *const names[] = { "real", "fake", "adversarial" };
  const PstRecipeDiscriminator *one = trainer->recipe->discriminators->pdata[i];
  g_autofree char *title = g_strdup_printf (_ ("Discriminator “%s”"),
                                            one->name);
  char            *columns[3];
  PstChart         chart = { 0 };

  chart.title = title;
  chart.text = _ ("Its losses on the painter's pictures and on painted ones, "
                  "and the painting network's loss against it. Even is good: "
                  "neither should win.");
  chart.unit = _ ("loss");
  chart.factor = 1;
  chart.linear = TRUE;
  chart.n = 3;
  for (guint k = 0; k < 3; k++)
    chart.columns[k] = columns[k] = g_strdup_printf ("%s/%u", names[k], i);
  chart.labels[0] = _ ("painter's");
  chart.labels[1] = _ ("painted");
  chart.labels[2] = _ ("against it");
  pst_chart_append (html, trainer->history, trainer->recipe, &chart);
  for (guint k = 0; k < 3; k++)
    g_free (columns[k]);
}

void
pst_report_append_curves (GString *html, const PstTrainer *trainer)
{
  const PstRecipe *recipe = trainer->recipe;
  gboolean         student = recipe->student.stages > 0;
  g_autofree char *stride = NULL, *text = NULL;

  if (pst_history_get_count (trainer->history) == 0)
    return;
  stride = pst_markup_count (pst_history_get_stride (trainer->history));
  text = pst_history_get_stride (trainer->history) > 1
           ? g_strdup_printf (_ ("Pale lines are means over %s steps, strong "
                                 "ones are smoothed; the numbers beside the "
                                 "names are the latest. Dashed lines mark the "
                                 "beginnings of phases, red ones the steps "
                                 "that the training went back to."), stride)
           : g_strdup (_ ("Pale lines are the steps themselves, strong ones "
                          "are smoothed; the numbers beside the names are the "
                          "latest. Dashed lines mark the beginnings of phases, "
                          "red ones the steps that the training went back "
                          "to."));
  pst_markup_printf (html, "<h2>%s</h2>\n<p class=\"soft\">%s</p>\n"
                     "<div class=\"charts\">\n", _ ("Losses"), text);
  for (gsize i = 0; ! student && i < G_N_ELEMENTS (style_charts); i++)
    append (html, trainer, &style_charts[i]);
  for (gsize i = 0; student && i < G_N_ELEMENTS (student_charts); i++)
    append (html, trainer, &student_charts[i]);
  for (guint i = 0; i < recipe->discriminators->len; i++)
    append_discriminator (html, trainer, i);
  for (gsize i = 0; i < G_N_ELEMENTS (common_charts); i++)
    append (html, trainer, &common_charts[i]);
  g_string_append (html, "</div>\n");
}
