/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/graph/plan.h"

/**
 * PstAdam:
 *
 * Kingma and Ba, "Adam", 2015, algorithm 1, with their second form of the
 * bias correction (end of section 2) as in PyTorch:
 *
 *   m = beta1 m + (1 - beta1) g
 *   v = beta2 v + (1 - beta2) g²
 *   w -= rate / (1 - beta1^t) m / (sqrt (v / (1 - beta2^t)) + epsilon)
 */
typedef struct
{
  GPtrArray *weights; /* PstArray */
  GPtrArray *first;   /* PstArray, m */
  GPtrArray *second;  /* PstArray, v */
  double    *rates;   /* factor of the rate for each weight; 1 at first */
  gboolean  *frozen;  /* weights that no step changes; none at first */
  gint64     t;       /* steps made */
  double     beta1;
  double     beta2;
  double     epsilon;
} PstAdam;

/* @weights (element-type PstArray): plain float32; references are taken */
PstAdam *pst_adam_new (GPtrArray *weights, double beta1, double beta2);
void     pst_adam_free (PstAdam *adam);
/* Forgets all steps: moments and count are those of a new one. */
void     pst_adam_reset (PstAdam *adam);

/**
 * pst_adam_step:
 * @gradients: one for each weight, in C order; %NULL for a frozen one
 * @factor: multiplied into every gradient first (clipping)
 * @rate: learning rate
 */
void pst_adam_step (PstAdam *adam, const float *const *gradients,
                    double factor, double rate);

/**
 * pst_adam_descend:
 * @gradients: those of all weights that are not frozen, one weight after the
 *   other, pst_adam_count() numbers in all
 * @clip: largest norm of all of them together; 0 for any (Pascanu et al.,
 *   "On the difficulty of training recurrent neural networks", 2013,
 *   algorithm 1)
 *
 * Returns: their norm before clipping; where that is not finite nothing has
 *   changed
 */
double pst_adam_descend (PstAdam *adam, const float *gradients, double clip,
                         double rate);
/* How many numbers there are in the weights that are not frozen. */
gsize  pst_adam_count (const PstAdam *adam);

/* Square root of the sum of squares over all, summed in double. */
double pst_gradient_norm (const float *const *gradients, const gint64 *counts,
                          guint n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstAdam, pst_adam_free)
