/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define PST_MAX_RANK 8

/* Element types, with ONNX's numbers (onnx.proto, TensorProto.DataType). */
typedef enum
{
  PST_DTYPE_NONE = 0,
  PST_FLOAT32 = 1,
  PST_INT32 = 6,
  PST_INT64 = 7,
  PST_BOOL = 9,
  PST_PACKED16 = 32767, /* the engine's own: maps in 16 bits, by cells */
} PstDtype;

/**
 * PstShape:
 * @rank: number of dimensions, 0 (a scalar) to %PST_MAX_RANK
 * @dim: sizes; -1 stands for "any" in the declared shape of a graph input
 *
 * Always in ONNX's order: a map is [N, C, H, W].
 */
typedef struct
{
  int    rank;
  gint64 dim[PST_MAX_RANK];
} PstShape;

/**
 * PstTensor:
 * @dtype: type of an element
 * @shape: sizes in ONNX's order
 * @stride: distance between neighbours along each dimension, in elements
 * @data: the first element; not owned; %NULL while only the shape is known
 *
 * A view of numbers somewhere. Computed float values of rank 4 lie
 * channels-last in memory (N, H, W, C); parameters and everything else lie
 * in C order. Operators must go by @stride or ask pst_tensor_is_map() /
 * pst_tensor_is_plain(). There are no gaps: the elements fill
 * pst_tensor_bytes() from @data.
 */
typedef struct
{
  PstDtype dtype;
  PstShape shape;
  gint64   stride[PST_MAX_RANK];
  void    *data;
} PstTensor;

/**
 * PstArray:
 *
 * A tensor that owns its numbers; counted references. Parameters of graphs
 * are arrays, and graphs that share a network share its arrays.
 */
typedef struct
{
  PstTensor tensor;
  gsize     bytes; /* allocated */
  gint      ref_count;
} PstArray;

gsize  pst_dtype_size (PstDtype dtype);
/* "float32"; a static string */
const char *pst_dtype_name (PstDtype dtype);

PstShape pst_shape (int rank, const gint64 *dim);
#define PST_SHAPE(...)                                                        \
  pst_shape (sizeof ((gint64[]) { __VA_ARGS__ }) / sizeof (gint64),           \
             (gint64[]) { __VA_ARGS__ })
gboolean pst_shape_equal (const PstShape *a, const PstShape *b);
/* Number of elements; -1 where it does not fit in 62 bits. */
gint64   pst_shape_count (const PstShape *shape);
/* "1x3x512x512", for messages; transfer full */
char    *pst_shape_to_string (const PstShape *shape);
/* numpy's broadcasting rule; FALSE where the shapes do not fit */
gboolean pst_shape_broadcast (const PstShape *a, const PstShape *b,
                              PstShape *result);

/* Sets the strides of a computed value (see PstTensor) or of C order. */
void     pst_tensor_layout (PstTensor *tensor);
void     pst_tensor_layout_plain (PstTensor *tensor);
gint64   pst_tensor_count (const PstTensor *tensor);
/* All bytes, those of the cells' tables included. */
gsize    pst_tensor_bytes (const PstTensor *tensor);
/* in C order (an axis of size 1 may have any stride) */
gboolean pst_tensor_is_plain (const PstTensor *tensor);
/* rank 4 float32, channels-last (an axis of size 1 may have any stride) */
gboolean pst_tensor_is_map (const PstTensor *tensor);
/* same shape and same order in memory */
gboolean pst_tensor_same_layout (const PstTensor *a, const PstTensor *b);

/**
 * pst_tensor_copy:
 * @to: destination, data set
 * @from: source of the same dtype and number of elements
 *
 * Copies element by element in the logical (ONNX) order, whatever the two
 * layouts and shapes: this is also what Reshape does.
 */
void pst_tensor_copy (PstTensor *to, const PstTensor *from);

/**
 * pst_tensor_cells:
 * @tensor: a packed map [n, c, h, w]
 * @sample: which of n
 * @table: (out): tables [cells_y, cells_x, 2, c] of this sample's cells
 *
 * Returns: (transfer none): its numbers [h, w, c]
 */
guint16 *pst_tensor_cells (const PstTensor *tensor, gint64 sample,
                           float **table);

/* One element by its logical index (row-major count), converted. */
double pst_tensor_get (const PstTensor *tensor, gint64 index);
void   pst_tensor_set (PstTensor *tensor, gint64 index, double value);
gint64 pst_tensor_get_int (const PstTensor *tensor, gint64 index);
void   pst_tensor_set_int (PstTensor *tensor, gint64 index, gint64 value);
/* Offset in elements of a logical index. */
gint64 pst_tensor_offset (const PstTensor *tensor, gint64 index);

/**
 * pst_array_new:
 * @dtype: element type
 * @shape: sizes
 * @plain: %TRUE for C order, %FALSE for the layout of a computed value
 *
 * Returns: (nullable) (transfer full): zeros, or %NULL when there is no
 *   memory
 */
PstArray *pst_array_new (PstDtype dtype, const PstShape *shape,
                         gboolean plain);
/* A plain float32 or int64 array with the given numbers (small ones: ends
 * the process without memory). */
PstArray *pst_array_new_floats (const PstShape *shape, const float *values);
PstArray *pst_array_new_ints (const PstShape *shape, const gint64 *values);
PstArray *pst_array_ref (PstArray *array);
void      pst_array_unref (PstArray *array);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstArray, pst_array_unref)
