// The kernels' interface: plain arguments and a table of functions, one table for each instruction set.
//
// This header is shared by translation units that are compiled for different instruction sets, so it holds nothing but
// plain data: an inline function here could be emitted with AVX-512 code and linked into the portable path.
#pragma once

#include <cstdint>

#include "bfloat16_unit.hpp"
#include "terms.hpp"

namespace convoscope {

enum class Nonlinearity : std::int32_t {
    linear,
    relu,
    leaky_relu,
    sigmoid,
    tanh,
    elu,
    gelu,
    silu,
    softmax,
    relu6,
    selu,
    softplus,
    softsign,
    hard_sigmoid,
    hard_silu,
    mish,
    exponential,
    log_softmax
};
enum class PoolMode : std::int32_t { max, min, average };

struct Activation {
    Nonlinearity kind;
    float alpha;
};

// Maps that only kernels see lie in blocks of so many channels: those of a pixel, and behind them the next pixel's.
constexpr std::int64_t channel_block = 16;

// C (+)= A·B, where A's element (i, k) is a[rows[i] + columns[k]]: an offset table for each axis of A lets one product
// serve dense layers, their transposes, and convolutions of any stride and dilation without copying patches.
struct Product {
    const float* a;
    const std::int64_t* rows;  // m offsets; null means i * row_step
    std::int64_t row_step;
    const std::int64_t* columns;  // k offsets
    const float* b;               // (k, n)
    std::int64_t b_step;          // from one k to the next; 0 where B is packed
    float* c;                     // (m, n)
    std::int64_t c_step;
    std::int64_t m, n, k;
    bool accumulate;
    const float* bias;  // (n) to add, or null
    bool rectify;       // whether negative results become zero
    float most;         // what larger results become; 0 for no such bound

