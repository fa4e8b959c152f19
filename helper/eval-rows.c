/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "helper/eval.h"
#include "helper/model.h"
#include "helper/photo.h"
#include "helper/words.h"

#define FADE_STEPS 12 /* to 1 in 4096 */

static void
row_free (gpointer data)
{
  EvalRow *row = data;

  g_free (row->name);
  g_free (row);
}

/* @name: (transfer full) */
static EvalRow *
add_row (GPtrArray *rows, char *name, EvalStyle *style)
{
  EvalRow *row = g_new0 (EvalRow, 1);

  row->name = name;
  row->style = style;
  row->painted = style->style;
  row->controls = (PstControls) PST_CONTROLS_INIT;
  /* The network paints in the photo's own size: brush size refers to a
   * picture of one megapixel, so of that these are a part. */
  row->controls.picture_area = 1e6;
  g_ptr_array_add (rows, row);
  return row;
}

static void
add_strengths (const EvalArguments *arguments, EvalStyle *style,
               const double *strengths, guint n, GPtrArray *rows)
{
  for (guint i = 0; i < n; i++)
    {
      gboolean whole = strengths[i] == 100;
      EvalRow *row;

      row = add_row (rows,
                     whole ? g_strdup (style->id)
                           : g_strdup_printf (_ ("%s %g %%"), style->id,
                                              strengths[i]),
                     style);
      row->controls.strength = strengths[i];
      if (whole || ! arguments->cross_fade)
        continue;
      row = add_row (rows,
                     g_strdup_printf (_ ("%s %g %% cross-fade"), style->id,
                                      strengths[i]),
                     style);
      row->controls.strength = strengths[i];
      row->fade = EVAL_FADE_PHOTO;
    }
}

static EvalStyle *
find_style (GPtrArray *styles, const PstStyle *style)
{
  for (guint i = 0; i < styles->len; i++)
    if (((EvalStyle *) styles->pdata[i])->style == style)
      return styles->pdata[i];
  return NULL;
}

static void
add_pair (GPtrArray *rows, EvalStyle *first, EvalStyle *second,
          const PstControls *mixed, EvalFade fade)
{
  EvalStyle *to[] = { first, second };

  for (int i = 0; i < 2; i++)
    {
      const char *a = first->id, *b = second->id, *c = to[i]->id;
      char       *name;
      EvalRow    *row;

      name = fade ? g_strdup_printf (_ ("%s + %s cross-fade, to %s"), a, b, c)
                  : g_strdup_printf (_ ("%s + %s, to %s"), a, b, c);
      row = add_row (rows, name, to[i]);
      row->painted = first->style;
      row->controls.second = mixed->second;
      row->controls.mix = mixed->mix;
      row->fade = fade;
    }
}

/* "A+B" or "A+B:PERCENT": the mix, measured against both; the two for
 * themselves, measured against each other. */
static gboolean
add_mix (const EvalArguments *arguments, PstModel *model, GPtrArray *styles,
         const char *text, GPtrArray *rows, GError **error)
{
  const char      *plus = strchr (text, '+');
  g_autofree char *id = plus ? g_strndup (text, plus - text) : NULL;
  PstControls      mixed = PST_CONTROLS_INIT;
  const PstStyle  *one;
  EvalStyle       *first, *second;

  if (! plus)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                   _ ("“%s” is no mix; write two styles as in A+B:50."), text);
      return FALSE;
    }
  one = helper_model_style (model, id, error);
  if (! one || ! helper_model_mix (model, plus + 1, &mixed, error))
    return FALSE;
  first = find_style (styles, one);
  second = find_style (styles, mixed.second);
  if (! first || ! second || first == second)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                   _ ("“%s”: both styles must be among those that are "
                      "measured."),
                   text);
      return FALSE;
    }
  add_row (rows, g_strdup_printf (_ ("%s, to %s"), first->id, second->id),
           second)
      ->painted = first->style;
  add_row (rows, g_strdup_printf (_ ("%s, to %s"), second->id, first->id),
           first)
      ->painted = second->style;
  add_pair (rows, first, second, &mixed, EVAL_FADE_NONE);
  if (arguments->cross_fade)
    add_pair (rows, first, second, &mixed, EVAL_FADE_STYLES);
  return TRUE;
}

