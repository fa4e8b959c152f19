/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/test-run.h"
#include "core/graph/test-script.h"
#include "core/onnx/onnx.h"
#include "core/style/library.h"
#include "core/style/metadata.h"
#include "core/style/model-private.h"
#include "core/style/stylize.h"
#include "core/style/test-model.h"

static void
test_metadata_round_trip (void)
{
  g_autoptr (PstGraph)    graph = pst_test_model_painter ();
  char                   *path = pst_test_model_write (graph);
  g_autoptr (GHashTable)  table = NULL;
  g_autoptr (PstMetadata) metadata = NULL;
  g_autoptr (PstModel)    model = NULL;
  g_autoptr (GError)      error = NULL;
  const PstStyle         *style;

  table = pst_onnx_load_metadata (path, &error);
  g_assert_no_error (error);
  metadata = pst_metadata_parse_table (table, path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (metadata->title, ==, "Test painters");
  g_assert_cmpuint (metadata->styles->len, ==, 3);
  style = metadata->styles->pdata[1];
  g_assert_cmpstr (style->id, ==, "stripes");
  g_assert_cmpstr (style->credit, ==, "A. Painter");
  g_assert_cmpstr (style->licence, ==, "CC BY 4.0"); /* the model's */
  g_assert_cmpuint (g_bytes_get_size (style->thumbnail), ==, 20);
  g_assert_cmpstr (style->path, ==, path);

  model = pst_model_load (path, &error);
  g_assert_no_error (error);
  g_assert_false (pst_model_is_foreign (model));
  g_assert_cmpstr (pst_model_get_title (model), ==, "Test painters");
  g_assert_cmpuint (pst_model_get_styles (model)->len, ==, 2);
  g_assert_null (pst_model_find_style (model, "identity"));
  g_assert_cmpint (pst_model_find_style (model, "Dots")->column, ==, 2);
  g_assert_cmpstr (pst_model_get_metadata (model, PST_METADATA_RECIPE), ==,
                   "# none");
  pst_test_model_remove (path);
}

static const char *
get_pair (gconstpointer source, const char *key)
{
  for (const char *const *pair = source; *pair; pair += 2)
    if (strcmp (pair[0], key) == 0)
      return pair[1];
  return NULL;
}

static void
test_metadata_damaged (void)
{
  static const char *const none[] = { NULL };
  static const char *const damaged[][12] = {
    { "pastiche.version", "2", "pastiche.styles", "1" },
    { "pastiche.version", "1" },
    { "pastiche.version", "1", "pastiche.styles", "0" },
    { "pastiche.version", "1", "pastiche.styles", "1000000" },
    { "pastiche.version", "1", "pastiche.styles", "1" },
    { "pastiche.version", "1", "pastiche.styles", "1", "pastiche.style.0.id",
      "Not An Id" },
    { "pastiche.version", "1", "pastiche.styles", "2", "pastiche.style.0.id",
      "a", "pastiche.style.1.id", "a" },
  };
  g_autoptr (GError) error = NULL;

  g_assert_null (pst_metadata_parse (get_pair, none, "x.onnx", &error));
  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (damaged); i++)
    {
      g_assert_null (pst_metadata_parse (get_pair, damaged[i], "x.onnx",
                                         &error));
      g_assert_error (error, PST_ERROR, PST_ERROR_FORMAT);
      g_test_message ("%s", error->message);
      g_clear_error (&error);
    }
}

/* Broken texts do no harm; what can be left out is. */
static void
test_metadata_tolerant (void)
{
  static const char *const odd[] = {
    "pastiche.version", "1", "pastiche.styles", "1", "pastiche.title",
    "\xff\xfe", "pastiche.style.0.id", "a", "pastiche.style.0.title",
    "\xff", "pastiche.style.0.thumbnail", "AAAA", NULL
  };
  g_autoptr (GError)      error = NULL;
  g_autoptr (PstMetadata) metadata = NULL;
  const PstStyle         *style;

  metadata = pst_metadata_parse (get_pair, odd, "x.onnx", &error);
  g_assert_no_error (error);
  style = metadata->styles->pdata[0];
  g_assert_cmpstr (metadata->title, ==, "");
  g_assert_cmpstr (style->title, ==, "a");
  g_assert_null (style->thumbnail);
}

