/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The distance of patches and its gradient by the picture, for patches.py to
 * compare with PyTorch's: writes what goes in and what came out into a folder.
 *
 *   patches FOLDER FORM TOGETHER SHRINK STRIDE
 */
#include <stdlib.h>
#include <string.h>

#include "core/graph/plan.h"
#include "core/train/losses.h"
#include "core/train/patch-source.h"
#include "tests/torch/output.h"

#define BATCH 3
#define CROP 64

static const char text[] =
    "[photos]\npaths=nowhere\n[features]\nnetwork=nowhere\n"
    "content-layers=deep\nstyle-layers=deep\n[style one]\npictures=a\n"
    "[patches]\nsize=5\nprojections=24\nsamples=300\ncolour=0.5\n"
    "sharpness=0.5\nform=%s\n";

typedef enum
{
  PICTURE,
  DIRECTIONS,
  ORIGIN,
  WISHED,
  GROUPS,
  N_INPUTS,
} Input;

static PstRun *
make_run (const PstRecipePatches *patches, int shrink, int stride)
{
  static const char *const names[] = { "picture", "directions", "origin",
                                       "wished", "groups" };
  g_autoptr (PstGraph)  graph = pst_graph_new ();
  g_autoptr (GPtrArray) seeds = g_ptr_array_new ();
  g_autoptr (GPtrArray) gradients = g_ptr_array_new ();
  g_autoptr (PstPlan)   plan = NULL;
  g_autoptr (GError)    error = NULL;
  int                   n = patches->size * patches->size * 3;
  PstValue             *in[N_INPUTS], *loss;
  PstShape              shapes[N_INPUTS] = {
    [PICTURE] = PST_SHAPE (BATCH, 3, CROP, CROP),
    [DIRECTIONS] = PST_SHAPE (patches->projections, n),
    [ORIGIN] = PST_SHAPE (2),
    [WISHED] = PST_SHAPE (BATCH, n, patches->samples),
    [GROUPS] = PST_SHAPE (BATCH),
  };
  PstPlanOptions options = { .input_shapes = shapes, .n_workers = 1 };

  for (int i = 0; i < N_INPUTS; i++)
    in[i] = pst_graph_add_input (graph, names[i],
                                 i == ORIGIN || i == GROUPS ? PST_INT64
                                                            : PST_FLOAT32,
                                 &shapes[i]);
  loss = pst_loss_patches (graph, patches,
                           pst_loss_pool (graph, in[PICTURE], shrink),
                           in[DIRECTIONS], in[ORIGIN], in[WISHED], in[GROUPS],
                           stride);
  pst_graph_add_output (graph, loss, "loss");
  pst_graph_seal (graph);
  g_ptr_array_add (seeds, loss);
  g_ptr_array_add (gradients, in[PICTURE]);
  options.seeds = seeds;
  options.gradients = gradients;
  plan = pst_plan_new (graph, &options, &error);
  if (! plan)
    g_error ("%s", error->message);
  return pst_run_new (plan, NULL, NULL);
}

static void
fill (Output *to, const PstRecipe *recipe, PstRun *run, gboolean together)
{
  const PstTensor *picture = pst_run_get_input (run, PICTURE);
  const PstTensor *wished = pst_run_get_input (run, WISHED);
  const PstTensor *directions = pst_run_get_input (run, DIRECTIONS);
  gint64          *origin = pst_run_get_input (run, ORIGIN)->data;
  gint64          *groups = pst_run_get_input (run, GROUPS)->data;
  PstShape         shape = PST_SHAPE (BATCH, CROP, CROP, 3);

  for (gint64 i = 0; i < pst_tensor_count (picture); i++)
    ((float *) picture->data)[i] = (float) pst_random_double (&to->random);
  for (gint64 i = 0; i < pst_tensor_count (wished); i++)
    ((float *) wished->data)[i] =
        (float) pst_random_range (&to->random, 0.2, 0.4);
  pst_patch_directions (recipe, 11, directions->data);
  origin[0] = 7;
  origin[1] = 5;
  for (int i = 0; i < BATCH; i++)
    {
      groups[i] = together ? i % 2 : i;
      ((float *) pst_run_get_seed (run, 0)->data)[i] = 1.0f / (float) (1 + i);
    }
  output_numbers (to, "picture", &shape, picture->data);
  output_numbers (to, "wished", &wished->shape, wished->data);
  output_numbers (to, "directions", &directions->shape, directions->data);
}

int
main (int argc, char **argv)
{
  g_autofree char       *recipe_text = NULL;
  g_autoptr (PstRecipe)  recipe = NULL;
  g_autoptr (PstRun)     run = NULL;
  g_autoptr (GError)     error = NULL;
  PstShape               shape = PST_SHAPE (BATCH, CROP, CROP, 3);
  Output                 to = { 0 };

  if (argc != 6)
    g_error ("usage: patches FOLDER FORM TOGETHER SHRINK STRIDE");
  recipe_text = g_strdup_printf (text, argv[2]);
  recipe = pst_recipe_parse (recipe_text, ".", &error);
  if (! recipe)
    g_error ("%s", error->message);
  output_open (&to, argv[1]);
  pst_random_init (&to.random, 3, PST_STREAM_TEST, 0);
  run = make_run (&recipe->patches, atoi (argv[4]), atoi (argv[5]));
  fill (&to, recipe, run, atoi (argv[3]));
  pst_run_forward (run, NULL, NULL, NULL, NULL);
  pst_run_backward (run);
  output_numbers (&to, "loss", &pst_run_get_output (run, 0)->shape,
                  pst_run_get_output (run, 0)->data);
  output_numbers (&to, "gradient", &shape,
                  pst_run_get_gradient (run, 0)->data);
  fclose (to.manifest);
  return 0;
}
