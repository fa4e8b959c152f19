/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/**
 * helper_train:
 * @argc: arguments, the word "train" first
 *
 * `pastiche train RECIPE`. libvips must have been started.
 *
 * Returns: the program's exit status
 */
int helper_train (int argc, char **argv);
