/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/style/controls.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "core/base/error.h"
#include "core/style/net.h"

#define BASE_AREA 1e6        /* pixels of the base run at 100 % */
#define SAME_SIZE 0.03       /* a change of size that nobody sees */
#define MAX_STEP 4.5         /* how much larger one step is than the last */
#define MAX_BASE_SIDE 65536  /* of pictures that are one long line */
#define FULL_MIX 0.2f        /* below this strength the photo is mixed in */

static gboolean
check_percent (const char *name, double value, double min, double max,
               GError **error)
{
  if (value >= min && value <= max)
    return TRUE;
  g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
               _ ("The %s must be between %g and %g percent, not %g."), name,
               min, max, value);
  return FALSE;
}

gboolean
pst_controls_check (const PstControls *controls, const PstModelFacts *facts,
                    GError **error)
{
  if (! check_percent (_ ("strength"), controls->strength, PST_STRENGTH_MIN,
                       PST_STRENGTH_MAX, error) ||
      ! check_percent (_ ("brush size"), controls->brush_size, PST_BRUSH_MIN,
                       PST_BRUSH_MAX, error))
    return FALSE;
  if (controls->second &&
      ! check_percent (_ ("mix"), controls->mix, 0, 100, error))
    return FALSE;
  if (! (controls->picture_area >= 0 && controls->picture_area <= 1e11))
    {
      g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                   _ ("The area of the picture is out of range: %g pixels."),
                   controls->picture_area);
      return FALSE;
    }
  if (controls->n_threads > 256)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                   _ ("There can be at most 256 threads, not %u."),
                   controls->n_threads);
      return FALSE;
    }
  if (facts->width && controls->brush_size != 100)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                   _ ("This model works at %d × %d pixels only, so its brush "
                      "size cannot be changed; set it to 100 percent."),
                   facts->width, facts->height);
      return FALSE;
    }
  return TRUE;
}

/* How many pixels of the base run stand for one of the picture's, along an
 * edge. */
static double
base_scale (const PstControls *controls, const PstModelFacts *facts, int width,
            int height)
{
  double area = controls->picture_area;
  double scale;

  if (facts->width || facts->height)
    {
      int room_x = facts->width ? facts->width : G_MAXINT;
      int room_y = facts->height ? facts->height : G_MAXINT;

      room_x = MAX (room_x - 2 * PST_NET_FIXED_MARGIN, 1);
      room_y = MAX (room_y - 2 * PST_NET_FIXED_MARGIN, 1);
      return MIN ((double) room_x / width, (double) room_y / height);
    }
  if (area == 0)
    area = (double) width * height;
  scale = sqrt (BASE_AREA / area) * 100 / controls->brush_size;
  if (fabs (log (scale)) < SAME_SIZE)
    return 1;
  return MIN (scale, MAX ((double) MAX_BASE_SIDE / MAX (width, height), 1));
}

void
pst_controls_steps (const PstControls *controls, const PstModelFacts *facts,
                    int width, int height, PstSteps *steps)
{
  double scale = base_scale (controls, facts, width, height);
  int    n_more = scale < 1 ? ceil (log (1 / scale) / log (MAX_STEP)) : 0;

  if (facts->width || facts->height)
    n_more = 0;
  n_more = MIN (n_more, PST_MAX_STEPS - 1);
  steps->n = 0;
  for (int i = 0; i <= n_more; i++)
    {
      double part = n_more ? (double) (n_more - i) / n_more : 1;
      double factor = pow (scale, part);
      int    w = MAX ((int) lround (width * factor), 1);
      int    h = MAX ((int) lround (height * factor), 1);

      if (steps->n && steps->width[steps->n - 1] == w &&
          steps->height[steps->n - 1] == h)
        continue; /* a few pixels of a large picture */
      steps->width[steps->n] = w;
      steps->height[steps->n++] = h;
    }
}

gboolean
pst_steps_enlarge (const PstSteps *steps, int width, int height)
{
  return steps->width[steps->n - 1] < width
         || steps->height[steps->n - 1] < height;
}

float
pst_controls_weights (const PstControls *controls, const PstModelFacts *facts,
                      int column, int second, float *weights)
{
  float strength = controls->strength / 100;
  float mix = controls->second ? controls->mix / 100 : 0;
  float t;

  for (int k = 0; k < facts->n_columns; k++)
    weights[k] = 0;
  if (! facts->identity)
    {
      if (facts->n_columns)
        {
          weights[column] = 1 - mix;
          weights[second] += mix;
        }
      return strength;
    }
  weights[0] = 1 - strength;
  weights[column] += strength * (1 - mix);
  weights[second] += strength * mix;
  /* The identity style is close to the photo but not the same, so the last
   * bit of the way is mixed. */
  t = MIN (strength / FULL_MIX, 1);
  return t * (2 - t);
}
