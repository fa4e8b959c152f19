/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a recipe's text says: every group and key. */
#include "config.h"

#include "core/train/recipe-key.h"

#include <glib/gi18n-lib.h>
#include <stddef.h>
#include <string.h>

#define RECIPE(field) offsetof (PstRecipe, field)
#define SETTING(field) offsetof (PstSettings, field)
#define PLAIN_CONTENT_LAYERS "luminance4;luminance8"
#define PLAIN_STYLE_LAYERS "random3;random7;random14;random28"
#define STYLE(field) offsetof (PstRecipeStyle, field)

static const char *const content_forms[] = { "squared", "absolute", NULL };
static const char *const adversarial_forms[] = { "hinge", "lsgan", "bce",
                                                 "wgan-gp", NULL };
static const char *const spectral_modes[] = { "auto", "on", "off", NULL };
static const char *const style_forms[] = { "gram", "covariance", NULL };
static const char *const balances[] = { "none", "skip", "scale", NULL };
static const char *const skips[] = { "none", "logit", NULL };
static const char *const trains[] = { "all", "tables", NULL };
static const char *const schedules[] = { "constant", "linear", "cosine",
                                         NULL };

/* Keys of the whole training. */
static const PstRecipeKey model_keys[] = {
  { "title", PST_KEY_TEXT, RECIPE (title), 0, 0, NULL },
  { "licence", PST_KEY_TEXT, RECIPE (licence), 0, 0, NULL },
  { "from", PST_KEY_PATH, RECIPE (from), 0, 0, NULL },
  { "keep-styles", PST_KEY_INT, RECIPE (keep), 0, 1, NULL },
  { "grain", PST_KEY_NUMBER, RECIPE (grain), 0, 0.2, NULL },
  { "thumbnail", PST_KEY_PATH, RECIPE (thumbnail), 0, 0, NULL },
  { "width", PST_KEY_INT, RECIPE (width), 2, 256, NULL },
  { "blocks", PST_KEY_INT, RECIPE (blocks), 0, 32, NULL },
  { "epsilon", PST_KEY_NUMBER, RECIPE (epsilon), 1e-9, 1, NULL },
  { "identity-skip", PST_KEY_WORD, RECIPE (skip), 0, 0, skips },
  { NULL, 0, 0, 0, 0, NULL },
};

static const PstRecipeKey photo_keys[] = {
  { "min-size", PST_KEY_INT, RECIPE (min_size), 16, 100000, NULL },
  { "min-contrast", PST_KEY_NUMBER, RECIPE (min_contrast), 0, 1, NULL },
  { "synthetic-pictures", PST_KEY_INT, RECIPE (n_synthetic), 1, 1e6, NULL },
  { "cache-megabytes", PST_KEY_INT64, RECIPE (cache), 0, 1e6, NULL },
  { NULL, 0, 0, 0, 0, NULL },
};

static const PstRecipeKey feature_keys[] = {
  { "network", PST_KEY_PATH, RECIPE (features), 0, 0, NULL },
  { "content-form", PST_KEY_WORD, RECIPE (content_form), 0, 0,
    content_forms },
  { "style-form", PST_KEY_WORD, RECIPE (style_form), 0, 0, style_forms },
  { NULL, 0, 0, 0, 0, NULL },
};

