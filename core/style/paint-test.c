/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/base/test-run.h"
#include "core/style/controls.h"
#include "core/style/net.h"
#include "core/style/test-reference.h"
#include "core/style/test-fixture.h"

#define TOLERANCE 1e-4f

typedef enum
{
  OPAQUE,
  HOLES,   /* hidden parts, and weakly visible ones */
  NEARLY,  /* one pixel hidden */
  BORDER,  /* all but the middle hidden */
} Alpha;

static void
set_alpha (PstPixels *pixels, Alpha alpha)
{
  int w = pixels->width, h = pixels->height;

  for (int i = 0; i < w * h && alpha != OPAQUE; i++)
    {
      double u = (i % w + 0.5) / w - 0.5, v = (i / w + 0.5) / h - 0.5;
      float *p = pixels->data + 4 * i;

      if (alpha == HOLES)
        p[3] = hypot (u, v) < 0.3 ? 0 : u < -0.4 ? 0.01f : u > 0.4 ? 0.5f : 1;
      else if (alpha == NEARLY)
        p[3] = i == w * h / 2 ? 0 : 1;
      else
        p[3] = fabs (u) < 0.3 && fabs (v) < 0.3;
      if (p[3] == 0) /* must not be read */
        p[0] = NAN;
    }
}

static const struct
{
  int    width, height;
  double area, brush; /* the base run's size follows from these */
  Alpha  alpha;
  int    n_steps;
  double strength;
} cases[] = {
  /* one step: same size, base run larger */
  { 61, 47, 1e6, 100, OPAQUE, 1, 100 },
  { 60, 40, 1e6, 100, HOLES, 1, 130 },
  { 53, 31, 2.5e5, 100, OPAQUE, 1, 100 },
  { 53, 31, 2.5e5, 100, HOLES, 1, 70 },
  { 1, 1, 1e6, 100, OPAQUE, 1, 100 },
  { 2, 7, 1e5, 100, NEARLY, 1, 100 },
  /* two steps */
  { 211, 97, 4e6, 100, OPAQUE, 2, 100 },
  { 210, 98, 9e6, 100, HOLES, 2, 100 },
  { 130, 121, 9e6, 100, NEARLY, 2, 100 },
  { 131, 67, 16e6, 100, BORDER, 2, 15 },
  { 1, 90, 9e6, 100, OPAQUE, 2, 100 },
  { 90, 1, 9e6, 100, HOLES, 2, 100 },
  { 300, 3, 9e6, 100, OPAQUE, 2, 100 },
  /* three and four */
  { 307, 203, 4e6, 400, OPAQUE, 3, 100 },
  { 203, 151, 4e6, 400, HOLES, 3, 175 },
  { 263, 190, 2e8, 300, OPAQUE, 4, 100 },
};

static void
compare (PstModel *model, const char *id, gsize i, guint n_threads)
{
  PstPixels   expected = test_new_picture (cases[i].width, cases[i].height);
  PstPixels   pixels;
  PstControls controls = PST_CONTROLS_INIT;
  PstSteps    steps;
  gboolean    one_size = pst_model_get_facts (model)->width > 0;
  float       largest = 0;

  controls.picture_area = cases[i].area;
  controls.brush_size = one_size ? 100 : cases[i].brush;
  controls.strength = cases[i].strength;
  controls.n_threads = n_threads;
  pst_controls_steps (&controls, pst_model_get_facts (model), cases[i].width,
                      cases[i].height, &steps);
  g_assert_cmpint (steps.n, ==, one_size ? 1 : cases[i].n_steps);
  set_alpha (&expected, cases[i].alpha);
  pixels = test_copy_picture (&expected);
  test_stylize (model, id, controls, &pixels);
  reference_stylize (model, pst_model_find_style (model, id), &controls,
                     &expected);
  for (int k = 0; k < pixels.width * pixels.height * 4; k++)
    if (isnan (expected.data[k]))
      g_assert_true (isnan (pixels.data[k]));
    else
      largest = MAX (largest, fabsf (pixels.data[k] - expected.data[k]));
  g_test_message ("case %d, %u threads: %g", (int) i, n_threads, largest);
  g_assert_cmpfloat (largest, <=, TOLERANCE);
  g_free (pixels.data);
  g_free (expected.data);
}

/* Row by row gives what whole pictures give. */
static void
test_reference (Fixture *fixture, gconstpointer make)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    compare (fixture->model, "stripes", i, 1 + i % 3);
}

/* With grain, in the painted style's share. */
static PstGraph *
make_grainy (void)
{
  PstGraph *graph = pst_test_model_painter ();

  pst_graph_set_metadata (graph, "pastiche.grain", "0.05");
  return graph;
}

/* Another range, order of colours and no style input. */
static PstGraph *
make_foreign (void)
{
  return pst_test_model_foreign (0, 0, 255, TRUE);
}

/* Of one size only: there the fine detail is the photo's. */
static PstGraph *
make_one_size (void)
{
  return pst_test_model_bound (64, 48);
}

static void
test_foreign (Fixture *fixture, gconstpointer make)
{
  const PstModelFacts *facts = pst_model_get_facts (fixture->model);

  g_assert_cmpint (facts->width, ==, make == make_one_size ? 64 : 0);
  g_assert_true (facts->bgr && facts->high == 255);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    compare (fixture->model, "style", i, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, make, func)                                                 \
  g_test_add (name, Fixture, make, test_set_up, func, test_tear_down)
  ADD ("/paint/reference", pst_test_model_painter, test_reference);
  ADD ("/paint/grain", make_grainy, test_reference);
  ADD ("/paint/foreign", make_foreign, test_foreign);
  ADD ("/paint/one-size", make_one_size, test_foreign);
  return test_run ();
}