    const std::int64_t* c_rows = nullptr;  // m offsets of C's rows; null means i * c_step
    std::int64_t c_block = 0;              // from one channel_block of C's columns to the next; 0 if side by side
    const float* addend = nullptr;         // as C, to add before results are bounded, or null
};

// Columns of patches added back to the image that they were taken from.
struct Scatter {
    const float* patches;  // (count, runs * run_length)
    std::int64_t count;
    const std::int64_t* places;  // count offsets into the image
    const std::int64_t* runs;    // offsets of each patch's contiguous runs
    std::int64_t run_count, run_length;
    float* image;
};

// Some rows of a pooling's output. Rows of its input are given from `first_row` on, as far as they are needed.
struct PoolRows {
    const float* input;  // (rows from first_row, width, channels)
    std::int64_t first_row;
    std::int64_t height, width, channels;  // of the whole map; `width` is also the distance between rows
    PoolMode mode;
    std::int64_t size_y, size_x, stride_y, stride_x, pad_y, pad_x;
    std::int64_t begin, end;  // output rows
    std::int64_t out_width;
};

// A row of a 2×2 pooling's windows over products: each window is four rows of A, and only its winner is kept.
struct PooledProduct {
    const float* a;
    std::int64_t places[4];       // offsets of a window's rows of A
    std::int64_t step;            // from one window to the next
    const std::int64_t* columns;  // k offsets
    const float* b;               // packed panels of (k, n)
    std::int64_t windows, n, k;
    PoolMode mode;
    float* output;          // (windows, n)
    std::uint8_t* winners;  // their places, or null
    // The pixels under a window: rows, how far apart they are, and how many floats of each. No rows: not worth a look.
    std::int64_t pixel_rows, pixel_row, pixel_floats;
};

// The gradient of a small kernel under a 2×2 pooling, from winners alone: three pixels wide and of one to four
// channels, or five and of one or two.
struct PooledGradient {
    const float* image;          // under the windows
    std::int64_t row, channels;  // from one row of the image to the next
    std::int64_t size_y, size_x;
    const float* gradient;  // (rows, windows, filters)
    const std::uint8_t* winners;
    std::int64_t rows, windows, filters;
    float* kernel_gradient;  // (size_y, size_x, channels, filters), added to
};

// A tile of Winograd's along an axis: two outputs, of F(2×2); or four outputs, of F(4×4), or two at some of its points,
// where four do not divide a map.
enum class WinogradTile : std::int32_t { two, four, half };
constexpr int winograd_matrices = 36;  // of F(4×4), a matrix for each point along y and along x; F(2×2) has 16

// A row of tiles, and where they are in the matrices.
struct WinogradRow {
    WinogradTile height;
    bool half;  // whether the last one is half as wide as the others
    std::int64_t tiles;
    std::int64_t step;                   // from one tile's values to the next one's
    float* matrices[winograd_matrices];  // the first tile's values in each
};

// A block of a kernel, of up to 3×3 taps, on its way to the matrices. In each its values are some of the rows.
struct WinogradKernel {
    const float* taps;  // (size_y, size_x, channels, filters), `row` from one row of taps to the next
    std::int64_t row, size_y, size_x;
    std::int64_t channels, filters;
    std::int64_t tile;                      // 2 or 4 outputs a side
    float* to[winograd_matrices];           // the matrices, as `pack` leaves them; null for those that are zero
    std::int64_t first[winograd_matrices];  // the matrix's row for the first channel
    std::int64_t depth[winograd_matrices];  // how many rows the matrix has
};

// Pixels under a row of tiles; those outside the image are zeros.
struct WinogradInput {
    const float* image;  // (height, width, channels)
    std::int64_t height, width, channels;
    std::int64_t top, left;  // of the first tile, which may begin in the padding
    WinogradRow to;          // the first `channels` values of each tile
};

// The products of a row of tiles.
struct WinogradOutput {
    WinogradRow products;
    std::int64_t filters;
};

// A feature map's gradient under a row of tiles, on its way to the matrices.
struct WinogradGradient {
    const float* gradient;  // (rows, width, filters): a tile's height, or less
    std::int64_t rows, width, filters;
    WinogradRow to;
};

// The way back from sums of products over all tiles to the gradient of a block of a kernel.
struct WinogradKernelGradient {
    float* taps;  // (size_y, size_x, channels, filters), `row` from one row of taps to the next: added to
    std::int64_t row, size_y, size_x;
    std::int64_t channels, filters;
    std::int64_t tile;
    const float* from[winograd_matrices];  // (channels, filters) each; null where nothing of the block is
};

enum class CombineMode : std::int32_t { add, subtract, multiply, divide, maximum, minimum };

// A matrix of values: `row` from one row to the next, 0 where one row stands for all; `column` is 1, or 0 where each
// row has one value.
struct Operand {
    const float* values;
    std::int64_t row, column;
};

struct Pairing {
    CombineMode mode;
    Operand a, b;
    std::int64_t rows, columns;
};

// Where the gradient of one of the two goes. What stands for several values receives a sum, and is added to, as is
// what `adds`.
struct Pulled {
    float* values;
    std::int64_t row, column;
    bool adds;
};

constexpr std::int64_t depthwise_outputs = 4;  // neighbours that are worked on at once

// A row of a depthwise convolution's outputs, or of a part of them: the sum of some rows of taps times pixels.
struct DepthwiseRow {
    const float* const* inputs;   // rows of pixels (width, channels), as many as `rows`
    const float* const* kernels;  // for each of them, a row of taps
    std::int64_t rows, taps;
    const std::int64_t* tap_offsets;  // in a row of the kernel, in the order of the pixels
    const std::int64_t* columns;      // (count, taps): offsets in a row of pixels; negative outside of the image. There
                                      // are some for more outputs, up to a multiple of depthwise_outputs
    bool even;                        // whether neighbouring taps' pixels are neighbours,
    std::int64_t stride;              // and how many pixels lie from an output's to the next one's
    std::int64_t count, channels;     // of outputs
    float* output;
    std::int64_t output_step;  // from one output to the next
    const float* bias;         // (channels), or null
    bool bounded;              // whether results are brought between `low` and `high`
    float low, high;
};

// Outputs of a depthwise convolution from pixels in blocks of channels, with zeros for the padding at both ends of a
// row. 3 or 5 taps wide, at strides of 1 or 2 along x.
struct DepthwiseBlocks {
    const float* const* rows;  // of pixels, from the first output's first one on; null for rows of padding
    std::int64_t block;        // in each of them from one block to the next
    std::int64_t size_y, size_x, stride_y, stride_x;
    const float* kernel;    // (blocks, size_y, size_x, channel_block)
    const float* bias;      // (blocks, channel_block)
    std::int64_t channels;  // the last block may have fewer
    float* output;
    std::int64_t height, width;                           // of outputs
    std::int64_t output_row, output_pixel, output_block;  // from one to the next
    bool rectify;                                         // as in a product
    float most;
};

// What a row of outputs' gradients adds to rows of the kernel's.
struct DepthwiseGradient {
    const float* const* inputs;  // rows of pixels (width, channels), as many as `rows`
    float* const* kernels;       // for each of them, a row of the kernel's gradient (taps, channels)
    std::int64_t rows, taps;
    const std::int64_t* columns;  // (count, taps): offsets in a row of pixels; negative outside of the image
    const float* gradient;        // (count, channels)
    std::int64_t count, channels;
};

// What a stretch of values looked like: if it differs later, they have changed.
struct Digest {
    std::uint32_t lanes[16];
};

enum class SampleType : std::int32_t { bytes, words, floats, doubles };

// A kernel over each channel of an image on its own: weight × Σ kernel × image + bias, clipped, and rounded where the
// result is of whole numbers. The image is large enough: padding has been put around it.
struct Filter {
    const void* image;  // (height, width, channels)
    SampleType type;
    std::int64_t row;  // values from one row to the next
    std::int64_t channels;
    const double* kernel;  // (size_y, size_x)
    std::int64_t size_y, size_x;
    std::int64_t dilation_y, dilation_x;
    std::int64_t stride_y, stride_x;
    double weight, bias, low, high;
    bool single_precision;  // whether float sums are exact: of whole numbers below 2^24
    void* output;           // (rows, out_width, channels)
    SampleType result;      // as `type`, or floats
    std::int64_t out_width;
};

struct Kernels {
    const char* name;
    std::int32_t width;  // floats in a vector
    std::int32_t panel;  // columns of B that a product works on at once

