/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/graph/tensor.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/kernels/kernels.h"

gsize
pst_dtype_size (PstDtype dtype)
{
  switch (dtype)
    {
    case PST_FLOAT32:
    case PST_INT32:
      return 4;
    case PST_INT64:
      return 8;
    case PST_BOOL:
      return 1;
    case PST_PACKED16:
      return 2;
    default:
      g_return_val_if_reached (4);
    }
}

const char *
pst_dtype_name (PstDtype dtype)
{
  switch (dtype)
    {
    case PST_FLOAT32:
      return "float32";
    case PST_INT32:
      return "int32";
    case PST_INT64:
      return "int64";
    case PST_BOOL:
      return "bool";
    case PST_PACKED16:
      return "packed";
    default:
      return "unknown";
    }
}

PstShape
pst_shape (int rank, const gint64 *dim)
{
  PstShape shape = { .rank = rank };

  g_return_val_if_fail (rank >= 0 && rank <= PST_MAX_RANK, shape);
  for (int i = 0; i < rank; i++)
    shape.dim[i] = dim[i];
  return shape;
}

gboolean
pst_shape_equal (const PstShape *a, const PstShape *b)
{
  return a->rank == b->rank &&
         memcmp (a->dim, b->dim, sizeof (gint64) * a->rank) == 0;
}

gint64
pst_shape_count (const PstShape *shape)
{
  gint64 count = 1;

  for (int i = 0; i < shape->rank; i++)
    {
      if (shape->dim[i] < 0 ||
          __builtin_mul_overflow (count, shape->dim[i], &count) ||
          count > (gint64) 1 << 60)
        return -1;
    }
  return count;
}

char *
pst_shape_to_string (const PstShape *shape)
{
  GString *text = g_string_new (NULL);

  for (int i = 0; i < shape->rank; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i ? "x" : "",
                            shape->dim[i]);
  if (shape->rank == 0)
    g_string_append (text, "scalar");
  return g_string_free (text, FALSE);
}

gboolean
pst_shape_broadcast (const PstShape *a, const PstShape *b, PstShape *result)
{
  PstShape wide = { .rank = MAX (a->rank, b->rank) };

  for (int i = 1; i <= wide.rank; i++)
    {
      gint64 x = i <= a->rank ? a->dim[a->rank - i] : 1;
      gint64 y = i <= b->rank ? b->dim[b->rank - i] : 1;

      if (x != y && x != 1 && y != 1)
        return FALSE;
      wide.dim[wide.rank - i] = x == 1 ? y : x;
    }
  *result = wide;
  return TRUE;
}

void
pst_tensor_layout_plain (PstTensor *tensor)
{
  gint64 step = 1;

  for (int i = tensor->shape.rank - 1; i >= 0; i--)
    {
      tensor->stride[i] = step;
      step *= tensor->shape.dim[i];
    }
}

void
pst_tensor_layout (PstTensor *tensor)
{
  const gint64 *dim = tensor->shape.dim;

  if (tensor->shape.rank != 4 ||
      (tensor->dtype != PST_FLOAT32 && tensor->dtype != PST_PACKED16))
    {
      pst_tensor_layout_plain (tensor);
      return;
    }
  tensor->stride[1] = 1;
  tensor->stride[3] = dim[1];
  tensor->stride[2] = dim[1] * dim[3];
  tensor->stride[0] = dim[1] * dim[3] * dim[2];
}

gint64
pst_tensor_count (const PstTensor *tensor)
{
  return pst_shape_count (&tensor->shape);
}

/* Floats of the tables of one sample's cells. */
static gsize
table_floats (const PstTensor *tensor)
{
  const gint64 *dim = tensor->shape.dim;

  return (gsize) ((dim[2] + PST_CELL_H - 1) / PST_CELL_H) *
         ((dim[3] + PST_CELL_W - 1) / PST_CELL_W) * 2 * dim[1];
}

guint16 *
pst_tensor_cells (const PstTensor *tensor, gint64 sample, float **table)
{
  const gint64 *dim = tensor->shape.dim;
  float        *tables = tensor->data;

  *table = tables + sample * table_floats (tensor);
  return (guint16 *) (tables + dim[0] * table_floats (tensor)) +
         sample * dim[1] * dim[2] * dim[3];
}

