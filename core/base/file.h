/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/**
 * pst_file_replace:
 * @path: (type filename): of a file, there or not
 * @data: what is to be in it
 * @size: bytes of @data
 *
 * Writes a file as a whole. Whatever happens, a kill or a power cut, it is as
 * it was or has all of @data. The bytes go into `.pastiche-0.part` in the same
 * folder, or into one of the next numbers where another process writes just
 * then, and that file takes the name of @path when it is on the disk. What a
 * killed process has left there is written over, so it does not pile up.
 *
 * Returns: 0, or the errno of what went wrong; the old file is there then, and
 *   nothing else
 */
int pst_file_replace (const char *path, const void *data, gsize size);
