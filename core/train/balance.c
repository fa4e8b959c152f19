/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/balance.h"

#include <math.h>

/* Mean logit of the real (0) or generated (1) pictures; NaN without any. */
static double
mean_of (const PstTensor *judged, const int *columns, int kind)
{
  gint64 n = judged->shape.dim[0] / 2;
  gint64 size = pst_tensor_count (judged) / (2 * n), count = 0;
  double sum = 0;

  for (gint64 i = 0; i < n; i++)
    if (columns[i] > 0)
      {
        for (gint64 k = 0; k < size; k++)
          sum += pst_tensor_get (judged, (kind * n + i) * size + k);
        count += size;
      }
  return sum / (double) count;
}

static double
line_of (PstAdversarialForm form, const PstTensor *judged, const int *columns)
{
  if (form == PST_ADVERSARIAL_LSGAN)
    return 0.5;
  if (form == PST_ADVERSARIAL_WGAN_GP)
    return 0.5 * (mean_of (judged, columns, 0) + mean_of (judged, columns, 1));
  return 0;
}

double
pst_balance_success (PstAdversarialForm form, const PstTensor *judged,
                     const int *columns)
{
  gint64 n = judged->shape.dim[0] / 2;
  gint64 size = pst_tensor_count (judged) / (2 * n), count = 0, right = 0;
  double line = line_of (form, judged, columns);

  for (gint64 i = 0; i < 2 * n; i++)
    if (columns[i % n] > 0)
      {
        for (gint64 k = 0; k < size; k++)
          {
            double d = pst_tensor_get (judged, i * size + k);

            right += i < n ? d > line : d < line;
          }
        count += size;
      }
  return (double) right / (double) count;
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