gsize
pst_tensor_bytes (const PstTensor *tensor)
{
  gint64 count = pst_tensor_count (tensor);

  if (tensor->dtype == PST_PACKED16 && count > 0)
    return (gsize) count * 2 + sizeof (float) * tensor->shape.dim[0] *
                                   table_floats (tensor);
  return count > 0 ? (gsize) count * pst_dtype_size (tensor->dtype) : 0;
}

static gboolean
strides_match (const PstTensor *a, const gint64 *stride)
{
  for (int i = 0; i < a->shape.rank; i++)
    if (a->shape.dim[i] > 1 && a->stride[i] != stride[i])
      return FALSE;
  return TRUE;
}

gboolean
pst_tensor_is_plain (const PstTensor *tensor)
{
  PstTensor plain = *tensor;

  pst_tensor_layout_plain (&plain);
  return strides_match (tensor, plain.stride);
}

gboolean
pst_tensor_is_map (const PstTensor *tensor)
{
  PstTensor map = *tensor;

  if (tensor->shape.rank != 4 || tensor->dtype != PST_FLOAT32)
    return FALSE;
  pst_tensor_layout (&map);
  return strides_match (tensor, map.stride);
}

gboolean
pst_tensor_same_layout (const PstTensor *a, const PstTensor *b)
{
  return pst_shape_equal (&a->shape, &b->shape) &&
         strides_match (a, b->stride);
}

gint64
pst_tensor_offset (const PstTensor *tensor, gint64 index)
{
  gint64 offset = 0;

  for (int i = tensor->shape.rank - 1; i >= 0; i--)
    {
      offset += index % tensor->shape.dim[i] * tensor->stride[i];
      index /= tensor->shape.dim[i];
    }
  return offset;
}

/* The nearest whole number from @least to @most; 0 for what is none. The
 * bounds as doubles are exact or one more. */
static gint64
to_int (double value, gint64 least, gint64 most)
{
  if (value != value)
    return 0;
  return value >= (double) most    ? most
         : value <= (double) least ? least
                                   : (gint64) value;
}

double
pst_tensor_get (const PstTensor *tensor, gint64 index)
{
  gint64 at = pst_tensor_offset (tensor, index);

  switch (tensor->dtype)
    {
    case PST_FLOAT32:
      return ((const float *) tensor->data)[at];
    case PST_INT32:
      return ((const gint32 *) tensor->data)[at];
    case PST_INT64:
      return (double) ((const gint64 *) tensor->data)[at];
    case PST_BOOL:
      return ((const guint8 *) tensor->data)[at];
    default:
      g_return_val_if_reached (0.0);
    }
}

void
pst_tensor_set (PstTensor *tensor, gint64 index, double value)
{
  gint64 at = pst_tensor_offset (tensor, index);

  switch (tensor->dtype)
    {
    case PST_FLOAT32:
      ((float *) tensor->data)[at] = (float) value;
      break;
    case PST_INT32:
      ((gint32 *) tensor->data)[at] =
          (gint32) to_int (value, G_MININT32, G_MAXINT32);
      break;
    case PST_INT64:
      ((gint64 *) tensor->data)[at] =
          to_int (value, G_MININT64, G_MAXINT64);
      break;
    case PST_BOOL:
      ((guint8 *) tensor->data)[at] = value != 0.0;
      break;
    default:
      g_return_if_reached ();
    }
}

gint64
pst_tensor_get_int (const PstTensor *tensor, gint64 index)
{
  if (tensor->dtype == PST_INT64)
    return ((const gint64 *) tensor->data)[pst_tensor_offset (tensor, index)];
  return to_int (pst_tensor_get (tensor, index), G_MININT64, G_MAXINT64);
}

void
pst_tensor_set_int (PstTensor *tensor, gint64 index, gint64 value)
{
  if (tensor->dtype == PST_INT64)
    ((gint64 *) tensor->data)[pst_tensor_offset (tensor, index)] = value;
  else if (tensor->dtype == PST_INT32)
    ((gint32 *) tensor->data)[pst_tensor_offset (tensor, index)] =
        (gint32) value; /* the low bits, as everywhere */
  else
    pst_tensor_set (tensor, index, (double) value);
}

