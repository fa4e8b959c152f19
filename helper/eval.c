/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "helper/eval.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "helper/command.h"
#include "helper/image.h"
#include "helper/model.h"
#include "helper/photo.h"
#include "helper/train-image.h"

/* All that is needed while the photos are gone through. */
typedef struct
{
  const EvalArguments *arguments;
  PstTrainHost         host;
  PstModelHints        hints;
  PstModel            *model;   /* (nullable) */
  PstRecipe           *recipe;  /* (nullable) */
  GPtrArray           *styles;  /* EvalStyle */
  GPtrArray           *rows;    /* EvalRow */
  GPtrArray           *photos;  /* paths */
  GPtrArray           *results; /* (nullable): paths */
  PstEval             *eval;
} Work;

static void
arguments_clear (EvalArguments *arguments)
{
  g_free (arguments->model);
  g_strfreev (arguments->styles);
  g_strfreev (arguments->style_pictures);
  g_free (arguments->data);
  g_free (arguments->features);
  g_free (arguments->style_layers);
  g_free (arguments->content_layers);
  g_strfreev (arguments->photos);
  g_strfreev (arguments->results);
  g_free (arguments->strengths);
  g_strfreev (arguments->mixes);
  helper_hints_clear (&arguments->hints);
  g_strfreev (arguments->words);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EvalArguments, arguments_clear)

static void
work_clear (Work *work)
{
  g_clear_pointer (&work->eval, pst_eval_free);
  g_clear_pointer (&work->rows, g_ptr_array_unref);
  g_clear_pointer (&work->styles, g_ptr_array_unref);
  g_clear_pointer (&work->photos, g_ptr_array_unref);
  g_clear_pointer (&work->results, g_ptr_array_unref);
  g_clear_pointer (&work->recipe, pst_recipe_free);
  g_clear_pointer (&work->model, pst_model_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)

static gboolean
parse (int argc, char **argv, EvalArguments *to)
{
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &to->model,
      N_ ("The model to measure, or the id of an installed style"),
      N_ ("MODEL") },
    { "style", 's', 0, G_OPTION_ARG_STRING_ARRAY, &to->styles,
      N_ ("One of its styles; may be repeated; all where none is named"),
      N_ ("ID") },
    { "results", 'r', 0, G_OPTION_ARG_FILENAME_ARRAY, &to->results,
      N_ ("Measure finished pictures instead of a model"), N_ ("PATH") },
    { "photos", 'p', 0, G_OPTION_ARG_FILENAME_ARRAY, &to->photos,
      N_ ("The photos: a file, a folder or a pattern; may be repeated"),
      N_ ("PATH") },
    { "style-picture", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &to->style_pictures,
      N_ ("A painting of the style; may be repeated"), N_ ("[ID=]PATH") },
    { "data", 0, 0, G_OPTION_ARG_FILENAME, &to->data,
      N_ ("Folder that the recipe's relative paths start from"),
      N_ ("FOLDER") },
    { "features", 'f', 0, G_OPTION_ARG_FILENAME, &to->features,
      N_ ("The feature network to look through, or none; else Pastiche's own"),
      N_ ("FILE.onnx") },
    { "style-layers", 0, 0, G_OPTION_ARG_STRING, &to->style_layers,
      N_ ("Its layers for the style; else relu1_1,relu2_1,relu3_1,relu4_1"),
      N_ ("NAMES") },
    { "content-layers", 0, 0, G_OPTION_ARG_STRING, &to->content_layers,
      N_ ("Its layers for the content; else relu4_1"), N_ ("NAMES") },
    { "size", 0, 0, G_OPTION_ARG_INT, &to->size,
      N_ ("Pixels that the shorter side of the photos is brought down to"),
      "N" },
    { "style-size", 0, 0, G_OPTION_ARG_INT, &to->style_size,
      N_ ("The same of paintings; else as the recipe says"), "N" },
    { "strength", 0, 0, G_OPTION_ARG_STRING, &to->strengths,
      N_ ("0 (the photo) to 200; 100 is as trained; or several of them"),
      N_ ("PERCENT[,…]") },
    { "mix", 0, 0, G_OPTION_ARG_STRING_ARRAY, &to->mixes,
      N_ ("Measure a mix of two styles, too; may be repeated"),
      N_ ("A+B[:PERCENT]") },
    { "cross-fade", 0, 0, G_OPTION_ARG_NONE, &to->cross_fade,
      N_ ("Compare other strengths and mixes with fading pixels, as far from "
          "the photo"),
      NULL },
    { "ratio", 0, 0, G_OPTION_ARG_INT, &to->ratio,
      N_ ("Optimise the first N photos directly, too, and compare the "
          "objective (slow)"),
      "N" },
    { "evaluations", 0, 0, G_OPTION_ARG_INT, &to->evaluations,
      N_ ("How often the objective is looked at for that; 100"), "N" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &to->seed,
      N_ ("Of the patches that are drawn"), "N" },
    { "threads", 0, 0, G_OPTION_ARG_INT, &to->threads,
      N_ ("How many to use; 0: one for each core"), "N" },
    { "markdown", 0, 0, G_OPTION_ARG_NONE, &to->markdown,
      N_ ("Print the table in Markdown"), NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &to->json,
      N_ ("Print a JSON object a line, for programs"), NULL },
    HELPER_HINT_ENTRIES (to->hints),
    { NULL },
  };

  return helper_parse (argc, argv, entries, _ ("[PHOTO…]"),
                       _ ("Measures how a model's styles paint photos: how "
                          "close they come to the paintings, and what stays "
                          "of the photos."),
                       -1, &to->words);
}

