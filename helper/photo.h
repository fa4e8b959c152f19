/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/pst.h"

/**
 * helper_photo_list:
 * @paths: (nullable): files, folders and patterns
 *
 * Returns: (transfer full) (nullable) (element-type filename): all that they
 *   stand for, in order, or %NULL with an error where one stands for nothing
 */
GPtrArray *helper_photo_list (char **paths, GError **error);

/**
 * helper_photo_paint:
 * @progress: (nullable): with @data
 *
 * pst_stylize() for a picture of 8 bits.
 *
 * Returns: (transfer full) (nullable): the result
 */
PstPicture *helper_photo_paint (PstModel *model, const PstStyle *style,
                                const PstControls *controls,
                                const PstPicture *photo,
                                PstProgressFunc progress, gpointer data,
                                GError **error);
