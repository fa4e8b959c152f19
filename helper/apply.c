/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "helper/command.h"
#include "helper/hints.h"
#include "helper/image.h"
#include "helper/model.h"

#define BAR_WIDTH 40

typedef struct
{
  char       *style;
  char       *mix;
  PstControls controls;
  int         threads;
  char       *memory;
  int         quality;
  HelperHints hints;
  gboolean    quiet;
  char      **words; /* model, in, out */
} Arguments;

static void
arguments_clear (Arguments *arguments)
{
  g_free (arguments->style);
  g_free (arguments->mix);
  g_free (arguments->memory);
  helper_hints_clear (&arguments->hints);
  g_strfreev (arguments->words);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Arguments, arguments_clear)

static gboolean
parse (int argc, char **argv, Arguments *to)
{
  const GOptionEntry entries[] = {
    { "style", 's', 0, G_OPTION_ARG_STRING, &to->style,
      N_ ("Which of the model's styles"), N_ ("ID") },
    { "mix", 0, 0, G_OPTION_ARG_STRING, &to->mix,
      N_ ("Mix in another of its styles; 50 percent of it where none are "
          "named"),
      N_ ("ID[:PERCENT]") },
    { "strength", 0, 0, G_OPTION_ARG_DOUBLE, &to->controls.strength,
      N_ ("0 (the photo) to 200; 100 is as trained"), N_ ("PERCENT") },
    { "brush-size", 0, 0, G_OPTION_ARG_DOUBLE, &to->controls.brush_size,
      N_ ("25 to 400; 100 is the look at 1 megapixel"), N_ ("PERCENT") },
    { "threads", 0, 0, G_OPTION_ARG_INT, &to->threads,
      N_ ("How many to use; 0: one for each core"), "N" },
    { "memory", 0, 0, G_OPTION_ARG_STRING, &to->memory,
      N_ ("Most to use, such as 800M or 4G; else half of what is free"),
      N_ ("SIZE") },
    { "quality", 0, 0, G_OPTION_ARG_INT, &to->quality,
      N_ ("1 to 100, for JPEG and WebP (WebP loses nothing at 100)"), "N" },
    HELPER_HINT_ENTRIES (to->hints),
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &to->quiet,
      N_ ("Show no progress and no notes"), NULL },
    { NULL },
  };

  return helper_parse (argc, argv, entries, _ ("MODEL IN OUT"),
                       _ ("Stylises the picture IN and writes OUT. MODEL is "
                          "an .onnx file or the id of an installed style."),
                       3, &to->words);
}

/* "800M" */
static gboolean
parse_memory (const char *text, guint64 *bytes)
{
  char  *end;
  double value = g_ascii_strtod (text, &end);
  double unit = 1;

  if (*end == 'k' || *end == 'K')
    unit = 1e3;
  else if (*end == 'M')
    unit = 1e6;
  else if (*end == 'G')
    unit = 1e9;
  if (unit != 1)
    end++;
  if (end == text || (*end && strcmp (end, "B") != 0))
    return FALSE;
  if (! (value * unit >= 1 && value * unit < 1e18))
    return FALSE;
  *bytes = value * unit;
  return TRUE;
}

/* Checks what the core does not. */
static gboolean
check (Arguments *arguments, PstModelHints *hints, GError **error)
{
  const char *text = NULL;

  if (arguments->threads < 0)
    text = _ ("The number of threads cannot be negative.");
  else if (arguments->quality < 1 || arguments->quality > 100)
    text = _ ("The quality must be between 1 and 100.");
  else if (arguments->memory &&
           ! parse_memory (arguments->memory, &arguments->controls.memory))
    text = _ ("The memory must be a number with M or G, such as 800M.");
  if (text)
    g_set_error_literal (error, PST_ERROR, PST_ERROR_ARGUMENT, text);
  arguments->controls.n_threads = arguments->threads;
  return text == NULL && helper_hints_parse (&arguments->hints, hints, error);
}

/* MODEL is a file, or a style of the library. */
static PstModel *
load_model (Arguments *arguments, const PstModelHints *hints,
            const PstStyle **style, GError **error)
{
  g_autofree char     *installed = NULL;
  g_autoptr (PstModel) model = NULL;

  model = helper_model_load (arguments->words[0], hints, &installed, error);
  if (! model)
    return NULL;
  *style = helper_model_style (
      model, arguments->style ? arguments->style : installed, error);
  if (! *style ||
      (arguments->mix && ! helper_model_mix (model, arguments->mix,
                                             &arguments->controls, error)))
    return NULL;
  return g_steal_pointer (&model);
}

static void
show_progress (double fraction, gpointer data)
{
  char *bar = data;
  int   done = fraction * BAR_WIDTH;

  memset (bar, '#', done);
  memset (bar + done, '.', BAR_WIDTH - done);
  fprintf (stderr, "\r[%s] %3.0f %%", bar, fraction * 100);
  fflush (stderr);
}

static gboolean
apply (Arguments *arguments, GError **error)
{
  char                    bar[BAR_WIDTH + 1] = "";
  PstModelHints           hints;
  const PstStyle         *style;
  g_autoptr (PstModel)    model = NULL;
  g_autoptr (HelperImage) image = NULL;
  gboolean                shown = ! arguments->quiet && isatty (STDERR_FILENO);
  gboolean                done;

  if (! check (arguments, &hints, error) ||
      ! helper_image_check_target (arguments->words[2], error))
    return FALSE;
  model = load_model (arguments, &hints, &style, error);
  if (! model)
    return FALSE;
  image = helper_image_load (arguments->words[1], error);
  if (! image)
    return FALSE;
  if (arguments->controls.strength > 0)
    helper_image_settle (image);
  done = pst_stylize (model, style, &arguments->controls, &image->pixels, NULL,
                      shown ? show_progress : NULL, bar, error);
  if (shown)
    fprintf (stderr, "\r%*s\r", BAR_WIDTH + 8, "");
  g_clear_pointer (&model, pst_model_unref); /* its memory is needed no more */
  if (! done || ! helper_image_save (image, arguments->controls.strength == 0,
                                     arguments->words[2], arguments->quality,
                                     error))
    return FALSE;
  for (guint i = 0; ! arguments->quiet && i < image->notes->len; i++)
    fprintf (stderr, "pastiche: %s: %s\n", arguments->words[1],
             (const char *) image->notes->pdata[i]);
  return TRUE;
}

int
helper_apply (int argc, char **argv)
{
  g_auto (Arguments) arguments = { .controls = PST_CONTROLS_INIT,
                                   .quality = 92 };
  g_autoptr (GError) error = NULL;

  if (! parse (argc, argv, &arguments))
    return HELPER_USAGE;
  if (! helper_image_start (argv[0], &error) || ! apply (&arguments, &error))
    return helper_fail (g_error_matches (error, PST_ERROR, PST_ERROR_ARGUMENT)
                            ? HELPER_USAGE
                            : HELPER_FAILED,
                        error->message);
  return HELPER_DONE;
}
