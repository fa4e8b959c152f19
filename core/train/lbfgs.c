/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/lbfgs.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/memory.h"

#define ARMIJO 1e-4
#define CURVATURE 0.9
#define LONGER 4    /* how much a step grows that was too short */
#define MOST_ZOOMS 12
#define CURVED 1e-10 /* least s y / |y|² of a pair that is kept */

/* A point on the line: how far, and value and slope there. */
typedef struct
{
  double at;
  double value;
  double slope;
} Point;

typedef struct
{
  gsize        n;
  PstLbfgsFunc func;
  gpointer     data;
  int          left;      /* evaluations */
  float       *block;     /* all of the following */
  gsize        bytes;
  float       *x;         /* the caller's: where we stand */
  float       *gradient;  /* there */
  float       *direction;
  float       *trial;     /* the last place looked at */
  float       *slope;     /* the gradient there */
  double       tried;     /* its distance along the direction */
  int          memory;
  int          kept;      /* pairs */
  int          newest;
  float       *s;         /* [memory, n]: steps */
  float       *y;         /* and how the gradient changed */
  double      *rho;       /* 1 / (s y) */
  double      *alpha;
} Search;

static double
dot (const Search *search, const float *a, const float *b)
{
  double sum = 0;

  for (gsize i = 0; i < search->n; i++)
    sum += (double) a[i] * b[i];
  return sum;
}

/* to += factor x */
static void
add (const Search *search, double factor, const float *x, float *to)
{
  float f = (float) factor;

  for (gsize i = 0; i < search->n; i++)
    to[i] += f * x[i];
}

static gboolean
search_init (Search *search, int memory, GError **error)
{
  gsize n = search->n;

  search->memory = memory;
  search->bytes = sizeof (float) * n * (4 + 2 * (gsize) memory);
  search->block = pst_memory_try_alloc (search->bytes);
  if (! search->block)
    {
      g_set_error_literal (error, PST_ERROR, PST_ERROR_MEMORY,
                           _ ("There is no memory to optimise this picture"));
      return FALSE;
    }
  search->gradient = search->block;
  search->direction = search->gradient + n;
  search->trial = search->direction + n;
  search->slope = search->trial + n;
  search->s = search->slope + n;
  search->y = search->s + n * memory;
  search->rho = g_new0 (double, memory);
  search->alpha = g_new0 (double, memory);
  return TRUE;
}

static void
search_clear (Search *search)
{
  if (search->block)
    pst_memory_free (search->block, search->bytes);
  g_free (search->rho);
  g_free (search->alpha);
}

/* Algorithm 7.4: direction = - H gradient. */
static void
find_direction (Search *search)
{
  gsize  n = search->n;
  float *q = search->direction;

  memcpy (q, search->gradient, sizeof (float) * n);
  for (int k = 0; k < search->kept; k++)
    {
      int i = (search->newest + search->memory - k) % search->memory;

      search->alpha[i] = search->rho[i] * dot (search, search->s + i * n, q);
      add (search, -search->alpha[i], search->y + i * n, q);
    }
  if (search->kept)
    {
      const float *y = search->y + search->newest * n;
      float        scale;

      scale = (float) (1 / (search->rho[search->newest] * dot (search, y, y)));
      for (gsize i = 0; i < n; i++)
        q[i] *= scale;
    }
  for (int k = search->kept - 1; k >= 0; k--)
    {
      int    i = (search->newest + search->memory - k) % search->memory;
      double beta = search->rho[i] * dot (search, search->y + i * n, q);

      add (search, search->alpha[i] - beta, search->s + i * n, q);
    }
  for (gsize i = 0; i < n; i++)
    q[i] = -q[i];
}

static Point
look (Search *search, double at)
{
  Point point = { at, 0, 0 };

  memcpy (search->trial, search->x, sizeof (float) * search->n);
  add (search, at, search->direction, search->trial);
  search->tried = at;
  search->left--;
  point.value = search->func (search->trial, search->slope, search->data);
  point.slope = dot (search, search->slope, search->direction);
  if (! isfinite (point.value) || ! isfinite (point.slope))
    point.value = INFINITY;
  return point;
}

/* Eq. 3.59, kept off the ends by a tenth; the middle where it says nothing. */
static double
between (const Point *a, const Point *b)
{
  double low = MIN (a->at, b->at), size = fabs (b->at - a->at);
  double d1, d2, at = NAN;

  if (isfinite (a->value) && isfinite (b->value))
    {
      d1 = a->slope + b->slope -
           3 * (a->value - b->value) / (a->at - b->at);
      d2 = d1 * d1 - a->slope * b->slope;
      d2 = d2 > 0 ? copysign (sqrt (d2), b->at - a->at) : NAN;
      at = b->at - (b->at - a->at) * (b->slope + d2 - d1) /
                     (b->slope - a->slope + 2 * d2);
    }
  if (! isfinite (at))
    return low + size / 2;
  return CLAMP (at, low + 0.1 * size, low + 0.9 * size);
}

