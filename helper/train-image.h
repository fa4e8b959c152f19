/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/pst.h"

/* "libvips 8.16.1"; transfer full */
char *pst_train_image_version (void);

/* As helper_write() does it. */
gboolean pst_train_image_save (const PstPicture *picture, const char *path,
                               int quality, GError **error);

/* Pictures for training through libvips. */
PstTrainHost pst_train_image_host (void);
