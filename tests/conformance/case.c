/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/conformance/case.h"

#include "core/onnx/onnx.pb-c.h"

static const char *
type_name (int type)
{
  static const char *const names[] = {
    "undefined", "float32", "uint8",   "int8",      "uint16",     "int16",
    "int32",     "int64",   "string",  "bool",      "float16",    "float64",
    "uint32",    "uint64",  "complex64", "complex128", "bfloat16",
    "float8",    "float8",  "float8",  "float8",    "uint4",      "int4",
    "float4",
  };

  return type >= 0 && type < (int) G_N_ELEMENTS (names) ? names[type]
                                                        : "newer";
}

static void
add_once (GPtrArray *array, char *text)
{
  if (g_ptr_array_find_with_equal_func (array, text, g_str_equal, NULL))
    g_free (text);
  else
    g_ptr_array_add (array, text);
}

static void
add_types (Case *it, Pst__Onnx__ValueInfo **infos, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      const Pst__Onnx__Type *type = infos[i]->type;

      add_once (it->types,
                g_strdup (type && type->tensor_type
                              ? type_name (type->tensor_type->elem_type)
                              : "structure"));
    }
}

static void
read_model (Case *it, const Pst__Onnx__Graph *graph)
{
  it->n_nodes = (guint) graph->n_node;
  for (gsize i = 0; i < graph->n_node; i++)
    {
      const Pst__Onnx__Node *node = graph->node[i];
      const char            *domain = node->domain ? node->domain : "";

      add_once (it->ops, g_strconcat (domain, *domain ? "." : "",
                                      node->op_type, NULL));
    }
  add_types (it, graph->input, graph->n_input);
  add_types (it, graph->output, graph->n_output);
}

Case *
case_new (const char *data, const char *folder, const char *name)
{
  Case              *it = g_new0 (Case, 1);
  g_autofree char   *file = NULL;
  g_autofree char   *bytes = NULL;
  g_autoptr (GError) error = NULL;
  Pst__Onnx__Model  *model;
  gsize              size;

  it->name = g_strconcat (folder, "/", name, NULL);
  it->path = g_build_filename (data, folder, name, NULL);
  it->ops = g_ptr_array_new_with_free_func (g_free);
  it->types = g_ptr_array_new_with_free_func (g_free);
  file = g_build_filename (it->path, "model.onnx", NULL);
  if (! g_file_get_contents (file, &bytes, &size, &error))
    g_error ("%s", error->message);
  model = pst__onnx__model__unpack (NULL, size, (const guint8 *) bytes);
  if (! model || ! model->graph)
    g_error ("%s: not an ONNX model", file);
  read_model (it, model->graph);
  pst__onnx__model__free_unpacked (model, NULL);
  return it;
}

void
case_free (Case *it)
{
  g_free (it->name);
  g_free (it->path);
  g_ptr_array_unref (it->ops);
  g_ptr_array_unref (it->types);
  g_free (it);
}
