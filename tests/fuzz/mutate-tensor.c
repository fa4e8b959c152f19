/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/onnx/onnx-private.h"
#include "tests/fuzz/mutate.h"

#define MAX_NUMBERS 2048
#define MAX_DIMS 9

static int
some_type (Mutation *m)
{
  static const int types[] = { PST_FLOAT32, PST_FLOAT32, PST_FLOAT32,
                               PST_INT64,   PST_INT64,   PST_INT32,
                               PST_BOOL,    PST_ONNX_FLOAT16,
                               PST_ONNX_DOUBLE, PST_ONNX_BFLOAT16 };

  return fuzz_chance (m, 40) ? (int) fuzz_below (m, 20)
                             : types[fuzz_below (m, G_N_ELEMENTS (types))];
}

static gint64
some_size (Mutation *m)
{
  static const guint8 sizes[] = { 1, 1, 1, 2, 3, 3, 4, 5, 6, 7, 8, 16, 17,
                                  32 };

  if (fuzz_chance (m, 30))
    return fuzz_int (m);
  return sizes[fuzz_below (m, G_N_ELEMENTS (sizes))];
}

static gsize
size_of (int type)
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

static void
set_number (Mutation *m, const Tensor *tensor, gsize i)
{
  guint8 *at = tensor->raw_data.data + i * size_of (tensor->data_type);
  gint64  wide = fuzz_int (m);
  gint32  narrow = (gint32) wide;
  float   number = fuzz_float (m);
  double  precise = number;

  switch (tensor->data_type)
    {
    case PST_FLOAT32:
      memcpy (at, &number, 4);
      break;
    case PST_ONNX_DOUBLE:
      memcpy (at, &precise, 8);
      break;
    case PST_INT64:
      memcpy (at, &wide, 8);
      break;
    case PST_BOOL:
      *at = fuzz_below (m, 2);
      break;
    case PST_ONNX_FLOAT16:
    case PST_ONNX_BFLOAT16:
      narrow = (gint32) fuzz_random (m);
      memcpy (at, &narrow, 2);
      break;
    default:
      memcpy (at, &narrow, 4);
    }
}

/* As many numbers as the sizes ask for, where that is not too many; those
 * that are there already stay. */
static void
fill (Mutation *m, Tensor *tensor)
{
  gsize   count = 1, bytes, old;
  guint8 *data;

  for (gsize i = 0; i < tensor->n_dims; i++)
    {
      gint64 dim = tensor->dims[i];

      if (dim < 0 || (guint64) dim > MAX_NUMBERS)
        return;
      count *= dim;
      if (count > MAX_NUMBERS)
        return;
    }
  bytes = count * size_of (tensor->data_type);
  data = fuzz_take (m, bytes);
  if (! data)
    return;
  old = tensor->has_raw_data ? MIN (tensor->raw_data.len, bytes) : 0;
  if (old)
    memcpy (data, tensor->raw_data.data, old);
  tensor->has_raw_data = TRUE;
  tensor->raw_data.data = data;
  tensor->raw_data.len = bytes;
  tensor->n_float_data = tensor->n_int32_data = tensor->n_int64_data = 0;
  tensor->n_double_data = 0;
  for (gsize i = old / size_of (tensor->data_type); i < count; i++)
    set_number (m, tensor, i);
}

Tensor *
fuzz_tensor_new (Mutation *m, const char *name)
{
  static const guint8 ranks[] = { 0, 1, 1, 1, 2, 3, 4, 4 };
  Tensor *tensor = fuzz_take (m, sizeof *tensor);
  gint64 *dims = fuzz_take (m, 4 * sizeof (gint64));

  if (! tensor || ! dims)
    return NULL;
  pst__onnx__tensor__init (tensor);
  tensor->name = fuzz_text (m, name);
  tensor->has_data_type = TRUE;
  tensor->data_type = some_type (m);
  tensor->n_dims = ranks[fuzz_below (m, G_N_ELEMENTS (ranks))];
  tensor->dims = dims;
  for (gsize i = 0; i < tensor->n_dims; i++)
    dims[i] = tensor->n_dims == 1 ? 1 + fuzz_below (m, 8) : some_size (m);
  fill (m, tensor);
  return tensor;
}

