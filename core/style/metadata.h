/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/graph.h"
#include "core/style/model.h"

/*
 * What a style model's file says about itself: ONNX metadata properties.
 *
 *   pastiche.version           "1"
 *   pastiche.title             the model's title
 *   pastiche.licence           such as "CC BY 4.0"
 *   pastiche.styles            how many styles, the identity style included
 *   pastiche.style.K.id        K is the style's column, from 0; column 0 of a
 *   pastiche.style.K.title     model with a `style` input is "identity", which
 *   pastiche.style.K.credit    needs an id only
 *   pastiche.style.K.licence
 *   pastiche.style.K.thumbnail a JPEG or PNG picture in base64
 *   pastiche.recipe            the text of the recipe it was trained by
 *   pastiche.figures           what training measured, as JSON
 *   pastiche.grain             standard deviation of the grain to be added to
 *                              photos, 0 to 0.2; see pst_net_paint()
 */
#define PST_METADATA_VERSION "pastiche.version"
#define PST_METADATA_TITLE "pastiche.title"
#define PST_METADATA_LICENCE "pastiche.licence"
#define PST_METADATA_STYLES "pastiche.styles"
#define PST_METADATA_RECIPE "pastiche.recipe"
#define PST_METADATA_FIGURES "pastiche.figures"
#define PST_METADATA_GRAIN "pastiche.grain"
#define PST_STYLE_IDENTITY "identity"
#define PST_MAX_STYLES 256

/**
 * PstMetadata:
 * @title: of the model
 * @licence: (nullable): of the model; styles may have their own
 * @recipe: (nullable): text of the recipe
 * @figures: (nullable): JSON text
 * @grain: 0 where there is none
 * @styles: (element-type PstStyle): one for each column, in order, the
 *   identity style included; @path and @column need not be set for packing
 */
typedef struct
{
  char      *title;
  char      *licence;
  char      *recipe;
  char      *figures;
  double     grain;
  GPtrArray *styles;
} PstMetadata;

PstMetadata *pst_metadata_new (const char *title);
void         pst_metadata_free (PstMetadata *metadata);

/**
 * pst_metadata_add_style:
 * @id: lower-case ASCII letters, digits and '-'; "identity" for column 0
 * @thumbnail: (nullable): a small JPEG or PNG picture; a reference is kept
 *
 * Adds the style of the next column.
 */
void pst_metadata_add_style (PstMetadata *metadata, const char *id,
                             const char *title, const char *credit,
                             const char *licence, GBytes *thumbnail);

/* Writes everything into @graph's metadata. */
void pst_metadata_pack (const PstMetadata *metadata, PstGraph *graph);

/**
 * PstMetadataFunc:
 *
 * Returns: (nullable): the text of @key
 */
typedef const char *(*PstMetadataFunc) (gconstpointer source, const char *key);

/**
 * pst_metadata_parse:
 * @get: gives texts by key
 * @source: passed to @get
 * @path: the model's file, for the styles
 *
 * Reads what pst_metadata_pack() wrote. The texts are not trusted.
 *
 * Returns: (transfer full) (nullable): the metadata, or %NULL with
 *   %PST_ERROR_FORMAT; %NULL without an error where there are none (a foreign
 *   file)
 */
PstMetadata *pst_metadata_parse (PstMetadataFunc get, gconstpointer source,
                                 const char *path, GError **error);

/* pst_metadata_parse() for a graph and for pst_onnx_load_metadata()'s table. */
PstMetadata *pst_metadata_parse_graph (PstGraph *graph, const char *path,
                                       GError **error);
PstMetadata *pst_metadata_parse_table (GHashTable *table, const char *path,
                                       GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstMetadata, pst_metadata_free)