/* The first thing wrong with the arguments, or NULL. */
static const char *
complain (const EvalArguments *arguments)
{
  if (! arguments->model && ! arguments->results)
    return _ ("Say what to measure: --model MODEL, or --results PATH.");
  if (arguments->model && arguments->results)
    return _ ("Give a model or finished pictures, not both.");
  if (arguments->results && arguments->styles)
    return _ ("Finished pictures are of one style; --style goes with a "
              "model.");
  if (arguments->results && (arguments->strengths || arguments->mixes))
    return _ ("Finished pictures are as they are; --strength and --mix go "
              "with a model.");
  if (! arguments->photos && ! *arguments->words)
    return _ ("Say what photos to measure with: --photos PATH.");
  if (arguments->size < PST_EVAL_LEAST ||
      (arguments->style_size && arguments->style_size < PST_EVAL_LEAST) ||
      MAX (arguments->size, arguments->style_size) > 8192)
    return _ ("Sizes must be between 64 and 8192 pixels.");
  if (arguments->threads < 0 || arguments->threads > 256)
    return _ ("There can be 1 to 256 threads, or 0 for one each core.");
  if (arguments->ratio < 0 || arguments->evaluations < 1)
    return _ ("The ratio takes 0 photos or more, and one evaluation or more.");
  if (arguments->ratio && ! arguments->features)
    return _ ("The ratio needs a feature network: --features FILE.onnx.");
  if (arguments->json && arguments->markdown)
    return _ ("Choose JSON or Markdown.");
  return NULL;
}

/* Pastiche's own network where none is named. */
static void
choose_features (EvalArguments *arguments)
{
  if (! arguments->features)
    arguments->features = pst_folders_find_model (PST_FEATURES_FILE, NULL);
  else if (g_str_equal (arguments->features, "none"))
    g_clear_pointer (&arguments->features, g_free);
}

static gboolean
find_photos (Work *work, GError **error)
{
  const EvalArguments  *arguments = work->arguments;
  g_autoptr (GPtrArray) more = NULL, results = NULL;

  work->photos = helper_photo_list (arguments->photos, error);
  more = work->photos ? helper_photo_list (arguments->words, error) : NULL;
  if (! more)
    return FALSE;
  g_ptr_array_extend_and_steal (work->photos, g_steal_pointer (&more));
  if (! arguments->results)
    return TRUE;
  results = helper_photo_list (arguments->results, error);
  if (results)
    work->results = eval_pair (work->photos, results, error);
  return work->results != NULL;
}

static gboolean
load_styles (Work *work, GError **error)
{
  const EvalArguments *arguments = work->arguments;
  g_autofree char     *installed = NULL;

  if (arguments->model)
    {
      work->model = helper_model_load (arguments->model, &work->hints,
                                       &installed, error);
      if (! work->model)
        return FALSE;
      work->recipe = eval_recipe (arguments, work->model);
    }
  work->styles = eval_styles (arguments, work->model, installed, work->recipe,
                              &work->host, error);
  if (work->styles)
    work->rows = eval_rows (arguments, work->model, work->styles, error);
  return work->rows != NULL;
}

/* "a,b" */
static char **
split (const char *names)
{
  char **list = names ? g_strsplit (names, ",", -1) : NULL;

  for (char **name = list; name && *name; name++)
    g_strstrip (*name);
  return list;
}

static gboolean
prepare (Work *work, GError **error)
{
  const EvalArguments *arguments = work->arguments;
  g_auto (GStrv)       content = split (arguments->content_layers);
  g_auto (GStrv)       style = split (arguments->style_layers);
  PstEvalOptions       options = {
    .features = arguments->features,
    .content_layers = (const char *const *) content,
    .style_layers = (const char *const *) style,
    /* It says what the objective is, which only the ratio looks at. */
    .recipe = arguments->ratio > 0 ? work->recipe : NULL,
    .n_photos = work->photos->len,
    .evaluations = arguments->evaluations,
    .seed = (guint64) arguments->seed,
    .n_threads = (guint) arguments->threads,
  };

  if (! arguments->features)
    eval_print_note (arguments->json,
                     _ ("What looks through a feature network is left out: "
                        "--features names one."));
  work->eval = pst_eval_new (&options, error);
  if (! work->eval)
    return FALSE;
  for (guint i = 0; i < work->rows->len; i++)
    {
      EvalStyle *one = ((EvalRow *) work->rows->pdata[i])->style;

      if (! pst_eval_add_style (work->eval, one->pictures, one->recipe_style,
                                error))
        {
          g_prefix_error (error, "%s: ", one->id);
          return FALSE;
        }
    }
  for (guint i = 0; i < work->styles->len; i++) /* needed no more */
    g_ptr_array_set_size (((EvalStyle *) work->styles->pdata[i])->pictures, 0);
  return TRUE;
}

