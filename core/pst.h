/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the hosts (plug-ins, dialog, helper program) see of the core. */

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/folders.h"
#include "core/base/json.h"
#include "core/base/progress.h"
#include "core/eval/eval.h"
#include "core/style/library.h"
#include "core/style/model.h"
#include "core/style/pixels.h"
#include "core/style/stylize.h"
#include "core/train/dataset.h"
#include "core/train/host.h"
#include "core/train/markup.h"
#include "core/train/paintings.h"
#include "core/train/quick.h"
#include "core/train/report.h"
#include "core/train/sheet.h"
#include "core/train/trainer.h"