    void (*product)(const Product&);
    Bfloat16 bfloat16;  // in software: isa/bfloat16.hpp knows what the processor has for it
    // Panels of `panel` columns one after the other, each with k rows; the last is as narrow as whole vectors allow,
    // padded with zeros. B is (k, n); transposed, it is (n, k).
    void (*pack)(const float* b, std::int64_t step, std::int64_t k, std::int64_t n, float* packed);
    void (*pack_transposed)(const float* b, std::int64_t step, std::int64_t k, std::int64_t n, float* packed);
    void (*transpose)(const float* from, std::int64_t step, std::int64_t rows, std::int64_t columns, float* to,
                      std::int64_t to_step);
    void (*scatter)(const Scatter&);
    void (*add_rows)(const RowSums&);
    // Where channels lie in blocks as wide as a vector: sums over live winners; pixels, `step` apart, to so many blocks,
    // `to_step` apart; and such blocks added to the pixels that they are from.
    void (*add_blocks)(const BlockSums&);
    void (*to_blocks)(const float* from, std::int64_t step, std::int64_t pixels, std::int64_t blocks, float* to,
                      std::int64_t to_step);
    void (*add_from_blocks)(const float* from, std::int64_t from_step, std::int64_t pixels, std::int64_t blocks,
                            float* to, std::int64_t step);
    // The values of a row that are not zero, as terms of a sum over rows `step` apart; returns how many. There must be
    // room for all of them and live_room more.
    std::int64_t (*live_terms)(const float* x, std::int64_t count, std::int32_t step, Term* terms);
    std::int64_t (*winner_lists)(const WinnerLists&);  // returns the number of lists of places

    // Winograd's transforms: of a block of a kernel; of tiles; of products to as many rows of feature map as there are,
    // or to the winners of 2×2 poolings, rows of `width`, and their places.
    void (*winograd_kernel)(const WinogradKernel&);
    void (*winograd_input)(const WinogradInput&);
    void (*winograd_features)(const WinogradOutput&, float* features, std::int64_t rows, std::int64_t width);
    void (*winograd_pooled)(const WinogradOutput&, PoolMode, float* output, std::uint8_t* winners,
                            std::int64_t width);
    void (*winograd_gradient)(const WinogradGradient&);
    void (*winograd_kernel_gradient)(const WinogradKernelGradient&);

    void (*depthwise_row)(const DepthwiseRow&);
    void (*depthwise_blocks)(const DepthwiseBlocks&);
    // The channels of some pixels, `step` apart, to a block with zeros behind them: up to channel_block.
    void (*copy_block)(const float* from, std::int64_t step, std::int64_t pixels, std::int64_t channels, float* to);
    void (*depthwise_gradient)(const DepthwiseGradient&);

    void (*pooled_product)(const PooledProduct&);
    void (*pooled_gradient)(const PooledGradient&);

    // Values (rows, n) += bias (n), or null; then the activation, in place. Not softmax, nor its logarithm.
    void (*bias_activation)(float* values, const float* bias, std::int64_t rows, std::int64_t n, Activation);
    // The same with an addend (rows, n) before the activation.
    void (*bias_addend_activation)(float* values, const float* bias, const float* addend, std::int64_t rows,
                                   std::int64_t n, Activation);
    void (*activation)(Activation, const float* x, float* y, std::int64_t count);
    // dx = dy × f'(x). `x` may be null where the output alone tells the derivative.
    void (*activation_gradient)(Activation, const float* x, const float* y, const float* dy, float* dx,
                                std::int64_t count);
    void (*softmax)(const float* x, float* y, std::int64_t rows, std::int64_t n);
    void (*softmax_gradient)(const float* y, const float* dy, float* dx, std::int64_t rows, std::int64_t n);
    void (*log_softmax)(const float* x, float* y, std::int64_t rows, std::int64_t n);
    void (*log_softmax_gradient)(const float* y, const float* dy, float* dx, std::int64_t rows, std::int64_t n);

