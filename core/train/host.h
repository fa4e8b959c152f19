/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/picture.h"
#include "core/train/ranks.h"

/**
 * PstTrainHost:
 * @load: reads the picture file at @path as sRGB, upright, of several pictures
 *   the first, over white where it is transparent, at once shrunk so that its
 *   shorter side is at most @side and so that it has at most 8 x @side x @side
 *   pixels; %NULL with an error whose text is for people where it cannot be
 *   used (unreadable, cut off, too large…), %PST_ERROR_MEMORY where there is
 *   no memory
 * @save: writes @picture to @path, in the format of its ending
 * @encode: (nullable): @picture as a JPEG file in memory
 * @data: passed to each
 * @label: (nullable): @text in white on black, at most @width x @height
 *   pixels; %NULL where none can be drawn
 * @ranks: (nullable): the processes that train together, this one among them
 *
 * What training asks of the program around it: the core reads no picture
 * formats.
 */
typedef struct
{
  PstPicture *(*load) (const char *path, int side, gpointer data,
                       GError **error);
  gboolean (*save) (const PstPicture *picture, const char *path,
                    gpointer data, GError **error);
  GBytes *(*encode) (const PstPicture *picture, gpointer data,
                     GError **error);
  gpointer data;
  const PstRanks *ranks;
  PstPicture *(*label) (const char *text, int width, int height,
                        gpointer data);
} PstTrainHost;
