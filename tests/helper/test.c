/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program `pastiche` from outside: test HELPER MODELS [TEST-OPTION…] */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/wait.h>

#include "core/base/test-run.h"
#include "tests/helper/pictures.h"

static const char *helper;
static const char *models;
static char       *folder;

static const Kind kinds[] = {
  { ".png", 3, VIPS_FORMAT_UCHAR, FALSE, 0.006f },
  { ".png", 4, VIPS_FORMAT_UCHAR, FALSE, 0.006f },
  { ".png", 1, VIPS_FORMAT_UCHAR, FALSE, 0.006f },
  { ".png", 2, VIPS_FORMAT_UCHAR, FALSE, 0.006f },
  { ".png", 3, VIPS_FORMAT_USHORT, FALSE, 0.006f },
  { ".png", 4, VIPS_FORMAT_USHORT, TRUE, 0.006f },
  { ".png", 4, VIPS_FORMAT_UCHAR, TRUE, 0.006f },
  { ".tif", 3, VIPS_FORMAT_UCHAR, TRUE, 0.006f },
  { ".tif", 4, VIPS_FORMAT_USHORT, FALSE, 0.006f },
  { ".tif", 2, VIPS_FORMAT_USHORT, FALSE, 0.006f },
  { ".tiff", 3, VIPS_FORMAT_FLOAT, TRUE, 0.006f },
  { ".tif", 4, VIPS_FORMAT_FLOAT, TRUE, 0.006f },
  { ".webp", 3, VIPS_FORMAT_UCHAR, FALSE, 0.006f },
  { ".webp", 4, VIPS_FORMAT_UCHAR, TRUE, 0.006f },
  { ".jpg", 3, VIPS_FORMAT_UCHAR, TRUE, 6.0f / 255 },
  { ".jpeg", 1, VIPS_FORMAT_UCHAR, FALSE, 6.0f / 255 },
};

static char *
at (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

/* Runs the program; what it says on standard error in @said. */
G_GNUC_NULL_TERMINATED static int
run (char **said, ...)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_autoptr (GError)    error = NULL;
  g_autofree char      *out = NULL;
  g_autofree char      *text = NULL;
  const char           *word;
  int                   status;
  va_list               list;

  g_ptr_array_add (words, (char *) helper);
  va_start (list, said);
  while ((word = va_arg (list, const char *)))
    g_ptr_array_add (words, (char *) word);
  va_end (list);
  g_ptr_array_add (words, NULL);
  g_spawn_sync (NULL, (char **) words->pdata, NULL, G_SPAWN_DEFAULT, NULL,
                NULL, &out, &text, &status, &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (status));
  if (*text)
    g_test_message ("%s", g_strchomp (text));
  if (said)
    *said = g_strconcat (out, text, NULL);
  return WEXITSTATUS (status);
}

static char *
model (const char *name)
{
  return g_build_filename (models, name, NULL);
}

/* At strength 0 lossless formats come back to the bit; through a network that
 * changes nothing, colours survive the way to sRGB and back. */
static void
test_round_trip (gconstpointer data)
{
  const Kind           *kind = data;
  g_autofree char      *in_name = g_strconcat ("in", kind->ending, NULL);
  g_autofree char      *out_name = g_strconcat ("out", kind->ending, NULL);
  g_autofree char      *in = at (in_name);
  g_autofree char      *out = at (out_name);
  g_autofree char      *mirror = model ("mirror.onnx");
  g_autoptr (VipsImage) picture = picture_new (kind);
  g_autoptr (VipsImage) before = NULL;
  g_autoptr (VipsImage) zero = NULL;
  g_autoptr (VipsImage) full = NULL;
  gboolean              lossless = ! g_str_has_prefix (kind->ending, ".j");
  gboolean              hides = g_str_equal (kind->ending, ".webp");
  double                difference;

  picture_save (picture, in);
  before = picture_load (in);
  g_assert_cmpint (run (NULL, "apply", mirror, in, out, "--strength", "0",
                        "--quality", "100", NULL), ==, 0);
  zero = picture_load (out);
  g_assert_cmpint (zero->Bands, ==, before->Bands);
  picture_assert_same_profile (before, zero);
  difference = picture_compare (before, zero, ! hides);
  if (lossless)
    g_assert_cmpfloat (difference, ==, 0);
  else
    g_assert_cmpfloat (difference, <, kind->tolerance);

  g_assert_cmpint (run (NULL, "apply", mirror, in, out, "--quality", "100",
                        NULL), ==, 0);
  full = picture_load (out);
  g_assert_cmpint (full->Bands, ==, before->Bands + (kind->bands <= 2 ? 2 : 0));
  picture_assert_same_profile (before, full);
  difference = picture_compare (before, full, FALSE);
  g_test_message ("largest difference %.5f", difference);
  g_assert_cmpfloat (difference, <, kind->tolerance);
}

