/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/style/metadata.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/base/error.h"

#define FORMAT_VERSION "1"
#define MAX_THUMBNAIL (4u << 20) /* characters of base64 */

PstStyle *
pst_style_copy (const PstStyle *style)
{
  PstStyle *copy = g_new0 (PstStyle, 1);

  copy->id = g_strdup (style->id);
  copy->title = g_strdup (style->title);
  copy->credit = g_strdup (style->credit);
  copy->licence = g_strdup (style->licence);
  copy->column = style->column;
  copy->thumbnail = style->thumbnail ? g_bytes_ref (style->thumbnail) : NULL;
  copy->path = g_strdup (style->path);
  return copy;
}

void
pst_style_free (PstStyle *style)
{
  if (! style)
    return;
  g_free (style->id);
  g_free (style->title);
  g_free (style->credit);
  g_free (style->licence);
  g_clear_pointer (&style->thumbnail, g_bytes_unref);
  g_free (style->path);
  g_free (style);
}

PstMetadata *
pst_metadata_new (const char *title)
{
  PstMetadata *metadata = g_new0 (PstMetadata, 1);

  metadata->title = g_strdup (title);
  metadata->styles =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pst_style_free);
  return metadata;
}

void
pst_metadata_free (PstMetadata *metadata)
{
  if (! metadata)
    return;
  g_free (metadata->title);
  g_free (metadata->licence);
  g_free (metadata->recipe);
  g_free (metadata->figures);
  g_ptr_array_unref (metadata->styles);
  g_free (metadata);
}

void
pst_metadata_add_style (PstMetadata *metadata, const char *id,
                        const char *title, const char *credit,
                        const char *licence, GBytes *thumbnail)
{
  PstStyle *style = g_new0 (PstStyle, 1);

  style->id = g_strdup (id);
  style->title = g_strdup (title ? title : id);
  style->credit = g_strdup (credit ? credit : "");
  style->licence = g_strdup (licence ? licence : "");
  style->column = metadata->styles->len;
  style->thumbnail = thumbnail ? g_bytes_ref (thumbnail) : NULL;
  g_ptr_array_add (metadata->styles, style);
}

/* Packing */

static void
pack_text (PstGraph *graph, const char *key, const char *text)
{
  if (text && *text)
    pst_graph_set_metadata (graph, key, text);
}

static void
pack_style_text (PstGraph *graph, guint column, const char *name,
                 const char *text)
{
  g_autofree char *key = NULL;

  key = g_strdup_printf ("pastiche.style.%u.%s", column, name);
  pack_text (graph, key, text);
}

static void
pack_style (PstGraph *graph, guint column, const PstStyle *style)
{
  pack_style_text (graph, column, "id", style->id);
  pack_style_text (graph, column, "title", style->title);
  pack_style_text (graph, column, "credit", style->credit);
  pack_style_text (graph, column, "licence", style->licence);
  if (style->thumbnail)
    {
      gsize            size;
      const guint8    *bytes = g_bytes_get_data (style->thumbnail, &size);
      g_autofree char *text = g_base64_encode (bytes, size);

      pack_style_text (graph, column, "thumbnail", text);
    }
}

void
pst_metadata_pack (const PstMetadata *metadata, PstGraph *graph)
{
  g_autofree char *count = g_strdup_printf ("%u", metadata->styles->len);

  pack_text (graph, PST_METADATA_VERSION, FORMAT_VERSION);
  pack_text (graph, PST_METADATA_TITLE, metadata->title);
  pack_text (graph, PST_METADATA_LICENCE, metadata->licence);
  pack_text (graph, PST_METADATA_STYLES, count);
  for (guint k = 0; k < metadata->styles->len; k++)
    pack_style (graph, k, g_ptr_array_index (metadata->styles, k));
  pack_text (graph, PST_METADATA_RECIPE, metadata->recipe);
  pack_text (graph, PST_METADATA_FIGURES, metadata->figures);
  if (metadata->grain > 0)
    {
      char text[G_ASCII_DTOSTR_BUF_SIZE];

      pack_text (graph, PST_METADATA_GRAIN,
                 g_ascii_formatd (text, sizeof text, "%g", metadata->grain));
    }
}

/* Parsing */

static gboolean
id_is_valid (const char *id)
{
  gsize n = id ? strlen (id) : 0;

  if (n < 1 || n > 64)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (! g_ascii_islower (id[i]) && ! g_ascii_isdigit (id[i]) && id[i] != '-')
      return FALSE;
  return TRUE;
}