/* Another size, or one more or less. */
static void
change_dims (Mutation *m, Tensor *tensor)
{
  gsize   n = MIN (tensor->n_dims, MAX_DIMS - 1);
  gint64 *dims = fuzz_take (m, MAX_DIMS * sizeof (gint64));

  if (! dims)
    return;
  if (n)
    memcpy (dims, tensor->dims, n * sizeof (gint64));
  tensor->dims = dims;
  tensor->n_dims = n;
  if (n > 0 && ! fuzz_chance (m, 3))
    dims[fuzz_below (m, n)] = some_size (m);
  else if (n > 0 && fuzz_chance (m, 2))
    tensor->n_dims--;
  else
    dims[tensor->n_dims++] = fuzz_chance (m, 2) ? 1 : some_size (m);
}

static void
change_numbers (Mutation *m, Tensor *tensor)
{
  gsize n;

  fill (m, tensor);
  n = tensor->has_raw_data
          ? tensor->raw_data.len / size_of (tensor->data_type)
          : 0;
  if (n > 0)
    do
      set_number (m, tensor, fuzz_below (m, n));
    while (! fuzz_chance (m, 3));
}

void
fuzz_tensor_change (Mutation *m, Tensor *tensor)
{
  switch (fuzz_below (m, 8))
    {
    case 0:
      tensor->has_data_type = TRUE;
      tensor->data_type = some_type (m);
      fill (m, tensor);
      break;
    case 1:
    case 2:
    case 3:
      change_dims (m, tensor);
      if (! fuzz_chance (m, 10))
        fill (m, tensor);
      break;
    default:
      change_numbers (m, tensor);
    }
}

/* Declared inputs and outputs */

static Pst__Onnx__Shape__Dimension *
dimension_new (Mutation *m)
{
  Pst__Onnx__Shape__Dimension *dim = fuzz_take (m, sizeof *dim);

  if (! dim)
    return NULL;
  pst__onnx__shape__dimension__init (dim);
  if (fuzz_chance (m, 3))
    dim->dim_param = fuzz_text (m, "n");
  else
    {
      dim->has_dim_value = TRUE;
      dim->dim_value = some_size (m);
    }
  return dim;
}

static Pst__Onnx__Type__Array *
array_of (Mutation *m, ValueInfo *info)
{
  Pst__Onnx__Type__Array *array;

  if (! info->type)
    {
      info->type = fuzz_take (m, sizeof *info->type);
      if (! info->type)
        return NULL;
      pst__onnx__type__init (info->type);
    }
  array = info->type->tensor_type;
  if (! array)
    {
      array = fuzz_take (m, sizeof *array);
      if (! array)
        return NULL;
      pst__onnx__type__array__init (array);
      array->has_elem_type = TRUE;
      array->elem_type = fuzz_chance (m, 3) ? some_type (m) : PST_FLOAT32;
      info->type->tensor_type = array;
    }
  return array;
}

static Pst__Onnx__Shape *
shape_of (Mutation *m, ValueInfo *info, gsize rank)
{
  Pst__Onnx__Type__Array *array = array_of (m, info);
  Pst__Onnx__Shape       *shape = array ? array->shape : NULL;

  if (! array || shape)
    return shape;
  shape = fuzz_take (m, sizeof *shape);
  if (! shape)
    return NULL;
  pst__onnx__shape__init (shape);
  for (gsize i = 0; i < rank; i++)
    fuzz_insert (m, &shape->dim, &shape->n_dim, i, dimension_new (m));
  return array->shape = shape;
}

ValueInfo *
fuzz_info_new (Mutation *m, const char *name)
{
  ValueInfo *info = fuzz_take (m, sizeof *info);

  if (! info)
    return NULL;
  pst__onnx__value_info__init (info);
  info->name = fuzz_text (m, name);
  shape_of (m, info, fuzz_chance (m, 3) ? fuzz_below (m, 6) : 4);
  return info;
}

void
fuzz_info_change (Mutation *m, ValueInfo *info)
{
  Pst__Onnx__Shape *shape = shape_of (m, info, 4);

  if (! shape)
    return;
  switch (fuzz_below (m, 8))
    {
    case 0:
      info->type->tensor_type->has_elem_type = TRUE;
      info->type->tensor_type->elem_type = some_type (m);
      break;
    case 1:
      fuzz_insert (m, &shape->dim, &shape->n_dim,
                   fuzz_below (m, shape->n_dim + 1), dimension_new (m));
      break;
    case 2:
      fuzz_remove (&shape->dim, &shape->n_dim,
                   fuzz_below (m, shape->n_dim));
      break;
    case 3:
      if (fuzz_chance (m, 4))
        info->type->tensor_type->shape = NULL;
      break;
    default:
      if (shape->n_dim > 0)
        shape->dim[fuzz_below (m, shape->n_dim)] = dimension_new (m);
    }
}
