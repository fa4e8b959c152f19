/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/onnx/onnx-private.h"

#if G_BYTE_ORDER != G_LITTLE_ENDIAN
#error "raw_data is little-endian; swapping is not written yet"
#endif

PstDtype
pst_onnx_dtype (int type)
{
  switch (type)
    {
    case PST_FLOAT32:
    case PST_ONNX_FLOAT16:
    case PST_ONNX_DOUBLE:
    case PST_ONNX_BFLOAT16:
      return PST_FLOAT32;
    case PST_INT32:
    case PST_INT64:
    case PST_BOOL:
      return type;
    default:
      return PST_DTYPE_NONE;
    }
}

const char *
pst_onnx_dtype_name (int type)
{
  static const char *const names[] = {
    "undefined", "float32", "uint8",  "int8",      "uint16",     "int16",
    "int32",     "int64",   "string", "bool",      "float16",    "double",
    "uint32",    "uint64",  "complex64", "complex128", "bfloat16",
    "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz",
    "uint4",     "int4",    "float4e2m1", "float8e8m0", "uint2", "int2",
  };

  return type >= 0 && type < (int) G_N_ELEMENTS (names) ? names[type]
                                                        : "unknown";
}

/* Where a tensor's numbers are in the unpacked message: each one in the low
 * bytes of @step bytes. */
typedef struct
{
  const guint8 *data;
  gsize         step;
  gsize         n;
} Source;

static gsize
packed_size (int type)
{
  switch (type)
    {
    case PST_BOOL:
      return 1;
    case PST_ONNX_FLOAT16:
    case PST_ONNX_BFLOAT16:
      return 2;
    case PST_INT64:
    case PST_ONNX_DOUBLE:
      return 8;
    default:
      return 4;
    }
}

static Source
find_source (const Pst__Onnx__Tensor *tensor)
{
  gsize size = packed_size (tensor->data_type);

  if (tensor->has_raw_data && tensor->raw_data.len % size)
    return (Source) { NULL, size, G_MAXSIZE };
  if (tensor->has_raw_data)
    return (Source) { tensor->raw_data.data, size,
                      tensor->raw_data.len / size };
  switch (tensor->data_type)
    {
    case PST_FLOAT32:
      return (Source) { (const guint8 *) tensor->float_data, 4,
                        tensor->n_float_data };
    case PST_INT64:
      return (Source) { (const guint8 *) tensor->int64_data, 8,
                        tensor->n_int64_data };
    case PST_ONNX_DOUBLE:
      return (Source) { (const guint8 *) tensor->double_data, 8,
                        tensor->n_double_data };
    default:
      return (Source) { (const guint8 *) tensor->int32_data, 4,
                        tensor->n_int32_data };
    }
}