#define DEFINE_COPY(type, name)                                               \
  static void copy_##name (PstTensor *to, const PstTensor *from)              \
  {                                                                           \
    gint64      n = pst_tensor_count (from);                                  \
    type       *out = to->data;                                               \
    const type *in = from->data;                                              \
    gboolean    to_plain = pst_tensor_is_plain (to);                          \
    gboolean    from_plain = pst_tensor_is_plain (from);                      \
                                                                              \
    for (gint64 i = 0; i < n; i++)                                            \
      out[to_plain ? i : pst_tensor_offset (to, i)] =                         \
          in[from_plain ? i : pst_tensor_offset (from, i)];                   \
  }

DEFINE_COPY (guint8, 1)
DEFINE_COPY (guint32, 4)
DEFINE_COPY (guint64, 8)

/* Between C order and channels-last of one rank-4 shape, plane by plane. */
static void
copy_transposed (PstTensor *to, const PstTensor *from)
{
  const gint64 *dim = from->shape.dim;
  float        *out = to->data;
  const float  *in = from->data;

  for (gint64 n = 0; n < dim[0]; n++)
    for (gint64 y = 0; y < dim[2]; y++)
      for (gint64 c = 0; c < dim[1]; c++)
        {
          const float *s = in + n * from->stride[0] + y * from->stride[2] +
                           c * from->stride[1];
          float       *d = out + n * to->stride[0] + y * to->stride[2] +
                           c * to->stride[1];

          for (gint64 x = 0; x < dim[3]; x++)
            d[x * to->stride[3]] = s[x * from->stride[3]];
        }
}

void
pst_tensor_copy (PstTensor *to, const PstTensor *from)
{
  gboolean same_order =
      pst_tensor_same_layout (to, from) ||
      (pst_tensor_is_plain (to) && pst_tensor_is_plain (from));

  g_return_if_fail (to->dtype == from->dtype &&
                    pst_tensor_count (to) == pst_tensor_count (from));
  if (pst_tensor_bytes (from) == 0)
    return;

  if (same_order)
    memcpy (to->data, from->data, pst_tensor_bytes (from));
  else if (pst_shape_equal (&to->shape, &from->shape) &&
           to->shape.rank == 4 && to->dtype == PST_FLOAT32)
    copy_transposed (to, from);
  else if (pst_dtype_size (to->dtype) == 4)
    copy_4 (to, from);
  else if (pst_dtype_size (to->dtype) == 8)
    copy_8 (to, from);
  else
    copy_1 (to, from);
}

PstArray *
pst_array_new (PstDtype dtype, const PstShape *shape, gboolean plain)
{
  PstArray *array;
  gint64    count = pst_shape_count (shape);

  if (count < 0)
    return NULL;
  array = g_new0 (PstArray, 1);
  array->ref_count = 1;
  array->tensor.dtype = dtype;
  array->tensor.shape = *shape;
  if (plain)
    pst_tensor_layout_plain (&array->tensor);
  else
    pst_tensor_layout (&array->tensor);
  array->bytes = pst_memory_align (
      MAX (pst_tensor_bytes (&array->tensor), PST_MEMORY_ALIGN));
  array->tensor.data = pst_memory_try_alloc (array->bytes);
  if (! array->tensor.data)
    {
      g_free (array);
      return NULL;
    }
  memset (array->tensor.data, 0, array->bytes);
  return array;
}

static PstArray *
array_new_filled (PstDtype dtype, const PstShape *shape, const void *values)
{
  PstArray *array = pst_array_new (dtype, shape, TRUE);

  if (! array)
    g_error ("no memory for %" G_GINT64_FORMAT " numbers",
             pst_shape_count (shape));
  if (pst_tensor_bytes (&array->tensor) > 0)
    memcpy (array->tensor.data, values, pst_tensor_bytes (&array->tensor));
  return array;
}

PstArray *
pst_array_new_floats (const PstShape *shape, const float *values)
{
  return array_new_filled (PST_FLOAT32, shape, values);
}

PstArray *
pst_array_new_ints (const PstShape *shape, const gint64 *values)
{
  return array_new_filled (PST_INT64, shape, values);
}

PstArray *
pst_array_ref (PstArray *array)
{
  g_atomic_int_inc (&array->ref_count);
  return array;
}

void
pst_array_unref (PstArray *array)
{
  if (! array || ! g_atomic_int_dec_and_test (&array->ref_count))
    return;
  pst_memory_free (array->tensor.data, array->bytes);
  g_free (array);
}
