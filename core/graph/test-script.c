/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/graph/test-script.h"

#include <math.h>
#include <string.h>

#include "core/graph/plan.h"

typedef struct
{
  PstGraph   *graph;
  GHashTable *names; /* name -> value */
  GRand      *rand;
} Script;

/* Numbers between commas; the text ends at a bracket. */
static int
read_numbers (const char *text, double *numbers)
{
  int n = 0;

  while (*text && *text != ']' && *text != ')')
    {
      char *end;

      numbers[n++] = g_ascii_strtod (text, &end);
      g_assert_true (end > text);
      text = *end == ',' ? end + 1 : end;
    }
  return n;
}

static PstShape
read_shape (const char *text)
{
  double   numbers[PST_MAX_RANK];
  PstShape shape = { .rank = read_numbers (text, numbers) };

  for (int i = 0; i < shape.rank; i++)
    shape.dim[i] = (gint64) numbers[i];
  return shape;
}

static PstValue *
read_floats (Script *s, const char *text)
{
  const char *number = strchr (text, '=');
  PstShape    shape = read_shape (text + 2);
  g_autoptr (PstArray) array = pst_array_new (PST_FLOAT32, &shape, TRUE);

  for (gint64 i = 0; i < pst_tensor_count (&array->tensor); i++)
    pst_tensor_set (&array->tensor, i,
                    number ? g_ascii_strtod (number + 1, NULL)
                           : g_rand_double_range (s->rand, 0.2, 1));
  return pst_graph_add_parameter (s->graph, NULL, array);
}

static PstValue *
read_ints (Script *s, const char *text)
{
  double   numbers[16];
  gint64   values[16];
  int      n = read_numbers (text + 2, numbers);
  PstShape shape = PST_SHAPE (n);
  g_autoptr (PstArray) array = NULL;

  for (int i = 0; i < n; i++)
    values[i] = (gint64) numbers[i];
  array = pst_array_new_ints (&shape, values);
  return pst_graph_add_parameter (s->graph, NULL, array);
}

static PstValue *
read_listed (Script *s, const char *text)
{
  double   numbers[16];
  float    values[16];
  int      n = read_numbers (text + 2, numbers);
  PstShape shape = PST_SHAPE (n);
  g_autoptr (PstArray) array = NULL;

  for (int i = 0; i < n; i++)
    values[i] = (float) numbers[i];
  array = pst_array_new_floats (&shape, values);
  return pst_graph_add_parameter (s->graph, NULL, array);
}

static PstValue *
read_operand (Script *s, const char *text)
{
  PstValue *value;

  if (strcmp (text, "_") == 0)
    return NULL;
  if (g_str_has_prefix (text, "f("))
    return read_floats (s, text);
  if (g_str_has_prefix (text, "f["))
    return read_listed (s, text);
  if (g_str_has_prefix (text, "i["))
    return read_ints (s, text);
  value = g_hash_table_lookup (s->names, text);
  if (! value)
    g_error ("the test's graph has no “%s”", text);
  return value;
}

static void
read_list (PstNode *node, const char *name, const char *text)
{
  double   numbers[16];
  gint64   ints[16];
  float    floats[16];
  int      n = read_numbers (text + 1, numbers);

  for (int i = 0; i < n; i++)
    {
      ints[i] = (gint64) numbers[i];
      floats[i] = (float) numbers[i];
    }
  if (strchr (text, '.'))
    pst_node_set_floats (node, name, floats, n);
  else
    pst_node_set_ints (node, name, ints, n);
}

static void
read_attribute (PstNode *node, const char *text)
{
  const char      *value = strchr (text, '=') + 1;
  g_autofree char *name = g_strndup (text, value - 1 - text);

  if (*value == '[')
    read_list (node, name, value);
  else if (g_ascii_isalpha (*value))
    pst_node_set_string (node, name, value);
  else if (strchr (value, '.') || strchr (value, 'e'))
    pst_node_set_float (node, name, (float) g_ascii_strtod (value, NULL));
  else
    pst_node_set_int (node, name, g_ascii_strtoll (value, NULL, 10));
}

static gboolean
is_attribute (const char *word)
{
  return strchr (word, '=') && ! g_str_has_prefix (word, "f(");
}

static PstValue *
read_statement (Script *s, const char *text)
{
  g_auto (GStrv)     words = g_strsplit_set (text, " \t", -1);
  g_auto (GStrv)     results = NULL;
  g_autoptr (GError) error = NULL;
  char              *word[32];
  int                n_words = 0, n = 0;
  PstValue          *in[16];
  PstNode           *node;

  for (char **at = words; *at; at++)
    if (**at)
      word[n_words++] = *at;
  g_assert_cmpint (n_words, >=, 3);
  results = g_strsplit (word[0], ",", -1);
  for (int i = 3; i < n_words; i++)
    if (! is_attribute (word[i]))
      in[n++] = read_operand (s, word[i]);
  node = pst_graph_add_node (s->graph, "", word[2], NULL, in, n,
                             (const char *const *) results,
                             g_strv_length (results), &error);
  g_assert_no_error (error);
  for (int i = 3; i < n_words; i++)
    if (is_attribute (word[i]))
      read_attribute (node, word[i]);
  for (int i = 0; results[i]; i++)
    g_hash_table_insert (s->names, g_strdup (results[i]), node->out[i]);
  return node->out[0];
}

PstGraph *
pst_test_script (const char *text, int opset)
{
  Script         s = { .graph = pst_graph_new () };
  g_auto (GStrv) lines = g_strsplit_set (text, ";\n", -1);
  PstValue      *last = NULL;

  s.names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  s.rand = g_rand_new_with_seed (3);
  pst_graph_set_opset (s.graph, opset);
  for (char **at = lines; *at; at++)
    {
      char *line = g_strstrip (*at);

      if (! *line)
        continue;
      if (strchr (line, '='))
        last = read_statement (&s, line);
      else
        {
          PstShape         shape = read_shape (strchr (line, ' ') + 1);
          g_autofree char *name = g_strndup (line, strchr (line, ' ') - line);

          last = pst_graph_add_input (s.graph, name, PST_FLOAT32, &shape);
          g_hash_table_insert (s.names, g_strdup (name), last);
        }
    }
  pst_graph_add_output (s.graph, last, NULL);
  g_hash_table_unref (s.names);
  g_rand_free (s.rand);
  return s.graph;
}

PstArray *
pst_test_paint (PstGraph *graph, const PstShape *shape, gboolean no_fusion)
{
  PstPlanOptions options = { .input_shapes = shape, .n_workers = 1,
                             .no_fusion = no_fusion };
  g_autoptr (GError)  error = NULL;
  g_autoptr (PstPlan) plan = pst_plan_new (graph, &options, &error);
  g_autoptr (PstRun)  pass = NULL;
  g_autoptr (GRand)   rand = g_rand_new_with_seed (1);
  const PstTensor    *out;
  PstTensor          *in;
  PstArray           *copy;

  g_assert_no_error (error);
  pass = pst_run_new (plan, NULL, &error);
  g_assert_no_error (error);
  in = pst_run_get_input (pass, 0);
  for (gint64 i = 0; i < pst_tensor_count (in); i++)
    pst_tensor_set (in, i, g_rand_double_range (rand, -1, 2));
  g_assert_true (pst_run_forward (pass, NULL, NULL, NULL, &error));
  out = pst_run_get_output (pass, 0);
  copy = pst_array_new (out->dtype, &out->shape, TRUE);
  pst_tensor_copy (&copy->tensor, out);
  return copy;
}
