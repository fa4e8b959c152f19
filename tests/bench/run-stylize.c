/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Paints a picture as a host does, through pst_stylize():
 *
 *   run-stylize MODEL WIDTHxHEIGHT INPUT THREADS [MB]
 *
 * INPUT holds bare float32 numbers, [H, W, 3], and so does what is saved. Waits
 * for commands (serve.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/pst.h"
#include "tests/bench/serve.h"

typedef struct
{
  PstModel   *model;
  PstControls controls;
  PstPixels   photo;
  PstPixels   pixels;
} Painting;

/* Reads a row at a time, so that the peak of memory is not the reader's. */
static gboolean
read_photo (Painting *painting, const char *path)
{
  gsize             row = painting->photo.width;
  g_autofree float *numbers = g_new (float, row * 3);
  float            *to = painting->photo.data;
  FILE             *file = fopen (path, "rb");
  gboolean          done = file != NULL;

  for (int y = 0; done && y < painting->photo.height; y++)
    {
      done = fread (numbers, sizeof (float), row * 3, file) == row * 3;
      for (gsize x = 0; done && x < row; x++, to += 4)
        {
          memcpy (to, numbers + 3 * x, 3 * sizeof (float));
          to[3] = 1;
        }
    }
  if (file)
    fclose (file);
  return done;
}

static double
pass (gpointer data)
{
  Painting          *painting = data;
  g_autoptr (GError) error = NULL;
  GPtrArray         *styles = pst_model_get_styles (painting->model);
  gsize              size = (gsize) painting->photo.width *
               painting->photo.height * 4 * sizeof (float);
  double begin;

  memcpy (painting->pixels.data, painting->photo.data, size);
  begin = bench_now ();
  if (! pst_stylize (painting->model, styles->pdata[0], &painting->controls,
                     &painting->pixels, NULL, NULL, NULL, &error))
    {
      fprintf (stderr, "run-stylize: %s\n", error->message);
      exit (1);
    }
  return bench_now () - begin;
}

/* [H, W, 3], as the input. */
static gboolean
save (gpointer data, const char *path, GError **error)
{
  const PstPixels  *pixels = &((Painting *) data)->pixels;
  gsize             row = pixels->width;
  g_autofree float *numbers = g_new (float, row * 3);
  const float      *from = pixels->data;
  FILE             *file = fopen (path, "wb");
  gboolean          done = file != NULL;

  for (int y = 0; done && y < pixels->height; y++)
    {
      for (gsize x = 0; x < row; x++, from += 4)
        memcpy (numbers + 3 * x, from, 3 * sizeof (float));
      done = fwrite (numbers, sizeof (float), row * 3, file) == row * 3;
    }
  if (file && fclose (file) != 0)
    done = FALSE;
  if (! done)
    g_set_error (error, PST_ERROR, PST_ERROR_FILE, "%s cannot be written",
                 path);
  return done;
}

static float *
new_pixels (const PstPixels *pixels)
{
  return g_new0 (float, (gsize) pixels->width *pixels->height * 4);
}

int
main (int argc, char **argv)
{
  Painting           painting = { .controls = PST_CONTROLS_INIT };
  BenchService       service = { .made = "", .pass = pass, .save = save };
  g_autoptr (GError) error = NULL;
  guint64            most = 0;

  if (argc < 5 || sscanf (argv[2], "%dx%d", &painting.photo.width,
                          &painting.photo.height) != 2)
    {
      fprintf (stderr,
               "usage: run-stylize MODEL WIDTHxHEIGHT INPUT THREADS [MB]\n");
      return 2;
    }
  painting.controls.n_threads = (guint) atoi (argv[4]);
  most = argc > 5 ? (guint64) atoi (argv[5]) * 1000000 : 0;
  painting.controls.memory = most;
  painting.pixels = painting.photo;
  painting.photo.data = new_pixels (&painting.photo);
  painting.pixels.data = new_pixels (&painting.pixels);
  if (! read_photo (&painting, argv[3]))
    {
      fprintf (stderr, "run-stylize: the picture is missing or short\n");
      return 1;
    }
  memcpy (painting.pixels.data, painting.photo.data,
          (gsize) painting.photo.width * painting.photo.height * 16);
  service.before = bench_status ("VmRSS:");
  painting.model = pst_model_load (argv[1], &error);
  if (! painting.model ||
      ! pst_stylize_memory (painting.model, &painting.controls,
                            painting.photo.width, painting.photo.height,
                            &service.engine, &error))
    {
      fprintf (stderr, "run-stylize: %s\n", error->message);
      return 1;
    }
  return bench_serve (&service, &painting, NULL) ? 0 : 1;
}
