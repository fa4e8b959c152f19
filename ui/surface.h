/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "core/pst.h"

/* Pixels for cairo: 8 bit, multiplied by alpha; NaN is black. */
cairo_surface_t *pst_surface_new (const PstPixels *pixels);
/* The checks that show through transparent places. */
cairo_pattern_t *pst_surface_checks (void);