    // `winners`, if not null, receives each winner's place in its window (rows, out_width, channels); ties to the
    // first.
    void (*pool)(const PoolRows&, float* output, std::uint8_t* winners);
    // Adds the gradient of the output rows to that of the input rows. The input tells the winners if `winners` is null.
    void (*pool_gradient)(const PoolRows&, const std::uint8_t* winners, const float* dy, float* dx);

    void (*column_sums)(const float* x, std::int64_t rows, std::int64_t n, float* sums);  // sums +=
    void (*column_squares)(const float* x, const float* centre, std::int64_t rows, std::int64_t n,
                           float* sums);  // sums += (x - centre)²
    void (*column_products)(const float* x, const float* centre, const float* y, std::int64_t rows, std::int64_t n,
                            float* sums);  // sums += (x - centre) y
    // y = (x - centre) × scale + shift along the columns; `shift` may be null.
    void (*normalize)(const float* x, const float* centre, const float* scale, const float* shift, float* y,
                      std::int64_t rows, std::int64_t n);
    // dx = scale × (dy - mean_dy - (x - centre) × slope)
    void (*normalize_gradient)(const float* x, const float* dy, const float* centre, const float* scale,
                               const float* mean_dy, const float* slope, float* dx, std::int64_t rows, std::int64_t n);

    // y (rows, columns) = scale × what the mode makes of the two, and zero where that is negative if it is rectified.
    void (*combine)(const Pairing&, float scale, bool rectify, float* y);
    // Of the maximum or minimum of equal values the first has the gradient. `to` may be dy.
    void (*combine_gradient)(const Pairing&, bool second, const float* dy, float scale, const Pulled& to);

    void (*affine)(const float* x, float scale, float shift, float* y, std::int64_t count);
    void (*add)(const float* x, float* y, std::int64_t count);  // y += x
    void (*from_bytes)(const std::uint8_t* x, float* y, std::int64_t count);
    void (*from_doubles)(const double* x, float* y, std::int64_t count);

    // The words of `count` blocks from number `first` on, four each.
    void (*random_words)(std::uint64_t seed, std::uint32_t iteration, std::uint32_t stream, std::uint64_t first,
                         std::int64_t count, std::uint32_t* words);
    // Which of the values from `first` on are kept (1) or dropped (0), by Philox4x32-10; see random.hpp.
    void (*keep_mask)(std::uint64_t seed, std::uint32_t iteration, std::uint32_t stream, std::uint32_t threshold,
                      std::int64_t first, std::int64_t count, std::uint8_t* keep);
    void (*keep)(const float* x, const std::uint8_t* keep, float scale, float* y, std::int64_t count);

    void (*digest)(const float* x, std::int64_t count, Digest&);
    // Rows begin .. end of the output.
    void (*filter)(const Filter&, std::int64_t begin, std::int64_t end);

    bool (*finite)(const float* x, std::int64_t count);  // whether no value is NaN or infinite
    double (*sum_of_squares)(const float* x, std::int64_t count);
    // g += the gradient of l1 × the sum of magnitudes + l2 × the sum of squares of w; returns that penalty.
    double (*penalize)(double l1, double l2, const float* w, float* g, std::int64_t count);
    void (*non_negative)(float* w, std::int64_t count);  // what is below 0 becomes 0
    // sums += the squares in each column of rows `step` apart; columns × factors.
    void (*add_squares)(const float* w, std::int64_t rows, std::int64_t step, std::int64_t columns, double* sums);
    void (*scale_columns)(float* w, std::int64_t rows, std::int64_t step, std::int64_t columns, const float* factors);
    // An optimizer's formula, for weights w, the arrays beside them (null: not kept) and gradients g.
    using Update = void (*)(const struct UpdateNumbers&, float* w, float* const* slots, const float* g,
                            std::int64_t count);
    Update update_sgd, update_adam, update_amsgrad, update_rmsprop, update_adamax, update_nadam, update_adagrad,
        update_adadelta, update_lion, update_ftrl;
};

// An update rule's numbers for one step, ready for the kernels.
struct UpdateNumbers {
    float rate;    // Adam's and Adamax' are already corrected for bias
    float shrink;  // 1 - rate × weight decay
    float clip;    // of each value; infinity for none
    float factor;  // what clipping by norm leaves of the gradient; 1 for all
    float momentum;
    bool nesterov;
    float beta_1, beta_2, rho, epsilon;
    float of_mean, of_gradient, of_square;  // Nadam's: what they count
    float power, l1, l2, shrinkage;         // Ftrl's
};

// Null where this build does not have the instruction set.
const Bfloat16* avx512_bfloat16();
const Bfloat16* amx_bfloat16();
const Kernels* baseline_kernels();
const Kernels* avx2_kernels();
const Kernels* avx512_kernels();
const Kernels* neon_kernels();

}  // namespace convoscope
