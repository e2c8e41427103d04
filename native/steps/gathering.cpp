// Values that are only moved: cut out, repeated, or with their axes in another order.
#include <algorithm>
#include <cstring>

#include "kinds.hpp"

namespace convoscope {
namespace {

class Gathering final : public Step {
public:
    Gathering(const StepDescription& d, std::int64_t first, const Shape& strides)
        : Step(d), run_(strides.back() == 1 ? d.output.back() : 1) {
        // Offsets of the runs of values that lie next to each other in input and output.
        std::vector<std::int64_t> index(d.output.size());
        sources_.reserve(static_cast<std::size_t>(output_size / run_));
        for (std::int64_t done = 0; done < output_size; done += run_) {
            std::int64_t at = first;
            for (std::size_t axis = 0; axis < index.size(); axis++) at += index[axis] * strides[axis];
            sources_.push_back(static_cast<std::int32_t>(at));
            advance(index, d.output);
        }
    }

    std::string kernel(const Kernels&) const override { return "copied"; }

    void forward(const Pass& pass, const Worker&) const override {
        for (std::int64_t i = 0; i < pass.samples; i++) {
            const float* const from = pass.input + i * input_size;
            float* to = pass.output + i * output_size;
            for (const std::int64_t source : sources_) to = std::copy_n(from + source, run_, to);
        }
    }

    void backward(const Pass& pass, const Worker&) const override {
        if (!pass.input_gradient) return;
        std::memset(pass.input_gradient, 0, static_cast<std::size_t>(pass.samples * input_size) * sizeof(float));
        for (std::int64_t i = 0; i < pass.samples; i++) {
            float* const to = pass.input_gradient + i * input_size;
            const float* from = pass.output_gradient + i * output_size;
            for (const std::int64_t source : sources_)
                for (std::int64_t j = 0; j < run_; j++) to[source + j] += *from++;
        }
    }

private:
    // The index of the next run: the last axis is the run's own, where runs are longer than a value.
    void advance(std::vector<std::int64_t>& index, const Shape& shape) const {
        std::size_t axis = index.size() - (run_ == shape.back() ? 1 : 0);
        while (axis-- > 0) {
            if (++index[axis] < shape[axis]) return;
            index[axis] = 0;
        }
    }

    const std::int64_t run_;
    std::vector<std::int32_t> sources_;  // a sample has no more than most_values
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker&) {
    const auto first = settings.take<std::int64_t>("first");
    const auto strides = settings.take<Shape>("strides");
    expect(strides.size() == d.output.size(), "a gathering has a stride for each axis of its output");
    std::int64_t last = first;
    in_range(first, 0, most_values, "the first value that is gathered");
    for (std::size_t axis = 0; axis < strides.size(); axis++) {
        in_range(strides[axis], 0, most_values, "a gathering's stride");
        last += (d.output[axis] - 1) * strides[axis];  // at most most_values², which does not overflow
        expect(last < size_of(d.input()), "a gathering reaches beyond its input");
    }
    return std::make_unique<Gathering>(d, first, strides);
}

}  // namespace

const Kind kinds::gathering{"gathering", make};

}  // namespace convoscope
