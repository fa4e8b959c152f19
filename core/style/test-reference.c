/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/style/test-reference.h"

#include <math.h>
#include <string.h>

#include "core/style/controls.h"
#include "core/style/metadata.h"
#include "core/style/net.h"

static PstImage *
new_image (int width, int height, int channels)
{
  PstImage *image = pst_image_new (width, height, channels, NULL);

  g_assert_nonnull (image);
  return image;
}

static double
clip (double x)
{
  return x > 0 ? MIN (x, 1) : 0;
}

/* Scaling */

static double
kernel (double x, gboolean reduce)
{
  x = fabs (x);
  if (reduce)
    return x >= 1     ? 0
           : x < 1e-9 ? 1
                      : sin (G_PI * x) / (G_PI * x)
                        * (0.54 + 0.46 * cos (G_PI * x));
  return x < 1   ? 1.5 * x * x * x - 2.5 * x * x + 1
         : x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2
                 : 0;
}

/* Weights of all old samples for new sample @i. */
static void
weigh (int n_from, int n_to, int i, double *weight)
{
  double ratio = (double) n_from / n_to;
  double sum = 0;

  for (int k = 0; k < n_from; k++)
    {
      double distance = k + 0.5 - (i + 0.5) * ratio;

      weight[k] = n_from == n_to ? k == i
                                 : kernel (ratio > 1 ? distance / ratio
                                                     : distance,
                                           ratio > 1);
      sum += weight[k];
    }
  for (int k = 0; k < n_from; k++)
    weight[k] /= sum;
}

/* Along one axis: @outer lines of samples, @inner floats each. */
static void
scale_axis (const float *from, int n_from, int n_to, int outer, int inner,
            float *to)
{
  g_autofree double *weight = g_new (double, n_from);

  for (int i = 0; i < n_to; i++)
    {
      weigh (n_from, n_to, i, weight);
      for (int o = 0; o < outer; o++)
        for (int c = 0; c < inner; c++)
          {
            double sum = 0;

            for (int k = 0; k < n_from; k++)
              sum += weight[k] * from[(o * n_from + k) * inner + c];
            to[(o * n_to + i) * inner + c] = sum;
          }
    }
}

PstImage *
reference_scale (const PstImage *from, int width, int height)
{
  PstImage            *to = new_image (width, height, from->channels);
  g_autoptr (PstImage) wide = new_image (width, from->height, from->channels);

  scale_axis (from->data, from->width, width, from->height, from->channels,
              wide->data);
  scale_axis (wide->data, from->height, height, 1, width * from->channels,
              to->data);
  return to;
}

/* Hidden parts */

static PstImage *
pull (const PstImage *fine)
{
  PstImage *coarse = new_image ((fine->width + 1) / 2, (fine->height + 1) / 2,
                                4);

  for (int i = 0; i < coarse->width * coarse->height; i++)
    {
      int    x = i % coarse->width * 2, y = i / coarse->width * 2;
      double sum[4] = { 0 };

      for (int v = y; v < MIN (y + 2, fine->height); v++)
        for (int u = x; u < MIN (x + 2, fine->width); u++)
          for (int c = 0; c < 4; c++)
            sum[c] += pst_image_row (fine, v)[4 * u + c];
      for (int c = 0; c < 4; c++)
        coarse->data[4 * i + c] = sum[c] / MAX (sum[3], 1);
    }
  return coarse;
}

static const float *
pixel (const PstImage *image, int x, int y)
{
  return pst_image_row (image, CLAMP (y, 0, image->height - 1))
         + image->channels * CLAMP (x, 0, image->width - 1);
}

static void
push (const PstImage *coarse, PstImage *fine)
{
  for (int i = 0; i < fine->width * fine->height; i++)
    {
      int    x = i % fine->width, y = i / fine->width;
      int    u = x & 1 ? 1 : -1, v = y & 1 ? 1 : -1;
      float *to = fine->data + 4 * i;

      for (int c = 0; c < 3; c++)
        to[c] += (1 - to[3])
                 * (0.5625f * pixel (coarse, x / 2, y / 2)[c]
                    + 0.1875f * pixel (coarse, x / 2 + u, y / 2)[c]
                    + 0.1875f * pixel (coarse, x / 2, y / 2 + v)[c]
                    + 0.0625f * pixel (coarse, x / 2 + u, y / 2 + v)[c]);
      to[3] = 1;
    }
}

