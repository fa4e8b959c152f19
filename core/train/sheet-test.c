/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/sheet.h"

#include <string.h>

#include "core/base/error.h"

#define WIDTH 20

static PstPicture *
filled (int width, int height, guint8 value)
{
  PstPicture *picture = pst_picture_new (width, height);

  memset (picture->data, value, (gsize) width * height * 3);
  return picture;
}

/* A block as wide as may be; half as high as may be. */
static PstPicture *
label (const char *text, int width, int height, gpointer data)
{
  g_assert_cmpint (width, ==, WIDTH);
  return filled (width, height / 2, 255);
}

static int
at (const PstSheet *sheet, int x, int y)
{
  const PstPicture *picture = pst_sheet_get_picture (sheet);

  g_assert_cmpint (x, <, picture->width);
  g_assert_cmpint (y, <, picture->height);
  return picture->data[((gsize) y * picture->width + x) * 3];
}

/* Rows of two heights, the first with titles over all but one column: cells
 * lie side by side, small pictures in the middle. */
static void
test_cells (void)
{
  static const char *const titles[] = { "a", NULL, "c" };
  const PstSheetRow        rows[] = { { 30, titles }, { 10, NULL } };
  PstTrainHost             host = { .label = label };
  g_autoptr (PstSheet)     sheet = NULL, plain = NULL;
  g_autoptr (PstPicture)   whole = filled (WIDTH, 30, 100);
  g_autoptr (PstPicture)   small = filled (4, 2, 200);
  g_autoptr (GError)       error = NULL;
  int                      gap, band, ground;

  plain = pst_sheet_new (3, WIDTH, rows, 2, &(PstTrainHost) { 0 }, 0, &error);
  g_assert_no_error (error);
  sheet = pst_sheet_new (3, WIDTH, rows, 2, &host, 0, &error);
  g_assert_no_error (error);
  gap = (pst_sheet_get_picture (plain)->width - 3 * WIDTH) / 4;
  g_assert_cmpint (pst_sheet_get_picture (plain)->height, ==, 40 + 3 * gap);
  band = pst_sheet_get_picture (sheet)->height -
         pst_sheet_get_picture (plain)->height;
  g_assert_cmpint (band, >, gap);
  ground = at (sheet, 0, 0);

  pst_sheet_put (sheet, 0, 0, whole);
  pst_sheet_put (sheet, 2, 1, small);
  g_assert_cmpint (at (sheet, gap, gap + band), ==, 100);
  g_assert_cmpint (at (sheet, gap + WIDTH - 1, gap + band + 29), ==, 100);
  g_assert_cmpint (at (sheet, gap - 1, gap + band), ==, ground);
  g_assert_cmpint (at (sheet, gap + WIDTH, gap + band), ==, ground);
  g_assert_cmpint (at (sheet, gap, gap + band - 1), ==, ground);
  g_assert_cmpint (at (sheet, gap, gap), ==, 255); /* a title */
  g_assert_cmpint (at (sheet, 2 * gap + WIDTH, gap), ==, ground);
  g_assert_cmpint (at (sheet, 3 * gap + 2 * WIDTH, gap), ==, 255);

  g_assert_cmpint (at (sheet, 3 * gap + 2 * WIDTH + 8, 2 * gap + band + 34),
                   ==, 200);
  g_assert_cmpint (at (sheet, 3 * gap + 2 * WIDTH + 11, 2 * gap + band + 35),
                   ==, 200);
  g_assert_cmpint (at (sheet, 3 * gap + 2 * WIDTH + 7, 2 * gap + band + 34),
                   ==, ground);
  g_assert_cmpint (at (sheet, 3 * gap + 2 * WIDTH + 8, 2 * gap + band + 33),
                   ==, ground);
}

static void
test_limits (void)
{
  static const struct
  {
    int     columns, height;
    guint64 budget;
  } cases[] = { { 3, 70000, 0 }, { 4000, 5, 0 }, { 3, 30, 1000 } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const PstSheetRow    row = { cases[i].height, NULL };
      g_autoptr (GError)   error = NULL;
      g_autoptr (PstSheet) sheet = NULL;

      sheet = pst_sheet_new (cases[i].columns, WIDTH, &row, 1,
                             &(PstTrainHost) { 0 }, cases[i].budget, &error);
      g_assert_null (sheet);
      g_assert_error (error, PST_ERROR, PST_ERROR_MEMORY);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sheet/cells", test_cells);
  g_test_add_func ("/sheet/limits", test_limits);
  return g_test_run ();
}
