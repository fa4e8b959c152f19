/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/graph/op.h"
#include "core/onnx/onnx-private.h"

static const char *
node_name (const Pst__Onnx__Node *node)
{
  if (node->name && *node->name)
    return node->name;
  return node->n_output > 0 ? node->output[0] : "";
}

/* Files of the first versions leave the type out. */
static int
type_of (const Pst__Onnx__Attribute *attribute)
{
  if (attribute->has_type && attribute->type != 0)
    return attribute->type;
  if (attribute->has_f)
    return PST_ATTR_FLOAT;
  if (attribute->has_i)
    return PST_ATTR_INT;
  if (attribute->has_s)
    return PST_ATTR_STRING;
  if (attribute->t)
    return PST_ATTR_TENSOR;
  if (attribute->n_floats > 0)
    return PST_ATTR_FLOATS;
  return PST_ATTR_INTS;
}

static gboolean
check_one (const Pst__Onnx__Node *node, gsize i, GError **error)
{
  const Pst__Onnx__Attribute *attribute = node->attribute[i];

  if (attribute->g || attribute->n_graphs > 0)
    return pst_onnx_fail (error, PST_ERROR_UNSUPPORTED,
                          _("uses the operator “%s” (at “%s”), which holds a "
                            "graph of its own: Pastiche runs networks without "
                            "branches and loops"),
                          node->op_type, node_name (node));
  if (! attribute->name || ! *attribute->name)
    return pst_onnx_fail (error, PST_ERROR_FORMAT,
                          _("is damaged: an attribute of “%s” has no name"),
                          node_name (node));
  for (gsize j = 0; j < i; j++)
    if (strcmp (node->attribute[j]->name, attribute->name) == 0)
      return pst_onnx_fail (error, PST_ERROR_FORMAT,
                            _("is damaged: “%s” has the attribute “%s” twice"),
                            node_name (node), attribute->name);
  return TRUE;
}

gboolean
pst_onnx_attribute_check (const Pst__Onnx__Node *node, GError **error)
{
  if (! node->op_type || ! *node->op_type)
    return pst_onnx_fail (error, PST_ERROR_FORMAT,
                          _("is damaged: the node “%s” has no operator"),
                          node_name (node));
  if (node->n_attribute > PST_ONNX_MAX_ATTRIBUTES)
    return pst_onnx_fail (error, PST_ERROR_FORMAT,
                          _("is damaged: “%s” has too many attributes"),
                          node_name (node));
  if (node->n_input > PST_MAX_IO || node->n_output > PST_MAX_IO)
    return pst_onnx_fail (error, PST_ERROR_UNSUPPORTED,
                          _("has more inputs or outputs at “%s” than Pastiche "
                            "can take"),
                          node_name (node));
  if (node->n_output == 0)
    return pst_onnx_fail (error, PST_ERROR_FORMAT,
                          _("is damaged: “%s” has no output"),
                          node_name (node));
  for (gsize i = 0; i < node->n_attribute; i++)
    if (! check_one (node, i, error))
      return FALSE;
  return TRUE;
}

static gboolean
read_text (PstNode *node, const Pst__Onnx__Attribute *attribute,
           GError **error)
{
  const char      *bytes = (const char *) attribute->s.data;
  gsize            length = attribute->s.len;
  g_autofree char *text = NULL;

  if (length > 0 && ! g_utf8_validate_len (bytes, length, NULL))
    return pst_onnx_fail (error, PST_ERROR_FORMAT,
                          _("is damaged: the attribute “%s” of “%s” is not "
                            "text"),
                          attribute->name, node->name);
  text = length > 0 ? g_strndup (bytes, length) : g_strdup ("");
  pst_node_set_string (node, attribute->name, text);
  return TRUE;
}

