/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each case is a network as an exporter may write it, and what is left of it;
 * written and simplified network give the same numbers. */
#include <math.h>
#include <string.h>

#include "core/base/test-run.h"
#include "core/graph/plan.h"
#include "core/graph/rewrite.h"
#include "core/graph/test-script.h"

#define NORM "InstanceNormalization"
/* What differs between spelt-out norms is what comes before and after. */
#define MEANS(axes) "m = ReduceMean x axes=[" axes "]; d = Sub x m; "
#define SQUARES(axes) "q = Mul d d; v = ReduceMean q axes=[" axes "]; "
#define ROOT "e = Add v f()=1e-3; r = Sqrt e; "

typedef struct
{
  const char *name;
  int         opset;
  const char *text;
  const char *left; /* types of nodes, in order */
} Case;

static const Case norms[] = {
  { "plain", 13, "x 2,3,6,5; " MEANS ("2,3") SQUARES ("2,3") ROOT
    "y = Div d r", NORM },
  { "power", 13, "x 2,3,6,5; " MEANS ("-1,-2")
    "q = Pow d f()=2; v = ReduceMean q axes=[2,3]; e = Add f()=1e-3 v;"
    "r = Pow e f()=0.5; y = Div d r", NORM },
  { "inverse-power", 13, "x 2,3,6,5; " MEANS ("2,3") SQUARES ("2,3")
    "e = Add v f()=1e-3; r = Pow e f()=-0.5; y = Mul r d", NORM },
  { "reciprocal", 13, "x 2,3,6,5; " MEANS ("2,3") SQUARES ("2,3") ROOT
    "i = Reciprocal r; y = Mul d i", NORM },
  { "one-divided", 13, "x 2,3,6,5; " MEANS ("2,3") SQUARES ("2,3") ROOT
    "i = Div f()=1 r; y = Mul d i", NORM },
  { "no-epsilon", 13, "x 2,3,6,5; " MEANS ("2,3") SQUARES ("2,3")
    "r = Sqrt v; y = Div d r", NORM },
  { "scale-and-shift", 13, "x 2,3,6,5; " MEANS ("2,3") SQUARES ("2,3") ROOT
    "n = Div d r; g = Mul n f(3,1,1); y = Add g f(1,3,1,1)", NORM },
  { "scale-first", 13, "x 2,3,6,5; " MEANS ("2,3") SQUARES ("2,3") ROOT
    "g = Mul f(3,1,1) d; n = Div g r; y = Add n f(3,1,1)", NORM },
  { "scale-first-reciprocal", 13, "x 2,3,6,5; " MEANS ("2,3")
    SQUARES ("2,3") ROOT
    "i = Reciprocal r; g = Mul d f(1,3,1,1); y = Mul g i", NORM },
  { "scale-twice", 13, "x 2,3,6,5; " MEANS ("2,3") SQUARES ("2,3") ROOT
    "i = Reciprocal r; k = Mul i f(3,1,1); g = Mul d f(3,1,1); y = Mul g k",
    "ReduceMean Sub Mul ReduceMean Add Sqrt Reciprocal Mul Mul Mul" },
  { "scale-first-along-rows", 13,
    "x 1,5,6,5; " MEANS ("2,3") SQUARES ("2,3") ROOT
    "g = Mul f(5) d; y = Div g r", NORM " Mul" },
  { "scale-divided", 13,
    "x 2,3,6,5; " MEANS ("2,3") SQUARES ("2,3") ROOT
    "k = Div f(3,1,1) r; a = Mul x k; b = Mul m k; o = Sub f(3,1,1) b;"
    "y = Add a o", NORM },
  { "scale-divided-flat", 13, /* 5 channels and 5 columns */
    "x 1,5,6,5; m = ReduceMean x axes=[2,3]; d = Sub x m; q = Mul d d;"
    "v = ReduceMean q axes=[2,3]; " ROOT "w = Reshape r i[1,5];"
    "k = Div f(5) w; u = Reshape k i[1,5,1,1]; y = Mul d u",
    "ReduceMean Sub Mul ReduceMean Add Sqrt Reshape Div Reshape Mul" },
  { "pytorch-0.4", 9,
    "x 1,3,6,5; c = Relu x; f = Reshape c i[1,3,1,-1];"
    "m = ReduceMean f axes=[3]; d = Sub c m; q = Mul d d;"
    "k = Reshape q i[1,3,1,-1]; v = ReduceMean k axes=[3];" ROOT
    "n = Div d r; g = Reshape f(3) i[-1,3,1,1]; h = Mul n g; y = Add h g",
    "Relu " NORM },
  { "kept-from-zero", 9,
    "x 1,3,6,5; f = Reshape x i[1,3,1,-1]; m = ReduceMean f axes=[3];"
    "d = Sub x m; t = Add d f()=1e-3; q = Mul d t;"
    "k = Reshape q i[1,3,1,-1]; v = ReduceMean k axes=[3]; " ROOT
    "y = Div d r", NORM },
  { "both-kept-from-zero", 9,
    "x 1,3,6,5; m = ReduceMean x axes=[2,3]; d = Sub x m;"
    "t = Add d f()=0.1; q = Mul t t; v = ReduceMean q axes=[2,3]; " ROOT
    "y = Div d r", NORM },
  { "flat", 13,
    "x 2,3,6,5; f = Reshape x i[2,3,-1]; m = ReduceMean f axes=[2];"
    "d = Sub f m; q = Mul d d; v = ReduceMean q axes=[2]; " ROOT
    "n = Div d r; y = Reshape n i[2,3,6,5]", NORM },
  { "flat-channels", 13,
    "x 1,3,6,5; f = Reshape x i[3,-1]; m = ReduceMean f axes=[1];"
    "d = Sub f m; q = Mul d d; v = ReduceMean q axes=[1]; " ROOT
    "n = Div d r; g = Mul n f(3,1); h = Add g f(3,1);"
    "y = Reshape h i[1,3,6,5]", NORM },
  { "flat-samples", 13,
    "x 2,3,6,5; f = Reshape x i[1,6,6,5]; m = ReduceMean f axes=[2,3];"
    "d = Sub f m; q = Mul d d; v = ReduceMean q axes=[2,3]; " ROOT
    "n = Div d r; y = Reshape n i[2,3,6,5]", NORM },
  { "no-dimensions-kept", 13,
    "x 2,3,6,5; m = ReduceMean x axes=[2,3] keepdims=0;"
    "u = Unsqueeze m i[2,3]; d = Sub x u; q = Mul d d;"
    "v = ReduceMean q axes=[2,3] keepdims=0; " ROOT
    "w = Unsqueeze r i[2,3]; y = Div d w", NORM },
  { "global-pools", 13,
    "x 2,3,6,5; m = GlobalAveragePool x; d = Sub x m; q = Mul d d;"
    "v = GlobalAveragePool q; " ROOT "y = Div d r", NORM },
  { "sums", 13,
    "x 2,3,6,5; a = ReduceSum x i[2,3]; m = Mul a f()=0.033333335;"
    "d = Sub x m; q = Mul d d; b = ReduceSum q i[2,3]; v = Div b f()=30.0; "
    ROOT "y = Div d r", NORM },
  { "sample-variance", 13, "x 2,3,6,5; " MEANS ("2,3")
    "q = Mul d d; b = ReduceSum q i[2,3]; v = Div b f()=29.0; " ROOT
    "y = Div d r", NORM },
  { "square-less-square", 13,
    "x 2,3,6,5; m = ReduceMean x axes=[2,3]; q = Mul x x;"
    "a = ReduceMean q axes=[2,3]; b = Mul m m; v = Sub a b;" ROOT
    "d = Sub x m; y = Div d r", NORM },
  { "tensorflow", 13,
    "x 2,3,6,5; m = ReduceMean x axes=[2,3]; d = Sub x m; q = Mul d d;"
    "v = ReduceMean q axes=[2,3];" ROOT "i = Reciprocal r;"
    "k = Mul i f(1,3,1,1); a = Mul x k; b = Mul m k; o = Sub f(1,3,1,1) b;"
    "y = Add a o", NORM },
  { "tensorflow-no-scale", 13,
    "x 2,3,6,5; m = ReduceMean x axes=[2,3]; d = Sub x m; q = Mul d d;"
    "v = ReduceMean q axes=[2,3];" ROOT "i = Reciprocal r;"
    "a = Mul x i; b = Mul m i; o = Sub f(3,1,1) b; y = Add o a", NORM },
  { "two-differences", 13,
    "x 2,3,6,5; " MEANS ("2,3") SQUARES ("2,3") ROOT
    "t = Sub x m; y = Div t r", NORM },
  { "computed-scale", 13, "x 2,3,6,5; " MEANS ("2,3") SQUARES ("2,3") ROOT
    "n = Div d r; g = GlobalMaxPool x; y = Mul n g",
    NORM " GlobalMaxPool Mul" },
  { "group-norm-of-channels", 13,
    "x 2,3,6,5; f = Reshape x i[0,3,-1];"
    "n = InstanceNormalization f f(3)=1.0 f(3)=0.0;"
    "b = Reshape n i[2,3,6,5]; g = Mul b f(3,1,1); y = Add g f(3,1,1)",
    NORM },
  { "group-norm", 21,
    "x 2,3,6,5; y = GroupNormalization x f(3) f(3) num_groups=3", NORM },
  { "group-norm-of-pairs", 21,
    "x 2,4,6,5; y = GroupNormalization x f(4) f(4) num_groups=2",
    "GroupNormalization" },
  { "torch-dynamo", 18,
    "x 2,3,6,5; f = Reshape x i[1,6,6,5]; m = ReduceMean f i[0,2,3];"
    "d = Sub f m; q = Mul d d; v = ReduceMean q i[0,2,3];" ROOT
    "i = Reciprocal r; n = Mul d i; b = Reshape n i[2,3,6,5];"
    "g = Mul b f(3,1,1); y = Add g f(3,1,1)", NORM },
  { "batch-norm-in-training", 9,
    "x 1,3,6,5; f = Reshape x i[1,3,6,5];"
    "n,s,t = BatchNormalization f f(3) f(3) f(3) f(3);"
    "y = Reshape n i[1,3,6,5]", NORM },
  { "batch-norm-in-training-samples", 9,
    "x 2,3,6,5; f = Reshape x i[1,6,6,5];"
    "n,s,t = BatchNormalization f f(6)=1.0 f(6)=0.0 f(6) f(6);"
    "b = Reshape n i[2,3,6,5]; y = Mul b f(3,1,1)", NORM },
  { "batch-norm-in-training-each-other", 9, /* samples differ */
    "x 2,3,6,5; f = Reshape x i[1,6,6,5];"
    "n,s,t = BatchNormalization f f(6) f(6) f(6) f(6);"
    "y = Reshape n i[2,3,6,5]", "Reshape " NORM " Reshape" },
  /* not instance norms */
  { "mean-read", 13, "x 2,3,6,5; " MEANS ("2,3") SQUARES ("2,3") ROOT
    "n = Div d r; y = Add n m",
    "ReduceMean Sub Mul ReduceMean Add Sqrt Div Add" },
  { "deviation-read", 13, "x 2,3,6,5; " MEANS ("2,3") SQUARES ("2,3") ROOT
    "n = Div d r; y = Mul n r",
    "ReduceMean Sub Mul ReduceMean Add Sqrt Div Mul" },
  { "over-channels", 13, "x 2,3,6,5; " MEANS ("1,2,3") SQUARES ("1,2,3") ROOT
    "y = Div d r", "ReduceMean Sub Mul ReduceMean Add Sqrt Div" },
  { "over-rows", 13, "x 2,3,6,5; " MEANS ("3") SQUARES ("3") ROOT
    "y = Div d r", "ReduceMean Sub Mul ReduceMean Add Sqrt Div" },
  { "over-columns", 13, "x 2,3,5,5; " MEANS ("2") SQUARES ("2") ROOT
    "y = Div d r", "ReduceMean Sub Mul ReduceMean Add Sqrt Div" },
  { "over-channels-and-rows", 13, "x 1,5,6,5; " MEANS ("1,2")
    SQUARES ("1,2") ROOT
    "y = Div d r", "ReduceMean Sub Mul ReduceMean Add Sqrt Div" },
  { "other-axes", 13, "x 2,3,6,5; " MEANS ("2,3") SQUARES ("1,2") ROOT
    "y = Div d r", "ReduceMean Sub Mul ReduceMean Add Sqrt Div" },
  { "groups", 13,
    "x 2,4,6,5; f = Reshape x i[2,2,-1]; m = ReduceMean f axes=[2];"
    "d = Sub f m; q = Mul d d; v = ReduceMean q axes=[2]; " ROOT
    "n = Div d r; y = Reshape n i[2,4,6,5]",
    "Reshape ReduceMean Sub Mul ReduceMean Add Sqrt Div Reshape" },
  { "epsilon-outside", 13, "x 2,3,6,5; " MEANS ("2,3") SQUARES ("2,3")
    "r = Sqrt v; e = Add r f()=0.1; y = Div d e",
    "ReduceMean Sub Mul ReduceMean Sqrt Add Div" },
  { "other-map", 13,
    "x 2,3,6,5; a = Relu x; m = ReduceMean a axes=[2,3]; d = Sub x m;"
    SQUARES ("2,3") ROOT "y = Div d r",
    "Relu ReduceMean Sub Mul ReduceMean Add Sqrt Div" },
  { "other-mean", 13,
    "x 2,3,6,5; " MEANS ("2,3")
    "a = Relu x; b = ReduceMean a axes=[2,3]; t = Sub a b;"
    "q = Mul t t; v = ReduceMean q axes=[2,3];" ROOT "y = Div d r",
    "ReduceMean Sub Relu ReduceMean Sub Mul ReduceMean Add Sqrt Div" },
  { "not-squared", 13, "x 2,3,6,5; " MEANS ("2,3")
    "q = Mul d x; v = ReduceMean q axes=[2,3];" ROOT "y = Div d r",
    "ReduceMean Sub Mul ReduceMean Add Sqrt Div" },
  { "third-power", 13, "x 2,3,6,5; " MEANS ("2,3") SQUARES ("2,3")
    "e = Add v f()=1e-3; r = Pow e f()=0.3; y = Div d r",
    "ReduceMean Sub Mul ReduceMean Add Pow Div" },
  { "along-rows", 13, /* 5 channels and 5 columns */
    "x 1,5,6,5; " MEANS ("2,3") SQUARES ("2,3") ROOT
    "w = Reshape r i[1,1,1,5]; y = Div d w",
    "ReduceMean Sub Mul ReduceMean Add Sqrt Reshape Div" },
  { "scale-along-rows", 13,
    "x 1,5,6,5; " MEANS ("2,3") SQUARES ("2,3") ROOT
    "n = Div d r; y = Mul n f(5)", NORM " Mul" },
};

