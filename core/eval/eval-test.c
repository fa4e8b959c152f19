/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All measures together, on pictures whose answers are known. */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/test-run.h"
#include "core/eval/eval.h"
#include "core/onnx/onnx.h"
#include "core/train/test-network.h"

static const char *const content[] = { "deep", NULL };
static const char *const style[] = { "shallow", "deep", NULL };

static char *network_path;

static PstEval *
new_eval (gboolean features, gboolean paintings, guint n_threads)
{
  g_autoptr (GPtrArray) pictures = NULL;
  PstEvalOptions        options = { 0 };
  PstEval              *eval;

  options.features = features ? network_path : NULL;
  options.content_layers = content;
  options.style_layers = style;
  options.n_photos = 2;
  options.evaluations = 40;
  options.n_threads = n_threads;
  eval = pst_eval_new (&options, NULL);
  g_assert_nonnull (eval);
  pictures =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pst_picture_free);
  g_ptr_array_add (pictures, test_network_waves (96, 80, 1.1));
  g_assert_true (pst_eval_add_style (eval, paintings ? pictures : NULL, NULL,
                                     NULL));
  return eval;
}

static PstPicture *
new_photo (void)
{
  return test_network_waves (96, 80, 0.1);
}

static PstFigures
measure (PstEval *eval, const PstPicture *result, gboolean optimise)
{
  PstFigures figures;
  GError    *error = NULL;

  g_assert_true (pst_eval_set_photo (eval, new_photo (), &error));
  pst_eval_measure (eval, 0, result, optimise, &figures, &error);
  g_assert_no_error (error);
  return figures;
}

/* The photo itself, then the painting itself. */
static void
test_ends (void)
{
  g_autoptr (PstEval)    eval = new_eval (TRUE, TRUE, 1);
  g_autoptr (PstPicture) photo = new_photo ();
  g_autoptr (PstPicture) painting = test_network_waves (96, 80, 1.1);
  PstFigures             f;

  f = measure (eval, photo, FALSE);
  g_assert_cmpfloat (f.value[PST_FIGURE_SIMILARITY], ==, 0);
  g_assert_cmpfloat (f.value[PST_FIGURE_PRESERVATION], ==, 1);
  g_assert_cmpfloat (f.value[PST_FIGURE_LUMINANCE], ==, 0);
  g_assert_cmpfloat (f.value[PST_FIGURE_FEATURES], ==, 0);
  g_assert_cmpfloat (f.value[PST_FIGURE_GRAM], >, 0);
  g_assert_true (isnan (f.value[PST_FIGURE_RATIO]));
  g_assert_true (isnan (f.value[PST_FIGURE_PATCHES_1]));
  f = measure (eval, painting, FALSE);
  g_assert_cmpfloat (f.value[PST_FIGURE_SIMILARITY], ==, 1);
  g_assert_cmpfloat (f.value[PST_FIGURE_GRAM], ==, 0);
  g_assert_cmpfloat (f.value[PST_FIGURE_MOMENTS], ==, 0);
  g_assert_cmpfloat (f.value[PST_FIGURE_FEATURES], >, 0.001);
  g_assert_cmpfloat (f.value[PST_FIGURE_PRESERVATION], <, 0.9);
}

/* Halfway there it is half as similar, or about. */
static void
test_between (void)
{
  g_autoptr (PstEval)    eval = new_eval (TRUE, TRUE, 1);
  g_autoptr (PstPicture) photo = new_photo ();
  g_autoptr (PstPicture) mixed = test_network_waves (96, 80, 1.1);
  double                 last = -1;

  for (int part = 0; part <= 4; part++)
    {
      g_autoptr (PstPicture) painting = test_network_waves (96, 80, 1.1);
      PstFigures             f;

      for (int i = 0; i < 96 * 80 * 3; i++)
        mixed->data[i] = (guint8) ((photo->data[i] * (4 - part) +
                                    painting->data[i] * part) / 4);
      f = measure (eval, mixed, FALSE);
      g_assert_cmpfloat (f.value[PST_FIGURE_SIMILARITY], >, last);
      last = f.value[PST_FIGURE_SIMILARITY];
    }
}

static void
test_summary (void)
{
  PstFigures all[2];

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (PstEval)    eval = new_eval (TRUE, TRUE, 1 + i);
      g_autoptr (PstPicture) photo = new_photo ();
      g_autoptr (PstPicture) painting = test_network_waves (96, 80, 1.1);
      PstFigures             a, b, *f = &all[i];
      guint                  n_flat;

      a = measure (eval, photo, TRUE);
      b = measure (eval, painting, FALSE);
      pst_eval_summarise (eval, 0, f, &n_flat);
      g_assert_cmpfloat_with_epsilon (
          f->value[PST_FIGURE_GRAM],
          (a.value[PST_FIGURE_GRAM] + b.value[PST_FIGURE_GRAM]) / 2, 1e-12);
      g_assert_cmpfloat (f->value[PST_FIGURE_RATIO], ==,
                         a.value[PST_FIGURE_RATIO]);
      g_assert_cmpfloat (f->value[PST_FIGURE_PATCHES_1], >, 0);
      g_assert_cmpfloat (f->value[PST_FIGURE_PATCHES_4], >, 0);
    }
  for (int k = 0; k < PST_N_FIGURES; k++) /* on any number of threads */
    g_assert_true (all[0].value[k] == all[1].value[k] ||
                   (isnan (all[0].value[k]) && isnan (all[1].value[k])));
}