static gboolean
read_tensor (PstNode *node, const Pst__Onnx__Attribute *attribute,
             GError **error)
{
  g_autoptr (PstArray) array = NULL;

  if (! attribute->t)
    return pst_onnx_fail (error, PST_ERROR_FORMAT,
                          _("is damaged: the attribute “%s” of “%s” is empty"),
                          attribute->name, node->name);
  array = pst_onnx_tensor_read (attribute->t, node->name, error);
  if (! array)
    return FALSE;
  pst_node_set_tensor (node, attribute->name, array);
  return TRUE;
}

static gboolean
list_fits (const char *who, const Pst__Onnx__Attribute *attribute,
           GError **error)
{
  if (attribute->n_floats <= PST_ONNX_MAX_LIST &&
      attribute->n_ints <= PST_ONNX_MAX_LIST)
    return TRUE;
  return pst_onnx_fail (error, PST_ERROR_FORMAT,
                        _("is damaged: the attribute “%s” of “%s” is too "
                          "long"),
                        attribute->name, who);
}

gboolean
pst_onnx_attribute_read (PstNode *node, const Pst__Onnx__Attribute *attribute,
                         GError **error)
{
  if (! list_fits (node->name, attribute, error))
    return FALSE;
  switch (type_of (attribute))
    {
    case PST_ATTR_FLOAT:
      pst_node_set_float (node, attribute->name, attribute->f);
      return TRUE;
    case PST_ATTR_INT:
      pst_node_set_int (node, attribute->name, attribute->i);
      return TRUE;
    case PST_ATTR_STRING:
      return read_text (node, attribute, error);
    case PST_ATTR_TENSOR:
      return read_tensor (node, attribute, error);
    case PST_ATTR_FLOATS:
      pst_node_set_floats (node, attribute->name, attribute->floats,
                           (int) attribute->n_floats);
      return TRUE;
    case PST_ATTR_INTS:
      pst_node_set_ints (node, attribute->name, attribute->ints,
                         (int) attribute->n_ints);
      return TRUE;
    default:
      return pst_onnx_fail (error, PST_ERROR_UNSUPPORTED,
                            _("has an attribute “%s” at “%s” of a kind that "
                              "Pastiche does not read"),
                            attribute->name, node->name);
    }
}

/* A scalar (@n of -1) or a list. */
static PstArray *
copy_numbers (PstDtype dtype, const void *numbers, gint64 n,
              const Pst__Onnx__Node *node, GError **error)
{
  PstShape  shape = { .rank = n < 0 ? 0 : 1, .dim = { n } };
  PstArray *array = pst_array_new (dtype, &shape, TRUE);

  if (! array)
    pst_onnx_fail (error, PST_ERROR_MEMORY,
                   _("needs more memory than there is for “%s”"),
                   node_name (node));
  else if (n != 0)
    memcpy (array->tensor.data, numbers, pst_tensor_bytes (&array->tensor));
  return array;
}

PstArray *
pst_onnx_attribute_constant (const Pst__Onnx__Node *node, GError **error)
{
  const Pst__Onnx__Attribute *value =
      node->n_attribute == 1 ? node->attribute[0] : NULL;
  const char *name = value ? value->name : "";

  if (value && ! list_fits (node_name (node), value, error))
    return NULL;
  if (g_str_equal (name, "value") && value->t)
    return pst_onnx_tensor_read (value->t, node_name (node), error);
  if (g_str_equal (name, "value_float"))
    return copy_numbers (PST_FLOAT32, &value->f, -1, node, error);
  if (g_str_equal (name, "value_int"))
    return copy_numbers (PST_INT64, &value->i, -1, node, error);
  if (g_str_equal (name, "value_floats"))
    return copy_numbers (PST_FLOAT32, value->floats, (gint64) value->n_floats,
                         node, error);
  if (g_str_equal (name, "value_ints"))
    return copy_numbers (PST_INT64, value->ints, (gint64) value->n_ints,
                         node, error);
  pst_onnx_fail (error, PST_ERROR_UNSUPPORTED,
                 _("has a constant “%s” of a kind that Pastiche does not "
                   "read"),
                 node_name (node));
  return NULL;
}
