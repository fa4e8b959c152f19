/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What needs neither a display nor a model. */
#include "core/base/test-run.h"
#include "ui/canvas.h"
#include "ui/job.h"

static PstCanvas *
canvas_new (int width, int height)
{
  PstCanvas *canvas = pst_canvas_new (width, height);

  for (int i = 0; i < width * height * 4; i++)
    canvas->pixels.data[i] = (float) i;
  return canvas;
}

static void
test_cut (void)
{
  g_autoptr (PstCanvas) canvas = canvas_new (7, 5);
  PstPixels piece;

  canvas->x = 2;
  canvas->y = 1;
  canvas->width = 3;
  canvas->height = 4;
  piece = pst_canvas_cut (canvas);
  g_assert_cmpint (piece.width, ==, 3);
  g_assert_cmpint (piece.height, ==, 4);
  for (int y = 0; y < 4; y++)
    for (int x = 0; x < 3; x++)
      g_assert_cmpfloat (piece.data[(y * 3 + x) * 4], ==,
                         ((y + 1) * 7 + x + 2) * 4);
  g_free (piece.data);
}

/* What is not changed comes back as it was, with a mask and without. */
static void
test_paste_same (void)
{
  g_autoptr (PstCanvas) canvas = canvas_new (6, 4);
  PstPixels piece;
  PstPixels whole;

  for (int masked = 0; masked < 2; masked++)
    {
      if (masked)
        canvas->mask = g_new0 (float, 6 * 4);
      piece = pst_canvas_cut (canvas);
      whole = pst_canvas_paste (canvas, &piece);
      g_assert_cmpmem (whole.data, 6 * 4 * 16, canvas->pixels.data,
                       6 * 4 * 16);
      g_free (piece.data);
      g_free (whole.data);
    }
}

/* A mask lets its share through, of colour only, within the piece only. */
static void
test_paste_masked (void)
{
  g_autoptr (PstCanvas) canvas = canvas_new (4, 3);
  PstPixels piece;
  PstPixels whole;

  canvas->x = 1;
  canvas->width = 2;
  canvas->mask = g_new (float, 12);
  for (int i = 0; i < 12; i++)
    canvas->mask[i] = 0.25f;
  piece = pst_canvas_cut (canvas);
  for (int i = 0; i < 2 * 3 * 4; i++)
    piece.data[i] += 8.0f;
  whole = pst_canvas_paste (canvas, &piece);
  for (int y = 0; y < 3; y++)
    for (int x = 0; x < 4; x++)
      for (int c = 0; c < 4; c++)
        {
          int   i = (y * 4 + x) * 4 + c;
          float more = (c < 3 && (x == 1 || x == 2)) ? 2.0f : 0.0f;

          g_assert_cmpfloat (whole.data[i], ==,
                             canvas->pixels.data[i] + more);
        }
  g_free (piece.data);
  g_free (whole.data);
}

static void
on_tick (PstJob *job, gpointer data)
{
  if (pst_job_is_done (job))
    g_main_loop_quit (data);
}

static PstJob *
start (PstCache *cache, PstStyle *style, GMainLoop *loop)
{
  PstControls controls = PST_CONTROLS_INIT;
  PstPixels   pixels = { 2, 2, g_new0 (float, 16) };

  *style = (PstStyle){ .id = (char *) "none", .title = (char *) "None",
                       .column = -1, .path = (char *) "/nowhere.onnx" };
  return pst_job_start (cache, style, &controls, pixels, on_tick, loop);
}

/* A job that fails says so once, and hands over nothing. */
static void
test_job_fails (void)
{
  g_autoptr (PstCache)  cache = pst_cache_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError)    error = NULL;
  PstPixels             pixels = { 0 };
  PstStyle              style;
  PstJob               *job = start (cache, &style, loop);

  g_main_loop_run (loop);
  g_assert_true (pst_job_is_done (job));
  g_assert_false (pst_job_finish (job, &pixels, &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_FILE);
  g_assert_null (pixels.data);
}

/* Freeing a job waits for it, whether it is done or not. */
static void
test_job_free (void)
{
  g_autoptr (PstCache)  cache = pst_cache_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  PstStyle              style;

  for (int i = 0; i < 20; i++)
    pst_job_free (start (cache, &style, loop));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ui/canvas/cut", test_cut);
  g_test_add_func ("/ui/canvas/paste-same", test_paste_same);
  g_test_add_func ("/ui/canvas/paste-masked", test_paste_masked);
  g_test_add_func ("/ui/job/fails", test_job_fails);
  g_test_add_func ("/ui/job/free", test_job_free);
  return test_run ();
}
