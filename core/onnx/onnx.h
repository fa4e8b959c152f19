/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/graph.h"

/**
 * pst_onnx_load:
 * @path: an ONNX file
 *
 * Reads a network as it is written: every node becomes a node of the graph,
 * initializers become parameters (float16 and double ones are widened or
 * narrowed to float32), Constant nodes become parameters too, metadata_props
 * the graph's metadata. Nothing is folded or fused here. The file is not
 * trusted.
 *
 * Returns: (transfer full) (nullable): a sealed graph, or %NULL with
 *   %PST_ERROR_FILE, %PST_ERROR_FORMAT or %PST_ERROR_UNSUPPORTED (naming the
 *   operator)
 */
PstGraph *pst_onnx_load (const char *path, GError **error);
PstGraph *pst_onnx_load_bytes (GBytes *bytes, const char *name,
                               GError **error);

/**
 * pst_onnx_load_metadata:
 *
 * Reads the metadata alone (nothing of the weights is unpacked).
 *
 * Returns: (transfer full) (nullable) (element-type utf8 utf8): keys and
 *   texts, or %NULL with the errors of pst_onnx_load()
 */
GHashTable *pst_onnx_load_metadata (const char *path, GError **error);

/**
 * pst_onnx_save:
 * @graph: a graph without internal operators
 * @path: where; written under a temporary name beside it, flushed, renamed
 *
 * Returns: %FALSE with %PST_ERROR_FILE
 */
gboolean pst_onnx_save (PstGraph *graph, const char *path, GError **error);
GBytes  *pst_onnx_save_bytes (PstGraph *graph, GError **error);

/* One tensor in ONNX's TensorProto form (.pb files of the conformance
 * sets). */
PstArray *pst_onnx_load_tensor (const char *path, GError **error);
gboolean  pst_onnx_save_tensor (PstArray *array, const char *name,
                                const char *path, GError **error);
