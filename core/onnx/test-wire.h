/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/onnx/onnx.h"

/* For tests: ONNX files put together field by field, the wrong ones too.
 * What is put into a message is freed. */

typedef GByteArray Wire;

static inline Wire *
wire_new (void)
{
  return g_byte_array_new ();
}

static inline Wire *
wire_varint (Wire *wire, guint64 value)
{
  do
    {
      guint8 byte = (value & 0x7f) | (value > 0x7f ? 0x80 : 0);

      g_byte_array_append (wire, &byte, 1);
      value >>= 7;
    }
  while (value);
  return wire;
}

static inline Wire *
wire_int (Wire *wire, guint field, gint64 value)
{
  wire_varint (wire, field << 3);
  return wire_varint (wire, (guint64) value);
}

static inline Wire *
wire_bytes (Wire *wire, guint field, const void *data, gsize size)
{
  wire_varint (wire, field << 3 | 2);
  wire_varint (wire, size);
  return g_byte_array_append (wire, data ? data : "", (guint) size);
}

static inline Wire *
wire_text (Wire *wire, guint field, const char *text)
{
  return wire_bytes (wire, field, text, strlen (text));
}

static inline Wire *
wire_float (Wire *wire, guint field, float value)
{
  wire_varint (wire, field << 3 | 5);
  return g_byte_array_append (wire, (const guint8 *) &value, 4);
}

static inline Wire *
wire_put (Wire *wire, guint field, Wire *part)
{
  wire_bytes (wire, field, part->data, part->len);
  g_byte_array_unref (part);
  return wire;
}

/* A tensor of one or no dimension (@n < 0), with raw data. */
static inline Wire *
wire_tensor (const char *name, int type, gint64 n, const void *data,
             gsize size)
{
  Wire *tensor = wire_new ();

  if (n >= 0)
    wire_int (tensor, 1, n);
  wire_int (tensor, 2, type);
  wire_text (tensor, 8, name);
  return wire_bytes (tensor, 9, data, size);
}

static inline Wire *
wire_floats (const char *name, gint64 n)
{
  g_autofree float *values = g_new0 (float, n);

  return wire_tensor (name, 1, n, values, n * sizeof (float));
}

/* An input or output of rank 4 with any sizes. */
static inline Wire *
wire_info (const char *name)
{
  Wire *shape = wire_new ();
  Wire *array = wire_int (wire_new (), 1, 1);

  for (int i = 0; i < 4; i++)
    wire_put (shape, 1, wire_text (wire_new (), 2, "any"));
  wire_put (array, 2, shape);
  return wire_put (wire_text (wire_new (), 1, name), 2,
                   wire_put (wire_new (), 1, array));
}

/* A node; @in and @out are names with commas between. */
static inline Wire *
wire_node (const char *type, const char *in, const char *out)
{
  Wire            *node = wire_new ();
  g_auto (GStrv) inputs = g_strsplit (in, ",", -1);
  g_auto (GStrv) outputs = g_strsplit (out, ",", -1);

  for (char **name = inputs; *name; name++)
    wire_text (node, 1, *name);
  for (char **name = outputs; *name; name++)
    wire_text (node, 2, *name);
  return wire_text (node, 4, type);
}

static inline Wire *
wire_opset (const char *domain, int version)
{
  return wire_int (wire_text (wire_new (), 1, domain), 2, version);
}

static inline GBytes *
wire_model (Wire *graph)
{
  Wire *model = wire_int (wire_new (), 1, 8);

  wire_put (model, 7, graph);
  wire_put (model, 8, wire_opset ("", 17));
  return g_byte_array_free_to_bytes (model);
}

/* "x" -> instance norm -> "y", to which tests add what they are about. */
static inline Wire *
wire_graph (void)
{
  Wire *graph = wire_new ();

  wire_put (graph, 1, wire_node ("InstanceNormalization", "x,w,b", "y"));
  wire_text (graph, 2, "test");
  wire_put (graph, 5, wire_floats ("w", 3));
  wire_put (graph, 5, wire_floats ("b", 3));
  wire_put (graph, 11, wire_info ("x"));
  wire_put (graph, 12, wire_info ("y"));
  return graph;
}

/* Loads "test.onnx" and checks that it is refused in these words. */
static inline void
model_refused (GBytes *bytes, PstError code, const char *words)
{
  g_autoptr (GError)   error = NULL;
  g_autoptr (PstGraph) graph = pst_onnx_load_bytes (bytes, "/a/test.onnx",
                                                    &error);

  g_assert_null (graph);
  g_assert_error (error, PST_ERROR, (int) code);
  g_assert_true (g_str_has_prefix (error->message, "“test.onnx” "));
  if (! strstr (error->message, words))
    g_error ("“%s” does not say “%s”", error->message, words);
  g_bytes_unref (bytes);
}

static inline PstGraph *
model_load (GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  PstGraph          *graph = pst_onnx_load_bytes (bytes, "test.onnx", &error);

  g_assert_no_error (error);
  g_assert_true (pst_graph_is_sealed (graph));
  g_bytes_unref (bytes);
  return graph;
}

static inline GBytes *
model_save (PstGraph *graph)
{
  g_autoptr (GError) error = NULL;
  GBytes            *bytes = pst_onnx_save_bytes (graph, &error);

  g_assert_no_error (error);
  return bytes;
}

/* Saved, loaded and saved again it is the same file. */
static inline void
model_stable (PstGraph *graph)
{
  g_autoptr (GBytes)   first = model_save (graph);
  g_autoptr (PstGraph) again = model_load (g_bytes_ref (first));
  g_autoptr (GBytes)   second = model_save (again);

  g_assert_true (g_bytes_equal (first, second));
}
