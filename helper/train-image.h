/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/pst.h"

/* "libvips 8.16.1"; transfer full */
char *pst_train_image_version (void);

/* Pictures for training through libvips. */
PstTrainHost pst_train_image_host (void);