static GBytes *
parse_thumbnail (const char *text)
{
  static const guint8 jpeg[] = { 0xff, 0xd8, 0xff };
  static const guint8 png[] = { 0x89, 'P', 'N', 'G' };
  g_autofree guint8  *bytes = NULL;
  gsize               size;

  if (! text || ! *text || strlen (text) > MAX_THUMBNAIL)
    return NULL;
  bytes = g_base64_decode (text, &size);
  if (size < 16 || (memcmp (bytes, jpeg, sizeof jpeg) != 0 &&
                    memcmp (bytes, png, sizeof png) != 0))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&bytes), size);
}

static const char *
get_style_text (PstMetadataFunc get, gconstpointer source, guint column,
                const char *name)
{
  g_autofree char *key = NULL;
  const char      *text;

  key = g_strdup_printf ("pastiche.style.%u.%s", column, name);
  text = get (source, key);
  return text && g_utf8_validate (text, -1, NULL) ? text : NULL;
}

static gboolean
parse_style (PstMetadata *metadata, PstMetadataFunc get, gconstpointer source,
             guint column, const char *path, GError **error)
{
  const char        *id = get_style_text (get, source, column, "id");
  const char        *licence = get_style_text (get, source, column, "licence");
  g_autoptr (GBytes) thumbnail = NULL;
  PstStyle          *style;

  if (! id_is_valid (id))
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FORMAT,
                   _ ("%s: style %u has no usable id in the file's "
                      "metadata."),
                   path, column);
      return FALSE;
    }
  for (guint k = 0; k < metadata->styles->len; k++)
    {
      style = g_ptr_array_index (metadata->styles, k);
      if (strcmp (style->id, id) == 0)
        {
          g_set_error (error, PST_ERROR, PST_ERROR_FORMAT,
                       _ ("%s: two styles have the id “%s”."), path, id);
          return FALSE;
        }
    }
  thumbnail = parse_thumbnail (get_style_text (get, source, column,
                                               "thumbnail"));
  pst_metadata_add_style (metadata, id,
                          get_style_text (get, source, column, "title"),
                          get_style_text (get, source, column, "credit"),
                          licence ? licence : metadata->licence, thumbnail);
  style = g_ptr_array_index (metadata->styles, column);
  style->path = g_strdup (path);
  return TRUE;
}

PstMetadata *
pst_metadata_parse (PstMetadataFunc get, gconstpointer source,
                    const char *path, GError **error)
{
  g_autoptr (PstMetadata) metadata = NULL;
  const char             *version = get (source, PST_METADATA_VERSION);
  const char             *title = get (source, PST_METADATA_TITLE);
  const char             *count_text = get (source, PST_METADATA_STYLES);
  const char             *grain;
  guint64                 count;

  if (! version)
    return NULL;
  if (strcmp (version, FORMAT_VERSION) != 0)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FORMAT,
                   _ ("%s was made by another version of Pastiche (its "
                      "format is “%.16s”, this program reads “%s”)."),
                   path, version, FORMAT_VERSION);
      return NULL;
    }
  if (! count_text || ! g_ascii_string_to_unsigned (
          count_text, 10, 1, PST_MAX_STYLES, &count, NULL))
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FORMAT,
                   _ ("%s does not say how many styles it holds."), path);
      return NULL;
    }
  if (title && ! g_utf8_validate (title, -1, NULL))
    title = NULL;
  metadata = pst_metadata_new (title ? title : "");
  metadata->licence = g_strdup (get (source, PST_METADATA_LICENCE));
  metadata->recipe = g_strdup (get (source, PST_METADATA_RECIPE));
  metadata->figures = g_strdup (get (source, PST_METADATA_FIGURES));
  grain = get (source, PST_METADATA_GRAIN);
  metadata->grain = grain ? g_ascii_strtod (grain, NULL) : 0;
  if (! (metadata->grain >= 0 && metadata->grain <= 0.2))
    metadata->grain = 0;
  for (guint k = 0; k < count; k++)
    if (! parse_style (metadata, get, source, k, path, error))
      return NULL;
  return g_steal_pointer (&metadata);
}

static const char *
get_from_graph (gconstpointer source, const char *key)
{
  return pst_graph_get_metadata ((PstGraph *) source, key);
}

static const char *
get_from_table (gconstpointer source, const char *key)
{
  return g_hash_table_lookup ((GHashTable *) source, key);
}

PstMetadata *
pst_metadata_parse_graph (PstGraph *graph, const char *path, GError **error)
{
  return pst_metadata_parse (get_from_graph, graph, path, error);
}

PstMetadata *
pst_metadata_parse_table (GHashTable *table, const char *path, GError **error)
{
  return pst_metadata_parse (get_from_table, table, path, error);
}