static void
test_library (void)
{
  g_autoptr (PstGraph)   painter = pst_test_model_painter ();
  g_autoptr (PstGraph)   mirror = pst_test_model_mirror ();
  g_autoptr (PstGraph)   net = pst_test_model_foreign (0, 0, 1, FALSE);
  char                  *path_1 = pst_test_model_write (painter);
  char                  *path_2 = pst_test_model_write (mirror);
  g_autofree char       *folder_1 = g_path_get_dirname (path_1);
  g_autofree char       *folder_2 = g_path_get_dirname (path_2);
  const char            *folders[] = { folder_1, "/nowhere", folder_2, NULL };
  const char            *nowhere[] = { "/nowhere", NULL };
  g_autoptr (PstLibrary) library = NULL;
  g_autoptr (PstLibrary) empty = pst_library_new (nowhere);
  g_autoptr (GError)     error = NULL;
  g_autofree char       *broken = g_build_filename (folder_2, "a.onnx", NULL);
  g_autofree char       *other = g_build_filename (folder_1, "b.onnx", NULL);

  g_file_set_contents (broken, "rubbish", -1, NULL);
  pst_graph_set_metadata (net, PST_METADATA_TITLE, "A feature network");
  g_assert_true (pst_onnx_save (net, other, &error));
  g_test_expect_message ("pastiche", G_LOG_LEVEL_MESSAGE, "*a.onnx*");
  library = pst_library_new (folders);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (pst_library_get_styles (library)->len, ==, 3);
  g_assert_cmpstr (pst_library_find (library, "DOTS", &error)->id, ==, "dots");
  g_assert_cmpint (pst_library_find (library, "dots", &error)->column, ==, 2);
  g_assert_cmpint (pst_library_find (library, "mirror", NULL)->column, ==, -1);
  g_assert_null (pst_library_find (library, "stripe", &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_STYLE);
  g_assert_nonnull (strstr (error->message, "stripes"));
  g_clear_error (&error);
  g_assert_null (pst_library_find (empty, "dots", &error));
  g_assert_nonnull (strstr (error->message, "/nowhere"));
  g_unlink (broken);
  g_unlink (other);
  pst_test_model_remove (path_1);
  pst_test_model_remove (path_2);
}

static void
test_foreign (void)
{
  static const struct
  {
    int           width, height;
    float         white;
    gboolean      scaler;
    PstModelHints hints;
    int           code; /* -1: it loads */
    const char   *described;
  } cases[] = {
    { 0, 0, 255, TRUE, { 0, 0 }, -1, "BGR, 0 to 255" },
    { 64, 48, 255, TRUE, { 0, 0 }, -1, "BGR, 0 to 255" },
    { 0, 48, 255, TRUE, { 0, 0 }, -1, "BGR, 0 to 255" },
    { 0, 0, 255, FALSE, { 0, 0 }, PST_ERROR_ARGUMENT, NULL },
    { 0, 0, 255, FALSE, { 0, PST_ORDER_RGB }, -1, "RGB, 0 to 255" },
    { 0, 0, 1, FALSE, { 0, PST_ORDER_RGB }, -1, "RGB, 0 to 1" },
    { 0, 0, 5, FALSE, { 0, PST_ORDER_RGB }, PST_ERROR_ARGUMENT, NULL },
    { 0, 0, 1, FALSE, { PST_RANGE_SIGNED, PST_ORDER_BGR }, -1,
      "BGR, -1 to 1" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PstGraph) graph = NULL;
      g_autoptr (PstModel) model = NULL;
      g_autoptr (GError)   error = NULL;
      g_autofree char     *text = NULL;
      char                *path;

      graph = pst_test_model_foreign (cases[i].width, cases[i].height,
                                      cases[i].white, cases[i].scaler);
      path = pst_test_model_write (graph);
      model = pst_model_load_with (path, &cases[i].hints, &error);
      if (cases[i].code >= 0)
        g_assert_error (error, PST_ERROR, cases[i].code);
      else
        {
          g_assert_no_error (error);
          text = pst_model_describe (model);
          g_assert_cmpstr (text, ==, cases[i].described);
          g_assert_true (pst_model_is_foreign (model));
        }
      pst_test_model_remove (path);
    }
}

/* A network of one size paints pictures of other sizes. */
static void
test_fixed_size (void)
{
  g_autoptr (PstGraph) graph = pst_test_model_bound (64, 48);
  char                *path = pst_test_model_write (graph);
  g_autoptr (PstModel) model = pst_model_load (path, NULL);
  PstControls          controls = PST_CONTROLS_INIT;
  g_autofree char     *text = pst_model_describe (model);
  g_autoptr (GError)   error = NULL;

  g_assert_true (g_str_has_prefix (
      text, "BGR, 0 to 255, 64 × 48 pixels only (Add “"));
  for (int size = 7; size < 300; size += 140)
    {
      PstPixels pixels = { size, 100, g_new0 (float, size * 100 * 4) };

      for (int i = 0; i < size * 100 * 4; i++)
        pixels.data[i] = (i * 7919 % 1000) / 1000.0f;
      controls.brush_size = 100;
      g_assert_true (pst_stylize (
          model, pst_model_get_styles (model)->pdata[0], &controls, &pixels,
          NULL, NULL, NULL, &error));
      g_assert_no_error (error);
      controls.brush_size = 50;
      g_assert_false (pst_stylize (
          model, pst_model_get_styles (model)->pdata[0], &controls, &pixels,
          NULL, NULL, NULL, &error));
      g_assert_error (error, PST_ERROR, PST_ERROR_ARGUMENT);
      g_clear_error (&error);
      g_free (pixels.data);
    }
  pst_test_model_remove (path);
}

/* One that declares a size but doesn't need it is as good as a free one. */
static void
test_freed_size (void)
{
  char  *paths[2];
  float *results[2];

  for (int i = 0; i < 2; i++)
    {
      g_autoptr (PstGraph) graph =
          pst_test_model_foreign (i ? 64 : 0, i ? 48 : 0, 255, TRUE);
      g_autoptr (PstModel) model = NULL;
      PstControls          controls = PST_CONTROLS_INIT;
      PstPixels pixels = { 90, 70, g_new0 (float, 90 * 70 * 4) };
      g_autoptr (GError) error = NULL;

      paths[i] = pst_test_model_write (graph);
      model = pst_model_load (paths[i], &error);
      g_assert_no_error (error);
      for (int k = 0; k < 90 * 70 * 4; k++)
        pixels.data[k] = (k * 7919 % 1000) / 1000.0f;
      controls.brush_size = 50;
      g_assert_true (pst_stylize (
          model, pst_model_get_styles (model)->pdata[0], &controls, &pixels,
          NULL, NULL, NULL, &error));
      results[i] = pixels.data;
      pst_test_model_remove (paths[i]);
    }
  for (int k = 0; k < 90 * 70 * 4; k++)
    g_assert_cmpfloat_with_epsilon (results[0][k], results[1][k], 1e-5);
  g_free (results[0]);
  g_free (results[1]);
}

/* [N, H, W, 3], two at a time, with the colours put first only inside. */
static void
test_colours_last (void)
{
  const double         means[] = { 123.68, 116.779, 103.939 };
  g_autoptr (PstGraph) graph = pst_test_script (
      "x 2,64,48,3; a = Sub x f[123.68,116.779,103.939];"
      "b = Transpose a perm=[0,3,1,2];"
      "c = Conv b f(3,3,3,3)=0.001 pads=[1,1,1,1];"
      "d = Reshape c i[2,3,3072]; e = Add d f(3,1);"
      "f = Reshape e i[2,3,64,48]; g = Transpose f perm=[0,2,3,1];"
      "y = Add g f[123.68,116.779,103.939]", 13);
  g_autoptr (PstModel) model = NULL;
  g_autoptr (GError)   error = NULL;
  g_autofree char     *text = NULL;
  PstControls          controls = PST_CONTROLS_INIT;
  PstPixels            pixels = { 90, 70, g_new0 (float, 90 * 70 * 4) };
  char                *path;

  pst_graph_set_metadata (graph, "author", "Somebody");
  pst_graph_seal (graph);
  path = pst_test_model_write (graph);
  model = pst_model_load (path, &error);
  g_assert_no_error (error);
  text = pst_model_describe (model);
  g_assert_cmpstr (text, ==, "RGB, 0 to 255");
  g_assert_cmpstr (
      ((PstStyle *) pst_model_get_styles (model)->pdata[0])->credit, ==,
      "Somebody");
  for (int k = 0; k < 90 * 70 * 4; k++)
    pixels.data[k] = k % 4 == 3 || k % 4 == 1;
  g_assert_true (pst_stylize (
      model, pst_model_get_styles (model)->pdata[0], &controls, &pixels, NULL,
      NULL, NULL, &error));
  g_assert_no_error (error);
  /* all is green, so the results are near the means */
  for (int c = 0; c < 3; c++)
    g_assert_cmpfloat_with_epsilon (pixels.data[4 * (35 * 90 + 45) + c],
                                    means[c] / 255, 0.01);
  g_free (pixels.data);
  pst_test_model_remove (path);
}

static void
test_not_a_model (void)
{
  g_autoptr (PstGraph) graph = pst_graph_new ();
  PstShape             shape = PST_SHAPE (1, 5);
  PstValue            *x;
  char                *path;
  g_autoptr (GError)   error = NULL;

  x = pst_graph_add_input (graph, "x", PST_FLOAT32, &shape);
  pst_graph_add_output (graph, pst_graph_op (graph, "Relu", 1, x), "y");
  pst_graph_seal (graph);
  path = pst_test_model_write (graph);
  g_assert_null (pst_model_load (path, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  pst_test_model_remove (path);
  g_assert_null (pst_model_load ("/nowhere/x.onnx", &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_FILE);
}

/* What cannot run says which file, which node, why, and what to do. */
static void
test_refused (void)
{
  static const struct
  {
    const char *text;
    const char *parts[3];
  } cases[] = {
    { "x 1,3,64,48; y = Pad x i[0,0,1,1,0,0,1,1] mode=fancy",
      { "Pad “y”", "fancy", "Export the network again" } },
    { "x 1,3,64,48; y = Conv x f(3,4,3,3)",
      { "Conv “y”", "4 channels", "Export the network again" } },
    { "x 1,3,64,48; y = MaxPool x kernel_shape=[2,2] strides=[2,2]",
      { "1x3x", "48 × 64", "keep the size" } },
    { "x 1,3,64,48; y = Greater x f[0]",
      { "bool numbers", "float32", "can be used" } },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PstGraph) graph = pst_test_script (cases[i].text, 13);
      char                *path = pst_test_model_write (graph);
      g_autoptr (GError)   error = NULL;

      g_assert_null (pst_model_load (path, &error));
      g_assert_nonnull (error);
      g_assert_true (g_str_has_prefix (error->message, path));
      for (gsize k = 0; k < 3; k++)
        if (! strstr (error->message, cases[i].parts[k]))
          g_error ("“%s” does not tell “%s”", error->message,
                   cases[i].parts[k]);
      pst_test_model_remove (path);
    }
}

/* A network that takes too much to be tried is not tried. */
static void
test_too_large_to_try (void)
{
  g_autoptr (PstGraph) graph = pst_test_script (
      "x 1,3,8192,8192; s = ReduceSum x; y = Div x s", 11);
  const PstModelHints  hints = { .order = PST_ORDER_RGB };
  g_autoptr (GError)   error = NULL;
  char                *path = pst_test_model_write (graph);

  g_assert_null (pst_model_load_with (path, &hints, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_ARGUMENT);
  pst_test_model_remove (path);
}

/* One of ours whose inputs do not take float32. */
static void
test_other_numbers (void)
{
  static const char *const names[] = { "image", "style" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (PstGraph) graph = pst_test_model_painter ();
      g_autoptr (PstModel) model = NULL;
      g_autoptr (GError)   error = NULL;
      char                *path;

      pst_graph_find (graph, names[i])->info.dtype = PST_BOOL;
      path = pst_test_model_write (graph);
      g_assert_null (pst_model_load (path, &error));
      g_assert_error (error, PST_ERROR, PST_ERROR_FORMAT);
      pst_test_model_remove (path);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metadata/round-trip", test_metadata_round_trip);
  g_test_add_func ("/metadata/damaged", test_metadata_damaged);
  g_test_add_func ("/metadata/tolerant", test_metadata_tolerant);
  g_test_add_func ("/library/find", test_library);
  g_test_add_func ("/model/foreign", test_foreign);
  g_test_add_func ("/model/fixed-size", test_fixed_size);
  g_test_add_func ("/model/freed-size", test_freed_size);
  g_test_add_func ("/model/colours-last", test_colours_last);
  g_test_add_func ("/model/refused", test_refused);
  g_test_add_func ("/model/too-large-to-try", test_too_large_to_try);
  g_test_add_func ("/model/other-numbers", test_other_numbers);
  g_test_add_func ("/model/not-one", test_not_a_model);
  return test_run ();
}
