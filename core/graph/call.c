/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <stdarg.h>
#include <string.h>

#include "core/graph/op.h"

char *
pst_node_describe (const PstNode *node)
{
  return g_strdup_printf ("%s “%s”", node->op->type, node->name);
}

gboolean
pst_call_fail (const PstCall *call, GError **error, PstError code,
               const char *format, ...)
{
  g_autofree char *who = pst_node_describe (call->node);
  g_autofree char *text = NULL;
  va_list          args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, PST_ERROR, code, "%s: %s", who, text);
  return FALSE;
}

gboolean
pst_call_check (const PstCall *call, int min, int max, int rank,
                GError **error)
{
  if (call->n_in < min || call->n_in > max)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("has %d inputs, must have %d to %d"), call->n_in,
                          min, max);
  for (int i = 0; i < min; i++)
    if (! call->in[i])
      return pst_call_fail (call, error, PST_ERROR_SHAPE,
                            _ ("its input %d is missing"), i + 1);
  if (min == 0)
    return TRUE;
  if (call->in[0]->dtype != PST_FLOAT32)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("cannot work on %s numbers"),
                          pst_dtype_name (call->in[0]->dtype));
  if (rank >= 0 && call->in[0]->shape.rank != rank)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its input has %d dimensions, must have %d"),
                          call->in[0]->shape.rank, rank);
  return TRUE;
}

void
pst_call_like (PstCall *call, int i)
{
  call->out[0]->dtype = call->in[i]->dtype;
  call->out[0]->shape = call->in[i]->shape;
}

void
pst_call_clear (PstCall *call, int i)
{
  if (call->fresh & (guint64) 1 << i)
    memset (call->din[i]->data, 0, pst_tensor_bytes (call->din[i]));
  call->fresh &= ~((guint64) 1 << i);
}
