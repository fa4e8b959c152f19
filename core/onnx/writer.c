/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/graph/op.h"
#include "core/onnx/onnx-private.h"

#define IR_VERSION 8
#define OWN_DOMAIN "pastiche"

/* The message is built of blocks that live until it is packed; texts and
 * numbers are those of the graph. */
typedef struct
{
  PstGraph    *graph;
  GPtrArray   *blocks;
  GPtrArray   *arrays; /* parameters brought into C order */
  PstOnnxKind *kinds;
  GHashTable  *node_names;
  gboolean     own_domain;
} Writer;

static gpointer
keep (Writer *writer, gpointer block)
{
  g_ptr_array_add (writer->blocks, block);
  return block;
}

/* An initialised message. */
static gpointer
new_message (Writer *writer, const ProtobufCMessageDescriptor *type)
{
  ProtobufCMessage *message = keep (writer, g_malloc0 (type->sizeof_message));

  type->message_init (message);
  return message;
}

static gpointer
new_list (Writer *writer, gsize n)
{
  return keep (writer, g_new0 (gpointer, n + 1));
}

static gboolean
write_tensor (Writer *writer, PstArray *array, Pst__Onnx__Tensor *tensor,
              GError **error)
{
  if (! pst_tensor_is_plain (&array->tensor))
    {
      PstArray *plain = pst_array_new (array->tensor.dtype,
                                       &array->tensor.shape, TRUE);

      if (! plain)
        return pst_onnx_fail (error, PST_ERROR_MEMORY,
                              _("needs more memory than there is for it"));
      pst_tensor_copy (&plain->tensor, &array->tensor);
      g_ptr_array_add (writer->arrays, plain);
      array = plain;
    }
  pst_onnx_tensor_write (array, tensor);
  return TRUE;
}

static gboolean
write_attribute (Writer *writer, const PstAttr *attr,
                 Pst__Onnx__Attribute *to, GError **error)
{
  to->name = attr->name;
  to->has_type = TRUE;
  to->type = attr->type;
  switch (attr->type)
    {
    case PST_ATTR_FLOAT:
      to->has_f = TRUE;
      to->f = attr->f;
      break;
    case PST_ATTR_INT:
      to->has_i = TRUE;
      to->i = attr->i;
      break;
    case PST_ATTR_STRING:
      to->has_s = TRUE;
      to->s.data = (guint8 *) attr->s;
      to->s.len = strlen (attr->s);
      break;
    case PST_ATTR_TENSOR:
      to->t = new_message (writer, &pst__onnx__tensor__descriptor);
      return write_tensor (writer, attr->tensor, to->t, error);
    case PST_ATTR_FLOATS:
      to->n_floats = attr->n;
      to->floats = attr->floats;
      break;
    case PST_ATTR_INTS:
      to->n_ints = attr->n;
      to->ints = attr->ints;
      break;
    }
  return TRUE;
}

/* OpenCV refuses a convolution that leaves its kernel_shape to be read off
 * the weights. */
static gboolean
lacks_kernel_shape (const PstNode *node)
{
  return (g_str_equal (node->op->type, "Conv") ||
          g_str_equal (node->op->type, "ConvTranspose")) &&
         ! pst_node_attr (node, "kernel_shape") && node->n_in > 1 &&
         node->in[1] && node->in[1]->array &&
         node->in[1]->info.shape.rank > 2;
}

static void
write_kernel_shape (const PstNode *node, Pst__Onnx__Attribute *to)
{
  static char name[] = "kernel_shape";
  PstShape   *shape = &node->in[1]->info.shape;

  to->name = name;
  to->has_type = TRUE;
  to->type = PST_ATTR_INTS;
  to->n_ints = shape->rank - 2;
  to->ints = &shape->dim[2];
}

static gboolean
write_attributes (Writer *writer, const PstNode *node, Pst__Onnx__Node *to,
                  GError **error)
{
  to->attribute = new_list (writer, node->n_attrs + 1);
  for (int i = 0; i < node->n_attrs; i++)
    {
      Pst__Onnx__Attribute *attribute =
          new_message (writer, &pst__onnx__attribute__descriptor);

      to->attribute[to->n_attribute++] = attribute;
      if (! write_attribute (writer, &node->attrs[i], attribute, error))
        return FALSE;
    }
  if (lacks_kernel_shape (node))
    {
      Pst__Onnx__Attribute *attribute =
          new_message (writer, &pst__onnx__attribute__descriptor);

      to->attribute[to->n_attribute++] = attribute;
      write_kernel_shape (node, attribute);
    }
  return TRUE;
}

static char **
write_names (Writer *writer, PstValue *const *values, int n)
{
  char **names = new_list (writer, n);

  for (int i = 0; i < n; i++)
    names[i] = values[i] ? values[i]->name : (char *) "";
  return names;
}

