/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/onnx/onnx-private.h"

/* What the C library takes beside each block. */
#define BLOCK_OVERHEAD 16

typedef struct
{
  gsize    left;
  gboolean refused;
} Budget;

static void *
budget_alloc (void *data, size_t size)
{
  Budget *budget = data;

  if (budget->left < BLOCK_OVERHEAD || size > budget->left - BLOCK_OVERHEAD)
    {
      budget->refused = TRUE;
      return NULL;
    }
  budget->left -= size + BLOCK_OVERHEAD;
  return malloc (MAX (size, 1));
}

static void
budget_free (void *data, void *block)
{
  free (block);
}

gsize
pst_onnx_unpack_budget (gsize size)
{
  guint64 most = pst_memory_available () / 2;

  return (gsize) MIN (((guint64) 64 << 20) + 6 * (guint64) size, most);
}

gpointer
pst_onnx_unpack (const ProtobufCMessageDescriptor *type, const guint8 *data,
                 gsize size, gsize budget_size, GError **error)
{
  Budget             budget = { .left = budget_size };
  ProtobufCAllocator allocator = { budget_alloc, budget_free, &budget };
  ProtobufCMessage  *message;

  /* what stands in a larger file may begin with a field of a later time */
  if (type != &pst__onnx__entry__descriptor &&
      ! pst_onnx_walk_begins (type, data, size))
    {
      g_set_error_literal (error, PST_ERROR, PST_ERROR_FORMAT,
                           type == &pst__onnx__model__descriptor
                               ? _("is not an ONNX model")
                               : _("is not an ONNX tensor"));
      return NULL;
    }
  if (! pst_onnx_walk (type, data, size, error))
    return NULL;
  message = protobuf_c_message_unpack (type, &allocator, size, data);
  if (! message && budget.refused)
    g_set_error_literal (error, PST_ERROR, PST_ERROR_MEMORY,
                         _("needs more memory than there is for it"));
  else if (! message)
    g_set_error_literal (error, PST_ERROR, PST_ERROR_FORMAT,
                         _("is damaged"));
  return message;
}

void
pst_onnx_unpack_free (gpointer message)
{
  Budget             budget = { 0 };
  ProtobufCAllocator allocator = { budget_alloc, budget_free, &budget };

  if (message)
    protobuf_c_message_free_unpacked (message, &allocator);
}
