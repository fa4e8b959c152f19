/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/trainer-private.h"

/* What tests of whole trainings begin with: tiny networks, made-up pictures. */

#define FIXTURE_RECIPE                                                        \
  "[model]\ntitle=Tiny\nlicence=CC0\nwidth=4\nblocks=1\n"                     \
  "identity-skip=logit\n"                                                     \
  "[photos]\npaths=photos\nmin-size=16\n"                                     \
  "[features]\nnetwork=net.onnx\ncontent-layers=deep\n"                       \
  "style-layers=shallow;deep\nstyle-form=covariance\n"                        \
  "[losses]\nadversarial=0.1\n"                                               \
  "[discriminator full]\nchannels=8;8\nstrides=2;1\n"                         \
  "[discriminator half]\npool=2\nchannels=8\nstrides=2\n"                     \
  "[training]\nsteps=1000\nbatch=2\ncrop=32\nrate=3e-3\nnoise=0.02\n"         \
  "rate-discriminator=2e-3\nwarm-up=0\nsample-every=4\naverage=0.9\n"         \
  "identity-share=0.2\n"                                                      \
  "[style one]\npictures=one.jpg\nsize=64\ncredit=Nobody\n"                   \
  "[style two]\npictures=two.jpg\nsize=64\n"

typedef struct
{
  char        *folder;
  char        *out;
  PstRecipe   *recipe;
  PstTrainHost host;
} Fixture;

/* For g_test_add(); @data: more of the recipe, or NULL */
void fixture_set_up (Fixture *f, gconstpointer data);
void fixture_tear_down (Fixture *f, gconstpointer data);

PstTrainer *fixture_make (Fixture *f, guint n_threads, PstEventFunc func,
                          gpointer data);
/* The losses of the last of @n steps, which must go well. */
PstLosses   fixture_steps (PstTrainer *trainer, int n);
/* A training that is saved and gone on with becomes the same as one of
 * @n_threads that was not. The losses of the last step in @a and @b. */
void        fixture_assert_resumes (Fixture *f, guint n_threads, PstLosses *a,
                                    PstLosses *b);
/* The same to the last bit, moments and vectors too. */
void        fixture_assert_same (PstTrainer *a, PstTrainer *b);