static void
fill (PstImage *image)
{
  g_autoptr (PstImage) coarse = NULL;

  if (image->width == 1 && image->height == 1)
    {
      for (int c = 0; c < 3; c++)
        image->data[c] = image->data[3] > 0 ? image->data[c] / image->data[3]
                                            : 0.5f;
      return;
    }
  coarse = pull (image);
  fill (coarse);
  push (coarse, image);
}

PstImage *
reference_fill (const PstImage *premultiplied)
{
  int                  n = premultiplied->width * premultiplied->height;
  PstImage            *to = new_image (premultiplied->width,
                                       premultiplied->height, 3);
  g_autoptr (PstImage) work = new_image (to->width, to->height, 4);

  for (int i = 0; i < n; i++)
    {
      const float *p = premultiplied->data + 4 * i;
      float        weight = clip (p[3] * 32);

      for (int c = 0; c < 3; c++)
        work->data[4 * i + c] =
            weight > 0 ? CLAMP (p[c] * weight / p[3], 0, weight) : 0;
      work->data[4 * i + 3] = weight;
    }
  fill (work);
  for (int i = 0; i < 3 * n; i++)
    to->data[i] = clip (work->data[i / 3 * 4 + i % 3]);
  return to;
}

/* Grain */

static double
point (guint32 x, guint32 y, guint32 lattice)
{
  guint32 h = x * 0x9e3779b1u ^ y * 0x85ebca77u ^ lattice * 0xc2b2ae3du;
  int     sum = 0;

  h = (h ^ h >> 15) * 0x2c1b3c6du;
  h = (h ^ h >> 12) * 0x297a2d39u;
  h ^= h >> 15;
  for (int i = 0; i < 4; i++, h >>= 8)
    sum += (int) (h & 255);
  return (sum - 510) / (2 * 73.9);
}

float
reference_grain (int x, int y)
{
  double sum = 0;

  for (int grain = 1; grain <= 16; grain *= grain == 1 ? 4 : 2)
    {
      int    left = x / grain, top = y / grain;
      double across = (double) (x % grain) / grain;
      double down = (double) (y % grain) / grain;

      sum += (1 - down)
                 * ((1 - across) * point (left, top, grain)
                    + across * point (left + 1, top, grain))
             + down
                   * ((1 - across) * point (left, top + 1, grain)
                      + across * point (left + 1, top + 1, grain));
    }
  return 0.5 * sum;
}

/* The network */

static int
padded (int size, int fixed, int step)
{
  int wanted = MAX (size + 2 * PST_NET_MARGIN, 32);

  return fixed ? fixed : (wanted + step - 1) / step * step;
}

static void
run_net (PstModel *model, const float *weights, PstImage *image)
{
  const PstModelFacts *facts = pst_model_get_facts (model);
  int                  width = padded (image->width, facts->width, facts->step);
  int                  height = padded (image->height, facts->height,
                                                facts->step);
  int                  left = facts->width ? (width - image->width) / 2
                                           : PST_NET_MARGIN;
  int                  top = facts->height ? (height - image->height) / 2
                                           : PST_NET_MARGIN;
  float                share = facts->identity ? 1 - weights[0] : 1;
  float                range = facts->high - facts->low;
  g_autoptr (PstPlan)  plan = NULL;
  g_autoptr (PstRun)   run = NULL;
  float               *numbers;

  plan = pst_model_plan (model, width, height, 1, 0, NULL, NULL);
  run = pst_run_new (plan, NULL, NULL);
  g_assert_nonnull (run);
  numbers = pst_run_get_input (run, facts->image_input)->data;
  for (int i = 0; i < width * height * 3; i++)
    {
      int   c = facts->bgr ? 2 - i % 3 : i % 3;
      int   x = pst_image_reflect (i / 3 % width - left, image->width);
      int   y = pst_image_reflect (i / 3 / width - top, image->height);
      float v = pixel (image, x, y)[c];

      if (facts->grain > 0)
        v += facts->grain * CLAMP (share, 0, 1) * reference_grain (x, y);
      numbers[i] = facts->low + range * clip (v);
    }
  if (facts->style_input >= 0)
    memcpy (pst_run_get_input (run, facts->style_input)->data, weights,
            facts->n_columns * sizeof (float));
  g_assert_true (pst_run_forward (run, NULL, NULL, NULL, NULL));
  numbers = pst_run_get_output (run, 0)->data;
  for (int i = 0; i < image->width * image->height * 3; i++)
    {
      int c = facts->bgr ? 2 - i % 3 : i % 3;
      int x = i / 3 % image->width + left, y = i / 3 / image->width + top;

      image->data[i] = clip ((numbers[(y * width + x) * 3 + c] - facts->low)
                             / range);
    }
}

