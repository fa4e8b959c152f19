/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "helper/command.h"
#ifdef HAVE_TRAIN
#include "helper/image.h"
#include "helper/train.h"

static int
run_train (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (! helper_image_start (argv[0], &error))
    return helper_fail (HELPER_FAILED, error->message);
  return helper_train (argc, argv);
}
#endif

static const HelperCommand commands[] = {
  { "apply", N_ ("stylise a picture"), helper_apply },
  { "info", N_ ("tell about a model, or list the styles"), helper_info },
#ifdef HAVE_TRAIN
  { "sheet", N_ ("show photos in all styles at a glance"), helper_sheet },
  { "eval", N_ ("measure a model's styles"), helper_eval },
  { "train", N_ ("train a model of your own"), run_train },
#endif
};

int
helper_fail (int status, const char *text)
{
  g_autofree char *line = g_strdup (text);

  g_strdelimit (g_strchomp (line), "\n\r", ' ');
  fprintf (stderr, "pastiche: %s\n", line);
  return status;
}

gboolean
helper_parse (int argc, char **argv, const GOptionEntry *entries,
              const char *usage, const char *summary, int n_words,
              char ***words)
{
  g_autoptr (GOptionContext) context = g_option_context_new (usage);
  g_autoptr (GError)         error = NULL;
  g_autofree char           *text = NULL;
  g_autofree char           *name = NULL;

  name = g_strconcat ("pastiche ", argv[0], NULL);
  g_set_prgname (name); /* for --help */
  g_option_context_set_summary (context, summary);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (! g_option_context_parse (context, &argc, &argv, &error))
    {
      helper_fail (HELPER_USAGE, error->message);
      return FALSE;
    }
  if (n_words >= 0 && argc - 1 != n_words)
    {
      text = g_strdup_printf (_ ("Usage: pastiche %s [OPTION…] %s"), argv[0],
                              usage);
      helper_fail (HELPER_USAGE, text);
      return FALSE;
    }
  *words = g_strdupv (argv + 1);
  return TRUE;
}

static void
print_help (FILE *to)
{
  fprintf (to, _ ("Usage: pastiche COMMAND …\n\nTurns photos into paintings, "
                  "with models trained by itself.\n\nCommands:\n"));
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    fprintf (to, "  %-7s %s\n", commands[i].name, _ (commands[i].summary));
  fprintf (to, _ ("\n“pastiche COMMAND --help” tells more of each.\n"));
}

/* Messages of the core and of GLib in the form of ours; libvips's warnings
 * are about oddities of files that it can read all the same. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
           gpointer data)
{
  const char *text = NULL;
  const char *domain = "";

  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, "MESSAGE") == 0)
      text = fields[i].value;
    else if (strcmp (fields[i].key, "GLIB_DOMAIN") == 0)
      domain = fields[i].value;
  if (! text || level >= G_LOG_LEVEL_INFO ||
      (strcmp (domain, "VIPS") == 0 && level >= G_LOG_LEVEL_WARNING))
    return G_LOG_WRITER_HANDLED;
  if (level <= G_LOG_LEVEL_WARNING)
    return g_log_writer_default (level, fields, n_fields, data);
  helper_fail (0, text);
  return G_LOG_WRITER_HANDLED;
}

static void
start (void)
{
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname ("pastiche");
  g_log_set_writer_func (write_log, NULL, NULL);
}

int
main (int argc, char **argv)
{
  g_autofree char *text = NULL;

  start ();
  if (argc < 2)
    {
      print_help (stderr);
      return HELPER_USAGE;
    }
  if (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0 ||
      strcmp (argv[1], "help") == 0)
    {
      print_help (stdout);
      return HELPER_DONE;
    }
  if (strcmp (argv[1], "--version") == 0)
    {
      printf ("pastiche %s\n", PACKAGE_VERSION);
      return HELPER_DONE;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (argv[1], commands[i].name) == 0)
      return commands[i].run (argc - 1, argv + 1);
  text = g_strdup_printf (_ ("There is no command “%s”; pastiche --help lists "
                             "them."),
                          argv[1]);
  return helper_fail (HELPER_USAGE, text);
}
