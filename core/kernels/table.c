/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/kernels/kernels.h"

#include "core/kernels/cell-loops.h"
#include "core/kernels/channel-loops.h"
#include "core/kernels/nested-loops.h"
#include "core/kernels/outer-loops.h"
#include "core/kernels/panel-loops.h"
#include "core/kernels/pixel-loops.h"
#include "core/kernels/resample-loops.h"
#include "core/kernels/strided-loops.h"
#include "core/kernels/winograd-loops.h"

/* Compiled once for each instruction set, with PST_ISA set to its name. */

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2 (a, b)
#define TEXT2(a) #a
#define TEXT(a) TEXT2 (a)

extern const PstKernels JOIN (pst_kernels_, PST_ISA);
const PstKernels JOIN (pst_kernels_, PST_ISA) = {
  .name = TEXT (PST_ISA),
  .panel = PANEL,
  .panel_product = panel_product,
  .panel_outer = panel_outer,
  .pack_cell = pack_cell,
  .unpack_pixels = unpack_pixels,
  .wino_in = wino_in,
  .wino_in_adjoint = wino_in_adjoint,
  .wino_in_patch = wino_in_patch,
  .wino_in_scaled = wino_in_scaled,
  .wino_out_window = wino_out_window,
  .wino_out_adjoint = wino_out_adjoint,
  .wino_weights = wino_weights,
  .wino_weights_adjoint = wino_weights_adjoint,
  .nested_in = nested_in,
  .nested_out = nested_out,
  .nested_add_up = nested_add_up,
  .strided_in = strided_in,
  .strided_out = strided_out,
  .strided_in_tile = strided_in_tile,
  .strided_in_adjoint = strided_in_adjoint,
  .strided_out_adjoint = strided_out_adjoint,
  .channel_sums = channel_sums,
  .channel_affine = channel_affine,
  .channel_add = channel_add,
  .norm_sums = norm_sums,
  .norm_gradient = norm_gradient,
  .scale_row = scale_row,
  .mix_rows = mix_rows,
  .grain_run = grain_run,
};