static const PstRecipeKey training_keys[] = {
  { "steps", PST_KEY_INT64, RECIPE (steps), 1, 1e9, NULL },
  { "seed", PST_KEY_INT64, RECIPE (seed), 0, 4294967295.0, NULL },
  { "sample-every", PST_KEY_INT64, RECIPE (sample_every), 0, 1e9, NULL },
  { "save-seconds", PST_KEY_NUMBER, RECIPE (save_every), 0, 1e6, NULL },
  { "warm-up", PST_KEY_INT64, RECIPE (warm_up), 0, 1e9, NULL },
  { "schedule", PST_KEY_WORD, RECIPE (schedule), 0, 0, schedules },
  { "decay-from", PST_KEY_NUMBER, RECIPE (decay_from), 0, 1, NULL },
  { "decay-to", PST_KEY_NUMBER, RECIPE (decay_to), 0, 1, NULL },
  { "table-rate", PST_KEY_NUMBER, RECIPE (table_rate), 0, 1000, NULL },
  { "beta1", PST_KEY_NUMBER, RECIPE (beta1), 0, 0.9999, NULL },
  { "beta2", PST_KEY_NUMBER, RECIPE (beta2), 0, 0.999999, NULL },
  { "adversarial-form", PST_KEY_WORD, RECIPE (adversarial_form), 0, 0,
    adversarial_forms },
  { "spectral-norm", PST_KEY_WORD, RECIPE (spectral_mode), 0, 0,
    spectral_modes },
  { "penalty", PST_KEY_NUMBER, RECIPE (penalty), 0, 1e6, NULL },
  { "guard-steps", PST_KEY_INT64, RECIPE (guard_steps), 0, 1e9, NULL },
  { "guard-tries", PST_KEY_INT, RECIPE (guard_tries), 0, 1000, NULL },
  { "guard-rate", PST_KEY_NUMBER, RECIPE (guard_rate), 0.01, 1, NULL },
  { "flat-pictures", PST_KEY_INT, RECIPE (flat_pictures), 0, 1e6, NULL },
  { "balance", PST_KEY_WORD, RECIPE (balance), 0, 0, balances },
  { "balance-target", PST_KEY_NUMBER, RECIPE (balance_target), 0.5, 1, NULL },
  { "balance-average", PST_KEY_NUMBER, RECIPE (balance_average), 0, 0.9999,
    NULL },
  { "one-by-one", PST_KEY_INT, RECIPE (one_by_one), 0, 1, NULL },
  { "replay", PST_KEY_INT, RECIPE (replay), 0, 10000, NULL },
  { NULL, 0, 0, 0, 0, NULL },
};

/* Keys of a phase; those of the first stand in [training] and [losses]. */
static const PstRecipeKey phase_keys[] = {
  { "from", PST_KEY_INT64, SETTING (from), 1, 1e9, NULL },
  { NULL, 0, 0, 0, 0, NULL },
};

static const PstRecipeKey setting_keys[] = {
  { "train", PST_KEY_WORD, SETTING (train), 0, 0, trains },
  { "crop", PST_KEY_INT, SETTING (crop), 32, 2048, NULL },
  { "batch", PST_KEY_INT, SETTING (batch), 1, 256, NULL },
  { "rate", PST_KEY_NUMBER, SETTING (rate), 0, 1, NULL },
  { "rate-discriminator", PST_KEY_NUMBER, SETTING (rate_discriminator), 0, 1,
    NULL },
  { "clip", PST_KEY_NUMBER, SETTING (clip), 0, 1e9, NULL },
  { "identity-share", PST_KEY_NUMBER, SETTING (identity_share), 0, 1, NULL },
  { "blend-share", PST_KEY_NUMBER, SETTING (blend_share), 0, 1, NULL },
  { "noise", PST_KEY_NUMBER, SETTING (noise), 0, 1, NULL },
  { "photo-scale", PST_KEY_RANGE, SETTING (scale), 0.05, 64, NULL },
  { "average", PST_KEY_NUMBER, SETTING (average), 0, 0.999999, NULL },
  { NULL, 0, 0, 0, 0, NULL },
};

static const PstRecipeKey loss_keys[] = {
  { "content", PST_KEY_NUMBER, SETTING (content), 0, 1e6, NULL },
  { "style", PST_KEY_NUMBER, SETTING (style), 0, 1e6, NULL },
  { "adversarial", PST_KEY_NUMBER, SETTING (adversarial), 0, 1e6, NULL },
  { "variation", PST_KEY_NUMBER, SETTING (variation), 0, 1e6, NULL },
  { "identity", PST_KEY_NUMBER, SETTING (identity), 0, 1e6, NULL },
  { "patches", PST_KEY_NUMBER, SETTING (patches), 0, 1e6, NULL },
  { "saturation", PST_KEY_NUMBER, SETTING (saturation), 0, 1e6, NULL },
  { NULL, 0, 0, 0, 0, NULL },
};

static const PstRecipeKey style_keys[] = {
  { "title", PST_KEY_TEXT, STYLE (title), 0, 0, NULL },
  { "credit", PST_KEY_TEXT, STYLE (credit), 0, 0, NULL },
  { "licence", PST_KEY_TEXT, STYLE (licence), 0, 0, NULL },
  { "pictures", PST_KEY_PATHS, STYLE (pictures), 0, 0, NULL },
  { "begin", PST_KEY_TEXT, STYLE (begin), 0, 0, NULL },
  { "size", PST_KEY_INT, STYLE (size), 32, 8192, NULL },
  { "crop-scale", PST_KEY_RANGE, STYLE (scale), 0.05, 64, NULL },
  { "share", PST_KEY_NUMBER, STYLE (share), 0, 1e6, NULL },
  { "shown", PST_KEY_INT, STYLE (shown), 0, 1, NULL },
  { "content", PST_KEY_NUMBER, STYLE (content), 0, 1e6, NULL },
  { "style", PST_KEY_NUMBER, STYLE (style), 0, 1e6, NULL },
  { "adversarial", PST_KEY_NUMBER, STYLE (adversarial), 0, 1e6, NULL },
  { "patches", PST_KEY_NUMBER, STYLE (patches), 0, 1e6, NULL },
  { NULL, 0, 0, 0, 0, NULL },
};