/* The objective starts at the photo, so its own ratio is above 1. */
static void
test_ratio (void)
{
  g_autoptr (PstEval)    eval = new_eval (TRUE, TRUE, 1);
  g_autoptr (PstPicture) photo = new_photo ();
  PstFigures             f = measure (eval, photo, TRUE);

  g_assert_cmpfloat (f.value[PST_FIGURE_RATIO], >, 1.3);
  g_assert_cmpfloat (f.value[PST_FIGURE_RATIO], <, 1e4);
}

/* What there is nothing to measure with stays unknown. */
static void
test_without (void)
{
  g_autoptr (PstEval)    blind = new_eval (FALSE, TRUE, 1);
  g_autoptr (PstEval)    bare = new_eval (TRUE, FALSE, 1);
  g_autoptr (PstPicture) painting = test_network_waves (96, 80, 1.1);
  PstFigures             f;
  guint                  n_flat;

  f = measure (blind, painting, TRUE);
  g_assert_true (isnan (f.value[PST_FIGURE_GRAM]));
  g_assert_true (isnan (f.value[PST_FIGURE_FEATURES]));
  g_assert_true (isnan (f.value[PST_FIGURE_RATIO]));
  g_assert_true (isfinite (f.value[PST_FIGURE_LUMINANCE]));
  pst_eval_summarise (blind, 0, &f, &n_flat);
  g_assert_true (isfinite (f.value[PST_FIGURE_PATCHES_2]));
  f = measure (bare, painting, TRUE);
  g_assert_true (isnan (f.value[PST_FIGURE_GRAM]));
  g_assert_true (isnan (f.value[PST_FIGURE_SIMILARITY]));
  g_assert_true (isnan (f.value[PST_FIGURE_RATIO]));
  g_assert_true (isfinite (f.value[PST_FIGURE_FEATURES]));
  pst_eval_summarise (bare, 0, &f, &n_flat);
  g_assert_true (isnan (f.value[PST_FIGURE_PATCHES_2]));
}

static void
test_refusals (void)
{
  g_autoptr (PstEval)    eval = new_eval (TRUE, TRUE, 1);
  g_autoptr (PstPicture) odd = test_network_waves (80, 96, 1);
  g_autoptr (GPtrArray)  pictures = g_ptr_array_new ();
  g_autoptr (GError)     error = NULL;
  g_autoptr (PstPicture) small = test_network_waves (80, 63, 1);
  PstEvalOptions         options = { .features = network_path };
  PstFigures             f;

  g_assert_true (pst_eval_set_photo (eval, new_photo (), NULL));
  g_assert_false (pst_eval_measure (eval, 0, odd, FALSE, &f, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (pst_eval_set_photo (eval, test_network_waves (80, 63, 1),
                                      &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_ARGUMENT);
  g_clear_error (&error);
  g_ptr_array_add (pictures, small);
  g_assert_false (pst_eval_add_style (eval, pictures, NULL, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (pst_eval_new (&options, &error)); /* no relu4_1 there */
  g_assert_error (error, PST_ERROR, PST_ERROR_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "shallow, deep"));
  g_clear_error (&error);
  options.features = "/nowhere/net.onnx";
  g_assert_null (pst_eval_new (&options, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_FILE);
}

static void
test_json (void)
{
  g_autoptr (GString) json = g_string_new (NULL);
  PstFigures          figures;

  pst_figures_clear (&figures);
  figures.value[PST_FIGURE_PATCHES_2] = 0.25;
  pst_figures_append_json (&figures, json);
  g_assert_true (g_str_has_prefix (json->str, ",\"gram\":null,"));
  g_assert_nonnull (strstr (json->str, ",\"patches_2\":0.25,"));
  g_assert_true (g_str_has_suffix (json->str, ",\"preservation\":null"));
}

int
main (int argc, char **argv)
{
  g_autoptr (PstGraph) network = NULL;
  int                  status;

  g_test_init (&argc, &argv, NULL);
  network = test_network_new ();
  close (g_file_open_tmp ("pastiche-XXXXXX.onnx", &network_path, NULL));
  g_assert_true (pst_onnx_save (network, network_path, NULL));
  g_test_add_func ("/eval/ends", test_ends);
  g_test_add_func ("/eval/between", test_between);
  g_test_add_func ("/eval/summary", test_summary);
  g_test_add_func ("/eval/ratio", test_ratio);
  g_test_add_func ("/eval/without", test_without);
  g_test_add_func ("/eval/refusals", test_refusals);
  g_test_add_func ("/eval/json", test_json);
  status = test_run ();
  g_unlink (network_path);
  g_free (network_path);
  return status;
}