/* From one format to another: depth goes down where it must, alpha is laid
 * over white for JPEG, with a word. */
static void
test_formats (void)
{
  const Kind            deep = { ".tif", 4, VIPS_FORMAT_FLOAT, TRUE, 0 };
  g_autofree char      *in = at ("deep.tif");
  g_autofree char      *mirror = model ("mirror.onnx");
  g_autoptr (VipsImage) picture = picture_new (&deep);
  const struct
  {
    const char    *name;
    int            bands;
    VipsBandFormat depth;
  } cases[] = { { "d.jpg", 3, VIPS_FORMAT_UCHAR },
                { "d.PNG", 4, VIPS_FORMAT_USHORT },
                { "d.webp", 4, VIPS_FORMAT_UCHAR },
                { "d.tiff", 4, VIPS_FORMAT_FLOAT } };

  picture_save (picture, in);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char      *out = at (cases[i].name);
      g_autofree char      *said = NULL;
      g_autoptr (VipsImage) made = NULL;

      g_assert_cmpint (run (&said, "apply", mirror, in, out, NULL), ==, 0);
      made = picture_load (out);
      g_assert_cmpint (made->Bands, ==, cases[i].bands);
      g_assert_cmpint (made->BandFmt, ==, cases[i].depth);
      g_assert_true ((strstr (said, "JPEG") != NULL) == (i == 0));
      picture_assert_same_profile (picture, made);
      if (i == 0) /* the hole is white */
        g_assert_cmpfloat (picture_number (made, 3, 3, 1), >, 0.97);
    }
}

static void
test_exif (void)
{
  const Kind            kind = { ".jpg", 3, VIPS_FORMAT_UCHAR, FALSE, 0 };
  g_autofree char      *in = at ("turned.jpg");
  g_autofree char      *out = at ("upright.jpg");
  g_autofree char      *painter = model ("painter.onnx");
  g_autoptr (VipsImage) picture = picture_new (&kind);
  g_autoptr (VipsImage) made = NULL;
  const char           *text;
  int                   orientation = 1;

  vips_image_set_string (picture, "exif-ifd0-Artist",
                         "Someone (Someone, ASCII, 8 components, 8 bytes)");
  vips_image_set_int (picture, VIPS_META_ORIENTATION, 6);
  picture_save (picture, in);
  g_assert_cmpint (run (NULL, "apply", painter, in, out, "--style", "dots",
                        NULL), ==, 0);
  made = picture_load (out);
  g_assert_cmpint (made->Xsize, ==, PICTURE_HEIGHT);
  g_assert_cmpint (made->Ysize, ==, PICTURE_WIDTH);
  if (vips_image_get_typeof (made, VIPS_META_ORIENTATION))
    vips_image_get_int (made, VIPS_META_ORIENTATION, &orientation);
  g_assert_cmpint (orientation, ==, 1);
  g_assert_cmpint (vips_image_get_string (made, "exif-ifd0-Artist", &text), ==,
                   0);
  g_assert_true (g_str_has_prefix (text, "Someone"));
}

static void
test_cmyk (void)
{
  const Kind            kind = { ".jpg", 3, VIPS_FORMAT_UCHAR, FALSE, 0 };
  g_autofree char      *in = at ("print.jpg");
  g_autofree char      *out = at ("screen.png");
  g_autofree char      *mirror = model ("mirror.onnx");
  g_autofree char      *said = NULL;
  g_autoptr (VipsImage) picture = picture_new (&kind);
  g_autoptr (VipsImage) inks = NULL;
  g_autoptr (VipsImage) made = NULL;

  if (vips_colourspace (picture, &inks, VIPS_INTERPRETATION_CMYK, NULL) != 0)
    g_error ("%s", vips_error_buffer ());
  picture_save (inks, in);
  g_assert_cmpint (run (&said, "apply", mirror, in, out, NULL), ==, 0);
  g_assert_nonnull (strstr (said, "CMYK"));
  made = picture_load (out);
  g_assert_cmpint (made->Bands, ==, 3);
  g_assert_cmpfloat (fabs (picture_number (made, 24, 18, 0) - 0.5), <, 0.15);
}

static void
test_pages (void)
{
  const Kind            kind = { ".webp", 3, VIPS_FORMAT_UCHAR, FALSE, 0 };
  g_autofree char      *in = at ("film.webp");
  g_autofree char      *out = at ("frame.png");
  g_autofree char      *mirror = model ("mirror.onnx");
  g_autofree char      *said = NULL;
  VipsImage            *pages[2] = { picture_new (&kind), NULL };
  g_autoptr (VipsImage) film = NULL;
  g_autoptr (VipsImage) made = NULL;

  g_assert_cmpint (vips_invert (pages[0], &pages[1], NULL), ==, 0);
  g_assert_cmpint (vips_arrayjoin (pages, &film, 2, "across", 1, NULL), ==, 0);
  vips_image_set_int (film, VIPS_META_PAGE_HEIGHT, PICTURE_HEIGHT);
  picture_save (film, in);
  g_assert_cmpint (run (&said, "apply", mirror, in, out, NULL), ==, 0);
  g_assert_nonnull (strstr (said, "several pictures"));
  made = picture_load (out);
  g_assert_cmpint (made->Ysize, ==, PICTURE_HEIGHT);
  g_object_unref (pages[0]);
  g_object_unref (pages[1]);
}

