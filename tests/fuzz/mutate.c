/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/mutate.h"

#include <stdlib.h>
#include <string.h>

#include "core/onnx/onnx-private.h"
#include "tests/fuzz/fuzz.h"

#define BLOCK ((gsize) 16 << 20)
#define MAX_MODEL ((gsize) 256 << 10)

gpointer
fuzz_take (Mutation *m, gsize size)
{
  gpointer at = m->block + m->used;

  size = (MAX (size, 1) + 15) & ~(gsize) 15;
  if (size > m->size - m->used)
    return NULL;
  m->used += size;
  return memset (at, 0, size);
}

static void *
take_for_unpacking (void *data, size_t size)
{
  return fuzz_take (data, size);
}

static void
keep (void *data, void *block)
{
}

char *
fuzz_text (Mutation *m, const char *text)
{
  char *copy = fuzz_take (m, strlen (text) + 1);

  return copy ? strcpy (copy, text) : (char *) "";
}

/* splitmix64 (Steele, Lea, Flood 2014). */
guint32
fuzz_random (Mutation *m)
{
  guint64 z = m->state += 0x9e3779b97f4a7c15;

  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return (guint32) (z >> 32);
}

guint
fuzz_below (Mutation *m, gsize n)
{
  return n ? (guint) (fuzz_random (m) % n) : 0;
}

gboolean
fuzz_chance (Mutation *m, guint one_in)
{
  return fuzz_below (m, one_in) == 0;
}

gint64
fuzz_int (Mutation *m)
{
  static const gint64 odd[] = {
    16, 17, 31, 32, 64, 65, 127, 255, 256, 1000, 4096, 65535, 65536,
    G_MAXINT32, G_MININT32, (gint64) G_MAXINT32 + 1, (gint64) 1 << 32,
    (gint64) 1 << 40, (gint64) 1 << 60, (gint64) 1 << 62, G_MAXINT64,
    G_MININT64, G_MAXINT64 / 2, -100, -1000,
  };

  if (fuzz_chance (m, 6))
    return odd[fuzz_below (m, G_N_ELEMENTS (odd))];
  return (gint64) fuzz_below (m, 10) - (fuzz_chance (m, 2) ? 3 : 0);
}

float
fuzz_float (Mutation *m)
{
  static const float odd[] = { 0.0f,   -0.0f,    1e-45f,    1e-10f,   1e10f,
                               3e38f,  -3e38f,   2147483648.0f, 0.5f, 2.0f,
                               -1.0f,  1.0f,     9.3e18f,   G_MAXFLOAT,
                               1.5f,   (float) (0.0 / 1.0) };

  if (fuzz_chance (m, 16))
    return fuzz_chance (m, 2) ? __builtin_nanf ("") : __builtin_inff ();
  if (fuzz_chance (m, 3))
    return odd[fuzz_below (m, G_N_ELEMENTS (odd))];
  return (float) fuzz_random (m) / (float) G_MAXUINT32 * 4.0f - 2.0f;
}

void
fuzz_insert (Mutation *m, gpointer list, gsize *n, gsize at,
             gconstpointer item)
{
  gconstpointer **items = list;
  gconstpointer  *longer = fuzz_take (m, (*n + 1) * sizeof (gpointer));

  if (! longer || ! item)
    return;
  at = MIN (at, *n);
  for (gsize i = 0; i < *n; i++)
    longer[i + (i >= at)] = (*items)[i];
  longer[at] = item;
  *items = longer;
  ++*n;
}

void
fuzz_remove (gpointer list, gsize *n, gsize at)
{
  gpointer **items = list;

  if (at >= *n)
    return;
  --*n;
  for (gsize i = at; i < *n; i++)
    (*items)[i] = (*items)[i + 1];
}

/* Mutations of the whole model */

static void
change_opset (Mutation *m)
{
  Pst__Onnx__Opset *opset;

  if (m->model->n_opset_import == 0)
    {
      opset = fuzz_take (m, sizeof *opset);
      if (! opset)
        return;
      pst__onnx__opset__init (opset);
      fuzz_insert (m, &m->model->opset_import, &m->model->n_opset_import, 0,
                   opset);
      if (m->model->n_opset_import == 0)
        return;
    }
  opset = m->model->opset_import[fuzz_below (m, m->model->n_opset_import)];
  opset->has_version = TRUE;
  opset->version = fuzz_chance (m, 20)
                       ? fuzz_int (m)
                       : 6 + fuzz_below (m, PST_ONNX_MAX_OPSET - 5);
}

/* How engine.c is to run it: the property "fuzz". */
static void
change_settings (Mutation *m)
{
  Pst__Onnx__Entry *entry = NULL;
  guint8           *bytes = fuzz_take (m, 16);

  for (gsize i = 0; i < m->model->n_metadata_props; i++)
    if (g_strcmp0 (m->model->metadata_props[i]->key, "fuzz") == 0)
      entry = m->model->metadata_props[i];
  if (! entry)
    {
      entry = fuzz_take (m, sizeof *entry);
      if (! entry)
        return;
      pst__onnx__entry__init (entry);
      entry->key = fuzz_text (m, "fuzz");
      fuzz_insert (m, &m->model->metadata_props, &m->model->n_metadata_props,
                   m->model->n_metadata_props, entry);
    }
  if (! bytes)
    return;
  if (entry->has_value)
    memcpy (bytes, entry->value.data, MIN (entry->value.len, 8));
  for (int i = 0; i < 8; i++) /* text, as properties are */
    if (fuzz_chance (m, 3))
      bytes[i] = (guint8) (32 + fuzz_below (m, 95));
    else if (bytes[i] < 32 || bytes[i] > 126)
      bytes[i] = ' ';
  entry->has_value = TRUE;
  entry->value.data = bytes;
  entry->value.len = 8;
}

