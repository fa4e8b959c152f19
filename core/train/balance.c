/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/balance.h"

#include <math.h>

/* Sum of the logits of the real (0) or generated (1) pictures, and how many
 * there are. */
static double
sum_of (const PstTensor *judged, const int *columns, int kind, double *count)
{
  gint64 n = judged->shape.dim[0] / 2;
  gint64 size = pst_tensor_count (judged) / (2 * n);
  double sum = 0;

  *count = 0;
  for (gint64 i = 0; i < n; i++)
    if (columns[i] > 0)
      {
        for (gint64 k = 0; k < size; k++)
          sum += pst_tensor_get (judged, (kind * n + i) * size + k);
        *count += (double) size;
      }
  return sum;
}

static double
line_of (PstAdversarialForm form, const PstTensor *judged, const int *columns,
         const PstRanks *ranks)
{
  double sums[3];

  if (form == PST_ADVERSARIAL_LSGAN)
    return 0.5;
  if (form != PST_ADVERSARIAL_WGAN_GP)
    return 0;
  sums[0] = sum_of (judged, columns, 0, &sums[2]);
  sums[1] = sum_of (judged, columns, 1, &sums[2]);
  pst_ranks_add (ranks, sums, G_N_ELEMENTS (sums));
  return 0.5 * (sums[0] / sums[2] + sums[1] / sums[2]);
}

double
pst_balance_success (PstAdversarialForm form, const PstTensor *judged,
                     const int *columns, const PstRanks *ranks)
{
  gint64 n = judged->shape.dim[0] / 2;
  gint64 size = pst_tensor_count (judged) / (2 * n);
  double line = line_of (form, judged, columns, ranks);
  double counts[2] = { 0 }; /* right, all */

  for (gint64 i = 0; i < 2 * n; i++)
    if (columns[i % n] > 0)
      {
        for (gint64 k = 0; k < size; k++)
          {
            double d = pst_tensor_get (judged, i * size + k);

            counts[0] += i < n ? d > line : d < line;
          }
        counts[1] += (double) size;
      }
  pst_ranks_add (ranks, counts, G_N_ELEMENTS (counts));
  return counts[0] / counts[1];
}

double
pst_balance_factor (const PstRecipe *recipe, double success)
{
  double target = recipe->balance_target;

  if (recipe->balance == PST_BALANCE_NONE || ! (success > target))
    return 1;
  if (recipe->balance == PST_BALANCE_SKIP)
    return 0;
  return MAX (1 - success, 0) / (1 - target); /* target < success <= 1 */
}
