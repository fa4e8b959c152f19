/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "helper/train.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/pst.h"
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

/* What the events are shown with. */
typedef struct
{
  gboolean    json;
  gboolean    terminal;
  gboolean    silent; /* another process speaks */
  const char *out;    /* the model's file */
  gint64      until;  /* last step of this run */
  gboolean    bar;    /* one is on the line */
  gint64      logged; /* time of the last line that is no bar, in us */
} Display;

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

/* 4000 -> "1 h 07 min" */
static char *
duration (double seconds)
{
  int minutes = (int) round (MIN (seconds, 1e8) / 60);

  if (! isfinite (seconds))
    return g_strdup ("–");
  if (seconds < 100)
    return g_strdup_printf (_ ("%d s"), (int) round (seconds));
  if (minutes < 60)
    return g_strdup_printf (_ ("%d min"), minutes);
  return g_strdup_printf (_ ("%d h %02d min"), minutes / 60, minutes % 60);
}

#define BAR 24
#define LOG_EVERY (60 * G_USEC_PER_SEC) /* where there is no terminal */

static int
terminal_columns (void)
{
  struct winsize size;

  if (ioctl (1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  return 80;
}

static int
columns_of (const char *text)
{
  int n = 0;

  for (; *text; text = g_utf8_next_char (text))
    n += g_unichar_iswide (g_utf8_get_char (text)) ? 2 : 1;
  return n;
}

static void
append_bar (GString *line, const PstEvent *event, gint64 steps, int size)
{
  int full = (int) (size * event->step / MAX (steps, 1));

  g_string_append_c (line, '[');
  for (int i = 0; i < size; i++)
    g_string_append_c (line, i < full ? '#' : '.');
  g_string_append_c (line, ']');
}

static char *
describe_losses (const PstLosses *losses)
{
  g_autofree char *paint = NULL;
  g_autofree char *judged = NULL;

  if (isfinite (losses->style))
    paint = g_strdup_printf (_ (" · content %.3f, style %.3f"),
                             losses->content, losses->style);
  if (isfinite (losses->real))
    judged = g_strdup_printf (_ (", real %.2f, fake %.2f"), losses->real,
                              losses->fake);
  return g_strconcat (paint ? paint : "", paint && judged ? judged : "", NULL);
}

/* As much of a step as @columns have room for. */
static char *
describe_step (const PstEvent *event, gint64 steps, int columns)
{
  g_autofree char *left = duration (event->left);
  g_autofree char *losses = describe_losses (&event->losses);
  GString         *line = g_string_new (NULL);
  gsize            length;

  append_bar (line, event, steps, columns < 72 ? BAR / 2 : BAR);
  g_string_append_printf (line, _ (" step %d of %d"), (int) event->step,
                          (int) steps);
  length = line->len;
  g_string_append_printf (line, _ (", %s left"), left);
  if (columns_of (line->str) < columns)
    length = line->len;
  g_string_append (line, losses);
  if (columns_of (line->str) >= columns)
    g_string_truncate (line, length);
  return g_string_free (line, FALSE);
}

static void
show_step (Display *display, const PstEvent *event)
{
  g_autofree char *text = NULL;
  gint64           now = g_get_monotonic_time ();
  gint64           steps = event->steps;

  if (display->until > 0)
    steps = MIN (steps, display->until);
  if (! display->terminal && event->step < steps &&
      now - display->logged < LOG_EVERY)
    return;
  display->logged = now;
  display->bar = display->terminal;
  text = describe_step (event, steps,
                        display->terminal ? terminal_columns () : G_MAXINT);
  g_print (display->terminal ? "\r\033[K%s" : "%s\n", text);
  fflush (stdout);
}

static void
show_end (const Display *display, const PstEvent *event)
{
  if (event->step >= event->steps)
    g_print (_ ("Finished after %d steps: %s\n"), (int) event->step,
             display->out);
  else
    g_print (_ ("Stopped after %d steps: %s can be used as it is, and "
                "--resume goes on\n"),
             (int) event->step, display->out);
}

static void
show (const PstEvent *event, gpointer data)
{
  Display *display = data;

  if (display->silent)
    return;
  if (display->json)
    {
      g_autofree char *line = pst_event_to_json (event);

      g_print ("%s\n", line);
      return;
    }
  if (event->kind == PST_EVENT_STEP)
    {
      show_step (display, event);
      return;
    }
  if (event->kind == PST_EVENT_CHECKPOINT || event->kind == PST_EVENT_REPORT)
    return;
  if (display->bar)
    g_print ("\r\033[K");
  display->bar = FALSE;
  if (event->kind == PST_EVENT_START)
    g_print (_ ("%d photos; a step takes %d MB of memory\n"),
             (int) event->photos, (int) (event->memory >> 20));
  else if (event->kind == PST_EVENT_SAMPLE)
    g_print (_ ("Samples: %s\n"), event->text);
  else if (event->kind == PST_EVENT_NOTE || event->kind == PST_EVENT_ROLLBACK)
    g_print ("%s\n", event->text);
  else if (event->kind == PST_EVENT_END)
    show_end (display, event);
}

/* Before there is a training that could tell of it. */
static void
show_note (const char *text, gpointer display)
{
  PstEvent event = { .kind = PST_EVENT_NOTE, .text = (char *) text };

  show (&event, display);
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
         const PstTrainHost *host, Display *display, GError **error)
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
  trainer = pst_trainer_new (recipe, host, (guint) arguments->threads, show,
                             display, error);
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
tell_ranks (const HelperMpi *mpi, Display *display)
{
  g_autofree char *text = NULL;

  text = g_strdup_printf (_ ("%d processes train together; this one has %d "
                             "threads."),
                          mpi->ranks.n_ranks, mpi->n_threads);
  show_note (text, display);
}

static PstTrainer *
begin (Arguments *arguments, PstRecipe *recipe, const PstTrainHost *host,
       Display *display, GError **error)
{
  if (! pst_paintings_settle (recipe, host, show_note, display, error))
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
  Display                  display = { arguments->events, isatty (1) };
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
  helper_ranks_stop (&mpi);
  if (good)
    return 0;
  if (helper_ranks_is_first ())
    g_printerr ("pastiche train: %s\n", error->message);
  return error->domain == G_OPTION_ERROR ? 2 : 1;
}
