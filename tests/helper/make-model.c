/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes a small model for tests: make-model mirror|painter|foreign FILE */
#include <stdio.h>
#include <string.h>

#include "core/onnx/onnx.h"
#include "core/style/test-model.h"

int
main (int argc, char **argv)
{
  g_autoptr (PstGraph) graph = NULL;
  g_autoptr (GError)   error = NULL;

  if (argc == 3 && strcmp (argv[1], "mirror") == 0)
    graph = pst_test_model_mirror ();
  else if (argc == 3 && strcmp (argv[1], "painter") == 0)
    graph = pst_test_model_painter ();
  else if (argc == 3 && strcmp (argv[1], "foreign") == 0)
    graph = pst_test_model_foreign (0, 0, 255, FALSE);
  else
    return 2;
  if (pst_onnx_save (graph, argv[2], &error))
    return 0;
  fprintf (stderr, "%s\n", error->message);
  return 1;
}
