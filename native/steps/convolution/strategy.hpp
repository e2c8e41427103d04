// What computes a convolution: a product that makes its maps, and gradients of its kernel and of its input.
//
// `choose` is all there is to choosing. A new strategy is a file here with its product or gradients, declared below,
// and its case in `choose`; one for groups of channels (depthwise: a filter a channel) comes before all others there.
#pragma once

#include <memory>

#include "../winograd.hpp"
#include "frame.hpp"

namespace convoscope {

constexpr std::int64_t filter_group = 64;  // whole panels of columns, on every instruction set

// Makes a strip's feature maps, or what a pooling leaves of them.
class MapProduct {
public:
    struct Work {
        const Pass& pass;
        const Worker& worker;
        const Strip& strip;
        Range filters;          // all of them, unless the product divides
        const float* bias;      // for those that finish; or null
        float* output;          // feature maps (images, rows, width, filters), or pooled values
        std::uint8_t* winners;  // of those that pool; or null
        float* scratch;
        const float* addend = nullptr;  // as the output, for those that finish; or null
    };

    virtual ~MapProduct() = default;
    virtual std::string words() const = 0;           // for people to read
    virtual bool pools() const { return false; }     // makes pooled values
    virtual bool finishes() const { return false; }  // adds bias and addend, and applies the activation
    virtual bool divides() const { return false; }   // makes some of the filters' maps: whole `filter_group`s of them
    virtual std::int64_t memo_floats(const Kernels&) const = 0;
    virtual std::int64_t scratch_floats() const { return 0; }
    virtual void prepare(const Kernels&, const float* kernel, float* memo) const = 0;
    virtual void forward(const Work&) const = 0;
};

// Adds a strip's part to the gradient of the kernel, or of the input, or of both.
class MapGradient {
public:
    struct Work {
        const Pass& pass;
        const Worker& worker;
        const Strip& strip;
        const float* outputs;  // gradient of the outputs before the activation (images, rows, out_width, filters)
        const float* maps;     // the same of the feature maps (images, rows, width, filters), for those that read it
        const float* memo;     // what `prepare` made
        float* copy;           // room for the gradient of a padded strip of image
        float* scratch;
    };

    virtual ~MapGradient() = default;
    virtual bool wanted(const Pass&) const = 0;
    virtual bool reads_maps() const { return true; }
    // Writes each value of the input's gradient, where others add to what must be zero before.
    virtual bool sets_input() const { return false; }
    virtual std::int64_t memo_floats(const Kernels&) const { return 0; }
    virtual std::int64_t scratch_floats() const { return 0; }
    virtual void prepare(const Kernels&, const float* /*kernel*/, float* /*memo*/) const {}
    virtual void add(const Work&) const = 0;
    virtual void finish(const Pass&, const Worker&) const {}  // after the part's last strip
};

struct Strategy {
    std::unique_ptr<MapProduct> product;
    std::vector<std::unique_ptr<MapGradient>> gradients;
    std::string backward;  // what is special about the gradients, for people to read
    std::string why;
};

// The strategy that is least work for these shapes. The frame must outlive it.
Strategy choose(const Frame&);

// direct.cpp: products of patches with the kernel
std::unique_ptr<MapProduct> direct_product(const Frame&);
std::unique_ptr<MapGradient> direct_kernel_gradient(const Frame&);
std::unique_ptr<MapGradient> direct_input_gradient(const Frame&);

// pooled.cpp: a window's winner picked in registers
bool few_channels(const Frame&);  // a window's pixels fit into registers too: the kernel's gradient is summed there
std::unique_ptr<MapProduct> pooled_product(const Frame&);
std::unique_ptr<MapGradient> winners_kernel_gradient(const Frame&);

// live.cpp: both gradients through live winners alone
bool live_gradients_pay(const Frame&);
std::unique_ptr<MapGradient> live_gradients(const Frame&);

// tiles.cpp: Winograd
std::unique_ptr<MapProduct> winograd_product(const Frame&, std::shared_ptr<const Winograd>);
std::unique_ptr<MapGradient> winograd_kernel_gradient(const Frame&, std::shared_ptr<const Winograd>);
std::unique_ptr<MapGradient> winograd_input_gradient(const Frame&, Winograd turned);

}  // namespace convoscope
