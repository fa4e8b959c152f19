/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/**
 * PstError:
 * @PST_ERROR_FILE: a file cannot be read or written
 * @PST_ERROR_FORMAT: a file is not what its name says, or is damaged
 * @PST_ERROR_UNSUPPORTED: a model asks for something the engine lacks
 * @PST_ERROR_SHAPE: sizes that do not fit together
 * @PST_ERROR_MEMORY: the work needs more memory than there is
 * @PST_ERROR_ARGUMENT: a value that a person gave is out of its range
 * @PST_ERROR_STYLE: no such style or model
 * @PST_ERROR_DIVERGED: a training left the numbers
 *
 * What can go wrong in the core. A cancelled run is not in this list: it is
 * %G_IO_ERROR_CANCELLED.
 */
typedef enum
{
  PST_ERROR_FILE,
  PST_ERROR_FORMAT,
  PST_ERROR_UNSUPPORTED,
  PST_ERROR_SHAPE,
  PST_ERROR_MEMORY,
  PST_ERROR_ARGUMENT,
  PST_ERROR_STYLE,
  PST_ERROR_DIVERGED,
} PstError;

#define PST_ERROR (pst_error_quark ())
GQuark pst_error_quark (void);
