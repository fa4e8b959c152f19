/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/pst.h"

/* Pictures for training through libvips. */
PstTrainHost pst_train_image_host (void);
