/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/onnx/onnx-private.h"

#define FIELD_GRAPH 7
#define FIELD_METADATA 14
/* The head of a field takes 15 bytes at most (20 with a long varint). */
#define HEAD 24
/* What unpacking an entry takes beside its texts. */
#define ENTRY_BUDGET 65536
/* Fields of a model that are looked at. */
#define MAX_FIELDS 65536

char *
pst_onnx_metadata_text (const Pst__Onnx__Entry *entry, GError **error)
{
  const char *bytes = (const char *) entry->value.data;
  gsize       length = entry->value.len;

  if (! entry->key ||
      (length > 0 && ! g_utf8_validate_len (bytes, length, NULL)))
    {
      pst_onnx_fail (error, PST_ERROR_FORMAT,
                     _("is damaged: the property “%s” is not text"),
                     entry->key ? entry->key : "");
      return NULL;
    }
  return length > 0 ? g_strndup (bytes, length) : g_strdup ("");
}

static gboolean
read_entry (GHashTable *metadata, int fd, gsize offset, gsize size,
            GError **error)
{
  guint8           *data = malloc (MAX (size, 1));
  Pst__Onnx__Entry *entry = NULL;
  char             *text = NULL;

  if (! data)
    return pst_onnx_fail (error, PST_ERROR_MEMORY,
                          _("needs more memory than there is for it"));
  if (pst_onnx_file_read (fd, data, size, offset, error) == (gssize) size)
    entry = pst_onnx_unpack (&pst__onnx__entry__descriptor, data, size,
                             2 * size + ENTRY_BUDGET, error);
  else if (error && ! *error)
    pst_onnx_fail (error, PST_ERROR_FORMAT,
                   _("is damaged, or not all of it is there"));
  if (entry)
    text = pst_onnx_metadata_text (entry, error);
  if (text)
    g_hash_table_insert (metadata, g_strdup (entry->key), text);
  pst_onnx_unpack_free (entry);
  free (data);
  return text != NULL;
}

/* Goes from field to field of the model and stops at properties only. */
static gboolean
read_fields (GHashTable *metadata, int fd, gsize size, GError **error)
{
  gboolean has_graph = FALSE;
  guint    n_fields = 0;

  for (gsize at = 0; at < size;)
    {
      guint8        head[HEAD];
      PstOnnxCursor cursor = { .data = head };
      PstOnnxField  field;
      gssize n = pst_onnx_file_read (fd, head, MIN (HEAD, size - at), at,
                                     error);

      if (n < 0)
        return FALSE;
      if (at == 0 &&
          ! pst_onnx_walk_begins (&pst__onnx__model__descriptor, head, n))
        return pst_onnx_fail (error, PST_ERROR_FORMAT,
                              _("is not an ONNX model"));
      if (! pst_onnx_walk_head (&cursor, n, &field) ||
          field.length > size - at - field.start || ++n_fields > MAX_FIELDS)
        return pst_onnx_fail (error, PST_ERROR_FORMAT,
                              _("is damaged, or not all of it is there"));
      at += field.start;
      if (field.number == FIELD_GRAPH && field.wire == 2)
        has_graph = TRUE;
      if (field.number == FIELD_METADATA && field.wire == 2 &&
          ! read_entry (metadata, fd, at, field.length, error))
        return FALSE;
      at += field.length;
    }
  return has_graph ||
         pst_onnx_fail (error, PST_ERROR_FORMAT, _("is not an ONNX model"));
}

GHashTable *
pst_onnx_load_metadata (const char *path, GError **error)
{
  g_autoptr (GHashTable) metadata =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GError) problem = NULL;
  gsize              size;
  int                fd;

  g_return_val_if_fail (path, NULL);
  fd = pst_onnx_file_open (path, &size, &problem);
  if (fd >= 0)
    {
      (void) read_fields (metadata, fd, size, &problem);
      close (fd);
    }
  if (! problem)
    return g_steal_pointer (&metadata);
  pst_onnx_file_prefix (path, &problem);
  g_propagate_error (error, g_steal_pointer (&problem));
  return NULL;
}
