/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define PST_MAX_LAYERS 12
#define PST_MAX_DISCRIMINATORS 4
#define PST_MAX_DEPTH 6
#define PST_MAX_STAGES 8
#define PST_MAX_PATCH_SCALES 6

/* Of the feature network that comes with Pastiche, where a recipe names none. */
#define PST_RECIPE_CONTENT_LAYERS "relu2_1:0.25;relu3_1:0.5;relu4_1"
#define PST_RECIPE_STYLE_LAYERS "relu1_1;relu2_1;relu3_1;relu4_1;relu5_1"

/* Forms of the adversarial loss: see pst_loss_adversarial(). */
typedef enum
{
  PST_ADVERSARIAL_HINGE,
  PST_ADVERSARIAL_LSGAN,
  PST_ADVERSARIAL_BCE,
  PST_ADVERSARIAL_WGAN_GP,
} PstAdversarialForm;

typedef enum
{
  PST_CONTENT_SQUARED,
  PST_CONTENT_ABSOLUTE,
  PST_CONTENT_DRAWING, /* of luminance layers, whatever the recipe says */
} PstContentForm;

/* What tells a style: see pst_style_moments(). */
typedef enum
{
  PST_STYLE_GRAM,
  PST_STYLE_COVARIANCE,
} PstStyleForm;

typedef enum
{
  PST_PATCHES_SQUARED,
  PST_PATCHES_ABSOLUTE,
} PstPatchesForm;

/* What is compared with the painting's patches. */
typedef enum
{
  PST_PATCHES_PICTURE, /* those of each picture */
  PST_PATCHES_BATCH,   /* those of all of one style in the batch */
} PstPatchesPool;

/* Whether discriminators are under spectral normalisation. */
typedef enum
{
  PST_SPECTRAL_AUTO, /* unless a gradient penalty does its work */
  PST_SPECTRAL_ON,
  PST_SPECTRAL_OFF,
} PstSpectralMode;

/* What holds discriminators back: see pst_balance_factor(). */
typedef enum
{
  PST_BALANCE_NONE,
  PST_BALANCE_SKIP,
  PST_BALANCE_SCALE,
} PstBalance;

/* How the identity column gets the photo: see pst_network_generator(). */
typedef enum
{
  PST_SKIP_NONE,
  PST_SKIP_LOGIT,
} PstSkip;

/* Which of the generator's weights are trained. */
typedef enum
{
  PST_TRAIN_ALL,
  PST_TRAIN_TABLES, /* the scales and shifts of the recipe's styles */
} PstTrain;

typedef enum
{
  PST_SCHEDULE_CONSTANT,
  PST_SCHEDULE_LINEAR,
  PST_SCHEDULE_COSINE,
} PstSchedule;

/**
 * PstLayer:
 * @name: a value of the feature network, such as "relu4_1"
 * @weight: its share of the loss
 */
typedef struct
{
  char  *name;
  double weight;
} PstLayer;

/**
 * PstSettings:
 *
 * What may change from phase to phase of a training. The weights are factors
 * of the losses in losses.h; @rate and @rate_discriminator are Adam's.
 */
typedef struct
{
  gint64   from;           /* first step of the phase */
  PstTrain train;
  int      crop;           /* side of the training pictures in pixels */
  int      batch;          /* pictures a step */
  double   rate;
  double   rate_discriminator;
  double   clip;           /* largest norm of the generator's gradient; 0: any */
  double   identity_share; /* of the samples that train column 0 */
  double   blend_share;    /* of the styles' samples that are painted between
                              two styles or a style and the photo */
  double   noise;          /* largest added to the generator's photo */
  double   scale[2];       /* windows of photos, multiples of crop */
  double   content;
  double   style;
  double   adversarial;
  double   variation;
  double   identity;
  double   patches;
  double   saturation;
  double   average;        /* decay of the averaged weights; 0: none */
} PstSettings;

