/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/plan.h"

/**
 * BenchSettings:
 * @model: an ONNX file
 * @width: of the picture
 * @height: of the picture
 * @threads: how many run the network
 * @budget: most megabytes that the plan may take; 0 for any
 * @way: a way to save memory, as in PstPlanOptions; 0: what the budget asks for
 * @as_written: whether to fuse nothing
 * @input: (nullable): bare float32 numbers, [H, W, 3]
 */
typedef struct
{
  const char *model;
  int         width;
  int         height;
  int         threads;
  int         budget;
  int         way;
  gboolean    as_written;
  char       *input;
} BenchSettings;

/**
 * BenchNetwork:
 * @picture: what goes into the network, as the caller of an engine holds it
 * @image: which input is the picture
 * @load: seconds to read the file
 * @plan_time: seconds to plan
 * @allocate: seconds to take the memory
 * @rss_before: bytes of memory before the file was read, the picture in it
 */
typedef struct
{
  PstGraph *graph;
  PstPlan  *plan;
  PstPool  *pool;
  PstRun   *run;
  PstArray *picture;
  guint     image;
  double    load;
  double    plan_time;
  double    allocate;
  guint64   rss_before;
} BenchNetwork;

/* A network ready to run; other inputs than the picture (which style) are 0
 * but for a 1 in their second column. */
BenchNetwork *bench_network_new (const BenchSettings *settings,
                                 GError **error);
void          bench_network_free (BenchNetwork *network);
/* Hands over the picture and runs; returns seconds. @progress is called once
 * in between, too. */
double   bench_network_pass (BenchNetwork *network, PstProgressFunc progress,
                             gpointer data);
gboolean bench_network_save (BenchNetwork *network, const char *path,
                             GError **error);
/* Prints a table: the median time of each node over @runs passes. */
void     bench_network_profile (BenchNetwork *network, int runs);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchNetwork, bench_network_free)
