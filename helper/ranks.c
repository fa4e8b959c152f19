/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "helper/ranks.h"

#include <glib/gi18n.h>
#include <gmodule.h>
#include <stdlib.h>

#define MODULE "pastiche-mpi.so"

/* What Open MPI's mpirun sets, and other MPIs' (MPICH, Intel's). */
static const char *const sizes[] = { "OMPI_COMM_WORLD_SIZE", "PMI_SIZE" };
static const char *const numbers[] = { "OMPI_COMM_WORLD_RANK", "PMI_RANK" };

/* -1: none of them is set */
static int
read_number (const char *const *names)
{
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      const char *text = g_getenv (names[i]);

      if (text)
        return atoi (text);
    }
  return -1;
}

gboolean
helper_ranks_is_first (void)
{
  return read_number (numbers) <= 0;
}

/* Beside the program where it was built, or else where it was installed. */
static GModule *
open_module (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = g_path_get_dirname (program ? program : "");
  g_autofree char *beside = g_build_filename (folder, MODULE, NULL);
  g_autofree char *installed = g_build_filename (PST_MODULEDIR, MODULE, NULL);

  /* global, as Open MPI's own modules look for it */
  return g_module_open (g_file_test (beside, G_FILE_TEST_EXISTS) ? beside
                                                                 : installed,
                        G_MODULE_BIND_LAZY);
}

gboolean
helper_ranks_start (HelperMpi *mpi, GError **error)
{
  int      n = read_number (sizes);
  GModule *module;
  gpointer start = NULL;

  *mpi = (HelperMpi) { 0 };
  if (n <= 1)
    return TRUE;
  module = open_module ();
  if (! module || ! g_module_symbol (module, HELPER_MPI_START, &start))
    {
      g_set_error (error, PST_ERROR, PST_ERROR_UNSUPPORTED,
                   _ ("%d processes were started together, but this program "
                      "cannot join them: it was built without MPI, or Open "
                      "MPI is not installed (%s)"),
                   n, g_module_error ());
      return FALSE;
    }
  ((HelperMpiStart) start) (mpi);
  return TRUE;
}

void
helper_ranks_stop (HelperMpi *mpi)
{
  if (mpi->stop)
    mpi->stop ();
}