/* Names of nodes are for people, but onnxruntime refuses two that are the
 * same. */
static char *
write_node_name (Writer *writer, const PstNode *node)
{
  char *name = node->name;

  if (g_hash_table_contains (writer->node_names, name))
    name = node->out[0]->name;
  for (int i = 2; g_hash_table_contains (writer->node_names, name); i++)
    name = keep (writer, g_strdup_printf ("%s_%d", node->out[0]->name, i));
  g_hash_table_add (writer->node_names, name);
  return name;
}

static gboolean
write_node (Writer *writer, const PstNode *node, Pst__Onnx__Node *to,
            GError **error)
{
  if (node->op->flags & PST_OP_INTERNAL)
    return pst_onnx_fail (error, PST_ERROR_UNSUPPORTED,
                          _("cannot be written: “%s” stands only within "
                            "Pastiche"),
                          node->op->type);
  to->n_input = node->n_in;
  to->input = write_names (writer, node->in, node->n_in);
  to->n_output = node->n_out;
  to->output = write_names (writer, node->out, node->n_out);
  to->name = write_node_name (writer, node);
  to->op_type = (char *) node->op->type;
  if (*node->op->domain)
    to->domain = (char *) node->op->domain;
  if (g_str_equal (node->op->domain, OWN_DOMAIN))
    writer->own_domain = TRUE;
  return write_attributes (writer, node, to, error);
}

/* A declared or found-out shape: a size or, for "any", a name of its own. */
static Pst__Onnx__Shape *
write_shape (Writer *writer, const PstValue *value, int rank)
{
  Pst__Onnx__Shape *shape =
      new_message (writer, &pst__onnx__shape__descriptor);
  gboolean declared = value->info.dtype != PST_DTYPE_NONE;

  shape->n_dim = rank;
  shape->dim = new_list (writer, rank);
  for (int i = 0; i < rank; i++)
    {
      shape->dim[i] =
          new_message (writer, &pst__onnx__shape__dimension__descriptor);
      if (declared && value->info.shape.dim[i] >= 0)
        {
          shape->dim[i]->has_dim_value = TRUE;
          shape->dim[i]->dim_value = value->info.shape.dim[i];
        }
      else
        shape->dim[i]->dim_param =
            keep (writer, g_strdup_printf ("%s_%d", value->name, i));
    }
  return shape;
}

static Pst__Onnx__ValueInfo **
write_infos (Writer *writer, GPtrArray *values)
{
  Pst__Onnx__ValueInfo **infos = new_list (writer, values->len);

  for (guint i = 0; i < values->len; i++)
    {
      const PstValue   *value = g_ptr_array_index (values, i);
      PstOnnxKind       kind = writer->kinds[value->index];
      Pst__Onnx__Type__Array *type =
          new_message (writer, &pst__onnx__type__array__descriptor);

      infos[i] = new_message (writer, &pst__onnx__value_info__descriptor);
      infos[i]->name = value->name;
      infos[i]->type = new_message (writer, &pst__onnx__type__descriptor);
      infos[i]->type->tensor_type = type;
      type->has_elem_type = TRUE;
      type->elem_type = kind.dtype;
      if (kind.rank >= 0)
        type->shape = write_shape (writer, value, kind.rank);
    }
  return infos;
}

