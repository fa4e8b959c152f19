/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/constants.h"

PstValue *
pst_constant_floats (PstGraph *graph, const char *name, const PstShape *shape,
                     const float *data)
{
  PstValue            *found = pst_graph_find (graph, name);
  g_autoptr (PstArray) array = NULL;

  if (found)
    return found;
  array = pst_array_new_floats (shape, data);
  return pst_graph_add_parameter (graph, name, array);
}

PstValue *
pst_constant_ints (PstGraph *graph, const char *name, const PstShape *shape,
                   const gint64 *data)
{
  PstValue            *found = pst_graph_find (graph, name);
  g_autoptr (PstArray) array = NULL;

  if (found)
    return found;
  array = pst_array_new_ints (shape, data);
  return pst_graph_add_parameter (graph, name, array);
}
