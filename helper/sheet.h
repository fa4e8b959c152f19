/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/pst.h"
#include "helper/hints.h"
#include "helper/words.h"

/* The parts of `pastiche sheet`: sheet.c reads the arguments and leads,
 * sheet-styles.c finds the styles, sheet-cells.c says what stands where,
 * sheet-paint.c reads the photos and paints. */

typedef struct
{
  char      **models;
  char      **styles; /* "ID" or "ID,ID" */
  char       *strengths; /* "25,50" */
  PstControls controls;
  int         width;
  char       *crop; /* "WxH" or "WxH+X+Y" */
  int         columns;
  char       *out;
  HelperUsual usual;
  HelperHints hints;
  char      **words; /* photos */
} SheetArguments;

/* sheet-styles.c */

/**
 * SheetStyle:
 * @title: as it is written above the cells
 */
typedef struct
{
  PstModel       *model;
  const PstStyle *style;
  char           *title;
} SheetStyle;

/* (transfer full) (nullable) (element-type SheetStyle): those of the models
 * named, or all that are installed; of these the ones named, in that order */
GPtrArray *sheet_styles (const SheetArguments *arguments,
                         const PstModelHints *hints, GError **error);

/* sheet-cells.c */

/**
 * SheetCrop:
 * @width: 0 where there is none
 * @placed: @x and @y were given; else it is the middle of the photo
 *
 * A part of each photo.
 */
typedef struct
{
  int      width;
  int      height;
  int      x;
  int      y;
  gboolean placed;
} SheetCrop;

/* @text: (nullable) */
gboolean sheet_crop_parse (const char *text, SheetCrop *crop, GError **error);

/* (transfer full) (nullable): the part of @picture; all of it where there is
 * no crop. @path: for the error */
PstPicture *sheet_crop (const SheetCrop *crop, const PstPicture *picture,
                        const char *path, GError **error);

/**
 * SheetCell:
 * @photo: its number
 * @style: (nullable): %NULL for the photo as it is
 * @strength: percent
 */
typedef struct
{
  guint             photo;
  const SheetStyle *style;
  double            strength;
  int               column;
  guint             row;
} SheetCell;

/**
 * SheetLayout:
 * @cells: (element-type SheetCell): those of one photo one after the other
 * @row_photos: (element-type guint): the photo of each row
 * @row_titles: (element-type GStrv): %NULL where they are as in the row above
 *
 * Photos go down and styles across; where there are several strengths, photos
 * and styles go down and strengths across. What a single photo has in one row
 * is broken into several.
 */
typedef struct
{
  int        columns;
  GArray    *cells;
  GArray    *row_photos;
  GPtrArray *row_titles;
} SheetLayout;

/**
 * sheet_layout:
 * @strengths: (element-type double): percent
 * @columns: into how many a row of a single photo is broken; 0 for what looks
 *   well
 * @shape: width of its cells by their height
 */
SheetLayout *sheet_layout (guint n_photos, const GPtrArray *styles,
                           const GArray *strengths, int columns,
                           double shape);
void         sheet_layout_free (SheetLayout *layout);

/* sheet-paint.c */

typedef struct
{
  SheetArguments *arguments;
  PstTrainHost    host;
  SheetCrop       crop;
  GPtrArray      *styles; /* SheetStyle */
  GPtrArray      *paths;  /* of the photos */
  GPtrArray      *photos; /* PstPicture: as they stand in the sheet */
  SheetLayout    *layout;
  PstSheet       *sheet;
  gboolean        bar;
  guint           todo; /* cells to paint */
  guint           done;
} SheetWork;

/* Finds all photos and reads them as they will stand in the sheet, so that one
 * that can't be read is told before the first is painted. */
gboolean sheet_load (SheetWork *work, GError **error);

/* Fills the sheet. One model after the other, as each keeps the memory of its
 * last run: its styles have no model any more when they are done. */
gboolean sheet_paint (SheetWork *work, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SheetLayout, sheet_layout_free)