GPtrArray *
eval_rows (const EvalArguments *arguments, PstModel *model, GPtrArray *styles,
           GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (row_free);
  g_autoptr (GArray)    strengths = NULL;

  strengths = helper_words_strengths (arguments->strengths, error);
  if (! strengths)
    return NULL;
  for (guint i = 0; i < styles->len; i++)
    if (model)
      add_strengths (arguments, styles->pdata[i], (double *) strengths->data,
                     strengths->len, rows);
    else
      add_row (rows, g_strdup (((EvalStyle *) styles->pdata[i])->id),
               styles->pdata[i]);
  for (char **mix = arguments->mixes; mix && *mix; mix++)
    if (! add_mix (arguments, model, styles, *mix, rows, error))
      return NULL;
  for (guint i = 0; i < rows->len; i++)
    ((EvalRow *) rows->pdata[i])->controls.n_threads =
        (guint) arguments->threads;
  return g_steal_pointer (&rows);
}

static PstPicture *
paint (PstModel *model, const PstStyle *style, const PstControls *controls,
       const PstPicture *photo, GError **error)
{
  return helper_photo_paint (model, style, controls, photo, NULL, NULL, error);
}

/* @to = @part of @b and the rest of @a */
static void
fade (const PstPicture *a, const PstPicture *b, double part, PstPicture *to)
{
  for (gsize i = 0; i < (gsize) a->width * a->height * 3; i++)
    to->data[i] = (guint8) (a->data[i] + part * (b->data[i] - a->data[i])
                            + 0.5);
}

/* Between the photo and the result of 100 percent, as far from the photo as
 * what the network makes of this strength. */
static PstPicture *
fade_photo (PstModel *model, PstEval *eval, const EvalRow *row,
            const PstPicture *photo, GError **error)
{
  PstControls            full = row->controls;
  g_autoptr (PstPicture) whole = NULL, wanted = NULL, to = NULL;
  double                 goal, distance, low = 0, high = 1;

  full.strength = 100;
  whole = paint (model, row->painted, &full, photo, error);
  wanted = whole ? paint (model, row->painted, &row->controls, photo, error)
                 : NULL;
  to = wanted ? pst_picture_try (photo->width, photo->height, error) : NULL;
  if (! to || ! pst_eval_content (eval, wanted, &goal, error))
    return NULL;
  for (int i = 0; i < FADE_STEPS; i++)
    {
      double part = (low + high) / 2;

      fade (photo, whole, part, to);
      if (! pst_eval_content (eval, to, &distance, error))
        return NULL;
      *(distance < goal ? &low : &high) = part;
    }
  return g_steal_pointer (&to);
}

static PstPicture *
fade_styles (PstModel *model, const EvalRow *row, const PstPicture *photo,
             GError **error)
{
  PstControls            one = row->controls;
  g_autoptr (PstPicture) first = NULL, second = NULL, to = NULL;

  one.second = NULL;
  first = paint (model, row->painted, &one, photo, error);
  second = first ? paint (model, row->controls.second, &one, photo, error)
                 : NULL;
  to = second ? pst_picture_try (photo->width, photo->height, error) : NULL;
  if (to)
    fade (first, second, row->controls.mix / 100, to);
  return g_steal_pointer (&to);
}

PstPicture *
eval_paint (PstModel *model, PstEval *eval, const EvalRow *row,
            const PstPicture *photo, GError **error)
{
  switch (row->fade)
    {
    case EVAL_FADE_PHOTO:
      return fade_photo (model, eval, row, photo, error);
    case EVAL_FADE_STYLES:
      return fade_styles (model, row, photo, error);
    case EVAL_FADE_NONE:
    default:
      return paint (model, row->painted, &row->controls, photo, error);
    }
}
