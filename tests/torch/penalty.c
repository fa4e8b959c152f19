/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gradient penalties and their gradients by the weights, for penalty.py to
 * compare with PyTorch's double backward: writes weights, pictures, and what
 * came out into a folder.
 *
 *   penalty FOLDER POOL GAIN CROP CHANNELS STRIDES     (lists as in "8;16")
 */
#include <stdlib.h>
#include <string.h>

#include "core/graph/plan.h"
#include "core/train/losses.h"
#include "core/train/penalty.h"
#include "tests/torch/output.h"

#define STYLES 3
#define BATCH 4
#define LAMBDA 10

static PstNetwork *
make_network (char **argv, PstRecipeDiscriminator *shape)
{
  g_auto (GStrv) channels = g_strsplit (argv[5], ";", -1);
  g_auto (GStrv) strides = g_strsplit (argv[6], ";", -1);

  shape->pool = atoi (argv[2]);
  shape->gain = g_ascii_strtod (argv[3], NULL);
  for (int i = 0; channels[i] && strides[i]; i++)
    {
      shape->channels[i] = atoi (channels[i]);
      shape->strides[i] = atoi (strides[i]);
      shape->depth = i + 1;
    }
  return pst_network_discriminator (shape, STYLES, 5, 0);
}

static PstPlan *
plan (PstNetwork *network, const PstRecipeDiscriminator *shape, int crop)
{
  g_autoptr (PstGraph)  graph = pst_graph_new ();
  g_autoptr (GPtrArray) logits = NULL;
  g_autoptr (GPtrArray) seeds = g_ptr_array_new ();
  g_autoptr (GPtrArray) weights = g_ptr_array_new ();
  g_autoptr (GError)    error = NULL;
  PstShape              shapes[] = { PST_SHAPE (BATCH, 3, crop, crop),
                                     PST_SHAPE (BATCH, STYLES) };
  PstPlanOptions        options = { .input_shapes = shapes, .n_workers = 1 };
  PstValue             *picture, *style, *loss;
  PstPlan              *made;

  picture = pst_graph_add_input (graph, "picture", PST_FLOAT32, &shapes[0]);
  style = pst_graph_add_input (graph, "style", PST_FLOAT32, &shapes[1]);
  picture = pst_loss_pool (graph, picture, shape->pool);
  logits = pst_graph_append (graph, network->graph, &picture, NULL);
  loss = pst_loss_penalty (graph, logits->pdata[0], picture, style,
                           crop / shape->pool);
  pst_graph_add_output (graph, loss, "penalty");
  pst_graph_seal (graph);
  g_ptr_array_add (seeds, loss);
  for (guint i = 0; i < network->names->len; i++)
    g_ptr_array_add (weights, pst_graph_find (graph,
                                              network->names->pdata[i]));
  options.seeds = seeds;
  options.gradients = weights;
  made = pst_plan_new (graph, &options, &error);
  if (! made)
    g_error ("%s", error->message);
  return made;
}

static void
fill (Output *to, PstRun *run, int crop)
{
  float   *pixels = pst_run_get_input (run, 0)->data;
  float   *rows = pst_run_get_input (run, 1)->data;
  PstShape shape = PST_SHAPE (BATCH, crop, crop, 3);
  PstShape all = PST_SHAPE (BATCH, STYLES);

  for (int i = 0; i < BATCH * crop * crop * 3; i++)
    pixels[i] = (float) pst_random_double (&to->random);
  memset (rows, 0, sizeof (float) * BATCH * STYLES);
  for (int i = 0; i < BATCH; i++)
    {
      rows[i * STYLES + i % STYLES] = 1;
      ((float *) pst_run_get_seed (run, 0)->data)[i] = (float) LAMBDA / BATCH;
    }
  output_numbers (to, "picture", &shape, pixels);
  output_numbers (to, "style", &all, rows);
}

int
main (int argc, char **argv)
{
  PstRecipeDiscriminator shape = { 0 };
  g_autoptr (PstNetwork) network = NULL;
  g_autoptr (PstPlan)    made = NULL;
  g_autoptr (PstRun)     run = NULL;
  Output                 to = { 0 };
  int                    crop;

  if (argc != 7)
    g_error ("usage: penalty FOLDER POOL GAIN CROP CHANNELS STRIDES");
  crop = atoi (argv[4]);
  output_open (&to, argv[1]);
  pst_random_init (&to.random, 9, PST_STREAM_TEST, 0);
  network = make_network (argv, &shape);
  output_arrays (&to, "weight", network->names, network->weights);
  made = plan (network, &shape, crop);
  run = pst_run_new (made, NULL, NULL);
  fill (&to, run, crop);
  pst_run_forward (run, NULL, NULL, NULL, NULL);
  pst_run_backward (run);
  output_numbers (&to, "penalty", &pst_run_get_output (run, 0)->shape,
                  pst_run_get_output (run, 0)->data);
  for (guint i = 0; i < network->names->len; i++)
    {
      const PstTensor *gradient = pst_run_get_gradient (run, i);
      g_autofree char *name = NULL;

      name = g_strconcat ("gradient.", (char *) network->names->pdata[i],
                          NULL);
      output_numbers (&to, name, &gradient->shape, gradient->data);
    }
  fclose (to.manifest);
  return 0;
}