/* The steps */

/* a += factor × b, which is scaled to its size first. */
static void
add (PstImage *a, double factor, const PstImage *b)
{
  g_autoptr (PstImage) scaled = reference_scale (b, a->width, a->height);

  for (int i = 0; i < a->width * a->height * a->channels; i++)
    a->data[i] += factor * scaled->data[i];
}

static PstImage *
scale_photo (const PstPixels *pixels, int width, int height)
{
  g_autoptr (PstImage) alpha = new_image (pixels->width, pixels->height, 4);
  g_autoptr (PstImage) scaled = NULL;

  for (int i = 0; i < pixels->width * pixels->height; i++)
    {
      const float *p = pixels->data + 4 * i;

      for (int c = 0; c < 3; c++)
        alpha->data[4 * i + c] = clip (p[c]) * clip (p[3]);
      alpha->data[4 * i + 3] = clip (p[3]);
    }
  scaled = reference_scale (alpha, width, height);
  return reference_fill (scaled);
}

/* In the picture's own size: hidden parts come from the step before. */
static PstImage *
take_photo (const PstPixels *pixels, const PstImage *before)
{
  PstImage *photo = reference_scale (before, pixels->width, pixels->height);

  for (int i = 0; i < pixels->width * pixels->height * 3; i++)
    if (pixels->data[i / 3 * 4 + 3] > 0)
      photo->data[i] = clip (pixels->data[i / 3 * 4 + i % 3]);
  return photo;
}

/* The photo's fine detail on the painting of the step before. */
static PstImage *
add_detail (const PstImage *photo, const PstImage *photo_before,
            const PstImage *painted_before)
{
  PstImage *work = reference_scale (photo, photo->width, photo->height);

  add (work, -1, photo_before);
  add (work, 1, painted_before);
  return work;
}

static PstImage *
paint (PstModel *model, const float *weights, const PstSteps *steps,
       const PstPixels *pixels)
{
  PstImage *photo = scale_photo (pixels, steps->width[0], steps->height[0]);
  PstImage *painted = reference_scale (photo, photo->width, photo->height);

  run_net (model, weights, painted);
  for (int i = 1; i < steps->n; i++)
    {
      g_autoptr (PstImage) low = NULL;
      PstImage            *here, *work;

      here = i == steps->n - 1
                 ? take_photo (pixels, photo)
                 : scale_photo (pixels, steps->width[i], steps->height[i]);
      work = add_detail (here, photo, painted);
      run_net (model, weights, work);
      low = reference_scale (work, painted->width, painted->height);
      add (work, -1, low);
      add (work, 1, painted);
      pst_image_free (photo);
      pst_image_free (painted);
      photo = here;
      painted = work;
    }
  if (painted->width < pixels->width || painted->height < pixels->height)
    {
      g_autoptr (PstImage) whole = take_photo (pixels, photo);
      PstImage            *work = add_detail (whole, photo, painted);

      pst_image_free (painted);
      painted = work;
    }
  pst_image_free (photo);
  return painted;
}

void
reference_stylize (PstModel *model, const PstStyle *style,
                   const PstControls *controls, PstPixels *pixels)
{
  const PstModelFacts *facts = pst_model_get_facts (model);
  float                weights[PST_MAX_STYLES];
  PstSteps             steps;
  g_autoptr (PstImage) painted = NULL;
  g_autoptr (PstImage) result = NULL;
  double               mix, keep = MAX (1 - controls->strength / 100, 0);

  pst_controls_steps (controls, facts, pixels->width, pixels->height, &steps);
  mix = pst_controls_weights (controls, facts, style->column,
                              controls->second ? controls->second->column
                                               : style->column,
                              weights);
  painted = paint (model, weights, &steps, pixels);
  result = reference_scale (painted, pixels->width, pixels->height);
  for (int i = 0; i < pixels->width * pixels->height * 3; i++)
    {
      float *p = pixels->data + i / 3 * 4 + i % 3;
      double photo = clip (*p);

      if (pixels->data[i / 3 * 4 + 3] > 0)
        *p = clip (photo + mix * (result->data[i] - photo))
             + keep * (isnan (*p) ? 0 : *p - photo);
    }
}