static const Case lines[] = {
  { "conv-mul-add", 13,
    "x 2,3,6,5; c = Conv x f(4,3,3,3) f(4); g = Mul c f(4,1,1);"
    "y = Add g f(1,4,1,1)", "Conv" },
  { "conv-no-bias", 13,
    "x 2,3,6,5; c = Conv x f(4,3,3,3); g = Sub c f()=0.5; y = Div g f()=4.0",
    "Conv" },
  { "conv-from-one", 13,
    "x 2,3,6,5; c = Conv x f(4,3,3,3); y = Sub f(4,1,1) c", "Conv" },
  { "conv-batch-norm", 13,
    "x 2,3,6,5; c = Conv x f(4,3,3,3) f(4);"
    "y = BatchNormalization c f(4) f(4) f(4) f(4) epsilon=0.01", "Conv" },
  { "grouped-conv", 13,
    "x 2,4,6,5; c = Conv x f(6,2,3,3) group=2; y = Mul c f(6,1,1)", "Conv" },
  { "transposed", 13,
    "x 2,4,6,5; c = ConvTranspose x f(4,3,3,3) strides=[2,2];"
    "y = Mul c f(3,1,1)", "ConvTranspose" },
  { "grouped-transposed", 13,
    "x 2,4,6,5; c = ConvTranspose x f(4,3,3,3) f(6) group=2;"
    "y = BatchNormalization c f(6) f(6) f(6) f(6)", "ConvTranspose" },
  { "scaler", 7,
    "x 2,3,6,5; c = Conv x f(3,3,1,1); a = Affine c alpha=2.0 beta=0.5;"
    "y = ImageScaler a scale=3.0 bias=[0.1,0.2,0.3]", "Conv" },
  { "norm", 13,
    "x 2,3,6,5; n = InstanceNormalization x f(3) f(3) epsilon=0.1;"
    "g = Div n f(3,1,1); y = Sub f(1,3,1,1) g", NORM },
  { "row", 13,
    "x 2,3,6,5; c = Relu x; a = Mul c f()=0.5; b = Add a f(3,1,1);"
    "d = Sub f(1,3,1,1) b; e = Div d f()=3.0; y = Tanh e",
    "Relu BatchNormalization Tanh" },
  { "row-read", 13,
    "x 2,3,6,5; c = Relu x; a = Mul c f()=0.5; b = Add a f(3,1,1);"
    "y = Add b a", "Relu Mul Add Add" },
  { "row-of-pixels", 13,
    "x 2,3,6,5; a = Mul x f()=0.5; b = Add a f(6,5); y = Mul b f(3,1,1)",
    "Mul Add Mul" },
  { "before", 13,
    "x 2,3,6,5; a = Sub x f(3,1,1); b = Div a f(1,3,1,1);"
    "y = Conv b f(4,3,3,3) f(4)", "Conv" },
  { "before-padding", 7,
    "x 2,4,6,5; a = ImageScaler x scale=2.0 bias=[1.0,2.0,3.0,4.0];"
    "b = Pad a pads=[0,0,1,1,0,0,1,2] mode=reflect;"
    "y = Conv b f(6,2,3,3) group=2", "Pad Conv" },
  { "before-zeros", 13,
    "x 2,3,6,5; a = Mul x f(3,1,1); y = Conv a f(4,3,3,3) pads=[1,1,1,1]",
    "Conv" },
  { "before-other-zeros", 13,
    "x 2,3,6,5; a = Add x f(3,1,1); y = Conv a f(4,3,3,3) pads=[0,0,0,1]",
    "Add Conv" },
  { "before-padded-zeros", 13,
    "x 2,3,6,5; a = Add x f(3,1,1); b = Pad a i[0,0,1,1,0,0,1,1];"
    "y = Conv b f(4,3,3,3)", "Add Pad Conv" },
  { "before-same", 13,
    "x 2,3,6,5; a = Add x f(3,1,1);"
    "y = Conv a f(4,3,3,3) auto_pad=SAME_UPPER", "Add Conv" },
  { "before-read-twice", 13,
    "x 2,3,6,5; a = Add x f(3,1,1); b = Conv a f(3,3,1,1); y = Mul a b",
    "Add Conv Mul" },
  { "before-grows", 13,
    "x 2,1,6,5; a = Add x f(1,3,1,1); y = Conv a f(4,3,3,3)", "Add Conv" },
  { "conv-read-twice", 13,
    "x 2,3,6,5; c = Conv x f(4,3,3,3); g = Mul c f(4,1,1); y = Add g c",
    "Conv Mul Add" },
  { "every-pixel", 13, "x 2,3,6,5; c = Conv x f(4,3,3,3); y = Add c f(4,3)",
    "Conv Add" },
  { "every-row", 13,
    "x 2,3,6,5; c = Conv x f(4,3,3,3); y = Add c f(1,1,4,1)", "Conv Add" },
  { "every-sample", 13,
    "x 2,3,6,5; c = Conv x f(4,3,3,3); y = Mul c f(2,4,1,1)", "Conv Mul" },
  { "grows", 13,
    "x 1,3,6,5; c = Conv x f(1,3,3,3); y = Mul c f(4,1,1)", "Conv Mul" },
  { "divided-by", 13,
    "x 2,3,6,5; c = Conv x f(4,3,3,3); s = Sigmoid c; y = Div f()=2.0 s",
    "Conv Sigmoid Div" },
  { "computed", 13,
    "x 2,3,6,5; c = Conv x f(4,3,3,3); g = GlobalMaxPool x;"
    "h = Conv g f(4,3,1,1); y = Mul c h", "Conv GlobalMaxPool Conv Mul" },
};