static Node *
some_node (Mutation *m)
{
  return m->graph->n_node ? m->graph->node[fuzz_below (m, m->graph->n_node)]
                          : NULL;
}

static void
change_tensor (Mutation *m)
{
  if (m->graph->n_initializer)
    fuzz_tensor_change (
        m, m->graph->initializer[fuzz_below (m, m->graph->n_initializer)]);
}

static void
change_input (Mutation *m)
{
  if (m->graph->n_input == 0 || fuzz_chance (m, 12))
    fuzz_insert (m, &m->graph->input, &m->graph->n_input,
                 m->graph->n_input, fuzz_info_new (m, fuzz_new_name (m)));
  else
    fuzz_info_change (m,
                      m->graph->input[fuzz_below (m, m->graph->n_input)]);
}

static void
change_once (Mutation *m)
{
  Node *node = some_node (m);
  guint what = fuzz_below (m, 20);

  if (! node && what < 12)
    what = 12;
  switch (what)
    {
    case 0:
    case 1:
      fuzz_node_change (m, node);
      break;
    case 2:
    case 3:
    case 4:
    case 5:
      fuzz_attribute_change (m, node);
      break;
    case 6:
    case 7:
    case 8:
      fuzz_edge_change (m, node);
      break;
    case 9:
      fuzz_node_remove (m);
      break;
    case 10:
      fuzz_node_copy (m, node);
      break;
    case 11:
      fuzz_outputs_change (m);
      break;
    case 12:
    case 13:
      fuzz_node_insert (m);
      break;
    case 14:
    case 15:
    case 16:
      change_tensor (m);
      break;
    case 17:
      change_input (m);
      break;
    case 18:
      change_settings (m);
      break;
    default:
      change_opset (m);
    }
}

/* Reading and writing */

static void
begin (Mutation *m, guint seed)
{
  static guint8 *block; /* one for all mutations of the process */

  if (! block)
    block = malloc (BLOCK);
  g_assert_nonnull (block);
  *m = (Mutation) { .block = block, .size = BLOCK, .state = seed };
}

static Model *
unpack (Mutation *m, const guint8 *data, gsize size)
{
  const ProtobufCMessageDescriptor *type = &pst__onnx__model__descriptor;
  ProtobufCAllocator allocator = { take_for_unpacking, keep, m };
  Model             *model;

  if (size > MAX_MODEL || ! pst_onnx_walk (type, data, size, NULL))
    return NULL;
  model = (Model *) protobuf_c_message_unpack (type, &allocator, size, data);
  return model && model->graph ? model : NULL;
}

/* 0 where there is no room. */
static gsize
pack (Mutation *m, guint8 *data, gsize max_size)
{
  if (protobuf_c_message_get_packed_size (&m->model->base) > max_size)
    return 0;
  return protobuf_c_message_pack (&m->model->base, data);
}

size_t
LLVMFuzzerCustomMutator (guint8 *data, size_t size, size_t max_size,
                         unsigned int seed)
{
  Mutation m;
  gsize    done = 0;

  begin (&m, seed);
  if (fuzz_below (&m, 100) >= fuzz_raw_percent)
    m.model = unpack (&m, data, size);
  if (! m.model)
    return LLVMFuzzerMutate (data, size, max_size);
  m.graph = m.model->graph;
  do
    change_once (&m);
  while (fuzz_chance (&m, 2));
  done = pack (&m, data, max_size);
  return done ? done : size;
}

/* The nodes and parameters of the second model behind those of the first,
 * some of its inputs taken from there. */
static void
join (Mutation *m, Graph *other)
{
  for (gsize i = 0; i < other->n_initializer; i++)
    fuzz_insert (m, &m->graph->initializer, &m->graph->n_initializer,
                 m->graph->n_initializer, other->initializer[i]);
  for (gsize i = 0; i < other->n_input; i++)
    fuzz_insert (m, &m->graph->input, &m->graph->n_input, m->graph->n_input,
                 other->input[i]);
  for (gsize i = 0; i < other->n_node; i++)
    fuzz_insert (m, &m->graph->node, &m->graph->n_node, m->graph->n_node,
                 other->node[i]);
  for (gsize i = 0; i < other->n_output; i++)
    fuzz_insert (m, &m->graph->output, &m->graph->n_output, 0,
                 other->output[i]);
}

size_t
LLVMFuzzerCustomCrossOver (const guint8 *data1, size_t size1,
                           const guint8 *data2, size_t size2, guint8 *out,
                           size_t max_size, unsigned int seed)
{
  Mutation m;
  Model   *other;

  begin (&m, seed);
  if (fuzz_below (&m, 100) < fuzz_raw_percent)
    return 0; /* libFuzzer takes another way */
  m.model = unpack (&m, data1, size1);
  other = m.model ? unpack (&m, data2, size2) : NULL;
  if (! other)
    return 0;
  m.graph = m.model->graph;
  if (fuzz_chance (&m, 2))
    join (&m, fuzz_rename (&m, other->graph));
  else if (other->graph->n_node > 0)
    fuzz_node_copy (&m,
                    other->graph->node[fuzz_below (&m,
                                                   other->graph->n_node)]);
  return pack (&m, out, max_size);
}
