/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a row of an operator's table. */
#include "core/ops/op-test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static PstShape
parse_shape (const char *text)
{
  PstShape shape = { 0 };
  g_auto (GStrv) sizes = g_strsplit (text, "x", -1);

  if (strcmp (text, "scalar") == 0)
    return shape;
  for (int i = 0; sizes[i]; i++)
    shape.dim[shape.rank++] = g_ascii_strtoll (sizes[i], NULL, 10);
  return shape;
}

static PstDtype
parse_dtype (const char *text)
{
  return strcmp (text, "float") == 0   ? PST_FLOAT32
         : strcmp (text, "int64") == 0 ? PST_INT64
         : strcmp (text, "int32") == 0 ? PST_INT32
         : strcmp (text, "bool") == 0  ? PST_BOOL
                                       : PST_DTYPE_NONE;
}

static void
parse_input (PstTestTensor *x, const char *text, GRand *random)
{
  g_auto (GStrv) word = g_strsplit (text, " ", -1);
  char **at = word;
  double low = -1.0, high = 1.0;
  gint64 given = 0;

  x->constant = strcmp (*at, "const") == 0;
  at += x->constant;
  x->dtype = parse_dtype (*at++);
  g_assert_cmpint (x->dtype, !=, PST_DTYPE_NONE);
  x->shape = parse_shape (*at++);
  x->count = pst_shape_count (&x->shape);
  x->v = g_new (double, MAX (1, x->count));
  if (*at && strcmp (*at, "in") == 0)
    {
      char *end;

      low = g_ascii_strtod (at[1], &end);
      high = g_ascii_strtod (end + 2, NULL);
      at += 2;
    }
  for (gint64 i = 0; i < x->count; i++)
    {
      x->v[i] = g_rand_double_range (random, low, high);
      if (x->dtype != PST_FLOAT32)
        x->v[i] = x->dtype == PST_BOOL ? x->v[i] > 0.0 : floor (x->v[i]);
    }
  if (*at && strcmp (*at, "=") == 0)
    for (at++; *at; at++)
      x->v[given++] = g_ascii_strtod (*at, NULL);
  g_assert_true (given == 0 || given == x->count);
  for (gint64 i = 0; i < x->count && x->dtype == PST_FLOAT32; i++)
    x->v[i] = (float) x->v[i];
}

static void
set_list (PstNode *node, const char *name, const char *text)
{
  g_autofree char *inside = g_strndup (text + 1, strlen (text) - 2);
  g_auto (GStrv) item = g_strsplit (inside, ",", -1);
  float  floats[64];
  gint64 ints[64];
  int    n = 0;

  for (; item[n]; n++)
    {
      g_assert_cmpint (n, <, 64);
      floats[n] = (float) g_ascii_strtod (item[n], NULL);
      ints[n] = g_ascii_strtoll (item[n], NULL, 10);
    }
  if (strchr (inside, '.'))
    pst_node_set_floats (node, name, floats, n);
  else
    pst_node_set_ints (node, name, ints, n);
}

void
pst_op_case_set_attributes (PstNode *node, const char *text)
{
  g_auto (GStrv) pair = g_strsplit (text ? text : "", " ", -1);

  for (int i = 0; pair[i]; i++)
    {
      char       *equals = strchr (pair[i], '=');
      const char *value;
      char       *end;

      if (! equals)
        continue;
      *equals = '\0';
      value = equals + 1;
      g_ascii_strtod (value, &end);
      if (*value == '[')
        set_list (node, pair[i], value);
      else if (end == value || *end)
        pst_node_set_string (node, pair[i], value);
      else if (strpbrk (value, ".e"))
        pst_node_set_float (node, pair[i],
                            (float) g_ascii_strtod (value, NULL));
      else
        pst_node_set_int (node, pair[i],
                          g_ascii_strtoll (value, NULL, 10));
    }
}

void
pst_op_case_read (PstOpTest *t, const PstOpCase *row)
{
  GRand *random = g_rand_new_with_seed (g_str_hash (row->name) ^
                                        g_str_hash (row->op));

  memset (t, 0, sizeof *t);
  t->opset = row->opset ? row->opset : 17;
  for (int i = 0; i < PST_TEST_INPUTS; i++)
    if (row->in[i])
      {
        t->n_in = i + 1;
        if (strcmp (row->in[i], "-") != 0)
          parse_input (&t->in[i], row->in[i], random);
      }
  for (int i = 0; i < PST_TEST_OUTPUTS && row->out[i]; i++)
    {
      t->n_out = i + 1;
      t->out[i].shape = parse_shape (row->out[i]);
      t->out[i].count = pst_shape_count (&t->out[i].shape);
      t->out[i].v = g_new0 (double, MAX (1, t->out[i].count));
    }
  t->n_out = MAX (t->n_out, 1);
  g_rand_free (random);
}

void
pst_op_case_clear (PstOpTest *t)
{
  for (int i = 0; i < t->n_in; i++)
    g_free (t->in[i].v);
  for (int i = 0; i < t->n_out; i++)
    g_free (t->out[i].v);
}