static const Case shapes[] = {
  { "nothing", 13,
    "x 2,3,6,5; a = Mul x f()=1.0; b = Add f(3,1,1)=0.0 a; c = Div b f()=1.0;"
    "d = Sub c f()=0.0; e = Pow d f()=1.0; f = Reshape e i[2,3,6,5];"
    "g = Pad f i[0,0,0,0,0,0,0,0]; h = Slice g i[0] i[99] i[2];"
    "i = Transpose h perm=[0,1,2,3]; j = Concat i axis=1;"
    "k = Expand j i[1,3,1,1]; l = Cast k to=1; y = Relu l", "Relu" },
  { "affine", 7,
    "x 2,3,6,5; a = Affine x alpha=1.0 beta=0.0;"
    "b = ImageScaler a scale=1.0 bias=[0.0,0.0,0.0]; y = Relu b", "Relu" },
  { "grows", 13, "x 1,3,6,5; y = Mul x f(2,1,1,1)=1.0", "Mul" },
  { "turned", 13, "x 2,3,6,5; y = Slice x i[-1] i[-99] i[2] i[-1]", "Slice" },
  { "moved", 13, "x 2,3,6,5; y = Pad x i[0,0,1,0,0,0,-1,0]", "Pad" },
  { "reshapes", 13,
    "x 2,3,6,5; a = Reshape x i[6,-1]; b = Flatten a axis=0;"
    "c = Unsqueeze b i[0]; d = Reshape c i[2,3,30]; e = Relu d;"
    "f = Squeeze e; g = Reshape f i[0,3,30]; y = Reshape g i[2,3,6,5]",
    "Reshape Relu Reshape" },
  { "transposes", 13,
    "x 2,3,6,5; a = Transpose x perm=[0,2,3,1];"
    "b = Transpose a perm=[0,3,1,2]; c = Transpose b perm=[1,2,3,0];"
    "y = Transpose c perm=[1,0,2,3]", "Transpose" },
};