/* Onto itself: read whole before it is written. */
static void
test_in_place (void)
{
  const Kind            kind = { ".png", 3, VIPS_FORMAT_UCHAR, FALSE, 0 };
  g_autofree char      *file = at ("same.png");
  g_autofree char      *mirror = model ("mirror.onnx");
  g_autoptr (VipsImage) picture = picture_new (&kind);
  g_autoptr (VipsImage) made = NULL;
  GStatBuf              mode;

  picture_save (picture, file);
  g_chmod (file, 0640);
  g_assert_cmpint (run (NULL, "apply", mirror, file, file, NULL), ==, 0);
  made = picture_load (file);
  g_assert_cmpfloat (picture_compare (picture, made, TRUE), <, 1.5 / 255);
  g_stat (file, &mode);
  g_assert_cmpint (mode.st_mode & 0777, ==, 0640);
}

static void
test_refusals (void)
{
  const Kind       kind = { ".png", 3, VIPS_FORMAT_UCHAR, FALSE, 0 };
  g_autofree char *in = at ("fine.png");
  g_autofree char *out = at ("kept.png");
  g_autofree char *odd = at ("out.xyz");
  g_autofree char *lost = at ("nowhere/out.png");
  g_autofree char *broken = at ("broken.png");
  g_autofree char *cut = at ("cut.png");
  g_autofree char *mirror = model ("mirror.onnx");
  g_autofree char *painter = model ("painter.onnx");
  g_autofree char *foreign = model ("foreign.onnx");
  g_autofree char *bytes = NULL;
  gsize            size;
  const struct
  {
    const char *model, *in, *out, *option, *value;
    int         status;
    const char *word;
  } cases[] = {
    { mirror, in, odd, NULL, NULL, 2, ".webp" },
    { mirror, in, lost, NULL, NULL, 1, "no folder" },
    { mirror, "/none.png", out, NULL, NULL, 1, "/none.png" },
    { mirror, broken, out, NULL, NULL, 1, "broken.png" },
    { mirror, cut, out, NULL, NULL, 1, "cut.png" },
    { broken, in, out, NULL, NULL, 1, "broken.png" },
    { "/none.onnx", in, out, NULL, NULL, 1, "none.onnx" },
    { "mirro", in, out, NULL, NULL, 1, "mirror" },
    { painter, in, out, NULL, NULL, 1, "--style" },
    { painter, in, out, "--style", "dot", 1, "dots" },
    { foreign, in, out, NULL, NULL, 2, "--channels" },
    { mirror, in, out, "--strength", "201", 2, "200" },
    { mirror, in, out, "--strength", "much", 2, "much" },
    { mirror, in, out, "--mix", "none:50", 1, "none" },
    { mirror, in, out, "--brush-size", "1", 2, "25" },
    { mirror, in, out, "--threads", "-1", 2, "threads" },
    { mirror, in, out, "--memory", "lots", 2, "800M" },
    { mirror, in, out, "--memory", "1k", 1, "memory" },
    { mirror, in, out, "--memory", "1MX", 2, "800M" },
    { mirror, in, out, "--quality", "0", 2, "100" },
    { mirror, in, out, "--speed", "1", 2, "--speed" },
  };
  g_autoptr (VipsImage) picture = picture_new (&kind);

  picture_save (picture, in);
  g_file_get_contents (in, &bytes, &size, NULL);
  g_file_set_contents (cut, bytes, size - 60, NULL);
  g_file_set_contents (broken, "rubbish", -1, NULL);
  g_file_set_contents (out, "mine", -1, NULL);
  g_setenv ("PASTICHE_MODELS", models, TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *said = NULL;
      g_autofree char *kept = NULL;

      g_assert_cmpint (run (&said, "apply", cases[i].model, cases[i].in,
                            cases[i].out, cases[i].option, cases[i].value,
                            NULL), ==, cases[i].status);
      g_assert_true (g_str_has_prefix (said, "pastiche: "));
      g_assert_nonnull (strstr (said, cases[i].word));
      g_assert_null (strchr (g_strchomp (said), '\n'));
      g_file_get_contents (out, &kept, NULL, NULL);
      g_assert_cmpstr (kept, ==, "mine");
    }
  g_unsetenv ("PASTICHE_MODELS");
  g_assert_cmpint (run (NULL, "apply", mirror, in, NULL), ==, 2);
  g_assert_cmpint (run (NULL, "paint", NULL), ==, 2);
  g_assert_cmpint (run (NULL, NULL), ==, 2);
  g_assert_cmpint (run (NULL, "--help", NULL), ==, 0);
  g_assert_cmpint (run (NULL, "--version", NULL), ==, 0);
}

