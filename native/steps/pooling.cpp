// A pooling on its own. The backward pass finds the winners again from the input, so nothing is kept.
#include <cstring>

#include "kinds.hpp"
#include "window.hpp"

namespace convoscope {
namespace {

class Pooling final : public Step {
public:
    Pooling(const StepDescription& d, const Window& window)
        : Step(d), rows_(pool_rows(window, d.input(), map_of(d.output)[1])), out_rows_(map_of(d.output)[0]) {}

    std::string kernel(const Kernels& k) const override { return std::string("windows (") + k.name + ")"; }

    void forward(const Pass& pass, const Worker& worker) const override {
        each_row(pass, worker, [&](const PoolRows& rows, std::int64_t, std::int64_t out) {
            pass.kernels->pool(rows, pass.output + out, nullptr);
        });
    }

    void backward(const Pass& pass, const Worker& worker) const override {
        if (!pass.input_gradient) return;
        std::memset(pass.input_gradient, 0, static_cast<std::size_t>(pass.samples * input_size) * sizeof(float));
        each_row(pass, worker, [&](const PoolRows& rows, std::int64_t in, std::int64_t out) {
            pass.kernels->pool_gradient(rows, nullptr, pass.output_gradient + out, pass.input_gradient + in);
        });
    }

private:
    // body(one output row, offset of its image in the input, its own offset in the output)
    template <class Body>
    void each_row(const Pass& pass, const Worker& worker, Body&& body) const {
        PoolRows rows = rows_;
        for (std::int64_t image = 0; image < pass.samples; image++)
            for (rows.begin = 0; rows.begin < out_rows_; rows.begin++) {
                if (worker.stopped()) return;
                rows.end = rows.begin + 1;
                rows.input = pass.input + image * input_size;
                body(rows, image * input_size, image * output_size + rows.begin * rows.out_width * rows.channels);
            }
    }

    const PoolRows rows_;
    const std::int64_t out_rows_;
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker&) {
    const Window window = window_of(settings.take<Settings>("pool"));
    expect_image(d.input(), "a pooling's input");
    check_window(window, d.input(), map_of(d.output));
    return std::make_unique<Pooling>(d, window);
}

}  // namespace

const Kind kinds::pooling{"pooling", make};

}  // namespace convoscope