static const PstRecipeKey discriminator_keys[] = {
  { "pool", PST_KEY_INT, offsetof (PstRecipeDiscriminator, pool), 1, 16,
    NULL },
  { "gain", PST_KEY_NUMBER, offsetof (PstRecipeDiscriminator, gain), 1e-3,
    1e3, NULL },
  { NULL, 0, 0, 0, 0, NULL },
};

static const PstSettings first_settings = {
  .crop = 128,
  .batch = 4,
  .rate = 1e-3,
  .rate_discriminator = 4e-4,
  .clip = 5,
  .identity_share = 0.125,
  .scale = { 1, 2 },
  .content = 1,
  .style = 1,
  .adversarial = 0.02,
  .variation = 0.05,
  .identity = 10,
  .average = 0.998,
};

static PstRecipePhotos *
add_photos (PstRecipe *recipe, PstPhotosKind kind)
{
  PstRecipePhotos *photos = g_new0 (PstRecipePhotos, 1);

  photos->kind = kind;
  photos->share = 1;
  g_ptr_array_add (recipe->photos, photos);
  return photos;
}

/* "flowers:0.4": a path, "synthetic" or "auto", and its share */
static gboolean
read_photos (PstRecipeReader *reader, PstRecipe *recipe, GError **error)
{
  g_auto (GStrv) items = NULL;

  if (! pst_recipe_reader_has (reader, "photos", "paths"))
    {
      add_photos (recipe, PST_PHOTOS_AUTO);
      return TRUE;
    }
  items = pst_recipe_reader_words (reader, "photos", "paths", error);
  if (! items)
    return FALSE;
  for (int i = 0; items[i]; i++)
    {
      PstRecipePhotos *photos = add_photos (recipe, PST_PHOTOS_FILES);

      if (! pst_recipe_reader_share (reader, "photos", "paths", items[i],
                                     &photos->share, error))
        return FALSE;
      if (strcmp (items[i], "synthetic") == 0)
        photos->kind = PST_PHOTOS_SYNTHETIC;
      else if (strcmp (items[i], "auto") == 0)
        photos->kind = PST_PHOTOS_AUTO;
      else
        photos->path = pst_recipe_reader_path (reader, items[i]);
    }
  return TRUE;
}

static gboolean
read_sheet (PstRecipeReader *reader, PstRecipe *recipe, GError **error)
{
  g_auto (GStrv) items = NULL;

  if (! pst_recipe_reader_has (reader, "photos", "sheet"))
    return TRUE;
  items = pst_recipe_reader_words (reader, "photos", "sheet", error);
  for (int i = 0; items && items[i]; i++)
    g_ptr_array_add (recipe->sheet,
                     pst_recipe_reader_path (reader, items[i]));
  return items != NULL;
}

/* @usual: (nullable): what to take where the recipe has no such key */
static gboolean
read_layers (PstRecipeReader *reader, const char *key, const char *usual,
             PstLayer *layers, int *n, GError **error)
{
  g_auto (GStrv) items = NULL;

  if (usual && ! pst_recipe_reader_has (reader, "features", key))
    items = g_strsplit (usual, ";", -1);
  else
    items = pst_recipe_reader_words (reader, "features", key, error);
  if (! items)
    return FALSE;
  if (g_strv_length (items) > PST_MAX_LAYERS)
    return pst_recipe_reader_fail (reader, "features", key, error,
                                   _ ("at most %d layers"), PST_MAX_LAYERS);
  for (*n = 0; items[*n]; (*n)++)
    {
      if (! pst_recipe_reader_share (reader, "features", key, items[*n],
                                     &layers[*n].weight, error))
        return FALSE;
      layers[*n].name = g_strdup (items[*n]);
    }
  return TRUE;
}

