/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes a small style model for tests: make-model FILE. A generator with
 * random weights: it paints nothing worth seeing, but paints it fast and the
 * same everywhere. */
#include <stdlib.h>

#include "core/onnx/onnx.h"
#include "core/style/metadata.h"
#include "core/train/networks.h"

#define WIDTH 4
#define BLOCKS 1
#define N_STYLES 4
#define SEED 20

int
main (int argc, char **argv)
{
  g_autoptr (PstNetwork)  network = NULL;
  g_autoptr (PstGraph)    graph = pst_graph_new ();
  g_autoptr (PstMetadata) metadata = pst_metadata_new ("Test styles");
  g_autoptr (GPtrArray)   outputs = NULL;
  g_autoptr (GError)      error = NULL;
  PstShape                image = PST_SHAPE (-1, 3, -1, -1);
  PstShape                style = PST_SHAPE (-1, N_STYLES);
  PstValue               *inputs[2];

  if (argc != 2)
    return EXIT_FAILURE;
  network = pst_network_generator (WIDTH, BLOCKS, N_STYLES, 1e-5, SEED);

  /* Into a graph that is not sealed yet, for the metadata. */
  inputs[0] = pst_graph_add_input (graph, "image", PST_FLOAT32, &image);
  inputs[1] = pst_graph_add_input (graph, "style", PST_FLOAT32, &style);
  outputs = pst_graph_append (graph, network->graph, inputs, NULL);
  pst_graph_add_output (graph, outputs->pdata[0], "pastiche");
  pst_metadata_add_style (metadata, PST_STYLE_IDENTITY, NULL, NULL, NULL,
                          NULL);
  pst_metadata_add_style (metadata, "amber", "Amber", "A test, 2026", "CC0",
                          NULL);
  pst_metadata_add_style (metadata, "blue-hour", "Blue Hour", "A test, 2026",
                          "CC0", NULL);
  pst_metadata_add_style (metadata, "coral-reef", "Coral Reef",
                          "A test, 2026", "CC0", NULL);
  pst_metadata_pack (metadata, graph);
  pst_graph_seal (graph);

  if (!pst_onnx_save (graph, argv[1], &error))
    {
      g_printerr ("make-model: %s\n", error->message);
      return EXIT_FAILURE;
    }
  return EXIT_SUCCESS;
}
