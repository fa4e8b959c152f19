/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/network.h"

#include <math.h>
#include <stdio.h>

#include "core/onnx/onnx.h"
#include "tests/bench/serve.h"

static gboolean
fail (GError **error, const char *text)
{
  g_set_error_literal (error, PST_ERROR, PST_ERROR_ARGUMENT, text);
  return FALSE;
}

/* Waves of several lengths with noise: smooth and rough parts, no symmetry. */
static void
make_up (PstArray *picture)
{
  const PstShape *shape = &picture->tensor.shape;
  float          *to = picture->tensor.data;
  guint32         noise = 1;

  for (gint64 y = 0; y < shape->dim[2]; y++)
    for (gint64 x = 0; x < shape->dim[3]; x++)
      for (int c = 0; c < 3; c++)
        {
          double wave = sin (x / 37.0 + c) * cos (y / 53.0 - x / 91.0);

          noise = noise * 1664525u + 1013904223u;
          *to++ = (float) (0.5 + 0.35 * wave +
                           0.1 * (noise >> 8) / (double) (1 << 24));
        }
}

static gboolean
read_picture (PstArray *picture, const char *path, GError **error)
{
  gsize size = pst_tensor_bytes (&picture->tensor);
  FILE *file = fopen (path, "rb");
  gsize got = file ? fread (picture->tensor.data, 1, size, file) : 0;

  if (file)
    fclose (file);
  return got == size ? TRUE
                     : fail (error, "the picture's file is missing or short");
}

static gboolean
make_picture (BenchNetwork *network, const BenchSettings *settings,
              GError **error)
{
  PstShape shape = PST_SHAPE (1, 3, settings->height, settings->width);

  if (settings->width < 1 || settings->height < 1)
    return fail (error, "the size must be positive");
  network->picture = pst_array_new (PST_FLOAT32, &shape, FALSE);
  if (! network->picture)
    return fail (error, "no memory for the picture");
  if (settings->input)
    return read_picture (network->picture, settings->input, error);
  make_up (network->picture);
  return TRUE;
}

/* The sizes of all inputs. */
static PstShape *
make_shapes (BenchNetwork *network, GError **error)
{
  GPtrArray *inputs = pst_graph_get_inputs (network->graph);
  PstShape  *shapes = g_new0 (PstShape, inputs->len + 1);
  int        images = 0;

  for (guint i = 0; i < inputs->len; i++)
    {
      shapes[i] = ((PstValue *) inputs->pdata[i])->info.shape;
      for (int k = 0; k < shapes[i].rank; k++)
        if (shapes[i].dim[k] < 0)
          shapes[i].dim[k] = 1;
      if (shapes[i].rank == 4)
        {
          network->image = i;
          images++;
          shapes[i] = network->picture->tensor.shape;
        }
    }
  if (images == 1)
    return shapes;
  g_free (shapes);
  fail (error, "the network does not have one input for a picture");
  return NULL;
}

static gboolean
make (BenchNetwork *network, const BenchSettings *settings, GError **error)
{
  g_autofree PstShape *shapes = NULL;
  PstPlanOptions       options = {
          .n_workers = settings->threads,
          .budget = (guint64) settings->budget * 1000000,
          .way = settings->way,
          .no_fusion = settings->as_written,
  };
  double begin = bench_now ();

  network->rss_before = bench_status ("VmRSS:");
  network->graph = pst_onnx_load (settings->model, error);
  if (! network->graph)
    return FALSE;
  network->load = bench_now () - begin;
  shapes = make_shapes (network, error);
  if (! shapes)
    return FALSE;
  options.input_shapes = shapes;
  begin = bench_now ();
  network->plan = pst_plan_new (network->graph, &options, error);
  network->plan_time = bench_now () - begin;
  if (! network->plan)
    return FALSE;
  begin = bench_now ();
  network->pool = pst_pool_new (settings->threads);
  network->run = pst_run_new (network->plan, network->pool, error);
  network->allocate = bench_now () - begin;
  return network->run != NULL;
}

BenchNetwork *
bench_network_new (const BenchSettings *settings, GError **error)
{
  BenchNetwork *network = g_new0 (BenchNetwork, 1);

  if (make_picture (network, settings, error) &&
      make (network, settings, error))
    return network;
  bench_network_free (network);
  return NULL;
}

void
bench_network_free (BenchNetwork *network)
{
  g_clear_pointer (&network->run, pst_run_free);
  g_clear_pointer (&network->pool, pst_pool_free);
  g_clear_pointer (&network->plan, pst_plan_unref);
  g_clear_pointer (&network->graph, pst_graph_unref);
  g_clear_pointer (&network->picture, pst_array_unref);
  g_free (network);
}

double
bench_network_pass (BenchNetwork *network, PstProgressFunc progress,
                    gpointer data)
{
  GPtrArray *inputs = pst_graph_get_inputs (network->graph);
  double     begin = bench_now ();

  for (guint i = 0; i < inputs->len; i++)
    {
      PstTensor *input = pst_run_get_input (network->run, i);

      if (i == network->image)
        pst_tensor_copy (input, &network->picture->tensor);
      else
        for (gint64 k = 0; k < pst_tensor_count (input); k++)
          pst_tensor_set (input, k, k == 1);
    }
  if (progress)
    progress (0.0, data);
  pst_run_forward (network->run, NULL, progress, data, NULL);
  return bench_now () - begin;
}

gboolean
bench_network_save (BenchNetwork *network, const char *path, GError **error)
{
  const PstTensor *output = pst_run_get_output (network->run, 0);
  FILE            *file = fopen (path, "wb");
  gsize            size = pst_tensor_bytes (output);
  gboolean         done;

  if (! file)
    return fail (error, "the painting cannot be written");
  done = pst_tensor_is_map (output) &&
         fwrite (output->data, 1, size, file) == size;
  if (fclose (file) != 0 || ! done)
    return fail (error, "the painting cannot be written");
  return TRUE;
}