static const Case resizes[] = {
  { "scales", 13,
    "x 2,3,6,5; y = Resize x _ f[1,1,2,2] mode=nearest"
    " coordinate_transformation_mode=asymmetric nearest_mode=floor",
    "Upsample" },
  { "half-pixel", 13,
    "x 2,3,6,5; y = Resize x _ _ i[2,3,12,10] mode=nearest", "Upsample" },
  { "half-pixel-thrice", 13,
    "x 2,3,6,5; y = Resize x _ _ i[2,3,18,15] mode=nearest", "Upsample" },
  { "pytorch", 13,
    "x 2,3,6,5; y = Resize x _ _ i[2,3,24,20] mode=nearest"
    " coordinate_transformation_mode=pytorch_half_pixel"
    " nearest_mode=round_prefer_ceil", "Upsample" },
  { "old", 10,
    "x 2,3,6,5; y = Resize x f[1,1,2,2] mode=nearest", "Upsample" },
  { "upsample-7", 7,
    "x 2,3,6,5; y = Upsample x scales=[1.0,1.0,2.0,3.0] mode=nearest",
    "Upsample" },
  { "upsample-9", 9,
    "x 2,3,6,5; y = Upsample x f[1,1,2,2] mode=nearest", "Upsample" },
  { "concats", 9,
    "x 1,3,6,5; r = Relu x; a = Reshape r i[-1,1]; b = Concat a a axis=1;"
    "c = Reshape b i[-1,10]; d = Concat c c axis=1;"
    "y = Reshape d i[-1,3,12,10]", "Relu Upsample" },
  { "concats-thrice", 9,
    "x 2,3,6,5; a = Reshape x i[-1,1]; b = Concat a a axis=-1;"
    "c = Reshape b i[-1,10]; d = Concat c c c axis=1;"
    "y = Reshape d i[2,3,18,10]", "Upsample" },
  { "expand", 13,
    "x 2,3,6,5; a = Reshape x i[2,3,6,1,5,1]; b = Expand a i[2,3,6,2,5,2];"
    "y = Reshape b i[2,3,12,10]", "Upsample" },
  { "one", 13, "x 2,3,6,5; a = Resize x _ _ i[2,3,6,5]; y = Relu a", "Relu" },
  { "align-corners", 13,
    "x 2,3,6,5; y = Resize x _ _ i[2,3,12,10] mode=nearest"
    " coordinate_transformation_mode=align_corners", "Upsample" },
  { "align-corners-floor", 13,
    "x 2,3,6,5; y = Resize x _ _ i[2,3,12,10] mode=nearest"
    " coordinate_transformation_mode=align_corners nearest_mode=floor",
    "Resize" },
  { "half-pixel-ceil", 13,
    "x 2,3,6,5; y = Resize x _ _ i[2,3,12,10] mode=nearest nearest_mode=ceil",
    "Resize" },
  { "linear", 13,
    "x 2,3,6,5; y = Resize x _ _ i[2,3,12,10] mode=linear", "Resize" },
  { "linear-align-corners", 13,
    "x 2,3,6,5; y = Resize x _ _ i[2,3,18,10] mode=linear"
    " coordinate_transformation_mode=align_corners", "Resize" },
  { "uneven", 13,
    "x 2,3,6,5; y = Resize x _ _ i[2,3,13,10] mode=nearest", "Resize" },
  { "almost-twice", 7, /* 3 becomes 6, but not each number twice */
    "x 2,3,3,3; y = Upsample x scales=[1.0,1.0,2.3,2.3] mode=nearest",
    "Upsample" },
  { "almost-twice-before-conv", 7,
    "x 2,3,3,3; u = Upsample x scales=[1.0,1.0,2.3,2.3] mode=nearest;"
    "y = Conv u f(4,3,3,3)", "Upsample Conv" },
  { "smaller", 13,
    "x 2,3,6,4; y = Resize x _ _ i[2,3,3,2] mode=nearest", "Resize" },
  { "concats-other-way", 9,
    "x 2,3,6,5; a = Reshape x i[-1,5]; b = Concat a a axis=1;"
    "c = Reshape b i[-1,10]; d = Concat c c axis=1;"
    "y = Reshape d i[2,3,12,10]", NULL },
  { "concats-of-two", 9,
    "x 1,3,6,5; z = Relu x; a = Reshape x i[-1,1]; e = Reshape z i[-1,1];"
    "b = Concat a e axis=1; c = Reshape b i[-1,10]; d = Concat c c axis=1;"
    "y = Reshape d i[-1,3,12,10]", NULL },
};

