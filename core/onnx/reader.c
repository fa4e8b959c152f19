/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/graph/op.h"
#include "core/onnx/onnx-private.h"

typedef struct
{
  const Pst__Onnx__Graph *proto;
  PstGraph               *graph;
  GHashTable             *values; /* name in the file -> PstValue */
} Reader;

static gboolean
define (Reader *reader, char *name, PstValue *value, GError **error)
{
  if (! g_hash_table_insert (reader->values, name, value))
    return pst_onnx_fail (error, PST_ERROR_FORMAT,
                          _("is damaged: “%s” is defined twice"), name);
  return TRUE;
}

/* 0 with an error */
static int
read_opset (const Pst__Onnx__Model *model, GError **error)
{
  gint64           version = 0;
  g_autofree char *text = NULL;

  for (gsize i = 0; i < model->n_opset_import; i++)
    if (pst_onnx_is_standard (model->opset_import[i]->domain))
      version = model->opset_import[i]->version;
  if (version >= PST_ONNX_MIN_OPSET && version <= PST_ONNX_MAX_OPSET)
    return (int) version;
  if (version == 0 && model->ir_version >= 3)
    pst_onnx_fail (error, PST_ERROR_FORMAT,
                   _("is damaged: it does not say which version of ONNX's "
                     "operators it uses"));
  else
    {
      text = g_strdup_printf ("%" G_GINT64_FORMAT, MAX (version, 1));
      pst_onnx_fail (error, PST_ERROR_UNSUPPORTED,
                     _("uses version %s of ONNX's operators; Pastiche reads "
                       "versions %d to %d, so save it again as one of them"),
                     text, PST_ONNX_MIN_OPSET, PST_ONNX_MAX_OPSET);
    }
  return 0;
}

static gboolean
read_input_shape (const Pst__Onnx__Shape *proto, PstShape *shape)
{
  if (proto->n_dim > PST_MAX_RANK)
    return FALSE;
  shape->rank = (int) proto->n_dim;
  for (int i = 0; i < shape->rank; i++)
    shape->dim[i] = proto->dim[i]->has_dim_value && proto->dim[i]->dim_value > 0
                        ? proto->dim[i]->dim_value
                        : -1;
  return TRUE;
}

static gboolean
read_input (Reader *reader, const Pst__Onnx__ValueInfo *info, GError **error)
{
  const Pst__Onnx__Type__Array *type = info->type ? info->type->tensor_type
                                                  : NULL;
  PstShape  shape = { 0 };
  PstValue *value;

  if (! info->name || ! *info->name)
    return pst_onnx_fail (error, PST_ERROR_FORMAT,
                          _("is damaged: an input has no name"));
  if (! type)
    return pst_onnx_fail (error, PST_ERROR_UNSUPPORTED,
                          _("has an input “%s” that is not a tensor"),
                          info->name);
  if (pst_onnx_dtype (type->elem_type) == PST_DTYPE_NONE)
    return pst_onnx_fail (error, PST_ERROR_UNSUPPORTED,
                          _("has an input “%s” of the type %s, which Pastiche "
                            "does not take; export the network with inputs "
                            "of the type float32"),
                          info->name, pst_onnx_dtype_name (type->elem_type));
  if (type->shape && ! read_input_shape (type->shape, &shape))
    return pst_onnx_fail (error, PST_ERROR_UNSUPPORTED,
                          _("has an input “%s” with too many dimensions"),
                          info->name);
  value = pst_graph_add_input (reader->graph, info->name,
                               pst_onnx_dtype (type->elem_type),
                               type->shape ? &shape : NULL);
  return define (reader, info->name, value, error);
}

