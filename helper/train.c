/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "helper/train.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/pst.h"
#include "helper/progress.h"
#include "helper/ranks.h"
#include "helper/train-image.h"
#include "helper/train-quick.h"

typedef struct
{
  char    *data;
  char    *out;
  gboolean resume;
  gboolean restart;
  gint64   until;
  double   minutes;
  int      threads;
  gboolean events;
  gboolean plain;
  char   **rest;    /* the recipe, or more pictures */
  char    *command; /* all of it */

  QuickWords quick;
} Arguments;

static void
arguments_clear (Arguments *arguments)
{
  g_free (arguments->command);
  g_free (arguments->data);
  g_free (arguments->out);
  g_strfreev (arguments->rest);
  quick_words_clear (&arguments->quick);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Arguments, arguments_clear)

/* "pastiche train …", as for a shell; UTF-8 */
static char *
join (int argc, char **argv)
{
  GString         *text = g_string_new ("pastiche");
  g_autofree char *all = NULL;

  for (int i = 0; i < argc; i++)
    {
      g_autofree char *word = g_shell_quote (argv[i]);
      gboolean         plain = *argv[i] != '\0';

      for (const char *p = argv[i]; *p; p++)
        plain = plain && (g_ascii_isalnum (*p) || strchr ("-_./=:,+@%", *p));
      g_string_append_printf (text, " %s", plain ? argv[i] : word);
    }
  all = g_string_free (text, FALSE);
  return g_utf8_make_valid (all, -1);
}

static gboolean
check (const Arguments *arguments, GError **error)
{
  const QuickWords *quick = &arguments->quick;
  const char       *wrong = NULL;

  if (! quick->pictures && quick_words_any (quick))
    wrong = _ ("--title, --credit, --from, --keep-styles and --features are "
               "for --style PICTURE; a recipe says these things itself");
  else if (! quick->pictures && (! arguments->rest || arguments->rest[1]))
    wrong = _ ("Give one recipe or a picture: pastiche train RECIPE or "
               "pastiche train --style PICTURE");
  else if (arguments->threads < 0 || arguments->until < 0 ||
           ! (arguments->minutes >= 0 && arguments->minutes < 1e6))
    wrong = _ ("--threads, --steps and --minutes take numbers from 0 on");
  if (wrong)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         wrong);
  return ! wrong;
}