static const Case paddings[] = {
  { "zeros", 13,
    "x 2,3,6,5; a = Pad x i[0,0,1,2,0,0,3,4]; y = Pad a i[0,0,1,1,0,0,1,1]",
    "Pad" },
  { "numbers", 13,
    "x 2,3,6,5; a = Pad x i[0,0,1,2,0,0,3,4] f()=0.5;"
    "y = Pad a i[0,1,1,1,0,1,1,1] f()=0.5", "Pad" },
  { "other-numbers", 13,
    "x 2,3,6,5; a = Pad x i[0,0,1,2,0,0,3,4] f()=0.5;"
    "y = Pad a i[0,1,1,1,0,1,1,1]", "Pad Pad" },
  { "edges", 13,
    "x 2,3,6,5; a = Pad x i[0,0,1,2,0,0,3,4] mode=edge;"
    "y = Pad a i[0,0,1,1,0,0,1,1] mode=edge", "Pad" },
  { "mirrors", 13,
    "x 2,3,6,5; a = Pad x i[0,0,1,2,0,0,3,4] mode=reflect;"
    "y = Pad a i[0,0,1,1,0,0,1,1] mode=reflect", "Pad Pad" },
  { "conv", 13,
    "x 2,3,6,5; a = Pad x i[0,0,1,2,0,0,3,4];"
    "y = Conv a f(4,3,3,3) pads=[1,0,1,0]", "Conv" },
  { "conv-mirror", 13,
    "x 2,3,6,5; a = Pad x i[0,0,1,2,0,0,3,4] mode=reflect;"
    "y = Conv a f(4,3,3,3) pads=[1,0,1,0]", "Pad Conv" },
  { "conv-channel", 13,
    "x 2,3,6,5; a = Pad x i[0,1,1,2,0,0,3,4];"
    "y = Conv a f(4,4,3,3) pads=[1,0,1,0]", "Pad Conv" },
  { "conv-enlarged", 9,
    "x 2,3,6,5; a = Upsample x scales=[1.0,1.0,2.0,2.0];"
    "y = Conv a f(4,3,3,3) pads=[1,1,1,0]", "Upsample Pad Conv" },
  /* words that only fused nodes know */
  { "conv-foreign-words", 13,
    "x 2,3,6,5; a = Conv x f(8,3,3,3) pads=[1,1,1,1] upsample=3"
    " pad_mode=reflect; b = InstanceNormalization a f(8) f(8) relu=1;"
    "y = Conv b f(4,8,3,3) pads=[1,1,1,1] upsample=2",
    "Conv InstanceNormalization Conv" },
  { "transposed-crop", 7,
    "x 2,3,6,5; a = ConvTranspose x f(3,4,3,3) f(4) strides=[2,2]"
    " output_shape=[14,12] auto_pad=VALID; y = Crop a border=[1,2,3,0]",
    "ConvTranspose" },
  { "transposed-slice", 13,
    "x 2,3,6,5; a = ConvTranspose x f(3,4,4,4) f(4) strides=[2,2];"
    "y = Slice a i[1,-10] i[-1,99] i[2,3]", "ConvTranspose" },
  { "transposed-pad", 13,
    "x 2,3,6,5; a = ConvTranspose x f(3,4,4,4) strides=[2,2] pads=[1,0,0,1];"
    "y = Pad a i[0,0,-1,-2,0,0,0,-1]", "ConvTranspose" },
  { "transposed-same", 13,
    "x 2,3,6,5; y = ConvTranspose x f(3,4,4,4) strides=[2,2]"
    " auto_pad=SAME_UPPER", "ConvTranspose" },
  { "transposed-same-lower", 13,
    "x 2,3,6,5; y = ConvTranspose x f(3,4,3,3) strides=[2,2]"
    " auto_pad=SAME_LOWER", "ConvTranspose" },
  { "transposed-given", 13,
    "x 2,3,6,5; y = ConvTranspose x f(3,4,3,3) f(4) strides=[3,2]"
    " output_shape=[17,10]", "ConvTranspose" },
  { "transposed-step", 13,
    "x 2,3,6,5; a = ConvTranspose x f(3,4,4,4) strides=[2,2];"
    "y = Slice a i[1] i[9] i[2] i[2]", "ConvTranspose Slice" },
  { "transposed-channels", 13,
    "x 2,3,6,5; a = ConvTranspose x f(3,4,4,4) strides=[2,2];"
    "y = Slice a i[1,1] i[9,3] i[2,1]", "ConvTranspose Slice" },
};

