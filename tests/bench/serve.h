/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/**
 * BenchService:
 * @made: members of a JSON object: what is told at the beginning
 * @pass: does the work once; returns seconds
 * @save: (nullable): writes what the last pass made
 * @engine: bytes that the engine says it takes; 0 where it does not
 * @before: bytes of memory that the process had before its engine was made
 */
typedef struct
{
  const char *made;
  double (*pass) (gpointer data);
  gboolean (*save) (gpointer data, const char *path, GError **error);
  guint64 engine;
  guint64 before;
} BenchService;

/**
 * bench_serve:
 *
 * Answers commands on standard input, one on a line, with a JSON object on
 * one line each: "run" with seconds, "memory" with bytes, "save FILE" with an
 * empty one. The end of the input is the end.
 *
 * Returns: %FALSE with an error where saving failed
 */
gboolean bench_serve (const BenchService *service, gpointer data,
                      GError **error);

/* "before", "peak" and "engine", without braces. */
void bench_print_memory (const BenchService *service);

/* Bytes from /proc/self/status: "VmRSS:" or "VmHWM:". */
guint64 bench_status (const char *key);

/* Seconds by a clock that never goes back. */
double bench_now (void);
