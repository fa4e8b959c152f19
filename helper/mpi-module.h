/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/pst.h"

/**
 * HelperMpi:
 * @ranks: the processes of this run
 * @n_threads: that this one can have without taking from the others
 * @stop: at the very end, by all of them
 *
 * What the module pastiche-mpi.so gives, which alone knows MPI: so the program
 * runs where Open MPI is not installed.
 */
typedef struct
{
  PstRanks ranks;
  int      n_threads;
  void   (*stop) (void);
} HelperMpi;

/* The module's one function, by the name of HELPER_MPI_START. Where MPI cannot
 * start, it ends the process with words of its own. */
typedef void (*HelperMpiStart) (HelperMpi *mpi);
#define HELPER_MPI_START "pastiche_mpi_start"
