/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "helper/bar.h"
#include "helper/command.h"
#include "helper/hints.h"
#include "helper/image.h"
#include "helper/model.h"
#include "helper/words.h"
#include "helper/write.h"

typedef struct
{
  char       *style;
  char       *mix;
  PstControls controls;
  HelperUsual usual;
  HelperHints hints;
  char      **words; /* model, in, out */
} Arguments;

static void
arguments_clear (Arguments *arguments)
{
  g_free (arguments->style);
  g_free (arguments->mix);
  g_free (arguments->usual.memory);
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
    HELPER_USUAL_ENTRIES (to->usual),
    HELPER_HINT_ENTRIES (to->hints),
    { NULL },
  };

  return helper_parse (argc, argv, entries, _ ("MODEL IN OUT"),
                       _ ("Stylises the picture IN and writes OUT. MODEL is "
                          "an .onnx file or the id of an installed style."),
                       3, &to->words);
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

static gboolean
apply (Arguments *arguments, GError **error)
{
  PstModelHints           hints;
  const PstStyle         *style;
  g_autoptr (PstModel)    model = NULL;
  g_autoptr (HelperImage) image = NULL;
  gboolean                shown = helper_bar_wanted (arguments->usual.quiet);
  gboolean                done;

  if (! helper_usual_check (&arguments->usual, &arguments->controls, error) ||
      ! helper_hints_parse (&arguments->hints, &hints, error) ||
      ! helper_write_check (arguments->words[2], error))
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
                      shown ? helper_bar_show : NULL, NULL, error);
  if (shown)
    helper_bar_clear ();
  g_clear_pointer (&model, pst_model_unref); /* its memory is needed no more */
  if (! done || ! helper_image_save (image, arguments->controls.strength == 0,
                                     arguments->words[2],
                                     arguments->usual.quality,
                                     error))
    return FALSE;
  for (guint i = 0; ! arguments->usual.quiet && i < image->notes->len; i++)
    fprintf (stderr, "pastiche: %s: %s\n", arguments->words[1],
             (const char *) image->notes->pdata[i]);
  return TRUE;
}

int
helper_apply (int argc, char **argv)
{
  g_auto (Arguments) arguments = { .controls = PST_CONTROLS_INIT,
                                   .usual = HELPER_USUAL_INIT };
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