/* Files of old versions list the parameters among the inputs as well. */
static gboolean
read_inputs (Reader *reader, GError **error)
{
  const Pst__Onnx__Graph *proto = reader->proto;
  g_autoptr (GHashTable)  given = g_hash_table_new (g_str_hash, g_str_equal);

  for (gsize i = 0; i < proto->n_initializer; i++)
    if (proto->initializer[i]->name)
      g_hash_table_add (given, proto->initializer[i]->name);
  for (gsize i = 0; i < proto->n_input; i++)
    {
      const char *name = proto->input[i]->name;

      if (name && g_hash_table_contains (given, name))
        continue;
      if (! read_input (reader, proto->input[i], error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_initializers (Reader *reader, GError **error)
{
  const Pst__Onnx__Graph *proto = reader->proto;

  if (proto->n_sparse_initializer > 0)
    return pst_onnx_fail (error, PST_ERROR_UNSUPPORTED,
                          _("holds sparse tensors, which Pastiche does not "
                            "read"));
  for (gsize i = 0; i < proto->n_initializer; i++)
    {
      Pst__Onnx__Tensor   *tensor = proto->initializer[i];
      g_autoptr (PstArray) array = NULL;

      if (! tensor->name || ! *tensor->name)
        return pst_onnx_fail (error, PST_ERROR_FORMAT,
                              _("is damaged: a tensor has no name"));
      array = pst_onnx_tensor_read (tensor, tensor->name, error);
      if (! array ||
          ! define (reader, tensor->name,
                    pst_graph_add_parameter (reader->graph, tensor->name,
                                             array),
                    error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_constant (Reader *reader, const Pst__Onnx__Node *node, GError **error)
{
  g_autoptr (PstArray) array = NULL;

  if (node->n_output != 1 || ! *node->output[0])
    return pst_onnx_fail (error, PST_ERROR_FORMAT,
                          _("is damaged: a constant does not have one "
                            "output"));
  array = pst_onnx_attribute_constant (node, error);
  return array && define (reader, node->output[0],
                          pst_graph_add_parameter (reader->graph,
                                                   node->output[0], array),
                          error);
}

static gboolean
check_known (const Pst__Onnx__Node *node, const char *domain, GError **error)
{
  const char *name = node->name && *node->name ? node->name : node->output[0];
  const PstOp *op = pst_op_find (domain, node->op_type);

  if (op && ! (op->flags & PST_OP_INTERNAL))
    return TRUE;
  if (*domain)
    return pst_onnx_fail (error, PST_ERROR_UNSUPPORTED,
                          _("uses the operator “%s.%s” (at “%s”), which is "
                            "not one of ONNX's own; take the file from before "
                            "it was optimised, or export the network without "
                            "it"),
                          domain, node->op_type, name);
  return pst_onnx_fail (error, PST_ERROR_UNSUPPORTED,
                        _("uses the operator “%s” (at “%s”), which Pastiche "
                          "does not know; export the network without it"),
                        node->op_type, name);
}

static gboolean
read_node (Reader *reader, const Pst__Onnx__Node *proto, GError **error)
{
  const char *domain = pst_onnx_is_standard (proto->domain) ? ""
                                                            : proto->domain;
  PstValue   *in[PST_MAX_IO];
  int         n_in = (int) proto->n_input;
  PstNode    *node;

  if (! pst_onnx_attribute_check (proto, error))
    return FALSE;
  if (! *domain && g_str_equal (proto->op_type, "Constant"))
    return read_constant (reader, proto, error);
  if (! check_known (proto, domain, error))
    return FALSE;

  while (n_in > 0 && ! *proto->input[n_in - 1])
    n_in--;
  for (int i = 0; i < n_in; i++)
    in[i] = *proto->input[i]
                ? g_hash_table_lookup (reader->values, proto->input[i])
                : NULL;
  node = pst_graph_add_node (reader->graph, domain, proto->op_type,
                             proto->name, in, n_in,
                             (const char *const *) proto->output,
                             (int) proto->n_output, error);
  if (! node)
    return FALSE;
  for (int i = 0; i < node->n_out; i++)
    if (*proto->output[i] &&
        ! define (reader, proto->output[i], node->out[i], error))
      return FALSE;
  for (gsize i = 0; i < proto->n_attribute; i++)
    if (! pst_onnx_attribute_read (node, proto->attribute[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
read_nodes (Reader *reader, GError **error)
{
  g_autofree guint *order =
      pst_onnx_sort (reader->proto, reader->values, error);

  if (! order)
    return FALSE;
  for (gsize i = 0; i < reader->proto->n_node; i++)
    if (! read_node (reader, reader->proto->node[order[i]], error))
      return FALSE;
  return TRUE;
}

static gboolean
read_outputs (Reader *reader, GError **error)
{
  const Pst__Onnx__Graph *proto = reader->proto;

  if (proto->n_output == 0)
    return pst_onnx_fail (error, PST_ERROR_FORMAT,
                          _("is damaged: it has no output"));
  for (gsize i = 0; i < proto->n_output; i++)
    {
      const char *name = proto->output[i]->name;
      PstValue   *value =
          name ? g_hash_table_lookup (reader->values, name) : NULL;

      if (! value)
        return pst_onnx_fail (error, PST_ERROR_FORMAT,
                              _("is damaged: its output “%s” is defined "
                                "nowhere"),
                              name ? name : "");
      pst_graph_add_output (reader->graph, value, name);
    }
  return TRUE;
}

static gboolean
read_metadata (Reader *reader, const Pst__Onnx__Model *model, GError **error)
{
  for (gsize i = 0; i < model->n_metadata_props; i++)
    {
      const Pst__Onnx__Entry *entry = model->metadata_props[i];
      g_autofree char        *text = pst_onnx_metadata_text (entry, error);

      if (! text)
        return FALSE;
      pst_graph_set_metadata (reader->graph, entry->key, text);
    }
  return TRUE;
}

static PstGraph *
read_model (const Pst__Onnx__Model *model, GError **error)
{
  g_autoptr (PstGraph)   graph = pst_graph_new ();
  g_autoptr (GHashTable) values = g_hash_table_new (g_str_hash, g_str_equal);
  Reader                 reader = { model->graph, graph, values };
  int                    opset;

  if (! model->graph)
    {
      pst_onnx_fail (error, PST_ERROR_FORMAT, _("is not an ONNX model"));
      return NULL;
    }
  opset = read_opset (model, error);
  if (! opset)
    return NULL;
  pst_graph_set_opset (graph, opset);
  if (! read_inputs (&reader, error) || ! read_initializers (&reader, error) ||
      ! read_nodes (&reader, error) || ! read_outputs (&reader, error) ||
      ! read_metadata (&reader, model, error))
    return NULL;
  pst_graph_seal (graph);
  return g_steal_pointer (&graph);
}

PstGraph *
pst_onnx_load_bytes (GBytes *bytes, const char *name, GError **error)
{
  gsize             size;
  const guint8     *data = g_bytes_get_data (bytes, &size);
  PstGraph         *graph = NULL;
  Pst__Onnx__Model *model;

  model = pst_onnx_unpack (&pst__onnx__model__descriptor, data, size,
                           pst_onnx_unpack_budget (size), error);
  if (model)
    graph = read_model (model, error);
  pst_onnx_unpack_free (model);
  if (! graph)
    pst_onnx_file_prefix (name, error);
  return graph;
}

PstGraph *
pst_onnx_load (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;

  g_return_val_if_fail (path, NULL);
  bytes = pst_onnx_file_load (path, error);
  if (bytes)
    return pst_onnx_load_bytes (bytes, path, error);
  pst_onnx_file_prefix (path, error);
  return NULL;
}

PstArray *
pst_onnx_load_tensor (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  Pst__Onnx__Tensor *tensor = NULL;
  PstArray          *array = NULL;
  gsize              size;
  const guint8      *data;

  g_return_val_if_fail (path, NULL);
  bytes = pst_onnx_file_load (path, error);
  if (bytes)
    {
      data = g_bytes_get_data (bytes, &size);
      tensor = pst_onnx_unpack (&pst__onnx__tensor__descriptor, data, size,
                                pst_onnx_unpack_budget (size), error);
    }
  if (tensor)
    array = pst_onnx_tensor_read (tensor, "", error);
  pst_onnx_unpack_free (tensor);
  if (! array)
    pst_onnx_file_prefix (path, error);
  return array;
}
