/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/graph/graph.h"
#include "core/graph/graph-private.h"

const PstAttr *
pst_node_attr (const PstNode *node, const char *name)
{
  for (int i = 0; i < node->n_attrs; i++)
    if (strcmp (node->attrs[i].name, name) == 0)
      return &node->attrs[i];
  return NULL;
}

gint64
pst_node_get_int (const PstNode *node, const char *name, gint64 fallback)
{
  const PstAttr *attr = pst_node_attr (node, name);

  return attr && attr->type == PST_ATTR_INT ? attr->i : fallback;
}

float
pst_node_get_float (const PstNode *node, const char *name, float fallback)
{
  const PstAttr *attr = pst_node_attr (node, name);

  return attr && attr->type == PST_ATTR_FLOAT ? attr->f : fallback;
}

const char *
pst_node_get_string (const PstNode *node, const char *name,
                     const char *fallback)
{
  const PstAttr *attr = pst_node_attr (node, name);

  return attr && attr->type == PST_ATTR_STRING ? attr->s : fallback;
}

const gint64 *
pst_node_get_ints (const PstNode *node, const char *name, int *n)
{
  const PstAttr *attr = pst_node_attr (node, name);
  gboolean       found = attr && attr->type == PST_ATTR_INTS;

  *n = found ? attr->n : 0;
  return found ? attr->ints : NULL;
}

const float *
pst_node_get_floats (const PstNode *node, const char *name, int *n)
{
  const PstAttr *attr = pst_node_attr (node, name);
  gboolean       found = attr && attr->type == PST_ATTR_FLOATS;

  *n = found ? attr->n : 0;
  return found ? attr->floats : NULL;
}

void
pst_attr_clear (PstAttr *attr)
{
  g_free (attr->name);
  g_free (attr->s);
  g_free (attr->ints);
  g_free (attr->floats);
  pst_array_unref (attr->tensor);
  memset (attr, 0, sizeof *attr);
}

static PstAttr *
renew (PstNode *node, const char *name, PstAttrType type)
{
  PstAttr *attr = (PstAttr *) pst_node_attr (node, name);

  if (attr)
    {
      pst_attr_clear (attr);
    }
  else
    {
      node->attrs = g_renew (PstAttr, node->attrs, node->n_attrs + 1);
      attr = &node->attrs[node->n_attrs++];
      memset (attr, 0, sizeof *attr);
    }
  attr->name = g_strdup (name);
  attr->type = type;
  return attr;
}

void
pst_node_set_int (PstNode *node, const char *name, gint64 value)
{
  renew (node, name, PST_ATTR_INT)->i = value;
}

void
pst_node_set_float (PstNode *node, const char *name, float value)
{
  renew (node, name, PST_ATTR_FLOAT)->f = value;
}

void
pst_node_set_string (PstNode *node, const char *name, const char *value)
{
  renew (node, name, PST_ATTR_STRING)->s = g_strdup (value);
}

void
pst_node_set_ints (PstNode *node, const char *name, const gint64 *values,
                   int n)
{
  gint64  *copy = g_memdup2 (values, sizeof (gint64) * n);
  PstAttr *attr = renew (node, name, PST_ATTR_INTS);

  attr->ints = copy;
  attr->n = n;
}

void
pst_node_set_floats (PstNode *node, const char *name, const float *values,
                     int n)
{
  float   *copy = g_memdup2 (values, sizeof (float) * n);
  PstAttr *attr = renew (node, name, PST_ATTR_FLOATS);

  attr->floats = copy;
  attr->n = n;
}

void
pst_node_set_tensor (PstNode *node, const char *name, PstArray *array)
{
  pst_array_ref (array);
  renew (node, name, PST_ATTR_TENSOR)->tensor = array;
}

void
pst_node_copy_attrs (PstNode *to, const PstNode *from)
{
  for (int i = 0; i < from->n_attrs; i++)
    {
      const PstAttr *attr = &from->attrs[i];

      switch (attr->type)
        {
        case PST_ATTR_FLOAT:
          pst_node_set_float (to, attr->name, attr->f);
          break;
        case PST_ATTR_INT:
          pst_node_set_int (to, attr->name, attr->i);
          break;
        case PST_ATTR_STRING:
          pst_node_set_string (to, attr->name, attr->s);
          break;
        case PST_ATTR_TENSOR:
          pst_node_set_tensor (to, attr->name, attr->tensor);
          break;
        case PST_ATTR_FLOATS:
          pst_node_set_floats (to, attr->name, attr->floats, attr->n);
          break;
        case PST_ATTR_INTS:
          pst_node_set_ints (to, attr->name, attr->ints, attr->n);
          break;
        }
    }
}