static PstPicture *
load (const Work *work, const char *path, GError **error)
{
  PstPicture *picture;

  picture = work->host.load (path, work->arguments->size, work->host.data,
                             error);
  if (! picture)
    g_prefix_error (error, "%s: ", path);
  return picture;
}

static gboolean
measure_row (Work *work, guint at, guint number, const PstPicture *photo,
               GError **error)
{
  const EvalArguments   *arguments = work->arguments;
  EvalRow               *row = work->rows->pdata[number];
  g_autoptr (PstPicture) result = NULL;
  PstFigures             figures;

  if (work->results)
    result = load (work, work->results->pdata[at], error);
  else
    result = eval_paint (work->model, work->eval, row, photo, error);
  if (! result)
    return FALSE;
  if (! pst_eval_measure (work->eval, number, result,
                          (int) at < arguments->ratio, &figures, error))
    {
      g_prefix_error (error, "%s: ", (char *) work->photos->pdata[at]);
      return FALSE;
    }
  if (arguments->json)
    eval_print_photo (work->photos->pdata[at], row->name, &figures);
  return TRUE;
}

static gboolean
measure_photo (Work *work, guint at, GError **error)
{
  const char *path = work->photos->pdata[at];
  PstPicture *photo = load (work, path, error);

  if (! photo)
    return FALSE;
  if (! pst_eval_set_photo (work->eval, photo, error))
    {
      g_prefix_error (error, "%s: ", path);
      return FALSE;
    }
  for (guint i = 0; i < work->rows->len; i++)
    if (! measure_row (work, at, i, photo, error))
      return FALSE;
  return TRUE;
}

static void
report (Work *work)
{
  guint                  n = work->rows->len, n_flat = 0;
  g_autofree PstFigures *figures = g_new (PstFigures, n);

  for (guint i = 0; i < n; i++)
    {
      pst_eval_summarise (work->eval, i, &figures[i], &n_flat);
      if (work->arguments->json)
        eval_print_style (((EvalRow *) work->rows->pdata[i])->name,
                          work->photos->len, n_flat, &figures[i]);
    }
  if (work->arguments->json)
    {
      eval_print_end ();
      return;
    }
  eval_print_table (work->rows, figures, work->arguments->markdown);
  if (! work->arguments->markdown)
    g_print (_ ("%u photos, grid looked for in %u flat tiles. Less is better, "
                "but for similarity and preservation (0 to 1); a grid of 1 is "
                "none.\n"),
             work->photos->len, n_flat);
}

static gboolean
measure (EvalArguments *arguments, GError **error)
{
  g_auto (Work) work = { .arguments = arguments };
  const char   *wrong;
  gboolean      shown = ! arguments->json && isatty (STDERR_FILENO);
  gboolean      done = TRUE;

  choose_features (arguments);
  wrong = complain (arguments);
  if (wrong)
    {
      g_set_error_literal (error, PST_ERROR, PST_ERROR_ARGUMENT, wrong);
      return FALSE;
    }
  work.host = pst_train_image_host ();
  if (! helper_hints_parse (&arguments->hints, &work.hints, error) ||
      ! find_photos (&work, error) || ! load_styles (&work, error) ||
      ! prepare (&work, error))
    return FALSE;
  if (arguments->json)
    eval_print_start (work.model ? pst_model_get_title (work.model) : "",
                      work.photos->len, work.rows);
  for (guint i = 0; done && i < work.photos->len; i++)
    {
      if (shown)
        g_printerr (_ ("\rPhoto %u of %u"), i + 1, work.photos->len);
      done = measure_photo (&work, i, error);
    }
  if (shown)
    g_printerr ("\r%*s\r", 40, "");
  if (done)
    report (&work);
  return done;
}

int
helper_eval (int argc, char **argv)
{
  g_auto (EvalArguments) arguments = { .size = 512,
                                       .evaluations = 100, .seed = 1 };
  g_autoptr (GError)     error = NULL;

  setvbuf (stdout, NULL, _IOLBF, 0);
  if (! parse (argc, argv, &arguments))
    return HELPER_USAGE;
  if (! helper_image_start (argv[0], &error) || ! measure (&arguments, &error))
    return helper_fail (g_error_matches (error, PST_ERROR, PST_ERROR_ARGUMENT)
                            ? HELPER_USAGE
                            : HELPER_FAILED,
                        error->message);
  return HELPER_DONE;
}