static char *
list_types (PstGraph *graph)
{
  GPtrArray *nodes = pst_graph_get_nodes (graph);
  GString   *list = g_string_new (NULL);

  for (guint i = 0; i < nodes->len; i++)
    g_string_append_printf (list, "%s%s", i ? " " : "",
                            ((PstNode *) nodes->pdata[i])->op->type);
  return g_string_free_and_steal (list);
}

static void
test_case (gconstpointer data)
{
  const Case          *c = data;
  g_autoptr (PstGraph) graph = pst_test_script (c->text, c->opset);
  const PstShape       shape =
      ((PstValue *) pst_graph_get_inputs (graph)->pdata[0])->info.shape;
  PstRewriteOptions      options = { &shape, FALSE };
  g_autoptr (GError)     error = NULL;
  g_autoptr (GHashTable) map = NULL;
  g_autoptr (PstGraph)   simple = NULL;
  g_autoptr (PstArray)   plain = NULL;
  g_autoptr (PstArray)   other = NULL;
  g_autofree char       *types = NULL;
  double                 most = 0;

  simple = pst_rewrite_specialize (graph, &options, &map, &error);
  g_assert_no_error (error);
  if (c->left)
    {
      simple = pst_rewrite_simplify (g_steal_pointer (&simple), &error);
      g_assert_no_error (error);

      types = list_types (simple);
      g_assert_cmpstr (types, ==, c->left);
    }
  plain = pst_test_paint (graph, &shape, TRUE);
  other = pst_test_paint (graph, &shape, FALSE);
  g_assert_true (
      pst_shape_equal (&plain->tensor.shape, &other->tensor.shape));
  for (gint64 i = 0; i < pst_tensor_count (&plain->tensor); i++)
    most = MAX (most, fabs (pst_tensor_get (&plain->tensor, i)));
  for (gint64 i = 0; i < pst_tensor_count (&plain->tensor); i++)
    g_assert_cmpfloat_with_epsilon (pst_tensor_get (&plain->tensor, i),
                                    pst_tensor_get (&other->tensor, i),
                                    1e-5 * MAX (1, most));
}

