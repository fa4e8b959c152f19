/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/base/error.h"

G_DEFINE_QUARK (pst-error-quark, pst_error)
