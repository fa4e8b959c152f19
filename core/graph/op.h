/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/graph/graph.h"

#define PST_MAX_IO 64 /* inputs or outputs of one node */

/**
 * PstCall:
 *
 * One use of an operator: what its functions are handed.
 *
 * In `infer`, @in holds dtypes and shapes; an input whose numbers are known
 * beforehand (a parameter, or worked out from shapes) has data as well, which
 * is how Reshape or Pad learn their sizes. `infer` fills dtype and shape of
 * every @out. Layout and memory are the planner's business.
 *
 * In `forward` all data are set. In `backward` only those tensors have data
 * that `keep` names (constant inputs always have theirs); @dout[i] is the
 * gradient of output i or %NULL where nothing depends on it; @din[i] is where
 * the gradient of input i is to be added, or %NULL where none is wanted.
 * Gradients have the shape and layout of their values.
 */
typedef struct
{
  const PstNode *node;
  int            n_in;
  int            n_out;
  PstTensor    **in;
  PstTensor    **out;
  PstTensor    **din;
  PstTensor    **dout;
  PstPool       *pool;
  guint          n_workers;
  int            opset;
  guint8        *shared;       /* `scratch` bytes for the whole call */
  guint8        *worker_base;
  gsize          worker_bytes; /* for each worker */
  gpointer       prepared;     /* what `prepare` left, or NULL */
  guint64        fresh;        /* see PST_OP_CLEARS */
} PstCall;

static inline gpointer
pst_call_scratch (const PstCall *call, guint worker)
{
  return call->worker_base + worker * call->worker_bytes;
}

/* keep: which tensors backward reads. */
#define PST_KEEP_IN(i) (1u << (i))
#define PST_KEEP_OUT(i) (1u << (16 + (i)))

typedef enum
{
  /* Output 0 may lie in the memory of input 0: forward reads each element of
   * it before (or while) it writes the same element. */
  PST_OP_IN_PLACE = 1 << 0,
  /* Output 0 depends only on shapes, so it is always known beforehand. */
  PST_OP_FROM_SHAPE = 1 << 1,
  /* Known to the engine only; never written to a file. */
  PST_OP_INTERNAL = 1 << 2,
  /* Its gradient is 0 wherever there is one, so it needs no backward pass. */
  PST_OP_FLAT = 1 << 3,
  /* Where bit i of @call->fresh is set, din[i] holds anything: backward itself
   * sets it to zero, part by part, while that part is in the cache. */
  PST_OP_CLEARS = 1 << 4,
} PstOpFlags;

/**
 * PstOp:
 * @domain: "" for ONNX's, "pastiche" for ours
 * @type: name
 * @infer: checks attributes and shapes, fills the outputs' dtype and shape.
 *   The only one that can fail; whatever it lets through must run. Sizes come
 *   from untrusted files: it must catch overflow, zero and negative sizes.
 * @scratch: (nullable): how many bytes forward and backward need, in all and
 *   for each worker; set to 0 before the call. @call->pool is not set;
 *   @call->n_workers is; din/dout are set as in backward (only NULL or not)
 *   when a backward pass is planned, else their arrays are %NULL
 * @prepared: (nullable): bytes that @prepare fills
 * @prepare: (nullable): called once, before the first pass of an inference,
 *   with the parameters' data set and with scratch: what of them forward
 *   needs in another form goes to @call->prepared
 * @forward: fills the outputs
 * @backward: (nullable): adds into din; %NULL where there is no gradient
 *   (integers, shapes). Training through float numbers without one is refused,
 *   unless @flags has %PST_OP_FLAT
 * @keep: PST_KEEP_IN() and PST_KEEP_OUT() of what backward reads
 * @flags: see #PstOpFlags
 *
 * Parallel work goes through pst_pool_run (call->pool, …) in items whose
 * number does not depend on the pool's size; sums over items are made in a
 * fixed order: results are the same for any number of threads.
 */
struct _PstOp
{
  const char *domain;
  const char *type;
  gboolean (*infer) (PstCall *call, GError **error);
  void (*scratch) (const PstCall *call, gsize *shared, gsize *per_worker);
  gsize (*prepared) (const PstCall *call);
  void (*prepare) (PstCall *call);
  void (*forward) (PstCall *call);
  void (*backward) (PstCall *call);
  guint32    keep;
  PstOpFlags flags;
};

/* Returns: (nullable): the operator, or NULL. Made from the list in
 * core/ops/meson.build. */
const PstOp *pst_op_find (const char *domain, const char *type);

/* "Conv “conv1”", for messages; transfer full */
char *pst_node_describe (const PstNode *node);

/**
 * pst_call_fail:
 *
 * Sets an error of @code whose text begins with the node's description.
 *
 * Returns: always %FALSE
 */
gboolean pst_call_fail (const PstCall *call, GError **error, PstError code,
                        const char *format, ...) G_GNUC_PRINTF (4, 5);

/* Checks the number of inputs (those up to @min must be there) and that the
 * first input is float32 of @rank (-1: any). */
gboolean pst_call_check (const PstCall *call, int min, int max, int rank,
                         GError **error);
/* Sets din[i] to zero where @call->fresh says that it holds anything, and
 * takes that back. */
void pst_call_clear (PstCall *call, int i);
/* out[0] gets the dtype and shape of in[i]. */
void pst_call_like (PstCall *call, int i);
