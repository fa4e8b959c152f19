/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/base/error.h"
#include "core/onnx/onnx.h"
#include "core/onnx/onnx.pb-c.h"

/* Within core/onnx only.
 *
 * Error texts that are made below the functions of onnx.h are predicates,
 * such as "is damaged: it ends too early"; the outermost function puts the
 * file's name before them. */

/* Limits on what a file may hold. */
#define PST_ONNX_MAX_BYTES ((gsize) 1 << 30)
#define PST_ONNX_MAX_NESTING 32
#define PST_ONNX_MAX_MESSAGES (1u << 20)
#define PST_ONNX_MAX_NAME 1024
#define PST_ONNX_MAX_LIST (1u << 20) /* numbers in an attribute */
#define PST_ONNX_MAX_ATTRIBUTES 64   /* of one node */
#define PST_ONNX_MIN_OPSET 6
/* 23 to 25 only let operators take more element types, none of which is read
 * here, and add new ones. */
#define PST_ONNX_MAX_OPSET 25

/* ONNX's numbers for the element types that PstDtype lacks. */
enum
{
  PST_ONNX_FLOAT16 = 10,
  PST_ONNX_DOUBLE = 11,
  PST_ONNX_BFLOAT16 = 16,
};

/* and for the attribute types that PstAttrType lacks */
enum
{
  PST_ONNX_ATTR_GRAPH = 5,
  PST_ONNX_ATTR_GRAPHS = 10,
};

/* Sets an error; always %FALSE. */
gboolean pst_onnx_fail (GError **error, PstError code, const char *format,
                        ...) G_GNUC_PRINTF (3, 4);

static inline gboolean
pst_onnx_is_standard (const char *domain)
{
  return ! domain || ! *domain || g_str_equal (domain, "ai.onnx");
}

/* walk.c */

typedef struct
{
  const guint8 *data;
  gsize         at;
} PstOnnxCursor;

typedef struct
{
  guint32 number; /* of the field */
  int     wire;   /* 0 varint, 1 eight bytes, 2 bytes, 5 four bytes */
  gsize   start;  /* of what it holds */
  guint64 length; /* of what it holds */
} PstOnnxField;

/**
 * pst_onnx_walk_head:
 * @cursor: before a field; moved to what it holds (behind a varint)
 * @end: how far may be read
 *
 * Returns: %FALSE where there is no beginning of a field
 */
gboolean pst_onnx_walk_head (PstOnnxCursor *cursor, gsize end,
                             PstOnnxField *field);

/* Whether @data starts with a field of @type: files of other kinds are told
 * from damaged ones by this. */
gboolean pst_onnx_walk_begins (const ProtobufCMessageDescriptor *type,
                               const guint8 *data, gsize size);

/**
 * pst_onnx_walk:
 * @type: what @data should be
 *
 * Checks the bytes of a message before anything is unpacked: every length
 * inside its parent, nesting and number of parts within the limits above,
 * known fields in the form that @type gives them and single where it says so,
 * names short and UTF-8.
 *
 * Returns: %FALSE with %PST_ERROR_FORMAT
 */
gboolean pst_onnx_walk (const ProtobufCMessageDescriptor *type,
                        const guint8 *data, gsize size, GError **error);

/* unpack.c */

/* How much memory unpacking @size bytes may take. */
gsize pst_onnx_unpack_budget (gsize size);

/**
 * pst_onnx_unpack:
 * @budget: most bytes to allocate
 *
 * Walks and unpacks.
 *
 * Returns: (transfer full) (nullable): free with pst_onnx_unpack_free()
 */
gpointer pst_onnx_unpack (const ProtobufCMessageDescriptor *type,
                          const guint8 *data, gsize size, gsize budget,
                          GError **error);
void     pst_onnx_unpack_free (gpointer message);

/* file.c */

/* A regular file, open for reading, and its size; -1 with an error. */
int pst_onnx_file_open (const char *path, gsize *size, GError **error);
/* @size bytes from @offset, or as many as there are; -1 with an error. */
gssize   pst_onnx_file_read (int fd, guint8 *to, gsize size, gsize offset,
                             GError **error);
GBytes  *pst_onnx_file_load (const char *path, GError **error);
/* With pst_file_replace() */
gboolean pst_onnx_file_save (const char *path, const guint8 *data, gsize size,
                             GError **error);

/* tensor-proto.c */

/* The type that numbers of ONNX's @type become; %PST_DTYPE_NONE where they
 * are not supported. */
PstDtype    pst_onnx_dtype (int type);
const char *pst_onnx_dtype_name (int type);
/* @label is for messages, where the tensor has no name. */
PstArray   *pst_onnx_tensor_read (const Pst__Onnx__Tensor *tensor,
                                  const char *label, GError **error);
/* Lets @tensor, initialised, point into @array, which has to be in C
 * order. */
void        pst_onnx_tensor_write (const PstArray *array,
                                   Pst__Onnx__Tensor *tensor);

/* attribute.c */

gboolean  pst_onnx_attribute_read (PstNode *node,
                                   const Pst__Onnx__Attribute *attribute,
                                   GError **error);
/* %FALSE where @node holds a graph of its own, or too much. */
gboolean  pst_onnx_attribute_check (const Pst__Onnx__Node *node,
                                    GError **error);
/* What a Constant node stands for. */
PstArray *pst_onnx_attribute_constant (const Pst__Onnx__Node *node,
                                       GError **error);

/* sort.c */

/**
 * pst_onnx_sort:
 * @known: (element-type utf8): names that need no node
 *
 * Returns: (transfer full) (nullable): an order of the nodes in which every
 *   value is computed before it is used, that of the file where possible; or
 *   %NULL with %PST_ERROR_FORMAT
 */
guint *pst_onnx_sort (const Pst__Onnx__Graph *graph, GHashTable *known,
                      GError **error);

/* declare.c */

/* What is known of a value without knowing sizes. */
typedef struct
{
  PstDtype dtype;
  int      rank; /* -1: not known */
} PstOnnxKind;

/* Returns: (transfer full): one for each value of @graph */
PstOnnxKind *pst_onnx_declare (PstGraph *graph);

/* metadata.c */

/* The text of an entry; transfer full */
char *pst_onnx_metadata_text (const Pst__Onnx__Entry *entry, GError **error);

/* file.c: “candy.onnx”, to be put before a predicate; transfer full */
void pst_onnx_file_prefix (const char *path, GError **error);
