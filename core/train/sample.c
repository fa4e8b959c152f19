/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a step is made of: photos, styles, and pieces of their paintings. */
#include "core/train/trainer-private.h"

#include <string.h>

#include "core/train/augment.h"

/* 0 for the identity, else a style by its share. */
static int
draw_column (PstTrainer *trainer, PstRandom *random)
{
  GPtrArray *styles = trainer->recipe->styles;
  guint      n = pst_recipe_count_own (trainer->recipe);
  double     sum = 0, at;

  at = pst_random_double (random);
  if (trainer->settings->train == PST_TRAIN_ALL &&
      at < trainer->settings->identity_share)
    return 0;
  for (guint i = 0; i < n; i++)
    sum += ((PstRecipeStyle *) styles->pdata[i])->share;
  at = pst_random_double (random) * sum;
  for (guint i = 0; i + 1 < n; i++)
    {
      at -= ((PstRecipeStyle *) styles->pdata[i])->share;
      if (at < 0)
        return (int) i + 1;
    }
  return (int) n;
}

/* Some are painted between two styles, or between a style and the photo, so
 * that mixes and strengths are what the network has learnt to paint. Where the
 * identity and kept styles must stay as they are, they take no part. */
static void
draw_blend (PstTrainer *trainer, PstRandom *random, int i, int column)
{
  int      n = (int) pst_recipe_count_own (trainer->recipe), second = 0;
  gboolean all = trainer->settings->train == PST_TRAIN_ALL;
  double   part;

  if (pst_random_double (random) >= trainer->settings->blend_share)
    return;
  part = pst_random_double (random);
  if (n > 1 && pst_random_below (random, 2))
    second = 1 + (column + (int) pst_random_below (random, n - 1)) % n;
  if (second > 0 || all)
    pst_adversarial_step_set_blend (trainer->step, i, column, second, part);
}

static void
fill_real (PstTrainer *trainer, PstRandom *random, int column, float *real)
{
  int                   crop = trainer->settings->crop;
  const PstRecipeStyle *style;
  GPtrArray            *pictures;
  const PstPicture     *picture;
  PstWindow             window;

  if (column == 0)
    {
      memset (real, 0, sizeof (float) * 3 * crop * crop);
      return;
    }
  style = trainer->recipe->styles->pdata[column - 1];
  pictures = trainer->pictures->pdata[column - 1];
  picture = pictures->pdata[pst_random_below (random, pictures->len)];
  window = pst_picture_window (picture, random, crop, style->scale[0],
                               style->scale[1]);
  pst_picture_sample (picture, &window, crop, real);
}

/* A window of @photo; one of a flat wall or sky is drawn again a few times:
 * instance norm blows its noise up. */
static void
fill_photo (PstTrainer *trainer, PstRandom *random, const PstPicture *photo,
            float *to)
{
  const PstSettings *settings = trainer->settings;
  int                crop = settings->crop;

  for (int i = 0; i < 10; i++)
    {
      PstWindow window;

      window = pst_picture_window (photo, random, crop, settings->scale[0],
                                   settings->scale[1]);
      pst_picture_sample (photo, &window, crop, to);
      if (pst_augment_contrast (to, crop * crop) >= trainer->recipe->min_contrast)
        return;
    }
}

gboolean
pst_trainer_fill_sample (PstTrainer *trainer, int i, GError **error)
{
  const PstSettings *settings = trainer->settings;
  const PstPicture  *photo;
  guint64            number;
  PstRandom          random;
  float             *clean, *image, *real;
  int                crop = settings->crop, column;

  number = pst_recipe_samples (trainer->recipe, trainer->n_steps) + i +
           pst_ranks_first (trainer->players.ranks, settings->batch);
  photo = pst_dataset_get (trainer->dataset, number, error);
  if (! photo)
    return FALSE;
  pst_random_init (&random, (guint64) trainer->recipe->seed,
                   PST_STREAM_SAMPLE, number);
  if (trainer->distil)
    {
      fill_photo (trainer, &random, photo,
                  pst_distil_step_image (trainer->distil, i));
      return TRUE;
    }
  column = draw_column (trainer, &random);
  pst_adversarial_step_set_column (trainer->step, i, column);
  if (settings->blend_share > 0 && column > 0)
    draw_blend (trainer, &random, i, column);
  pst_adversarial_step_set_number (trainer->step, i, number);
  clean = pst_adversarial_step_photo (trainer->step, i);
  fill_photo (trainer, &random, photo, clean);
  image = pst_adversarial_step_image (trainer->step, i);
  memcpy (image, clean, sizeof (float) * 3 * crop * crop);
  if (column > 0 && settings->noise > 0)
    pst_augment_noise (image, crop,
                       settings->noise * pst_random_double (&random),
                       &random);
  real = pst_adversarial_step_real (trainer->step, i);
  if (real)
    fill_real (trainer, &random, column, real);
  return TRUE;
}
