/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The generator's pictures against the paintings by their patches. */
#include "config.h"

#include "core/train/adversarial-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/train/losses.h"

gboolean
pst_adversarial_has_patches (const PstAdversarialStep *step)
{
  return step->players->patches && step->settings->patches > 0;
}

gboolean
pst_adversarial_check_patches (const PstAdversarialStep *step, GError **error)
{
  const PstRecipePatches *patches = &step->recipe->patches;

  for (int i = 0; pst_adversarial_has_patches (step) && i < patches->n_scales;
       i++)
    if (step->crop / patches->shrink[i] < patches->size)
      {
        g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                     _ ("[patches]: at 1/%d of its size a crop of %d pixels "
                        "has no patch of %d"),
                     patches->shrink[i], step->crop, patches->size);
        return FALSE;
      }
  return TRUE;
}

/* Numbers of a patch. */
static int
count_numbers (const PstRecipePatches *patches)
{
  return patches->size * patches->size * 3;
}

guint
pst_adversarial_patch_shapes (const PstAdversarialStep *step, PstShape *shapes)
{
  const PstRecipePatches *patches = &step->recipe->patches;
  int                     n = count_numbers (patches);

  shapes[PST_INPUT_DIRECTIONS] = PST_SHAPE (patches->projections, n);
  shapes[PST_INPUT_ORIGIN] = PST_SHAPE (2);
  shapes[PST_INPUT_GROUPS] = PST_SHAPE (step->batch);
  for (int i = 0; i < patches->n_scales; i++)
    shapes[PST_INPUT_WISHED + i] = PST_SHAPE (step->batch, n,
                                              patches->samples);
  return PST_INPUT_WISHED + patches->n_scales;
}

void
pst_adversarial_add_patches (PstAdversarialStep *step, PstGraph *graph,
                             GPtrArray *seeds, PstValue *pastiche)
{
  static const char *const names[] = { "directions", "origin", "groups" };
  const PstRecipePatches  *patches = &step->recipe->patches;
  PstValue                *inputs[PST_MAX_PATCH_INPUTS];
  PstShape                 shapes[PST_MAX_PATCH_INPUTS];
  guint                    n = pst_adversarial_patch_shapes (step, shapes);

  step->patches = pst_graph_get_inputs (graph)->len;
  for (guint i = 0; i < n; i++)
    inputs[i] = pst_graph_add_input (
      graph, i < PST_INPUT_WISHED ? names[i] : "wished",
      i == PST_INPUT_ORIGIN || i == PST_INPUT_GROUPS ? PST_INT64
                                                     : PST_FLOAT32,
      &shapes[i]);
  for (int i = 0; i < patches->n_scales; i++)
    {
      PstValue *picture, *loss;
      int       stride;

      picture = pst_loss_pool (graph, pastiche, patches->shrink[i]);
      stride = pst_patch_stride (patches, step->crop / patches->shrink[i]);
      loss = pst_loss_patches (graph, patches, picture,
                               inputs[PST_INPUT_DIRECTIONS],
                               inputs[PST_INPUT_ORIGIN],
                               inputs[PST_INPUT_WISHED + i],
                               inputs[PST_INPUT_GROUPS], stride);
      pst_adversarial_add_term (step, graph, seeds, PST_TERM_PATCHES,
                                patches->weight[i], loss);
    }
}

/* The samples of the identity, whose loss weighs nothing, each alone. */
static void
fill_groups (PstAdversarialStep *step, gint64 *groups)
{
  gboolean together = step->recipe->patches.pool == PST_PATCHES_BATCH;

  for (int i = 0; i < step->batch; i++)
    groups[i] = together && step->columns[i] > 0 ? step->columns[i] : -i;
}

static void
fill_wished (gpointer data, gsize item, guint worker)
{
  PstAdversarialStep     *step = data;
  const PstRecipePatches *patches = &step->recipe->patches;
  int    scale = (int) item / step->batch, i = (int) item % step->batch;
  int    column = step->columns[i];
  gsize  n = (gsize) count_numbers (patches) * patches->samples;
  guint  input = step->patches + PST_INPUT_WISHED + scale;
  float *to = pst_run_get_input (step->g_run, input)->data;

  if (column == 0)
    memset (to + i * n, 0, sizeof (float) * n);
  else
    pst_patch_source_draw (step->players->patches, column - 1, scale,
                           step->numbers[i], to + i * n);
}

void
pst_adversarial_fill_patches (PstAdversarialStep *step)
{
  const PstRecipePatches *patches = &step->recipe->patches;
  PstRun                 *run = step->g_run;
  guint                   first = step->patches;
  gint64                 *origin;
  PstRandom               random;

  pst_patch_directions (
    step->recipe, (guint64) step->index,
    pst_run_get_input (run, first + PST_INPUT_DIRECTIONS)->data);
  origin = pst_run_get_input (run, first + PST_INPUT_ORIGIN)->data;
  pst_random_init (&random, (guint64) step->recipe->seed, PST_STREAM_ORIGIN,
                   (guint64) step->index);
  for (int i = 0; i < 2; i++)
    origin[i] = pst_random_below (&random, 5040);
  fill_groups (step,
               pst_run_get_input (run, first + PST_INPUT_GROUPS)->data);
  pst_pool_run (step->pool, (gsize) patches->n_scales * step->batch,
                fill_wished, step);
}
