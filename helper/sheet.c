/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "helper/sheet.h"

#include <glib/gi18n.h>

#include "helper/bar.h"
#include "helper/command.h"
#include "helper/image.h"
#include "helper/train-image.h"
#include "helper/write.h"

static void
arguments_clear (SheetArguments *arguments)
{
  g_strfreev (arguments->models);
  g_strfreev (arguments->styles);
  g_free (arguments->strengths);
  g_free (arguments->crop);
  g_free (arguments->out);
  g_free (arguments->usual.memory);
  helper_hints_clear (&arguments->hints);
  g_strfreev (arguments->words);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SheetArguments, arguments_clear)

static void
work_clear (SheetWork *work)
{
  g_clear_pointer (&work->sheet, pst_sheet_free);
  g_clear_pointer (&work->layout, sheet_layout_free);
  g_clear_pointer (&work->styles, g_ptr_array_unref);
  g_clear_pointer (&work->photos, g_ptr_array_unref);
  g_clear_pointer (&work->paths, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SheetWork, work_clear)

static gboolean
parse (int argc, char **argv, SheetArguments *to)
{
  const GOptionEntry entries[] = {
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &to->out,
      N_ ("The picture to write"), N_ ("SHEET.png") },
    { "model", 'm', 0, G_OPTION_ARG_FILENAME_ARRAY, &to->models,
      N_ ("A model, or the id of an installed style; may be repeated; all "
          "that is installed where none is named"),
      N_ ("MODEL") },
    { "style", 's', 0, G_OPTION_ARG_STRING_ARRAY, &to->styles,
      N_ ("One of the styles, or several; may be repeated; all where none is "
          "named"),
      N_ ("ID[,…]") },
    { "strength", 0, 0, G_OPTION_ARG_STRING, &to->strengths,
      N_ ("0 (the photo) to 200; 100 is as trained; or several, each in a "
          "column"),
      N_ ("PERCENT[,…]") },
    { "brush-size", 0, 0, G_OPTION_ARG_DOUBLE, &to->controls.brush_size,
      N_ ("25 to 400; 100 is the look at 1 megapixel"), N_ ("PERCENT") },
    { "width", 'w', 0, G_OPTION_ARG_INT, &to->width,
      N_ ("Pixels of the cells' longer side; 320"), "N" },
    { "crop", 0, 0, G_OPTION_ARG_STRING, &to->crop,
      N_ ("Show a part of each photo, pixel by pixel, as painted in its own "
          "size; the middle where no place is given"),
      N_ ("WxH[+X+Y]") },
    { "columns", 0, 0, G_OPTION_ARG_INT, &to->columns,
      N_ ("How many cells side by side, for one photo"), "N" },
    HELPER_USUAL_ENTRIES (to->usual),
    HELPER_HINT_ENTRIES (to->hints),
    { NULL },
  };

  return helper_parse (argc, argv, entries, _ ("PHOTO… --out SHEET.png"),
                       _ ("Shows photos in all styles at a glance: a row for "
                          "each photo, a column for each style. PHOTO is a "
                          "file, a folder or a pattern."),
                       -1, &to->words);
}

/* The first thing wrong with the arguments, or NULL. */
static const char *
complain (const SheetArguments *arguments)
{
  if (! *arguments->words)
    return _ ("Say which photos to show: pastiche sheet PHOTO… --out "
              "SHEET.png");
  if (! arguments->out)
    return _ ("Say where to write the sheet: --out SHEET.png");
  if (arguments->width && arguments->crop)
    return _ ("Give --width or --crop: a part is shown pixel by pixel.");
  if (arguments->width && (arguments->width < 16 || arguments->width > 8192))
    return _ ("The width must be between 16 and 8192 pixels.");
  if (arguments->columns < 0)
    return _ ("The number of columns cannot be negative.");
  return NULL;
}

static gboolean
check (SheetWork *work, GError **error)
{
  SheetArguments *arguments = work->arguments;
  const char     *wrong = complain (arguments);

  if (wrong)
    {
      g_set_error_literal (error, PST_ERROR, PST_ERROR_ARGUMENT, wrong);
      return FALSE;
    }
  return helper_usual_check (&arguments->usual, &arguments->controls, error) &&
         sheet_crop_parse (arguments->crop, &work->crop, error) &&
         helper_write_check (arguments->out, error);
}

static gboolean
lay_out (SheetWork *work, GError **error)
{
  const SheetArguments *arguments = work->arguments;
  const PstPicture     *first = work->photos->pdata[0];
  g_autoptr (GArray)    strengths = NULL;

  if (work->paths->len > 1 && arguments->columns)
    {
      g_set_error_literal (error, PST_ERROR, PST_ERROR_ARGUMENT,
                           _ ("--columns is for one photo; of several each "
                              "has its row."));
      return FALSE;
    }
  strengths = helper_words_strengths (arguments->strengths, error);
  if (! strengths)
    return FALSE;
  work->layout = sheet_layout (work->paths->len, work->styles, strengths,
                               arguments->columns,
                               (double) first->width / first->height);
  return TRUE;
}

/* The sheet with nothing but titles. What it takes is not there for painting
 * any more. */
static gboolean
make_sheet (SheetWork *work, GError **error)
{
  const SheetLayout      *layout = work->layout;
  guint                   n = layout->row_photos->len;
  g_autofree PstSheetRow *rows = g_new0 (PstSheetRow, n);
  guint64                *memory = &work->arguments->controls.memory;
  const PstPicture       *picture;
  int                     width = 1;

  for (guint i = 0; i < n; i++)
    {
      guint number = g_array_index (layout->row_photos, guint, i);

      picture = work->photos->pdata[number];
      rows[i].height = picture->height;
      rows[i].titles = layout->row_titles->pdata[i];
      width = MAX (width, picture->width);
    }
  work->sheet = pst_sheet_new (layout->columns, width, rows, n, &work->host,
                               *memory / 2, error);
  if (! work->sheet)
    return FALSE;
  picture = pst_sheet_get_picture (work->sheet);
  if (*memory)
    *memory -= (guint64) picture->width * (guint64) picture->height * 3;
  return TRUE;
}

static gboolean
make (SheetArguments *arguments, GError **error)
{
  g_auto (SheetWork) work = { .arguments = arguments };
  PstModelHints hints;
  gboolean      done;

  work.host = pst_train_image_host ();
  if (! check (&work, error) ||
      ! helper_hints_parse (&arguments->hints, &hints, error))
    return FALSE;
  work.styles = sheet_styles (arguments, &hints, error);
  if (! work.styles || ! sheet_load (&work, error) ||
      ! lay_out (&work, error) || ! make_sheet (&work, error))
    return FALSE;
  work.bar = helper_bar_wanted (arguments->usual.quiet);
  done = sheet_paint (&work, error);
  if (work.bar)
    helper_bar_clear ();
  return done && pst_train_image_save (pst_sheet_get_picture (work.sheet),
                                       arguments->out,
                                       arguments->usual.quality, error);
}

int
helper_sheet (int argc, char **argv)
{
  g_auto (SheetArguments) arguments = { .controls = PST_CONTROLS_INIT,
                                        .usual = HELPER_USUAL_INIT };
  g_autoptr (GError)      error = NULL;

  if (! parse (argc, argv, &arguments))
    return HELPER_USAGE;
  if (! helper_image_start (argv[0], &error) || ! make (&arguments, &error))
    return helper_fail (g_error_matches (error, PST_ERROR, PST_ERROR_ARGUMENT)
                            ? HELPER_USAGE
                            : HELPER_FAILED,
                        error->message);
  return HELPER_DONE;
}
