/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/graph/op.h"

/* What the `infer` functions of many operators ask of their inputs. Each
 * returns FALSE with an error set. */

/* Input @i or NULL where it is left out. */
const PstTensor *pst_arg_input (const PstCall *call, int i);
/* Number of inputs between @min and @max, the first @min given; types are
 * the caller's business (pst_call_check() asks for float32). */
gboolean pst_arg_count (const PstCall *call, int min, int max,
                        GError **error);
/* Input @i is float32 (or left out). */
gboolean pst_arg_float (const PstCall *call, int i, GError **error);
/* Output @i does not have too many elements. */
gboolean pst_arg_fits (const PstCall *call, int i, GError **error);
/* Makes an axis from -rank to rank - 1 count from the front. */
gboolean pst_arg_axis (const PstCall *call, gint64 axis, int rank, int *result,
                       GError **error);
/**
 * pst_arg_ints:
 * @i: input that holds them, or -1
 * @name: attribute that holds them otherwise, and the name in messages
 * @max: room in @values
 * @n: how many there are; -1 where they are left out
 *
 * Whole numbers from an input that must be known beforehand, else from an
 * attribute.
 */
gboolean pst_arg_ints (const PstCall *call, int i, const char *name, int max,
                       gint64 *values, int *n, GError **error);
/* The same for use in forward, where nothing can fail any more. */
int      pst_arg_known_ints (const PstCall *call, int i, const char *name,
                             int max, gint64 *values);
/* The only number of a constant float input, or @fallback. */
float    pst_arg_known_float (const PstCall *call, int i, float fallback);
/* Sizes of a tensor as a text for messages, kept until the next call of it
 * in this thread's @buffer. */
#define PST_ARG_SHAPE(tensor)                                                 \
  (pst_arg_shape_text ((char[128]) { 0 }, &(tensor)->shape))
const char *pst_arg_shape_text (char *buffer, const PstShape *shape);
/* A large whole number likewise: translated messages cannot hold
 * G_GINT64_FORMAT, so they say %s. */
#define PST_ARG_INT(number) (pst_arg_int_text ((char[24]) { 0 }, number))
const char *pst_arg_int_text (char *buffer, gint64 number);
