/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdio.h>

#include "core/train/networks.h"

/* A folder for PyTorch to read: a manifest of names and shapes, and a file of
 * numbers for each. */
typedef struct
{
  const char *folder;
  FILE       *manifest;
  PstRandom   random;
} Output;

void output_open (Output *to, const char *folder);
void output_numbers (Output *to, const char *name, const PstShape *shape,
                     const float *data);
/* @arrays in C order as ROOM.NAME; NULL entries are left out. */
void output_arrays (Output *to, const char *room, GPtrArray *names,
                    GPtrArray *arrays);