/* Parameters whose gradients are wanted are not folded away. */
static void
test_training (void)
{
  g_autoptr (PstGraph) graph = pst_test_script (
      "x 2,3,6,5; c = Conv x f(4,3,3,3); g = Mul c f(4,1,1); y = Relu g", 13);
  g_autoptr (GPtrArray) gradients = g_ptr_array_new ();
  g_autoptr (GPtrArray) seeds = g_ptr_array_new ();
  g_autoptr (GError)    error = NULL;
  PstShape              shape = PST_SHAPE (2, 3, 6, 5);
  PstPlanOptions options = { .input_shapes = &shape, .n_workers = 1,
                             .gradients = gradients, .seeds = seeds };
  g_autoptr (PstPlan)   plan = NULL;
  g_autofree char      *types = NULL;

  g_ptr_array_add (gradients, pst_graph_find (graph, "g")->producer->in[1]);
  g_ptr_array_add (seeds, pst_graph_find (graph, "y"));
  plan = pst_plan_new (graph, &options, &error);
  g_assert_no_error (error);
  types = list_types (pst_plan_get_graph (plan));
  g_assert_cmpstr (types, ==, "Conv Mul Relu");
}

static void
add (const char *part, const Case *cases, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *path =
          g_strdup_printf ("/simplify/%s/%s", part, cases[i].name);

      g_test_add_data_func (path, &cases[i], test_case);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("norm", norms, G_N_ELEMENTS (norms));
  add ("line", lines, G_N_ELEMENTS (lines));
  add ("shape", shapes, G_N_ELEMENTS (shapes));
  add ("resize", resizes, G_N_ELEMENTS (resizes));
  add ("pad", paddings, G_N_ELEMENTS (paddings));
  g_test_add_func ("/simplify/training", test_training);
  return test_run ();
}
