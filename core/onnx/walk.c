/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/onnx/onnx-private.h"

enum
{
  WIRE_VARINT = 0,
  WIRE_64 = 1,
  WIRE_BYTES = 2,
  WIRE_32 = 5,
};

/* A message that the walk is inside of. */
typedef struct
{
  const ProtobufCMessageDescriptor *type;
  gsize                             end;
  guint64                           seen; /* bits: its single fields */
} Frame;

typedef struct
{
  PstOnnxCursor cursor;
  Frame         frames[PST_ONNX_MAX_NESTING];
  int           depth;
  guint         n_messages;
} Walk;

static gboolean
read_varint (PstOnnxCursor *cursor, gsize end, guint64 *value)
{
  *value = 0;
  for (int shift = 0; shift < 64 && cursor->at < end; shift += 7)
    {
      guint8 byte = cursor->data[cursor->at++];

      if (shift == 63 && byte > 1)
        return FALSE;
      *value |= (guint64) (byte & 0x7f) << shift;
      if (! (byte & 0x80))
        return TRUE;
    }
  return FALSE;
}

gboolean
pst_onnx_walk_head (PstOnnxCursor *cursor, gsize end, PstOnnxField *field)
{
  guint64 tag, value;

  if (! read_varint (cursor, end, &tag) || tag > G_MAXUINT32 || tag >> 3 == 0)
    return FALSE;
  field->number = (guint32) (tag >> 3);
  field->wire = tag & 7;
  field->start = cursor->at;
  switch (field->wire)
    {
    case WIRE_VARINT:
      if (! read_varint (cursor, end, &value))
        return FALSE;
      field->length = cursor->at - field->start;
      return TRUE;
    case WIRE_64:
      field->length = 8;
      return TRUE;
    case WIRE_BYTES:
      if (! read_varint (cursor, end, &field->length))
        return FALSE;
      field->start = cursor->at;
      return TRUE;
    case WIRE_32:
      field->length = 4;
      return TRUE;
    default: /* groups, which ONNX never uses, and what is not defined */
      return FALSE;
    }
}

/* The next whole field of a message; the cursor goes behind it. */
static gboolean
read_field (PstOnnxCursor *cursor, gsize end, PstOnnxField *field)
{
  if (! pst_onnx_walk_head (cursor, end, field) ||
      field->length > end - field->start)
    return FALSE;
  cursor->at = field->start + field->length;
  return TRUE;
}

gboolean
pst_onnx_fail (GError **error, PstError code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error)
    *error = g_error_new_valist (PST_ERROR, code, format, args);
  va_end (args);
  return FALSE;
}

static int
wire_of (ProtobufCType type)
{
  switch (type)
    {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
      return WIRE_BYTES;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
      return WIRE_32;
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
      return WIRE_64;
    default:
      return WIRE_VARINT;
    }
}

gboolean
pst_onnx_walk_begins (const ProtobufCMessageDescriptor *type,
                      const guint8 *data, gsize size)
{
  const ProtobufCFieldDescriptor *known;
  guint                           number, wire;

  if (size == 0 || data[0] & 0x80)
    return FALSE;
  number = data[0] >> 3;
  wire = data[0] & 7;
  known = protobuf_c_message_descriptor_get_field (type, number);
  if (! known) /* domain, model_version, doc_string */
    return type == &pst__onnx__model__descriptor && number >= 4 &&
           number <= 6 && wire == (number == 5 ? WIRE_VARINT : WIRE_BYTES);
  return wire == (guint) wire_of (known->type) ||
         (wire == WIRE_BYTES && known->label == PROTOBUF_C_LABEL_REPEATED);
}

/* Many numbers in one field. */
static gboolean
packed_fits (const Walk *walk, int wire, const PstOnnxField *field)
{
  if (wire == WIRE_32)
    return field->length % 4 == 0;
  if (wire == WIRE_64)
    return field->length % 8 == 0;
  return wire == WIRE_VARINT &&
         (field->length == 0 ||
          ! (walk->cursor.data[walk->cursor.at - 1] & 0x80));
}

static gboolean
push (Walk *walk, const ProtobufCMessageDescriptor *type, gsize end,
      GError **error)
{
  if (walk->depth == PST_ONNX_MAX_NESTING)
    return pst_onnx_fail (error, PST_ERROR_FORMAT,
                          _("is damaged or made to do harm: it is nested too "
                            "deeply"));
  if (++walk->n_messages > PST_ONNX_MAX_MESSAGES)
    return pst_onnx_fail (error, PST_ERROR_FORMAT,
                          _("is damaged or made to do harm: it has too many "
                            "parts"));
  walk->frames[walk->depth++] = (Frame) { .type = type, .end = end };
  return TRUE;
}

static gboolean
check_field (Walk *walk, Frame *frame, const PstOnnxField *field,
             GError **error)
{
  const ProtobufCFieldDescriptor *known =
      protobuf_c_message_descriptor_get_field (frame->type, field->number);
  const char *text = (const char *) walk->cursor.data + field->start;
  int         wire;

  if (! known)
    return TRUE;
  wire = wire_of (known->type);
  if (known->label == PROTOBUF_C_LABEL_REPEATED)
    {
      if (field->wire != wire && (field->wire != WIRE_BYTES ||
                                  ! packed_fits (walk, wire, field)))
        return pst_onnx_fail (error, PST_ERROR_FORMAT,
                              _("is damaged: a part has the wrong form"));
    }
  else
    {
      guint64 bit = (guint64) 1 << (known - frame->type->fields);

      if (field->wire != wire)
        return pst_onnx_fail (error, PST_ERROR_FORMAT,
                              _("is damaged: a part has the wrong form"));
      if (frame->seen & bit)
        return pst_onnx_fail (error, PST_ERROR_FORMAT,
                              _("is damaged: a part is there twice"));
      frame->seen |= bit;
    }

  if (known->type == PROTOBUF_C_TYPE_STRING)
    {
      if (field->length > PST_ONNX_MAX_NAME)
        return pst_onnx_fail (error, PST_ERROR_FORMAT,
                              _("is damaged: a name is too long"));
      if (! g_utf8_validate_len (text, field->length, NULL))
        return pst_onnx_fail (error, PST_ERROR_FORMAT,
                              _("is damaged: a name is not text"));
    }
  if (known->type == PROTOBUF_C_TYPE_MESSAGE)
    {
      gsize end = walk->cursor.at;

      walk->cursor.at = field->start;
      return push (walk, known->descriptor, end, error);
    }
  return TRUE;
}

gboolean
pst_onnx_walk (const ProtobufCMessageDescriptor *type, const guint8 *data,
               gsize size, GError **error)
{
  Walk walk = { .cursor = { .data = data } };

  if (! push (&walk, type, size, error))
    return FALSE;
  while (walk.depth > 0)
    {
      Frame       *frame = &walk.frames[walk.depth - 1];
      PstOnnxField field;

      if (walk.cursor.at == frame->end)
        {
          walk.depth--;
          continue;
        }
      if (! read_field (&walk.cursor, frame->end, &field))
        return pst_onnx_fail (error, PST_ERROR_FORMAT,
                              _("is damaged, or not all of it is there"));
      if (! check_field (&walk, frame, &field, error))
        return FALSE;
    }
  return TRUE;
}
