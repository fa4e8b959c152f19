/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a network on a picture some times and says in JSON how long it took:
 *
 *   run-network [OPTION…] MODEL WIDTHxHEIGHT
 *
 * --profile prints a table of the nodes instead. --serve waits for commands
 * on standard input: "run" makes a pass and prints its seconds, "save FILE"
 * writes the painting, "memory" prints the peaks of memory; the end of the
 * input ends it. Pictures in files are bare float32 numbers, [H, W, C]; all
 * memory is in bytes.
 */
#include <stdio.h>
#include <string.h>

#include "tests/bench/network.h"

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

static void
print_memory (const BenchNetwork *network)
{
  printf ("\"engine\": %" G_GSIZE_FORMAT ", \"before\": %" G_GUINT64_FORMAT
          ", \"peak\": %" G_GUINT64_FORMAT,
          pst_plan_get_memory (network->plan), network->rss_before,
          bench_status ("VmHWM:"));
}

static void
print_made (const BenchNetwork *network)
{
  printf ("\"load\": %.4f, \"plan\": %.4f, \"allocate\": %.4f",
          network->load, network->plan_time, network->allocate);
}

static gboolean
serve (BenchNetwork *network, GError **error)
{
  char line[4096];

  printf ("{");
  print_made (network);
  printf ("}\n");
  fflush (stdout);
  while (fgets (line, sizeof line, stdin))
    {
      g_strchomp (line);
      if (g_str_equal (line, "run"))
        printf ("{\"seconds\": %.6f}\n",
                bench_network_pass (network, NULL, NULL));
      else if (g_str_equal (line, "memory"))
        {
          printf ("{");
          print_memory (network);
          printf ("}\n");
        }
      else if (g_str_has_prefix (line, "save "))
        {
          if (! bench_network_save (network, line + 5, error))
            return FALSE;
          printf ("{}\n");
        }
      else
        printf ("{\"error\": \"no such command\"}\n");
      fflush (stdout);
    }
  return TRUE;
}

static void
run (BenchNetwork *network, int n)
{
  printf ("{\"seconds\": [");
  for (int i = 0; i < n; i++)
    {
      printf ("%s%.6f", i ? ", " : "",
              bench_network_pass (network, NULL, NULL));
      fflush (stdout);
    }
  printf ("], ");
  print_made (network);
  printf (", ");
  print_memory (network);
  printf ("}\n");
}

int
main (int argc, char **argv)
{
  g_auto (Arguments) arguments = { .settings.threads = 2, .runs = 5 };
  g_autoptr (BenchNetwork) network = NULL;
  g_autoptr (GError)       error = NULL;
  gboolean                 done = FALSE;

  if (parse (argc, argv, &arguments, &error))
    network = bench_network_new (&arguments.settings, &error);
  if (network)
    {
      done = TRUE;
      if (arguments.serve)
        done = serve (network, &error);
      else if (arguments.profile)
        bench_network_profile (network, arguments.runs);
      else
        run (network, arguments.runs);
      if (done && arguments.save)
        done = bench_network_save (network, arguments.save, &error);
    }
  if (! done)
    fprintf (stderr, "run-network: %s\n", error->message);
  return done ? 0 : 1;
}
