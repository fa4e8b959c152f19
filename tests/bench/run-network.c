/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a network on a picture some times and says in JSON how long it took:
 *
 *   run-network [OPTION…] MODEL WIDTHxHEIGHT
 *
 * --profile prints a table of the nodes instead; --serve waits for commands
 * on standard input (serve.h). Pictures in files are bare float32 numbers,
 * [H, W, C]; memory is in bytes.
 */
#include <stdio.h>

#include "tests/bench/network.h"
#include "tests/bench/serve.h"

typedef struct
{
  BenchSettings settings;
  char         *save;
  int           runs;
  gboolean      profile;
  gboolean      serve;
  char        **words;
} Arguments;

static void
arguments_clear (Arguments *arguments)
{
  g_free (arguments->settings.input);
  g_free (arguments->save);
  g_strfreev (arguments->words);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Arguments, arguments_clear)

static gboolean
parse (int argc, char **argv, Arguments *to, GError **error)
{
  const GOptionEntry entries[] = {
    { "threads", 't', 0, G_OPTION_ARG_INT, &to->settings.threads,
      "How many to use (2)", "N" },
    { "budget", 'b', 0, G_OPTION_ARG_INT, &to->settings.budget,
      "Most memory that the plan may take (0: any)", "MB" },
    { "way", 0, 0, G_OPTION_ARG_INT, &to->settings.way,
      "A way to save memory, needed or not (0)", "N" },
    { "as-written", 0, 0, G_OPTION_ARG_NONE, &to->settings.as_written,
      "Fuse nothing", NULL },
    { "input", 'i', 0, G_OPTION_ARG_FILENAME, &to->settings.input,
      "The picture; else one is made up", "FILE" },
    { "save", 'o', 0, G_OPTION_ARG_FILENAME, &to->save,
      "Where the painting goes", "FILE" },
    { "runs", 'n', 0, G_OPTION_ARG_INT, &to->runs, "How many passes (5)",
      "N" },
    { "profile", 'p', 0, G_OPTION_ARG_NONE, &to->profile,
      "Print the time of each node", NULL },
    { "serve", 0, 0, G_OPTION_ARG_NONE, &to->serve,
      "Wait for commands on standard input", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &to->words, NULL,
      "MODEL WIDTHxHEIGHT" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_add_main_entries (context, entries, NULL);
  if (! g_option_context_parse (context, &argc, &argv, error))
    return FALSE;
  if (! to->words || g_strv_length (to->words) != 2 || to->runs < 1 ||
      sscanf (to->words[1], "%dx%d", &to->settings.width,
              &to->settings.height) != 2)
    {
      g_set_error_literal (error, PST_ERROR, PST_ERROR_ARGUMENT,
                           "run-network [OPTION…] MODEL WIDTHxHEIGHT; "
                           "--help tells the options");
      return FALSE;
    }
  to->settings.model = to->words[0];
  return TRUE;
}

static double
pass (gpointer data)
{
  return bench_network_pass (data, NULL, NULL);
}

static gboolean
save (gpointer data, const char *path, GError **error)
{
  return bench_network_save (data, path, error);
}

static void
run (const BenchService *service, gpointer data, int n)
{
  printf ("{\"seconds\": [");
  for (int i = 0; i < n; i++)
    {
      printf ("%s%.6f", i ? ", " : "", service->pass (data));
      fflush (stdout);
    }
  printf ("], %s, ", service->made);
  bench_print_memory (service);
  printf ("}\n");
}

static gboolean
use (BenchNetwork *network, const Arguments *arguments, GError **error)
{
  g_autofree char *made = g_strdup_printf (
      "\"load\": %.4f, \"plan\": %.4f, \"allocate\": %.4f", network->load,
      network->plan_time, network->allocate);
  BenchService service = {
    .made = made,
    .pass = pass,
    .save = save,
    .engine = pst_plan_get_memory (network->plan),
    .before = network->rss_before,
  };

  if (arguments->serve)
    return bench_serve (&service, network, error);
  if (arguments->profile)
    bench_network_profile (network, arguments->runs);
  else
    run (&service, network, arguments->runs);
  return ! arguments->save ||
         bench_network_save (network, arguments->save, error);
}

int
main (int argc, char **argv)
{
  g_auto (Arguments) arguments = { .settings.threads = 2, .runs = 5 };
  g_autoptr (BenchNetwork) network = NULL;
  g_autoptr (GError)       error = NULL;

  if (parse (argc, argv, &arguments, &error))
    network = bench_network_new (&arguments.settings, &error);
  if (network && use (network, &arguments, &error))
    return 0;
  fprintf (stderr, "run-network: %s\n", error->message);
  return 1;
}
