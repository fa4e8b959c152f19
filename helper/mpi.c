/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that knows MPI; a module of its own. */
#define _GNU_SOURCE /* sched_getaffinity() */
#include "helper/mpi-module.h"

#include <mpi.h>
#include <sched.h>

#define CHUNK ((gsize) 1 << 28) /* MPI counts in int */

void pastiche_mpi_start (HelperMpi *mpi);

/* MPI wants all processes to get identical results (MPI 4.0, section 6.9.6). */
static void
add_up (gpointer values, gsize n, gsize size, MPI_Datatype type)
{
  for (gsize i = 0; i < n; i += CHUNK)
    MPI_Allreduce (MPI_IN_PLACE, (char *) values + i * size,
                   (int) MIN (n - i, CHUNK), type, MPI_SUM, MPI_COMM_WORLD);
}

static void
sum (float *values, gsize n, gpointer data)
{
  add_up (values, n, sizeof *values, MPI_FLOAT);
}

static void
add (double *values, gsize n, gpointer data)
{
  add_up (values, n, sizeof *values, MPI_DOUBLE);
}

static void
send (gpointer bytes, gsize n, int from, gpointer data)
{
  for (gsize i = 0; i < n; i += CHUNK)
    MPI_Bcast ((char *) bytes + i, (int) MIN (n - i, CHUNK), MPI_BYTE, from,
               MPI_COMM_WORLD);
}

/* A core that several processes of this machine may use counts for each as its
 * part: mpirun may have bound each to cores of its own, or none. */
static int
count_threads (MPI_Comm here)
{
  int       mine[CPU_SETSIZE] = { 0 }, all[CPU_SETSIZE];
  double    share = 0;
  cpu_set_t cores;

  CPU_ZERO (&cores);
  sched_getaffinity (0, sizeof cores, &cores);
  for (int i = 0; i < CPU_SETSIZE; i++)
    mine[i] = CPU_ISSET (i, &cores) != 0;
  MPI_Allreduce (mine, all, CPU_SETSIZE, MPI_INT, MPI_SUM, here);
  for (int i = 0; i < CPU_SETSIZE; i++)
    if (mine[i])
      share += 1.0 / all[i];
  return MAX ((int) (share + 1e-6), 1);
}

static void
stop (void)
{
  MPI_Finalize ();
}

void
pastiche_mpi_start (HelperMpi *mpi)
{
  PstRanks *ranks = &mpi->ranks;
  MPI_Comm  here;
  int       provided;

  MPI_Init_thread (NULL, NULL, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank (MPI_COMM_WORLD, &ranks->rank);
  MPI_Comm_size (MPI_COMM_WORLD, &ranks->n_ranks);
  MPI_Comm_split_type (MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL,
                       &here);
  MPI_Comm_size (here, &ranks->n_here);
  mpi->n_threads = count_threads (here);
  MPI_Comm_free (&here);
  ranks->sum = sum;
  ranks->add = add;
  ranks->send = send;
  mpi->stop = stop;
}