static gboolean
parse (int argc, char **argv, Arguments *to, GError **error)
{
  const GOptionEntry entries[] = {
    { "data", 0, 0, G_OPTION_ARG_FILENAME, &to->data,
      N_ ("Folder that the recipe's relative paths start from; with --style "
          "the photos to learn on"),
      N_ ("FOLDER") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &to->out,
      N_ ("The model to write"), N_ ("MODEL.onnx") },
    { "resume", 0, 0, G_OPTION_ARG_NONE, &to->resume,
      N_ ("Go on from the checkpoint beside the model"), NULL },
    { "restart", 0, 0, G_OPTION_ARG_NONE, &to->restart,
      N_ ("Begin anew, over the checkpoint beside the model"), NULL },
    { "steps", 0, 0, G_OPTION_ARG_INT64, &to->until,
      N_ ("Stop after this step, with a checkpoint"), "N" },
    { "minutes", 0, 0, G_OPTION_ARG_DOUBLE, &to->minutes,
      N_ ("Train for that long, in place of the recipe's steps; 3 with "
          "--style"),
      "N" },
    { "style", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &to->quick.pictures,
      N_ ("Learn the style of this picture, without a recipe; may be "
          "repeated"),
      N_ ("PICTURE") },
    { "title", 0, 0, G_OPTION_ARG_STRING, &to->quick.title,
      N_ ("What the style is called; else the picture's name"), N_ ("TEXT") },
    { "credit", 0, 0, G_OPTION_ARG_STRING, &to->quick.credit,
      N_ ("Who painted the picture"), N_ ("TEXT") },
    { "from", 0, 0, G_OPTION_ARG_FILENAME, &to->quick.from,
      N_ ("Model or installed style that the new one starts from"),
      N_ ("MODEL|ID") },
    { "keep-styles", 0, 0, G_OPTION_ARG_NONE, &to->quick.keep,
      N_ ("Keep that model's styles, unchanged, beside the new one"), NULL },
    { "features", 0, 0, G_OPTION_ARG_FILENAME, &to->quick.features,
      N_ ("Feature network to look through; else Pastiche's own"),
      N_ ("NET.onnx") },
    { "threads", 0, 0, G_OPTION_ARG_INT, &to->threads,
      N_ ("How many to use; 0: one for each core"), "N" },
    { "no-pretrained", 0, 0, G_OPTION_ARG_NONE, &to->plain,
      N_ ("Look through no feature network: learn from the pictures alone"),
      NULL },
    { "events", 0, 0, G_OPTION_ARG_NONE, &to->events,
      N_ ("Print a JSON object a line, for programs"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &to->rest, NULL,
      NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = NULL;

  context = g_option_context_new (_ ("RECIPE | --style PICTURE…"));
  g_option_context_set_summary (
      context, _ ("Trains a style model by a recipe, or in minutes the style of "
                  "a picture. Ctrl-C ends with a checkpoint and a usable "
                  "model; --resume goes on."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_set_prgname ("pastiche train"); /* for --help */
  if (! g_option_context_parse (context, &argc, &argv, error))
    return FALSE;
  return check (to, error);
}

/* The recipe's name with ".onnx", in the folder one is in. */
static char *
default_out (const char *recipe)
{
  g_autofree char *name = g_path_get_basename (recipe);
  char            *dot = strrchr (name, '.');

  if (dot && dot != name)
    *dot = '\0';
  return g_strconcat (name, ".onnx", NULL);
}

static PstTrainer *
prepare (const Arguments *arguments, PstRecipe *recipe,
         const PstTrainHost *host, HelperProgress *display, GError **error)
{
  g_autoptr (PstTrainer) trainer = NULL;
  g_autofree char       *checkpoint = NULL;

  checkpoint = pst_trainer_checkpoint_path (arguments->out);
  if (arguments->resume && ! g_file_test (checkpoint, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FILE,
                   _ ("There is no checkpoint to go on from at %s"),
                   checkpoint);
      return NULL;
    }
  if (! arguments->resume && ! arguments->restart &&
      g_file_test (checkpoint, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FILE,
                   _ ("There is a training already at %s: --resume goes on "
                      "with it, --restart begins anew and overwrites it"),
                   checkpoint);
      return NULL;
    }
  trainer = pst_trainer_new (recipe, host, (guint) arguments->threads,
                             helper_progress_show, display, error);
  if (! trainer)
    return NULL;
  if (arguments->resume && ! pst_trainer_resume (trainer, checkpoint, error))
    return NULL;
  return g_steal_pointer (&trainer);
}

/* SIGINT and SIGTERM ask for the end, and SIGUSR1, which mpirun passes on to
 * all processes and then lets them end by themselves. A thread of their own waits for them,
 * as the training keeps the main one busy. */
typedef struct
{
  GCancellable *cancellable;
  GMainContext *context;
  GMainLoop    *loop;
  GThread      *thread;
} Signals;

static gboolean
on_signal (gpointer cancellable)
{
  if (! g_cancellable_is_cancelled (cancellable) && isatty (2) &&
      helper_ranks_is_first ())
    g_printerr ("\n%s\n", _ ("Ending after this step…"));
  g_cancellable_cancel (cancellable);
  return G_SOURCE_CONTINUE;
}

static gpointer
wait_for_signals (gpointer data)
{
  g_main_loop_run (((Signals *) data)->loop);
  return NULL;
}

static void
signals_init (Signals *signals, GCancellable *cancellable)
{
  const int numbers[] = { SIGINT, SIGTERM, SIGUSR1 };

  signals->cancellable = cancellable;
  signals->context = g_main_context_new ();
  signals->loop = g_main_loop_new (signals->context, FALSE);
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_autoptr (GSource) source = g_unix_signal_source_new (numbers[i]);

      g_source_set_callback (source, on_signal, cancellable, NULL);
      g_source_attach (source, signals->context);
    }
  signals->thread = g_thread_new ("signals", wait_for_signals, signals);
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static void
signals_clear (Signals *signals)
{
  g_autoptr (GSource) end = NULL;

  if (! signals->thread)
    return;
  end = g_idle_source_new (); /* waits for the loop, should it not run yet */
  g_source_set_callback (end, quit, signals->loop, NULL);
  g_source_attach (end, signals->context);
  g_thread_join (signals->thread);
  g_main_loop_unref (signals->loop);
  g_main_context_unref (signals->context);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Signals, signals_clear)

/* Takes @recipe; gives it without networks where that is asked for. */
static PstRecipe *
leave_networks_out (const Arguments *arguments, PstRecipe *recipe,
                    GError **error)
{
  PstRecipe *plain;

  if (! recipe || ! arguments->plain)
    return recipe;
  plain = pst_recipe_plain (recipe, error);
  pst_recipe_free (recipe);
  return plain;
}

/* How many processes there are, and threads. */
static void
tell_ranks (const HelperMpi *mpi, HelperProgress *display)
{
  g_autofree char *text = NULL;

  text = g_strdup_printf (_ ("%d processes train together; this one has %d "
                             "threads."),
                          mpi->ranks.n_ranks, mpi->n_threads);
  helper_progress_note (text, display);
}

static PstTrainer *
begin (Arguments *arguments, PstRecipe *recipe, const PstTrainHost *host,
       HelperProgress *display, GError **error)
{
  if (! pst_paintings_settle (recipe, host, helper_progress_note, display,
                              error))
    return NULL;
  return prepare (arguments, recipe, host, display, error);
}

/* Also says where the model goes and how long it may take. */
static PstRecipe *
load_recipe (Arguments *arguments, GError **error)
{
  PstRecipe *recipe;

  if (! arguments->quick.pictures)
    {
      recipe = pst_recipe_load (arguments->rest[0], arguments->data, error);
      if (recipe && ! arguments->out)
        arguments->out = default_out (arguments->rest[0]);
      return leave_networks_out (arguments, recipe, error);
    }
  recipe = quick_words_recipe (&arguments->quick, arguments->rest,
                               arguments->data, arguments->plain, error);
  if (recipe && ! arguments->out)
    arguments->out = g_strconcat (
      ((PstRecipeStyle *) recipe->styles->pdata[0])->id, ".onnx", NULL);
  if (arguments->minutes == 0)
    arguments->minutes = PST_QUICK_MINUTES;
  return recipe;
}

static gboolean
train (Arguments *arguments, HelperMpi *mpi, GError **error)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (PstRecipe)    recipe = NULL;
  g_autoptr (PstTrainer)   trainer = NULL;
  PstTrainHost             host = pst_train_image_host ();
  g_auto (Signals)         signals = { 0 };
  HelperProgress           display = { arguments->events, isatty (1) };
  PstTrainerOptions        options = { 0 };
  g_autofree char         *versions = pst_train_image_version ();

  if (mpi->ranks.n_ranks > 1)
    host.ranks = &mpi->ranks;
  if (host.ranks) /* mpirun gives each a terminal of its own */
    display.terminal = FALSE;
  display.silent = ! pst_ranks_is_first (host.ranks);
  if (arguments->threads > 0)
    mpi->n_threads = arguments->threads;
  arguments->threads = mpi->n_threads;
  recipe = load_recipe (arguments, error);
  display.out = arguments->out;
  display.until = arguments->until;
  display.student = recipe && recipe->student.stages > 0;
  signals_init (&signals, cancellable);
  if (host.ranks)
    tell_ranks (mpi, &display);
  if (recipe)
    trainer = begin (arguments, recipe, &host, &display, error);
  if (! pst_ranks_agree (host.ranks, trainer != NULL, error))
    return FALSE;
  options.out = arguments->out;
  options.until = arguments->until;
  options.seconds = 60 * arguments->minutes;
  options.cancellable = cancellable;
  options.command = arguments->command;
  options.versions = versions;
  if (! pst_trainer_run (trainer, &options, error))
    return FALSE;
  if (arguments->quick.pictures && ! display.json && ! display.silent)
    quick_tell_folder (arguments->out);
  return TRUE;
}

int
helper_train (int argc, char **argv)
{
  g_auto (Arguments)  arguments = { 0 };
  g_autoptr (GError)  error = NULL;
  HelperMpi           mpi = { 0 };
  gboolean            good;

  setvbuf (stdout, NULL, _IOLBF, 0);
  arguments.command = join (argc, argv);
  good = parse (argc, argv, &arguments, &error) &&
         helper_ranks_start (&mpi, &error) && train (&arguments, &mpi, &error);
  /* Before they part: mpirun ends all at once when one has failed. */
  if (! good && helper_ranks_is_first ())
    g_printerr ("pastiche train: %s\n", error->message);
  helper_ranks_stop (&mpi);
  if (good)
    return 0;
  return error->domain == G_OPTION_ERROR ? 2 : 1;
}