static gboolean
write_parameters (Writer *writer, Pst__Onnx__Graph *to, GError **error)
{
  GPtrArray *values = pst_graph_get_values (writer->graph);

  to->initializer = new_list (writer, values->len);
  for (guint i = 0; i < values->len; i++)
    {
      const PstValue    *value = g_ptr_array_index (values, i);
      Pst__Onnx__Tensor *tensor;

      if (value->kind != PST_VALUE_PARAMETER)
        continue;
      tensor = new_message (writer, &pst__onnx__tensor__descriptor);
      tensor->name = value->name;
      to->initializer[to->n_initializer++] = tensor;
      if (! write_tensor (writer, value->array, tensor, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_graph (Writer *writer, Pst__Onnx__Graph *to, GError **error)
{
  GPtrArray *nodes = pst_graph_get_nodes (writer->graph);
  GPtrArray *inputs = pst_graph_get_inputs (writer->graph);
  GPtrArray *outputs = pst_graph_get_outputs (writer->graph);

  to->name = (char *) "pastiche";
  to->n_node = nodes->len;
  to->node = new_list (writer, nodes->len);
  for (guint i = 0; i < nodes->len; i++)
    {
      to->node[i] = new_message (writer, &pst__onnx__node__descriptor);
      if (! write_node (writer, g_ptr_array_index (nodes, i), to->node[i],
                        error))
        return FALSE;
    }
  to->n_input = inputs->len;
  to->input = write_infos (writer, inputs);
  to->n_output = outputs->len;
  to->output = write_infos (writer, outputs);
  return write_parameters (writer, to, error);
}

static void
write_opsets (Writer *writer, Pst__Onnx__Model *to)
{
  to->opset_import = new_list (writer, 2);
  to->n_opset_import = writer->own_domain ? 2 : 1;
  for (gsize i = 0; i < to->n_opset_import; i++)
    {
      to->opset_import[i] =
          new_message (writer, &pst__onnx__opset__descriptor);
      to->opset_import[i]->domain = (char *) (i == 0 ? "" : OWN_DOMAIN);
      to->opset_import[i]->has_version = TRUE;
      to->opset_import[i]->version =
          i == 0 ? pst_graph_get_opset (writer->graph) : 1;
    }
}

static void
write_metadata (Writer *writer, Pst__Onnx__Model *to)
{
  GPtrArray *keys = pst_graph_get_metadata_keys (writer->graph);

  to->n_metadata_props = keys->len;
  to->metadata_props = new_list (writer, keys->len);
  for (guint i = 0; i < keys->len; i++)
    {
      Pst__Onnx__Entry *entry =
          new_message (writer, &pst__onnx__entry__descriptor);
      const char *key = g_ptr_array_index (keys, i);
      const char *text = pst_graph_get_metadata (writer->graph, key);

      entry->key = (char *) key;
      entry->has_value = TRUE;
      entry->value.data = (guint8 *) text;
      entry->value.len = strlen (text);
      to->metadata_props[i] = entry;
    }
}

/* The bytes of a message. */
static GBytes *
pack (const ProtobufCMessage *message, GError **error)
{
  gsize   size = protobuf_c_message_get_packed_size (message);
  guint8 *data;

  if (size > PST_ONNX_MAX_BYTES)
    {
      pst_onnx_fail (error, PST_ERROR_FILE,
                     _("cannot be written: it would be larger than %u MB"),
                     (guint) (PST_ONNX_MAX_BYTES >> 20));
      return NULL;
    }
  data = g_try_malloc (MAX (size, 1));
  if (! data)
    {
      pst_onnx_fail (error, PST_ERROR_MEMORY,
                     _("needs more memory than there is for it"));
      return NULL;
    }
  protobuf_c_message_pack (message, data);
  return g_bytes_new_take (data, size);
}

GBytes *
pst_onnx_save_bytes (PstGraph *graph, GError **error)
{
  g_autoptr (GPtrArray) blocks = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) arrays =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pst_array_unref);
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree PstOnnxKind *kinds = pst_onnx_declare (graph);
  Pst__Onnx__Model        model = PST__ONNX__MODEL__INIT;
  Writer                  writer = {
                     .graph = graph,
                     .blocks = blocks,
                     .arrays = arrays,
                     .kinds = kinds,
                     .node_names = names,
  };

  model.has_ir_version = TRUE;
  model.ir_version = IR_VERSION;
  model.producer_name = (char *) "Pastiche";
  model.graph = new_message (&writer, &pst__onnx__graph__descriptor);
  if (! write_graph (&writer, model.graph, error))
    return NULL;
  write_opsets (&writer, &model);
  write_metadata (&writer, &model);
  return pack (&model.base, error);
}

static gboolean
save (GBytes *bytes, const char *path, GError **error)
{
  gsize         size;
  const guint8 *data = bytes ? g_bytes_get_data (bytes, &size) : NULL;

  if (data && pst_onnx_file_save (path, data, size, error))
    return TRUE;
  pst_onnx_file_prefix (path, error);
  return FALSE;
}

gboolean
pst_onnx_save (PstGraph *graph, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;

  g_return_val_if_fail (graph && path, FALSE);
  bytes = pst_onnx_save_bytes (graph, error);
  return save (bytes, path, error);
}

gboolean
pst_onnx_save_tensor (PstArray *array, const char *name, const char *path,
                      GError **error)
{
  Pst__Onnx__Tensor    tensor = PST__ONNX__TENSOR__INIT;
  g_autoptr (PstArray) plain = NULL;
  g_autoptr (GBytes)   bytes = NULL;

  g_return_val_if_fail (array && path, FALSE);
  plain = pst_array_new (array->tensor.dtype, &array->tensor.shape, TRUE);
  if (plain)
    {
      pst_tensor_copy (&plain->tensor, &array->tensor);
      tensor.name = (char *) name;
      pst_onnx_tensor_write (plain, &tensor);
      bytes = pack (&tensor.base, error);
    }
  else
    pst_onnx_fail (error, PST_ERROR_MEMORY,
                   _("needs more memory than there is for it"));
  return save (bytes, path, error);
}