/* What a run takes at most and at least, for two sizes. */
static void
check_memory (const char *said)
{
  const char *line = strstr (said, "Memory: ");
  double      small[2], large[2];

  g_assert_nonnull (line);
  g_assert_cmpint (sscanf (line,
                           "Memory: %lf MB for 1 megapixel (at least %lf MB), "
                           "%lf MB for 12 (at least %lf MB)\n",
                           &small[0], &small[1], &large[0], &large[1]),
                   ==, 4);
  g_assert_cmpfloat (small[1], >, 0);
  g_assert_cmpfloat (small[1], <=, small[0]);
  g_assert_cmpfloat (large[1], <=, large[0]);
  g_assert_cmpfloat (small[1], <, large[1]);
}

static void
test_info (void)
{
  g_autofree char *painter = model ("painter.onnx");
  g_autofree char *said = NULL;
  g_autofree char *recipe = NULL;
  g_autofree char *foreign = model ("foreign.onnx");
  g_autofree char *hinted = NULL;
  g_autofree char *list = NULL;
  g_auto (GStrv)   lines = NULL;

  g_assert_cmpint (run (&said, "info", painter, NULL), ==, 0);
  g_assert_nonnull (strstr (said, "stripes: Stripes, A. Painter (CC BY 4.0)"));
  g_assert_nonnull (strstr (said, "RGB, 0 to 1"));
  check_memory (said);
  g_assert_cmpint (run (&recipe, "info", "--recipe", painter, NULL), ==, 0);
  g_assert_cmpstr (recipe, ==, "# none\n");
  g_assert_cmpint (run (NULL, "info", foreign, NULL), ==, 1);
  g_assert_cmpint (run (&hinted, "info", foreign, "--channels", "rgb", NULL),
                   ==, 0);
  g_assert_nonnull (strstr (hinted, "RGB, 0 to 255"));
  g_setenv ("PASTICHE_MODELS", models, TRUE);
  g_assert_cmpint (run (&list, "info", "--list", NULL), ==, 0);
  lines = g_strsplit (list, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 4);
  g_assert_true (g_str_has_prefix (lines[0], "mirror\t"));
  g_assert_true (g_str_has_prefix (lines[1], "stripes\t")); /* as arranged */
  g_assert_true (g_str_has_prefix (lines[2], "dots\tDots\tB. Painter\t"));
  g_setenv ("PASTICHE_MODELS", "/nowhere", TRUE);
  g_assert_cmpint (run (NULL, "info", "--list", NULL), ==, 1);
  g_unsetenv ("PASTICHE_MODELS");
}

/* Nothing is left lying about under other names. */
static void
test_leftovers (void)
{
  GDir       *dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)))
    g_assert_false (g_str_has_prefix (name, "."));
  g_dir_close (dir);
}

static void
remove_folder (void)
{
  GDir       *dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)))
    {
      g_autofree char *path = at (name);

      g_unlink (path);
    }
  g_dir_close (dir);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  int status;

  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  g_setenv ("VIPS_WARNING", "0", TRUE);
  g_assert_cmpint (argc, >=, 3);
  helper = argv[1];
  models = argv[2];
  argv[2] = argv[0];
  argc -= 2;
  argv += 2;
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (VIPS_INIT (argv[0]), ==, 0);
  vips_cache_set_max (0); /* the same names come again */
  folder = g_dir_make_tmp ("pastiche-helper-XXXXXX", NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *name = NULL;

      name = g_strdup_printf ("/helper/round-trip/%s-%d-%s%s",
                              kinds[i].ending + 1, kinds[i].bands,
                              vips_enum_nick (VIPS_TYPE_BAND_FORMAT,
                                              kinds[i].depth),
                              kinds[i].wide ? "-wide" : "");
      g_test_add_data_func (name, &kinds[i], test_round_trip);
    }
  g_test_add_func ("/helper/formats", test_formats);
  g_test_add_func ("/helper/exif", test_exif);
  g_test_add_func ("/helper/cmyk", test_cmyk);
  g_test_add_func ("/helper/pages", test_pages);
  g_test_add_func ("/helper/in-place", test_in_place);
  g_test_add_func ("/helper/refusals", test_refusals);
  g_test_add_func ("/helper/info", test_info);
  g_test_add_func ("/helper/leftovers", test_leftovers);
  status = test_run ();
  remove_folder ();
  vips_shutdown ();
  return status;
}
