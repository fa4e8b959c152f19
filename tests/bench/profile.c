/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The time of each node, taken between the calls for progress. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/network.h"
#include "tests/bench/serve.h"

typedef struct
{
  double  last;
  GArray *times; /* double: of one pass */
} Watch;

static void
on_progress (double fraction, gpointer data)
{
  Watch *watch = data;
  double at = bench_now ();
  double time = at - watch->last;

  g_array_append_val (watch->times, time);
  watch->last = at;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* The median of a step over passes of @n steps each. */
static double
median (const double *times, guint n, guint step, int runs)
{
  g_autofree double *sorted = g_new (double, runs);

  for (int i = 0; i < runs; i++)
    sorted[i] = times[i * n + step];
  qsort (sorted, runs, sizeof *sorted, compare);
  return sorted[runs / 2];
}

/* Floating-point operations of a convolution as it is defined; 0 for others. */
static double
operations (const PstNode *node)
{
  const PstShape *out = &node->out[0]->info.shape;

  if (! strstr (node->op->type, "Conv") || node->n_in < 2 || out->rank != 4)
    return 0;
  return 2.0 * pst_tensor_count (&node->in[1]->info) * out->dim[2] *
         out->dim[3];
}

static void
print_node (int i, const PstNode *node, double time, double total)
{
  double           work = node ? operations (node) : 0;
  g_autofree char *shape =
      node ? pst_shape_to_string (&node->out[0]->info.shape) : g_strdup ("");
  g_autofree char *speed =
      work > 0 ? g_strdup_printf ("%.0f", work / time / 1e9) : g_strdup ("");

  printf ("%4d %9.3f %5.1f %6s  %-22s %-18s %s\n", i, time * 1e3,
          100 * time / total, speed, node ? node->op->type : "", shape,
          node ? node->name : "");
}

/* The same by operator, the slowest first. */
static void
print_sums (GPtrArray *nodes, const double *times, double total)
{
  g_autoptr (GHashTable) sums =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  GHashTableIter iter;
  gpointer       key, value;

  for (guint i = 0; i < nodes->len; i++)
    {
      const PstNode *node = nodes->pdata[i];
      double        *sum = g_hash_table_lookup (sums, node->op->type);

      if (! sum)
        {
          sum = g_new0 (double, 1);
          g_hash_table_insert (sums, (char *) node->op->type, sum);
        }
      *sum += times[i];
    }
  printf ("\n");
  while (g_hash_table_size (sums) > 0)
    {
      const char *slowest = NULL;
      double      most = -1;

      g_hash_table_iter_init (&iter, sums);
      while (g_hash_table_iter_next (&iter, &key, &value))
        if (*(double *) value > most)
          {
            slowest = key;
            most = *(double *) value;
          }
      printf ("     %9.3f %5.1f         %s\n", most * 1e3, 100 * most / total,
              slowest);
      g_hash_table_remove (sums, slowest);
    }
}

void
bench_network_profile (BenchNetwork *network, int runs)
{
  GPtrArray *nodes = pst_graph_get_nodes (pst_plan_get_graph (network->plan));
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));
  g_autofree double *medians = NULL;
  double             total = 0, best = G_MAXDOUBLE;
  guint              n;

  bench_network_pass (network, NULL, NULL);
  for (int i = 0; i < runs; i++)
    {
      Watch  watch = { bench_now (), times };
      double time = bench_network_pass (network, on_progress, &watch);

      best = MIN (best, time);
    }
  n = times->len / runs; /* the picture, then the nodes */
  medians = g_new (double, n + 1);
  for (guint i = 0; i < n; i++)
    {
      medians[i] = median ((const double *) times->data, n, i, runs);
      total += medians[i];
    }
  printf ("  at        ms     %%   GF/s  operator               output"
          "             name\n");
  printf ("     %9.3f %5.1f         (the picture's way in)\n",
          medians[0] * 1e3, 100 * medians[0] / total);
  for (guint i = 1; i < n; i++)
    print_node ((int) i - 1, n == nodes->len + 1 ? nodes->pdata[i - 1] : NULL,
                medians[i], total);
  if (n == nodes->len + 1)
    print_sums (nodes, medians + 1, total);
  printf ("\n%.1f ms in all, the fastest of %d passes %.1f ms; GF/s as if "
          "convolutions were done by their definition; engine %.0f MB\n",
          total * 1e3, runs, best * 1e3,
          pst_plan_get_memory (network->plan) / 1e6);
}