typedef struct
{
  char  *id;
  char  *title;
  char  *credit;
  char  *licence;
  char **pictures;     /* paths */
  int    size;         /* shorter side in pixels that the pictures are
                          brought to */
  double scale[2];     /* windows for the discriminators, multiples of crop */
  double share;        /* how often it is drawn, relative to the others */
  int    shown;        /* 0: trained but left out of the model */
  char  *begin;        /* (nullable): id of the style that it begins as */
  int    column;       /* that one's, of the model that the training starts
                          from; 0: none */
  gboolean kept;       /* comes from there and is not trained; no pictures */
  GBytes  *thumbnail;  /* (nullable): of a kept one */
  double content;      /* factors of the losses' weights */
  double style;
  double adversarial;
  double patches;
} PstRecipeStyle;

/* Where pictures to be painted come from. */
typedef enum
{
  PST_PHOTOS_FILES,     /* as path says */
  PST_PHOTOS_SYNTHETIC, /* made up: see synthetic.h */
  PST_PHOTOS_AUTO,      /* the user's pictures, or else synthetic ones */
} PstPhotosKind;

typedef struct
{
  PstPhotosKind kind;
  char         *path; /* (nullable) */
  double        share;
} PstRecipePhotos;

typedef struct
{
  char *name;
  int   pool;                     /* averages pool x pool pixels first */
  int   depth;                    /* layers before the last */
  int   channels[PST_MAX_DEPTH];
  int   strides[PST_MAX_DEPTH];
  double gain;                    /* factor of the logits */
} PstRecipeDiscriminator;

/**
 * PstRecipeStudent:
 * @stages: 0: a style model is trained
 *
 * A small feature network that learns from a larger one: see
 * pst_network_student().
 */
typedef struct
{
  int stages;
  int widths[PST_MAX_STAGES]; /* channels of each stage */
  int depths[PST_MAX_STAGES]; /* its convolutions */
} PstRecipeStudent;

/**
 * PstRecipePatches:
 *
 * How patches are compared: see pst_loss_patches().
 */
typedef struct
{
  gboolean       usual;       /* the recipe names no scales */
  int            n_scales;
  int            shrink[PST_MAX_PATCH_SCALES];
  double         weight[PST_MAX_PATCH_SCALES];
  int            size;        /* of a patch, in pixels of the scale */
  int            projections; /* directions of each step */
  int            positions;   /* most patches of each picture and scale */
  int            samples;     /* patches of the painting, for each picture */
  PstPatchesForm form;
  PstPatchesPool pool;
  double         colour;      /* factor of directions' mean colour */
  double         sharpness;   /* exponent of directions' frequencies */
} PstRecipePatches;

/**
 * PstRecipe:
 *
 * All that a training depends on besides the pictures and the program:
 * written in a key file (docs in models/README.md).
 */
