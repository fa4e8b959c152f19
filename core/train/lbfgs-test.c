/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/base/test-run.h"
#include "core/train/lbfgs.h"

#define N 40

typedef struct
{
  int    calls;
  double best;
} Count;

static double
note (Count *count, double value)
{
  count->calls++;
  count->best = MIN (count->best, value);
  return value;
}

/* Half the sum of (i + 1)² (x - i / 10)²: curvatures from 1 to 1600. */
static double
quadratic (const float *x, float *gradient, gpointer data)
{
  double value = 0;

  for (int i = 0; i < N; i++)
    {
      double c = (i + 1.0) * (i + 1.0), d = x[i] - i / 10.0;

      value += 0.5 * c * d * d;
      gradient[i] = (float) (c * d);
    }
  return note (data, value);
}

/* Rosenbrock 1960 */
static double
rosenbrock (const float *x, float *gradient, gpointer data)
{
  double a = 1 - x[0], b = x[1] - (double) x[0] * x[0];

  gradient[0] = (float) (-2 * a - 400 * b * x[0]);
  gradient[1] = (float) (200 * b);
  return note (data, a * a + 100 * b * b);
}

/* -log (1 - x²) - x / 2, not a number outside -1 to 1; least at √5 - 2. */
static double
walled (const float *x, float *gradient, gpointer data)
{
  double t = x[0];

  gradient[0] = (float) (2 * t / (1 - t * t) - 0.5);
  return note (data, fabs (t) < 1 ? -log (1 - t * t) - t / 2 : NAN);
}

static double
nothing (const float *x, float *gradient, gpointer data)
{
  gradient[0] = 0;
  return note (data, NAN);
}

static void
minimise (gsize n, float *x, PstLbfgsFunc func, int evaluations, double first,
          PstLbfgsResult *result)
{
  Count           count = { 0, INFINITY };
  PstLbfgsOptions options = { 10, evaluations, first, 0 };
  g_autofree float *gradient = g_new (float, n);
  GError         *error = NULL;

  g_assert_true (pst_lbfgs (n, x, func, &count, &options, result, &error));
  g_assert_no_error (error);
  g_assert_cmpint (count.calls, ==, result->evaluations);
  g_assert_cmpint (count.calls, <=, evaluations);
  g_assert_cmpfloat (result->value, <=, result->first);
  /* x is where the value was found */
  g_assert_cmpfloat (func (x, gradient, &count), ==, result->value);
}

static void
test_quadratic (void)
{
  float          x[N] = { 0 };
  PstLbfgsResult result;

  minimise (N, x, quadratic, 100, 1, &result);
  g_assert_cmpfloat (result.value, <, 1e-7 * result.first);
  for (int i = 0; i < N; i++)
    g_assert_cmpfloat_with_epsilon (x[i], i / 10.0, 1e-3);
}

static void
test_rosenbrock (void)
{
  float          x[2] = { -1.2f, 1 };
  PstLbfgsResult result;

  minimise (2, x, rosenbrock, 80, 0.1, &result);
  g_assert_cmpfloat (result.value, <, 1e-9);
  g_assert_cmpfloat_with_epsilon (x[0], 1, 1e-4);
  g_assert_cmpfloat_with_epsilon (x[1], 1, 1e-4);
}

/* Nowhere in the middle of a line search is a bad place to stop. */
static void
test_few (void)
{
  for (int most = 1; most < 40; most++)
    {
      float          x[2] = { -1.2f, 1 };
      PstLbfgsResult result;

      minimise (2, x, rosenbrock, most, 100, &result);
      g_assert_cmpint (result.steps, <, most);
    }
}

static void
test_wall (void)
{
  for (double first = 0.01; first < 1e4; first *= 10)
    {
      float          x = -0.9f;
      PstLbfgsResult result;

      minimise (1, &x, walled, 60, first, &result);
      g_assert_cmpfloat_with_epsilon (x, sqrt (5) - 2, 1e-3);
    }
}

static void
test_refusals (void)
{
  float           x = 0;
  Count           count = { 0 };
  PstLbfgsOptions options = { 10, 5, 1, 0 };
  PstLbfgsResult  result;
  GError         *error = NULL;

  g_assert_false (pst_lbfgs (1, &x, nothing, &count, &options, &result,
                             &error));
  g_assert_error (error, PST_ERROR, PST_ERROR_DIVERGED);
  g_clear_error (&error);
  pst_memory_fail_after (0);
  g_assert_false (pst_lbfgs (1, &x, walled, &count, &options, &result,
                             &error));
  pst_memory_fail_after (-1);
  g_assert_error (error, PST_ERROR, PST_ERROR_MEMORY);
  g_clear_error (&error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lbfgs/quadratic", test_quadratic);
  g_test_add_func ("/lbfgs/rosenbrock", test_rosenbrock);
  g_test_add_func ("/lbfgs/few", test_few);
  g_test_add_func ("/lbfgs/wall", test_wall);
  g_test_add_func ("/lbfgs/refusals", test_refusals);
  return test_run ();
}
