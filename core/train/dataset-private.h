/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/dataset.h"
#include "core/train/synthetic.h"

/* The parts of PstDataset: dataset.c says which pictures there are and which
 * one a sample takes, dataset-read.c reads them and keeps what there is room
 * for. */

typedef struct
{
  PstPicture *picture;
  gboolean    bad;
} PstPhoto;

typedef struct
{
  GPtrArray *paths;  /* (nullable): synthetic */
  char      *name;   /* (nullable): where they come from */
  guint      n;
  PstPhoto  *photos;
  double     share;
  int        side;
  gboolean   dead;   /* none can be used */
  guint32   *order;
  guint64    round;  /* that order is made for; G_MAXUINT64: none */
} PstPhotoGroup;

struct _PstDataset
{
  const PstTrainHost *host;
  PstDatasetNote      note;
  gpointer            note_data;
  GPtrArray          *groups; /* PstPhotoGroup */
  double              shares; /* their sum */
  guint64             seed;
  int                 side;
  int                 min_size;
  guint64             memory;
  guint64             room;   /* bytes that may still be kept */
  PstPicture         *loose;  /* the last one that was not kept */
  PstPicture         *piece;
  float              *floats; /* of the piece */
  PstSynthetic       *synthetic;
  guint               skipped;
  double              n_reads;
  double              seconds; /* that they took */
  GString            *news;   /* "INDEX TEXT", a line each, of what was passed
                                 over and not shared */
  guint               n_news;
};

/* dataset-read.c */

void pst_dataset_tell (PstDataset *dataset, const char *format, ...)
  G_GNUC_PRINTF (2, 3);

/* (nullable) (transfer none): picture @i of @group, until the next call; NULL
 * where it cannot be used, which is told once */
const PstPicture *pst_dataset_photo (PstDataset *dataset,
                                     PstPhotoGroup *group, guint i);
