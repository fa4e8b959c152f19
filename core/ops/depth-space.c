/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DepthToSpace (sub-pixel upsampling; Shi et al. 2016, arXiv:1609.05158) and
 * SpaceToDepth, its inverse. */
#include <string.h>

#include "core/ops/arguments.h"
#include "core/ops/loop.h"

#define BLOCK_MOST 65536

/* Both tensors as [N, C, H, block, W, block], C the fewer channels. */

static gint64
block_of (const PstCall *call)
{
  return pst_node_get_int (call->node, "blocksize", 0);
}

/* @map has many pixels. */
static PstTensor
view_space (const PstTensor *map, gint64 block)
{
  const gint64 *d = map->shape.dim, *s = map->stride;
  PstTensor     view = *map;

  view.shape =
      PST_SHAPE (d[0], d[1], d[2] / block, block, d[3] / block, block);
  memcpy (view.stride,
          (gint64[]) { s[0], s[1], s[2] * block, s[2], s[3] * block, s[3] },
          sizeof (gint64) * 6);
  return view;
}

/* @map has many channels: [block, block, C], or [C, block, block] in the mode
 * CRD. */
static PstTensor
view_depth (const PstTensor *map, gint64 block, gboolean crd)
{
  const gint64 *d = map->shape.dim, *s = map->stride;
  gint64        few = d[1] / (block * block);
  gint64        c = s[1] * (crd ? block * block : 1);
  gint64        y = s[1] * (crd ? block : block * few);
  gint64        x = s[1] * (crd ? 1 : few);
  PstTensor     view = *map;

  view.shape = PST_SHAPE (d[0], few, d[2], block, d[3], block);
  memcpy (view.stride, (gint64[]) { s[0], c, s[2], y, s[3], x },
          sizeof (gint64) * 6);
  return view;
}

static gboolean
is_crd (const PstCall *call)
{
  return strcmp (pst_node_get_string (call->node, "mode", "DCR"), "CRD") == 0;
}

/* Fills the output's shape: @to_space tells in which direction. */
static gboolean
infer_blocks (PstCall *call, gboolean to_space, GError **error)
{
  gint64        block = block_of (call);
  const gint64 *d;
  gint64       *out = call->out[0]->shape.dim;
  const char   *mode = pst_node_get_string (call->node, "mode", "DCR");

  if (! pst_arg_count (call, 1, 1, error))
    return FALSE;
  if (to_space && ! is_crd (call) && strcmp (mode, "DCR") != 0)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("its mode “%s” is not known"), mode);
  d = call->in[0]->shape.dim;
  if (call->in[0]->shape.rank != 4 || block < 1 || block > BLOCK_MOST ||
      (to_space ? d[1] % (block * block) : d[2] % block || d[3] % block))
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("%s does not fall into blocks of %s"),
                          PST_ARG_SHAPE (call->in[0]), PST_ARG_INT (block));
  pst_call_like (call, 0);
  for (int i = 1; i < 4; i++)
    {
      gint64 by = i == 1 ? block * block : block;

      if ((i == 1) == to_space)
        out[i] = d[i] / by;
      else if (__builtin_mul_overflow (d[i], by, &out[i]))
        out[i] = G_MAXINT64;
    }
  return pst_arg_fits (call, 0, error);
}

static gboolean
depth_to_space_infer (PstCall *call, GError **error)
{
  return infer_blocks (call, TRUE, error);
}

static gboolean
space_to_depth_infer (PstCall *call, GError **error)
{
  return infer_blocks (call, FALSE, error);
}

static void
depth_to_space_forward (PstCall *call)
{
  PstTensor from = view_depth (call->in[0], block_of (call), is_crd (call));
  PstTensor to = view_space (call->out[0], block_of (call));

  pst_view_copy (call->pool, &to, &from);
}

static void
depth_to_space_backward (PstCall *call)
{
  PstTensor to, from;

  if (! call->din[0] || ! call->dout[0])
    return;
  to = view_depth (call->din[0], block_of (call), is_crd (call));
  from = view_space (call->dout[0], block_of (call));
  pst_view_add (call->pool, &to, &from);
}

static void
space_to_depth_forward (PstCall *call)
{
  PstTensor from = view_space (call->in[0], block_of (call));
  PstTensor to = view_depth (call->out[0], block_of (call), FALSE);

  pst_view_copy (call->pool, &to, &from);
}

static void
space_to_depth_backward (PstCall *call)
{
  PstTensor to, from;

  if (! call->din[0] || ! call->dout[0])
    return;
  to = view_space (call->din[0], block_of (call));
  from = view_depth (call->dout[0], block_of (call), FALSE);
  pst_view_add (call->pool, &to, &from);
}

const PstOp pst_op_depth_to_space = {
  .domain = "",
  .type = "DepthToSpace",
  .infer = depth_to_space_infer,
  .forward = depth_to_space_forward,
  .backward = depth_to_space_backward,
};

const PstOp pst_op_space_to_depth = {
  .domain = "",
  .type = "SpaceToDepth",
  .infer = space_to_depth_infer,
  .forward = space_to_depth_forward,
  .backward = space_to_depth_backward,
};
