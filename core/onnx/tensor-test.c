/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/test-run.h"
#include "core/onnx/onnx.h"
#include "core/onnx/test-wire.h"

#define SHAPE(...)                                                            \
  (&(PstShape) { sizeof ((gint64[]) { __VA_ARGS__ }) / sizeof (gint64),       \
                 { __VA_ARGS__ } })

static PstArray *
load (Wire *wire, GError **error)
{
  g_autofree char *folder = g_dir_make_tmp ("pastiche-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "tensor.pb", NULL);
  PstArray        *array;

  g_assert_true (g_file_set_contents (path, (const char *) wire->data,
                                      wire->len, NULL));
  array = pst_onnx_load_tensor (path, error);
  g_unlink (path);
  g_rmdir (folder);
  g_byte_array_unref (wire);
  return array;
}

/* Numbers of every type, in raw form and in the field of their type. */
typedef struct
{
  const char *name;
  int         type;
  PstDtype    becomes;
  guint       field; /* 0: raw_data */
  const void *data;
  gsize       size;
  int         n;
  double      values[6];
} Case;

#define RAW(ctype, ...)                                                       \
  0, (const ctype[]) { __VA_ARGS__ },                                         \
      sizeof ((const ctype[]) { __VA_ARGS__ }),                               \
      sizeof ((const ctype[]) { __VA_ARGS__ }) / sizeof (ctype)
#define FIELD(number, count, ...)                                             \
  number, (const guint8[]) { __VA_ARGS__ },                                   \
      sizeof ((const guint8[]) { __VA_ARGS__ }), count

static const Case cases[] = {
  { "float32/raw", 1, PST_FLOAT32, RAW (float, 1.5f, -2, 1e30f),
    { 1.5, -2, 1e30f } },
  { "float32/field", 1, PST_FLOAT32,
    FIELD (4, 2, 0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0), { 1.5, -2 } },
  { "float16/raw", 10, PST_FLOAT32,
    RAW (guint16, 0x3c00, 0xc500, 1, 0x83ff, 0x7bff, 0xfc00),
    { 1, -5, 0x1p-24, -0x1.ff8p-15, 65504, -INFINITY } },
  { "float16/field", 10, PST_FLOAT32, FIELD (5, 2, 0x80, 0x78, 0x80, 0x8a, 3),
    { 1, -5 } },
  { "bfloat16/raw", 16, PST_FLOAT32, RAW (guint16, 0x3f80, 0xc0a0),
    { 1, -5 } },
  { "bfloat16/field", 16, PST_FLOAT32, FIELD (5, 1, 0x80, 0x7f), { 1 } },
  { "double/raw", 11, PST_FLOAT32, RAW (double, 0.1, -3), { 0.1f, -3 } },
  { "double/field", 11, PST_FLOAT32,
    FIELD (10, 1, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f), { 1 } },
  { "int32/raw", 6, PST_INT32, RAW (gint32, 7, G_MININT32),
    { 7, G_MININT32 } },
  { "int32/field", 6, PST_INT32,
    FIELD (5, 2, 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
    { 7, -1 } },
  { "int64/raw", 7, PST_INT64, RAW (gint64, -9, (gint64) 1 << 40),
    { -9, 0x1p40 } },
  { "int64/field", 7, PST_INT64, FIELD (7, 2, 0xac, 2, 0), { 300, 0 } },
  { "bool/raw", 9, PST_BOOL, RAW (guint8, 0, 1, 2), { 0, 1, 1 } },
  { "bool/field", 9, PST_BOOL, FIELD (5, 3, 0, 1, 0x80, 2), { 0, 1, 1 } },
};

static void
test_values (gconstpointer data)
{
  const Case          *c = data;
  Wire                *wire = wire_int (wire_new (), 1, c->n);
  g_autoptr (GError)   error = NULL;
  g_autoptr (PstArray) array = NULL;

  wire_int (wire, 2, c->type);
  wire_bytes (wire, c->field ? c->field : 9, c->data, c->size);
  array = load (wire, &error);
  g_assert_no_error (error);
  g_assert_cmpint (array->tensor.dtype, ==, c->becomes);
  g_assert_cmpint (pst_tensor_count (&array->tensor), ==, c->n);
  for (int i = 0; i < c->n; i++)
    g_assert_cmpfloat (pst_tensor_get (&array->tensor, i), ==, c->values[i]);
}

/* Not packed: one field a number. */
static void
test_single_fields (void)
{
  Wire *wire = wire_int (wire_int (wire_new (), 1, 2), 1, 1);
  g_autoptr (GError)   error = NULL;
  g_autoptr (PstArray) array = NULL;

  wire_float (wire_int (wire, 2, 1), 4, 3);
  array = load (wire_float (wire, 4, 4), &error);
  g_assert_no_error (error);
  g_assert_cmpint (array->tensor.shape.rank, ==, 2);
  g_assert_cmpfloat (pst_tensor_get (&array->tensor, 1), ==, 4);
}

static void
test_nan (void)
{
  static const guint16 half[] = { 0x7e00, 0x8000 };
  g_autoptr (PstArray) array =
      load (wire_tensor ("n", 10, 2, half, sizeof half), NULL);

  g_assert_true (isnan (pst_tensor_get (&array->tensor, 0)));
  g_assert_true (signbit (pst_tensor_get (&array->tensor, 1)));
}

static void
test_empty (void)
{
  g_autoptr (PstArray) empty = load (wire_floats ("e", 0), NULL);
  g_autoptr (PstArray) scalar =
      load (wire_tensor ("s", 1, -1, &(float) { 2 }, 4), NULL);

  g_assert_cmpint (pst_tensor_count (&empty->tensor), ==, 0);
  g_assert_cmpint (scalar->tensor.shape.rank, ==, 0);
  g_assert_cmpfloat (pst_tensor_get (&scalar->tensor, 0), ==, 2);
}

static void
refuse (Wire *wire, PstError code, const char *words)
{
  g_autoptr (GError)   error = NULL;
  g_autoptr (PstArray) array = load (wire, &error);

  g_assert_null (array);
  g_assert_error (error, PST_ERROR, (int) code);
  g_assert_true (g_str_has_prefix (error->message, "“tensor.pb” "));
  if (! strstr (error->message, words))
    g_error ("“%s” does not say “%s”", error->message, words);
}

static Wire *
with_dims (int n, const gint64 *dims)
{
  Wire *wire = wire_text (wire_int (wire_new (), 2, 1), 8, "w");

  for (int i = 0; i < n; i++)
    wire_int (wire, 1, dims[i]);
  return wire;
}

static void
test_refused (void)
{
  static const gint64 huge[] = { (gint64) 1 << 40, (gint64) 1 << 40 };
  static const gint64 hidden[] = { 0, (gint64) 1 << 40, (gint64) 1 << 40 };
  static const gint64 wrapping[] = { (gint64) 1 << 62, 4 };
  static const gint64 negative[] = { -1 };
  static const gint64 many[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 };
  static const gint64 large[] = { (gint64) 1 << 35 };

  refuse (with_dims (2, huge), PST_ERROR_FORMAT, "impossible size");
  refuse (with_dims (3, hidden), PST_ERROR_FORMAT, "impossible size");
  refuse (with_dims (2, wrapping), PST_ERROR_FORMAT, "impossible size");
  refuse (with_dims (1, negative), PST_ERROR_FORMAT, "negative size");
  refuse (with_dims (1, large), PST_ERROR_FORMAT, "its size 34359738368");
  refuse (with_dims (9, many), PST_ERROR_UNSUPPORTED, "too many dimensions");
  refuse (wire_tensor ("w", 1, 2, "1234567", 7), PST_ERROR_FORMAT,
          "does not hold the numbers");
  refuse (wire_tensor ("w", 1, 2, "12345678abcd", 12), PST_ERROR_FORMAT,
          "does not hold the numbers");
  refuse (wire_tensor ("w", 8, 0, "", 0), PST_ERROR_UNSUPPORTED, "string");
  refuse (wire_tensor ("w", 2, 0, "", 0), PST_ERROR_UNSUPPORTED, "uint8");
  refuse (wire_tensor ("w", 23, 0, "", 0), PST_ERROR_UNSUPPORTED,
          "float4e2m1");
  refuse (wire_tensor ("w", 26, 0, "", 0), PST_ERROR_UNSUPPORTED, "int2");
  refuse (wire_tensor ("w", 77, 0, "", 0), PST_ERROR_UNSUPPORTED, "unknown");
  refuse (wire_int (wire_floats ("w", 1), 14, 1), PST_ERROR_UNSUPPORTED,
          "in another file");
  refuse (wire_put (wire_floats ("w", 1), 13, wire_text (wire_new (), 1, "l")),
          PST_ERROR_UNSUPPORTED, "in another file");
  refuse (wire_put (wire_floats ("w", 1), 3, wire_new ()),
          PST_ERROR_UNSUPPORTED, "in pieces");
  refuse (wire_text (wire_new (), 15, "other"), PST_ERROR_FORMAT,
          "is not an ONNX tensor");
}

static void
test_save (void)
{
  g_autofree char     *folder = g_dir_make_tmp ("pastiche-XXXXXX", NULL);
  g_autofree char     *path = g_build_filename (folder, "tensor.pb", NULL);
  g_autoptr (PstArray) map =
      pst_array_new (PST_FLOAT32, SHAPE (1, 2, 3, 4), FALSE);
  g_autoptr (PstArray) again = NULL;
  g_autoptr (GError)   error = NULL;

  for (int i = 0; i < 24; i++)
    pst_tensor_set (&map->tensor, i, i);
  pst_onnx_save_tensor (map, "map", path, &error);
  g_assert_no_error (error);
  again = pst_onnx_load_tensor (path, &error);
  g_assert_no_error (error);
  g_assert_true (pst_shape_equal (&again->tensor.shape,
                                  &map->tensor.shape));
  for (int i = 0; i < 24; i++)
    g_assert_cmpfloat (pst_tensor_get (&again->tensor, i), ==, i);
  g_unlink (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name =
          g_strconcat ("/onnx-tensor/values/", cases[i].name, NULL);

      g_test_add_data_func (name, &cases[i], test_values);
    }
  g_test_add_func ("/onnx-tensor/single-fields", test_single_fields);
  g_test_add_func ("/onnx-tensor/nan", test_nan);
  g_test_add_func ("/onnx-tensor/empty", test_empty);
  g_test_add_func ("/onnx-tensor/refused", test_refused);
  g_test_add_func ("/onnx-tensor/save", test_save);
  return test_run ();
}