typedef struct
{
  char   *text;     /* the file itself, for the model's metadata */
  char   *folder;   /* that relative paths start from */
  char   *home;     /* that those start from that begin with "./" */
  char   *from;     /* (nullable): path of the model to start from */
  int     keep;     /* its styles stay in the model; see start.h */
  struct _PstStart *start; /* (nullable): what it holds, once it was read */
  char   *title;
  char   *licence;
  double  grain;     /* to be added to photos when painting; metadata.h. Below
                        0: that of the model it starts from */
  char   *thumbnail; /* (nullable): a photo to make thumbnails of */
  int     width;    /* channels of the generator's first layer */
  int     blocks;
  double  epsilon;  /* of the instance norms */
  PstSkip skip;

  GPtrArray *photos; /* PstRecipePhotos */
  int        n_synthetic; /* different synthetic pictures */
  GPtrArray *sheet;  /* (element-type filename): photos of the sample sheet */
  gboolean   fill_sheet; /* with others to the usual number */
  int        min_size;
  double     min_contrast; /* windows flatter than this standard deviation (of
                              0 to 1) are drawn again */
  gint64     cache;  /* bytes of decoded photos kept */

  char     *features; /* (nullable): path of the feature network; NULL for
                         the one that comes with Pastiche */
  gboolean  plain;    /* there is no network, only pst_picture_layer() */
  int       n_content;
  PstLayer  content[PST_MAX_LAYERS];
  double    encoder; /* weight of the generator's own, among them */
  int       n_style;
  PstLayer  style[PST_MAX_LAYERS];
  PstContentForm     content_form;
  PstStyleForm       style_form;
  PstAdversarialForm adversarial_form;
  PstSpectralMode    spectral_mode;
  double             penalty; /* lambda of pst_loss_penalty() */
  gint64             guard_steps;   /* between copies to go back to; 0: none */
  int                guard_tries;   /* times to go back */
  double             guard_rate;    /* factor of the rates each time */
  int                flat_pictures; /* in a row of a style; 0: any number */
  PstBalance         balance;
  double             balance_target;  /* success from which on it acts */
  double             balance_average; /* decay of the running success */
  int                one_by_one; /* samples go through the networks */
  int                replay;  /* generated pictures kept of each style */

  PstRecipeStudent student;
  PstRecipePatches patches;

  GPtrArray *discriminators; /* PstRecipeDiscriminator */
  GPtrArray *styles;         /* PstRecipeStyle, columns 1… of the model, kept
                                ones last */

  gint64      steps;
  gint64      seed;
  gint64      sample_every; /* steps */
  double      save_every;   /* seconds */
  gint64      warm_up;      /* steps in which the rate rises */
  PstSchedule schedule;
  double      decay_from;   /* fraction of the steps */
  double      decay_to;     /* fraction of the rate */
  double      table_rate;   /* factor of the rate for scales and shifts */
  double      beta1;
  double      beta2;

  GArray *phases; /* PstSettings, the first from step 0 */
} PstRecipe;

/**
 * pst_recipe_load:
 * @path: a recipe
 * @data: (nullable): folder that relative paths start from; %NULL for the
 *   recipe's own, where paths that begin with "./" start from in any case
 *
 * Returns: (transfer full) (nullable): the recipe, or %NULL with
 *   %PST_ERROR_FILE, %PST_ERROR_FORMAT or %PST_ERROR_ARGUMENT and a text that
 *   names group and key
 */
PstRecipe *pst_recipe_load (const char *path, const char *data,
                            GError **error);
PstRecipe *pst_recipe_parse (const char *text, const char *folder,
                             GError **error);
/* @folder: where relative paths start from; @home: where those do that begin
 * with "./" */
PstRecipe *pst_recipe_parse_at (const char *text, const char *folder,
                                const char *home, GError **error);
void       pst_recipe_free (PstRecipe *recipe);

/**
 * pst_recipe_plain:
 *
 * The same recipe without pretrained networks: layers of the picture itself
 * and the painting's patches take the feature network's place, each with
 * weights of its own, and no model is started from.
 *
 * Returns: (transfer full) (nullable): a new recipe
 */
PstRecipe *pst_recipe_plain (const PstRecipe *recipe, GError **error);

/* Whether its discriminators are under spectral normalisation. */
gboolean pst_recipe_is_spectral (const PstRecipe *recipe);

/* How content layer @i is compared. */
PstContentForm pst_recipe_content_form (const PstRecipe *recipe, int i);

/* How many of its styles are its own: those that are not kept. */
guint pst_recipe_count_own (const PstRecipe *recipe);

/* Appends a style with the defaults of one that a recipe names. */
PstRecipeStyle *pst_recipe_add_style (PstRecipe *recipe, const char *id);

/* Whether any phase compares patches. */
gboolean pst_recipe_has_patches (const PstRecipe *recipe);

/* What holds at @step (from 0). */
const PstSettings *pst_recipe_settings (const PstRecipe *recipe, gint64 step);

/* How many samples the steps before @step take. */
guint64 pst_recipe_samples (const PstRecipe *recipe, gint64 step);

/**
 * pst_recipe_factor:
 *
 * The schedule: the factor of all rates at @step: a linear rise over the
 * first `warm-up` steps; a straight or half-cosine fall (Loshchilov and
 * Hutter, "SGDR", 2017, eq. 5, without restarts) from `decay-from` of the
 * steps to the last, down to `decay-to`.
 */
double pst_recipe_factor (const PstRecipe *recipe, gint64 step);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstRecipe, pst_recipe_free)