static float
bits_to_float (guint32 bits)
{
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

/* IEEE 754 binary16. */
static float
half_to_float (guint16 half)
{
  guint32 sign = (guint32) (half & 0x8000) << 16;
  guint32 exponent = half >> 10 & 31;
  guint32 fraction = half & 1023;

  if (exponent == 0)
    return (sign ? -1.0f : 1.0f) * (float) fraction / (1 << 24);
  if (exponent == 31)
    return bits_to_float (sign | 0x7f800000 | fraction << 13);
  return bits_to_float (sign | (exponent + 112) << 23 | fraction << 13);
}

static float
read_float (const guint8 *from, int type)
{
  guint16 half;
  double  wide;

  if (type == PST_ONNX_DOUBLE)
    {
      memcpy (&wide, from, sizeof wide);
      return (float) wide;
    }
  memcpy (&half, from, sizeof half);
  return type == PST_ONNX_FLOAT16 ? half_to_float (half)
                                  : bits_to_float ((guint32) half << 16);
}

static void
fill (PstArray *array, const Source *source, int type)
{
  const guint8 *from = source->data;
  float        *floats = array->tensor.data;
  guint8       *flags = array->tensor.data;

  if (source->n == 0)
    return;
  switch (type)
    {
    case PST_FLOAT32:
    case PST_INT32:
    case PST_INT64:
      memcpy (array->tensor.data, from, source->n * source->step);
      break;
    case PST_BOOL:
      for (gsize i = 0; i < source->n; i++)
        for (gsize j = 0; j < source->step; j++)
          flags[i] |= from[i * source->step + j] != 0;
      break;
    default:
      for (gsize i = 0; i < source->n; i++)
        floats[i] = read_float (from + i * source->step, type);
      break;
    }
}

/* The size as declared; its product, and that of its non-zero dimensions,
 * fits. */
static gboolean
read_shape (const Pst__Onnx__Tensor *tensor, const char *label,
            PstShape *shape, GError **error)
{
  PstShape filled = { 0 };

  if (tensor->n_dims > PST_MAX_RANK)
    return pst_onnx_fail (error, PST_ERROR_UNSUPPORTED,
                          _("has a tensor with too many dimensions, “%s”"),
                          label);
  shape->rank = filled.rank = (int) tensor->n_dims;
  for (int i = 0; i < shape->rank; i++)
    {
      shape->dim[i] = tensor->dims[i];
      filled.dim[i] = MAX (tensor->dims[i], 1);
      if (tensor->dims[i] < 0)
        return pst_onnx_fail (error, PST_ERROR_FORMAT,
                              _("is damaged: the tensor “%s” has a "
                                "negative size"),
                              label);
    }
  if (pst_shape_count (&filled) < 0)
    return pst_onnx_fail (error, PST_ERROR_FORMAT,
                          _("is damaged: the tensor “%s” has an impossible "
                            "size"),
                          label);
  return TRUE;
}

static gboolean
check_kind (const Pst__Onnx__Tensor *tensor, const char *label,
            GError **error)
{
  if (tensor->data_location == 1 || tensor->n_external_data > 0)
    return pst_onnx_fail (error, PST_ERROR_UNSUPPORTED,
                          _("keeps the numbers of “%s” in another file, which "
                            "Pastiche does not read; save the model as one "
                            "file"),
                          label);
  if (tensor->has_segment)
    return pst_onnx_fail (error, PST_ERROR_UNSUPPORTED,
                          _("holds “%s” in pieces, which Pastiche does not "
                            "read"),
                          label);
  if (pst_onnx_dtype (tensor->data_type) == PST_DTYPE_NONE)
    return pst_onnx_fail (error, PST_ERROR_UNSUPPORTED,
                          _("has numbers of the type %s in “%s”, which "
                            "Pastiche does not read; export the network with "
                            "numbers of the type float32"),
                          pst_onnx_dtype_name (tensor->data_type), label);
  return TRUE;
}

PstArray *
pst_onnx_tensor_read (const Pst__Onnx__Tensor *tensor, const char *label,
                      GError **error)
{
  PstShape  shape = { 0 };
  PstArray *array;
  Source    source;

  if (tensor->name && *tensor->name)
    label = tensor->name;
  if (! check_kind (tensor, label, error) ||
      ! read_shape (tensor, label, &shape, error))
    return NULL;
  source = find_source (tensor);
  if (source.n != (guint64) pst_shape_count (&shape))
    {
      g_autofree char *size = pst_shape_to_string (&shape);

      g_set_error (error, PST_ERROR, PST_ERROR_FORMAT,
                   _("is damaged: the tensor “%s” does not hold the numbers "
                     "for its size %s"),
                   label, size);
      return NULL;
    }
  array = pst_array_new (pst_onnx_dtype (tensor->data_type), &shape, TRUE);
  if (! array)
    {
      pst_onnx_fail (error, PST_ERROR_MEMORY,
                     _("needs more memory than there is for “%s”"), label);
      return NULL;
    }
  fill (array, &source, tensor->data_type);
  return array;
}

void
pst_onnx_tensor_write (const PstArray *array, Pst__Onnx__Tensor *tensor)
{
  const PstTensor *view = &array->tensor;

  g_return_if_fail (pst_tensor_is_plain (view));
  tensor->has_data_type = TRUE;
  tensor->data_type = view->dtype;
  tensor->n_dims = view->shape.rank;
  tensor->dims = (gint64 *) view->shape.dim;
  tensor->has_raw_data = TRUE;
  tensor->raw_data.data = view->data;
  tensor->raw_data.len = pst_tensor_bytes (view);
}
