/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* What libFuzzer calls and gives (https://llvm.org/docs/LibFuzzer.html). The
 * same programs without an engine get main() and LLVMFuzzerMutate() from
 * replay.c. */
int    LLVMFuzzerInitialize (int *argc, char ***argv);
int    LLVMFuzzerTestOneInput (const guint8 *data, size_t size);
size_t LLVMFuzzerMutate (guint8 *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator (guint8 *data, size_t size, size_t max_size,
                                unsigned int seed);
size_t LLVMFuzzerCustomCrossOver (const guint8 *data1, size_t size1,
                                  const guint8 *data2, size_t size2,
                                  guint8 *out, size_t max_size,
                                  unsigned int seed);

/* Warnings of the core end the process, as a wrong access would. */
void fuzz_init (void);

/* Path of a file in memory with these bytes; the next call changes it. */
const char *fuzz_file (const guint8 *data, gsize size);

/* The machine that the core sees: so much free memory, whatever is true. */
#define FUZZ_MEMORY ((guint64) 512 << 20)