static gboolean
falls (const Point *point, const Point *start)
{
  return point->value <=
         start->value + ARMIJO * point->at * start->slope;
}

static gboolean
is_flat (const Point *point, const Point *start)
{
  return fabs (point->slope) <= -CURVATURE * start->slope;
}

/* Algorithm 3.6: @low is the better end. */
static Point
zoom (Search *search, const Point *start, Point low, Point high)
{
  for (int i = 0; i < MOST_ZOOMS && search->left > 0; i++)
    {
      Point point = look (search, between (&low, &high));

      if (! falls (&point, start) || point.value >= low.value)
        {
          high = point;
          continue;
        }
      if (is_flat (&point, start))
        return point;
      if (point.slope * (high.at - low.at) >= 0)
        high = low;
      low = point;
    }
  return low;
}

/* Algorithm 3.5. Returns a point that is better than @start, or @start. */
static Point
walk (Search *search, const Point *start, double first)
{
  Point  last = *start;
  double at = first;

  while (search->left > 0)
    {
      Point point = look (search, at);

      if (! falls (&point, start) ||
          (last.at > 0 && point.value >= last.value))
        return zoom (search, start, last, point);
      if (is_flat (&point, start))
        return point;
      if (point.slope >= 0)
        return zoom (search, start, point, last);
      last = point;
      at *= LONGER;
    }
  return last;
}

/* Goes to @point and remembers the way. FALSE where no look is left to learn
 * the gradient there. */
static gboolean
arrive (Search *search, const Point *point)
{
  gsize  n = search->n;
  int    i = search->kept ? (search->newest + 1) % search->memory : 0;
  float *s = search->s + i * n, *y = search->y + i * n;
  double sy;

  if (search->tried != point->at)
    {
      if (search->left == 0)
        {
          add (search, point->at, search->direction, search->x);
          return FALSE;
        }
      look (search, point->at);
    }
  for (gsize k = 0; k < n; k++)
    {
      s[k] = search->trial[k] - search->x[k];
      y[k] = search->slope[k] - search->gradient[k];
    }
  memcpy (search->x, search->trial, sizeof (float) * n);
  memcpy (search->gradient, search->slope, sizeof (float) * n);
  sy = dot (search, s, y);
  if (sy > CURVED * dot (search, y, y))
    {
      search->rho[i] = 1 / sy;
      search->newest = i;
      search->kept = MIN (search->kept + 1, search->memory);
    }
  else if (search->kept == search->memory)
    search->kept--; /* the oldest pair was written over */
  return TRUE;
}

/* Algorithm 7.5. */
static void
descend (Search *search, const PstLbfgsOptions *options,
         PstLbfgsResult *result)
{
  Point  here = { 0, result->value, 0 };
  double length = sqrt (dot (search, search->gradient, search->gradient));
  double enough = options->tolerance * length;

  while (search->left > 0 && length > enough)
    {
      double first = search->kept ? 1 : options->first / length;
      Point  next;

      find_direction (search);
      here.slope = dot (search, search->direction, search->gradient);
      next = here.slope < 0 ? walk (search, &here, first) : here;
      if (! (next.value < here.value))
        {
          if (search->kept == 0)
            return;
          search->kept = 0; /* along the gradient, then */
          continue;
        }
      here.value = result->value = next.value;
      result->steps++;
      if (! arrive (search, &next))
        return;
      length = sqrt (dot (search, search->gradient, search->gradient));
    }
}

gboolean
pst_lbfgs (gsize n, float *x, PstLbfgsFunc func, gpointer data,
           const PstLbfgsOptions *options, PstLbfgsResult *result,
           GError **error)
{
  Search   search = { .n = n, .func = func, .data = data, .x = x };
  gboolean done;

  g_return_val_if_fail (options->memory > 0 && options->evaluations > 0,
                        FALSE);

  if (! search_init (&search, options->memory, error))
    return FALSE;
  search.left = options->evaluations - 1;
  memset (result, 0, sizeof *result);
  result->first = result->value = func (x, search.gradient, data);
  done = isfinite (result->value);
  if (done)
    descend (&search, options, result);
  else
    g_set_error_literal (error, PST_ERROR, PST_ERROR_DIVERGED,
                         _ ("The picture cannot be optimised: the losses are "
                            "not finite at the start"));
  result->evaluations = options->evaluations - search.left;
  search_clear (&search);
  return done;
}
