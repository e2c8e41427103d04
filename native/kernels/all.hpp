// The table of this translation unit's kernels.
#pragma once

#include "activation.hpp"
#include "bfloat16.hpp"
#include "blocks.hpp"
#include "columns.hpp"
#include "combine.hpp"
#include "depthwise.hpp"
#include "digest.hpp"
#include "elementwise.hpp"
#include "filter.hpp"
#include "live.hpp"
#include "pool.hpp"
#include "pooled.hpp"
#include "product.hpp"
#include "random.hpp"
#include "rows.hpp"
#include "update.hpp"
#include "winograd.hpp"

namespace convoscope::CONVOSCOPE_ISA {

static const Kernels table = {
    CONVOSCOPE_ISA_NAME,
    W,
    panel,
    product,
    {"emulated", 1, bfloat16_pack, bfloat16_pack_transposed, bfloat16_product},
    pack,
    pack_transposed,
    transpose,
    scatter,
    add_rows,
    add_blocks,
    to_blocks,
    add_from_blocks,
    live_terms,
    winner_lists,
    winograd_kernel,
    winograd_input,
    winograd_features,
    winograd_pooled,
    winograd_gradient,
    winograd_kernel_gradient,
    depthwise_row,
    depthwise_blocks,
    copy_block,
    depthwise_gradient,
    pooled_product,
    pooled_gradient,
    bias_activation,
    bias_addend_activation,
    activation,
    activation_gradient,
    softmax,
    softmax_gradient,
    log_softmax,
    log_softmax_gradient,
    pool,
    pool_gradient,
    column_sums,
    column_squares,
    column_products,
    normalize,
    normalize_gradient,
    combine,
    combine_gradient,
    affine,
    add,
    from_bytes,
    from_doubles,
    random_words,
    keep_mask,
    keep,
    digest,
    filter,
    finite,
    sum_of_squares,
    penalize,
    non_negative,
    add_squares,
    scale_columns,
    update_sgd,
    update_adam,
    update_amsgrad,
    update_rmsprop,
    update_adamax,
    update_nadam,
    update_adagrad,
    update_adadelta,
    update_lion,
    update_ftrl,
};

}  // namespace convoscope::CONVOSCOPE_ISA
