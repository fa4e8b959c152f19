/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "helper/mpi-module.h"

/**
 * helper_ranks_start:
 * @mpi: (out caller-allocates): zeros where this process is alone
 *
 * Joins the processes that mpirun has started together with this one, if it
 * has. Nothing of MPI is touched otherwise.
 *
 * Returns: %FALSE with an error where there are others that cannot be joined
 */
gboolean helper_ranks_start (HelperMpi *mpi, GError **error);
void     helper_ranks_stop (HelperMpi *mpi);

/* Whether this process is to speak for all: known without joining. */
gboolean helper_ranks_is_first (void);
