/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "helper/colour.h"

#include <lcms2.h>
#include <math.h>
#include <string.h>

/* Colours closer than this to sRGB's are taken as sRGB: profiles that are
 * called sRGB differ so much from each other. */
#define SAME_AS_SRGB 0.002
#define PROBE_STEPS 6

struct _HelperColour
{
  gboolean      grey;
  cmsHTRANSFORM import; /* (nullable): nothing to do */
  cmsHTRANSFORM export;
};

/* Linear light with sRGB's primaries. */
static cmsHPROFILE
new_linear (void)
{
  const cmsCIExyY       white = { 0.3127, 0.3290, 1 };
  const cmsCIExyYTRIPLE primaries = { { 0.64, 0.33, 1 },
                                      { 0.30, 0.60, 1 },
                                      { 0.15, 0.06, 1 } };
  cmsToneCurve         *line = cmsBuildGamma (NULL, 1);
  cmsToneCurve         *curves[3] = { line, line, line };
  cmsHPROFILE           profile;

  profile = cmsCreateRGBProfile (&white, &primaries, curves);
  cmsFreeToneCurve (line);
  return profile;
}

static cmsHPROFILE
open_profile (GBytes *bytes, gboolean grey)
{
  gsize         size;
  const void   *data = g_bytes_get_data (bytes, &size);
  cmsHPROFILE   profile = cmsOpenProfileFromMem (data, size);
  cmsColorSpaceSignature space;

  if (! profile)
    return NULL;
  space = cmsGetColorSpace (profile);
  if (space == (grey ? cmsSigGrayData : cmsSigRgbData))
    return profile;
  cmsCloseProfile (profile);
  return NULL;
}

/* Whether a grid of colours comes out as it goes in. */
static gboolean
is_srgb (cmsHTRANSFORM import)
{
  for (int i = 0; i < PROBE_STEPS * PROBE_STEPS * PROBE_STEPS; i++)
    {
      float from[3], to[3];

      from[0] = i % PROBE_STEPS / (PROBE_STEPS - 1.0f);
      from[1] = i / PROBE_STEPS % PROBE_STEPS / (PROBE_STEPS - 1.0f);
      from[2] = i / PROBE_STEPS / PROBE_STEPS / (PROBE_STEPS - 1.0f);
      cmsDoTransform (import, from, to, 1);
      for (int c = 0; c < 3; c++)
        if (! (fabsf (from[c] - to[c]) < SAME_AS_SRGB))
          return FALSE;
    }
  return TRUE;
}

static void
clear_transforms (HelperColour *colour)
{
  g_clear_pointer (&colour->import, cmsDeleteTransform);
  g_clear_pointer (&colour->export, cmsDeleteTransform);
}

static gboolean
make_transforms (HelperColour *colour, cmsHPROFILE profile)
{
  const guint32 flags = cmsFLAGS_NOCACHE | cmsFLAGS_BLACKPOINTCOMPENSATION;
  cmsHPROFILE   srgb = cmsCreate_sRGBProfile ();

  colour->import = cmsCreateTransform (
      profile, colour->grey ? TYPE_GRAY_FLT : TYPE_RGB_FLT, srgb,
      TYPE_RGB_FLT, INTENT_RELATIVE_COLORIMETRIC, flags);
  if (! colour->grey)
    colour->export = cmsCreateTransform (srgb, TYPE_RGB_FLT, profile,
                                         TYPE_RGB_FLT,
                                         INTENT_RELATIVE_COLORIMETRIC, flags);
  cmsCloseProfile (srgb);
  if (colour->import && (colour->grey || colour->export))
    return TRUE;
  clear_transforms (colour);
  return FALSE;
}

HelperColour *
helper_colour_new (GBytes *bytes, gboolean linear, gboolean grey,
                   gboolean *usable)
{
  HelperColour *colour = g_new0 (HelperColour, 1);
  cmsHPROFILE   profile = NULL;

  colour->grey = grey;
  *usable = TRUE;
  if (bytes)
    profile = open_profile (bytes, grey);
  else if (linear && ! grey)
    profile = new_linear ();
  if (bytes && ! profile)
    *usable = FALSE;
  if (profile)
    {
      if (! make_transforms (colour, profile))
        *usable = FALSE;
      else if (! grey && is_srgb (colour->import))
        clear_transforms (colour);
      cmsCloseProfile (profile);
    }
  return colour;
}

void
helper_colour_free (HelperColour *colour)
{
  if (! colour)
    return;
  clear_transforms (colour);
  g_free (colour);
}

gboolean
helper_colour_goes_back (const HelperColour *colour)
{
  return ! colour->grey;
}

void
helper_colour_import (HelperColour *colour, const float *from, float *to,
                      int n)
{
  if (colour->import)
    cmsDoTransform (colour->import, from, to, n);
  else if (colour->grey)
    for (int i = 0; i < n; i++)
      to[3 * i] = to[3 * i + 1] = to[3 * i + 2] = from[i];
  else if (from != to)
    memcpy (to, from, 3 * n * sizeof (float));
}

void
helper_colour_export (HelperColour *colour, const float *from, float *to,
                      int n)
{
  if (colour->export)
    cmsDoTransform (colour->export, from, to, n);
  else if (from != to)
    memcpy (to, from, 3 * n * sizeof (float));
}