/* A feature network is to be made. */
static gboolean
read_student (PstRecipeReader *reader, PstRecipe *recipe, GError **error)
{
  PstRecipeStudent *student = &recipe->student;
  int               n = 0;

  if (! pst_recipe_reader_ints (reader, "student", "widths", 1, 1024,
                                student->widths, PST_MAX_STAGES,
                                &student->stages, error) ||
      ! pst_recipe_reader_ints (reader, "student", "depths", 1, 16,
                                student->depths, PST_MAX_STAGES, &n, error))
    return FALSE;
  if (n != student->stages)
    return pst_recipe_reader_fail (reader, "student", "depths", error,
                                   _ ("as many depths as widths (%d)"),
                                   student->stages);
  return TRUE;
}

/* The content layer "encoder" is the generator's own. */
static void
take_encoder (PstRecipe *recipe)
{
  PstLayer *layers = recipe->content;

  for (int i = 0; i < recipe->n_content; i++)
    if (strcmp (layers[i].name, "encoder") == 0)
      {
        recipe->encoder += layers[i].weight;
        g_free (layers[i].name);
        memmove (layers + i, layers + i + 1,
                 sizeof *layers * (recipe->n_content - i - 1));
        layers[--recipe->n_content].name = NULL;
        i--;
      }
}

static gboolean
read_features (PstRecipeReader *reader, PstRecipe *recipe, GError **error)
{
  gboolean    student = recipe->student.stages > 0;
  gboolean    usual;
  const char *content = NULL, *style = NULL;

  if (! pst_recipe_reader_read (reader, "features", feature_keys, recipe,
                                error))
    return FALSE;
  recipe->plain = pst_recipe_reader_is (reader, "features", "network",
                                        "none");
  if (student && (! recipe->features || recipe->plain))
    return pst_recipe_reader_fail (reader, "features", "network", error,
                                   _ ("a feature network is needed"));
  usual = ! recipe->features || recipe->plain; /* the layers are known */
  if (usual)
    {
      content = recipe->plain ? PLAIN_CONTENT_LAYERS
                              : PST_RECIPE_CONTENT_LAYERS;
      style = recipe->plain ? PLAIN_STYLE_LAYERS
                            : PST_RECIPE_STYLE_LAYERS;
    }
  if (! student && ! read_layers (reader, "content-layers", content,
                                  recipe->content, &recipe->n_content, error))
    return FALSE;
  take_encoder (recipe);
  return read_layers (reader, "style-layers", style, recipe->style,
                      &recipe->n_style, error);
}

static gboolean
read_discriminator (PstRecipeReader *reader, const char *group,
                    PstRecipe *recipe, GError **error)
{
  PstRecipeDiscriminator *one = g_new0 (PstRecipeDiscriminator, 1);
  int                     n = 0;
  static const int channels[] = { 32, 64, 128 }, strides[] = { 2, 2, 1 };

  g_ptr_array_add (recipe->discriminators, one);
  one->name = g_strdup (group + strlen ("discriminator "));
  one->pool = 1;
  one->gain = 4;
  one->depth = 3;
  memcpy (one->channels, channels, sizeof channels);
  memcpy (one->strides, strides, sizeof strides);
  if (recipe->discriminators->len > PST_MAX_DISCRIMINATORS)
    return pst_recipe_reader_fail (reader, group, NULL, error,
                                   _ ("at most %d discriminators"),
                                   PST_MAX_DISCRIMINATORS);
  if (! pst_recipe_reader_read (reader, group, discriminator_keys, one,
                                error) ||
      ! pst_recipe_reader_ints (reader, group, "channels", 1, 1024,
                                one->channels, PST_MAX_DEPTH, &one->depth,
                                error))
    return FALSE;
  n = MIN (one->depth, 3);
  if (! pst_recipe_reader_ints (reader, group, "strides", 1, 4, one->strides,
                                PST_MAX_DEPTH, &n, error))
    return FALSE;
  if (n != one->depth)
    return pst_recipe_reader_fail (reader, group, "strides", error,
                                   _ ("as many strides as channels (%d)"),
                                   one->depth);
  return TRUE;
}

static gboolean
read_style (PstRecipeReader *reader, const char *group, PstRecipe *recipe,
            GError **error)
{
  PstRecipeStyle *style;

  style = pst_recipe_add_style (recipe, group + strlen ("style "));
  for (const char *p = style->id; *p || p == style->id; p++)
    if (! g_ascii_islower (*p) && ! g_ascii_isdigit (*p) && *p != '-')
      return pst_recipe_reader_fail (
        reader, group, NULL, error,
        _ ("an id of lower-case letters, digits and “-” after “style ”"));
  if (! pst_recipe_reader_read (reader, group, style_keys, style, error))
    return FALSE;
  if (! style->pictures)
    return pst_recipe_reader_fail (reader, group, "pictures", error,
                                   _ ("one picture or more"));
  if (! style->title)
    style->title = g_strdup (style->id);
  return TRUE;
}

