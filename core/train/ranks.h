/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/**
 * PstRanks:
 * @rank: this process's number, from 0
 * @n_ranks: how many train together
 * @n_here: how many of them share this machine
 * @sum: adds up @n @values over all of them, in place; the results are the
 *   same to the last bit everywhere
 * @add: the same for doubles
 * @send: @n @bytes of process @from to all the others
 * @data: passed to each
 *
 * Processes that make one training together. Each has all the weights and
 * takes a part of every step's samples; gradients and losses are added up, and
 * what follows from them is worked out by each in the same way. Only the first
 * one writes files and tells of events.
 *
 * All of them call the same functions in the same order. No function fails: a
 * host that has lost a process ends. The functions below take %NULL for a
 * process that trains alone, and then do nothing.
 */
typedef struct
{
  int rank;
  int n_ranks;
  int n_here;
  void (*sum) (float *values, gsize n, gpointer data);
  void (*add) (double *values, gsize n, gpointer data);
  void (*send) (gpointer bytes, gsize n, int from, gpointer data);
  gpointer data;
} PstRanks;

/* Whether this is the process that writes and tells. */
gboolean pst_ranks_is_first (const PstRanks *ranks);

/* The first sample of a step that process @rank takes, of @batch in all; that
 * of the process after the last is @batch. The parts are as even as can be. */
int     pst_ranks_begin (const PstRanks *ranks, int rank, int batch);
/* Our own first sample, and how many there are. */
int     pst_ranks_first (const PstRanks *ranks, int batch);
int     pst_ranks_count (const PstRanks *ranks, int batch);
/* Our part of what this machine has. */
guint64 pst_ranks_share (const PstRanks *ranks, guint64 bytes);

void pst_ranks_sum (const PstRanks *ranks, float *values, gsize n);
void pst_ranks_add (const PstRanks *ranks, double *values, gsize n);

/* What the first process says, for what its clock decides. */
double pst_ranks_ask_first (const PstRanks *ranks, double value);

/**
 * pst_ranks_agree:
 * @good: whether all is well here
 * @error: (inout): set where it is not
 *
 * Where one process has failed, all fail, with the error of the first that
 * has.
 *
 * Returns: whether all is well everywhere
 */
gboolean pst_ranks_agree (const PstRanks *ranks, gboolean good,
                          GError **error);

/* The bytes of all processes one after the other in their order; transfer
 * full */
GBytes *pst_ranks_gather (const PstRanks *ranks, GBytes *mine);

/* Whether @number is the same everywhere. */
gboolean pst_ranks_equal (const PstRanks *ranks, guint64 number);
