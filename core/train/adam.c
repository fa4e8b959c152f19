/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/adam.h"

#include <math.h>

static GPtrArray *
zeros_like (GPtrArray *arrays)
{
  GPtrArray *zeros;

  zeros = g_ptr_array_new_with_free_func ((GDestroyNotify) pst_array_unref);
  for (guint i = 0; i < arrays->len; i++)
    {
      const PstArray *array = arrays->pdata[i];
      PstArray       *zero;

      zero = pst_array_new (PST_FLOAT32, &array->tensor.shape, TRUE);
      if (! zero)
        g_error ("There is no memory for the optimiser's moments");
      g_ptr_array_add (zeros, zero);
    }
  return zeros;
}

PstAdam *
pst_adam_new (GPtrArray *weights, double beta1, double beta2)
{
  PstAdam *adam = g_new0 (PstAdam, 1);

  adam->weights =
    g_ptr_array_new_with_free_func ((GDestroyNotify) pst_array_unref);
  for (guint i = 0; i < weights->len; i++)
    g_ptr_array_add (adam->weights, pst_array_ref (weights->pdata[i]));
  adam->first = zeros_like (weights);
  adam->second = zeros_like (weights);
  adam->rates = g_new (double, weights->len);
  adam->frozen = g_new0 (gboolean, weights->len);
  for (guint i = 0; i < weights->len; i++)
    adam->rates[i] = 1;
  adam->beta1 = beta1;
  adam->beta2 = beta2;
  adam->epsilon = 1e-8;
  return adam;
}

void
pst_adam_free (PstAdam *adam)
{
  if (! adam)
    return;
  g_ptr_array_unref (adam->weights);
  g_ptr_array_unref (adam->first);
  g_ptr_array_unref (adam->second);
  g_free (adam->rates);
  g_free (adam->frozen);
  g_free (adam);
}

void
pst_adam_reset (PstAdam *adam)
{
  GPtrArray *lists[] = { adam->first, adam->second };

  adam->t = 0;
  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    for (guint k = 0; k < lists[i]->len; k++)
      {
        PstArray *moment = lists[i]->pdata[k];

        memset (moment->tensor.data, 0, pst_tensor_bytes (&moment->tensor));
      }
}

typedef struct
{
  float beta1;
  float beta2;
  float factor;  /* of the gradient */
  float rate;    /* with the first moment's correction */
  float root;    /* 1 / sqrt of the second moment's correction */
  float epsilon;
} Step;

static void
update (const Step *s, gint64 n, float *restrict w, float *restrict m,
        float *restrict v, const float *restrict g)
{
  for (gint64 i = 0; i < n; i++)
    {
      float x = g[i] * s->factor;

      m[i] = s->beta1 * m[i] + (1 - s->beta1) * x;
      v[i] = s->beta2 * v[i] + (1 - s->beta2) * x * x;
      w[i] -= s->rate * m[i] / (sqrtf (v[i]) * s->root + s->epsilon);
    }
}

void
pst_adam_step (PstAdam *adam, const float *const *gradients, double factor,
               double rate)
{
  Step   s;
  double corrected;

  adam->t++;
  corrected = rate / (1 - pow (adam->beta1, adam->t));
  s.beta1 = (float) adam->beta1;
  s.beta2 = (float) adam->beta2;
  s.factor = (float) factor;
  s.root = (float) (1 / sqrt (1 - pow (adam->beta2, adam->t)));
  s.epsilon = (float) adam->epsilon;
  for (guint i = 0; i < adam->weights->len; i++)
    {
      PstArray *weight = adam->weights->pdata[i];
      PstArray *first = adam->first->pdata[i];
      PstArray *second = adam->second->pdata[i];

      if (adam->frozen[i])
        continue;
      s.rate = (float) (corrected * adam->rates[i]);
      update (&s, pst_tensor_count (&weight->tensor), weight->tensor.data,
              first->tensor.data, second->tensor.data, gradients[i]);
    }
}

double
pst_gradient_norm (const float *const *gradients, const gint64 *counts,
                   guint n)
{
  double sum = 0;

  for (guint i = 0; i < n; i++)
    for (gint64 k = 0; k < counts[i]; k++)
      sum += (double) gradients[i][k] * gradients[i][k];
  return sqrt (sum);
}

double
pst_adam_descend (PstAdam *adam, const float *gradients, double clip,
                  double rate)
{
  guint                    n = adam->weights->len;
  g_autofree gint64       *counts = g_new0 (gint64, n);
  g_autofree const float **of = g_new0 (const float *, n);
  double                   norm, shrink = 1;

  for (guint i = 0; i < n; i++)
    {
      const PstArray *weight = adam->weights->pdata[i];

      if (adam->frozen[i])
        continue;
      of[i] = gradients;
      counts[i] = pst_tensor_count (&weight->tensor);
      gradients += counts[i];
    }
  norm = pst_gradient_norm (of, counts, n);
  if (! isfinite (norm))
    return norm;
  if (clip > 0)
    shrink = MIN (1, clip / (norm + 1e-6));
  pst_adam_step (adam, of, shrink, rate);
  return norm;
}

gsize
pst_adam_count (const PstAdam *adam)
{
  gsize n = 0;

  for (guint i = 0; i < adam->weights->len; i++)
    if (! adam->frozen[i])
      n += (gsize) pst_tensor_count (
        &((PstArray *) adam->weights->pdata[i])->tensor);
  return n;
}