static gboolean
read_phase (PstRecipeReader *reader, const char *group, PstRecipe *recipe,
            GError **error)
{
  PstSettings settings, *last;

  last = &g_array_index (recipe->phases, PstSettings,
                         recipe->phases->len - 1);
  settings = *last;
  if (! pst_recipe_reader_read (reader, group, phase_keys, &settings, error) ||
      ! pst_recipe_reader_read (reader, group, setting_keys, &settings,
                                error) ||
      ! pst_recipe_reader_read (reader, group, loss_keys, &settings, error))
    return FALSE;
  if (settings.from <= last->from)
    return pst_recipe_reader_fail (reader, group, "from", error,
                                   _ ("a step after the phase before (%d)"),
                                   (int) last->from);
  g_array_append_val (recipe->phases, settings);
  return TRUE;
}

/* Groups that there may be several of, in the order of the file. */
static gboolean
read_numbered (PstRecipeReader *reader, PstRecipe *recipe, GError **error)
{
  g_auto (GStrv) groups = pst_recipe_reader_groups (reader);

  for (int i = 0; groups[i]; i++)
    {
      gboolean ok = TRUE;

      if (g_str_has_prefix (groups[i], "style "))
        ok = read_style (reader, groups[i], recipe, error);
      else if (g_str_has_prefix (groups[i], "discriminator "))
        ok = read_discriminator (reader, groups[i], recipe, error);
      else if (g_str_has_prefix (groups[i], "phase "))
        ok = read_phase (reader, groups[i], recipe, error);
      if (! ok)
        return FALSE;
    }
  if (recipe->student.stages &&
      (recipe->styles->len > 0 || recipe->discriminators->len > 0))
    return pst_recipe_reader_fail (
      reader, "student", NULL, error,
      _ ("no styles and no discriminators: a recipe makes a feature network "
         "or a style model"));
  if (recipe->styles->len == 0 && ! recipe->student.stages)
    return pst_recipe_reader_fail (reader, "style …", NULL, error,
                                   _ ("one style or more"));
  return TRUE;
}

/* A model to start from brings its layout. */
static gboolean
read_model (PstRecipeReader *reader, PstRecipe *recipe, GError **error)
{
  static const char *const layout[] = { "width", "blocks", "epsilon",
                                        "identity-skip", NULL };

  if (! pst_recipe_reader_read (reader, "model", model_keys, recipe, error))
    return FALSE;
  for (int i = 0; recipe->from && layout[i]; i++)
    if (pst_recipe_reader_has (reader, "model", layout[i]))
      return pst_recipe_reader_fail (
        reader, "model", layout[i], error,
        _ ("no such key beside “from”: the network is laid out as that of "
           "the model it starts from"));
  if (recipe->from && ! pst_recipe_reader_has (reader, "model", "grain"))
    recipe->grain = -1;
  return TRUE;
}

gboolean
pst_recipe_read (PstRecipeReader *reader, PstRecipe *recipe, GError **error)
{
  PstSettings settings = first_settings;

  if (! read_model (reader, recipe, error) ||
      ! pst_recipe_reader_read (reader, "photos", photo_keys, recipe,
                                error) ||
      ! read_photos (reader, recipe, error) ||
      ! read_sheet (reader, recipe, error) ||
      ! read_student (reader, recipe, error) ||
      ! read_features (reader, recipe, error) ||
      ! pst_recipe_read_patches (reader, &recipe->patches, error) ||
      ! pst_recipe_reader_read (reader, "training", training_keys, recipe,
                                error) ||
      ! pst_recipe_reader_read (reader, "training", setting_keys, &settings,
                                error) ||
      ! pst_recipe_reader_read (reader, "losses", loss_keys, &settings,
                                error))
    return FALSE;
  g_array_append_val (recipe->phases, settings);
  recipe->cache *= 1024 * 1024;
  if (! read_numbered (reader, recipe, error) ||
      ! pst_recipe_reader_finish (reader, error))
    return FALSE;
  pst_recipe_fit_patches (recipe);
  return TRUE;
}
