/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/tensor.h"

typedef struct _PstGraph PstGraph;
typedef struct _PstNode  PstNode;
typedef struct _PstValue PstValue;
typedef struct _PstOp    PstOp;

/* Attribute types, with ONNX's numbers. */
typedef enum
{
  PST_ATTR_FLOAT = 1,
  PST_ATTR_INT = 2,
  PST_ATTR_STRING = 3,
  PST_ATTR_TENSOR = 4,
  PST_ATTR_FLOATS = 6,
  PST_ATTR_INTS = 7,
} PstAttrType;

typedef struct
{
  char       *name;
  PstAttrType type;
  gint64      i;
  float       f;
  char       *s;
  PstArray   *tensor;
  gint64     *ints;
  float      *floats;
  int         n; /* of ints or floats */
} PstAttr;

typedef enum
{
  PST_VALUE_INPUT,
  PST_VALUE_PARAMETER,
  PST_VALUE_COMPUTED,
} PstValueKind;

/**
 * PstValue:
 * @name: unique in its graph
 * @kind: where it comes from
 * @producer: the node that computes it, or %NULL
 * @array: the numbers of a parameter, or %NULL
 * @info: dtype and shape as far as declared (inputs) or known (parameters;
 *   every value of a specialised graph); data is never set
 * @index: position in pst_graph_get_values()
 */
struct _PstValue
{
  char        *name;
  PstValueKind kind;
  PstNode     *producer;
  PstArray    *array;
  PstTensor    info;
  guint        index;
};

/**
 * PstNode:
 * @op: its operator; looked up when the node is added
 * @name: for messages
 * @in: @n_in values; %NULL where an optional input is left out
 * @out: @n_out values; %NULL where an optional output is not wanted
 */
struct _PstNode
{
  const PstOp *op;
  char        *name;
  PstValue   **in;
  int          n_in;
  PstValue   **out;
  int          n_out;
  PstAttr     *attrs;
  int          n_attrs;
};

/**
 * PstGraph:
 *
 * A network: values, and nodes in topological order. Grows until it is
 * sealed; a sealed graph never changes and may be shared by threads.
 */
PstGraph *pst_graph_new (void);
PstGraph *pst_graph_ref (PstGraph *graph);
void      pst_graph_unref (PstGraph *graph);

/**
 * pst_graph_add_input:
 * @name: (nullable): a name, made unique where it is taken
 * @shape: (nullable): declared shape, -1 for "any"; %NULL for any rank
 */
PstValue *pst_graph_add_input (PstGraph *graph, const char *name,
                               PstDtype dtype, const PstShape *shape);
/* Keeps a reference of its own to @array. */
PstValue *pst_graph_add_parameter (PstGraph *graph, const char *name,
                                   PstArray *array);

/**
 * pst_graph_add_node:
 * @domain: "" for ONNX's own operators, "pastiche" for ours
 * @type: as in ONNX, such as "Conv"
 * @in: @n_in values of this graph; %NULL entries where left out
 * @out_names: (nullable): @n_out names, "" or %NULL entry for an output that
 *   is not wanted (only those after the first); %NULL to have them made up
 *
 * Returns: (transfer none) (nullable): the node, or %NULL with
 *   %PST_ERROR_UNSUPPORTED where no such operator is known
 */
PstNode *pst_graph_add_node (PstGraph *graph, const char *domain,
                             const char *type, const char *name,
                             PstValue *const *in, int n_in,
                             const char *const *out_names, int n_out,
                             GError **error);

/**
 * pst_graph_op:
 * @type: an operator known to exist; "pastiche.Gram" for one of ours
 * @n_in: how many values follow
 *
 * For networks built in code: adds a node with one output.
 *
 * Returns: (transfer none): the output; its attributes are set on
 *   `->producer`
 */
PstValue *pst_graph_op (PstGraph *graph, const char *type, int n_in, ...);

/* Declares @value an output called @name (renames the value where it is
 * computed and the name is free). */
void pst_graph_add_output (PstGraph *graph, PstValue *value,
                           const char *name);

/* Transfer none, elements in order. Nodes in topological order. */
GPtrArray *pst_graph_get_values (PstGraph *graph);
GPtrArray *pst_graph_get_nodes (PstGraph *graph);
GPtrArray *pst_graph_get_inputs (PstGraph *graph);
GPtrArray *pst_graph_get_outputs (PstGraph *graph);
PstValue  *pst_graph_find (PstGraph *graph, const char *name);

/* Texts that travel with the file (ONNX metadata_props); keys in order of
 * their first setting. */
void        pst_graph_set_metadata (PstGraph *graph, const char *key,
                                    const char *value);
const char *pst_graph_get_metadata (PstGraph *graph, const char *key);
GPtrArray  *pst_graph_get_metadata_keys (PstGraph *graph);

/* ONNX opset the nodes are to be read by; 17 unless set. */
void pst_graph_set_opset (PstGraph *graph, int opset);
int  pst_graph_get_opset (PstGraph *graph);

/* Sealing is a promise to change nothing any more. */
void     pst_graph_seal (PstGraph *graph);
gboolean pst_graph_is_sealed (PstGraph *graph);

/**
 * pst_graph_append:
 * @graph: grows
 * @other: a graph, not changed
 * @inputs: values of @graph for each input of @other, in order
 * @prefix: (nullable): put before the names of what is added
 *
 * Copies @other's nodes into @graph. Parameters are shared, not copied: a
 * parameter array that @graph already has is used again.
 *
 * Returns: (transfer full): the values that @other's outputs became
 *   (PstValue *, not owned)
 */
GPtrArray *pst_graph_append (PstGraph *graph, PstGraph *other,
                             PstValue *const *inputs, const char *prefix);

/* Attributes. Getters give @fallback where the attribute is missing. */
const PstAttr *pst_node_attr (const PstNode *node, const char *name);
gint64         pst_node_get_int (const PstNode *node, const char *name,
                                 gint64 fallback);
float          pst_node_get_float (const PstNode *node, const char *name,
                                   float fallback);
const char    *pst_node_get_string (const PstNode *node, const char *name,
                                    const char *fallback);
/* The numbers (not owned) and how many; NULL and 0 where missing. */
const gint64  *pst_node_get_ints (const PstNode *node, const char *name,
                                  int *n);
const float   *pst_node_get_floats (const PstNode *node, const char *name,
                                    int *n);
void pst_node_set_int (PstNode *node, const char *name, gint64 value);
void pst_node_set_float (PstNode *node, const char *name, float value);
void pst_node_set_string (PstNode *node, const char *name, const char *value);
void pst_node_set_ints (PstNode *node, const char *name, const gint64 *values,
                        int n);
void pst_node_set_floats (PstNode *node, const char *name,
                          const float *values, int n);
void pst_node_set_tensor (PstNode *node, const char *name, PstArray *array);
#define PST_INTS(...)                                                         \
  (const gint64[]) { __VA_ARGS__ },                                           \
  sizeof ((gint64[]) { __VA_ARGS__ }) / sizeof (gint64)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstGraph, pst_graph_unref)
