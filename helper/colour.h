/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/**
 * HelperColour:
 *
 * The way between a file's colours and sRGB-encoded ones, in float, so that
 * nothing is lost on the way there and back.
 */
typedef struct _HelperColour HelperColour;

/**
 * helper_colour_new:
 * @profile: (nullable): an ICC profile; %NULL for sRGB
 * @linear: %TRUE where there is no profile and the numbers are linear light
 *   with sRGB's primaries
 * @grey: %TRUE where the file has one colour band
 * @usable: (out): %FALSE where the profile does not fit the file or is
 *   damaged; sRGB is assumed then
 *
 * Returns: (transfer full): the way
 */
HelperColour *helper_colour_new (GBytes *profile, gboolean linear,
                                 gboolean grey, gboolean *usable);
void          helper_colour_free (HelperColour *colour);

/* %TRUE where colours can be given back with the file's profile; a grey
 * profile cannot hold them. */
gboolean helper_colour_goes_back (const HelperColour *colour);

/* @n pixels of one or three bands (as the file has), 0 to 1, to R'G'B'. */
void helper_colour_import (HelperColour *colour, const float *from, float *to,
                           int n);
/* @n pixels of R'G'B' to the file's three bands; may be the same memory. */
void helper_colour_export (HelperColour *colour, const float *from, float *to,
                           int n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HelperColour, helper_colour_free)
